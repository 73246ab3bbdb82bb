/* The table of options, which the command line, the configuration file and --help share.
 */
#ifndef BTTUI_APP_OPTIONS_PRIVATE_H
#define BTTUI_APP_OPTIONS_PRIVATE_H

#include "app/options.h"

#include <stddef.h>

enum option_id {
    OPTION_CONFIG = 'c',
    OPTION_DOWNLOAD_DIR = 'd',
    OPTION_STATE_DIR = 's',
    OPTION_OUTPUT = 'o',
    OPTION_PORT = 'p',
    OPTION_HELP = 'h',
    OPTION_VERSION = 'V',
    OPTION_BIND = 256,
    OPTION_PEER,
    OPTION_MAX_DOWN,
    OPTION_MAX_UP,
    OPTION_SEED_RATIO,
    OPTION_SEED_TIME,
    OPTION_SEED_ACTION,
    OPTION_TURTLE_DOWN,
    OPTION_TURTLE_UP,
    OPTION_TURTLE_SCHEDULE,
    OPTION_MAX_PEERS,
    OPTION_BLOCKLIST,
    OPTION_ACTIVE_DOWNLOADS,
    OPTION_ACTIVE_SEEDS,
    OPTION_ACTIVE_CHECKS,
    OPTION_NO_INCOMING,
    OPTION_NO_DHT,
    OPTION_NO_LSD,
    OPTION_NO_PEX,
    OPTION_HOLEPUNCH_RELAY,
    OPTION_NO_PORTMAP,
    OPTION_UPNP,
    OPTION_DHT_NODE,
    OPTION_NO_UTP,
    OPTION_SEQUENTIAL,
    OPTION_INCOMPLETE_DIR,
    OPTION_PREALLOCATE,
    OPTION_INCOMPLETE_SUFFIX,
    OPTION_MOVE_DIR,
    OPTION_SUPER_SEED,
    OPTION_FIRST_LAST,
    OPTION_PRIORITY,
    OPTION_SELECT,
    OPTION_LABEL,
    OPTION_LABEL_RULE,
    OPTION_WATCH,
    OPTION_ON_COMPLETE,
    OPTION_REFUSE_CLIENT,
    OPTION_REFUSE_LEECH,
    OPTION_HEADLESS,
    OPTION_JSON,
    OPTION_EXIT_WHEN_DONE,
    OPTION_ASCII,
    OPTION_COLOR,
    OPTION_KEYS,
    OPTION_KEY,
    OPTION_ENCRYPTION,
    OPTION_PROXY,
    OPTION_SANDBOX,
    OPTION_VERIFY_WRITES,
    OPTION_STRICT_NAMES,
    OPTION_PORTABLE_NAMES,
    OPTION_FORCE,
    OPTION_PRIVATE,
    OPTION_PIECE_SIZE,
    OPTION_FORMAT,
    OPTION_TRACKER,
    OPTION_WEBSEED,
    OPTION_EXCLUDE,
    OPTION_COMMENT,
    OPTION_SOURCE,
    OPTION_DATE,
    OPTION_FROM
};

/* Where it may stand. */
enum option_place {
    /* only on the command line: it concerns that one start, or the torrents named there
     */
    PLACE_LINE = 0,
    PLACE_FILE = 1 << 0,              /* a key of the configuration file, too */
    PLACE_LIVE = PLACE_FILE | 1 << 1, /* reading that again changes a running session */
    PLACE_REPEATS = 1 << 2            /* or-ed: may stand several times */
};

struct option_record {
    const char *name;
    const char *argument; /* placeholder in --help; NULL: yes, or no if it is said */
    int id;
    unsigned commands; /* enum command_bit, or-ed: what it goes with */
    unsigned places;   /* enum option_place */
    const char *help;
};

extern const struct option_record option_table[];
extern const size_t option_count; /* <= OPTION_SET_CAPACITY */

#define OPTION_SHOWN_SIZE   256
#define OPTION_MESSAGE_SIZE 768
struct option_complaint {
    const char *name; /* the option as it stands there: "--port", or "port" in a file */
    char text[OPTION_MESSAGE_SIZE]; /* what is wrong with its value */
};

/* Takes TEXT, which OPTIONS go on pointing to, as the value of RECORD; NULL for one
 * without an argument is yes. False: COMPLAINT says why not. */
bool option_take(struct options *options, const struct option_record *record,
                 const char *text, struct option_complaint *complaint);
/* Those whose value goes into a field as it is; NULL: RECORD's does not. */
struct option_field;
const struct option_field *option_field_of(int id);
bool option_take_field(struct options *options, const struct option_field *field,
                       const char *text, struct option_complaint *complaint);
/* Those of `bttui create` with a value. */
bool option_take_create(struct create_options *create, int id, const char *text,
                        struct option_complaint *complaint);
/* --keys, --key */
bool option_take_keys(struct options *options, int id, const char *text,
                      struct option_complaint *complaint);
/* --priority, --move-dir, --label, --label-rule, --watch, --refuse-client, --refuse-leech
 */
bool option_take_organise(struct options *options, int id, const char *text,
                          struct option_complaint *complaint);
/* Values, as most options have them. RET stays as it is when they are wrong. */
bool option_take_number(struct option_complaint *complaint, const char *text,
                        uint64_t low, uint64_t high, uint64_t *ret_value);
bool option_take_text(struct option_complaint *complaint, const char *text,
                      const char **ret_text); /* not empty */
/* The index of TEXT in WORDS, COUNT of them. */
bool option_take_word(struct option_complaint *complaint, const char *text,
                      const char *const *words, int count, int *ret_index);
/* Yes or no; yes without a word, as on the command line. */
bool option_take_yes(struct option_complaint *complaint, const char *text, bool *ret_yes);
/* TEXT, which may not be empty, becomes one more of MOST. */
bool option_add_text(struct option_complaint *complaint, const char *text,
                     const char **texts, uint32_t most, uint32_t *count);
/* Always false, so that callers can return it. */
bool option_complain(struct option_complaint *complaint, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* TEXT as it may be shown: it can come from anywhere, a terminal takes it badly. */
const char *option_shown(const char *text, char ret_text[OPTION_SHOWN_SIZE]);

#endif
