/*
 * Other names for a torrent's files than its own. A metainfo is immutable, so a renamed
 * torrent is another one that owns its names and shares all the rest with the one that
 * was read; struct metainfo's `own` leads back to that. What differs can be noted beside
 * the torrent (struct metainfo_given) and brought back. Pure; any thread.
 */
#ifndef BTTUI_META_METAINFO_RENAME_H
#define BTTUI_META_METAINFO_RENAME_H

#include "meta/metainfo.h"

struct metainfo_new_path {
    uint32_t file;
    char *path; /* below the torrent's name */
};
/* What is not as the torrent says. All 0: nothing. */
struct metainfo_given {
    char *name;                      /* of the torrent; NULL: its own; owned */
    struct metainfo_new_path *paths; /* in the order of files; owned */
    uint32_t count;
};
void metainfo_given_done(struct metainfo_given *names);
/* Those of METAINFO; its own are none. */
enum error_code metainfo_given_of(const struct metainfo *metainfo,
                                  struct metainfo_given *ret_names) MUST_CHECK;

/* The torrent with the names of NAMES instead of its own. ERROR_NAME: one cannot be used
 * on a disk; ERROR_EXISTS: two would be one; ERROR_LIMIT: a path becomes too long;
 * ERROR_INVALID: no such file. */
enum error_code metainfo_apply_given(struct metainfo *metainfo,
                                     const struct metainfo_given *names,
                                     struct metainfo **ret_renamed) MUST_CHECK;

/* One with PATH, a file or a directory of METAINFO below the download directory, called
 * NAME, in the same directory. What was renamed back to its own names comes out as the
 * torrent that was read. ERROR_NOT_FOUND: it has no PATH; ERROR_REFUSED: names of it
 * differ in no more than case or accents, so that only the whole can be renamed;
 * ERROR_EXISTS: so is something else of it called, or nearly; others as above. */
enum error_code metainfo_rename(struct metainfo *metainfo, const char *path,
                                const char *name,
                                struct metainfo **ret_renamed) MUST_CHECK;
/* PATH with NAME instead of its last component; the caller frees. NULL: out of memory. */
char *metainfo_sibling_path(const char *path, const char *name);

#endif
