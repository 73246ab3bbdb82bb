/*
 * Among equally rare pieces, which are ours to fetch first: leechers that have no word
 * with each other still part the work if each puts the same claims on a piece and fetches
 * first what its own claim is the highest on (rendezvous hashing; no BEP speaks of it and
 * nothing is sent). A lone seed then gives nearly everything once, and the leechers the
 * rest to each other. Who lies about its id only makes us choose differently among
 * equals.
 */
#ifndef BTTUI_PIECE_SHARES_H
#define BTTUI_PIECE_SHARES_H

#include <stdint.h>

#define SHARES_OTHERS_MAX 32u
#define SHARES_ID_BYTES   20u

struct shares {
    uint64_t own;
    uint64_t others[SHARES_OTHERS_MAX];
    uint32_t count;
};

/* What a peer id counts as; the same for everybody who sees it. */
uint64_t shares_key(const uint8_t peer_id[SHARES_ID_BYTES]);
/*
 * When PIECE is to be fetched among its equals: the lowest first, below 1 << SHARES_BITS.
 * Ours come first, then those on which one other has a better claim, then two. We begin
 * with what our claim is highest on, and help others with what theirs is lowest on, which
 * they come to last. Alone with a seed: DRAW decides, any number. O(count).
 */
#define SHARES_BITS 16
uint32_t shares_turn(const struct shares *shares, uint32_t piece, uint32_t draw);

#endif
