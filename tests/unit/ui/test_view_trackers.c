/* The Trackers view: how each is doing, when it is next, and its own words. */
#include "tests/unit/ui/check_ui.h"
#include "tests/unit/ui/fake_session.h"

#include "ui/views.h"

#include <string.h>

static void fill(struct session *session, struct tracker_info trackers[3])
{
    fake_session_init(session);
    trackers[0] = (struct tracker_info){.url = "http://tracker.example/announce",
                                        .state = TRACKER_STATE_OK,
                                        .message = "",
                                        .seeds = 12,
                                        .leechers = 34,
                                        .downloads = UINT32_MAX,
                                        .peers_given = 46,
                                        .next_s = 1743,
                                        .last_s = 57};
    trackers[1] = (struct tracker_info){.url = "udp://[2001:db8::1]:6969",
                                        .tier = 1,
                                        .state = TRACKER_STATE_FAILED,
                                        .message = "connection timed out",
                                        .seeds = UINT32_MAX,
                                        .leechers = UINT32_MAX,
                                        .downloads = UINT32_MAX,
                                        .next_s = 40,
                                        .last_s = UINT64_MAX,
                                        .failures = 3};
    trackers[2] = (struct tracker_info){.url = "https://other.example/xxxx/announce",
                                        .tier = 1,
                                        .state = TRACKER_STATE_WORKING,
                                        .message = "",
                                        .seeds = UINT32_MAX,
                                        .leechers = UINT32_MAX,
                                        .downloads = UINT32_MAX,
                                        .next_s = UINT64_MAX,
                                        .last_s = UINT64_MAX};
    for (uint32_t i = 0; i < 3; i++)
        trackers[i].id = 10 + i;
    session->trackers = trackers;
    session->tracker_count = 3;
}

START_TEST(each_tracker_is_told)
{
    static const char *const expected[] = {
        "Tier Tracker                          State       Next   Last  Peers  Seeds  "
        "Leech",
        "   1 http://tracker.example/announce  answered  29m03s    57s     46     12     "
        "34",
        "   2 udp://[2001:db8::1]:6969         failed       40s",
        "   2 https://other.example/xxxx/anno… asking       now",
    };
    struct session session;
    struct tracker_info trackers[3];
    struct scene scene;
    fill(&session, trackers);
    scene_open(&scene, &view_trackers, &session, session.torrent.id, 82, 20, false);
    for (int y = 0; y < 4; y++)
        ck_assert_str_eq(row_text(scene.canvas, y), expected[y]);
    scene_press(&scene, 'j');
    ck_assert_str_eq(row_text(scene.canvas, 17), "udp://[2001:db8::1]:6969");
    ck_assert_str_eq(row_text(scene.canvas, 18),
                     "3 failures in a row, the last: connection timed out");
    scene_resize(&scene, 140, 20);
    ck_assert_ptr_nonnull(strstr(row_text(scene.canvas, 2), "connection timed out"));
    scene_close(&scene);
}
END_TEST

/* A second passes only while there is something to count. */
START_TEST(it_counts_down_only_if_there_is_something)
{
    struct session session;
    struct tracker_info trackers[3];
    struct scene scene;
    fill(&session, trackers);
    scene_open(&scene, &view_trackers, &session, session.torrent.id, 82, 20, false);
    ck_assert_uint_eq(scene.screen.changed_in_ms, 1000);
    scene.screen.changed_in_ms = 0;
    session.trackers = &trackers[2];
    session.tracker_count = 1;
    scene_show(&scene);
    ck_assert_uint_eq(scene.screen.changed_in_ms, 0);
    scene_close(&scene);
}
END_TEST

START_TEST(capital_r_asks_now)
{
    struct session session;
    struct tracker_info trackers[3];
    struct scene scene;
    fill(&session, trackers);
    scene_open(&scene, &view_trackers, &session, session.torrent.id, 82, 20, false);
    scene_press(&scene, 'R');
    ck_assert_uint_eq(session.command_count, 1);
    ck_assert_str_eq(session.commands[0].what, "announce");
    ck_assert_str_ne(scene.screen.said, "");
    session.tracker_count = 0;
    scene_show(&scene);
    ck_scene_has(&scene, "The torrent names no trackers.");
    scene_press(&scene, 'R');
    ck_assert_uint_eq(session.command_count, 1);
    scene.context.torrent.generation = 0;
    scene_show(&scene);
    ck_scene_has(&scene, "No torrent is selected.");
    scene_close(&scene);
}
END_TEST

