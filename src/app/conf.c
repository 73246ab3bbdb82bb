#include "app/conf.h"

#include "app/conf_lines.h"
#include "app/options_private.h"
#include "base/i18n.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_MAX 40 /* longer ones are like none of ours */

/* ---- what was meant ---- */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many letters must be put in, left out or replaced to make one of the other; WORD
 * has at most KEY_MAX. */
static size_t distance(const char *word, const char *key)
{
    size_t row[KEY_MAX + 1];
    const size_t length = strlen(word);
    for (size_t i = 0; i <= length; i++)
        row[i] = i;
    for (size_t j = 0; key[j] != '\0'; j++) {
        size_t before = row[0];
        row[0] = j + 1;
        for (size_t i = 0; i < length; i++) {
            const size_t replaced = before + (word[i] != key[j]);
            before = row[i + 1];
            row[i + 1] = least(replaced, least(row[i], row[i + 1]) + 1);
        }
    }
    return row[length];
}

static bool is_key(const struct option_record *record)
{
    return (record->places & PLACE_FILE) != 0;
}

/* The key that WORD is nearly, two letters in six wrong at most; NULL: none. */
static const struct option_record *nearest(const char *word)
{
    const struct option_record *best = NULL;
    const size_t length = strlen(word);
    size_t best_distance = length / 3 + 1;
    for (size_t i = 0; i < option_count && length <= KEY_MAX; i++) {
        const struct option_record *record = &option_table[i];
        const size_t d = is_key(record) ? distance(word, record->name) : SIZE_MAX;
        if (d < best_distance) {
            best_distance = d;
            best = record;
        }
    }
    return best;
}

/* ---- reading ---- */

struct reading {
    struct conf conf;
    struct conf_lines lines;
    struct options scratch; /* takes the values, to see whether they are any */
    const char *name;
    char *message;
};

static bool complain(const struct reading *reading, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static bool complain(const struct reading *reading, const char *format, ...)
{
    char name[OPTION_SHOWN_SIZE];
    va_list arguments;
    const int used = snprintf(reading->message, CONF_MESSAGE_SIZE,
                              "%s:%u: ", option_shown(reading->name, name),
                              (unsigned)reading->lines.line);
    va_start(arguments, format);
    vsnprintf(reading->message + used, CONF_MESSAGE_SIZE - (size_t)used, format,
              arguments);
    va_end(arguments);
    return false;
}

static bool complain_of_line(const struct reading *reading, const char *key,
                             enum conf_fault fault)
{
    char buffer[OPTION_SHOWN_SIZE];
    if (key[0] == '\0')
        return complain(reading, "%s", conf_fault_text(fault));
    return complain(reading, "%s: %s", option_shown(key, buffer), conf_fault_text(fault));
}

static bool complain_of_key(const struct reading *reading, const char *key)
{
    char buffer[OPTION_SHOWN_SIZE];
    const struct option_record *near = nearest(key);
    option_shown(key, buffer);
    if (near != NULL)
        return complain(reading, _("there is no key “%s”; did you mean “%s”?"), buffer,
                        near->name);
    return complain(reading, _("there is no key “%s”; man bttui.conf has them all"),
                    buffer);
}

static const struct option_record *find_record(const char *key)
{
    for (size_t i = 0; i < option_count; i++)
        if (strcmp(option_table[i].name, key) == 0)
            return &option_table[i];
    return NULL;
}

/* Where RECORD stood before; 0: nowhere. */
static uint32_t line_of(const struct conf *conf, const struct option_record *record)
{
    for (size_t i = 0; i < conf->count; i++)
        if (conf->entries[i].record == record)
            return conf->entries[i].line;
    return 0;
}

static bool add_entry(struct reading *reading, const struct option_record *record,
                      const char *value)
{
    struct conf *conf = &reading->conf;
    struct option_complaint complaint = {.name = record->name};
    const uint32_t line = line_of(conf, record);
    if (line != 0 && (record->places & PLACE_REPEATS) == 0)
        return complain(reading, _("%s: this stands in line %u already"), record->name,
                        (unsigned)line);
    if (!option_take(&reading->scratch, record, value, &complaint))
        return complain(reading, "%s", complaint.text);
    if (conf->count % 16 == 0) {
        struct conf_entry *entries =
            realloc(conf->entries, (conf->count + 16) * sizeof *entries);
        if (entries == NULL)
            return complain(reading, "%s", error_text(ERROR_MEMORY));
        conf->entries = entries;
    }
    conf->entries[conf->count++] =
        (struct conf_entry){record, value, reading->lines.line};
    return true;
}

static bool read_lines(struct reading *reading)
{
    for (;;) {
        struct conf_line line;
        const enum conf_fault fault = conf_lines_next(&reading->lines, &line);
        if (fault != CONF_FAULT_NONE)
            return complain_of_line(reading, line.key, fault);
        if (line.key[0] == '\0')
            return true;
        const struct option_record *record = find_record(line.key);
        if (record == NULL)
            return complain_of_key(reading, line.key);
        if (!is_key(record))
            return complain(reading, _("%s: this is for the command line only: --%s"),
                            record->name, record->name);
        if (!add_entry(reading, record, line.value))
            return false;
    }
}

bool conf_read(char *bytes, size_t length, const char *name, struct conf *ret_conf,
               char message[CONF_MESSAGE_SIZE])
{
    struct reading reading = {.conf = {.bytes = bytes}, .name = name, .message = message};
    conf_lines_begin(&reading.lines, bytes, length);
    const bool fine = read_lines(&reading);
    if (fine)
        *ret_conf = reading.conf;
    else
        conf_done(&reading.conf);
    return fine;
}

void conf_done(struct conf *conf)
{
    free(conf->entries);
    free(conf->bytes);
    *conf = (struct conf){0};
}

/* ---- what it says ---- */

void conf_apply(const struct conf *conf, struct options *options)
{
    for (size_t i = 0; i < conf->count; i++) {
        const struct conf_entry *entry = &conf->entries[i];
        struct option_complaint complaint = {.name = entry->record->name};
        if (!option_set_has(&options->given, (size_t)(entry->record - option_table)))
            (void)option_take(options, entry->record, entry->value, &complaint);
    }
}

static const char *next_value(const struct conf *conf, const struct option_record *record,
                              size_t *at)
{
    while (*at < conf->count) {
        const struct conf_entry *entry = &conf->entries[(*at)++];
        if (entry->record == record)
            return entry->value;
    }
    return NULL;
}

bool conf_agree(const struct conf *a, const struct conf *b,
                const struct option_record *record)
{
    size_t at_a = 0, at_b = 0;
    for (;;) {
        const char *value_a = next_value(a, record, &at_a);
        const char *value_b = next_value(b, record, &at_b);
        if (value_a == NULL || value_b == NULL)
            return value_a == value_b;
        if (strcmp(value_a, value_b) != 0)
            return false;
    }
}
