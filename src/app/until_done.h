/*
 * --exit-when-done: watches torrents until each is complete, verified and synced to disk,
 * or has failed. Loop thread; reads torrents by their looks alone.
 */
#ifndef BTTUI_APP_UNTIL_DONE_H
#define BTTUI_APP_UNTIL_DONE_H

#include "loop/loop.h"
#include "torrent/session.h"

struct until_done;

struct until_done_config {
    struct loop *loop;
    struct session *session;
    /* Copied; none: all of the session's. One that is removed is no longer waited for. */
    const struct torrent_id *torrents;
    uint32_t torrent_count;
    /* Called once, from the loop: whether one of them had failed. */
    void (*on_done)(void *context, bool failed);
    void *context;
};

struct until_done *
until_done_new(const struct until_done_config *config); /* NULL: out of memory */
void until_done_free(struct until_done *until);

#endif
