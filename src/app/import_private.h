/* What the parts of `bttui import` share. */
#ifndef BTTUI_APP_IMPORT_PRIVATE_H
#define BTTUI_APP_IMPORT_PRIVATE_H

#include "app/imported.h"
#include "app/options.h"
#include "disk/storage.h"
#include "torrent/download_path.h"
#include "torrent/state_dir.h"

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

enum import_note {
    IMPORT_NOTE_NONE,
    /* why it was left out */
    IMPORT_NOTE_ALREADY,
    IMPORT_NOTE_DAMAGED,
    IMPORT_NOTE_NO_METADATA,
    IMPORT_NOTE_NO_RESUME,
    IMPORT_NOTE_NO_DIR,
    IMPORT_NOTE_INSIDE,
    IMPORT_NOTE_OVERLAP,
    IMPORT_NOTE_RUNNING,
    IMPORT_NOTE_UNWRITTEN,
    /* why it is to be checked */
    IMPORT_NOTE_MISSING,
    IMPORT_NOTE_CHANGED,
    IMPORT_NOTE_UNREADABLE,
    IMPORT_NOTE_UNVERIFIED,
    IMPORT_NOTE_RENAMED
};

struct import_result {
    char *name; /* raw, owned */
    struct info_hash hash;
    bool has_hash; /* its torrent file could be read */
    enum import_state state;
    enum import_note note;
    char *detail; /* raw, owned; NULL: none */
    uint32_t piece_count, have;
    struct torrent_settings settings;
    int64_t added_s;
};

struct import {
    const struct options *options;
    const struct import_kind *kind;
    char *session; /* the other client's directory */
    long running;  /* its process; 0: it does not seem to run */
    struct state_dir state;
    struct saved_list list;        /* of ours */
    struct download_place *places; /* of the torrents in it and of those taken over */
    uint32_t place_count, place_capacity;
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

/* import_files.c */
/* The one of IMPORTED's directories that has files of METAINFO's, or the first. */
const char *import_files_dir(const struct import_kind *kind,
                             const struct metainfo *metainfo,
                             const struct imported *imported);
/* How many are there under an unfinished file's name alone. RENAME gives them their own.
 */
uint32_t import_files_unfinished(const struct import_kind *kind,
                                 const struct metainfo *metainfo, const char *dir,
                                 bool rename);
/* How they look; malloc'ed, file_count. NULL: out of memory. */
struct file_stamp *import_files_stamps(const struct metainfo *metainfo, const char *dir);
/* What was not certain is claimed no more if the system has come up since, at BOOTED_S on
 * the wall clock. Pure. */
void import_files_drop_uncertain(struct imported *imported, int64_t booted_s);
/* Whether what IMPORTED claims can be there, by the files' sizes and times alone: NONE,
 * MISSING or CHANGED, with the first file it is about. Pure. */
enum import_note import_files_compare(const struct metainfo *metainfo,
                                      const struct imported *imported,
                                      const struct file_stamp *stamps,
                                      uint32_t *ret_file);
/* Puts files of which something is claimed on the device, so that a power loss takes
 * nothing of that: NONE, or UNREADABLE with the first file that this cannot be done to.
 */
enum import_note import_files_sync(const struct metainfo *metainfo,
                                   const struct imported *imported, const char *dir,
                                   uint32_t *ret_file);

/* import_save.c */
/* Opens the state directory for this process alone and reads its list. What is wrong is
 * told on standard error. */
enum exit_status import_save_open(struct import *import);
void import_save_close(struct import *import);
/* In the list, or taken over into it. */
bool import_save_has(const struct import *import, const struct info_hash *hash);
/* Where METAINFO's data would lie: NONE, INSIDE, or OVERLAP with the torrent that is in
 * *ret_other. */
enum import_note import_save_check_place(const struct import *import,
                                         struct metainfo *metainfo, const char *dir,
                                         const struct metainfo **ret_other);
/* Writes torrent and resume data; STAMPS NULL: all that is there is to be checked. */
enum error_code import_save_torrent(struct import *import, struct metainfo *metainfo,
                                    const struct imported_part *torrent,
                                    const struct imported *imported, const char *dir,
                                    const struct file_stamp *stamps) MUST_CHECK;
/* Writes the list, with those taken over at its end by the time they were added. */
enum error_code import_save_list(struct import *import) MUST_CHECK;

/* import_report.c */
enum exit_status import_report(const struct import *import);

#endif
