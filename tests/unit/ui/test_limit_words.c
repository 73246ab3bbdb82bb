/* Limits and goals as they are typed, and back. */
#include "ui/limit_words.h"

#include "tests/unit/ui/check_ui.h"

START_TEST(test_limits_come_back_as_they_were_typed)
{
    static const char *const texts[] = {"2M 500K", "0 0", "1 1G", "1500 3K"};
    char text[LIMIT_WORDS_SIZE];
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        uint64_t down, up;
        ck_assert(limit_words_parse(texts[i], &down, &up));
        ck_assert_str_eq(limit_words(down, up, text), texts[i]);
    }
}
END_TEST

static const struct {
    const char *text;
    struct seed_goal goal;
} goals[] = {
    {"1.50 90 remove", {150, 90, SEED_ACTION_REMOVE}},
    {"- - -", {0, 0, SEED_ACTION_DEFAULT}},
    {"never 5 stop", {SEED_NEVER, 5, SEED_ACTION_STOP}},
    {"0.05 never -", {5, SEED_NEVER, SEED_ACTION_DEFAULT}},
};

START_TEST(test_goals_come_back_as_they_were_typed)
{
    struct seed_goal goal;
    char text[LIMIT_WORDS_SIZE];
    ck_assert(goal_words_parse(goals[_i].text, &goal));
    ck_assert_uint_eq(goal.ratio, goals[_i].goal.ratio);
    ck_assert_uint_eq(goal.minutes, goals[_i].goal.minutes);
    ck_assert_uint_eq(goal.action, goals[_i].goal.action);
    ck_assert_str_eq(goal_words(&goal, text), goals[_i].text);
}
END_TEST

START_TEST(test_what_is_no_goal_is_refused)
{
    static const char *const texts[] = {"",     "0",          "0 -",     "- 0",
                                        "x -",  "1 1h",       "1 1 del", "1 1 stop x",
                                        "-1 5", "99999999 1", "1 stop",  "1,5 60"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct seed_goal goal = {1, 2, 0};
        ck_assert_msg(!goal_words_parse(texts[i], &goal), "%s", texts[i]);
        ck_assert_uint_eq(goal.minutes, 2);
    }
}
END_TEST

Suite *test_limit_words_suite(void)
{
    Suite *suite = suite_create("limit_words");
    TCase *tests = tcase_create("limit_words");
    tcase_add_test(tests, test_limits_come_back_as_they_were_typed);
    tcase_add_loop_test(tests, test_goals_come_back_as_they_were_typed, 0,
                        (int)(sizeof goals / sizeof *goals));
    tcase_add_test(tests, test_what_is_no_goal_is_refused);
    suite_add_tcase(suite, tests);
    return suite;
}
