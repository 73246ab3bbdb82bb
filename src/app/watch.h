/*
 * Watch directories: torrent files that appear there are added, and renamed to
 * NAME.torrent.added; what is no torrent becomes NAME.torrent.invalid, and the Log says
 * why. Files that a program has closed or moved there are whole; those that were there
 * before count as whole once they are one, or a minute old. The system tells of them;
 * where it does not (network file systems), and while a directory is gone, they are
 * looked for every half minute. One file a turn. Loop thread.
 */
#ifndef BTTUI_APP_WATCH_H
#define BTTUI_APP_WATCH_H

#include "base/clock.h"
#include "torrent/label.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WATCH_DIRS_MAX 16
#define WATCH_LOOK_NS  (30 * NS_PER_S)
#define WATCH_FRESH_S  60

/* DIR or DIR:LABEL; what follows the last colon is a label unless it has a slash. The
 * lengths of the directory's name and the label; false: there is none, or it is too long.
 */
bool watch_read(const char *text, size_t *ret_dir_length, char ret_label[LABEL_BYTES]);

struct watch_config {
    struct loop *loop;
    struct session *session;
    struct log *log;
    const char *const *dirs; /* as watch_read takes them; others are left out */
    uint32_t dir_count;      /* <= WATCH_DIRS_MAX */
};
struct watch;
/* NULL: out of memory. Nothing is added before the loop runs. */
struct watch *watch_new(const struct watch_config *config);
void watch_free(struct watch *watch);

uint32_t watch_dir_count(const struct watch *watch);
const char *watch_dir(const struct watch *watch, uint32_t index); /* absolute */

#endif
