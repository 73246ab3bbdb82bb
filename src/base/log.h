/*
 * The log: a bounded ring of lines that the Log view shows, and a sink (standard
 * error or a file) that each line at or above its level also goes to. Lines are
 * sanitised on entry. Loop thread. Workers report over their bus instead.
 */
#ifndef BTTUI_BASE_LOG_H
#define BTTUI_BASE_LOG_H

#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };

struct log_line {
    uint64_t number; /* counts up from 1 for ever */
    double wall_s;
    enum log_level level;
    char *text; /* valid UTF-8, no control characters */
    bool told;  /* an event of the session says it, too */
};

typedef void log_sink(void *context, const struct log_line *line);

struct log;
/* Keeps the newest CAPACITY lines. NULL: out of memory. CLOCK outlives the log. */
struct log *log_new(const struct clock *clock, size_t capacity);
void log_free(struct log *log);
void log_set_sink(struct log *log, enum log_level least, log_sink *sink, void *context);
/* LOG may be NULL: nothing happens. Repeats of one line within a second are counted, not
 * stored (a flood costs nothing). */
void log_write(struct log *log, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* What an event of the session says, too: TEXT is clean already. */
void log_write_told(struct log *log, enum log_level level, const char *text);
const char *log_level_name(enum log_level level);

uint64_t log_newest(const struct log *log); /* number of the newest line; 0: none */
/* The line with NUMBER, or NULL if it is gone or not there yet. */
const struct log_line *log_get(const struct log *log, uint64_t number);

#endif
