/* Rows stay as wide as the canvas, whatever is put on them. */
#include "tests/unit/ui/check_ui.h"

#include <string.h>
#include <time.h>

#define ZALGO "a\xcc\x80\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85" /* six marks */

static const struct text_case {
    const char *text;
    int width;
    bool ascii;
    const char *shown;
    int cells;
} text_cases[] = {
    {"plain", 10, false, "plain", 5},
    {"plain", 5, false, "plain", 5},
    {"plain", 4, false, "pla…", 4},
    {"plain", 4, true, "pla~", 4},
    {"plain", 1, false, "…", 1},
    {"", 4, false, "", 0},
    {"日本語", 6, false, "日本語", 6},
    {"日本語", 5, false, "日本…", 5},
    {"日本語", 4, false, "日…", 4}, /* the last one gives its two cells to the mark */
    {"a日", 2, false, "a…", 2},
    {"日", 1, false, "…", 1},
    {"日本", 6, true, "????", 4},
    {"na\xc3\xafve", 8, true, "naive", 5},
    {"«\xc2\xa0“Größe”\xe2\x80\xaf»", 12, true, "\" \"Grose\" \"", 11},
    {"Białe noce Ночь", 16, true, "Biale noce ????", 15},
    {"e\xcc\x81", 4, false, "e\xcc\x81", 1},
    {"e\xcc\x81", 4, true, "e", 1},
    {"\xcc\x81x", 4, false, "x", 1}, /* a mark without a base */
    {ZALGO "b", 4, false,
     "a\xcc\x80\xcc\x81\xcc\x82\xcc\x83"
     "b",
     2},
    {"a\x1b[31mb", 12, false, "a.[31mb", 7},
    {"a\tb\nc\rd\x07", 12, false, "a.b.c.d.", 8},
    {"a\xc2\x9b"
     "31mb",
     12, false, "a.31mb", 6},
    {"a\xe2\x80\xaetxt.exe", 12, false, "atxt.exe", 8}, /* RLO */
    {"a\xff\xfe"
     "b",
     12, false,
     "a\xef\xbf\xbd\xef\xbf\xbd"
     "b",
     4},
    {"abcd\xe2\x80\x8b\xe2\x80\x8b", 4, false, "abcd", 4}, /* only invisible is left */
};

START_TEST(text_takes_the_cells_it_says)
{
    const struct text_case *given = &text_cases[_i];
    struct canvas *canvas = canvas_new(given->width, 1, given->ascii);
    const int cells = pane_text(pane_of(canvas), 0, 0, STYLE_NORMAL, given->text);
    ck_assert_str_eq(row_text(canvas, 0), given->shown);
    ck_assert_int_eq(cells, given->cells);
    check_rows(canvas);
    canvas_free(canvas);
}
END_TEST

START_TEST(half_a_wide_character_never_stays)
{
    struct canvas *canvas = canvas_new(6, 1, false);
    struct pane pane = pane_of(canvas);
    for (int x = -2; x < 6; x++) {
        pane_text(pane, 0, 0, STYLE_NORMAL, "日本語");
        pane_text(pane, x, 0, STYLE_NORMAL, x % 2 != 0 ? "x" : "界");
        check_rows(canvas);
    }
    pane_text(pane, 0, 0, STYLE_NORMAL, "日本語");
    pane_char(pane, 1, 0, STYLE_NORMAL, 'x');
    ck_assert_str_eq(row_text(canvas, 0), " x本語");
    pane_text(pane, 1, 0, STYLE_NORMAL, "日本語");
    ck_assert_str_eq(row_text(canvas, 0), " 日本…");
    canvas_free(canvas);
}
END_TEST

START_TEST(text_left_of_the_pane_is_clipped)
{
    struct canvas *canvas = canvas_new(4, 1, false);
    pane_text(pane_of(canvas), -2, 0, STYLE_NORMAL, "abcd");
    ck_assert_str_eq(row_text(canvas, 0), "cd");
    pane_text(pane_of(canvas), -1, 0, STYLE_NORMAL, "日cd");
    ck_assert_str_eq(row_text(canvas, 0), " cd");
    check_rows(canvas);
    canvas_free(canvas);
}
END_TEST

START_TEST(panes_clip_to_their_parents)
{
    struct canvas *canvas = canvas_new(10, 4, false);
    struct pane inner = pane_part(pane_of(canvas), 2, 1, 4, 2);
    pane_fill(pane_part(inner, -3, -3, 100, 100), STYLE_BAR);
    for (int y = 0; y < 4; y++)
        for (int x = 0; x < 10; x++) {
            const bool inside = x >= 2 && x < 6 && y >= 1 && y < 3;
            ck_assert_int_eq(canvas_cell(canvas, x, y)->style == STYLE_BAR, inside);
        }
    pane_text(inner, 0, 1, STYLE_NORMAL, "long text");
    ck_assert_str_eq(row_text(canvas, 2), "  lon…");
    ck_assert(pane_is_empty(pane_part(inner, 9, 0, 3, 1)));
    ck_assert(pane_is_empty(pane_part(inner, 0, 0, -3, 1)));
    pane_text(pane_part(inner, 9, 9, 3, 3), 0, 0, STYLE_NORMAL, "outside");
    check_rows(canvas);
    canvas_free(canvas);
}
END_TEST

START_TEST(a_pane_gives_its_flags_to_all_that_is_put)
{
    struct canvas *canvas = canvas_new(4, 1, false);
    pane_text(pane_with(pane_of(canvas), STYLE_CURSOR), 0, 0, STYLE_GOOD, "ab");
    ck_assert_uint_eq(canvas_cell(canvas, 1, 0)->style, STYLE_GOOD | STYLE_CURSOR);
    ck_assert_uint_eq(canvas_cell(canvas, 2, 0)->style, STYLE_NORMAL);
    canvas_free(canvas);
}
END_TEST

