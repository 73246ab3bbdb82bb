/* Many torrents with many trackers: who is asked when, of all of them (H25). */
#include "tests/unit/discovery/check_discovery.h"
#include "tests/unit/discovery/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TORRENTS 60u
#define EACH     10u
#define MOST     20u

static struct world world;
static struct http *http;
static struct tracker_turns *turns;
static struct bus *discovery;
static struct torrent {
    struct tracker_manager *manager;
    struct metainfo_tracker trackers[EACH];
    uint32_t asked, started, completed, stopped, last_at; /* at: its place among all */
    bool told;
} torrents[TORRENTS];
static uint32_t asked, most_under_way;
static uint64_t answer_ns; /* how long an answer takes; 0: for ever */

static void on_get(void *context, const char *url, struct vhttp_answer *answer)
{
    unsigned number = TORRENTS;
    (void)context;
    ck_assert_int_eq(sscanf(url, "http://t%u.", &number), 1);
    ck_assert_uint_lt(number, TORRENTS);
    struct torrent *torrent = &torrents[number];
    torrent->asked++;
    torrent->last_at = asked++;
    torrent->started += strstr(url, "event=started") != NULL;
    torrent->completed += strstr(url, "event=completed") != NULL;
    torrent->stopped += strstr(url, "event=stopped") != NULL;
    const uint32_t under_way = vhttp_under_way(http); /* this one included */
    if (under_way > most_under_way)
        most_under_way = under_way;
    rig_body(answer, "d8:completei3e10:downloadedi7e10:incompletei4e8:intervali1800e"
                     "5:peers0:e");
    answer->after_ns = answer_ns;
    answer->never = answer_ns == 0;
}

static void give_stats(void *context, struct tracker_stats *ret_stats)
{
    (void)context;
    *ret_stats = (struct tracker_stats){.left = 1};
}

static void setup(void)
{
    memset(torrents, 0, sizeof torrents);
    world_init(&world, 5);
    http = http_new(world.loop, "test", NULL);
    vhttp_serve(http, on_get, NULL);
    turns = tracker_turns_new(world.loop, MOST);
    discovery = bus_new(100000);
    asked = most_under_way = 0;
    answer_ns = NS_PER_S / 2;
}

static void start(uint32_t number, uint32_t count, bool udp)
{
    struct torrent *torrent = &torrents[number];
    for (uint32_t i = 0; i < count; i++) {
        char url[64];
        if (udp)
            snprintf(url, sizeof url, "udp://10.0.0.9:6969/%u", i);
        else
            snprintf(url, sizeof url, "http://t%u.%u/announce", number, i);
        torrent->trackers[i] = (struct metainfo_tracker){.url = strdup(url), .tier = i};
    }
    const struct tracker_manager_config config = {
        .loop = world.loop,
        .http = http,
        .turns = turns,
        .net = vnet_host(world.vnet, "10.0.0.1"),
        .random = &world.random.source,
        .discovery = discovery,
        .torrent = {number, 1},
        .port = 6881,
        .trackers = torrent->trackers,
        .tracker_count = count,
        .stats = give_stats,
    };
    torrent->manager = tracker_manager_new(&config);
    ck_assert_ptr_nonnull(torrent->manager);
    tracker_manager_start(torrent->manager);
}

static void end(uint32_t number)
{
    tracker_manager_free(torrents[number].manager);
    torrents[number].manager = NULL;
}

static void teardown(void)
{
    for (uint32_t i = 0; i < TORRENTS; i++) {
        end(i);
        for (uint32_t n = 0; n < EACH; n++)
            free(torrents[i].trackers[n].url);
    }
    ck_assert_uint_eq(vhttp_under_way(http), 0);
    http_free(http);
    tracker_turns_free(turns);
    bus_free(discovery, NULL);
    world_done(&world);
}

static void on_told(void *context)
{
    ((struct torrent *)context)->told = true;
}

START_TEST(test_all_torrents_together_ask_twenty_at_a_time_and_all_are_asked)
{
    for (uint32_t i = 0; i < TORRENTS; i++)
        start(i, EACH, false);
    world_run(&world, 60 * NS_PER_S);
    ck_assert_uint_eq(most_under_way, MOST);
    ck_assert_uint_eq(asked, TORRENTS * EACH);
    for (uint32_t i = 0; i < TORRENTS; i++)
        ck_assert_uint_eq(torrents[i].started, EACH);
}
END_TEST

START_TEST(test_no_torrent_waits_for_all_trackers_of_another)
{
    for (uint32_t i = 0; i < TORRENTS; i++)
        start(i, EACH, false);
    while (asked < MOST + TORRENTS)
        world_run(&world, NS_PER_S / 10);
    for (uint32_t i = 0; i < TORRENTS; i++)
        ck_assert_msg(torrents[i].asked > 0, "torrent %u", i);
}
END_TEST

START_TEST(test_farewells_go_first)
{
    start(0, EACH, false);
    world_run(&world, 2 * NS_PER_S);
    for (uint32_t i = 1; i < TORRENTS; i++)
        start(i, EACH, false);
    world_run(&world, NS_PER_S / 4);
    tracker_manager_stop(torrents[0].manager, NULL, on_told, &torrents[0]);
    world_run(&world, 2 * NS_PER_S);
    ck_assert(torrents[0].told);
    ck_assert_uint_eq(torrents[0].stopped, EACH);
    ck_assert_uint_le(most_under_way, MOST);
}
END_TEST

