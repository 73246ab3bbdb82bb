/* Leaves of hash trees (BEP 52): a seed and a scripted peer that asks for them, on
 * virtual time. */
#include "bus/bus.h"
#include "meta/hash_tree.h"
#include "peer/wire.h"
#include "piece/piece_manager.h"
#include "tests/lib/script_peer.h"
#include "tests/unit/torrent/payload.h"
#include "torrent/looks.h"
#include "torrent/session_private.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Suite *test_leaves_suite(void);

static struct world world;
static struct net net;
static struct session *seed;
static struct torrent_id id;
static struct buffer torrent;
static struct metainfo *meta;
static struct script_peer peer;
static struct hash_request request;
static char root[] = "/tmp/bttui-leaves-XXXXXX", path[64], message[SESSION_MESSAGE_SIZE];

static bool has_all(const void *context)
{
    struct torrent_info info;
    (void)context;
    return torrent_get_info(seed, id, &info) && info.state == TORRENT_STATE_SEEDING;
}

static void open_seed(bool hybrid)
{
    struct metainfo_error why;
    const struct add_options none = {0};
    strcpy(root + strlen(root) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    snprintf(path, sizeof path, "%s/payload", root);
    world_init(&world, 1);
    net = *vnet_host(world.vnet, "10.0.0.1");
    payload_make_v2(root, hybrid, &torrent);
    ck_assert_int_eq(metainfo_parse(torrent.bytes, torrent.length, &meta, &why),
                     ERROR_NONE);
    const struct session_config config = {.loop = world.loop,
                                          .net = &net,
                                          .random = &world.random.source,
                                          .download_dir = root,
                                          .port = 6881,
                                          .workers = UINT32_MAX,
                                          .incoming = true};
    ck_assert_int_eq(session_new(&config, &seed, message), ERROR_NONE);
    ck_assert_int_eq(
        session_add_bytes(seed, torrent.bytes, torrent.length, &none, &id, message),
        ERROR_NONE);
    ck_assert(world_run_until(&world, 10 * NS_PER_S, has_all, NULL));
}

static void come(void)
{
    struct script_hello hello = {.hash = metainfo_short_hash_v2(meta), .fast = true};
    memset(hello.peer_id, 'x', sizeof hello.peer_id);
    script_peer_init(&peer);
    script_peer_dial(&peer, vnet_host(world.vnet, "10.0.0.2"), world.loop,
                     "10.0.0.1:6881");
    script_peer_handshake(&peer, &hello);
    world_run(&world, 150 * NS_PER_MS);
    ck_assert(!peer.over);
}

static void teardown(void)
{
    script_peer_done(&peer);
    session_free(seed);
    world_done(&world);
    metainfo_free(meta);
    buffer_done(&torrent);
    unlink(path);
    rmdir(root);
}

static void ask(uint32_t piece)
{
    uint8_t body[HASH_REQUEST_BYTES];
    hash_tree_ask_leaves(meta, piece, 0, &request);
    hash_request_write(&request, body);
    script_peer_put(&peer, WIRE_HASH_REQUEST, body, sizeof body);
    world_run(&world, 150 * NS_PER_MS);
}

static bool is_answered(uint32_t piece)
{
    struct script_message answer;
    if (!script_peer_find(&peer, WIRE_HASHES, &answer))
        return false;
    ck_assert_uint_eq(answer.length, HASH_REQUEST_BYTES + 4 * SHA256_BYTES);
    ck_assert(hash_tree_leads_to(&request, answer.body + HASH_REQUEST_BYTES,
                                 meta->piece_roots + (size_t)piece * SHA256_BYTES));
    return true;
}

START_TEST(a_seed_gives_the_leaves_of_its_pieces)
{
    open_seed(_i == 1);
    come();
    for (uint32_t piece = 0; piece < PAYLOAD_V2_PIECES; piece++) {
        ask(piece);
        ck_assert(is_answered(piece));
        world_run(&world, NS_PER_S);
    }
    teardown();
}
END_TEST

/* Of what it lacks, or what the disk has changed since. */
START_TEST(what_does_not_lead_to_the_root_is_not_given)
{
    struct script_message answer;
    open_seed(false);
    come();
    FILE *file = fopen(path, "r+b");
    fputc('x', file);
    fclose(file);
    ask(0);
    ck_assert(script_peer_find(&peer, WIRE_HASH_REJECT, &answer));
    ask(1);
    ck_assert(is_answered(1));
    piece_manager_lost_piece(session_torrent(seed, id)->pieces, 1);
    ask(1);
    ck_assert(script_peer_find(&peer, WIRE_HASH_REJECT, &answer));
    ck_assert(!peer.over);
    teardown();
}
END_TEST

/* No memory for an answer costs the answer, and not those to come. */
START_TEST(who_got_no_answer_is_answered_later)
{
    struct script_message answer;
    open_seed(false);
    come();
    struct torrent *at = session_torrent(seed, id);
    struct bus *requests = at->requests, *none = bus_new(0);
    piece_manager_lost_piece(at->pieces, 1);
    at->requests = none;
    for (int i = 0; i < 6; i++)
        ask(i % 2 == 0 ? 1 : 2); /* to be refused, or to be read for it */
    ck_assert(!script_peer_find(&peer, WIRE_HASH_REJECT, &answer));
    at->requests = requests;
    bus_free(none, NULL);
    world_run(&world, NS_PER_S);
    ask(0);
    ck_assert(is_answered(0));
    teardown();
}
END_TEST

#define CROWD 70u

static struct script_peer crowd[CROWD];

static void crowd_comes(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        char address[16];
        struct script_hello hello = {.hash = metainfo_short_hash_v2(meta), .fast = true};
        memset(hello.peer_id, 1 + (int)i, sizeof hello.peer_id);
        snprintf(address, sizeof address, "10.%u.1.1", i + 1);
        script_peer_init(&crowd[i]);
        script_peer_dial(&crowd[i], vnet_host(world.vnet, address), world.loop,
                         "10.0.0.1:6881");
        script_peer_handshake(&crowd[i], &hello);
    }
    world_run(&world, NS_PER_S);
}

