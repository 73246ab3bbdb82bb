#include "torrent/schedule.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#define DAY_MIN    1440
#define DAY_S      86400
#define DAYS_AHEAD 8
#define ALL_DAYS   0x7fu

static const char *const day_names[7] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

/* ---- reading ---- */

static void skip_blanks(const char **at)
{
    *at += strspn(*at, " \t");
}

static bool take_char(const char **at, char wanted)
{
    skip_blanks(at);
    if (**at != wanted)
        return false;
    ++*at;
    return true;
}

static bool take_day(const char **at, int *ret_day)
{
    skip_blanks(at);
    for (int day = 0; day < 7; day++) {
        if (strncasecmp(*at, day_names[day], 3) == 0) {
            *at += 3;
            *ret_day = day;
            return true;
        }
    }
    return false;
}

/* "mon", or "fri-mon". */
static bool take_day_range(const char **at, uint8_t *days)
{
    int first = 0, last;
    if (!take_day(at, &first))
        return false;
    last = first;
    if (take_char(at, '-') && !take_day(at, &last))
        return false;
    *days |= (uint8_t)(1u << last);
    for (int day = first; day != last; day = (day + 1) % 7)
        *days |= (uint8_t)(1u << day);
    return true;
}

static bool take_days(const char **at, uint8_t *ret_days)
{
    uint8_t days = 0;
    skip_blanks(at);
    if (strncasecmp(*at, "daily", 5) == 0) {
        *at += 5;
        *ret_days = ALL_DAYS;
        return true;
    }
    do {
        if (!take_day_range(at, &days))
            return false;
    } while (take_char(at, ','));
    *ret_days = days;
    return true;
}

static bool take_two_digits(const char **at, int most, int *ret_number)
{
    const char *digits = *at;
    if (strspn(digits, "0123456789") != 2)
        return false;
    *ret_number = (digits[0] - '0') * 10 + digits[1] - '0';
    *at += 2;
    return *ret_number <= most;
}

/* "08:30"; "24:00" is the end of the day. */
static bool take_time(const char **at, uint16_t *ret_min)
{
    int hours, minutes;
    const char *begin;
    skip_blanks(at);
    begin = *at;
    if (!take_two_digits(at, 24, &hours) || !take_char(at, ':') ||
        !take_two_digits(at, 59, &minutes) || hours * 60 + minutes > DAY_MIN) {
        *at = begin;
        return false;
    }
    *ret_min = (uint16_t)(hours * 60 + minutes);
    return true;
}

/* Days and their spans. */
static bool take_item(const char **at, struct schedule *schedule)
{
    uint8_t days;
    if (!take_days(at, &days))
        return false;
    do {
        struct schedule_span span = {.days = days};
        if (schedule->count == SCHEDULE_SPANS_MAX || !take_time(at, &span.from_min) ||
            !take_char(at, '-') || !take_time(at, &span.until_min))
            return false;
        schedule->spans[schedule->count++] = span;
    } while (take_char(at, ','));
    return true;
}

bool schedule_parse(const char *text, struct schedule *ret_schedule,
                    const char **ret_fault)
{
    struct schedule schedule = {.count = 0};
    const char *at = text;
    skip_blanks(&at);
    while (*at != '\0') {
        if (!take_item(&at, &schedule) || (!take_char(&at, ';') && *at != '\0')) {
            *ret_fault = at;
            return false;
        }
        skip_blanks(&at);
    }
    *ret_schedule = schedule;
    return true;
}

/* ---- looking ---- */

static bool is_in(const struct schedule_span *span, int day, int minute)
{
    const bool today = (span->days >> day & 1) != 0;
    const bool yesterday = (span->days >> (day + 6) % 7 & 1) != 0;
    if (span->until_min > span->from_min)
        return today && minute >= span->from_min && minute < span->until_min;
    return (today && minute >= span->from_min) || (yesterday && minute < span->until_min);
}

static bool is_on(const struct schedule *schedule, int64_t wall_s)
{
    const time_t seconds = (time_t)wall_s;
    struct tm local;
    if (localtime_r(&seconds, &local) == NULL)
        return false;
    for (uint32_t i = 0; i < schedule->count; i++)
        if (is_in(&schedule->spans[i], local.tm_wday, local.tm_hour * 60 + local.tm_min))
            return true;
    return false;
}

/* AT_S may be the next change. */
static void consider(const struct schedule *schedule, int64_t now_s, int64_t at_s,
                     int64_t *next_s)
{
    if (at_s > now_s && at_s < *next_s && is_on(schedule, at_s) != is_on(schedule, now_s))
        *next_s = at_s;
}

/* When clocks show MINUTE of the day that begins AHEAD days after NOW's. When they are
 * set back that comes twice, and mktime finds each by being told which is meant. */
static void consider_minute(const struct schedule *schedule, int64_t now_s, int ahead,
                            int minute, int64_t *next_s)
{
    const time_t seconds = (time_t)now_s;
    struct tm now;
    if (localtime_r(&seconds, &now) == NULL)
        return;
    for (int summer = -1; summer <= 1; summer++) {
        struct tm at = {.tm_year = now.tm_year,
                        .tm_mon = now.tm_mon,
                        .tm_mday = now.tm_mday + ahead,
                        .tm_hour = minute / 60,
                        .tm_min = minute % 60,
                        .tm_isdst = summer};
        consider(schedule, now_s, (int64_t)mktime(&at), next_s);
    }
}

static long offset_at(int64_t wall_s)
{
    const time_t seconds = (time_t)wall_s;
    struct tm local;
    return localtime_r(&seconds, &local) != NULL ? local.tm_gmtoff : 0;
}

/* Clocks that are set may jump into a span, or out of one. */
static void consider_clock_change(const struct schedule *schedule, int64_t now_s,
                                  int64_t from_s, int64_t *next_s)
{
    int64_t before_s = from_s, after_s = from_s + DAY_S;
    const long offset = offset_at(before_s);
    if (offset_at(after_s) == offset)
        return;
    while (after_s - before_s > 1) {
        const int64_t middle_s = before_s + (after_s - before_s) / 2;
        if (offset_at(middle_s) == offset)
            before_s = middle_s;
        else
            after_s = middle_s;
    }
    consider(schedule, now_s, after_s, next_s);
}

bool schedule_look(const struct schedule *schedule, int64_t wall_s, int64_t *ret_next_s)
{
    *ret_next_s = INT64_MAX;
    for (int ahead = 0; ahead <= DAYS_AHEAD; ahead++) {
        for (uint32_t i = 0; i < schedule->count; i++) {
            const struct schedule_span *span = &schedule->spans[i];
            consider_minute(schedule, wall_s, ahead, span->from_min, ret_next_s);
            consider_minute(schedule, wall_s, ahead, span->until_min, ret_next_s);
        }
        if (schedule->count > 0)
            consider_clock_change(schedule, wall_s, wall_s + ahead * (int64_t)DAY_S,
                                  ret_next_s);
    }
    return is_on(schedule, wall_s);
}
