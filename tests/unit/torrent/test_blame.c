/* Who spoiled a piece of a v2 torrent (BEP 52): a leech among scripted peers, one of them
 * a poisoner, on virtual time. */
#include "meta/hash_tree.h"
#include "peer/wire.h"
#include "tests/lib/script_peer.h"
#include "tests/unit/torrent/payload.h"
#include "torrent/commands.h"
#include "torrent/looks.h"
#include "torrent/session_private.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Suite *test_blame_suite(void);

#define GIVERS 3u
#define PIECES PAYLOAD_V2_PIECES
#define BLOCKS 4u /* of a piece */

/* What it does when it is asked for block hashes. */
enum habit { TELLS, REJECTS, IS_SILENT, LIES };

struct giver {
    struct script_peer peer;
    char address[16];
    uint32_t poison; /* blocks that it will spoil */
    enum habit habit;
};

static struct world world;
static struct net net;
static struct session *leech;
static struct torrent_id id;
static struct buffer torrent;
static struct metainfo *meta;
static struct giver givers[GIVERS];
static uint8_t leaves[PIECES][BLOCKS][SHA256_BYTES];
static uint32_t hash_requests;
static uint32_t spoiled; /* 4 * piece + block, the last that was */
static uint32_t bans;
static struct netaddr banned;
static char root[] = "/tmp/bttui-blame-XXXXXX", path[64], message[SESSION_MESSAGE_SIZE];

static uint32_t block_bytes(uint32_t piece, uint32_t begin)
{
    const uint32_t left = PAYLOAD_V2_BYTES - piece * PAYLOAD_V2_PIECE_BYTES - begin;
    return left < BLOCK_BYTES ? left : BLOCK_BYTES;
}

static void on_event(void *context, const struct message *event)
{
    (void)context;
    if (event->type != EVENT_BAN)
        return;
    bans++;
    banned = event->u.peer_news.address;
    ck_assert_int_ne(banned.bytes[3], 2); /* which never lies */
}

static void make_leaves(void)
{
    uint8_t bytes[BLOCK_BYTES];
    for (uint32_t piece = 0; piece < PIECES; piece++)
        for (uint32_t block = 0; block < (piece < 4 ? BLOCKS : 2); block++) {
            const uint32_t begin = block * BLOCK_BYTES;
            memset(bytes, payload_v2_byte(piece, begin), sizeof bytes);
            digest_sha256(bytes, block_bytes(piece, begin), leaves[piece][block]);
        }
}

