/* Between watch.c, which sees that files are there, and watch_file.c, which adds them. */
#ifndef BTTUI_APP_WATCH_PRIVATE_H
#define BTTUI_APP_WATCH_PRIVATE_H

#include "app/watch.h"
#include "loop/loop.h"

#include <dirent.h>

#define WATCH_LEFT 256 /* files that stay as they are, and are not looked at again */

struct watch_dir {
    char *path; /* absolute */
    char label[LABEL_BYTES];
    int number; /* inotify's; -1: it does not tell */
    bool timed; /* looked at every half minute */
    bool gone;  /* and that was told */
    bool later; /* a file of it was not whole yet */
    bool due;   /* it is to be scanned */
    DIR *scan;  /* under way */
};

struct watch {
    struct watch_config config;
    int fd; /* inotify's; -1: there is none */
    struct loop_slot *slot;
    struct loop_timer scan_timer, look_timer;
    struct watch_dir dirs[WATCH_DIRS_MAX];
    uint32_t count;
    uint64_t left[WATCH_LEFT];
    uint32_t left_at;
};

/* Whether a torrent file may be called NAME. */
bool watch_is_candidate(const char *name);
/* Adds the file and renames it. WHOLE: whoever wrote it says that it is. */
void watch_take(struct watch *watch, struct watch_dir *dir, const char *name, bool whole);

#endif
