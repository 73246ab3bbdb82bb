/*
 * What peers ask each other of the hash trees of a v2 torrent (BEP 52): some hashes of
 * one layer of a file's tree, and the uncles that lead from them to its root. Answers
 * come from the piece layers; leaves, which nobody keeps, are made anew of the data.
 * Pure; any thread.
 */
#ifndef BTTUI_META_HASH_TREE_H
#define BTTUI_META_HASH_TREE_H

#include "meta/metainfo.h"

#define HASH_REQUEST_BYTES 48u
#define HASH_COUNT_MAX     512u /* of one request's hashes, uncles not counted */
#define HASH_UNCLES_MAX    32u
#define HASH_ANSWER_MAX    (HASH_COUNT_MAX + HASH_UNCLES_MAX)
#define HASH_LEAVES_BYTES  (16u << 20) /* of data that are read for one answer */

struct hash_request {
    uint8_t root[SHA256_BYTES]; /* of the file */
    uint32_t base;              /* the layer, counted from the leaves */
    uint32_t index, count;      /* of its hashes; COUNT is a power of two */
    uint32_t proof;             /* layers above it that are to be proved */
};

/* As it stands in `hash request`, `hashes` and `hash reject`. */
void hash_request_read(const uint8_t bytes[HASH_REQUEST_BYTES],
                       struct hash_request *ret_request);
void hash_request_write(const struct hash_request *request,
                        uint8_t ret_bytes[HASH_REQUEST_BYTES]);
bool hash_request_equal(const struct hash_request *a, const struct hash_request *b);

/* How many uncles an answer has beside its COUNT hashes: the layers whose nodes the
 * hashes make themselves are counted in PROOF, and not sent. */
uint32_t hash_request_uncles(const struct hash_request *request);

/* Whether METAINFO has such hashes: a file with that root, a layer that has so many, no
 * more than HASH_COUNT_MAX, and uncles below the root (X15). */
bool hash_request_is_sane(const struct hash_request *request,
                          const struct metainfo *metainfo, uint32_t *ret_file);

/* Writes COUNT and the uncles, SHA256_BYTES each, to RET_HASHES. ERROR_RANGE: there are
 * no such hashes. ERROR_NOT_FOUND: of another layer than that of the pieces.
 * O(HASH_COUNT_MAX + pieces / HASH_COUNT_MAX) hashes are worked out. */
enum error_code
hash_tree_answer(const struct metainfo *metainfo, const struct hash_request *request,
                 uint8_t ret_hashes[HASH_ANSWER_MAX * SHA256_BYTES]) MUST_CHECK;

/* What a request for leaves is answered from: all leaves of RET_COUNT pieces from
 * RET_FIRST on. ERROR_RANGE: there are no such hashes. ERROR_NOT_FOUND: of another layer
 * than the leaves. ERROR_LIMIT: of more than HASH_LEAVES_BYTES. */
enum error_code hash_tree_leaf_span(const struct metainfo *metainfo,
                                    const struct hash_request *request,
                                    uint32_t *ret_first, uint32_t *ret_count) MUST_CHECK;
/* As hash_tree_answer. LEAVES: those of hash_tree_leaf_span, which there is, end to end,
 * one for each 16 KiB of the file. ERROR_CORRUPT: they do not lead to their pieces. */
enum error_code
hash_tree_answer_leaves(const struct metainfo *metainfo,
                        const struct hash_request *request, const uint8_t *leaves,
                        uint8_t ret_hashes[HASH_ANSWER_MAX * SHA256_BYTES]) MUST_CHECK;

/* Whether HASHES, COUNT and the uncles, lead to NODE, which is so many levels above the
 * layer of REQUEST that its proof reaches it exactly. */
bool hash_tree_leads_to(const struct hash_request *request, const uint8_t *hashes,
                        const uint8_t node[SHA256_BYTES]);

/* The request for the piece layer of FILE from its piece FROM, a multiple of
 * HASH_COUNT_MAX, on; proved up to the root. Returns how many pieces that are of the file
 * it is for. FILE has several pieces. */
uint32_t hash_tree_ask_pieces(const struct metainfo *metainfo, uint32_t file,
                              uint32_t from, struct hash_request *ret_request);
/* The request for the leaves of PIECE from its block FROM, a multiple of HASH_COUNT_MAX,
 * on, proved up to the piece's own root. Returns for how many blocks; 0: the piece is one
 * block, and its root that block's leaf. */
uint32_t hash_tree_ask_leaves(const struct metainfo *metainfo, uint32_t piece,
                              uint32_t from, struct hash_request *ret_request);

#endif