/* For four pieces each. */
static void crowd_asks(uint32_t first, uint32_t count)
{
    for (uint32_t i = 4 * first; i < 4 * (first + count); i++) {
        uint8_t body[HASH_REQUEST_BYTES];
        hash_tree_ask_leaves(meta, i % 4, 0, &request);
        hash_request_write(&request, body);
        script_peer_put(&crowd[i / 4], WIRE_HASH_REQUEST, body, sizeof body);
    }
}

static uint32_t crowd_got(uint32_t count)
{
    uint32_t answers = 0;
    struct script_message got;
    for (uint32_t i = 0; i < count; i++)
        while (script_peer_next(&crowd[i], &got)) {
            answers += got.id == WIRE_HASHES;
            ck_assert_int_ne(got.id, WIRE_HASH_REJECT);
        }
    return answers;
}

static void crowd_goes(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        script_peer_done(&crowd[i]);
}

/* Nobody is refused for what others have asked; whoever has gone is passed over. */
START_TEST(they_wait_for_their_turn)
{
    open_seed(false);
    come();
    crowd_comes(8);
    crowd_asks(0, 8);
    script_peer_close(&crowd[7]);
    world_run(&world, NS_PER_S);
    ck_assert_uint_eq(crowd_got(7), 7 * 4);
    crowd_goes(8);
    teardown();
}
END_TEST

START_TEST(no_more_than_32_mib_are_hashed_in_a_second)
{
    uint32_t answers = 0;
    open_seed(false);
    come();
    crowd_comes(CROWD);
    for (uint32_t i = 0; i < 4; i++) {
        crowd_asks(i % 2 * CROWD / 2, CROWD / 2);
        world_run(&world, 100 * NS_PER_MS);
        answers += crowd_got(CROWD);
    }
    ck_assert_uint_eq(answers, (32 << 20) / PAYLOAD_V2_PIECE_BYTES);
    world_run(&world, NS_PER_S);
    answers += crowd_got(CROWD);
    ck_assert_uint_eq(answers, 2 * 4 * CROWD);
    crowd_goes(CROWD);
    teardown();
}
END_TEST

/* A second of which others have had all is nobody's. */
START_TEST(what_other_torrents_are_asked_for_counts)
{
    open_seed(false);
    come();
    crowd_comes(1);
    seed->leaves_ns = loop_now_ns(world.loop);
    seed->leaf_bytes = 32 << 20;
    crowd_asks(0, 1);
    world_run(&world, 500 * NS_PER_MS);
    ck_assert_uint_eq(crowd_got(1), 0);
    world_run(&world, NS_PER_S);
    ck_assert_uint_eq(crowd_got(1), 4);
    crowd_goes(1);
    teardown();
}
END_TEST

Suite *test_leaves_suite(void)
{
    Suite *suite = suite_create("leaves");
    TCase *tcase = tcase_create("leaves");
    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(tcase, a_seed_gives_the_leaves_of_its_pieces, 0, 2);
    tcase_add_test(tcase, who_got_no_answer_is_answered_later);
    tcase_add_test(tcase, they_wait_for_their_turn);
    tcase_add_test(tcase, no_more_than_32_mib_are_hashed_in_a_second);
    tcase_add_test(tcase, what_other_torrents_are_asked_for_counts);
    tcase_add_test(tcase, what_does_not_lead_to_the_root_is_not_given);
    suite_add_tcase(suite, tcase);
    return suite;
}
