/*
 * The configuration file, as keys and values for the options that may stand there
 * (PLACE_FILE in option_table): what it says is checked as a whole before any of it
 * counts. The command line wins over it, it wins over the defaults. Reading bytes is
 * pure; conf_load has the file.
 */
#ifndef BTTUI_APP_CONF_H
#define BTTUI_APP_CONF_H

#include "app/options.h"

#include <stddef.h>

struct option_record; /* app/options_private.h */

#define CONF_MESSAGE_SIZE 1280
#define CONF_BYTES_MAX    (1u << 20)

struct conf_entry {
    const struct option_record *record;
    const char *value;
    uint32_t line;
};

struct conf {
    char *bytes; /* values point into it */
    struct conf_entry *entries;
    size_t count;
};

/* Reads LENGTH bytes of a file called NAME, and room for one more behind them, which the
 * config owns from then on; on failure they are freed. False: MESSAGE names the file, the
 * line, the key and what is wrong. */
bool conf_read(char *bytes, size_t length, const char *name, struct conf *ret_conf,
               char message[CONF_MESSAGE_SIZE]);
void conf_done(struct conf *conf);

/* Sets in OPTIONS all that does not stand on their command line. They point into CONF
 * then. */
void conf_apply(const struct conf *conf, struct options *options);
/* Whether both say the same of RECORD, word for word. */
bool conf_agree(const struct conf *a, const struct conf *b,
                const struct option_record *record);

/* The file that OPTIONS name, or the default one; "" if there is no home for that. The
 * caller frees it. NULL: out of memory. */
char *conf_path(const struct options *options);
/* Reads the file at PATH. One that is missing is empty unless it is NAMED; so is
 * /dev/null. */
bool conf_load(const char *path, bool named, struct conf *ret_conf,
               char message[CONF_MESSAGE_SIZE]);

#endif
