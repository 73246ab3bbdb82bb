/* A session that has everything, or nothing, and a scripted peer that comes. */
#include "base/buffer.h"
#include "peer/wire.h"
#include "tests/lib/script_peer.h"
#include "tests/unit/torrent/payload.h"
#include "torrent/commands.h"
#include "torrent/looks.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Suite *test_seeding_suite(void);

#define PIECES      PAYLOAD_PIECES
#define PIECE_BYTES PAYLOAD_PIECE_BYTES
#define PROMPTLY    (150 * NS_PER_MS) /* wishes of 100 ms are answered together */

static struct world world;
static struct net net;
static struct session *session;
static struct torrent_id torrent;
static struct torrent_info info;
static struct script_peer peer;
static char dir[] = "/tmp/bttui-seeding-XXXXXX", path[64];

static bool is_in_state(const void *state)
{
    return torrent_get_info(session, torrent, &info) &&
           info.state == *(const enum torrent_state *)state;
}

static void begin(enum torrent_state state)
{
    struct buffer bytes;
    char message[SESSION_MESSAGE_SIZE];
    strcpy(dir + strlen(dir) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    world_init(&world, 1);
    payload_make(dir, &bytes);
    snprintf(path, sizeof path, "%s/payload", dir);
    if (state != TORRENT_STATE_SEEDING)
        unlink(path);
    net = *vnet_host(world.vnet, "10.0.0.1");
    const struct session_config config = {
        .loop = world.loop,
        .net = &net,
        .random = &world.random.source,
        .download_dir = dir,
        .port = 6881,
        .workers = UINT32_MAX,
        .incoming = true,
    };
    const struct add_options options = {.download_dir = dir};
    ck_assert_int_eq(session_new(&config, &session, message), ERROR_NONE);
    ck_assert_int_eq(session_add_bytes(session, bytes.bytes, bytes.length, &options,
                                       &torrent, message),
                     ERROR_NONE);
    buffer_done(&bytes);
    ck_assert(world_run_until(&world, NS_PER_S, is_in_state, &state));
    world_run(&world, NS_PER_S); /* the choker's first turn is over */
    script_peer_init(&peer);
}

static void setup(void)
{
    begin(TORRENT_STATE_SEEDING);
}

static void setup_empty(void)
{
    begin(TORRENT_STATE_DOWNLOADING);
}

static void teardown(void)
{
    script_peer_done(&peer);
    session_free(session);
    world_done(&world);
    unlink(path);
    rmdir(dir);
}

static void come(bool fast)
{
    struct script_hello hello = {.hash = info.hash, .fast = fast, .extended = fast};
    memset(hello.peer_id, 'x', sizeof hello.peer_id);
    script_peer_dial(&peer, vnet_host(world.vnet, "10.0.0.2"), world.loop,
                     "10.0.0.1:6881");
    script_peer_handshake(&peer, &hello);
    world_run(&world, PROMPTLY);
    ck_assert(!peer.over);
}

static void put_bitfield(uint8_t bits)
{
    script_peer_put(&peer, WIRE_BITFIELD, &bits, 1);
    world_run(&world, PROMPTLY);
}

START_TEST(who_is_interested_is_unchoked_and_served_at_once)
{
    struct script_message message;
    come(false);
    script_peer_put(&peer, WIRE_INTERESTED, NULL, 0);
    world_run(&world, PROMPTLY);
    ck_assert(script_peer_find(&peer, WIRE_UNCHOKE, &message));
    script_peer_put_block(&peer, WIRE_REQUEST, 2, 0, PIECE_BYTES);
    world_run(&world, PROMPTLY);
    ck_assert(script_peer_find(&peer, WIRE_PIECE, &message));
    ck_assert_uint_eq(message.length, 8 + PIECE_BYTES);
    ck_assert_uint_eq(message.body[8], 3);
}
END_TEST

/* P20 */
START_TEST(who_asks_while_choked_is_refused_at_once)
{
    struct script_message message;
    come(true);
    script_peer_put(&peer, WIRE_NOT_INTERESTED, NULL, 0);
    world_run(&world, PROMPTLY);
    script_peer_put_block(&peer, WIRE_REQUEST, 1, 0, PIECE_BYTES);
    world_run(&world, PROMPTLY);
    ck_assert(script_peer_find(&peer, WIRE_REJECT, &message));
}
END_TEST

/* P2: as if there were no such torrent. */
START_TEST(a_paused_torrent_answers_nobody)
{
    struct script_hello hello = {.hash = info.hash, .fast = true};
    torrent_pause(session, torrent);
    world_run(&world, PROMPTLY);
    script_peer_dial(&peer, vnet_host(world.vnet, "10.0.0.2"), world.loop,
                     "10.0.0.1:6881");
    script_peer_handshake(&peer, &hello);
    world_run(&world, PROMPTLY);
    ck_assert(peer.over);
    ck_assert_uint_eq(peer.in.length, 0);
    script_peer_done(&peer);
    torrent_resume(session, torrent);
    world_run(&world, PROMPTLY);
    script_peer_init(&peer);
    come(true);
}
END_TEST

/* P14: aria2 does so. */
START_TEST(a_bitfield_sent_again_is_news_of_pieces)
{
    struct peer_info row;
    come(false);
    put_bitfield(0x80);
    put_bitfield(0xc0);
    put_bitfield(0xe0);
    ck_assert(!peer.over);
    ck_assert_uint_eq(torrent_get_peers(session, torrent, &row, 1), 1);
    ck_assert_uint_eq(row.pieces_have, 3);
    put_bitfield(0xf0); /* both have everything */
    ck_assert(peer.over);
}
END_TEST

/* P14 */
START_TEST(a_bitfield_sent_again_takes_nothing_back)
{
    come(false);
    put_bitfield(0xc0);
    put_bitfield(0xa0);
    ck_assert(peer.over);
}
END_TEST

/* P42, BEP 6 */
START_TEST(what_a_peer_allows_is_fetched_though_it_chokes_us)
{
    static uint8_t body[8 + PIECE_BYTES];
    struct script_message message;
    struct peer_info row;
    come(true);
    script_peer_put(&peer, WIRE_HAVE_ALL, NULL, 0);
    script_peer_put_u32(&peer, WIRE_ALLOWED_FAST, 2);
    script_peer_put_u32(&peer, WIRE_ALLOWED_FAST, 1);
    world_run(&world, PROMPTLY);
    for (uint32_t piece = 2; piece >= 1; piece--) {
        ck_assert(script_peer_find(&peer, WIRE_REQUEST, &message));
        ck_assert_uint_eq(be32_get(message.body), piece);
        be32_put(body, piece);
        memset(body + 8, (int)piece + 1, PIECE_BYTES);
        script_peer_put(&peer, WIRE_PIECE, body, sizeof body);
    }
    world_run(&world, NS_PER_S);
    ck_assert_uint_eq(script_peer_count(&peer, WIRE_REQUEST), 0);
    ck_assert_uint_eq(torrent_get_peers(session, torrent, &row, 1), 1);
    ck_assert_uint_eq(row.downloaded, 2 * PIECE_BYTES);
    ck_assert(torrent_get_info(session, torrent, &info));
    ck_assert_uint_eq(info.pieces_have, 2);
}
END_TEST

static uint32_t availability_of(uint32_t piece)
{
    struct piece_info found;
    ck_assert(torrent_get_piece(session, torrent, piece, &found));
    return found.availability;
}

static void say_lacks(uint32_t piece)
{
    uint8_t body[5] = {WIRE_EXTENDED_DONTHAVE};
    be32_put(body + 1, piece);
    script_peer_put(&peer, WIRE_EXTENDED, body, sizeof body);
    world_run(&world, PROMPTLY);
}

/* BEP 54: all at once in one turn, too, with what it has told of before. */
START_TEST(a_seed_that_loses_its_pieces_is_none_and_not_interesting)
{
    struct script_message message;
    come(true);
    script_peer_put(&peer, WIRE_HAVE_ALL, NULL, 0);
    if (_i == 1)
        say_lacks(0);
    world_run(&world, PROMPTLY);
    ck_assert(torrent_get_info(session, torrent, &info));
    ck_assert_uint_eq(info.seeds_connected, _i == 0);
    ck_assert(script_peer_find(&peer, WIRE_INTERESTED, &message));
    for (uint32_t piece = 0; piece < PIECES; piece++) {
        ck_assert_uint_eq(availability_of(piece), _i == 0 || piece > 0);
        say_lacks(piece);
        ck_assert_uint_eq(availability_of(piece), 0);
    }
    ck_assert(torrent_get_info(session, torrent, &info));
    ck_assert_uint_eq(info.seeds_connected, 0);
    ck_assert_uint_eq(info.unavailable_pieces, PIECES);
    ck_assert(script_peer_find(&peer, WIRE_NOT_INTERESTED, &message));
    script_peer_put_u32(&peer, WIRE_HAVE, 2);
    script_peer_put(&peer, WIRE_UNCHOKE, NULL, 0);
    world_run(&world, NS_PER_S);
    ck_assert_uint_eq(availability_of(2), 1);
    ck_assert(script_peer_find(&peer, WIRE_INTERESTED, &message));
    ck_assert(script_peer_find(&peer, WIRE_REQUEST, &message));
    ck_assert_uint_eq(be32_get(message.body), 2);
}
END_TEST

Suite *test_seeding_suite(void)
{
    Suite *suite = suite_create("seeding");
    TCase *empty = tcase_create("empty");
    tcase_add_checked_fixture(empty, setup_empty, teardown);
    tcase_add_test(empty, what_a_peer_allows_is_fetched_though_it_chokes_us);
    tcase_add_loop_test(empty, a_seed_that_loses_its_pieces_is_none_and_not_interesting,
                        0, 2);
    suite_add_tcase(suite, empty);
    TCase *tcase = tcase_create("seeding");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, who_is_interested_is_unchoked_and_served_at_once);
    tcase_add_test(tcase, who_asks_while_choked_is_refused_at_once);
    tcase_add_test(tcase, a_paused_torrent_answers_nobody);
    tcase_add_test(tcase, a_bitfield_sent_again_is_news_of_pieces);
    tcase_add_test(tcase, a_bitfield_sent_again_takes_nothing_back);
    suite_add_tcase(suite, tcase);
    return suite;
}
