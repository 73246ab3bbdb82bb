/* Goals of seeding: what is stopped when, what is kept, and what a hand may do. */
#include "tests/lib/script_peer.h"
#include "tests/unit/torrent/payload.h"
#include "torrent/commands.h"
#include "torrent/looks.h"
#include "torrent/session_private.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

Suite *test_goal_suite(void);

#define PIECES      PAYLOAD_PIECES
#define PIECE_BYTES PAYLOAD_PIECE_BYTES
#define MINUTE_NS   (60 * NS_PER_S)

static struct world world;
static struct net net;
static struct session *session;
static struct torrent_id torrent;
static struct torrent_info info;
static struct script_peer peer;
static char dir[] = "/tmp/bttui-goal-XXXXXX", state[64], down[64], path[128];

static struct torrent_info look(void)
{
    ck_assert(torrent_get_info(session, torrent, &info));
    return info;
}

static bool is_seeding(const void *context)
{
    (void)context;
    return look().state == TORRENT_STATE_SEEDING && info.synced;
}

static void open_session(struct seed_goal goal)
{
    char message[SESSION_MESSAGE_SIZE];
    const struct session_config config = {
        .loop = world.loop,
        .net = &net,
        .random = &world.random.source,
        .download_dir = down,
        .state_dir = state,
        .port = 6881,
        .workers = UINT32_MAX,
        .incoming = true,
        .goal = goal,
    };
    ck_assert_int_eq(session_new(&config, &session, message), ERROR_NONE);
    ck_assert_int_eq(session_restore(session, message), ERROR_NONE);
    torrent = session_at(session, 0);
}

