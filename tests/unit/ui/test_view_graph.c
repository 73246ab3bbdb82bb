/* The Graph view: round scales, the limit as a line, time that zooms and passes. */
#include "tests/unit/ui/check_ui.h"
#include "tests/unit/ui/fake_session.h"

#include "ui/views.h"

#include <string.h>

static uint32_t down[SESSION_HISTORY], up[SESSION_HISTORY];

static void fill(struct session *session)
{
    fake_session_init(session);
    memset(down, 0, sizeof down);
    memset(up, 0, sizeof up);
    for (uint32_t i = SESSION_HISTORY - 100; i < SESSION_HISTORY; i++) {
        down[i] = 3 << 20;
        up[i] = 90 << 10;
    }
    session->down = down;
    session->up = up;
    session->history = SESSION_HISTORY;
    session->torrent.down_rate = 3 << 20;
    session->torrent.up_rate = 90 << 10;
}

START_TEST(rates_scales_and_times_are_labelled)
{
    struct session session;
    struct scene scene;
    fill(&session);
    session.info.max_down = 4 << 20;
    scene_open(&scene, &view_graph, &session, session.torrent.id, 80, 20, false);
    ck_assert_str_eq(row_text(scene.canvas, 0),
                     "↓ 3.0 MiB/s of 4.0 MiB/s  ↑ 90.0 KiB/s"
                     "                                last 5m00s");
    ck_scene_has(&scene, "5.0 MiB/s");
    ck_scene_has(&scene, "2.5 MiB/s ");
    ck_scene_has(&scene, "100 KiB/s");
    ck_scene_has(&scene, "50.0 KiB/s");
    ck_assert_int_ge(scene_find(&scene, "────────────"), 0); /* the limit */
    ck_scene_has(&scene, "-5m00s");
    ck_scene_has(&scene, "now");
    scene_close(&scene);
}
END_TEST

static int filled(const struct scene *scene, uint16_t style)
{
    int cells = 0;
    for (int y = 0; y < canvas_height(scene->canvas); y++)
        for (int x = 11; x < canvas_width(scene->canvas); x++)
            cells += y > 0 && canvas_cell(scene->canvas, x, y)->style == style;
    return cells;
}

START_TEST(brackets_change_the_time)
{
    struct session session;
    struct scene scene;
    fill(&session);
    scene_open(&scene, &view_graph, &session, session.torrent.id, 91, 20, false);
    const int five_minutes = filled(&scene, STYLE_DOWN);
    scene_press(&scene, ')');
    ck_scene_has(&scene, "last 1m00s");
    ck_assert_int_gt(filled(&scene, STYLE_DOWN), 2 * five_minutes);
    scene_press(&scene, ')');
    ck_scene_has(&scene, "last 1m00s");
    for (int i = 0; i < 5; i++)
        scene_press(&scene, '(');
    ck_scene_has(&scene, "last 1h00m");
    ck_assert_int_lt(filled(&scene, STYLE_DOWN), five_minutes);
    scene_close(&scene);
}
END_TEST

/* While something is in the picture it moves on without events; then it rests. */
START_TEST(time_passes_only_while_there_is_something)
{
    struct session session;
    struct scene scene;
    fill(&session);
    scene_open(&scene, &view_graph, &session, session.torrent.id, 80, 20, false);
    ck_assert_uint_gt(scene.screen.changed_in_ms, 0);
    scene.screen.changed_in_ms = 0;
    memset(down, 0, sizeof down);
    memset(up, 0, sizeof up);
    down[SESSION_HISTORY - 1000] = 1;
    scene_show(&scene);
    ck_assert_uint_eq(scene.screen.changed_in_ms, 0);
    ck_scene_has(&scene, "Nothing has moved in this time.");
    session.history = 0;
    scene_press(&scene, '(');
    scene_press(&scene, '(');
    ck_scene_has(&scene, "Nothing has moved in this time.");
    ck_scene_lacks(&scene, "shows more");
    scene_close(&scene);
}
END_TEST

START_TEST(without_a_torrent_it_is_the_sessions)
{
    struct session session;
    struct scene scene;
    fill(&session);
    session.info.down_rate = 7 << 10;
    scene_open(&scene, &view_graph, &session, session.torrent.id, 80, 20, false);
    scene.context.torrent.generation = 0;
    scene_show(&scene);
    ck_scene_has(&scene, "all torrents, last 5m00s");
    ck_scene_has(&scene, "7.0 KiB/s");
    scene_close(&scene);
}
END_TEST

START_TEST(every_size_stands)
{
    static const uint32_t keys[] = {'(', '(', '(', ')', 0};
    struct session session;
    fill(&session);
    memset(down, 0xff, sizeof down);
    session.info.max_down = session.info.max_up = 1;
    session.torrent.up_rate = UINT64_MAX;
    scene_stand_all_sizes(&view_graph, &session, session.torrent.id, keys);
}
END_TEST

Suite *test_view_graph_suite(void)
{
    Suite *suite = suite_create("view_graph");
    TCase *tests = tcase_create("view_graph");
    tcase_add_test(tests, rates_scales_and_times_are_labelled);
    tcase_add_test(tests, brackets_change_the_time);
    tcase_add_test(tests, time_passes_only_while_there_is_something);
    tcase_add_test(tests, without_a_torrent_it_is_the_sessions);
    tcase_add_test(tests, every_size_stands);
    suite_add_tcase(suite, tests);
    return suite;
}
