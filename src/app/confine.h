/*
 * What bttui may still reach once it is up (base/sandbox.h does it): writing in the
 * download directories of its torrents, in watch directories and in the state directory;
 * reading what name look-up, TLS, locale and terminal need, and with the interface, where
 * torrent files to be added may lie and the configuration file does; binding its own
 * ports. Everything else that start-up needs has been had by then.
 */
#ifndef BTTUI_APP_CONFINE_H
#define BTTUI_APP_CONFINE_H

#include "app/options.h"
#include "app/watch.h"
#include "loop/loop.h"

struct confine;

struct confine_config {
    enum sandbox_choice choice;
    struct loop *loop;
    struct log *log;
    struct session *session;   /* its torrents are there, its workers held */
    const char *demo_dir;      /* the demo's own; NULL: no demo */
    const struct watch *watch; /* files are added and renamed there; NULL: nowhere */
    const char *const *dirs;   /* others where data may be put */
    uint32_t dir_count;
    bool bound;           /* --bind: what connects is bound to a port first,
                             and what listens is opened anew */
    bool interface;       /* files may be added by hand, and settings read again */
    const char *settings; /* from this file; "": from none */
};

/* Tells the session and the log what was had. With SANDBOX_CHOICE_REQUIRE fails unless it
 * is everything: MESSAGE says what was not. *ret_confine tells of refused calls until it
 * is freed, and may be NULL. */
enum exit_status confine_enter(const struct confine_config *config,
                               struct confine **ret_confine, char *message, size_t size);
void confine_free(struct confine *confine); /* the process stays confined */

/* For a command without a session: reading below READ, writing below WRITE (NULL:
 * nowhere), no ports. With SANDBOX_CHOICE_REQUIRE fails unless all of it is had, and says
 * so on standard error. Before there are threads. */
enum exit_status confine_command(enum sandbox_choice choice, const char *read,
                                 const char *write);

#endif
