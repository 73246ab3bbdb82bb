/* The bytes that terminals of several kinds are sent. */
#include "tests/screen/vt.h"
#include "tests/unit/ui/check_ui.h"
#include "ui/cell_writer.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

static struct cell_writer *writer;
static struct vt *vt;

static void begin(const char *term, int width, int height)
{
    setenv("TERM", term, 1);
    unsetenv("COLORTERM");
    ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
    vt = vt_new(term, width, height, false); /* it asks terminfo before ncurses does */
    ck_assert_ptr_nonnull(vt);
    ck_assert_int_eq(cell_writer_new(width, height, true, &writer), CELL_WRITER_OK);
}

static void teardown(void)
{
    cell_writer_free(writer);
    vt_free(vt);
    setlocale(LC_CTYPE, "C");
}

static void feed(void)
{
    size_t length;
    const char *bytes = cell_writer_take(writer, &length);
    vt_feed(vt, bytes, length);
    ck_assert_str_eq(vt_problem(vt), "");
    ck_assert_str_eq(vt_misplaced(vt), "");
}

START_TEST(whoever_comes_back_finds_the_palette_as_it_was)
{
    begin("xterm-256color", 20, 3);
    struct canvas *canvas = canvas_new(20, 3, false);
    ck_assert_ptr_nonnull(canvas);
    pane_text(pane_of(canvas), 0, 1, STYLE_GOOD, "here again");
    feed();
    for (int i = 0; i < 2; i++) {
        cell_writer_present(writer, canvas);
        feed();
        ck_assert_str_eq(vt_row(vt, 1), "here again          ");
        cell_writer_end(writer);
        feed();
        ck_assert_str_eq(vt_modes(vt), "");
        cell_writer_begin(writer);
        feed();
    }
    canvas_free(canvas);
}
END_TEST

static const char *const terms[] = {"tmux", "screen", "linux", "ansi", "xterm", "vt100"};

START_TEST(a_single_column_has_no_column_before_its_last)
{
    begin(terms[_i], 1, 5);
    struct canvas *canvas = canvas_new(1, 5, false);
    ck_assert_ptr_nonnull(canvas);
    for (int frame = 0; frame < 3; frame++) {
        for (int y = 0; y < 5; y++)
            pane_print(pane_of(canvas), 0, y, STYLE_NORMAL, "%d", frame + y);
        cell_writer_present(writer, canvas);
        feed();
        for (int y = 0; y < 4; y++)
            ck_assert_int_eq(vt_row(vt, y)[0], '0' + frame + y);
    }
    canvas_free(canvas);
}
END_TEST

/* Whether the next frame has the sequence of a green foreground. */
static bool sends_green(const struct canvas *canvas)
{
    size_t length;
    cell_writer_present(writer, canvas);
    const char *bytes = cell_writer_take(writer, &length);
    const bool green = memmem(bytes, length, "\033[32m", 5) != NULL;
    vt_feed(vt, bytes, length);
    ck_assert_str_eq(vt_problem(vt), "");
    ck_assert_str_eq(vt_row(vt, 1), "all of it           ");
    return green;
}

START_TEST(colours_can_go_and_come_back)
{
    begin("xterm", 20, 3);
    struct canvas *canvas = canvas_new(20, 3, false);
    ck_assert_ptr_nonnull(canvas);
    pane_text(pane_of(canvas), 0, 1, STYLE_GOOD, "all of it");
    ck_assert(sends_green(canvas));
    cell_writer_set_colors(writer, false);
    ck_assert_int_eq(cell_writer_colors(writer), COLOR_LEVEL_NONE);
    ck_assert(!sends_green(canvas));
    cell_writer_set_colors(writer, true);
    ck_assert_int_eq(cell_writer_colors(writer), COLOR_LEVEL_8);
    ck_assert(sends_green(canvas));
    cell_writer_set_colors(writer, false);
    canvas_clear(canvas);
    cell_writer_present(writer, canvas);
    feed();
    ck_assert_str_eq(vt_row(vt, 1), "                    "); /* not what stood there */
    canvas_free(canvas);
}
END_TEST

/* Where wrapping cannot be turned off, the last cell of the last row is filled by an
 * insertion before it. */
START_TEST(no_wide_character_is_parted_before_the_last_cell)
{
    static const char *const texts[][2] = {{"abcdef", "abcdef"}, {"abc日f", "abc  f"},
                                           {"abc本f", "abc  f"}, {"abc本", "abc…  "},
                                           {"abc日f", "abc  f"}, {"abcdef", "abcdef"}};
    const bool inserts = _i == 0 || _i == 1 || _i == 3;
    begin(terms[_i], 6, 3);
    struct canvas *canvas = canvas_new(6, 3, false);
    ck_assert_ptr_nonnull(canvas);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        canvas_clear(canvas);
        for (int y = 1; y < 3; y++)
            pane_text(pane_of(canvas), 0, y, STYLE_NORMAL, texts[i][0]);
        cell_writer_present(writer, canvas);
        feed();
        const char *blank = i == 3 ? " " : "";
        const char *row = vt_row(vt, 1);
        const size_t length = strlen(texts[i][0]);
        ck_assert_msg(strncmp(row, texts[i][0], length) == 0, "%s", row);
        ck_assert_str_eq(row + length, blank);
        row = vt_row(vt, 2);
        if (inserts)
            ck_assert_str_eq(row, texts[i][1]);
        else
            ck_assert_msg(strncmp(row, texts[i][0], length) == 0, "%s", row);
    }
    canvas_free(canvas);
}
END_TEST

/* A terminal that wraps at once would scroll. */
START_TEST(a_wide_character_in_the_last_cell_scrolls_nothing)
{
    const bool wraps = _i == 3;
    begin(terms[_i], 6, 3);
    struct canvas *canvas = canvas_new(6, 3, false);
    ck_assert_ptr_nonnull(canvas);
    for (int frame = 0; frame < 2; frame++) {
        for (int y = 0; y < 3; y++)
            pane_text(pane_of(canvas), 0, y, STYLE_NORMAL,
                      frame == 0 ? "abcd日" : "ab本");
        cell_writer_present(writer, canvas);
        feed();
        ck_assert_str_eq(vt_row(vt, 0), frame == 0 ? "abcd日" : "ab本日");
        ck_assert_str_eq(vt_row(vt, 2), frame == 0 ? wraps ? "abcd… " : "abcd日"
                                        : wraps    ? "ab本… "
                                                   : "ab本日");
    }
    canvas_free(canvas);
}
END_TEST

Suite *test_cell_writer_suite(void)
{
    Suite *suite = suite_create("cell_writer");
    TCase *tests = tcase_create("cell_writer");
    tcase_add_checked_fixture(tests, NULL, teardown);
    tcase_add_test(tests, whoever_comes_back_finds_the_palette_as_it_was);
    tcase_add_test(tests, colours_can_go_and_come_back);
    tcase_add_loop_test(tests, a_single_column_has_no_column_before_its_last, 0,
                        sizeof terms / sizeof *terms);
    tcase_add_loop_test(tests, a_wide_character_in_the_last_cell_scrolls_nothing, 0,
                        sizeof terms / sizeof *terms);
    tcase_add_loop_test(tests, no_wide_character_is_parted_before_the_last_cell, 0,
                        sizeof terms / sizeof *terms);
    suite_add_tcase(suite, tests);
    return suite;
}