/* Enter, after TEXT was typed; true: the line is gone. */
static bool answer(struct scene *scene, const char *text)
{
    const struct view_question *question = &scene->screen.question;
    scene->screen.said[0] = '\0';
    return question->on_accept(question->state, &scene->context, text);
}

START_TEST(a_tracker_is_added_by_its_address)
{
    struct session session;
    struct tracker_info trackers[3];
    struct scene scene;
    fill(&session, trackers);
    scene_open(&scene, &view_trackers, &session, session.torrent.id, 82, 20, false);
    scene_press(&scene, 'a');
    ck_assert_str_eq(scene.screen.question.label, "Tracker's address: ");
    ck_assert(answer(&scene, "")); /* means no */
    ck_assert(!answer(&scene, "tracker.example"));
    ck_assert_ptr_nonnull(strstr(scene.screen.said, "Not a tracker's address"));
    ck_assert(!answer(&scene, trackers[0].url));
    ck_assert_ptr_nonnull(strstr(scene.screen.said, "already"));
    ck_assert_uint_eq(session.command_count, 0);
    ck_assert(answer(&scene, "  http://new.example/announce "));
    ck_assert_uint_eq(session.command_count, 1);
    ck_assert_str_eq(session.commands[0].text, "http://new.example/announce");
    session.torrent.is_private = true;
    scene_press(&scene, 'a');
    ck_assert(answer(&scene, "http://other.example/announce"));
    ck_assert_uint_eq(session.command_count, 1); /* not yet */
    ck_assert_ptr_nonnull(strstr(scene.screen.confirm, "is private"));
    scene.screen.on_yes(scene.screen.confirm_state, &scene.context);
    ck_assert_uint_eq(session.command_count, 2);
    scene_close(&scene);
}
END_TEST

START_TEST(a_tracker_is_removed_after_a_question)
{
    struct session session;
    struct tracker_info trackers[3];
    struct scene scene;
    fill(&session, trackers);
    scene_open(&scene, &view_trackers, &session, session.torrent.id, 82, 20, false);
    scene_press(&scene, 'j');
    scene_press(&scene, 'd');
    ck_assert_ptr_nonnull(strstr(scene.screen.confirm, trackers[1].url));
    ck_assert_uint_eq(session.command_count, 0);
    session.tracker_count = 1; /* the rows change while it is asked */
    scene_show(&scene);
    scene.screen.on_yes(scene.screen.confirm_state, &scene.context);
    ck_assert_str_eq(session.commands[0].what, "remove-tracker");
    ck_assert_uint_eq(session.commands[0].number, 11);
    session.tracker_count = 0;
    scene_show(&scene);
    scene.screen.confirm[0] = '\0';
    scene_press(&scene, 'd');
    ck_assert_str_eq(scene.screen.confirm, "");
    scene_close(&scene);
}
END_TEST

START_TEST(hosts_of_all_torrents_are_put_together)
{
    struct session session;
    struct tracker_info trackers[4];
    struct scene scene;
    fill(&session, trackers);
    trackers[3] = trackers[0];
    trackers[3].url = "http://tracker.example/xxxx/announce";
    trackers[3].state = TRACKER_STATE_FAILED;
    trackers[3].message = "unregistered torrent";
    session.tracker_count = 4;
    scene_open(&scene, &view_trackers, &session, session.torrent.id, 140, 20, false);
    scene_press(&scene, 'o');
    ck_scene_has(&scene, "http://tracker.example  ");
    ck_scene_lacks(&scene, "announce");
    ck_scene_has(&scene, "2 torrents, fails for 1: unreg");
    ck_scene_has(&scene, "1 torrent, fails for 1: connec");
    ck_assert_ptr_nonnull(strstr(row_text(scene.canvas, 1), "answered  29m03s    57s"
                                                            "     92     24     68"));
    ck_assert_uint_eq(scene.screen.changed_in_ms, 1000);
    scene_press(&scene, 'd');
    ck_assert_str_eq(scene.screen.confirm, "");
    ck_assert_ptr_nonnull(strstr(scene.screen.said, "o shows those of one"));
    scene.context.torrent.generation =
        0; /* none is selected: they are there all the same */
    scene_show(&scene);
    ck_scene_has(&scene, "http://tracker.example  ");
    scene.context.torrent = session.torrent.id;
    scene_press(&scene, 'o');
    ck_scene_has(&scene, "http://tracker.example/announce");
    scene_close(&scene);
}
END_TEST

