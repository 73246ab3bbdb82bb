#include "net/content_range.h"

#include <check.h>
#include <string.h>

Suite *test_content_range_suite(void);

static const struct {
    const char *value;
    bool fine;
    struct content_range range;
} values[] = {
    /* W3 */
    {"bytes 0-99/1000", true, {0, 99, 1000}},
    {" bytes 0-0/1\r\n", true, {0, 0, 1}},
    {"Bytes  7-9/*", true, {7, 9, UINT64_MAX}},
    {"bytes 18446744073709551613-18446744073709551614/*",
     true,
     {UINT64_MAX - 2, UINT64_MAX - 1, UINT64_MAX}},
    {"bytes 0-18446744073709551615/*", false, {0}},
    {"bytes 0-99999999999999999999/*", false, {0}},
    {"bytes 0-1000/1000", false, {0}},
    {"bytes 2-1/1000", false, {0}},
    {"bytes -1/1000", false, {0}},
    {"bytes 0-/1000", false, {0}},
    {"bytes 0-1", false, {0}},
    {"bytes 0-1/", false, {0}},
    {"bytes 0-1/10 x", false, {0}},
    {"bytes 0-1, 4-5/10", false, {0}},
    {"bytes */1000", false, {0}},
    {"bytes0-1/10", false, {0}},
    {"octets 0-1/10", false, {0}},
    {"byte", false, {0}},
    {"", false, {0}},
};

START_TEST(a_range_is_taken_or_refused_as_a_whole)
{
    struct content_range range = {1, 2, 3};
    const bool fine =
        content_range_parse(values[_i].value, strlen(values[_i].value), &range);
    ck_assert_msg(fine == values[_i].fine, "%s", values[_i].value);
    ck_assert_uint_eq(range.first, fine ? values[_i].range.first : 1);
    ck_assert_uint_eq(range.last, fine ? values[_i].range.last : 2);
    ck_assert_uint_eq(range.total, fine ? values[_i].range.total : 3);
}
END_TEST

Suite *test_content_range_suite(void)
{
    Suite *suite = suite_create("content_range");
    TCase *tcase = tcase_create("content_range");
    tcase_add_loop_test(tcase, a_range_is_taken_or_refused_as_a_whole, 0,
                        sizeof values / sizeof *values);
    suite_add_tcase(suite, tcase);
    return suite;
}
