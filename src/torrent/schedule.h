/*
 * A weekly schedule in local time, for people to write:
 *
 *     mon-fri 08:00-18:00; sat,sun 10:00-12:00, 22:00-02:00; daily 13:00-14:00
 *
 * Days are mon … sun, ranges of them, lists, or "daily"; a span that ends at or before
 * its begin goes over midnight, and belongs to the day it begins on. It goes by what
 * clocks on the wall show, whatever summer time does to them. Pure, but for the time
 * zone, which is the C library's.
 */
#ifndef BTTUI_TORRENT_SCHEDULE_H
#define BTTUI_TORRENT_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#define SCHEDULE_SPANS_MAX 32

struct schedule {
    struct schedule_span {
        uint8_t days;                 /* bit 0: Sunday, as in struct tm */
        uint16_t from_min, until_min; /* of the day; 0 … 1440 */
    } spans[SCHEDULE_SPANS_MAX];
    uint32_t count; /* 0: nothing is scheduled */
};

/* False: it is none, and *RET_FAULT is where in TEXT. Nothing but blanks is an empty
 * one. */
bool schedule_parse(const char *text, struct schedule *ret_schedule,
                    const char **ret_fault);
/* Whether it is on at WALL_S, and when that changes (INT64_MAX: never, as far as can be
 * said). */
bool schedule_look(const struct schedule *schedule, int64_t wall_s, int64_t *ret_next_s);

#endif