static void begin(struct seed_goal goal)
{
    struct buffer bytes;
    char message[SESSION_MESSAGE_SIZE];
    const struct add_options options = {.download_dir = down};
    strcpy(dir + strlen(dir) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(state, sizeof state, "%s/state", dir);
    snprintf(down, sizeof down, "%s/down", dir);
    ck_assert_int_eq(mkdir(state, 0700) + mkdir(down, 0700), 0);
    world_init(&world, 1);
    payload_make(down, &bytes);
    snprintf(path, sizeof path, "%s/payload", down);
    net = *vnet_host(world.vnet, "10.0.0.1");
    open_session(goal);
    ck_assert_msg(session_add_bytes(session, bytes.bytes, bytes.length, &options,
                                    &torrent, message) == ERROR_NONE,
                  "%s", message);
    buffer_done(&bytes);
    ck_assert(world_run_until(&world, NS_PER_S, is_seeding, NULL));
    script_peer_init(&peer);
}

static void end(void)
{
    char command[64] = "rm -r ";
    payload_close(&world, session);
    script_peer_done(&peer);
    world_done(&world);
    strcat(command, dir);
    ck_assert_int_eq(system(command), 0);
}

static void set_goal(struct seed_goal goal)
{
    struct torrent_settings settings;
    ck_assert(torrent_get_settings(session, torrent, &settings));
    settings.goal = goal;
    torrent_set_settings(session, torrent, &settings);
    world_run(&world, NS_PER_MS);
}

/* The payload leaves once, without its LAST pieces. */
static void serve(uint32_t last)
{
    struct script_hello hello = {.hash = look().hash};
    memset(hello.peer_id, 'x', sizeof hello.peer_id);
    script_peer_done(&peer);
    script_peer_init(&peer);
    script_peer_dial(&peer, vnet_host(world.vnet, "10.0.0.9"), world.loop,
                     "10.0.0.1:6881");
    world_run(&world, 50 * NS_PER_MS);
    script_peer_handshake(&peer, &hello);
    script_peer_put(&peer, 2, NULL, 0);
    world_run(&world, NS_PER_S);
    for (uint32_t i = 0; i < PIECES - last; i++)
        script_peer_put_block(&peer, 6, i, 0, PIECE_BYTES);
    world_run(&world, 3 * NS_PER_S);
}

START_TEST(a_time_of_seeding_ends_it_to_the_second)
{
    begin((struct seed_goal){.minutes = 10});
    world_run(&world, 10 * MINUTE_NS - 2 * NS_PER_S);
    ck_assert_int_eq(look().state, TORRENT_STATE_SEEDING);
    world_run(&world, 2 * NS_PER_S);
    ck_assert_int_eq(look().state, TORRENT_STATE_PAUSED);
    ck_assert_str_eq(info.reason, "stopped: seeded for 10 minutes; resume it to seed on");
    ck_assert_uint_eq(info.seeded_s, 600);
    end();
}
END_TEST

/* A label's goal comes before the session's, the torrent's own before both. */
START_TEST(a_label_has_goals)
{
    static const char *const rules[] = {"films time=1", "no rule at all",
                                        "films time=5 ratio=0", "books time=2"};
    begin((struct seed_goal){.minutes = 10, .ratio = 300});
    session_set_label_rules(session, rules, 4);
    ck_assert_uint_eq(look().goal.minutes, 10);
    torrent_set_label(session, torrent, "films");
    ck_assert_uint_eq(look().goal.minutes, 5);
    ck_assert_uint_eq(info.goal.ratio, 0);
    set_goal((struct seed_goal){.minutes = 6});
    ck_assert_uint_eq(look().goal.minutes, 6);
    set_goal((struct seed_goal){0});
    world_run(&world, 5 * MINUTE_NS - 2 * NS_PER_S);
    ck_assert_int_eq(look().state, TORRENT_STATE_SEEDING);
    world_run(&world, 2 * NS_PER_S);
    ck_assert_str_eq(look().reason,
                     "stopped: seeded for 5 minutes; resume it to seed on");
    torrent_set_label(session, torrent, "books");
    ck_assert_uint_eq(look().goal.minutes, 2);
    session_set_label_rules(session, NULL, 0);
    ck_assert_uint_eq(look().goal.minutes, 10);
    end();
}
END_TEST

START_TEST(only_seeding_counts)
{
    begin((struct seed_goal){.minutes = 10});
    world_run(&world, 4 * MINUTE_NS);
    torrent_pause(session, torrent);
    world_run(&world, 60 * MINUTE_NS);
    ck_assert_str_eq(look().reason, "paused by you");
    torrent_resume(session, torrent);
    world_run(&world, 2 * MINUTE_NS);
    clock_virtual_advance(&world.clock, 180 * MINUTE_NS);
    world.clock.slept_ns += 180 * MINUTE_NS;
    world_run(&world, 3 * MINUTE_NS);
    ck_assert_int_eq(look().state, TORRENT_STATE_SEEDING);
    world_run(&world, MINUTE_NS + NS_PER_S);
    ck_assert_int_eq(look().state, TORRENT_STATE_PAUSED);
    end();
}
END_TEST

START_TEST(the_time_is_kept_over_restarts)
{
    const struct seed_goal goal = {.minutes = 10};
    begin(goal);
    world_run(&world, 6 * MINUTE_NS);
    payload_close(&world, session);
    open_session(goal);
    ck_assert(world_run_until(&world, NS_PER_S, is_seeding, NULL));
    ck_assert_uint_ge(look().seeded_s, 359);
    world_run(&world, 4 * MINUTE_NS - 5 * NS_PER_S);
    ck_assert_int_eq(look().state, TORRENT_STATE_SEEDING);
    world_run(&world, 10 * NS_PER_S);
    ck_assert_int_eq(look().state, TORRENT_STATE_PAUSED);
    payload_close(&world, session); /* and so is why it is stopped */
    open_session(goal);
    world_run(&world, NS_PER_S);
    ck_assert_str_eq(look().reason,
                     "stopped: seeded for 10 minutes; resume it to seed on");
    end();
}
END_TEST

START_TEST(a_ratio_ends_it)
{
    begin((struct seed_goal){.ratio = 75});
    serve(2);
    ck_assert_int_eq(look().state, TORRENT_STATE_SEEDING);
    serve(3); /* two and one of four */
    ck_assert_int_eq(look().state, TORRENT_STATE_PAUSED);
    ck_assert_str_eq(info.reason, "stopped: ratio 0.75 reached; resume it to seed on");
    end();
}
END_TEST

START_TEST(resumed_by_hand_it_seeds_on_until_the_goal_is_raised)
{
    begin((struct seed_goal){.minutes = 10, .ratio = 50});
    world_run(&world, 10 * MINUTE_NS);
    ck_assert_int_eq(look().state, TORRENT_STATE_PAUSED);
    torrent_resume(session, torrent);
    serve(0);
    world_run(&world, 60 * MINUTE_NS);
    ck_assert_int_eq(look().state, TORRENT_STATE_SEEDING);
    set_goal((struct seed_goal){.minutes = 5});
    ck_assert_int_eq(look().state, TORRENT_STATE_SEEDING);
    set_goal((struct seed_goal){.minutes = 80});
    ck_assert_int_eq(look().state, TORRENT_STATE_SEEDING);
    world_run(&world, 11 * MINUTE_NS);
    ck_assert_str_eq(look().reason,
                     "stopped: seeded for 80 minutes; resume it to seed on");
    end();
}
END_TEST

static const struct {
    struct seed_goal all, own;
    bool ends;
} choices[] = {
    {{.ratio = 100}, {0}, true},
    {{.ratio = 100}, {.ratio = SEED_NEVER}, false},
    {{.ratio = 100}, {.ratio = 101}, false},
    {{.ratio = 200}, {.ratio = 50}, true},
    {{.ratio = 100, .minutes = 99}, {.ratio = SEED_NEVER}, false},
    {{0}, {.ratio = 100}, true},
    {{0}, {0}, false},
};

START_TEST(a_torrents_own_goal_goes_before_the_sessions)
{
    begin((struct seed_goal){0});
    serve(0);
    set_goal(choices[_i].own);
    struct session_settings settings;
    session_get_settings(session, &settings);
    settings.goal = choices[_i].all;
    session_set_settings(session, &settings);
    world_run(&world, NS_PER_S);
    ck_assert_int_eq(look().state,
                     choices[_i].ends ? TORRENT_STATE_PAUSED : TORRENT_STATE_SEEDING);
    end();
}
END_TEST

START_TEST(it_may_go_off_the_list_and_its_data_stay)
{
    begin((struct seed_goal){.minutes = 1, .action = SEED_ACTION_REMOVE});
    world_run(&world, MINUTE_NS);
    ck_assert_uint_eq(session_count(session), 0);
    ck_assert_int_eq(access(path, R_OK), 0);
    end();
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

Suite *test_goal_suite(void)
{
    Suite *suite = suite_create("goal");
    TCase *tcase = tcase_create("goal");
    tcase_add_test(tcase, a_time_of_seeding_ends_it_to_the_second);
    tcase_add_test(tcase, a_label_has_goals);
    tcase_add_test(tcase, only_seeding_counts);
    tcase_add_test(tcase, the_time_is_kept_over_restarts);
    tcase_add_test(tcase, a_ratio_ends_it);
    tcase_add_test(tcase, resumed_by_hand_it_seeds_on_until_the_goal_is_raised);
    tcase_add_loop_test(tcase, a_torrents_own_goal_goes_before_the_sessions, 0,
                        COUNT(choices));
    tcase_add_test(tcase, it_may_go_off_the_list_and_its_data_stay);
    suite_add_tcase(suite, tcase);
    return suite;
}
