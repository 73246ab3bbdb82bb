/* A line that is typed stays valid text, and its cursor stands between characters. */
#include "tests/unit/ui/check_ui.h"

#include "base/text.h"
#include "ui/line_edit.h"

#include <string.h>

static struct line_edit edit;

static void press(uint32_t key)
{
    line_edit_key(&edit, key);
    ck_assert(text_is_valid_utf8(edit.text, edit.length));
    ck_assert_uint_le(edit.cursor, edit.length);
    ck_assert(edit.cursor == edit.length ||
              ((uint8_t)edit.text[edit.cursor] & 0xc0) != 0x80);
}

static void type(const char *text)
{
    for (size_t at = 0; text[at] != '\0';) {
        uint32_t code;
        at += text_decode(text + at, strlen(text + at), &code);
        press(code);
    }
}

START_TEST(characters_move_and_go_whole)
{
    line_edit_init(&edit, "", NULL);
    type("a日e\u0301b");
    press(KEY_CODE_LEFT);
    press(KEY_CODE_LEFT); /* over the letter with its mark */
    type("X");
    ck_assert_str_eq(edit.text, "a日Xe\u0301b");
    press(KEY_ERASE);
    press(KEY_ERASE);
    ck_assert_str_eq(edit.text, "ae\u0301b");
    press(KEY_CODE_DELETE);
    ck_assert_str_eq(edit.text, "ab");
    press(KEY_CODE_HOME);
    press(KEY_ERASE);
    press(KEY_CODE_END);
    press(KEY_CODE_DELETE);
    press(KEY_CODE_RIGHT);
    ck_assert_str_eq(edit.text, "ab");
}
END_TEST

START_TEST(words_are_the_parts_of_a_path)
{
    line_edit_init(&edit, "/home/me/some file", NULL);
    press(KEY_CONTROL('w'));
    ck_assert_str_eq(edit.text, "/home/me/some ");
    press(KEY_CONTROL('w'));
    ck_assert_str_eq(edit.text, "/home/me/");
    press(KEY_CODE_LEFT | KEY_MOD_CTRL);
    press(KEY_CONTROL('k'));
    ck_assert_str_eq(edit.text, "/home/");
    press(KEY_CONTROL('y'));
    ck_assert_str_eq(edit.text, "/home/me/");
    press(KEY_CONTROL('u'));
    ck_assert_str_eq(edit.text, "");
}
END_TEST

START_TEST(pasted_control_characters_do_not_stay)
{
    static const char pasted[] = "a\x1b[31m\tb\r\nc\x07\xff\u202e\u200bd";
    line_edit_init(&edit, "", NULL);
    line_edit_insert(&edit, pasted, sizeof pasted - 1);
    ck_assert_str_eq(edit.text, "a[31m b  cd");
}
END_TEST

START_TEST(a_line_has_an_end)
{
    static char flood[3 * LINE_EDIT_SIZE];
    line_edit_init(&edit, "日", NULL);
    memset(flood, 'x', sizeof flood);
    line_edit_insert(&edit, flood, sizeof flood);
    ck_assert_uint_eq(edit.length, LINE_EDIT_SIZE - 1);
    type("日y");
    ck_assert_uint_eq(strlen(edit.text), LINE_EDIT_SIZE - 1);
}
END_TEST

START_TEST(earlier_lines_come_back_and_the_new_one_is_kept)
{
    struct line_history history = {0};
    line_history_add(&history, "one");
    line_history_add(&history, "two");
    line_history_add(&history, "two");
    line_history_add(&history, "");
    ck_assert_uint_eq(history.count, 2);
    line_edit_init(&edit, "new", &history);
    press(KEY_CODE_UP);
    press(KEY_CODE_UP);
    press(KEY_CODE_UP);
    ck_assert_str_eq(edit.text, "one");
    press(KEY_CODE_DOWN);
    ck_assert_str_eq(edit.text, "two");
    press(KEY_CODE_DOWN);
    press(KEY_CODE_DOWN);
    ck_assert_str_eq(edit.text, "new");
    for (int i = 0; i < 3 * LINE_EDIT_HISTORY; i++)
        line_history_add(&history, i % 2 == 0 ? "even" : "odd");
    ck_assert_uint_eq(history.count, LINE_EDIT_HISTORY);
    line_history_done(&history);
}
END_TEST

START_TEST(a_long_line_scrolls_with_its_cursor)
{
    int x, y;
    struct canvas *canvas = canvas_new(8, 1, false);
    line_edit_init(&edit, "日本語日本語ab", NULL);
    line_edit_draw(&edit, pane_of(canvas));
    canvas_get_caret(canvas, &x, &y);
    ck_assert_int_lt(x, 8);
    ck_assert_int_ge(x, 0);
    ck_assert_ptr_nonnull(strstr(row_text(canvas, 0), "ab"));
    press(KEY_CODE_HOME);
    line_edit_draw(&edit, pane_of(canvas));
    canvas_get_caret(canvas, &x, &y);
    ck_assert_int_eq(x, 0);
    check_rows(canvas);
    canvas_free(canvas);
}
END_TEST

Suite *test_line_edit_suite(void)
{
    Suite *suite = suite_create("line_edit");
    TCase *tests = tcase_create("line_edit");
    tcase_add_test(tests, characters_move_and_go_whole);
    tcase_add_test(tests, words_are_the_parts_of_a_path);
    tcase_add_test(tests, pasted_control_characters_do_not_stay);
    tcase_add_test(tests, a_line_has_an_end);
    tcase_add_test(tests, earlier_lines_come_back_and_the_new_one_is_kept);
    tcase_add_test(tests, a_long_line_scrolls_with_its_cursor);
    suite_add_tcase(suite, tests);
    return suite;
}
