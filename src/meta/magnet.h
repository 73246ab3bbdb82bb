/*
 * Magnet links (BEP 9, 53) and bare info-hashes, read by HOSTILE.md's M rows: what names
 * the torrent must be right to the letter, what else is wrong is left out. Pure; any
 * thread.
 */
#ifndef BTTUI_META_MAGNET_H
#define BTTUI_META_MAGNET_H

#include "base/buffer.h"
#include "base/digest.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAGNET_MAX_BYTES ((size_t)64 << 10)
#define MAGNET_MAX_EACH  100u /* trackers, web seeds, peers: what is more is ignored */

struct magnet_list {
    char **texts; /* owned, and each of them */
    uint32_t count;
};

struct magnet {
    bool has_v1, has_v2;
    struct info_hash hash;         /* has_v1: xt=urn:btih: */
    uint8_t hash_v2[SHA256_BYTES]; /* has_v2: xt=urn:btmh:1220… */
    char *name; /* dn, raw, at most 4 KiB: untrusted, and no part of a path; NULL: none */
    char *select;                /* so, as --select takes it: "1,3-5"; NULL: all files */
    struct magnet_list trackers; /* tr: addresses that metainfo_url_is_usable */
    struct magnet_list webseeds; /* ws: the same, http and https */
    struct magnet_list peers;    /* x.pe: "host:port", of printable ASCII, port not 0 */
};

/* Whether TEXT means to be a magnet link or has the form of an info-hash: 40 hex digits
 * or 32 of base32 (v1), 1220 and 64 hex digits (v2). */
bool magnet_is_one(const char *text);

/* Reads LENGTH bytes of TEXT, a link or a bare info-hash. ERROR_LIMIT: longer than
 * MAGNET_MAX_BYTES; ERROR_SYNTAX: no link; ERROR_INVALID: what names the torrent is
 * missing, no hash, or two of them. RET is untouched on failure. */
enum error_code magnet_parse(const char *text, size_t length,
                             struct magnet *ret_magnet) MUST_CHECK;
void magnet_done(struct magnet *magnet);

/* The link that says what MAGNET holds: read again it is the same. Appends, without a
 * NUL.
 */
enum error_code magnet_write(const struct magnet *magnet,
                             struct buffer *buffer) MUST_CHECK;

#endif
