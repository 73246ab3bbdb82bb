/*
 * The state directory: found or made with mode 0700, refused when others may write
 * to it, and held by one running bttui through flock(2) on its file `lock`, which
 * the kernel lets go of however the process ends (HOSTILE.md R10, R11, R13).
 */
#ifndef BTTUI_TORRENT_STATE_DIR_H
#define BTTUI_TORRENT_STATE_DIR_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct state_dir {
    char *path;  /* absolute */
    int fd;      /* the directory; -1: none */
    int lock_fd; /* -1: not held */
    bool locked; /* false: the file system knows no locks */
    bool read_only;
};

/* Makes PATH with its parents, locks it, makes `torrents` and `resume` in it. On failure
 * MESSAGE names the directory and what to do; ERROR_EXISTS: another bttui holds it. */
enum error_code state_dir_open(const char *path, struct state_dir *ret_dir, char *message,
                               size_t message_size) MUST_CHECK;
void state_dir_close(struct state_dir *dir);

#endif
