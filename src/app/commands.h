/*
 * What bttui can be told to do: `bttui COMMAND …`, or the main job without one. A new
 * command is a line in commands.c's table; the options it takes name it in options.c's.
 */
#ifndef BTTUI_APP_COMMANDS_H
#define BTTUI_APP_COMMANDS_H

#include "app/options.h"

struct command {
    const char *name;  /* "" for the main job */
    const char *usage; /* what follows the name, for --help; translated when printed */
    const char *help;
    unsigned bit; /* enum command_bit: in the masks of option_table */
    int min_arguments, max_arguments;
    enum exit_status (*run)(const struct options *options);
};

/* The main job's record is the first; the last has no name (NULL). */
extern const struct command command_table[];

/* The command called NAME; NULL if there is none. */
const struct command *command_find(const char *name);

#endif
