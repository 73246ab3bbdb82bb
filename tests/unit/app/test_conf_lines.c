/* Lines become keys and values; what is no line is refused where it stands. */
#include "app/conf_lines.h"
#include "tests/unit/app/check_app.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char bytes[3 * CONF_LINE_MAX];

static enum conf_fault read_text(const char *text, size_t length, char *ret_pairs,
                                 uint32_t *ret_line)
{
    struct conf_lines lines;
    struct conf_line line;
    enum conf_fault fault;
    ret_pairs[0] = '\0';
    memcpy(bytes, text, length);
    conf_lines_begin(&lines, bytes, length);
    while ((fault = conf_lines_next(&lines, &line)) == CONF_FAULT_NONE &&
           line.key[0] != '\0')
        sprintf(ret_pairs + strlen(ret_pairs), "%u %s=[%s] ", (unsigned)lines.line,
                line.key, line.value);
    *ret_line = lines.line;
    return fault;
}

static const struct {
    const char *text, *pairs;
} fine[] = {
    {"", ""},
    {"\n\n", ""},
    {"# a = b\n  # c = d", ""},
    {"a=b", "1 a=[b] "},
    {"a=b\n", "1 a=[b] "},
    {"\xef\xbb\xbf# with a mark\r\na = b\r\n", "2 a=[b] "},
    {"\t a \t=\t b c \t \n", "1 a=[b c] "},
    {"a = b#c #d\n\ne = f # g = h", "1 a=[b#c] 3 e=[f] "},
    {"a = b = c", "1 a=[b = c] "},
    {"a = b\"c\"", "1 a=[b\"c\"] "},
    {"a = \" b # \\\"c\\\" \\\\ \" # d", "1 a=[ b # \"c\" \\ ] "},
    {"a = \"\"", "1 a=[] "},
    {"a = \"b\"\nb = \"c\"", "1 a=[b] 2 b=[c] "},
    {"max-down_2 = b", "1 max-down_2=[b] "},
    {"a = \xc3\xa4", "1 a=[\xc3\xa4] "},
    {"a = b\\\\", "1 a=[b\\\\] "},
};

START_TEST(lines_have_a_key_and_a_value)
{
    char pairs[256];
    uint32_t line;
    ck_assert_int_eq(read_text(fine[_i].text, strlen(fine[_i].text), pairs, &line),
                     CONF_FAULT_NONE);
    ck_assert_str_eq(pairs, fine[_i].pairs);
}
END_TEST

#define TEXT(text) text, sizeof(text) - 1
static const struct {
    const char *text;
    size_t length;
    enum conf_fault fault;
    uint32_t line;
} wrong[] = {
    {TEXT("a=b\nc=\0d\ne=f"), CONF_FAULT_NUL, 2},
    {TEXT("\0"), CONF_FAULT_NUL, 1},
    {TEXT("a = \x1b[1m"), CONF_FAULT_CONTROL, 1},
    {TEXT("a = b\rc"), CONF_FAULT_CONTROL, 1},
    {TEXT("# \x7f"), CONF_FAULT_CONTROL, 1},
    {TEXT("\n\n# \xff"), CONF_FAULT_UTF8, 3},
    {TEXT("a = \xc3"), CONF_FAULT_UTF8, 1},
    {TEXT("a = \xed\xa0\x80"), CONF_FAULT_UTF8, 1},
    {TEXT("a"), CONF_FAULT_NO_SIGN, 1},
    {TEXT("a # = b"), CONF_FAULT_KEY_LETTERS, 1},
    {TEXT("a b = c"), CONF_FAULT_KEY_LETTERS, 1},
    {TEXT("\"a\" = c"), CONF_FAULT_KEY_LETTERS, 1},
    {TEXT(" = b"), CONF_FAULT_NO_KEY, 1},
    {TEXT("a ="), CONF_FAULT_NO_VALUE, 1},
    {TEXT("a = # b"), CONF_FAULT_NO_VALUE, 1},
    {TEXT("a = \"b"), CONF_FAULT_QUOTE, 1},
    {TEXT("a = \""), CONF_FAULT_QUOTE, 1},
    {TEXT("a = \"b\nc = \""), CONF_FAULT_QUOTE, 1},
    {TEXT("a = \"\\"), CONF_FAULT_ESCAPE, 1},
    {TEXT("a = \"\\n\""), CONF_FAULT_ESCAPE, 1},
    {TEXT("a = \"b\" c"), CONF_FAULT_AFTER_QUOTE, 1},
    {TEXT("a = \"b\"\""), CONF_FAULT_AFTER_QUOTE, 1},
};

START_TEST(what_is_no_line_is_refused_where_it_stands)
{
    char pairs[256];
    uint32_t line;
    ck_assert_int_eq(read_text(wrong[_i].text, wrong[_i].length, pairs, &line),
                     wrong[_i].fault);
    ck_assert_uint_eq(line, wrong[_i].line);
    ck_assert_str_ne(conf_fault_text(wrong[_i].fault), "");
}
END_TEST

START_TEST(the_longest_line_is_taken_and_one_byte_more_is_not)
{
    static char text[CONF_LINE_MAX + 2];
    static char pairs[CONF_LINE_MAX + 40];
    uint32_t line;
    memset(text, 'x', sizeof text);
    memcpy(text, "a=", 2);
    text[CONF_LINE_MAX] = '\n';
    ck_assert_int_eq(read_text(text, CONF_LINE_MAX + 1, pairs, &line), CONF_FAULT_NONE);
    ck_assert_uint_eq(strlen(pairs), CONF_LINE_MAX + 5);
    text[CONF_LINE_MAX] = 'x';
    ck_assert_int_eq(read_text(text, CONF_LINE_MAX + 1, pairs, &line), CONF_FAULT_LONG);
}
END_TEST

Suite *suite_conf_lines(void)
{
    Suite *suite = suite_create("conf_lines");
    TCase *tcase = tcase_create("conf_lines");
    tcase_add_loop_test(tcase, lines_have_a_key_and_a_value, 0,
                        sizeof fine / sizeof *fine);
    tcase_add_loop_test(tcase, what_is_no_line_is_refused_where_it_stands, 0,
                        sizeof wrong / sizeof *wrong);
    tcase_add_test(tcase, the_longest_line_is_taken_and_one_byte_more_is_not);
    suite_add_tcase(suite, tcase);
    return suite;
}
