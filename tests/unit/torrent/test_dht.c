/* Sessions with DHT nodes, on the local network, or with peer exchange, on 127.0.0.1. */
#include "tests/unit/torrent/pair.h"
#include "torrent/commands.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

Suite *test_dht_suite(void);

static struct pair pair;

static void setup(void)
{
    pair_init(&pair, 32768);
    pair.seed.dht = pair.leech.dht = true;
    snprintf(pair.seed.dht_node, sizeof pair.seed.dht_node, "127.0.0.1:9");
}

static void teardown(void)
{
    pair_done(&pair);
}

static struct session_info look_at(const struct side *side)
{
    struct session_info info;
    session_get_info(side->session, &info);
    return info;
}

static void open_leech(void)
{
    snprintf(pair.leech.dht_node, sizeof pair.leech.dht_node, "127.0.0.1:%u",
             look_at(&pair.seed).port);
    side_open(&pair, &pair.leech, true);
}

static struct finder_info dht_of(const struct side *side)
{
    struct finder_info info;
    ck_assert(torrent_get_finder(side->session, side->id, FINDER_DHT, &info));
    return info;
}

START_TEST(peers_are_found_by_the_dht_alone)
{
    struct peer_info peers[4];
    pair_seed(&pair);
    ck_assert_uint_eq(dht_of(&pair.seed).nodes, 0);
    ck_assert_ptr_nonnull(strstr(side_info(&pair.seed).reason, "nobody"));
    open_leech();
    ck_assert_int_eq(side_add(&pair, &pair.leech, NULL), ERROR_NONE);
    pair_until(&pair, pair_leech_complete, 30);
    ck_assert(pair_files_are_right(&pair, pair.leech.down));
    ck_assert_uint_eq(dht_of(&pair.leech).nodes, 1);
    ck_assert_uint_ge(torrent_get_peers(pair.leech.session, pair.leech.id, peers, 4), 1);
    ck_assert_int_ne(peers[0].source, PEER_SOURCE_TRACKER);
    ck_assert_uint_eq(look_at(&pair.leech).dht_nodes, 1);
}
END_TEST

static bool both_know_each_other(const struct pair *at)
{
    return look_at(&at->seed).dht_nodes == 1 && look_at(&at->leech).dht_nodes == 1;
}

START_TEST(nodes_are_kept_from_one_start_to_the_next)
{
    pair_seed(&pair);
    open_leech();
    pair_until(&pair, both_know_each_other, 30);
    side_close(&pair, &pair.leech);
    snprintf(pair.leech.dht_node, sizeof pair.leech.dht_node, "127.0.0.1:9");
    side_open(&pair, &pair.leech, true);
    pair_until(&pair, both_know_each_other, 30);
}
END_TEST

START_TEST(a_damaged_state_is_done_without) /* D20 */
{
    char path[200];
    pair_seed(&pair);
    open_leech();
    side_close(&pair, &pair.leech);
    for (int previous = 0; previous < 2; previous++) {
        snprintf(path, sizeof path, "%s/dht%s", pair.leech.state,
                 previous ? ".prev" : "");
        FILE *stream = fopen(path, "wb");
        ck_assert_ptr_nonnull(stream);
        for (int i = 0; i < 100000; i++)
            fputc(i, stream);
        fclose(stream);
    }
    side_open(&pair, &pair.leech, true);
    pair_until(&pair, both_know_each_other, 30);
}
END_TEST

/* One piece, "hello", in a private torrent. */
static const char private_torrent[] =
    "d4:infod6:lengthi5e4:name5:hello12:piece lengthi16384e6:pieces20:"
    "\xaa\xf4\xc6\x1d\xdc\xc5\xe8\xa2\xda\xbe\xde\x0f\x3b\x48\x2c\xd9\xae\xa9\x43\x4d"
    "7:privatei1eee";

