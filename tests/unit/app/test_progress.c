/* The line of progress: what it says, and how its rate follows the work. */
#include "app/progress.h"
#include "base/clock.h"
#include "tests/unit/app/check_app.h"

#include <check.h>

#define MIB (UINT64_C(1) << 20)

static const char *line_of(const struct progress *progress)
{
    static char text[128];
    progress_text(progress, text, sizeof text);
    return text;
}

START_TEST(it_says_the_share_the_rate_and_the_time_left)
{
    struct progress progress;
    progress_init(&progress, 100 * MIB, NS_PER_S);
    ck_assert_str_eq(line_of(&progress), "0.0%");
    progress_measure(&progress, 10 * MIB, 2 * NS_PER_S);
    ck_assert_str_eq(line_of(&progress), "10.0%, 10.0 MiB/s, 10s left");
    progress_measure(&progress, 100 * MIB, 11 * NS_PER_S);
    ck_assert_str_eq(line_of(&progress), "100%, 10.0 MiB/s, 0s left");
}
END_TEST

START_TEST(the_rate_forgets_what_is_long_ago)
{
    struct progress progress;
    uint64_t done = 100 * MIB, now_ns = NS_PER_S;
    progress_init(&progress, 1000 * MIB, 0);
    progress_measure(&progress, done, now_ns);
    for (int quarter = 0; quarter < 80; quarter++)
        progress_measure(&progress, done += MIB / 4, now_ns += NS_PER_S / 4);
    ck_assert(progress.bytes_per_s > 0.99 * (double)MIB);
    ck_assert(progress.bytes_per_s < 2 * (double)MIB);
}
END_TEST

START_TEST(no_time_and_no_work_are_no_trouble)
{
    struct progress progress;
    progress_init(&progress, 0, 5);
    progress_measure(&progress, 0, 5);
    ck_assert_str_eq(line_of(&progress), "100%");
    progress_init(&progress, MIB, 5);
    progress_measure(&progress, 0, NS_PER_S);
    ck_assert_str_eq(line_of(&progress), "0.0%");
}
END_TEST

Suite *suite_progress(void)
{
    Suite *suite = suite_create("progress");
    TCase *tcase = tcase_create("progress");
    tcase_add_test(tcase, it_says_the_share_the_rate_and_the_time_left);
    tcase_add_test(tcase, the_rate_forgets_what_is_long_ago);
    tcase_add_test(tcase, no_time_and_no_work_are_no_trouble);
    suite_add_tcase(suite, tcase);
    return suite;
}
