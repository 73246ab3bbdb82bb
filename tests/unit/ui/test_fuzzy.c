/* What is typed finds the command that was meant, and that comes first. */
#include "tests/unit/ui/check_ui.h"

#include "ui/fuzzy.h"

#include <locale.h>

static int score(const char *words)
{
    return fuzzy_score(words, "queue-up", "Move the torrent up in the list's own order.");
}

START_TEST(words_letters_and_names_are_found)
{
    static const char *const fits[] = {"up",        "UP",    "queue",  "qup",
                                       "torr list", "order", "move t", "  own  "};
    static const char *const no[] = {"down", "upq", "torrent down", "list mvoe", "é"};
    for (size_t i = 0; i < sizeof fits / sizeof *fits; i++)
        ck_assert_msg(score(fits[i]) > 0, "%s", fits[i]);
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        ck_assert_msg(score(no[i]) < 0, "%s", no[i]);
    ck_assert_int_eq(score(""), 0);
    ck_assert_int_eq(score("   "), 0);
}
END_TEST

START_TEST(the_better_fit_has_the_higher_score)
{
    ck_assert_int_gt(score("queue"), score("torrent"));  /* its name, and a word */
    ck_assert_int_gt(score("torrent"), score("orrent")); /* a word's beginning */
    ck_assert_int_gt(score("orrent"), score("qup"));     /* scattered letters */
    ck_assert_int_gt(score("qu"), score("qp"));
}
END_TEST

START_TEST(other_letters_have_no_case_either)
{
    ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
    ck_assert_int_gt(fuzzy_score("ÄNDERN", "x", "Grenzen ändern."), 0);
    ck_assert_int_lt(fuzzy_score("ANDERN", "x", "Grenzen ändern."), 0);
    setlocale(LC_CTYPE, "C");
}
END_TEST

Suite *test_fuzzy_suite(void)
{
    Suite *suite = suite_create("fuzzy");
    TCase *tests = tcase_create("fuzzy");
    tcase_add_test(tests, words_letters_and_names_are_found);
    tcase_add_test(tests, the_better_fit_has_the_higher_score);
    tcase_add_test(tests, other_letters_have_no_case_either);
    suite_add_tcase(suite, tests);
    return suite;
}