START_TEST(a_private_torrent_is_neither_looked_for_nor_announced) /* D18 */
{
    struct finder_info info;
    const struct add_options none = {0};
    char message[SESSION_MESSAGE_SIZE];
    struct torrent_id id;
    pair_seed(&pair);
    open_leech();
    ck_assert_int_eq(session_add_bytes(pair.leech.session,
                                       (const uint8_t *)private_torrent,
                                       sizeof private_torrent - 1, &none, &id, message),
                     ERROR_NONE);
    ck_assert_int_eq(side_add(&pair, &pair.leech, NULL), ERROR_NONE);
    pair_until(&pair, pair_leech_complete, 30); /* the other one */
    ck_assert(torrent_get_finder(pair.leech.session, pair.leech.id, FINDER_DHT, &info));
    ck_assert(!torrent_get_finder(pair.leech.session, id, FINDER_DHT, &info));
    torrent_announce(pair.leech.session, id);
    ck_assert(!torrent_get_finder(pair.leech.session, id, FINDER_DHT, &info));
}
END_TEST

static bool leech_knows_what_it_is(const struct pair *at)
{
    return !side_info(&at->leech).awaits_metadata;
}

START_TEST(a_magnet_that_turns_out_private_is_looked_for_no_more) /* D18, W14 */
{
    struct finder_info info;
    const struct add_options none = {0};
    char message[SESSION_MESSAGE_SIZE], link[160], path[160], hex[INFO_HASH_HEX_SIZE];
    pair.leech.lsd = true;
    side_open(&pair, &pair.seed, false);
    mkdir(pair.seed.down, 0755);
    snprintf(path, sizeof path, "%s/hello", pair.seed.down);
    FILE *stream = fopen(path, "wb");
    ck_assert_ptr_nonnull(stream);
    fputs("hello", stream);
    fclose(stream);
    ck_assert_int_eq(
        session_add_bytes(pair.seed.session, (const uint8_t *)private_torrent,
                          sizeof private_torrent - 1, &none, &pair.seed.id, message),
        ERROR_NONE);
    open_leech();
    const struct torrent_info seed = side_info(&pair.seed);
    info_hash_hex(&seed.hash, hex);
    snprintf(link, sizeof link, "magnet:?xt=urn:btih:%s&x.pe=127.0.0.1:%u", hex,
             look_at(&pair.seed).port);
    ck_assert_int_eq(
        session_add_magnet(pair.leech.session, link, &none, &pair.leech.id, message),
        ERROR_NONE);
    ck_assert(torrent_get_finder(pair.leech.session, pair.leech.id, FINDER_DHT, &info));
    ck_assert(torrent_get_finder(pair.leech.session, pair.leech.id, FINDER_LSD, &info));
    pair_until(&pair, leech_knows_what_it_is, 20);
    ck_assert(!torrent_get_finder(pair.leech.session, pair.leech.id, FINDER_DHT, &info));
    ck_assert(!torrent_get_finder(pair.leech.session, pair.leech.id, FINDER_LSD, &info));
}
END_TEST

START_TEST(a_paused_torrent_is_not_looked_for)
{
    struct finder_info info;
    pair_seed(&pair);
    ck_assert(torrent_get_finder(pair.seed.session, pair.seed.id, FINDER_DHT, &info));
    torrent_pause(pair.seed.session, pair.seed.id);
    ck_assert(!torrent_get_finder(pair.seed.session, pair.seed.id, FINDER_DHT, &info));
    torrent_resume(pair.seed.session, pair.seed.id);
    ck_assert(torrent_get_finder(pair.seed.session, pair.seed.id, FINDER_DHT, &info));
}
END_TEST

START_TEST(a_peer_tells_of_its_node)
{
    pair_seed(&pair);
    snprintf(pair.leech.dht_node, sizeof pair.leech.dht_node, "127.0.0.1:9");
    side_open(&pair, &pair.leech, true);
    ck_assert_int_eq(side_add(&pair, &pair.leech, NULL), ERROR_NONE);
    pair_introduce(&pair);
    pair_until(&pair, both_know_each_other, 30);
}
END_TEST

static bool leech_exchanges(const struct pair *at)
{
    struct finder_info info;
    return torrent_get_finder(at->leech.session, at->leech.id, FINDER_PEX, &info) &&
           info.nodes == 1;
}

