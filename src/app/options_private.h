/* The table of options, which the parser and --help share. */
#ifndef BTTUI_APP_OPTIONS_PRIVATE_H
#define BTTUI_APP_OPTIONS_PRIVATE_H

#include <stddef.h>

#define OPTIONS_CAPACITY 64 /* bits of the mask of options given */

enum option_id {
    OPTION_DOWNLOAD_DIR = 'd',
    OPTION_STATE_DIR = 's',
    OPTION_PORT = 'p',
    OPTION_HELP = 'h',
    OPTION_VERSION = 'V',
    OPTION_BIND = 256,
    OPTION_PEER,
    OPTION_MAX_DOWN,
    OPTION_MAX_UP,
    OPTION_MAX_PEERS,
    OPTION_NO_INCOMING,
    OPTION_SEQUENTIAL,
    OPTION_SELECT,
    OPTION_HEADLESS,
    OPTION_JSON,
    OPTION_EXIT_WHEN_DONE,
    OPTION_ASCII,
    OPTION_COLOR,
    OPTION_ENCRYPTION,
    OPTION_SANDBOX,
    OPTION_VERIFY_WRITES,
    OPTION_STRICT_NAMES,
    OPTION_PORTABLE_NAMES,
    OPTION_ABSENT,   /* leaves out what this version does not have: nothing to do */
    OPTION_NOT_BUILT /* asks for what this version does not have: refused */
};

struct option_record {
    const char *name;
    const char *argument; /* placeholder in --help; NULL: takes none */
    int id;
    unsigned commands; /* enum command_bit, or-ed: what it goes with */
    const char *help;  /* of OPTION_NOT_BUILT: why it is refused; not in --help */
};

extern const struct option_record option_table[];
extern const size_t option_count; /* <= OPTIONS_CAPACITY */

#endif
