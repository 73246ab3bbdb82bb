/*
 * Who spoiled a piece that failed its hash. The blocks of a failed piece leave their
 * digests here, with those who delivered them. Proof is one of three things:
 *
 *   - the piece came from one peer alone;
 *   - the piece passed later, or its right digests are known (BEP 52), and a block of it
 *     is not what that peer delivered;
 *   - the peer delivered one block twice, and differently.
 *
 * Nobody is blamed for having been there. Only when the digests are lost (the disk could
 * not tell them, or memory is short) does a part in a failed piece count as a strike, and
 * three of those are enough; a whole piece delivered right clears them.
 */
#ifndef BTTUI_PIECE_SMART_BAN_H
#define BTTUI_PIECE_SMART_BAN_H

#include "base/digest.h"
#include "piece/source.h"

#include <stdbool.h>
#include <stddef.h>

#define SMART_BAN_STRIKES      3
#define SMART_BAN_ATTEMPTS     8          /* kept for each piece */
#define SMART_BAN_BYTES        (4u << 20) /* for all digests */
#define SMART_BAN_STRIKERS_MAX 1024u      /* addresses with strikes */
#define SMART_BAN_VERDICT_MAX  32u

struct smart_ban;

/* Sources named guilty; each holds a reference until smart_ban_verdict_done. */
struct smart_ban_verdict {
    struct piece_source *guilty[SMART_BAN_VERDICT_MAX];
    uint32_t count;
};
void smart_ban_verdict_done(struct smart_ban_verdict *verdict);

struct smart_ban *smart_ban_new(void); /* NULL: out of memory */
void smart_ban_free(struct smart_ban *ban);

/* Whether digests of this piece are kept, so that those of the next attempt are worth
 * having even if it passes. */
bool smart_ban_wants_digests(const struct smart_ban *ban, uint32_t piece);

/*
 * PIECE failed: block i came from FROM[i] with the digest SHA1S + i * SHA1_BYTES (SHA1S
 * NULL: not known). Adds to VERDICT whoever is proven guilty and puts the others that had
 * a part in it on parole.
 */
void smart_ban_failed(struct smart_ban *ban, uint32_t piece, uint32_t block_count,
                      struct piece_source *const *from, const uint8_t *sha1s,
                      struct smart_ban_verdict *verdict);
/* PIECE passed: adds to VERDICT whoever delivered something else before. */
void smart_ban_passed(struct smart_ban *ban, uint32_t piece, uint32_t block_count,
                      struct piece_source *const *from, const uint8_t *sha1s,
                      struct smart_ban_verdict *verdict);

/* The right digests of a piece that failed are known: adds to VERDICT whoever delivered
 * something else, now or before, and ends the parole of the others. */
void smart_ban_proved(struct smart_ban *ban, uint32_t piece, uint32_t block_count,
                      struct piece_source *const *from, const uint8_t *sha1s,
                      const uint8_t *right_sha1s, struct smart_ban_verdict *verdict);

/* Bytes held for digests, at most SMART_BAN_BYTES. */
size_t smart_ban_bytes(const struct smart_ban *ban);

#endif
