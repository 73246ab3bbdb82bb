/*
 * A private swarm inside the process, on the one loop: a tracker on 127.0.0.1 and several
 * seeds and leechers, each a session of its own on a loopback address of its own where
 * the system has more than one. Torrents and data are generated below a private directory
 * that demo_free removes. The user's session takes part like any other. Loop thread.
 */
#ifndef BTTUI_APP_DEMO_H
#define BTTUI_APP_DEMO_H

#include "app/demo_plan.h"
#include "base/error.h"
#include "base/log.h"
#include "loop/loop.h"
#include "torrent/session.h"

/* Where the user's session listens and connects from. */
#define DEMO_USER_HOST "127.0.0.1"

struct demo;

struct demo_config {
    struct loop *loop; /* not owned, as all of these */
    const struct random_source *random;
    struct log *log; /* who comes and goes is told here */
    const struct demo_plan *plan;
};

/* Makes the directory and the data (blocks for a fraction of a second), starts the
 * tracker and those that are there from the start. On failure nothing stays behind and
 * MESSAGE tells people why. */
enum error_code demo_new(const struct demo_config *config, struct demo **ret_demo,
                         char message[SESSION_MESSAGE_SIZE]) MUST_CHECK;
/* Starts the workers of those that are there, which were held; those that come later do
 * so by themselves. */
enum error_code demo_begin(struct demo *demo) MUST_CHECK;
/* Everybody leaves at once, and the directory goes with all it holds. The user's session
 * must be freed before. NULL is ignored. */
void demo_free(struct demo *demo);

/* For a process that ends without waiting for anything: only the directory goes. NULL is
 * ignored. */
void demo_abandon(struct demo *demo);

/* The private directory that all of it is in. */
const char *demo_root_dir(const struct demo *demo);
/* Where the user's session downloads to; inside the private directory. */
const char *demo_download_dir(const struct demo *demo);
/* Adds the torrents to the user's session; RET_IDS has room for DEMO_TORRENTS_MAX. What
 * was added before a failure stays. */
enum error_code demo_add_torrents(struct demo *demo, struct session *session,
                                  const struct add_options *options,
                                  struct torrent_id *ret_ids, uint32_t *ret_count,
                                  char message[SESSION_MESSAGE_SIZE]) MUST_CHECK;

#endif
