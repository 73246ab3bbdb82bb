/*
 * A command that works in the foreground until it is done, `create` or `verify`: its
 * loop, the signals that end it early, and the one long thing it does, which is to hash
 * all that a torrent describes on all cores, with progress on standard error if that is a
 * terminal.
 */
#ifndef BTTUI_APP_FOREGROUND_H
#define BTTUI_APP_FOREGROUND_H

#include "app/options.h"
#include "torrent/data_check.h"

struct foreground {
    struct loop *loop;
    bool interrupted;
};

/* What is wrong is told on standard error; close it in any case. */
enum exit_status foreground_open(struct foreground *foreground);
void foreground_close(struct foreground *foreground);
/* Looks for signals. True: the user wants it to end; a second wish ends the process. */
bool foreground_is_interrupted(struct foreground *foreground);

/* CHECK says what (torrent/data_check.h), but for loop, calls and context. *ret_have is
 * the caller's; empty unless all went well. A worker that hangs in the kernel when all
 * else is over has five seconds: then the process ends. ERROR_CANCELLED: interrupted, or
 * with ret_digests something cannot be read. */
enum error_code foreground_check(struct foreground *foreground,
                                 const struct data_check_config *check,
                                 struct bitfield *ret_have) MUST_CHECK;
/* Why not, for people. */
const char *foreground_error_text(enum error_code error);

#endif
