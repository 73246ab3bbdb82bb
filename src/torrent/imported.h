/*
 * What another client's session says of a torrent: each client's resume data read into
 * one record. Pure: bytes in, record out; nothing is looked at on disk and nothing is
 * believed yet (torrent/import_files.c holds it against the files).
 */
#ifndef BTTUI_TORRENT_IMPORTED_H
#define BTTUI_TORRENT_IMPORTED_H

#include "base/bitfield.h"
#include "base/buffer.h"
#include "meta/bencode.h"
#include "meta/metainfo.h"
#include "torrent/settings.h"

#define IMPORTED_DIRS  3
#define IMPORTED_PARTS 2 /* files of resume data that a torrent has, at most */

/* In place of a file's time. */
#define IMPORTED_TIME_UNTOLD (-1) /* the client keeps none */
#define IMPORTED_TIME_UNSURE (-2) /* it keeps them, and had no right one of this file */

struct imported {
    char *dirs[IMPORTED_DIRS]; /* absolute, the likeliest first, then NULL: where its
                                  data are; each is owned */
    struct bitfield have;      /* piece_count bits */
    struct bitfield uncertain; /* of them, what a power loss since uncertain_s may have
                                  taken; size 0: none */
    int64_t uncertain_s;
    bool unverified;          /* there are pieces more that are not verified yet */
    struct bitfield unwanted; /* file_count bits; size 0: all are wanted */
    int8_t *priorities;       /* file_count: -1, 0 or 1; NULL: all 0; owned */
    int64_t *times_s;         /* file_count: none was changed after its own; NULL: the
                                 client keeps none; owned */
    bool exact_times;         /* nor before: they are the files' own */
    uint32_t renamed_count;   /* files that stand under another path than their own */
    char *renamed; /* the first one's, below the directory; owned; NULL: none */
    struct torrent_settings settings;
    uint64_t downloaded, uploaded;
    uint64_t seeded_s;            /* how long it has seeded */
    int64_t added_s, completed_s; /* since the epoch; 0: not told */
};

/* What is said of one besides: why it is left out, or why it is to be checked. */
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

void imported_done(struct imported *imported);

/* What is at the end of the name of an unfinished file. */
#define IMPORTED_SUFFIX_TRANSMISSION ".part"
#define IMPORTED_SUFFIX_QBITTORRENT  ".!qB"

struct imported_part {
    const uint8_t *bytes; /* NULL: there is no such file */
    size_t length;
};

/* PARTS are IMPORTED_PARTS of METAINFO's torrent. ERROR_MISSING: nothing is said of it
 * there. ERROR_CORRUPT: not such data, or of another torrent. ERROR_MEMORY. On failure
 * RET is untouched. What is odd in what need not be there counts as not there. */
typedef enum error_code imported_reader(const struct imported_part *parts,
                                        const struct metainfo *metainfo,
                                        struct imported *ret_imported);
/* resume/NAME.resume */
imported_reader imported_read_transmission;
/* HASH.fastresume */
imported_reader imported_read_qbittorrent;
/* torrents.fastresume, of all torrents */
imported_reader imported_read_deluge;
/* HASH.torrent.rtorrent, HASH.torrent.libtorrent_resume */
imported_reader imported_read_rtorrent;

/* The torrent file that a HASH.fastresume has in it, where there is none beside it: what
 * came by a magnet link. Appends it to TORRENT. ERROR_MISSING: the metadata have not come
 * yet. ERROR_CORRUPT, ERROR_LIMIT: past its cap, ERROR_MEMORY. */
typedef enum error_code imported_metainfo_maker(const struct imported_part *part,
                                                struct buffer *torrent);
imported_metainfo_maker imported_make_libtorrent;

#endif
