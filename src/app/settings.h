/*
 * What a session was told to be: the command line over the configuration file over the
 * defaults. The file can be read again while the session runs; what can change then does
 * (PLACE_LIVE in option_table), and for the rest it is said that a restart is needed.
 */
#ifndef BTTUI_APP_SETTINGS_H
#define BTTUI_APP_SETTINGS_H

#include "app/conf.h"
#include "app/interface.h"
#include "torrent/settings.h"

#define SETTINGS_MESSAGE_SIZE 2000

struct settings {
    const struct options *line; /* the command line's */
    char *path;
    struct conf start;      /* as the file was at the start */
    struct conf last;       /* as it was when it was last read again */
    bool read_again;        /* there is such a one */
    struct options options; /* at the start: both together */
};

/* Reads the file that LINE, which outlives SETTINGS, names or the default one. What is
 * wrong is told on standard error. */
enum exit_status settings_open(struct settings *settings, const struct options *line);
void settings_done(struct settings *settings);

/* What OPTIONS say of seeding. */
struct seed_goal options_goal(const struct options *options);

/* Reads the file again and changes SESSION and INTERFACE (which may be NULL) by it.
 * MESSAGE says what came of it. False: the file has a fault, and nothing was changed. */
bool settings_read_again(struct settings *settings, struct session *session,
                         struct interface *interface, char *message, size_t size);

#endif
