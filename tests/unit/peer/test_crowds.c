/* More than there is room for: of addresses, of connections, of news; and a time in which
 * nothing could be done at all. */
#include "tests/unit/peer/check_peer.h"
#include "tests/unit/peer/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rig rig;

static void come_in(struct script_peer *peer, const char *host, uint32_t number)
{
    struct script_hello hello = rig_hello(&rig, 'P', true, true);
    memcpy(hello.peer_id, &number, sizeof number);
    script_peer_init(peer);
    script_peer_dial(peer, vnet_host(rig.world.vnet, host), rig.world.loop,
                     "10.0.0.1:6881");
    script_peer_handshake(peer, &hello);
}

static struct peer_counts counts(void)
{
    struct peer_counts counts;
    peer_manager_get_counts(rig.manager, &counts);
    return counts;
}

/* ---- limits ---- */

static void check_connections(const struct rig_config *config, uint32_t most)
{
    struct script_peer *peers = calloc(most + 1, sizeof *peers);
    rig_init(&rig, config);
    for (uint32_t i = 0; i <= most; i++) {
        come_in(&peers[i], "10.0.0.2", i);
        if (i % 50 == 0 || i + 1 >= most)
            rig_run(&rig, 20 * NS_PER_MS);
        if (i + 1 == most)
            ck_assert_uint_eq(counts().connected, most);
    }
    ck_assert_uint_eq(counts().connected, most);
    ck_assert(!peers[most - 1].over && peers[most].over);
    for (uint32_t i = 0; i <= most; i++)
        script_peer_done(&peers[i]);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(rig_done(&rig), 0);
    free(peers);
}

START_TEST(test_two_hundred_to_a_torrent_and_five_hundred_in_all)
{
    static const struct rig_config as_it_is = {0}, many = {.max_peers = 1000};
    check_connections(&as_it_is, 200);
    check_connections(&many, 500);
}
END_TEST

START_TEST(test_two_thousand_addresses_are_known)
{
    static const struct rig_config config = {0};
    struct peer_row row;
    char address[32];
    rig_init(&rig, &config);
    peer_manager_stop(rig.manager);
    for (uint32_t i = 0; i <= 2000; i++) {
        snprintf(address, sizeof address, "10.1.%u.%u:77", i / 250 + 1, i % 250 + 1);
        rig_connect(&rig, address, PEER_SOURCE_TRACKER);
    }
    rig_run(&rig, NS_PER_MS);
    ck_assert(rig_row(&rig, "10.1.8.250:77", &row)); /* the 2,000th */
    ck_assert(!rig_row(&rig, "10.1.9.1:77", &row));
    ck_assert_int_eq(rig_done(&rig), 0);
}
END_TEST

/* ---- O23: a bus that nobody empties ---- */

START_TEST(test_news_that_nobody_takes_waits_with_the_peers_and_is_not_lost)
{
    static const struct rig_config config = {.pieces = 200000};
    static struct script_peer peer;
    struct buffer haves;
    rig_init(&rig, &config);
    come_in(&peer, "10.0.0.2", 1);
    rig_run(&rig, 50 * NS_PER_MS);
    buffer_init(&haves, 4u << 20);
    for (uint32_t piece = 0; piece < 150000; piece++)
        script_put_u32(&haves, 4, piece);
    rig.stalled = true;
    script_peer_send(&peer, haves.bytes, haves.length);
    buffer_done(&haves);
    for (int i = 0; i < 300; i++)
        loop_turn(rig.world.loop, NS_PER_MS);
    ck_assert_uint_ge(bus_length(rig.responses), 65536);
    ck_assert_uint_le(bus_length(rig.responses), 65536 + 65536 / 9 + 2);
    rig.stalled = false;
    rig_run(&rig, 500 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_HAS_PIECE], 150000);
    script_peer_done(&peer);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_GONE], 1);
    ck_assert_int_eq(rig_done(&rig), 0);
}
END_TEST

/* ---- C7, O8: ten minutes in which the process was stopped ---- */

static bool count_turn(void *context)
{
    ++*(uint32_t *)context;
    return false;
}