static void begin(bool hybrid)
{
    struct metainfo_error why;
    const struct add_options none = {0};
    strcpy(root + strlen(root) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    snprintf(path, sizeof path, "%s/payload", root);
    world_init(&world, 1);
    net = *vnet_host(world.vnet, "10.0.0.1");
    payload_make_v2(root, hybrid, &torrent);
    unlink(path);
    make_leaves();
    ck_assert_int_eq(metainfo_parse(torrent.bytes, torrent.length, &meta, &why),
                     ERROR_NONE);
    const struct session_config config = {.loop = world.loop,
                                          .net = &net,
                                          .random = &world.random.source,
                                          .download_dir = root,
                                          .port = 6881,
                                          .workers = UINT32_MAX,
                                          .incoming = true};
    hash_requests = bans = 0;
    ck_assert_int_eq(session_new(&config, &leech, message), ERROR_NONE);
    ck_assert_int_eq(event_bus_listen(session_events(leech), on_event, NULL), ERROR_NONE);
    ck_assert_int_eq(
        session_add_bytes(leech, torrent.bytes, torrent.length, &none, &id, message),
        ERROR_NONE);
    world_run(&world, NS_PER_S);
}

static void end(void)
{
    for (uint32_t i = 0; i < GIVERS; i++)
        script_peer_done(&givers[i].peer);
    session_free(leech);
    world_done(&world);
    metainfo_free(meta);
    buffer_done(&torrent);
    unlink(path);
    rmdir(root);
}

static void come(uint32_t number, uint32_t poison, enum habit habit)
{
    struct giver *giver = &givers[number];
    struct script_hello hello = {.hash = metainfo_short_hash_v2(meta), .fast = true};
    memset(hello.peer_id, 'a' + (int)number, sizeof hello.peer_id);
    giver->poison = poison;
    giver->habit = habit;
    snprintf(giver->address, sizeof giver->address, "10.0.0.%u", number + 2);
    script_peer_init(&giver->peer);
    script_peer_dial(&giver->peer, vnet_host(world.vnet, giver->address), world.loop,
                     "10.0.0.1:6881");
    script_peer_handshake(&giver->peer, &hello);
    script_peer_put(&giver->peer, WIRE_HAVE_ALL, NULL, 0);
}

static void give_block(struct giver *giver, const uint8_t *body)
{
    static uint8_t reply[8 + BLOCK_BYTES];
    const uint32_t piece = be32_get(body), begin = be32_get(body + 4);
    memcpy(reply, body, 8);
    memset(reply + 8, payload_v2_byte(piece, begin), BLOCK_BYTES);
    if (giver->poison > 0) {
        giver->poison--;
        spoiled = BLOCKS * piece + begin / BLOCK_BYTES;
        reply[8] ^= 1;
    }
    script_peer_put(&giver->peer, WIRE_PIECE, reply, 8 + block_bytes(piece, begin));
}

static void give_hashes(struct giver *giver, const uint8_t *body)
{
    static uint8_t reply[HASH_REQUEST_BYTES + HASH_ANSWER_MAX * SHA256_BYTES];
    struct hash_request request;
    uint32_t first, count;
    hash_requests++;
    hash_request_read(body, &request);
    memcpy(reply, body, HASH_REQUEST_BYTES);
    ck_assert_int_eq(hash_tree_leaf_span(meta, &request, &first, &count), ERROR_NONE);
    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(hash_tree_answer_leaves(meta, &request, leaves[first][0],
                                             reply + HASH_REQUEST_BYTES),
                     ERROR_NONE);
    reply[HASH_REQUEST_BYTES] ^= giver->habit == LIES;
    if (giver->habit == REJECTS)
        script_peer_put(&giver->peer, WIRE_HASH_REJECT, reply, HASH_REQUEST_BYTES);
    else if (giver->habit != IS_SILENT)
        script_peer_put(&giver->peer, WIRE_HASHES, reply,
                        HASH_REQUEST_BYTES + BLOCKS * SHA256_BYTES);
}

/* Takes what came; a block at a time of each, so that all have a part in each piece. */
static void turn(struct giver *giver)
{
    struct script_message got;
    bool gave = false;
    while (!gave && script_peer_next(&giver->peer, &got)) {
        gave = got.id == WIRE_REQUEST;
        if (got.id == WIRE_INTERESTED)
            script_peer_put(&giver->peer, WIRE_UNCHOKE, NULL, 0);
        else if (got.id == WIRE_REQUEST)
            give_block(giver, got.body);
        else if (got.id == WIRE_HASH_REQUEST)
            give_hashes(giver, got.body);
    }
}

static struct torrent_info look(void)
{
    struct torrent_info info;
    ck_assert(torrent_get_info(leech, id, &info));
    return info;
}

static void run(uint32_t seconds)
{
    for (uint32_t i = 0; i < seconds * 100 && look().state != TORRENT_STATE_SEEDING;
         i++) {
        for (uint32_t k = 0; k < GIVERS; k++)
            if (!givers[k].peer.over)
                turn(&givers[k]);
        world_run(&world, 10 * NS_PER_MS);
    }
    ck_assert_int_eq(look().state, TORRENT_STATE_SEEDING);
}

static void expect_one_ban_of(uint32_t number)
{
    char text[NETADDR_TEXT_SIZE];
    netaddr_format(&banned, text);
    ck_assert_uint_eq(bans, 1);
    ck_assert_msg(strncmp(text, givers[number].address, 8) == 0, "%s", text);
}

/* Beside what came twice because it was asked for twice, as is done at the end. */
static void expect_fetched_again(uint64_t bytes)
{
    const struct torrent_info info = look();
    ck_assert_uint_eq(info.failed, bytes);
    ck_assert_uint_eq(info.downloaded - info.wasted, PAYLOAD_V2_BYTES + bytes);
}

/* The poisoner itself may be the one that is asked for the hashes. */
START_TEST(one_bad_block_tells_who_sent_it_and_is_all_that_is_fetched_again)
{
    begin(_i == 1);
    for (uint32_t i = 0; i < GIVERS; i++)
        come(i, i == 1, TELLS);
    run(10);
    expect_one_ban_of(1);
    ck_assert_uint_ge(hash_requests, 1);
    expect_fetched_again(block_bytes(spoiled / BLOCKS, spoiled % BLOCKS * BLOCK_BYTES));
    end();
}
END_TEST

static const struct {
    enum habit habits[GIVERS];
    uint32_t seconds;
} mute[] = {
    {{REJECTS, REJECTS, REJECTS}, 10},
    {{IS_SILENT, IS_SILENT, IS_SILENT}, 20},
    {{REJECTS, IS_SILENT, REJECTS}, 20},
};

START_TEST(where_nobody_tells_the_whole_piece_shows_it)
{
    begin(false);
    for (uint32_t i = 0; i < GIVERS; i++)
        come(i, i == 1, mute[_i].habits[i]);
    run(mute[_i].seconds);
    expect_one_ban_of(1);
    expect_fetched_again(spoiled / BLOCKS < 4 ? PAYLOAD_V2_PIECE_BYTES : BLOCK_BYTES + 5);
    end();
}
END_TEST

/* X16 */
START_TEST(who_lies_about_hashes_is_banned_and_another_is_asked)
{
    begin(false);
    come(0, 0, REJECTS);
    come(1, 1, REJECTS);
    come(2, 0, LIES);
    run(20);
    ck_assert_uint_ge(hash_requests, 2);
    ck_assert_uint_eq(bans, 2); /* of the poisoner and the liar */
    end();
}
END_TEST

START_TEST(many_bad_blocks_in_all_pieces_are_found_as_well)
{
    begin(false);
    for (uint32_t i = 0; i < GIVERS; i++)
        come(i, i == 1 ? 100 : 0, TELLS);
    run(10);
    expect_one_ban_of(1);
    end();
}
END_TEST

/* What waits is given up, and nothing is left of it. */
START_TEST(a_torrent_that_ends_meanwhile_leaves_nothing)
{
    begin(false);
    for (uint32_t i = 0; i < GIVERS; i++)
        come(i, i == 1, IS_SILENT);
    for (uint32_t i = 0; i < 500 && hash_requests == 0; i++) {
        for (uint32_t k = 0; k < GIVERS; k++)
            turn(&givers[k]);
        world_run(&world, 10 * NS_PER_MS);
    }
    ck_assert_uint_eq(hash_requests, 1);
    if (_i == 1)
        torrent_pause(leech, id);
    if (_i == 2)
        script_peer_close(&givers[2].peer);
    world_run(&world, (uint64_t)_i * NS_PER_S);
    end(); /* which would find blocks and timers */
}
END_TEST

Suite *test_blame_suite(void)
{
    Suite *suite = suite_create("blame");
    TCase *tcase = tcase_create("blame");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(
        tcase, one_bad_block_tells_who_sent_it_and_is_all_that_is_fetched_again, 0, 2);
    tcase_add_loop_test(tcase, where_nobody_tells_the_whole_piece_shows_it, 0,
                        sizeof mute / sizeof *mute);
    tcase_add_test(tcase, who_lies_about_hashes_is_banned_and_another_is_asked);
    tcase_add_test(tcase, many_bad_blocks_in_all_pieces_are_found_as_well);
    tcase_add_loop_test(tcase, a_torrent_that_ends_meanwhile_leaves_nothing, 0, 3);
    suite_add_tcase(suite, tcase);
    return suite;
}
