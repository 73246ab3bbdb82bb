/*
 * Runs the user's command for each torrent that becomes complete, one at a time, by the
 * helper process (app/helper.h); what it prints and how it ends goes to the Log. The
 * command is told of the torrent by environment variables: BTTUI_NAME, BTTUI_HASH,
 * BTTUI_PATH, BTTUI_LABEL. Loop thread.
 */
#ifndef BTTUI_APP_ON_COMPLETE_H
#define BTTUI_APP_ON_COMPLETE_H

#include "loop/loop.h"

#define ON_COMPLETE_TIMEOUT_MS                                                           \
    3600000                        /* an hour: moving a lot to a slow disk takes so      \
                                    */
#define ON_COMPLETE_WAITING 10000u /* torrents; more are told, and forgotten */

struct on_complete;
struct on_complete_config {
    struct loop *loop;
    struct session *session;
    struct log *log;
    int helper; /* helper_start's, which it closes */
    /* Nothing runs and nothing waits any more. */
    void (*on_idle)(void *context);
    void *context;
};
/* NULL: out of memory, and the helper is closed. */
struct on_complete *on_complete_new(const struct on_complete_config *config);
/* What runs is killed, what waits is forgotten. */
void on_complete_free(struct on_complete *on_complete);
bool on_complete_is_idle(const struct on_complete *on_complete); /* NULL: it is */

#endif