START_TEST(test_ten_minutes_asleep_are_not_made_up_for)
{
    static const struct rig_config config = {0};
    static struct script_peer kept, silent;
    uint32_t turns = 0;
    struct loop_hook hook = {.callback = count_turn, .context = &turns, .order = 99};
    /* What arrives meanwhile is there after a tick has been due. */
    const struct vnet_link slow = {.latency_ns = 1500 * NS_PER_MS};
    rig_init(&rig, &config);
    vnet_set_link(rig.world.vnet, &slow);
    rig.interest = true;
    come_in(&kept, "10.0.0.2", 1);
    come_in(&silent, "10.0.0.3", 2);
    rig_run(&rig, 8 * NS_PER_S);
    script_peer_put(&silent, 1, NULL, 0);
    rig_run(&rig, 2 * NS_PER_S);
    rig_post_block(&rig, PEER_REQUEST, rig.last[PEER_UNCHOKED_US].peer, 1, 0, 16384);
    rig_run(&rig, NS_PER_MS);
    loop_hook_add(rig.world.loop, &hook);
    rig_forget(&rig);
    script_peer_send(&kept, "\0\0\0\0", 4);
    rig.world.clock.now_ns += 600 * NS_PER_S;
    rig_run(&rig, 10 * NS_PER_S);
    ck_assert_uint_lt(turns, 60);
    ck_assert(!kept.over && silent.over);
    ck_assert_uint_eq(rig.count[PEER_GONE], 1);
    ck_assert_int_eq(rig.last[PEER_GONE].u.gone.reason, PEER_REASON_TIMEOUT);
    /* One keep-alive for all the time. */
    ck_assert_uint_eq(script_peer_count(&kept, SCRIPT_KEEP_ALIVE), 1);
    loop_hook_remove(rig.world.loop, &hook);
    script_peer_done(&kept);
    script_peer_done(&silent);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(rig_done(&rig), 0);
}
END_TEST

/* ---- P38: they come, say hello, and go; BTTUI_VISITORS: as many ---- */

START_TEST(test_a_flood_of_visitors_leaves_nothing_and_holds_nobody_up)
{
    static const struct rig_config config = {.have_all = true};
    static struct script_peer honest, visitors[50];
    const char *wanted = getenv("BTTUI_VISITORS");
    const uint32_t most = wanted != NULL ? (uint32_t)strtoul(wanted, NULL, 10) : 10000;
    uint32_t served = 0;
    rig_init(&rig, &config);
    rig.serve = true;
    come_in(&honest, "10.0.0.2", UINT32_MAX);
    script_peer_put(&honest, 2, NULL, 0);
    rig_run(&rig, NS_PER_S);
    for (uint32_t i = 0; i < most; i += 50) {
        script_peer_put_block(&honest, 6, i / 50 % 8, i / 400 % 1000, 16384);
        for (uint32_t k = 0; k < 50; k++)
            come_in(&visitors[k], k % 2 == 0 ? "10.0.0.3" : "8.8.8.8", i + k);
        rig_run(&rig, 5 * NS_PER_MS);
        served += script_peer_count(&honest, 7);
        for (uint32_t k = 0; k < 50; k++)
            script_peer_done(&visitors[k]);
        rig_run(&rig, 5 * NS_PER_MS);
        buffer_clear(&rig.story);
    }
    ck_assert_uint_eq(served, most / 50);
    ck_assert(!honest.over);
    ck_assert_uint_eq(counts().connected, 1);
    ck_assert_uint_eq(vnet_open_streams(rig.world.vnet), 2);
    struct peer_row row;
    ck_assert(!peer_manager_row(rig.manager, 64, &row)); /* their places are used again */
    script_peer_done(&honest);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(rig_done(&rig), 0);
}
END_TEST

Suite *suite_crowds(void)
{
    Suite *suite = suite_create("crowds");
    TCase *tcase = tcase_create("crowds");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, test_two_hundred_to_a_torrent_and_five_hundred_in_all);
    tcase_add_test(tcase, test_two_thousand_addresses_are_known);
    tcase_add_test(tcase,
                   test_news_that_nobody_takes_waits_with_the_peers_and_is_not_lost);
    tcase_add_test(tcase, test_ten_minutes_asleep_are_not_made_up_for);
    tcase_add_test(tcase, test_a_flood_of_visitors_leaves_nothing_and_holds_nobody_up);
    suite_add_tcase(suite, tcase);
    return suite;
}
