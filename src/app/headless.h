/*
 * bttui without an interface: the session's events as progress lines, or as one JSON
 * object a line (DESIGN.md's contract). What people must know goes to the log, whose sink
 * is standard error. Loop thread.
 */
#ifndef BTTUI_APP_HEADLESS_H
#define BTTUI_APP_HEADLESS_H

#include "app/output.h"
#include "base/log.h"
#include "loop/loop.h"

struct headless;

struct headless_config {
    struct loop *loop;
    struct session *session;
    struct output *output; /* not owned */
    bool json;
};

struct headless *
headless_new(const struct headless_config *config); /* NULL: out of memory */
void headless_free(struct headless *headless);
/* With JSON a warning of the log is a line too; errors have events of their own. */
void headless_on_log(struct headless *headless, const struct log_line *line);

#endif
