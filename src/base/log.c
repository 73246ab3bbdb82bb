#include "base/log.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_LINE_BYTES 1024
#define LOG_LINE_CELLS 500

struct log {
    const struct clock *clock;
    struct log_line *ring;
    size_t capacity;
    uint64_t newest;
    enum log_level least;
    log_sink *sink;
    void *sink_context;
    uint32_t repeats; /* of the newest line, not stored */
};

struct log *log_new(const struct clock *clock, size_t capacity)
{
    struct log *log = calloc(1, sizeof *log);
    if (log == NULL)
        return NULL;
    log->clock = clock;
    log->capacity = capacity > 0 ? capacity : 1;
    log->ring = calloc(log->capacity, sizeof *log->ring);
    if (log->ring == NULL) {
        free(log);
        return NULL;
    }
    return log;
}

void log_free(struct log *log)
{
    if (log == NULL)
        return;
    for (size_t i = 0; i < log->capacity; i++)
        free(log->ring[i].text);
    free(log->ring);
    free(log);
}

void log_set_sink(struct log *log, enum log_level least, log_sink *sink, void *context)
{
    log->least = least;
    log->sink = sink;
    log->sink_context = context;
}

static void log_store(struct log *log, enum log_level level, double wall_s,
                      const char *text, bool told)
{
    struct log_line *line = &log->ring[(log->newest + 1) % log->capacity];
    char *copy = strdup(text);
    if (copy == NULL)
        return;
    free(line->text);
    *line = (struct log_line){++log->newest, wall_s, level, copy, told};
    if (log->sink != NULL && level >= log->least)
        log->sink(log->sink_context, line);
}

static bool log_repeats(struct log *log, enum log_level level, double wall_s,
                        const char *text)
{
    const struct log_line *last = log_get(log, log->newest);
    return last != NULL && last->level == level && wall_s - last->wall_s < 1 &&
           wall_s >= last->wall_s && strcmp(last->text, text) == 0;
}

/* TEXT is clean. */
static void log_add(struct log *log, enum log_level level, const char *text, bool told)
{
    const double wall_s = clock_wall_s(log->clock);
    if (log_repeats(log, level, wall_s, text)) {
        log->repeats++;
        return;
    }
    if (log->repeats > 0) {
        char note[64];
        snprintf(note, sizeof note, "(%u times more)", log->repeats);
        log->repeats = 0;
        log_store(log, LOG_LEVEL_DEBUG, wall_s, note, false);
    }
    log_store(log, level, wall_s, text, told);
}

void log_write_told(struct log *log, enum log_level level, const char *text)
{
    if (log != NULL)
        log_add(log, level, text, true);
}

void log_write(struct log *log, enum log_level level, const char *format, ...)
{
    if (log == NULL)
        return;
    char raw[LOG_LINE_BYTES], clean[LOG_LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    text_clean(text_untrusted(raw), LOG_LINE_CELLS, clean, sizeof clean);
    log_add(log, level, clean, false);
}

const char *log_level_name(enum log_level level)
{
    static const char *const names[] = {"debug", "info", "warning", "error"};
    return (unsigned)level < 4 ? names[level] : "?";
}

uint64_t log_newest(const struct log *log)
{
    return log->newest;
}

const struct log_line *log_get(const struct log *log, uint64_t number)
{
    if (number == 0 || number > log->newest || log->newest - number >= log->capacity)
        return NULL;
    const struct log_line *line = &log->ring[number % log->capacity];
    return line->number == number ? line : NULL;
}