START_TEST(hostile_words_break_no_row)
{
    static const uint32_t keys[] = {'j', 'j', 'G', '>', '>', 'S', 'o', 'j', 0};
    struct session session;
    struct tracker_info trackers[100];
    fake_session_init(&session);
    for (int i = 0; i < 100; i++)
        trackers[i] =
            (struct tracker_info){.url = hostile_names[i % hostile_name_count],
                                  .id = (uint32_t)i,
                                  .message = hostile_names[(i + 3) % hostile_name_count],
                                  .state = (enum tracker_state)(i % 5),
                                  .tier = UINT32_MAX,
                                  .seeds = UINT32_MAX - 1,
                                  .leechers = UINT32_MAX - 1,
                                  .downloads = UINT32_MAX - 1,
                                  .peers_given = UINT32_MAX,
                                  .next_s = UINT64_MAX - 1,
                                  .last_s = UINT64_MAX - 1,
                                  .failures = UINT32_MAX};
    session.trackers = trackers;
    session.tracker_count = 100;
    scene_stand_all_sizes(&view_trackers, &session, session.torrent.id, keys);
}
END_TEST

START_TEST(peer_exchange_is_a_row_behind_the_trackers)
{
    struct session session;
    struct tracker_info trackers[3];
    struct scene scene;
    fill(&session, trackers);
    session.has_pex = true;
    session.pex = (struct finder_info){
        .nodes = 1, .peers_given = 57, .next_s = UINT64_MAX, .last_s = 9};
    scene_open(&scene, &view_trackers, &session, session.torrent.id, 120, 20, false);
    ck_assert_ptr_nonnull(strstr(row_text(scene.canvas, 4), "PEX"));
    ck_assert_ptr_nonnull(strstr(row_text(scene.canvas, 4), "answered"));
    ck_assert_ptr_nonnull(strstr(row_text(scene.canvas, 4), " 57 "));
    ck_assert_ptr_nonnull(strstr(row_text(scene.canvas, 4), "1 peer takes part"));
    session.pex = (struct finder_info){.next_s = UINT64_MAX, .last_s = UINT64_MAX};
    scene_show(&scene);
    ck_assert_ptr_nonnull(strstr(row_text(scene.canvas, 4), "nobody takes part"));
    scene_close(&scene);
}
END_TEST

START_TEST(the_dht_is_a_row_behind_the_trackers)
{
    struct session session;
    struct tracker_info trackers[3];
    struct scene scene;
    fill(&session, trackers);
    session.has_dht = true;
    session.dht = (struct finder_info){
        .nodes = 120, .peers_given = 7, .announced = 8, .next_s = 900, .last_s = 12};
    scene_open(&scene, &view_trackers, &session, session.torrent.id, 120, 20, false);
    ck_assert_ptr_nonnull(strstr(row_text(scene.canvas, 4), "DHT"));
    ck_assert_ptr_nonnull(strstr(row_text(scene.canvas, 4), "answered"));
    ck_assert_ptr_nonnull(strstr(row_text(scene.canvas, 4), "15m00s"));
    ck_assert_ptr_nonnull(strstr(row_text(scene.canvas, 4), "120 nodes answer"));
    scene_close(&scene);
}
END_TEST

Suite *test_view_trackers_suite(void)
{
    Suite *suite = suite_create("view_trackers");
    TCase *tests = tcase_create("view_trackers");
    tcase_add_test(tests, each_tracker_is_told);
    tcase_add_test(tests, it_counts_down_only_if_there_is_something);
    tcase_add_test(tests, capital_r_asks_now);
    tcase_add_test(tests, a_tracker_is_added_by_its_address);
    tcase_add_test(tests, a_tracker_is_removed_after_a_question);
    tcase_add_test(tests, hosts_of_all_torrents_are_put_together);
    tcase_add_test(tests, peer_exchange_is_a_row_behind_the_trackers);
    tcase_add_test(tests, the_dht_is_a_row_behind_the_trackers);
    tcase_add_test(tests, hostile_words_break_no_row);
    suite_add_tcase(suite, tests);
    return suite;
}
