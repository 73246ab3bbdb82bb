/*
 * A .torrent file (BEP 3, 7, 12, 19, 27, 47), read by HOSTILE.md's T rows into a record
 * that can be trusted: every count checked against every other, every path safe to create
 * below the download directory. v2-only files (BEP 52) are refused, hybrids are used by
 * their v1 half. Immutable once made, so any thread may read it.
 */
#ifndef BTTUI_META_METAINFO_H
#define BTTUI_META_METAINFO_H

#include "base/digest.h"
#include "base/error.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define METAINFO_MAX_BYTES       ((size_t)32 << 20)
#define METAINFO_MAX_PIECES      2097152u
#define METAINFO_MAX_PIECE_BYTES (UINT32_C(256) << 20)
#define METAINFO_MAX_FILES       1000000u
#define METAINFO_MAX_TOTAL_BYTES ((UINT64_C(1) << 48) - 1)
#define METAINFO_MAX_URLS        100u

struct metainfo_file {
    char *path;      /* below the download directory: "name/dir/file", or "name" if it is
                        alone; sanitised, unique but for pads */
    uint64_t offset; /* in the torrent */
    uint64_t length;
    bool pad; /* BEP 47 padding or a symbolic link: never written, reads as zeros */
};

struct metainfo_tracker {
    char *url;
    uint32_t tier; /* from 0, without gaps */
};

enum metainfo_warning {
    METAINFO_WARNING_TRAILING = 1 << 0, /* bytes after the top dictionary */
    METAINFO_WARNING_UNSORTED = 1 << 1, /* keys out of order */
    METAINFO_WARNING_RENAMED = 1 << 2,  /* a path was not usable as it stood */
    METAINFO_WARNING_TRACKER = 1 << 3,  /* a tracker's address is none we can use */
    METAINFO_WARNING_SYMLINK = 1 << 4   /* a symbolic link, which is not created */
};
#define METAINFO_WARNING_BITS 5

struct metainfo {
    atomic_uint more_references; /* than one */
    struct info_hash hash;       /* SHA-1 of the raw info dictionary */
    char *name;                  /* sanitised for disk; for people through text_clean */
    uint32_t piece_bytes;
    uint32_t piece_count;
    uint8_t *piece_hashes; /* SHA1_BYTES each */
    uint64_t total_bytes;
    struct metainfo_file *files; /* by offset */
    uint32_t file_count;
    bool multi_file; /* files stand in a directory called `name` */
    bool is_private;
    bool portable_names;           /* its paths are such as FAT and Windows take */
    bool hybrid;                   /* has a v2 half, which is not used */
    uint8_t hash_v2[SHA256_BYTES]; /* of a hybrid: SHA-256 of the raw info dictionary */
    struct metainfo_tracker *trackers;
    uint32_t tracker_count;
    char **webseeds;
    uint32_t webseed_count;
    char *comment, *creator; /* raw, at most 4 KiB, "" if none: untrusted */
    int64_t created_s;       /* since the epoch; 0: not told */
    uint32_t renamed_file; /* the first whose path is not as it stood; file_count: none */
    uint32_t warnings;     /* enum metainfo_warning, or-ed */
};

struct metainfo_error {
    enum error_code code;
    char message[256]; /* what is wrong, translated: "pieces: 39 bytes is not …" */
};

/* BYTES are not kept. On failure *ret_metainfo is untouched and *ret_error tells why. */
enum error_code metainfo_parse(const uint8_t *bytes, size_t length,
                               struct metainfo **ret_metainfo,
                               struct metainfo_error *ret_error) MUST_CHECK;
/* What is asked of names beyond what every disk asks: METAINFO_NAMES_PORTABLE changes
 * those that Windows or a FAT file system does not take; METAINFO_NAMES_STRICT then
 * refuses a torrent any of whose files would be written under another name than its own
 * (ERROR_NAME). To be called before METAINFO has a second owner; on failure it is good
 * for nothing but metainfo_free. */
enum metainfo_names { METAINFO_NAMES_PORTABLE = 1 << 0, METAINFO_NAMES_STRICT = 1 << 1 };
enum error_code metainfo_set_names(struct metainfo *metainfo, unsigned names,
                                   struct metainfo_error *ret_error) MUST_CHECK;
/* Another owner: a worker may read it after the torrent is gone. Any thread. */
struct metainfo *metainfo_ref(struct metainfo *metainfo);
/* Gives up one reference; the last frees it. NULL is ignored. Any thread. */
void metainfo_free(struct metainfo *metainfo);

/* The translated sentence for one bit of `warnings`. */
const char *metainfo_warning_text(enum metainfo_warning warning);

/* Reads PATH into memory the caller frees: a regular file of at most METAINFO_MAX_BYTES,
 * opened once and never waited for (T11, T48). */
enum error_code metainfo_read_file(const char *path, uint8_t **ret_bytes,
                                   size_t *ret_length,
                                   struct metainfo_error *ret_error) MUST_CHECK;

/* Whether a tracker or web seed with this URL can be asked (T41): http or https (or udp
 * with a port), printable ASCII, a host, no user or password. */
bool metainfo_url_is_usable(const char *bytes, size_t length, bool allow_udp);

/* Bytes of PIECE, which is < piece_count: piece_bytes but for the last. */
uint32_t metainfo_piece_length(const struct metainfo *metainfo, uint32_t piece);
/* The last file that begins at or before OFFSET and is not empty, in O(log n). */
uint32_t metainfo_file_at(const struct metainfo *metainfo, uint64_t offset);
/* The path below the torrent's name (the name itself if the file is alone). */
const char *metainfo_file_path(const struct metainfo *metainfo, uint32_t file);

#endif
