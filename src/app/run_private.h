/* Between run.c, which starts, runs and ends a session behind its front, and
 * run_session.c, which opens it; nobody else includes this. */
#ifndef BTTUI_APP_RUN_PRIVATE_H
#define BTTUI_APP_RUN_PRIVATE_H

#include "app/given_peers.h"
#include "app/run.h"
#include "app/settings.h"
#include "torrent/session.h"

/* What one run of the program has; run_close in run.c frees it. */
struct run {
    const struct options *options;
    struct settings *settings; /* where they are from; NULL: no configuration file */
    struct loop *loop;
    struct net *net;
    struct log *log;
    const struct demo_plan *plan; /* NULL: the main job */
    struct demo *demo;
    struct session *session;
    struct output *out, *err;
    struct headless *headless;
    struct interface *interface;
    struct until_done *until;
    struct torrent_id *added;
    uint32_t added_count;
    struct watch *watch;
    int helper; /* until on_complete has it; -1: none */
    struct on_complete *on_complete;
    bool done, done_failed; /* all that was asked for, but for commands that run */
    struct given_peers peers;
    struct confine *confine;
    enum exit_status status;
    char parting[SESSION_MESSAGE_SIZE]; /* to be said once the terminal is as it was */
    bool ending;
    uint64_t ending_ns; /* since when, on the system's clock */
    bool hung_up;       /* the interface's terminal is gone */
    bool at_once;       /* a second signal came */
};

/* Opens the user's session, with what was saved, or that of a demo, which keeps nothing.
 * What is wrong is told on standard error. */
enum exit_status run_open_session(struct run *run);
/* Adds the torrents of the command line, or the demo's; fills in added. The first that
 * cannot be added ends it, and is told on standard error. */
enum exit_status run_add_torrents(struct run *run);

/* run_organise.c */
/* The process for --on-complete, while there is nothing yet that it could inherit. */
enum exit_status run_open_helper(struct run *run);
/* ON_IDLE: no command runs any more. */
enum exit_status run_open_on_complete(struct run *run, void (*on_idle)(void *context));
enum exit_status run_open_watch(struct run *run);

#endif
