/* Between run.c, which starts and runs a session behind its front, run_session.c, which
 * opens it, and run_end.c, which ends it; nobody else includes this. */
#ifndef BTTUI_APP_RUN_PRIVATE_H
#define BTTUI_APP_RUN_PRIVATE_H

#include "app/given_peers.h"
#include "app/run.h"
#include "app/settings.h"
#include "torrent/session.h"

/* What one run of the program has; run_close in run_end.c frees it. */
struct run {
    const struct options *options;
    struct settings *settings; /* where they are from; NULL: no configuration file */
    struct loop *loop;
    struct net *net;
    struct net *through; /* --proxy: the net that NET is beside it; else NULL */
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
    uint32_t *fetches; /* session_fetch's numbers, of this command line's URLs */
    uint32_t fetch_count, fetched_count;
    struct watch *watch;
    int helper; /* until on_complete has it; -1: none */
    struct on_complete *on_complete;
    bool done; /* all that was asked for, but for commands that run */
    enum exit_status done_status;
    struct given_peers peers;
    struct confine *confine;
    enum exit_status status;
    char parting[SESSION_MESSAGE_SIZE]; /* to be said once the terminal is as it was */
    bool ending;
    uint64_t ending_ns; /* since when, on the system's clock */
    bool unhurried;     /* nobody asked for that end: the disk is given its time */
    bool hung_up;       /* the interface's terminal is gone */
    bool at_once;       /* a second signal came */
};

/* Opens the user's session, with what was saved, or that of a demo, which keeps nothing.
 * What is wrong is told on standard error. */
enum exit_status run_open_session(struct run *run);
/* Adds the torrents of the command line, or the demo's; fills in added. The first that
 * cannot be added ends it, and is told on standard error. */
enum exit_status run_add_torrents(struct run *run);

/* How the torrents of this command line are added; it points into RUN. */
void run_add_options(struct run *run, struct add_options *ret_add);
/* ID was to be added, with ERROR: if it was, or was there already, the rest that this
 * command line says of it holds from now on. ERROR_NONE, or MESSAGE says what is wrong.
 */
enum error_code run_take(struct run *run, enum error_code error, struct torrent_id id,
                         char message[SESSION_MESSAGE_SIZE]) MUST_CHECK;
enum exit_status run_status_of(enum error_code error);

/* run_end.c */
/* Ends the session orderly, and then the program with STATUS; the first time counts. */
void run_end(struct run *run, enum exit_status status);
/* The same when all is done, which nobody asked for at this moment: what is to be saved
 * is given all the time that a busy disk needs, until a signal comes. */
void run_end_unhurried(struct run *run, enum exit_status status);
/* Those that ask for the end do so from now on; others that would kill do not. What is
 * wrong is told on standard error. */
enum exit_status run_watch_signals(struct run *run);
/* Frees what RUN has, of which anything may be missing; after a second signal the process
 * is over with it. */
void run_close(struct run *run);

/* run.c */
/* --exit-when-done begins to look. */
enum exit_status run_watch_done(struct run *run);

/* run_fetch.c */
/* Begins to fetch the URLs of the command line. */
enum exit_status run_begin_fetches(struct run *run);
void run_on_fetched(struct run *run, const struct message *event);

/* run_organise.c */
/* The process for --on-complete, while there is nothing yet that it could inherit. */
enum exit_status run_open_helper(struct run *run);
/* ON_IDLE: no command runs any more. */
enum exit_status run_open_on_complete(struct run *run, void (*on_idle)(void *context));
enum exit_status run_open_watch(struct run *run);

#endif
