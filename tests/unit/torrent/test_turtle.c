/* Turtle mode: which limits hold when, by hand and by schedule. */
#include "tests/unit/torrent/payload.h"
#include "torrent/commands.h"
#include "torrent/looks.h"
#include "torrent/session_private.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

Suite *test_turtle_suite(void);

#define MINUTE_NS (60 * NS_PER_S)

static struct world world;
static struct net net;
static struct session *session;
static char state[] = "/tmp/bttui-turtle-XXXXXX";

static void open_session(const char *schedule)
{
    char message[SESSION_MESSAGE_SIZE];
    const struct session_config config = {
        .loop = world.loop,
        .net = &net,
        .random = &world.random.source,
        .download_dir = state,
        .state_dir = state,
        .port = 6881,
        .workers = UINT32_MAX,
        .max_down = 1000,
        .max_up = 2000,
        .turtle_down = 30,
        .turtle_up = 40,
        .turtle_schedule = schedule,
    };
    ck_assert_int_eq(session_new(&config, &session, message), ERROR_NONE);
    ck_assert_int_eq(session_restore(session, message), ERROR_NONE);
}

/* A Monday, at HOURS and MINUTES, by UTC. */
static void begin(int hours, int minutes, const char *schedule)
{
    setenv("TZ", "UTC0", 1);
    tzset();
    world_init(&world, 1);
    world.clock.wall_base_s = 1790000000 / 604800 * 604800 + 4 * 86400 + hours * 3600 +
                              minutes * 60 -
                              (double)world.clock.now_ns / (double)NS_PER_S;
    net = *vnet_host(world.vnet, "10.0.0.1");
    strcpy(state + strlen(state) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(state));
    open_session(schedule);
}

static void end(void)
{
    char command[64] = "rm -r ";
    payload_close(&world, session);
    world_done(&world);
    strcat(command, state);
    ck_assert_int_eq(system(command), 0);
}

static void expect(bool turtle)
{
    struct session_info info;
    session_get_info(session, &info);
    ck_assert_int_eq(info.turtle, turtle);
    ck_assert_uint_eq(info.max_down, turtle ? 30 : 1000);
    ck_assert_uint_eq(info.max_up, turtle ? 40 : 2000);
}

START_TEST(without_a_schedule_the_hand_decides_and_that_is_kept)
{
    begin(8, 0, NULL);
    expect(false);
    session_set_turtle(session, true);
    expect(true);
    world_run(&world, 8 * 24 * 60 * MINUTE_NS);
    expect(true);
    payload_close(&world, session);
    open_session(NULL);
    expect(true);
    session_set_turtle(session, false);
    expect(false);
    end();
}
END_TEST

START_TEST(the_schedule_switches_to_the_second)
{
    begin(7, 59, "mon 08:00-08:10");
    world_run(&world, MINUTE_NS - NS_PER_S);
    expect(false);
    world_run(&world, 2 * NS_PER_S);
    expect(true);
    world_run(&world, 10 * MINUTE_NS - 3 * NS_PER_S);
    expect(true);
    world_run(&world, 3 * NS_PER_S);
    expect(false);
    world_run(&world, 7 * 24 * 60 * MINUTE_NS - 5 * MINUTE_NS);
    expect(true);
    end();
}
END_TEST

START_TEST(it_holds_at_once_when_the_session_begins_within_it)
{
    begin(8, 5, "mon 08:00-08:10");
    expect(true);
    end();
}
END_TEST

START_TEST(the_hand_holds_until_the_next_change)
{
    begin(8, 5, "mon 08:00-08:10, 09:00-10:00");
    session_set_turtle(session, false);
    expect(false);
    world_run(&world, 4 * MINUTE_NS);
    expect(false);
    payload_close(&world, session); /* over a restart, too */
    open_session("mon 08:00-08:10, 09:00-10:00");
    expect(false);
    session_set_turtle(session, true);
    expect(true);
    world_run(&world, 2 * MINUTE_NS); /* 08:11: the schedule's word is no again */
    expect(false);
    world_run(&world, 50 * MINUTE_NS);
    expect(true);
    end();
}
END_TEST

START_TEST(another_schedule_holds_at_once)
{
    begin(8, 5, "mon 08:00-08:10");
    session_set_turtle(session, false);
    ck_assert(!session_set_schedule(session, "mon 8-9"));
    expect(false);
    ck_assert(session_set_schedule(session, "daily 07:00-09:00"));
    expect(true);
    ck_assert(session_set_schedule(session, "tue 07:00-09:00"));
    expect(false);
    end();
}
END_TEST

/* While something is transferred, once a second. */
START_TEST(a_clock_that_is_set_is_noticed)
{
    begin(7, 0, "mon 08:00-08:10; tue 10:00-11:00");
    world.clock.wall_base_s += 3600 + 120; /* 08:02 */
    session_tick_soon(session);
    world_run(&world, 2 * NS_PER_S);
    expect(true);
    world.clock.wall_base_s -= 1800;
    session_tick_soon(session);
    world_run(&world, 2 * NS_PER_S);
    expect(false);
    world_run(&world, 28 * MINUTE_NS);
    expect(true); /* 08:00 again */
    end();
}
END_TEST

START_TEST(limits_are_those_of_the_mode_that_is_on)
{
    struct session_settings settings;
    begin(8, 0, NULL);
    session_set_turtle(session, true);
    session_set_limits(session, 5, 6);
    session_get_settings(session, &settings);
    ck_assert_uint_eq(settings.turtle_down, 5);
    ck_assert_uint_eq(settings.turtle_up, 6);
    ck_assert_uint_eq(settings.max_down, 1000);
    session_set_turtle(session, false);
    expect(false);
    end();
}
END_TEST

Suite *test_turtle_suite(void)
{
    Suite *suite = suite_create("turtle");
    TCase *tcase = tcase_create("turtle");
    tcase_add_test(tcase, without_a_schedule_the_hand_decides_and_that_is_kept);
    tcase_add_test(tcase, the_schedule_switches_to_the_second);
    tcase_add_test(tcase, it_holds_at_once_when_the_session_begins_within_it);
    tcase_add_test(tcase, the_hand_holds_until_the_next_change);
    tcase_add_test(tcase, another_schedule_holds_at_once);
    tcase_add_test(tcase, a_clock_that_is_set_is_noticed);
    tcase_add_test(tcase, limits_are_those_of_the_mode_that_is_on);
    suite_add_tcase(suite, tcase);
    return suite;
}
