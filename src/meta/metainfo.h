/*
 * A .torrent file (BEP 3, 7, 12, 19, 27, 47, 52), read by HOSTILE.md's T rows into a
 * record that can be trusted: every count checked against every other, every path safe to
 * create below the download directory, every hash of a v2 file's pieces checked against
 * its root, both halves of a hybrid against each other. Immutable once made, so any
 * thread may read it.
 *
 * Pieces and files share one space of offsets. A v1 torrent's files fill it without gaps.
 * In a v2 torrent each file that is not empty begins at a piece; what is left of its last
 * piece is in no file. A hybrid is laid out by its v1 half, whose padding files fill
 * those gaps.
 */
#ifndef BTTUI_META_METAINFO_H
#define BTTUI_META_METAINFO_H

#include "base/digest.h"
#include "base/error.h"
#include "base/piece_tails.h"

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
    struct metainfo *own; /* of a renamed one (metainfo_rename.h): that which was read, to
                             which belongs what is not a name; NULL: this is it */
    struct info_hash hash; /* SHA-1 of the raw info dictionary; of a v2-only torrent the
                              first bytes of hash_v2 */
    uint8_t *info;         /* that dictionary, as it stood in the file */
    size_t info_bytes;
    bool awaited; /* it has not come yet (metainfo_new_awaited) */
    char *name;   /* sanitised for disk; for people through text_clean */
    uint32_t piece_bytes;
    uint32_t piece_count;
    uint8_t *piece_hashes;    /* SHA1_BYTES each, in `info`; NULL: v2_only */
    uint64_t total_bytes;     /* from the first piece to the last one's end: padding and,
                                 of a v2-only torrent, gaps are counted */
    uint64_t payload_bytes;   /* of the files that are no padding */
    uint64_t unfetched_bytes; /* of pieces, which the tails leave out */
    struct piece_tail *tails; /* what is fetched of pieces that are not fetched whole;
                                 NULL: all are, and the last ends with total_bytes */
    uint32_t tail_count;
    struct metainfo_file *files; /* by offset */
    uint32_t file_count;
    bool multi_file; /* files stand in a directory called `name` */
    bool is_private;
    bool portable_names;           /* its paths are such as FAT and Windows take */
    bool hybrid;                   /* has a v1 and a v2 half, which agree */
    bool v2_only;                  /* has no v1 half */
    uint8_t hash_v2[SHA256_BYTES]; /* of both: SHA-256 of the raw info dictionary */
    uint8_t
        *file_roots; /* of both: SHA256_BYTES a file; zeros if it is empty or padding */
    uint8_t *piece_roots; /* of both: SHA256_BYTES a piece, the root of its own hash tree;
                             NULL: they are not known (METAINFO_WITHOUT_LAYERS) */
    uint8_t *chunk_roots; /* as piece_roots, see metainfo_chunk_root */
    uint32_t
        *files_by_root; /* those with a root, ordered by it; one of those with the same */
    uint32_t rooted_count;
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
/* The same of a file put together from an info dictionary alone, which has no piece
 * layers if no peer has sent them: METAINFO_WITHOUT_LAYERS takes a v2 or hybrid torrent
 * that has none at all; what it has must be right. */
enum metainfo_leave { METAINFO_WITHOUT_LAYERS = 1 << 0 };
enum error_code metainfo_parse_leniently(const uint8_t *bytes, size_t length,
                                         unsigned leave, struct metainfo **ret_metainfo,
                                         struct metainfo_error *ret_error) MUST_CHECK;
/* What stands for the metainfo of a magnet link until it comes: the hash, a name for
 * people that is no part of any path, trackers and web seeds; no pieces, no files, no
 * bytes. NULL: out of memory. */
struct magnet;
struct metainfo *metainfo_new_awaited(const struct magnet *magnet);
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

/* Bytes of PIECE, which is < piece_count: piece_bytes but for the last, and for those in
 * which a file of a v2-only torrent ends. What its v1 hash is about has no other length.
 */
uint32_t metainfo_piece_length(const struct metainfo *metainfo, uint32_t piece);
/* Of the hash tree of PIECE, of a torrent with v2: how many bytes of a file it is over,
 * and the levels above its leaves. */
struct piece_tree {
    uint32_t bytes;
    unsigned levels;
};
struct piece_tree metainfo_piece_tree(const struct metainfo *metainfo, uint32_t piece);

/* Of each file with more than so many pieces, from its first on, the node above so many
 * is kept: chunk CHUNK of a file whose first piece is FIRST_PIECE. */
#define METAINFO_CHUNK_PIECES 512u
static inline uint8_t *metainfo_chunk_root(const struct metainfo *metainfo,
                                           uint32_t first_piece, uint32_t chunk)
{
    /* Twice the room that is needed, so that no two files meet. */
    return metainfo->chunk_roots +
           ((size_t)first_piece / (METAINFO_CHUNK_PIECES / 2) + chunk) * SHA256_BYTES;
}

/* What the bytes of a piece come to. */
struct piece_digest {
    uint8_t sha1[SHA1_BYTES];   /* unless v2_only */
    uint8_t root[SHA256_BYTES]; /* of its hash tree, where the piece_roots are known */
};
/* TORN: right by one half of a hybrid and wrong by the other, so that whoever made the
 * torrent is to blame (T46). */
enum piece_verdict { PIECE_WRONG, PIECE_RIGHT, PIECE_TORN };
enum piece_verdict metainfo_judge_piece(const struct metainfo *metainfo, uint32_t piece,
                                        const struct piece_digest *digest);
/* All bytes that are fetched: total_bytes but for unfetched_bytes. */
static inline uint64_t metainfo_fetched_bytes(const struct metainfo *metainfo)
{
    return metainfo->total_bytes - metainfo->unfetched_bytes;
}
/* What lives as long as anything of METAINFO does, by whatever names. */
static inline const struct metainfo *metainfo_own(const struct metainfo *metainfo)
{
    return metainfo->own != NULL ? metainfo->own : metainfo;
}
/* All that it lists: padding is listed in v1 and hybrid torrents. */
static inline uint64_t metainfo_shown_bytes(const struct metainfo *metainfo)
{
    return metainfo->v2_only ? metainfo->payload_bytes : metainfo->total_bytes;
}
static inline bool metainfo_has_v2(const struct metainfo *metainfo)
{
    return metainfo->hybrid || metainfo->v2_only;
}
/* hash_v2 as handshakes, trackers and the DHT have it: its first bytes (BEP 52). */
struct info_hash metainfo_short_hash_v2(const struct metainfo *metainfo);
/* Whether HASH is one that peers know it by: a hybrid has two. */
bool metainfo_has_hash(const struct metainfo *metainfo, const struct info_hash *hash);
/* The last file that begins at or before OFFSET and is not empty, in O(log n). */
uint32_t metainfo_file_at(const struct metainfo *metainfo, uint64_t offset);
/* The file with this root of its hash tree, one of those that have it. False: none has.
 */
bool metainfo_find_root(const struct metainfo *metainfo, const uint8_t root[SHA256_BYTES],
                        uint32_t *ret_file);
/* The path below the torrent's name (the name itself if the file is alone). */
const char *metainfo_file_path(const struct metainfo *metainfo, uint32_t file);

#endif
