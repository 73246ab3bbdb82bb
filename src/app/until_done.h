/*
 * --exit-when-done: watches torrents until each is complete, verified and synced to disk,
 * or has failed. Loop thread; reads torrents by their looks alone.
 */
#ifndef BTTUI_APP_UNTIL_DONE_H
#define BTTUI_APP_UNTIL_DONE_H

#include "loop/loop.h"

struct until_done;

enum until_outcome {
    UNTIL_OUTCOME_DONE,
    UNTIL_OUTCOME_FAILED, /* one of them has failed */
    UNTIL_OUTCOME_INVALID /* the metadata of one cannot be used, and none has failed */
};

struct until_done_config {
    struct loop *loop;
    struct session *session;
    /* Copied; none: all of the session's. One that is removed is no longer waited for. */
    const struct torrent_id *torrents;
    uint32_t torrent_count;
    /* Called once, from the loop. */
    void (*on_done)(void *context, enum until_outcome outcome);
    void *context;
};

struct until_done *
until_done_new(const struct until_done_config *config); /* NULL: out of memory */
void until_done_free(struct until_done *until);

#endif