START_TEST(test_all_say_farewell_within_three_seconds)
{
    answer_ns = NS_PER_S / 20;
    for (uint32_t i = 0; i < TORRENTS; i++)
        start(i, EACH, false);
    world_run(&world, 60 * NS_PER_S);
    for (uint32_t i = 0; i < TORRENTS; i++)
        tracker_manager_stop(torrents[i].manager, NULL, on_told, &torrents[i]);
    world_run(&world, 3 * NS_PER_S);
    for (uint32_t i = 0; i < TORRENTS; i++) {
        ck_assert_uint_eq(torrents[i].stopped, EACH);
        ck_assert(torrents[i].told);
    }
    ck_assert_uint_le(most_under_way, MOST);
}
END_TEST

START_TEST(test_one_that_still_waits_at_the_end_says_nothing)
{
    answer_ns = 0;
    start(0, EACH, false);
    start(1, EACH, false);
    world_run(&world, NS_PER_S);
    start(2, EACH, false);
    world_run(&world, NS_PER_S);
    tracker_manager_stop(torrents[2].manager, NULL, on_told, &torrents[2]);
    world_run(&world, NS_PER_S);
    ck_assert(torrents[2].told);
    world_run(&world, 60 * NS_PER_S);
    ck_assert_uint_eq(torrents[2].asked, 0);
}
END_TEST

START_TEST(test_what_happens_while_one_waits_is_told_in_its_turn)
{
    start(0, 1, false);
    world_run(&world, NS_PER_S);
    world_run(&world, 1790 * NS_PER_S);
    answer_ns = 20 * NS_PER_S;
    start(1, EACH, false);
    start(2, EACH, false);
    world_run(&world, 12 * NS_PER_S); /* its half hour is over: it waits */
    ck_assert_uint_eq(torrents[0].asked, 1);
    tracker_manager_completed(torrents[0].manager);
    world_run(&world, 60 * NS_PER_S);
    ck_assert_uint_eq(torrents[0].asked, 2);
    ck_assert_uint_eq(torrents[0].completed, 1);
}
END_TEST

START_TEST(test_one_removed_while_it_waits_or_asks_leaves_its_turn_to_others)
{
    answer_ns = 0;
    for (uint32_t i = 0; i < 4; i++) {
        start(i, EACH, false);
        world_run(&world, NS_PER_S);
    }
    ck_assert_uint_eq(torrents[2].asked + torrents[3].asked, 0);
    end(3);
    end(0);
    world_run(&world, NS_PER_S);
    ck_assert_uint_eq(torrents[2].asked, EACH);
    ck_assert_uint_le(most_under_way, MOST);
}
END_TEST

START_TEST(test_silent_udp_trackers_hold_nobody_up_for_long)
{
    vnet_set_fate(world.vnet, "10.0.0.9:6969", VNET_SILENT);
    for (uint32_t i = 1; i < 5; i++)
        start(i, EACH, true);
    world_run(&world, NS_PER_S);
    start(0, EACH, false);
    world_run(&world, 10 * NS_PER_S);
    ck_assert_uint_eq(torrents[0].asked, 0);
    world_run(&world, 25 * NS_PER_S);
    ck_assert_uint_eq(torrents[0].started, EACH);
}
END_TEST

/* Those that never answer are sent to for hours. */
START_TEST(test_silent_udp_trackers_neither_keep_sockets_nor_the_last_turns)
{
    vnet_set_fate(world.vnet, "10.0.0.9:6969", VNET_SILENT);
    for (uint32_t i = 1; i < 30; i++)
        start(i, EACH, true);
    for (uint32_t i = 0; i < 600; i++) {
        world_run(&world, NS_PER_S);
        ck_assert_uint_le(vnet_open_datagrams(world.vnet), MOST);
    }
    ck_assert_uint_eq(vnet_open_datagrams(world.vnet), MOST / 2);
    start(0, EACH, false);
    world_run(&world, 2 * NS_PER_S);
    ck_assert_uint_eq(torrents[0].started, EACH);
}
END_TEST

Suite *suite_turns(void)
{
    Suite *suite = suite_create("turns");
    TCase *cases = tcase_create("turns");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases,
                   test_all_torrents_together_ask_twenty_at_a_time_and_all_are_asked);
    tcase_add_test(cases, test_no_torrent_waits_for_all_trackers_of_another);
    tcase_add_test(cases, test_farewells_go_first);
    tcase_add_test(cases, test_all_say_farewell_within_three_seconds);
    tcase_add_test(cases, test_one_that_still_waits_at_the_end_says_nothing);
    tcase_add_test(cases, test_what_happens_while_one_waits_is_told_in_its_turn);
    tcase_add_test(cases,
                   test_one_removed_while_it_waits_or_asks_leaves_its_turn_to_others);
    tcase_add_test(cases, test_silent_udp_trackers_hold_nobody_up_for_long);
    tcase_add_test(cases,
                   test_silent_udp_trackers_neither_keep_sockets_nor_the_last_turns);
    suite_add_tcase(suite, cases);
    return suite;
}
