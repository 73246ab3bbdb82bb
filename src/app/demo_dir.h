/*
 * The demo's private directory below $TMPDIR: made for this process alone, gone with it.
 * Blocks on the disk: for the start and the end, not for the loop's turns.
 */
#ifndef BTTUI_APP_DEMO_DIR_H
#define BTTUI_APP_DEMO_DIR_H

#include "base/error.h"

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

struct demo_dir {
    char path[PATH_MAX]; /* "": there is none */
    int lock_fd;         /* held locked while the process lives */
};

/* Makes "bttui-demo-PID-XXXXXX" (mode 0700) in $TMPDIR or /tmp, after removing those that
 * processes which were killed left there. On failure *ret_dir is as demo_dir_done
 * leaves it and MESSAGE tells people why. ERROR_DISK_FULL: less than NEEDED_BYTES free.
 */
enum error_code demo_dir_make(struct demo_dir *ret_dir, uint64_t needed_bytes,
                              char *message, size_t message_size) MUST_CHECK;
/* A directory NAME in it; RET_PATH has PATH_MAX bytes. */
enum error_code demo_dir_sub(const struct demo_dir *dir, const char *name,
                             char *ret_path) MUST_CHECK;
/* Removes it with all it holds. */
void demo_dir_done(struct demo_dir *dir);

#endif
