#include "meta/hash_tree.h"

#include "base/buffer.h"
#include "base/merkle.h"

#include <string.h>

#define CHUNK_LEVELS 9u /* METAINFO_CHUNK_PIECES */

void hash_request_read(const uint8_t bytes[HASH_REQUEST_BYTES],
                       struct hash_request *ret_request)
{
    memcpy(ret_request->root, bytes, SHA256_BYTES);
    ret_request->base = be32_get(bytes + 32);
    ret_request->index = be32_get(bytes + 36);
    ret_request->count = be32_get(bytes + 40);
    ret_request->proof = be32_get(bytes + 44);
}

void hash_request_write(const struct hash_request *request,
                        uint8_t ret_bytes[HASH_REQUEST_BYTES])
{
    memcpy(ret_bytes, request->root, SHA256_BYTES);
    be32_put(ret_bytes + 32, request->base);
    be32_put(ret_bytes + 36, request->index);
    be32_put(ret_bytes + 40, request->count);
    be32_put(ret_bytes + 44, request->proof);
}

bool hash_request_equal(const struct hash_request *a, const struct hash_request *b)
{
    return memcmp(a->root, b->root, SHA256_BYTES) == 0 && a->base == b->base &&
           a->index == b->index && a->count == b->count && a->proof == b->proof;
}

uint32_t hash_request_uncles(const struct hash_request *request)
{
    const unsigned levels = merkle_levels(request->count);
    return request->proof + 1 > levels ? request->proof + 1 - levels : 0;
}

/* ---- a file's tree ---- */

struct tree {
    const struct metainfo *metainfo;
    uint64_t leaves;
    uint32_t first_piece, pieces;
    unsigned height;      /* of the root above the leaves */
    unsigned piece_layer; /* of the pieces' own roots above them */
};

static struct tree tree_of(const struct metainfo *metainfo, uint32_t file)
{
    const struct metainfo_file *record = &metainfo->files[file];
    struct tree tree = {
        .metainfo = metainfo,
        .leaves = (record->length + MERKLE_LEAF_BYTES - 1) / MERKLE_LEAF_BYTES,
        .first_piece = (uint32_t)(record->offset / metainfo->piece_bytes),
        .pieces = (uint32_t)((record->length + metainfo->piece_bytes - 1) /
                             metainfo->piece_bytes),
    };
    tree.height = merkle_levels(tree.leaves);
    tree.piece_layer = merkle_levels(metainfo->piece_bytes / MERKLE_LEAF_BYTES);
    return tree;
}

/* Node INDEX so many LEVELS above the pieces. */
static void node_at(const struct tree *tree, unsigned levels, uint64_t index,
                    uint8_t ret_hash[SHA256_BYTES])
{
    const uint64_t begin = index << levels;
    if (begin >= tree->pieces) {
        merkle_padding(tree->piece_layer + levels, ret_hash);
        return;
    }
    if (levels >= CHUNK_LEVELS && tree->pieces > METAINFO_CHUNK_PIECES) {
        const uint64_t chunks =
            (tree->pieces + METAINFO_CHUNK_PIECES - 1) / METAINFO_CHUNK_PIECES;
        const uint64_t first = begin / METAINFO_CHUNK_PIECES, rest = chunks - first;
        const uint64_t most = UINT64_C(1) << (levels - CHUNK_LEVELS);
        merkle_root(
            metainfo_chunk_root(tree->metainfo, tree->first_piece, (uint32_t)first),
            rest < most ? rest : most, tree->piece_layer + CHUNK_LEVELS,
            levels - CHUNK_LEVELS, ret_hash);
        return;
    }
    const uint64_t left = tree->pieces - begin, width = UINT64_C(1) << levels;
    const uint8_t *roots =
        tree->metainfo->piece_roots + (tree->first_piece + begin) * SHA256_BYTES;
    merkle_root(roots, left < width ? left : width, tree->piece_layer, levels, ret_hash);
}

/* A tree, and the leaves of some pieces, from leaf BEGIN of the file to END; without them
 * what is above the pieces can be had. */
struct leaves {
    struct tree tree;
    const uint8_t *hashes;
    uint64_t begin, end;
};

