/* Weekly schedules: what may be written, and what the clocks on the wall make of it. */
#include "torrent/schedule.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

Suite *test_schedule_suite(void);

/* Central Europe, without a database of zones: summer from the last Sunday of March,
 * 02:00, to that of October, 03:00. */
#define ZONE "CET-1CEST,M3.5.0,M10.5.0/3"

static void in_zone(void)
{
    setenv("TZ", ZONE, 1);
    tzset();
}

static struct schedule schedule_of(const char *text)
{
    struct schedule schedule;
    const char *fault = NULL;
    ck_assert_msg(schedule_parse(text, &schedule, &fault), "%s: at “%s”", text, fault);
    return schedule;
}

/* Which one of an hour that may come twice. */
enum which { ONLY = -1, SECOND = 0, FIRST = 1 };

/* "2026-03-29 01:59:59" */
static int64_t at(const char *text, enum which which)
{
    struct tm local = {0};
    ck_assert_ptr_nonnull(strptime(text, "%Y-%m-%d %H:%M:%S", &local));
    local.tm_isdst = which;
    return (int64_t)mktime(&local);
}

/* ---- reading ---- */

static const char *const right[] = {
    "",
    "  ",
    "mon-fri 08:00-18:00",
    "mon-fri 08:00-18:00; sat 10:00-12:00",
    "MON-Fri 08:00-18:00;sat,sun 10:00-12:00,14:00-15:30;",
    "daily 22:00-06:00",
    "fri-mon 00:00-24:00",
    " sun 23:59 - 00:00 ",
};

START_TEST(what_people_write_is_read)
{
    schedule_of(right[_i]);
}
END_TEST

static const struct {
    const char *text;
    int fault; /* where */
} wrong[] = {
    {"8-18", 0},
    {"mon", 3},
    {"mon-", 4},
    {"mon-fri 8:00-18:00", 8},
    {"mon 24:01-25:00", 4},
    {"mon 08:60-09:00", 4},
    {"mon 08:00", 9},
    {"mon 08:00-", 10},
    {"mon 08:00-09:00 tue", 16},
    {"mon 08:00-09:00,", 16},
    {"monday 08:00-09:00", 3},
    {"daily,mon 08:00-09:00", 5},
    {"mon 08:00-09:00;;", 16},
    {"mon 008:00-09:00", 4},
    {"mon -1:00-09:00", 5},
};

START_TEST(what_is_wrong_is_pointed_at)
{
    struct schedule schedule = {.count = 77};
    const char *fault = NULL;
    ck_assert(!schedule_parse(wrong[_i].text, &schedule, &fault));
    ck_assert_msg(fault == wrong[_i].text + wrong[_i].fault, "%s: at “%s”",
                  wrong[_i].text, fault);
    ck_assert_uint_eq(schedule.count, 77);
}
END_TEST

START_TEST(spans_without_end_are_refused)
{
    char text[SCHEDULE_SPANS_MAX * 12 + 32] = "mon 08:00-09:00";
    struct schedule schedule;
    const char *fault;
    for (int i = 1; i < SCHEDULE_SPANS_MAX; i++)
        strcat(text, ",10:00-11:00");
    ck_assert(schedule_parse(text, &schedule, &fault));
    strcat(text, ",10:00-11:00");
    ck_assert(!schedule_parse(text, &schedule, &fault));
}
END_TEST

/* ---- looking ---- */

#define WORK "mon-fri 08:00-18:00; sat 10:00-12:00"