START_TEST(a_flood_of_invisible_text_costs_little) /* C18 */
{
    enum { SIZE = 1 << 20 };
    static char flood[SIZE + 1];
    struct canvas *canvas = canvas_new(80, 1, false);
    for (size_t i = 0; i + 3 <= SIZE; i += 3)
        memcpy(flood + i, "\xe2\x80\x8b", 3);
    const clock_t begin = clock();
    for (int i = 0; i < 2000; i++)
        pane_text(pane_of(canvas), 0, 0, STYLE_NORMAL, flood);
    /* Two thousand megabytes could not be read in this time, which is the processor's. */
    ck_assert_int_lt(clock() - begin, CLOCKS_PER_SEC);
    check_rows(canvas);
    canvas_free(canvas);
}
END_TEST

START_TEST(right_and_centred_text_keep_to_their_edges)
{
    struct canvas *canvas = canvas_new(7, 1, false);
    pane_text_right(pane_of(canvas), 0, STYLE_NORMAL, "日本");
    ck_assert_str_eq(row_text(canvas, 0), "   日本");
    pane_text_right(pane_of(canvas), 0, STYLE_NORMAL, "longer than it");
    ck_assert_str_eq(row_text(canvas, 0), "longer…");
    canvas_clear(canvas);
    pane_text_center(pane_of(canvas), 0, STYLE_NORMAL, "abc");
    ck_assert_str_eq(row_text(canvas, 0), "  abc");
    canvas_free(canvas);
}
END_TEST

START_TEST(long_text_wraps_between_words)
{
    static const char *const expected[] = {"the tracker", "is", "unreachablea", "tall",
                                           "two"};
    struct canvas *canvas = canvas_new(12, 6, false);
    const int rows = pane_wrap(pane_of(canvas), 0, STYLE_NORMAL,
                               "the tracker is unreachableatall\ntwo");
    ck_assert_int_eq(rows, 5);
    for (int y = 0; y < rows; y++)
        ck_assert_str_eq(row_text(canvas, y), expected[y]);
    check_rows(canvas);
    canvas_free(canvas);
}
END_TEST

static const struct bar_case {
    uint64_t done, total;
    bool ascii;
    const char *shown;
} bar_cases[] = {
    {0, 100, false, ""},       {100, 100, false, "████"},
    {50, 100, false, "██"},    {999, 1000, false, "███▉"},
    {1, 1000, false, "▏"},     {0, 0, false, ""},
    {200, 100, false, "████"}, {50, 100, true, "##.."},
    {999, 1000, true, "####"}, {UINT64_MAX, UINT64_MAX, false, "████"},
};

START_TEST(a_bar_is_full_only_when_all_is_done)
{
    const struct bar_case *given = &bar_cases[_i];
    struct canvas *canvas = canvas_new(4, 1, given->ascii);
    pane_bar(pane_of(canvas), 0, 0, 4, given->done, given->total);
    ck_assert_str_eq(row_text(canvas, 0), given->shown);
    canvas_free(canvas);
}
END_TEST

START_TEST(glyphs_are_one_cell_in_both_sets)
{
    for (int ascii = 0; ascii < 2; ascii++)
        for (int glyph = 0; glyph < GLYPH_COUNT; glyph++) {
            struct canvas *canvas = canvas_new(3, 1, ascii != 0);
            ck_assert_int_eq(pane_text(pane_of(canvas), 0, 0, STYLE_NORMAL,
                                       glyph_text((enum glyph)glyph, ascii != 0)),
                             1);
            ck_assert_str_ne(row_text(canvas, 0), "?");
            canvas_free(canvas);
        }
}
END_TEST

START_TEST(sizes_are_capped)
{
    struct canvas *canvas = canvas_new(65535, -5, false);
    ck_assert_int_eq(canvas_width(canvas), CANVAS_MAX);
    ck_assert_int_eq(canvas_height(canvas), 0);
    pane_text(pane_of(canvas), 0, 0, STYLE_NORMAL, "nowhere");
    ck_assert(canvas_resize(canvas, 1, 1));
    pane_text(pane_of(canvas), 0, 0, STYLE_NORMAL, "日本");
    check_rows(canvas);
    ck_assert_ptr_null(canvas_cell(canvas, 1, 0));
    canvas_free(canvas);
}
END_TEST

Suite *test_canvas_suite(void)
{
    Suite *suite = suite_create("canvas");
    TCase *tests = tcase_create("canvas");
    tcase_add_loop_test(tests, text_takes_the_cells_it_says, 0,
                        sizeof text_cases / sizeof *text_cases);
    tcase_add_test(tests, half_a_wide_character_never_stays);
    tcase_add_test(tests, text_left_of_the_pane_is_clipped);
    tcase_add_test(tests, panes_clip_to_their_parents);
    tcase_add_test(tests, a_pane_gives_its_flags_to_all_that_is_put);
    tcase_add_test(tests, a_flood_of_invisible_text_costs_little);
    tcase_add_test(tests, right_and_centred_text_keep_to_their_edges);
    tcase_add_test(tests, long_text_wraps_between_words);
    tcase_add_loop_test(tests, a_bar_is_full_only_when_all_is_done, 0,
                        sizeof bar_cases / sizeof *bar_cases);
    tcase_add_test(tests, glyphs_are_one_cell_in_both_sets);
    tcase_add_test(tests, sizes_are_capped);
    suite_add_tcase(suite, tests);
    return suite;
}
