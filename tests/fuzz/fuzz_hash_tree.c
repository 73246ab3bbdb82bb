/* A hash request of anybody is refused, or answered by hashes that lead where they
 * should; no other hashes do. The first two bytes say how many pieces the file has, the
 * rest is the request, and what a liar would answer. */
#include "base/merkle.h"
#include "meta/hash_tree.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void must(bool right)
{
    if (!right)
        abort();
}

#define PIECES_MAX 1300u

static uint8_t leaves[2 * PIECES_MAX * SHA256_BYTES]; /* two a piece */
static uint8_t piece_roots[PIECES_MAX * SHA256_BYTES], chunk_roots[16 * SHA256_BYTES];
static uint8_t root[SHA256_BYTES];
static uint32_t zero;
static struct metainfo_file file;

static struct metainfo make(uint32_t pieces)
{
    struct metainfo metainfo = {.v2_only = true,
                                .piece_bytes = 32768,
                                .piece_count = pieces,
                                .total_bytes = (uint64_t)pieces * 32768,
                                .files = &file,
                                .file_count = 1,
                                .file_roots = root,
                                .piece_roots = piece_roots,
                                .chunk_roots = chunk_roots,
                                .files_by_root = &zero,
                                .rooted_count = 1};
    file.length = metainfo.total_bytes;
    for (uint32_t i = 0; i < 2 * pieces; i++)
        memcpy(leaves + (size_t)i * SHA256_BYTES, &i, sizeof i);
    for (uint32_t i = 0; i < pieces; i++)
        merkle_root(leaves + (size_t)i * 2 * SHA256_BYTES, 2, 0, 1,
                    piece_roots + (size_t)i * SHA256_BYTES);
    for (uint32_t at = 0; at < pieces; at += METAINFO_CHUNK_PIECES)
        merkle_root(piece_roots + (size_t)at * SHA256_BYTES,
                    pieces - at < METAINFO_CHUNK_PIECES ? pieces - at
                                                        : METAINFO_CHUNK_PIECES,
                    1, 9, metainfo_chunk_root(&metainfo, 0, at / METAINFO_CHUNK_PIECES));
    merkle_root(piece_roots, pieces, 1, merkle_levels(pieces), root);
    return metainfo;
}

/* REQUEST, of a layer of COUNT hashes, ALL, is answered: up to the node that its proof
 * reaches. */
static void look_at(const struct hash_request *request, const uint8_t *all,
                    uint64_t count, uint8_t *hashes)
{
    uint8_t node[SHA256_BYTES];
    const unsigned up = merkle_levels(request->count) + hash_request_uncles(request);
    const uint64_t begin = (uint64_t)request->index >> up << up;
    const uint64_t left = count - begin, width = UINT64_C(1) << up;
    if (begin >= count)
        return;
    merkle_root(all + begin * SHA256_BYTES, left < width ? left : width, request->base,
                up, node);
    must(hash_tree_leads_to(request, hashes, node));
    hashes[0] ^= 0x80;
    must(!hash_tree_leads_to(request, hashes, node));
}

static void look_at_leaves(const struct metainfo *metainfo,
                           const struct hash_request *request, uint8_t *hashes)
{
    uint32_t first, count;
    if (hash_tree_leaf_span(metainfo, request, &first, &count) != ERROR_NONE)
        return;
    must(count > 0 && first < metainfo->piece_count &&
         count <= metainfo->piece_count - first);
    must(hash_tree_answer_leaves(metainfo, request,
                                 leaves + (size_t)first * 2 * SHA256_BYTES,
                                 hashes) == ERROR_NONE);
    look_at(request, leaves, 2 * (uint64_t)metainfo->piece_count, hashes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static uint8_t hashes[HASH_ANSWER_MAX * SHA256_BYTES];
    uint8_t written[HASH_REQUEST_BYTES];
    struct hash_request request, asked;
    uint32_t number;
    if (length < 2 + HASH_REQUEST_BYTES)
        return 0;
    const uint32_t pieces = 2 + (uint32_t)(bytes[0] << 8 | bytes[1]) % (PIECES_MAX - 2);
    const struct metainfo metainfo = make(pieces);
    hash_request_read(bytes + 2, &request);
    hash_request_write(&request, written);
    must(memcmp(written, bytes + 2, sizeof written) == 0);
    if ((bytes[0] & 0x80) != 0) /* else nobody would ever guess it */
        memcpy(request.root, root, SHA256_BYTES);
    if (hash_tree_answer(&metainfo, &request, hashes) == ERROR_NONE) {
        must(hash_request_is_sane(&request, &metainfo, &number));
        look_at(&request, piece_roots, pieces, hashes);
    }
    look_at_leaves(&metainfo, &request, hashes);
    const uint32_t from = request.index % pieces / HASH_COUNT_MAX * HASH_COUNT_MAX;
    must(hash_tree_ask_pieces(&metainfo, 0, from, &asked) > 0);
    must(hash_tree_answer(&metainfo, &asked, hashes) == ERROR_NONE);
    must(hash_tree_leads_to(&asked, hashes, root));
    must(hash_tree_ask_leaves(&metainfo, request.index % pieces, 0, &asked) == 2);
    must(hash_request_is_sane(&asked, &metainfo, &number));
    return 0;
}
