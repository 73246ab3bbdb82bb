/* So many at a time, in the order of the list, and each that waits says for what. */
#include "torrent/commands.h"

#include "base/digest.h"
#include "disk/storage.h"
#include "tests/lib/world.h"
#include "tests/unit/torrent/pair.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

Suite *test_queue_suite(void);

#define TORRENTS 4u
#define PIECE    16384u

static struct pair pair;
static struct session *session;
static struct torrent_id ids[TORRENTS];

/* A torrent of PIECES pieces of zeros; its data go below DOWN, or are not there (NULL).
 */
static void add(uint32_t number, uint32_t pieces, const char *down)
{
    static const uint8_t zeros[PIECE];
    uint8_t digest[SHA1_BYTES];
    char name[16], path[160], message[SESSION_MESSAGE_SIZE];
    const struct add_options options = {0};
    struct buffer torrent;
    digest_sha1(zeros, PIECE, digest);
    snprintf(name, sizeof name, "file%u", number);
    buffer_init(&torrent, 65536);
    ck_assert_int_eq(buffer_printf(&torrent,
                                   "d4:infod6:lengthi%ue4:name5:%s12:piece "
                                   "lengthi%ue6:pieces%u:",
                                   pieces * PIECE, name, PIECE, pieces * SHA1_BYTES),
                     ERROR_NONE);
    for (uint32_t i = 0; i < pieces; i++)
        ck_assert_int_eq(buffer_append(&torrent, digest, SHA1_BYTES), ERROR_NONE);
    ck_assert_int_eq(buffer_append_text(&torrent, "ee"), ERROR_NONE);
    if (down != NULL) {
        mkdir(down, 0700);
        snprintf(path, sizeof path, "%s/%s", down, name);
        FILE *stream = fopen(path, "wb");
        ck_assert_ptr_nonnull(stream);
        for (uint32_t i = 0; i < pieces; i++)
            ck_assert_uint_eq(fwrite(zeros, 1, PIECE, stream), PIECE);
        fclose(stream);
    }
    ck_assert_int_eq(session_add_bytes(session, torrent.bytes, torrent.length, &options,
                                       &ids[number], message),
                     ERROR_NONE);
    buffer_done(&torrent);
}

static struct torrent_info info_of(uint32_t number)
{
    struct torrent_info info;
    ck_assert(torrent_get_info(session, ids[number], &info));
    return info;
}

/* "DDQQ": the state of each, S seeding, D downloading, Q queued, P paused, C checking. */
static void expect(const char *states)
{
    char got[TORRENTS + 1] = "";
    for (int turns = 0; turns < 10000 && strcmp(got, states) != 0; turns++) {
        loop_turn(pair.loop, 10 * NS_PER_MS);
        for (uint32_t i = 0; i < TORRENTS; i++)
            got[i] = "CMQDSPE"[info_of(i).state];
    }
    ck_assert_str_eq(got, states);
}

static void given(uint32_t downloads, uint32_t seeds, uint32_t checks, uint32_t pieces,
                  bool there)
{
    pair_init(&pair, 32768);
    side_open(&pair, &pair.leech, true);
    session = pair.leech.session;
    const struct session_settings settings = {
        .active_downloads = downloads, .active_seeds = seeds, .active_checks = checks};
    session_set_settings(session, &settings);
    for (uint32_t i = 0; i < TORRENTS; i++)
        add(i, pieces, there ? pair.leech.down : NULL);
}

static void done(void)
{
    side_close(&pair, &pair.leech);
    pair_done(&pair);
}

START_TEST(so_many_download_and_the_others_say_why_they_wait)
{
    given(2, 0, 0, 1, false);
    expect("DDQQ");
    ck_assert_str_eq(info_of(2).reason,
                     "queued: 2 of 2 downloads are active; “start now” skips the queue");
    torrent_pause(session, ids[0]);
    expect("PDDQ");
    torrent_resume(session, ids[0]); /* it stands above the one that took its place */
    expect("DDQQ");
    session_remove(session, ids[1], false);
    ids[1] = ids[0];
    expect("DDDQ");
    done();
}
END_TEST

START_TEST(the_order_of_the_list_decides)
{
    given(1, 0, 0, 1, false);
    expect("DQQQ");
    torrent_move(session, ids[3], -1);
    torrent_move(session, ids[3], -1);
    expect("DQQQ");
    torrent_move(session, ids[3], -1);
    expect("QQQD");
    done();
}
END_TEST

