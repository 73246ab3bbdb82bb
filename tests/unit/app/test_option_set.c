#include "app/option_set.h"
#include "tests/unit/app/check_app.h"

#include <check.h>

START_TEST(each_option_has_a_place_of_its_own)
{
    struct option_set set = {{0}};
    for (size_t i = 0; i < OPTION_SET_CAPACITY; i++) {
        for (size_t j = 0; j < OPTION_SET_CAPACITY; j++)
            ck_assert_int_eq(option_set_has(&set, j), j < i);
        option_set_add(&set, i);
    }
}
END_TEST

START_TEST(a_copy_is_a_set_of_its_own)
{
    struct option_set set = {{0}};
    option_set_add(&set, 63);
    struct option_set copy = set;
    option_set_add(&copy, 64);
    option_set_add(&copy, 64);
    ck_assert(option_set_has(&copy, 63));
    ck_assert(option_set_has(&copy, 64));
    ck_assert(!option_set_has(&set, 64));
}
END_TEST

Suite *suite_option_set(void)
{
    Suite *suite = suite_create("option_set");
    TCase *tcase = tcase_create("sets");
    tcase_add_test(tcase, each_option_has_a_place_of_its_own);
    tcase_add_test(tcase, a_copy_is_a_set_of_its_own);
    suite_add_tcase(suite, tcase);
    return suite;
}
