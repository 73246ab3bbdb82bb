/*
 * The hash trees of BitTorrent v2 (BEP 52): SHA-256, two children a node, a leaf for each
 * 16 KiB of a file. Layer 0 is the leaves; a node of layer k covers 2^k of them. What a
 * tree lacks to be full are leaves of zeros, and nodes above them. Hashes lie end to end,
 * SHA256_BYTES each. Nothing is allocated; the work is one hash a node. Any thread.
 */
#ifndef BTTUI_BASE_MERKLE_H
#define BTTUI_BASE_MERKLE_H

#include "base/digest.h"

#include <stdbool.h>
#include <stdint.h>

#define MERKLE_LEAF_BYTES (UINT32_C(16) << 10)
#define MERKLE_LAYERS_MAX 40u

/* The least k with 2^k >= COUNT, which is at most 2^32. */
unsigned merkle_levels(uint64_t count);

/* What a node of LAYER, below MERKLE_LAYERS_MAX, is that covers nothing of a file. */
void merkle_padding(unsigned layer, uint8_t ret_hash[SHA256_BYTES]);

/* A node from its two children. */
void merkle_parent(const uint8_t left[SHA256_BYTES], const uint8_t right[SHA256_BYTES],
                   uint8_t ret_hash[SHA256_BYTES]);

/* A tree that is built from left to right. */
struct merkle {
    uint8_t left[MERKLE_LAYERS_MAX][SHA256_BYTES];
    uint64_t count; /* hashes so far */
};
static inline void merkle_begin(struct merkle *merkle)
{
    merkle->count = 0;
}
void merkle_add(struct merkle *merkle, const uint8_t hash[SHA256_BYTES]);
/* As merkle_root of all that was added. */
void merkle_end(const struct merkle *merkle, unsigned layer, unsigned levels,
                uint8_t ret_hash[SHA256_BYTES]);

/* The node LEVELS above LAYER whose COUNT first descendants in LAYER are HASHES, and
 * whose others are padding. 0 < COUNT <= 2^LEVELS; LAYER + LEVELS < MERKLE_LAYERS_MAX. */
void merkle_root(const uint8_t *hashes, uint64_t count, unsigned layer, unsigned levels,
                 uint8_t ret_hash[SHA256_BYTES]);

/* Goes up from HASH, which is node INDEX of its layer, by COUNT UNCLES: the sibling of
 * each node on the way, from below. */
void merkle_climb(const uint8_t hash[SHA256_BYTES], uint64_t index, const uint8_t *uncles,
                  unsigned count, uint8_t ret_hash[SHA256_BYTES]);

#endif
