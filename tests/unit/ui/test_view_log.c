/* The Log view: follows its end, or stays; levels, filter, the line in full. */
#include "tests/unit/ui/check_ui.h"
#include "tests/unit/ui/fake_session.h"

#include "ui/views.h"

#include "base/log.h"

#include <string.h>

static struct clock_virtual now;

static void fill(struct session *session, size_t capacity)
{
    fake_session_init(session);
    clock_virtual_init(&now, NS_PER_S);
    session->log = log_new(&now.clock, capacity);
    log_write(session->log, LOG_LEVEL_DEBUG, "a detail");
    log_write(session->log, LOG_LEVEL_INFO, "some news");
    log_write(session->log, LOG_LEVEL_WARNING, "be warned");
    log_write(session->log, LOG_LEVEL_ERROR, "it failed");
}

START_TEST(v_goes_through_the_levels)
{
    struct session session;
    struct scene scene;
    fill(&session, 100);
    scene_open(&scene, &view_log, &session, session.torrent.id, 80, 20, false);
    ck_scene_lacks(&scene, "a detail");
    ck_assert_int_eq(scene_find(&scene, "info    some news"), 1);
    ck_scene_has(&scene, "3 lines, from level info on");
    scene_press(&scene, 'v');
    ck_scene_lacks(&scene, "some news");
    scene_press(&scene, 'v');
    ck_scene_lacks(&scene, "be warned");
    ck_scene_has(&scene, "error   it failed");
    scene_press(&scene, 'v');
    ck_scene_has(&scene, "a detail");
    ck_scene_has(&scene, "4 lines");
    scene_close(&scene);
    log_free(session.log);
}
END_TEST

START_TEST(the_end_is_followed_until_one_scrolls)
{
    struct session session;
    struct scene scene;
    fill(&session, 50);
    scene_open(&scene, &view_log, &session, session.torrent.id, 80, 10, false);
    for (int i = 0; i < 30; i++)
        log_write(session.log, LOG_LEVEL_INFO, "number %d.", i);
    scene_show(&scene);
    ck_scene_has(&scene, "number 29.");
    scene_press(&scene, 'k');
    log_write(session.log, LOG_LEVEL_INFO, "number 30.");
    scene_show(&scene);
    ck_scene_lacks(&scene, "number 30.");
    scene_press(&scene, 'G');
    ck_scene_has(&scene, "number 30.");
    /* The ring is full: old lines go, the view goes on. */
    for (int i = 31; i < 120; i++)
        log_write(session.log, LOG_LEVEL_INFO, "number %d.", i);
    scene_show(&scene);
    ck_scene_has(&scene, "number 119.");
    scene_press(&scene, 'g');
    ck_scene_has(&scene, "number 70.");
    scene_press(&scene, 'S'); /* the newest on top, and followed there */
    scene_press(&scene, 'g');
    log_write(session.log, LOG_LEVEL_INFO, "number 120.");
    scene_show(&scene);
    ck_assert_int_eq(scene_find(&scene, "number 120."), 1);
    scene_close(&scene);
    log_free(session.log);
}
END_TEST

START_TEST(lines_are_found_and_told_in_full)
{
    struct session session;
    struct scene scene;
    fill(&session, 100);
    log_write(session.log, LOG_LEVEL_INFO, "%s and its end", hostile_names[10]);
    scene_open(&scene, &view_log, &session, session.torrent.id, 120, 20, false);
    ck_scene_has(&scene, "and its end"); /* below the table */
    table_set_filter(view_log.table(scene.state), "WARN");
    scene_show(&scene);
    ck_assert_uint_eq(table_visible_count(view_log.table(scene.state)), 1);
    table_set_filter(view_log.table(scene.state), "nowhere");
    scene_show(&scene);
    ck_scene_has(&scene, "No line has the filter's text.");
    scene_close(&scene);
    log_free(session.log);
}
END_TEST

START_TEST(an_empty_log_says_so)
{
    struct session session;
    struct scene scene;
    fake_session_init(&session);
    scene_open(&scene, &view_log, &session, session.torrent.id, 80, 20, false);
    ck_scene_has(&scene, "Nothing has been logged at this level.");
    scene_press(&scene, 'v');
    scene_close(&scene);
}
END_TEST

START_TEST(hostile_lines_break_no_row)
{
    static const uint32_t keys[] = {'k', 'k', 'v', 'v', 'g', 'G', 'S', 0};
    struct session session;
    fill(&session, 100);
    for (int i = 0; i < 90; i++)
        log_write(session.log, (enum log_level)(i % 4), "%d %s", i,
                  hostile_names[i % hostile_name_count]);
    scene_stand_all_sizes(&view_log, &session, session.torrent.id, keys);
    log_free(session.log);
}
END_TEST

Suite *test_view_log_suite(void)
{
    Suite *suite = suite_create("view_log");
    TCase *tests = tcase_create("view_log");
    tcase_add_test(tests, v_goes_through_the_levels);
    tcase_add_test(tests, the_end_is_followed_until_one_scrolls);
    tcase_add_test(tests, lines_are_found_and_told_in_full);
    tcase_add_test(tests, an_empty_log_says_so);
    tcase_add_test(tests, hostile_lines_break_no_row);
    suite_add_tcase(suite, tests);
    return suite;
}
