/* The Info view: everything in words, reachable by scrolling at any size. */
#include "tests/unit/ui/check_ui.h"
#include "tests/unit/ui/fake_session.h"

#include "ui/views.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void fill(struct session *session)
{
    fake_session_init(session);
    struct torrent_info *torrent = &session->torrent;
    memset(torrent->hash.bytes, 0xab, sizeof torrent->hash.bytes);
    torrent->done_bytes = 25 << 20;
    torrent->pieces_have = 25;
    torrent->downloaded = 30 << 20;
    torrent->uploaded = 15 << 20;
    torrent->wasted = 1 << 10;
    torrent->failed = 4 << 20;
    torrent->down_rate = 1 << 20;
    torrent->eta_s = 75;
    torrent->files = 3;
    torrent->trackers = 2;
    torrent->peers_connected = 4;
    torrent->peers_known = 9;
    torrent->seeds_connected = 1;
    torrent->seeds_tracker = 7;
    torrent->availability = 1.5;
    torrent->unavailable_pieces = 2;
    torrent->is_private = true;
    torrent->created_wall_s = 1e9;
    torrent->comment = "a comment";
    torrent->creator = "mktorrent 1.1";
    session->info.sandbox = "files, ports";
}

START_TEST(everything_is_told)
{
    static const char *const expected[] = {
        "Name          name",
        "State         downloading: asking the tracker for peers",
        "Info-hash     abababababababababababababababababababab",
        "Saved in      /downloads",
        "Size          100 MiB wanted, 3 files in all",
        "Pieces        100 of 1.0 MiB, 25 here",
        "",
        "Done          25.0%, 25.0 MiB",
        "Time left     1m15s",
        "Rates         1.0 MiB/s down, 0 B/s up",
        "Downloaded    30.0 MiB",
        "Uploaded      15.0 MiB",
        "Ratio         0.50",
        "Wasted        1.0 KiB",
        "Failed check  4.0 MiB",
        "",
        "Peers         4 connected of 9 known, 1 complete",
        "Swarm         seeds: 7, leechers: ?, as the tracker counts",
        "Availability  1.50 copies connected; 2 wanted pieces with nobody",
        "Trackers      2",
        "Private       yes: peers come from its trackers alone",
        "Order         rarest pieces first",
        "",
        "Created       2001-09-09 01:46:40",
        "Created by    mktorrent 1.1",
        "Comment       a comment",
        "",
        "All time      4.0 GiB down, 6.0 GiB up, ratio 1.50, in 1d01h",
        "",
        "Sandbox       files, ports",
        "",
    };
    struct session session;
    struct scene scene;
    setenv("TZ", "UTC", 1);
    tzset();
    fill(&session);
    scene_open(&scene, &view_info, &session, session.torrent.id, 80, 30, false);
    for (int y = 0; y < (int)(sizeof expected / sizeof *expected); y++) {
        char text[200];
        snprintf(text, sizeof text, "%s", row_text(scene.canvas, y));
        ck_assert_str_eq(text, expected[y]);
    }
    scene_close(&scene);
}
END_TEST

START_TEST(nothing_is_said_twice_and_nothing_wasted_not_at_all)
{
    struct session session;
    struct scene scene;
    fill(&session);
    session.torrent.reason = "downloading: as fast as can be";
    session.torrent.wasted = session.torrent.failed = 0;
    scene_open(&scene, &view_info, &session, session.torrent.id, 80, 30, false);
    ck_assert_str_eq(row_text(scene.canvas, 1),
                     "State         downloading: as fast as can be");
    ck_scene_lacks(&scene, "Wasted");
    ck_scene_lacks(&scene, "Failed check");
    scene_close(&scene);
}
END_TEST

/* Nothing is said of what only the metadata tell. */
START_TEST(little_is_known_before_the_metadata)
{
    struct session session;
    struct scene scene;
    fill(&session);
    session.torrent.awaits_metadata = true;
    session.torrent.unavailable_pieces = 0;
    scene_open(&scene, &view_info, &session, session.torrent.id, 80, 30, false);
    ck_scene_has(&scene, "known when its metadata are here");
    ck_scene_lacks(&scene, "Pieces");
    ck_scene_lacks(&scene, "Done");
    ck_scene_lacks(&scene, "Availability");
    ck_scene_lacks(&scene, "Private");
    scene_close(&scene);
}
END_TEST

