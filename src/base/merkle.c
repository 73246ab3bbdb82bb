#include "base/merkle.h"

#include <string.h>

unsigned merkle_levels(uint64_t count)
{
    unsigned levels = 0;
    while (levels < 32 && (UINT64_C(1) << levels) < count)
        levels++;
    return levels;
}

void merkle_parent(const uint8_t left[SHA256_BYTES], const uint8_t right[SHA256_BYTES],
                   uint8_t ret_hash[SHA256_BYTES])
{
    uint8_t both[2 * SHA256_BYTES];
    memcpy(both, left, SHA256_BYTES);
    memcpy(both + SHA256_BYTES, right, SHA256_BYTES);
    digest_sha256(both, sizeof both, ret_hash);
}

void merkle_padding(unsigned layer, uint8_t ret_hash[SHA256_BYTES])
{
    memset(ret_hash, 0, SHA256_BYTES);
    while (layer-- > 0)
        merkle_parent(ret_hash, ret_hash, ret_hash);
}

/* LEFT[k] waits for its sibling k levels above the lowest while bit k of COUNT is set. */
void merkle_add(struct merkle *merkle, const uint8_t hash[SHA256_BYTES])
{
    uint8_t node[SHA256_BYTES];
    unsigned level = 0;
    memcpy(node, hash, sizeof node);
    for (; (merkle->count >> level & 1) != 0; level++)
        merkle_parent(merkle->left[level], node, node);
    memcpy(merkle->left[level], node, sizeof node);
    merkle->count++;
}

void merkle_end(const struct merkle *merkle, unsigned layer, unsigned levels,
                uint8_t ret_hash[SHA256_BYTES])
{
    uint8_t padding[SHA256_BYTES], node[SHA256_BYTES];
    bool has_node = false;
    if (merkle->count == UINT64_C(1) << levels) {
        memcpy(ret_hash, merkle->left[levels], SHA256_BYTES);
        return;
    }
    merkle_padding(layer, padding);
    /* The unfinished right edge, from below. */
    for (unsigned level = 0; level < levels; level++) {
        const bool has_left = (merkle->count >> level & 1) != 0;
        if (has_left)
            merkle_parent(merkle->left[level], has_node ? node : padding, node);
        else if (has_node)
            merkle_parent(node, padding, node);
        has_node |= has_left;
        merkle_parent(padding, padding, padding);
    }
    memcpy(ret_hash, node, SHA256_BYTES);
}

void merkle_root(const uint8_t *hashes, uint64_t count, unsigned layer, unsigned levels,
                 uint8_t ret_hash[SHA256_BYTES])
{
    struct merkle merkle;
    merkle_begin(&merkle);
    for (uint64_t i = 0; i < count; i++)
        merkle_add(&merkle, hashes + i * SHA256_BYTES);
    merkle_end(&merkle, layer, levels, ret_hash);
}

void merkle_climb(const uint8_t hash[SHA256_BYTES], uint64_t index, const uint8_t *uncles,
                  unsigned count, uint8_t ret_hash[SHA256_BYTES])
{
    uint8_t node[SHA256_BYTES];
    memcpy(node, hash, sizeof node);
    for (unsigned i = 0; i < count; i++, index >>= 1)
        if ((index & 1) != 0)
            merkle_parent(uncles + (size_t)i * SHA256_BYTES, node, node);
        else
            merkle_parent(node, uncles + (size_t)i * SHA256_BYTES, node);
    memcpy(ret_hash, node, SHA256_BYTES);
}
