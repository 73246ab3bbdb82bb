/* Who makes room for whom when all places are taken (P38, P39). */
#include "peer/peer_manager_private.h"
#include "tests/unit/peer/check_peer.h"

#include "tests/unit/peer/rig.h"

#include <stdio.h>

#define REMOTES_MAX 80

static struct rig rig;
static struct script_peer remotes[REMOTES_MAX];

static void begin(uint32_t max_peers, uint32_t max_connections)
{
    const struct rig_config config = {.max_peers = max_peers,
                                      .max_connections = max_connections};
    rig_init(&rig, &config);
    for (int i = 0; i < REMOTES_MAX; i++)
        script_peer_init(&remotes[i]);
}

static void end(void)
{
    for (int i = 0; i < REMOTES_MAX; i++)
        script_peer_done(&remotes[i]);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(rig_done(&rig), 0);
}

static struct script_hello hello_of(int number)
{
    struct script_hello hello = rig_hello(&rig, 'A', true, true);
    hello.peer_id[19] = (uint8_t)number;
    return hello;
}

static void come_in(int number)
{
    const struct script_hello hello = hello_of(number);
    script_peer_dial(&remotes[number], vnet_host(rig.world.vnet, "10.0.0.2"),
                     rig.world.loop, "10.0.0.1:6881");
    script_peer_handshake(&remotes[number], &hello);
    rig_run(&rig, 50 * NS_PER_MS);
}

static bool is_in(int number)
{
    return remotes[number].connected && !remotes[number].over;
}

/* It never answers, so that it does not stay. */
static bool was_tried(int number)
{
    return remotes[number].connected || remotes[number].over;
}

static uint32_t count_in(int first, int end)
{
    uint32_t count = 0;
    for (int i = first; i < end; i++)
        count += is_in(i);
    return count;
}

static uint32_t connected(void)
{
    struct peer_counts counts;
    peer_manager_get_counts(rig.manager, &counts);
    return counts.connected;
}

/* Gives the block it is asked for. */
static void give(int number, struct peer_id_ref ref)
{
    rig_post_block(&rig, PEER_REQUEST, ref, 1, 0, 16384);
    rig_run(&rig, 10 * NS_PER_MS);
    script_peer_put_piece(&remotes[number], 1, 0, 16384);
    rig_run(&rig, 10 * NS_PER_MS);
}

/* The last that came has everything and unchokes us. */
static void unchoke(int number)
{
    script_peer_put(&remotes[number], 5, "\xff", 1);
    script_peer_put(&remotes[number], 1, NULL, 0);
    rig_post_interest(&rig, rig.peer, true);
    rig_run(&rig, 10 * NS_PER_MS);
}

static void be_useful(int number)
{
    unchoke(number);
    give(number, rig.peer);
}

/* One at a time, and the one that has been idle for longest. */
START_TEST(test_who_did_something_a_minute_ago_makes_room)
{
    begin(2, 0);
    for (int i = 0; i < 2; i++) {
        come_in(i);
        be_useful(i);
        rig_run(&rig, 10 * NS_PER_S);
    }
    rig_run(&rig, 35 * NS_PER_S);
    come_in(2);
    ck_assert(is_in(0) && is_in(1) && !is_in(2)); /* too soon to say */
    rig_run(&rig, 20 * NS_PER_S);
    come_in(3);
    come_in(4); /* not two at once */
    ck_assert(!is_in(0) && is_in(1) && is_in(3) && !is_in(4));
    ck_assert_int_eq(rig.last[PEER_GONE].u.gone.reason, PEER_REASON_TOO_MANY);
    end();
}
END_TEST

/* Idle ones first fill the house and then storm it; the others' cap holds all the same.
 */
START_TEST(test_idle_peers_keep_no_useful_one_out)
{
    begin(8, 0);
    for (int i = 0; i < 8; i++)
        come_in(i);
    come_in(8);
    ck_assert(!is_in(8)); /* those who just came have their chance */
    rig_run(&rig, 10 * NS_PER_S);
    come_in(9);
    ck_assert(is_in(9));
    be_useful(9);
    for (int i = 10; i < 40; i++) {
        come_in(i);
        rig_run(&rig, NS_PER_S);
        ck_assert_uint_eq(connected(), 8);
        ck_assert(is_in(9));
    }
    end();
}
END_TEST