START_TEST(those_who_exchange_peers_are_told_of)
{
    struct finder_info info;
    pair.seed.dht = pair.leech.dht = false;
    pair.seed.pex = pair.leech.pex = true;
    pair_seed(&pair);
    ck_assert(torrent_get_finder(pair.seed.session, pair.seed.id, FINDER_PEX, &info));
    ck_assert_uint_eq(info.nodes, 0);
    ck_assert_uint_eq(info.last_s, UINT64_MAX);
    side_open(&pair, &pair.leech, true);
    session_set_limits(pair.leech.session, 1024, 0); /* it takes its time */
    ck_assert_int_eq(side_add(&pair, &pair.leech, NULL), ERROR_NONE);
    pair_introduce(&pair);
    pair_until(&pair, leech_exchanges, 30);
}
END_TEST

START_TEST(a_private_torrent_exchanges_no_peers) /* X22 */
{
    struct finder_info info;
    const struct add_options none = {0};
    char message[SESSION_MESSAGE_SIZE];
    struct torrent_id id;
    pair.seed.dht = false;
    pair.seed.pex = true;
    pair_seed(&pair);
    ck_assert_int_eq(session_add_bytes(pair.seed.session,
                                       (const uint8_t *)private_torrent,
                                       sizeof private_torrent - 1, &none, &id, message),
                     ERROR_NONE);
    ck_assert(torrent_get_finder(pair.seed.session, pair.seed.id, FINDER_PEX, &info));
    ck_assert(!torrent_get_finder(pair.seed.session, id, FINDER_PEX, &info));
}
END_TEST

START_TEST(without_the_dht_nothing_is_said_of_it)
{
    struct finder_info info;
    pair.seed.dht = false;
    pair_seed(&pair);
    ck_assert_uint_eq(look_at(&pair.seed).dht_nodes, UINT32_MAX);
    ck_assert(!torrent_get_finder(pair.seed.session, pair.seed.id, FINDER_DHT, &info));
}
END_TEST

START_TEST(a_private_torrent_is_not_told_to_the_local_network) /* W14 */
{
    struct finder_info info;
    const struct add_options none = {0};
    char message[SESSION_MESSAGE_SIZE];
    struct torrent_id id;
    pair.seed.dht = false;
    pair.seed.lsd = true;
    pair_seed(&pair);
    ck_assert_int_eq(session_add_bytes(pair.seed.session,
                                       (const uint8_t *)private_torrent,
                                       sizeof private_torrent - 1, &none, &id, message),
                     ERROR_NONE);
    ck_assert(torrent_get_finder(pair.seed.session, pair.seed.id, FINDER_LSD, &info));
    ck_assert(!torrent_get_finder(pair.seed.session, id, FINDER_LSD, &info));
    torrent_pause(pair.seed.session, pair.seed.id);
    ck_assert(!torrent_get_finder(pair.seed.session, pair.seed.id, FINDER_LSD, &info));
}
END_TEST

Suite *test_dht_suite(void)
{
    Suite *suite = suite_create("dht");
    TCase *tcase = tcase_create("dht");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, peers_are_found_by_the_dht_alone);
    tcase_add_test(tcase, nodes_are_kept_from_one_start_to_the_next);
    tcase_add_test(tcase, a_damaged_state_is_done_without);
    tcase_add_test(tcase, a_private_torrent_is_neither_looked_for_nor_announced);
    tcase_add_test(tcase, a_magnet_that_turns_out_private_is_looked_for_no_more);
    tcase_add_test(tcase, a_paused_torrent_is_not_looked_for);
    tcase_add_test(tcase, a_peer_tells_of_its_node);
    tcase_add_test(tcase, a_private_torrent_is_not_told_to_the_local_network);
    tcase_add_test(tcase, those_who_exchange_peers_are_told_of);
    tcase_add_test(tcase, a_private_torrent_exchanges_no_peers);
    tcase_add_test(tcase, without_the_dht_nothing_is_said_of_it);
    suite_add_tcase(suite, tcase);
    return suite;
}
