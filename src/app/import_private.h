/* What the parts of `bttui import` share. */
#ifndef BTTUI_APP_IMPORT_PRIVATE_H
#define BTTUI_APP_IMPORT_PRIVATE_H

#include "app/options.h"
#include "torrent/import_files.h"
#include "torrent/import_target.h"

#define IMPORT_MARKERS 2
#define IMPORT_PLACES  5

/* Where a client keeps what. */
struct import_kind {
    const char *word, *name;
    const char *markers[IMPORT_MARKERS]; /* globs: the session has a name for each */
    const char *places[IMPORT_PLACES];   /* the session, below what was given */
    const char *torrents;                /* the directory of STEM.torrent, below it */
    struct {
        const char *before, *after; /* the stem stands between; AFTER NULL: no stem */
    } parts[IMPORTED_PARTS];
    imported_reader *read;
    imported_metainfo_maker *make; /* of the first part alone; NULL: it cannot be */
    const char *suffix;            /* of unfinished files' names; NULL: none */
    const char *pid_file;          /* below the session, or beside it; NULL: none */
};

enum import_state { IMPORT_TAKEN, IMPORT_TO_CHECK, IMPORT_LEFT_OUT };

struct import_result {
    char *name; /* raw, owned */
    struct info_hash hash;
    bool has_hash; /* its torrent file could be read */
    enum import_state state;
    enum import_note note;
    char *detail; /* raw, owned; NULL: none */
    uint32_t piece_count, have;
    bool paused;
};

struct import {
    const struct options *options;
    const struct import_kind *kind;
    char *session; /* the other client's directory */
    long running;  /* its process; 0: it does not seem to run */
    struct import_target target;
    struct import_result *results;
    uint32_t result_count;
};

/* import_kind.c */
/* The session below DIR: of the kind called WORD, or of any (NULL). *ret_path, its
 * directory with links resolved, is malloc'ed. NULL: none was found. */
const struct import_kind *import_kind_find(const char *word, const char *dir,
                                           char **ret_path);
/* What stands before ".torrent" in the names in SESSION, and before the part's ending
 * where a torrent can be made of that; sorted. Each and the array are malloc'ed. */
enum error_code import_kind_stems(const struct import_kind *kind, const char *session,
                                  char ***ret_stems, uint32_t *ret_count) MUST_CHECK;
char *import_kind_torrent_path(const struct import_kind *kind, const char *session,
                               const char *stem);
/* NULL: out of memory, or there is no such part. */
char *import_kind_part_path(const struct import_kind *kind, const char *session,
                            const char *stem, int part);

/* import_running.c */
/* The process of the client that uses SESSION now, as far as it can be told; 0: none. */
long import_running(const struct import_kind *kind, const char *session);

/* import_report.c */
enum exit_status import_report(const struct import *import);

#endif
