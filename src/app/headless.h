/*
 * bttui without an interface: the session's events as progress lines, or as one JSON
 * object a line (DESIGN.md's contract), on standard output; messages for people on
 * standard error. Loop thread.
 */
#ifndef BTTUI_APP_HEADLESS_H
#define BTTUI_APP_HEADLESS_H

#include "loop/loop.h"
#include "torrent/session.h"

struct headless;

struct headless_config {
    struct loop *loop;
    struct session *session;
    int out_fd;
    bool json;
    bool exit_when_done;
    /* The torrents --exit-when-done waits for; copied. */
    const struct torrent_id *torrents;
    uint32_t torrent_count;
    /* Called once when all of them are done (status 0) or cannot be (status 1). */
    void (*on_done)(void *context, int exit_status);
    void *context;
};

struct headless *
headless_new(const struct headless_config *config); /* NULL: out of memory */
/* Writes what is left for at most a second. */
void headless_free(struct headless *headless);

#endif