static void node_of(const struct leaves *leaves, unsigned level, uint64_t index,
                    uint8_t ret_hash[SHA256_BYTES])
{
    const uint64_t begin = index << level, width = UINT64_C(1) << level;
    if (level >= leaves->tree.piece_layer) {
        node_at(&leaves->tree, level - leaves->tree.piece_layer, index, ret_hash);
    } else if (begin >= leaves->end) {
        merkle_padding(level, ret_hash);
    } else {
        const uint64_t left = leaves->end - begin;
        merkle_root(leaves->hashes + (begin - leaves->begin) * SHA256_BYTES,
                    left < width ? left : width, 0, level, ret_hash);
    }
}

/* The hashes that are asked for, and their uncles. */
static void put_answer(const struct leaves *leaves, const struct hash_request *request,
                       uint8_t *ret_hashes)
{
    uint8_t *at = ret_hashes;
    for (uint32_t i = 0; i < request->count; i++, at += SHA256_BYTES)
        node_of(leaves, request->base, (uint64_t)request->index + i, at);
    const unsigned levels = merkle_levels(request->count);
    unsigned level = request->base + levels;
    uint64_t index = request->index >> levels;
    for (uint32_t i = hash_request_uncles(request); i > 0; i--, at += SHA256_BYTES) {
        node_of(leaves, level, index ^ 1, at);
        level++;
        index >>= 1;
    }
}

bool hash_request_is_sane(const struct hash_request *request,
                          const struct metainfo *metainfo, uint32_t *ret_file)
{
    const uint32_t count = request->count;
    if (count == 0 || count > HASH_COUNT_MAX || (count & (count - 1)) != 0 ||
        request->index % count != 0 || request->proof >= MERKLE_LAYERS_MAX ||
        !metainfo_find_root(metainfo, request->root, ret_file))
        return false;
    const struct tree tree = tree_of(metainfo, *ret_file);
    if (request->base >= tree.height || request->proof >= tree.height - request->base)
        return false;
    const uint64_t width = UINT64_C(1) << (tree.height - request->base);
    return count <= width && request->index <= width - count;
}

enum error_code hash_tree_answer(const struct metainfo *metainfo,
                                 const struct hash_request *request,
                                 uint8_t ret_hashes[HASH_ANSWER_MAX * SHA256_BYTES])
{
    uint32_t file;
    if (!hash_request_is_sane(request, metainfo, &file))
        return ERROR_RANGE;
    const struct tree tree = tree_of(metainfo, file);
    if (metainfo->piece_roots == NULL || tree.pieces < 2 ||
        request->base != tree.piece_layer)
        return ERROR_NOT_FOUND;
    put_answer(&(struct leaves){.tree = tree}, request, ret_hashes);
    return ERROR_NONE;
}

/* ---- leaves ---- */

enum error_code hash_tree_leaf_span(const struct metainfo *metainfo,
                                    const struct hash_request *request,
                                    uint32_t *ret_first, uint32_t *ret_count)
{
    uint32_t file;
    if (!hash_request_is_sane(request, metainfo, &file))
        return ERROR_RANGE;
    if (request->base != 0 || metainfo->piece_roots == NULL)
        return ERROR_NOT_FOUND;
    const struct tree tree = tree_of(metainfo, file);
    const uint32_t first = request->index >> tree.piece_layer;
    const uint32_t last = (request->index + request->count - 1) >> tree.piece_layer;
    if (first >= tree.pieces)
        return ERROR_RANGE; /* padding */
    const uint32_t count = (last < tree.pieces ? last + 1 : tree.pieces) - first;
    if ((uint64_t)count * metainfo->piece_bytes > HASH_LEAVES_BYTES)
        return ERROR_LIMIT;
    *ret_first = tree.first_piece + first;
    *ret_count = count;
    return ERROR_NONE;
}

