/* Graphs: what is newest stands right, what is small is still seen, scales are round. */
#include "tests/unit/ui/check_ui.h"

#include "ui/graph.h"

static const struct {
    uint64_t value, scale;
} scales[] = {{0, 1},
              {1, 1},
              {3, 5},
              {501, 1024},
              {1025, 2048},
              {3 << 20, 5 << 20},
              {UINT64_C(501) << 20, 1 << 30},
              {UINT64_MAX, UINT64_MAX}};

START_TEST(a_scale_is_the_next_round_number)
{
    ck_assert_uint_eq(graph_scale(scales[_i].value), scales[_i].scale);
}
END_TEST

START_TEST(a_column_is_the_mean_of_its_samples)
{
    static const uint32_t samples[] = {10, 20, 30, 50};
    ck_assert_uint_eq(graph_column(samples, 4, 4, 2, 1), 40);
    ck_assert_uint_eq(graph_column(samples, 4, 4, 2, 0), 15);
    /* Wider than it has samples: each stands for several columns. */
    ck_assert_uint_eq(graph_column(samples, 4, 4, 8, 7), 50);
    ck_assert_uint_eq(graph_column(samples, 4, 4, 8, 6), 50);
    ck_assert_uint_eq(graph_column(samples, 4, 4, 8, 0), 10);
    /* Older than all there are: nothing. */
    ck_assert_uint_eq(graph_column(samples, 4, 60, 60, 0), 0);
    ck_assert_uint_eq(graph_column(samples, 0, 60, 60, 59), 0);
    ck_assert_uint_eq(graph_column(samples, 4, 0, 0, 0), 0);
}
END_TEST

START_TEST(a_line_has_the_newest_on_the_right)
{
    static const uint32_t samples[] = {0, 1, 500, 1000};
    struct canvas *canvas = canvas_new(6, 1, false);
    graph_line(pane_of(canvas), 0, STYLE_DOWN, samples, 4, 6);
    ck_assert_str_eq(row_text(canvas, 0), "   ▁▄█");
    check_rows(canvas);
    canvas_free(canvas);
    canvas = canvas_new(6, 1, true);
    graph_line(pane_of(canvas), 0, STYLE_DOWN, samples, 4, 6);
    ck_assert_str_eq(row_text(canvas, 0), "   .=@");
    canvas_free(canvas);
}
END_TEST

static void draw_area(struct canvas *canvas, bool hanging, uint64_t limit)
{
    static const uint32_t samples[] = {0, 0, 100, 50, 1, 100};
    const struct graph_area area = {.style = STYLE_DOWN,
                                    .samples = samples,
                                    .count = 6,
                                    .span = 6,
                                    .scale = 100,
                                    .hanging = hanging,
                                    .limit = limit,
                                    .limit_style = STYLE_LIMIT};
    canvas_clear(canvas);
    graph_area(pane_of(canvas), &area);
    check_rows(canvas);
}

START_TEST(areas_grow_from_their_base)
{
    struct canvas *canvas = canvas_new(3, 2, false);
    draw_area(canvas, false, 0);
    ck_assert_str_eq(row_text(canvas, 0), " ⡇⢸");
    ck_assert_str_eq(row_text(canvas, 1), " ⣿⣸");
    draw_area(canvas, true, 0);
    ck_assert_str_eq(row_text(canvas, 0), " ⣿⢹");
    ck_assert_str_eq(row_text(canvas, 1), " ⡇⢸");
    draw_area(canvas, false, 60);
    ck_assert_str_eq(row_text(canvas, 0), "─⡇⢸");
    draw_area(canvas, true, 101); /* above the scale: not shown */
    ck_assert_str_eq(row_text(canvas, 0), " ⣿⢹");
    canvas_free(canvas);
    canvas = canvas_new(3, 2, true);
    draw_area(canvas, false, 0);
    ck_assert_str_eq(row_text(canvas, 0), " ::");
    ck_assert_str_eq(row_text(canvas, 1), " #+");
    canvas_free(canvas);
}
END_TEST

Suite *test_graph_suite(void)
{
    Suite *suite = suite_create("graph");
    TCase *tests = tcase_create("graph");
    tcase_add_loop_test(tests, a_scale_is_the_next_round_number, 0,
                        sizeof scales / sizeof *scales);
    tcase_add_test(tests, a_column_is_the_mean_of_its_samples);
    tcase_add_test(tests, a_line_has_the_newest_on_the_right);
    tcase_add_test(tests, areas_grow_from_their_base);
    suite_add_tcase(suite, tests);
    return suite;
}
