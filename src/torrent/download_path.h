/*
 * Where downloads may lie: absolute, outside the state directory (HOSTILE.md T39), and
 * not on top of another torrent's files (T47, S24). Looks at directories, not at payload.
 */
#ifndef BTTUI_TORRENT_DOWNLOAD_PATH_H
#define BTTUI_TORRENT_DOWNLOAD_PATH_H

#include "meta/metainfo.h"

#include <stdbool.h>

/* DIR as an absolute path, links as they are; the caller frees. NULL: out of memory, or
 * the current directory is gone. */
char *download_path_absolute(const char *dir);
/* The same with the links of what exists resolved: for comparing. */
char *download_path_resolved(const char *dir);
/* Whether the torrent's files would lie in STATE_DIR, or STATE_DIR in them. */
bool download_path_is_inside(const struct metainfo *metainfo, const char *dir,
                             const char *state_dir);
/* The torrent's name below DIR, links resolved; the caller frees. NULL: as above. */
char *download_path_root(const struct metainfo *metainfo, const char *dir);
struct download_place {
    const struct metainfo *meta;
    const char *dir;
    const char *root;   /* download_path_root's; made once, for many comparisons */
    const char *suffix; /* its files may have it behind their names; NULL: none */
};
/* Whether two torrents name one file, with a suffix or without, unless they are the same
 * content in the same layout. */
bool download_path_overlaps(const struct download_place *a,
                            const struct download_place *b);

#endif