START_TEST(both_hashes_of_a_hybrid_are_told)
{
    static const uint8_t hash[SHA256_BYTES] = {0x12, 0x34};
    struct session session;
    struct scene scene;
    fill(&session);
    session.torrent.hash_v2 = hash;
    scene_open(&scene, &view_info, &session, session.torrent.id, 80, 30, false);
    ck_assert_str_eq(row_text(scene.canvas, 2),
                     "Info-hash     abababababababababababababababababababab");
    ck_assert_str_eq(row_text(scene.canvas, 3),
                     "v2 hash       12340000000000000000000000000000"
                     "00000000000000000000000000000000");
    session.torrent.v2_only = true;
    scene_close(&scene);
    scene_open(&scene, &view_info, &session, session.torrent.id, 80, 30, false);
    ck_scene_lacks(&scene, "Info-hash");
    scene_close(&scene);
}
END_TEST

START_TEST(long_reasons_wrap)
{
    struct session session;
    struct scene scene;
    fill(&session);
    session.torrent.reason = "tracker: the name does not resolve; next try in 40 s; "
                             "9 peers are known and none can be reached";
    scene_open(&scene, &view_info, &session, session.torrent.id, 60, 30, false);
    ck_assert_str_eq(row_text(scene.canvas, 1),
                     "State         downloading: tracker: the name does not");
    ck_assert_str_eq(row_text(scene.canvas, 2),
                     "              resolve; next try in 40 s; 9 peers are known");
    ck_assert_str_eq(row_text(scene.canvas, 3), "              and none can be reached");
    scene_close(&scene);
}
END_TEST

START_TEST(what_all_traffic_is_bound_to_is_told)
{
    struct session session;
    struct scene scene;
    fill(&session);
    scene_open(&scene, &view_info, &session, session.torrent.id, 80, 60, false);
    ck_scene_lacks(&scene, "Bound to");
    session.info.bound = "wg0";
    scene_show(&scene);
    ck_scene_has(&scene, "Bound to      wg0");
    session.info.trouble = "the interface wg0 is down: nothing is sent until it is up";
    scene_show(&scene);
    ck_scene_has(&scene,
                 "Bound to      the interface wg0 is down: nothing is sent until");
    session.info.bound = "wg0\x1b[31m";
    session.info.trouble = NULL;
    scene_show(&scene);
    ck_scene_has(&scene, "Bound to      wg0");
    scene_close(&scene);
}
END_TEST

START_TEST(all_can_be_reached_on_a_small_terminal)
{
    struct session session;
    struct scene scene;
    fill(&session);
    scene_open(&scene, &view_info, &session, session.torrent.id, 20, 3, false);
    ck_assert_str_eq(row_text(scene.canvas, 1), " name");
    scene_press(&scene, 'G');
    ck_scene_has(&scene, " files, ports");
    scene_press(&scene, 'j'); /* no further */
    ck_scene_has(&scene, " files, ports");
    scene_press(&scene, 'k');
    ck_scene_lacks(&scene, " files, ports");
    scene_press(&scene, 'g');
    scene_press(&scene, KEY_CODE_PAGE_DOWN);
    ck_scene_has(&scene, "State");
    scene_press(&scene, KEY_CODE_PAGE_UP);
    scene_press(&scene, 'k');
    ck_scene_has(&scene, " name");
    scene_press(&scene, 'G');
    scene_resize(&scene, 80, 40); /* all fits: from the beginning */
    ck_assert_int_eq(scene_find(&scene, "Name"), 0);
    scene.context.torrent.generation = 0;
    scene_show(&scene);
    ck_scene_has(&scene, "No torrent is selected.");
    scene_close(&scene);
}
END_TEST

START_TEST(hostile_texts_break_no_row)
{
    static const uint32_t keys[] = {'j', 'G', 'k', 'g', 0};
    static const double dates[] = {1e300, -1, 0.0 / 0.0, 1e18};
    struct session session;
    fill(&session);
    session.torrent.name = hostile_names[_i];
    session.torrent.comment = hostile_names[(_i + 1) % hostile_name_count];
    session.torrent.creator = hostile_names[(_i + 2) % hostile_name_count];
    session.torrent.reason = hostile_names[(_i + 3) % hostile_name_count];
    session.torrent.created_wall_s = dates[_i % 4];
    scene_stand_all_sizes(&view_info, &session, session.torrent.id, keys);
}
END_TEST

Suite *test_view_info_suite(void)
{
    Suite *suite = suite_create("view_info");
    TCase *tests = tcase_create("view_info");
    tcase_add_test(tests, everything_is_told);
    tcase_add_test(tests, nothing_is_said_twice_and_nothing_wasted_not_at_all);
    tcase_add_test(tests, little_is_known_before_the_metadata);
    tcase_add_test(tests, both_hashes_of_a_hybrid_are_told);
    tcase_add_test(tests, long_reasons_wrap);
    tcase_add_test(tests, what_all_traffic_is_bound_to_is_told);
    tcase_add_test(tests, all_can_be_reached_on_a_small_terminal);
    tcase_add_loop_test(tests, hostile_texts_break_no_row, 0, hostile_name_count);
    suite_add_tcase(suite, tests);
    return suite;
}