/* The disk may have changed them: who passes that on is taken for a liar. */
static bool lead_to_their_pieces(const struct leaves *leaves, uint32_t first,
                                 uint32_t count)
{
    const uint8_t *at = leaves->hashes;
    for (uint32_t piece = first; piece < first + count; piece++) {
        uint8_t root[SHA256_BYTES];
        const struct piece_tree part = metainfo_piece_tree(leaves->tree.metainfo, piece);
        const uint32_t blocks = (part.bytes + MERKLE_LEAF_BYTES - 1) / MERKLE_LEAF_BYTES;
        merkle_root(at, blocks, 0, part.levels, root);
        if (memcmp(root,
                   leaves->tree.metainfo->piece_roots + (size_t)piece * SHA256_BYTES,
                   SHA256_BYTES) != 0)
            return false;
        at += (size_t)blocks * SHA256_BYTES;
    }
    return true;
}

enum error_code
hash_tree_answer_leaves(const struct metainfo *metainfo,
                        const struct hash_request *request, const uint8_t *hashes,
                        uint8_t ret_hashes[HASH_ANSWER_MAX * SHA256_BYTES])
{
    uint32_t first, count;
    const enum error_code error = hash_tree_leaf_span(metainfo, request, &first, &count);
    if (error != ERROR_NONE)
        return error;
    const uint32_t file =
        metainfo_file_at(metainfo, (uint64_t)first * metainfo->piece_bytes);
    struct leaves leaves = {.tree = tree_of(metainfo, file), .hashes = hashes};
    const uint64_t from = first - leaves.tree.first_piece;
    leaves.begin = from << leaves.tree.piece_layer;
    leaves.end = (from + count) << leaves.tree.piece_layer;
    if (leaves.end > leaves.tree.leaves)
        leaves.end = leaves.tree.leaves;
    if (!lead_to_their_pieces(&leaves, first, count))
        return ERROR_CORRUPT;
    put_answer(&leaves, request, ret_hashes);
    return ERROR_NONE;
}

bool hash_tree_leads_to(const struct hash_request *request, const uint8_t *hashes,
                        const uint8_t node[SHA256_BYTES])
{
    uint8_t hash[SHA256_BYTES];
    const unsigned levels = merkle_levels(request->count);
    merkle_root(hashes, request->count, request->base, levels, hash);
    merkle_climb(hash, request->index >> levels,
                 hashes + (size_t)request->count * SHA256_BYTES,
                 hash_request_uncles(request), hash);
    return memcmp(hash, node, SHA256_BYTES) == 0;
}

/* ---- asking ---- */

static uint32_t ask(const struct tree *tree, uint32_t file, unsigned base, uint32_t from,
                    uint64_t width, struct hash_request *ret_request)
{
    const struct metainfo *metainfo = tree->metainfo;
    ret_request->base = base;
    ret_request->index = from;
    ret_request->count = width < HASH_COUNT_MAX ? (uint32_t)width : HASH_COUNT_MAX;
    memcpy(ret_request->root, metainfo->file_roots + (size_t)file * SHA256_BYTES,
           SHA256_BYTES);
    return ret_request->count;
}

uint32_t hash_tree_ask_pieces(const struct metainfo *metainfo, uint32_t file,
                              uint32_t from, struct hash_request *ret_request)
{
    const struct tree tree = tree_of(metainfo, file);
    const unsigned levels = tree.height - tree.piece_layer;
    const uint32_t count =
        ask(&tree, file, tree.piece_layer, from, UINT64_C(1) << levels, ret_request);
    ret_request->proof = levels - 1;
    return tree.pieces - from < count ? tree.pieces - from : count;
}

uint32_t hash_tree_ask_leaves(const struct metainfo *metainfo, uint32_t piece,
                              uint32_t from, struct hash_request *ret_request)
{
    const struct piece_tree part = metainfo_piece_tree(metainfo, piece);
    const uint32_t file =
        metainfo_file_at(metainfo, (uint64_t)piece * metainfo->piece_bytes);
    const struct tree tree = tree_of(metainfo, file);
    const uint32_t blocks = (part.bytes + MERKLE_LEAF_BYTES - 1) / MERKLE_LEAF_BYTES;
    const uint32_t before = (piece - tree.first_piece) << tree.piece_layer;
    if (part.levels == 0)
        return 0;
    const uint32_t count =
        ask(&tree, file, 0, before + from, UINT64_C(1) << part.levels, ret_request);
    ret_request->proof = part.levels - 1;
    return blocks - from < count ? blocks - from : count;
}