START_TEST(who_is_started_by_hand_neither_waits_nor_counts)
{
    given(1, 0, 0, 1, false);
    expect("DQQQ");
    torrent_force(session, ids[2], true);
    expect("DQDQ");
    torrent_pause(session, ids[0]);
    expect("PDDQ");
    torrent_force(session, ids[2], false);
    expect("PDQQ");
    torrent_pause(session, ids[2]);
    torrent_force(session, ids[2], true); /* paused or not */
    expect("PDDQ");
    done();
}
END_TEST

START_TEST(seeds_queue_too)
{
    given(1, 3, 0, 1, true);
    expect("SSSQ");
    ck_assert_str_eq(info_of(3).reason,
                     "queued: 3 of 3 seeds are active; “start now” skips the queue");
    torrent_pause(session, ids[1]);
    expect("SPSS");
    done();
}
END_TEST

/* Each has had its turn in the end, and no turn lasted for ever. */
START_TEST(checks_queue_and_all_are_made)
{
    bool has_waited = false;
    given(0, 0, 1, 256, true); /* large enough that one is seen to wait for another */
    while (pair.leech.checked < TORRENTS) {
        for (uint32_t i = 0; i < TORRENTS; i++) {
            const struct torrent_info info = info_of(i);
            if (info.state != TORRENT_STATE_QUEUED)
                continue;
            has_waited = true;
            ck_assert_str_eq(
                info.reason,
                "queued: 1 of 1 checks are under way; “start now” skips the queue");
        }
        loop_turn(pair.loop, 10 * NS_PER_MS);
    }
    ck_assert(has_waited);
    expect("SSSS");
    done();
}
END_TEST

START_TEST(a_higher_limit_lets_more_in_and_it_is_kept)
{
    struct session_settings settings;
    given(1, 0, 0, 1, false);
    expect("DQQQ");
    session_get_settings(session, &settings);
    settings.active_downloads = 3;
    session_set_settings(session, &settings);
    expect("DDDQ");
    settings.active_downloads = 0;
    session_set_settings(session, &settings);
    expect("DDDD");
    settings.active_downloads = 2;
    session_set_settings(session, &settings);
    expect("DDQQ");
    torrent_force(session, ids[3], true);
    side_close(&pair, &pair.leech);
    side_open(&pair, &pair.leech, true);
    session = pair.leech.session;
    for (uint32_t i = 0; i < TORRENTS; i++)
        ids[i] = session_at(session, i);
    expect("DDQD");
    done();
}
END_TEST

/* Nobody has it: it goes on looking, but others need not wait for that. */
START_TEST(a_download_that_gets_nothing_keeps_nobody_waiting)
{
    struct world world;
    char message[SESSION_MESSAGE_SIZE];
    world_init(&world, 1);
    struct net net = *vnet_host(world.vnet, "10.0.0.1");
    const struct session_config config = {
        .loop = world.loop,
        .net = &net,
        .random = &world.random.source,
        .download_dir = "/dev/null/nowhere", /* nothing can be made there */
        .workers = UINT32_MAX,
        .active_downloads = 1,
    };
    ck_assert_int_eq(session_new(&config, &session, message), ERROR_NONE);
    for (uint32_t i = 0; i < 3; i++)
        add(i, 1, NULL);
    world_run(&world, 59 * NS_PER_S);
    ck_assert_int_eq(info_of(0).state, TORRENT_STATE_DOWNLOADING);
    ck_assert_int_eq(info_of(1).state, TORRENT_STATE_QUEUED);
    world_run(&world, 2 * NS_PER_S);
    ck_assert_int_eq(info_of(0).state, TORRENT_STATE_DOWNLOADING);
    ck_assert_int_eq(info_of(1).state, TORRENT_STATE_DOWNLOADING);
    ck_assert_int_eq(info_of(2).state, TORRENT_STATE_QUEUED);
    world_run(&world, 60 * NS_PER_S);
    ck_assert_int_eq(info_of(2).state, TORRENT_STATE_DOWNLOADING);
    session_free(session);
    world_done(&world);
}
END_TEST

Suite *test_queue_suite(void)
{
    Suite *suite = suite_create("queue");
    TCase *tcase = tcase_create("queue");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, so_many_download_and_the_others_say_why_they_wait);
    tcase_add_test(tcase, the_order_of_the_list_decides);
    tcase_add_test(tcase, who_is_started_by_hand_neither_waits_nor_counts);
    tcase_add_test(tcase, seeds_queue_too);
    tcase_add_test(tcase, checks_queue_and_all_are_made);
    tcase_add_test(tcase, a_higher_limit_lets_more_in_and_it_is_kept);
    tcase_add_test(tcase, a_download_that_gets_nothing_keeps_nobody_waiting);
    suite_add_tcase(suite, tcase);
    return suite;
}
