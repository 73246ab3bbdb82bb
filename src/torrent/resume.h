/*
 * Resume data: what a torrent claims to have, with how its files looked when it did, so
 * that a restart trusts no file that was changed since (HOSTILE.md R5, R6). Pure: bytes
 * in and out; torrent/ keeps them through disk/'s state files.
 */
#ifndef BTTUI_TORRENT_RESUME_H
#define BTTUI_TORRENT_RESUME_H

#include "base/bitfield.h"
#include "base/buffer.h"
#include "base/digest.h"
#include "base/netaddr.h"
#include "disk/storage.h"
#include "meta/metainfo_rename.h"

#include <stdbool.h>
#include <stdint.h>

/* Addresses of trackers, each once. */
struct resume_urls {
    char **texts; /* owned */
    uint32_t count;
};
enum error_code resume_urls_add(struct resume_urls *urls, const char *bytes,
                                size_t length) MUST_CHECK;
bool resume_urls_drop(struct resume_urls *urls, const char *url); /* false: not there */

struct resume {
    struct info_hash hash;
    struct bitfield have;      /* piece_count bits; owned */
    struct file_stamp *stamps; /* file_count; owned; NULL: none were taken */
    struct bitfield unwanted;  /* file_count bits; size 0: all are wanted; owned */
    int8_t *priorities;        /* of files, -1, 0 or 1; NULL: all 0; owned */
    bool clean;                /* the last act of a session that ended well */
    bool paused;               /* counts only where the list of the session is lost */
    bool portable_names;       /* METAINFO_NAMES_PORTABLE: where its files are */
    uint64_t downloaded, uploaded;
    uint64_t seeded_s; /* how long it has seeded */
    int64_t added_s, completed_s;
    char *download_dir;                                  /* owned */
    struct resume_urls trackers_added, trackers_removed; /* by people; owned */
    /* Where there may be half a copy, or what is left of a place that counts no longer;
     * where it belongs once it is complete. NULL: nowhere. Owned. */
    char *moving_to, *moved_from, *final_dir;
    char *suffix;                /* of files that are not complete; NULL: none; owned */
    struct metainfo_given given; /* the names its files were given; owned */
    /* The last of these may not have reached the disk: what may still be called FROM
     * there is to be called TO, both below the directory. NULL: it has. Owned. */
    char *renamed_from, *renamed_to;
    struct netaddr *peers; /* to be called again; owned; NULL: none */
    uint32_t peer_count;   /* at most RESUME_PEERS_MAX */
};
#define RESUME_PEERS_MAX 50u

void resume_done(struct resume *resume);
/* PEERS, COUNT of them, become its own, and take no more memory than they need. */
void resume_take_peers(struct resume *resume, struct netaddr *peers, uint32_t count);
enum error_code resume_encode(const struct resume *resume, uint32_t file_count,
                              struct buffer *buffer) MUST_CHECK;
/* ERROR_CORRUPT: not resume data, or of another torrent. ERROR_MEMORY says nothing about
 * them. RET is untouched then. */
enum error_code resume_decode(const uint8_t *bytes, size_t length,
                              const struct metainfo *metainfo,
                              struct resume *ret_resume) MUST_CHECK;

/*
 * What is to be hashed before the claims hold: pieces of files that do not look as they
 * did, and, unless the end was clean, pieces not claimed in files that are there. Clears
 * from HAVE what is not to be trusted; it may be RESUME's own, and is made when it is
 * empty (no resume data: what is there is hashed). TO_HASH is made here (piece_count
 * bits).
 */
enum error_code resume_compare(const struct resume *resume,
                               const struct metainfo *metainfo,
                               const struct file_stamp *now, struct bitfield *have,
                               struct bitfield *ret_to_hash) MUST_CHECK;

#endif
