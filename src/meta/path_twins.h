/*
 * Paths of one torrent that are two on most file systems and one on others, which ignore
 * case (FAT, NTFS, ext4 where asked to) or normalise (HFS+, ZFS): HOSTILE.md T31. Which
 * of them really are one is for disk/ to find out, where the files are made. Pure.
 */
#ifndef BTTUI_META_PATH_TWINS_H
#define BTTUI_META_PATH_TWINS_H

#include "meta/metainfo.h"

struct path_twin {
    uint32_t file;
    uint32_t
        first;  /* the lowest-numbered file it may coincide with: that keeps its name */
    char *name; /* its path if it does: with ".1", ".2" … behind it */
};
struct path_twins {
    uint32_t count;
    struct path_twin twins[]; /* in the order of files */
};

/* *ret_twins: NULL when there are none, as nearly always. It errs to the side of finding
 * some. O(n log n). */
enum error_code path_twins_find(const struct metainfo *metainfo,
                                struct path_twins **ret_twins) MUST_CHECK;
void path_twins_free(struct path_twins *twins);
/* NULL: FILE has no twin before it. */
const struct path_twin *path_twins_of(const struct path_twins *twins, uint32_t file);

#endif