/* Each has its ten seconds; then one makes room for one (test_priority.c: which). */
START_TEST(test_of_those_that_failed_their_trial_one_goes)
{
    begin(4, 0);
    for (int i = 0; i < 4; i++) {
        come_in(i);
        rig_run(&rig, 2 * NS_PER_S);
    }
    rig_run(&rig, 8 * NS_PER_S);
    come_in(4);
    ck_assert(is_in(4));
    ck_assert_int_eq(is_in(0) + is_in(1) + is_in(2) + is_in(3), 3);
    rig_run(&rig, 9 * NS_PER_S);
    come_in(5);
    ck_assert(is_in(4) && is_in(5));
    ck_assert_int_eq(is_in(0) + is_in(1) + is_in(2) + is_in(3), 2);
    end();
}
END_TEST

/* One that has unchoked us may take longer, until it is clear that nothing comes. */
START_TEST(test_a_promise_holds_for_twenty_seconds)
{
    begin(1, 0);
    come_in(0);
    unchoke(0);
    rig_run(&rig, 15 * NS_PER_S);
    come_in(1);
    ck_assert(is_in(0) && !is_in(1));
    rig_run(&rig, 6 * NS_PER_S);
    come_in(2);
    ck_assert(!is_in(0) && is_in(2));
    end();
}
END_TEST

static void know(int number)
{
    char host[16], address[24];
    snprintf(host, sizeof host, "10.0.1.%d", number);
    snprintf(address, sizeof address, "%s:7000", host);
    script_peer_listen(&remotes[number], vnet_host(rig.world.vnet, host), rig.world.loop,
                       address);
    rig_connect(&rig, address, PEER_SOURCE_TRACKER);
}

/* While nothing comes from anybody, a new address every two seconds; idle peers storm us
 * all the time. */
START_TEST(test_those_a_tracker_tells_of_are_tried_in_a_full_house)
{
    begin(4, 0);
    for (int i = 0; i < 4; i++)
        come_in(i);
    for (int i = 4; i < 8; i++)
        know(i);
    for (int i = 8; i < 70; i++) {
        come_in(i);
        rig_run(&rig, 450 * NS_PER_MS);
    }
    for (int i = 4; i < 8; i++)
        ck_assert_msg(was_tried(i), "%d was not tried", i);
    end();
}
END_TEST

/* While others give, nobody is driven out for the sake of addresses before a minute. */
START_TEST(test_who_is_fed_takes_its_time_with_new_addresses)
{
    begin(3, 0);
    for (int i = 0; i < 3; i++)
        come_in(i);
    const struct peer_id_ref ref = rig.peer;
    unchoke(2);
    know(3);
    for (int i = 0; i < 50; i++) {
        give(2, ref);
        rig_run(&rig, NS_PER_S);
    }
    ck_assert_uint_eq(count_in(0, 3), 3);
    for (int i = 0; i < 40; i++) {
        give(2, ref);
        rig_run(&rig, NS_PER_S);
    }
    ck_assert(is_in(2));
    ck_assert(was_tried(3));
    end();
}
END_TEST

/* It is the session that is full: another torrent's idle peers make room, too. */
START_TEST(test_idle_peers_of_one_torrent_shut_no_other_out)
{
    begin(8, 3);
    struct peer_manager *other = rig_other_torrent(&rig);
    struct message connect = {.type = PEER_CONNECT};
    connect.u.candidate.address = rig_address("10.0.1.9:7000");
    script_peer_listen(&remotes[9], vnet_host(rig.world.vnet, "10.0.1.9"), rig.world.loop,
                       "10.0.1.9:7000");
    for (int i = 0; i < 3; i++)
        come_in(i);
    ck_assert_int_eq(bus_post(rig.other_requests, &connect), ERROR_NONE);
    peer_manager_start(other);
    peer_manager_run(other);
    rig_run(&rig, 5 * NS_PER_S);
    ck_assert_uint_eq(count_in(0, 3), 3);
    rig_run(&rig, 11 * NS_PER_S);
    ck_assert_uint_eq(count_in(0, 3), 2);
    ck_assert(remotes[9].connected);
    rig_end_other(&rig, other);
    end();
}
END_TEST

Suite *suite_room(void)
{
    Suite *suite = suite_create("room");
    TCase *tcase = tcase_create("room");
    tcase_add_test(tcase, test_who_did_something_a_minute_ago_makes_room);
    tcase_add_test(tcase, test_idle_peers_keep_no_useful_one_out);
    tcase_add_test(tcase, test_of_those_that_failed_their_trial_one_goes);
    tcase_add_test(tcase, test_a_promise_holds_for_twenty_seconds);
    tcase_add_test(tcase, test_those_a_tracker_tells_of_are_tried_in_a_full_house);
    tcase_add_test(tcase, test_who_is_fed_takes_its_time_with_new_addresses);
    tcase_add_test(tcase, test_idle_peers_of_one_torrent_shut_no_other_out);
    suite_add_tcase(suite, tcase);
    return suite;
}