static const struct {
    const char *text, *now;
    enum which which_now;
    bool on;
    const char *next; /* NULL: never */
    enum which which_next;
} looks[] = {
    /* 2026-11-30 is a Monday */
    {WORK, "2026-11-30 07:59:59", false, false, "2026-11-30 08:00:00", false},
    {WORK, "2026-11-30 08:00:00", false, true, "2026-11-30 18:00:00", false},
    {WORK, "2026-12-04 18:00:00", false, false, "2026-12-05 10:00:00", false},
    {WORK, "2026-12-05 12:00:00", false, false, "2026-12-07 08:00:00", false},
    {WORK, "2026-12-31 18:00:00", false, false, "2027-01-01 08:00:00", false},
    /* over midnight */
    {"fri 22:00-06:00", "2026-12-04 23:00:00", ONLY, true, "2026-12-05 06:00:00", ONLY},
    {"fri 22:00-06:00", "2026-12-05 05:59:59", ONLY, true, "2026-12-05 06:00:00", ONLY},
    {"fri 22:00-06:00", "2026-12-04 05:00:00", ONLY, false, "2026-12-04 22:00:00", ONLY},
    {"daily 22:00-00:00", "2026-12-04 23:00:00", ONLY, true, "2026-12-05 00:00:00", ONLY},
    /* ends that touch or overlap are no changes */
    {"mon 08:00-12:00, 12:00-18:00", "2026-11-30 09:00:00", ONLY, true,
     "2026-11-30 18:00:00", ONLY},
    {"mon 08:00-24:00; tue 00:00-06:00, 05:00-07:00", "2026-11-30 09:00:00", ONLY, true,
     "2026-12-01 07:00:00", ONLY},
    {"daily 00:00-24:00", "2026-11-30 09:00:00", ONLY, true, NULL, ONLY},
    {"", "2026-11-30 09:00:00", ONLY, false, NULL, ONLY},
    /* a week away */
    {"mon 08:00-09:00", "2026-11-30 09:00:00", ONLY, false, "2026-12-07 08:00:00", ONLY},
    /* clocks put forward: 02:00 is 03:00 */
    {"sun 02:30-02:45", "2026-03-29 01:00:00", ONLY, false, "2026-04-05 02:30:00", ONLY},
    {"sun 02:30-04:00", "2026-03-29 01:00:00", ONLY, false, "2026-03-29 03:00:00", ONLY},
    {"sat 22:00-02:30", "2026-03-29 01:00:00", ONLY, true, "2026-03-29 03:00:00", ONLY},
    {"daily 08:00-18:00", "2026-03-28 19:00:00", ONLY, false, "2026-03-29 08:00:00",
     ONLY},
    /* clocks put back: 03:00 is 02:00 again */
    {"sun 02:30-02:45", "2026-10-25 02:00:00", FIRST, false, "2026-10-25 02:30:00",
     FIRST},
    {"sun 02:30-02:45", "2026-10-25 02:50:00", FIRST, false, "2026-10-25 02:30:00",
     SECOND},
    {"sun 02:30-02:45", "2026-10-25 02:35:00", SECOND, true, "2026-10-25 02:45:00",
     SECOND},
    {"sun 02:30-04:00", "2026-10-25 02:40:00", FIRST, true, "2026-10-25 02:00:00",
     SECOND},
    {"daily 08:00-18:00", "2026-10-24 19:00:00", ONLY, false, "2026-10-25 08:00:00",
     ONLY},
};

START_TEST(the_clocks_on_the_wall_decide)
{
    in_zone();
    const struct schedule schedule = schedule_of(looks[_i].text);
    const int64_t now_s = at(looks[_i].now, looks[_i].which_now);
    int64_t next_s = 0;
    ck_assert_int_eq(schedule_look(&schedule, now_s, &next_s), looks[_i].on);
    if (looks[_i].next == NULL) {
        ck_assert_int_eq(next_s, INT64_MAX);
        return;
    }
    ck_assert_int_eq(next_s - now_s, at(looks[_i].next, looks[_i].which_next) - now_s);
    int64_t after_s;
    ck_assert_int_eq(schedule_look(&schedule, next_s, &after_s), !looks[_i].on);
}
END_TEST

/* A year of changes, each found from the one before, is what looking each minute finds.
 */
START_TEST(no_change_of_a_year_is_missed)
{
    in_zone();
    const struct schedule schedule =
        schedule_of("sun 02:15-02:45, 23:00-01:00; mon-fri 08:00-18:00; sat 02:00-03:00");
    int64_t now_s = at("2026-01-01 00:00:00", ONLY), next_s;
    const int64_t end_s = at("2027-01-01 00:00:00", ONLY);
    bool on = schedule_look(&schedule, now_s, &next_s);
    for (; now_s < end_s; now_s += 60) {
        int64_t after_s = 0;
        if (now_s < next_s && now_s % 3600 != 0)
            continue;
        const bool is_on = schedule_look(&schedule, now_s, &after_s);
        ck_assert_int_eq(is_on, on != (now_s >= next_s));
        on = is_on;
        next_s = after_s;
    }
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

Suite *test_schedule_suite(void)
{
    Suite *suite = suite_create("schedule");
    TCase *tcase = tcase_create("schedule");
    tcase_add_loop_test(tcase, what_people_write_is_read, 0, COUNT(right));
    tcase_add_loop_test(tcase, what_is_wrong_is_pointed_at, 0, COUNT(wrong));
    tcase_add_test(tcase, spans_without_end_are_refused);
    tcase_add_loop_test(tcase, the_clocks_on_the_wall_decide, 0, COUNT(looks));
    tcase_add_test(tcase, no_change_of_a_year_is_missed);
    suite_add_tcase(suite, tcase);
    return suite;
}
