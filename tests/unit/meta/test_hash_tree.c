/* BEP 52, HOSTILE.md X15, X16: what peers ask of hash trees. The torrents are of random
 * piece roots, which no data need have. */
#include "base/merkle.h"
#include "meta/hash_tree.h"
#include "tests/unit/meta/check_meta.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define PIECE 65536u /* four leaves: the piece layer is layer 2 */

/* One file of PIECES pieces, the last of them as it may be. */
static struct metainfo *make(uint32_t pieces)
{
    struct metainfo *metainfo = calloc(1, sizeof *metainfo);
    metainfo->v2_only = true;
    metainfo->piece_bytes = PIECE;
    metainfo->piece_count = pieces;
    metainfo->total_bytes = (uint64_t)pieces * PIECE;
    metainfo->files = calloc(1, sizeof *metainfo->files);
    metainfo->file_count = 1;
    metainfo->files[0].length = metainfo->total_bytes - 100;
    metainfo->file_roots = calloc(1, SHA256_BYTES);
    metainfo->files_by_root = calloc(1, sizeof *metainfo->files_by_root);
    metainfo->rooted_count = 1;
    metainfo->piece_roots = calloc(pieces, SHA256_BYTES);
    metainfo->chunk_roots =
        calloc(pieces / (METAINFO_CHUNK_PIECES / 2) + 2u, SHA256_BYTES);
    for (uint32_t i = 0; i < pieces; i++)
        digest_sha256(&i, sizeof i, metainfo->piece_roots + (size_t)i * SHA256_BYTES);
    for (uint32_t at = 0; pieces > METAINFO_CHUNK_PIECES && at < pieces;
         at += METAINFO_CHUNK_PIECES)
        merkle_root(metainfo->piece_roots + (size_t)at * SHA256_BYTES,
                    pieces - at < METAINFO_CHUNK_PIECES ? pieces - at
                                                        : METAINFO_CHUNK_PIECES,
                    2, 9, metainfo_chunk_root(metainfo, 0, at / METAINFO_CHUNK_PIECES));
    merkle_root(metainfo->piece_roots, pieces, 2, merkle_levels(pieces),
                metainfo->file_roots);
    return metainfo;
}

static uint8_t hashes[HASH_ANSWER_MAX * SHA256_BYTES];

static const uint32_t sizes[] = {2, 3, 4, 5, 511, 512, 513, 1024, 1025, 3000};

START_TEST(all_pieces_are_asked_for_and_proved)
{
    struct metainfo *metainfo = make(sizes[_i]);
    struct hash_request request;
    uint32_t at = 0;
    while (at < sizes[_i]) {
        const uint32_t count = hash_tree_ask_pieces(metainfo, 0, at, &request);
        ck_assert_uint_gt(count, 0);
        ck_assert_int_eq(hash_tree_answer(metainfo, &request, hashes), ERROR_NONE);
        ck_assert(hash_tree_leads_to(&request, hashes, metainfo->file_roots));
        ck_assert_mem_eq(hashes, metainfo->piece_roots + (size_t)at * SHA256_BYTES,
                         (size_t)count * SHA256_BYTES);
        const uint32_t all = request.count + hash_request_uncles(&request);
        hashes[(size_t)all * SHA256_BYTES - 1] ^= 1; /* X16 */
        ck_assert(!hash_tree_leads_to(&request, hashes, metainfo->file_roots));
        at += count;
    }
    ck_assert_uint_eq(at, sizes[_i]);
    metainfo_free(metainfo);
}
END_TEST

START_TEST(any_part_with_any_proof_leads_to_its_node)
{
    struct metainfo *metainfo = make(1500); /* 2,048 wide */
    struct hash_request request = {.base = 2};
    memcpy(request.root, metainfo->file_roots, SHA256_BYTES);
    for (request.count = 1; request.count <= HASH_COUNT_MAX; request.count *= 2)
        for (request.proof = 0; request.proof < 11; request.proof++) {
            uint8_t node[SHA256_BYTES];
            const unsigned levels = merkle_levels(request.count);
            const unsigned up = levels + hash_request_uncles(&request);
            const uint64_t begin = UINT64_C(1024) >> up << up;
            request.index = 1024;
            ck_assert_int_eq(hash_tree_answer(metainfo, &request, hashes), ERROR_NONE);
            merkle_root(metainfo->piece_roots + begin * SHA256_BYTES,
                        1500 - begin < UINT64_C(1) << up ? 1500 - begin
                                                         : UINT64_C(1) << up,
                        2, up, node);
            ck_assert(hash_tree_leads_to(&request, hashes, node));
        }
    metainfo_free(metainfo);
}
END_TEST

/* X15 */
static const struct {
    uint32_t base, index, count, proof;
    enum error_code error;
} absurd[] = {
    {2, 0, 2, 1, ERROR_NONE},      {2, 0, 0, 0, ERROR_RANGE},
    {2, 0, 3, 0, ERROR_RANGE},     {2, 1, 2, 0, ERROR_RANGE},
    {2, 0, 1024, 0, ERROR_RANGE},  {2, 0, UINT32_MAX, 0, ERROR_RANGE},
    {2, 8, 8, 0, ERROR_RANGE},     {2, UINT32_MAX - 1, 2, 0, ERROR_RANGE},
    {2, 0, 2, 3, ERROR_RANGE},     {2, 0, 2, UINT32_MAX, ERROR_RANGE},
    {5, 0, 2, 0, ERROR_RANGE},     {UINT32_MAX, 0, 2, 0, ERROR_RANGE},
    {0, 0, 2, 0, ERROR_NOT_FOUND}, /* leaves are not kept */
    {1, 0, 2, 0, ERROR_NOT_FOUND}, {3, 0, 2, 0, ERROR_NOT_FOUND},
};

START_TEST(what_is_absurd_is_not_answered)
{
    struct metainfo *metainfo = make(8);
    struct hash_request request = {.base = absurd[_i].base,
                                   .index = absurd[_i].index,
                                   .count = absurd[_i].count,
                                   .proof = absurd[_i].proof};
    memcpy(request.root, metainfo->file_roots, SHA256_BYTES);
    ck_assert_int_eq(hash_tree_answer(metainfo, &request, hashes), absurd[_i].error);
    request.root[5] ^= 1;
    ck_assert_int_eq(hash_tree_answer(metainfo, &request, hashes), ERROR_RANGE);
    metainfo_free(metainfo);
}
END_TEST

START_TEST(leaves_lead_to_their_piece)
{
    struct metainfo *metainfo = make(3);
    struct hash_request request;
    uint8_t leaves[4][SHA256_BYTES], root[SHA256_BYTES];
    for (uint32_t i = 0; i < 4; i++)
        digest_sha256(&i, 1, leaves[i]);
    for (uint32_t piece = 0; piece < 3; piece++) {
        const uint32_t count = hash_tree_ask_leaves(metainfo, piece, 0, &request);
        ck_assert_uint_eq(count, 4);
        ck_assert_uint_eq(request.base, 0);
        ck_assert_uint_eq(request.index, 4 * piece);
        ck_assert_uint_eq(hash_request_uncles(&request), 0);
        merkle_root(leaves[0], 4, 0, 2, root);
        ck_assert(hash_tree_leads_to(&request, leaves[0], root));
    }
    metainfo_free(metainfo);
}
END_TEST

#define LEAVES 18u /* of five pieces, the last of two blocks */

/* As make(5), of LEAVES. */
static struct metainfo *make_of_leaves(uint8_t ret_leaves[LEAVES][SHA256_BYTES])
{
    struct metainfo *metainfo = make(5);
    metainfo->files[0].length = (LEAVES - 1) * MERKLE_LEAF_BYTES + 5;
    for (uint32_t i = 0; i < LEAVES; i++)
        digest_sha256(&i, sizeof i, ret_leaves[i]);
    for (uint32_t piece = 0; piece < 5; piece++)
        merkle_root(ret_leaves[4 * piece], piece < 4 ? 4 : 2, 0, 2,
                    metainfo->piece_roots + (size_t)piece * SHA256_BYTES);
    merkle_root(metainfo->piece_roots, 5, 2, 3, metainfo->file_roots);
    return metainfo;
}

static enum error_code answer_leaves(const struct metainfo *metainfo,
                                     const struct hash_request *request,
                                     uint8_t leaves[LEAVES][SHA256_BYTES])
{
    uint32_t first, count;
    const enum error_code error = hash_tree_leaf_span(metainfo, request, &first, &count);
    if (error != ERROR_NONE)
        return error;
    ck_assert_uint_le(first + count, 5);
    return hash_tree_answer_leaves(metainfo, request, leaves[4 * first], hashes);
}

START_TEST(leaves_of_a_piece_are_asked_for_and_proved)
{
    uint8_t leaves[LEAVES][SHA256_BYTES], none[SHA256_BYTES] = {0};
    struct metainfo *metainfo = make_of_leaves(leaves);
    struct hash_request request;
    for (uint32_t piece = 0; piece < 5; piece++) {
        const uint32_t count = hash_tree_ask_leaves(metainfo, piece, 0, &request);
        ck_assert_uint_eq(count, piece < 4 ? 4 : 2);
        ck_assert_int_eq(answer_leaves(metainfo, &request, leaves), ERROR_NONE);
        ck_assert(hash_tree_leads_to(
            &request, hashes, metainfo->piece_roots + (size_t)piece * SHA256_BYTES));
        ck_assert_mem_eq(hashes, leaves[4 * piece], (size_t)count * SHA256_BYTES);
        if (piece == 4)
            ck_assert_mem_eq(hashes + (size_t)3 * SHA256_BYTES, none, SHA256_BYTES);
    }
    leaves[17][3] ^= 1; /* what the disk has made of them is not passed on */
    ck_assert_int_eq(answer_leaves(metainfo, &request, leaves), ERROR_CORRUPT);
    metainfo_free(metainfo);
}
END_TEST

START_TEST(any_leaves_with_any_proof_lead_to_their_node)
{
    uint8_t leaves[LEAVES][SHA256_BYTES], all[32][SHA256_BYTES] = {{0}};
    struct metainfo *metainfo = make_of_leaves(leaves);
    struct hash_request request = {.base = 0};
    memcpy(request.root, metainfo->file_roots, SHA256_BYTES);
    memcpy(all, leaves, sizeof leaves);
    for (request.count = 1; request.count <= 32; request.count *= 2)
        for (request.index = 0; request.index < LEAVES; request.index += request.count)
            for (request.proof = 0; request.proof < 5; request.proof++) {
                uint8_t node[SHA256_BYTES];
                const unsigned up =
                    merkle_levels(request.count) + hash_request_uncles(&request);
                merkle_root(all[request.index >> up << up], UINT64_C(1) << up, 0, up,
                            node);
                ck_assert_int_eq(answer_leaves(metainfo, &request, leaves), ERROR_NONE);
                ck_assert(hash_tree_leads_to(&request, hashes, node));
            }
    request = (struct hash_request){.index = 24, .count = 8, .proof = 0};
    memcpy(request.root, metainfo->file_roots, SHA256_BYTES);
    ck_assert_int_eq(answer_leaves(metainfo, &request, leaves), ERROR_RANGE);
    metainfo_free(metainfo);
}
END_TEST

START_TEST(not_all_is_read_for_an_answer)
{
    uint32_t first = 7, count = 7;
    struct metainfo *metainfo = make(3);
    struct hash_request request = {.base = 2, .count = 2};
    memcpy(request.root, metainfo->file_roots, SHA256_BYTES);
    ck_assert_int_eq(hash_tree_leaf_span(metainfo, &request, &first, &count),
                     ERROR_NOT_FOUND);
    request.base = 0;
    metainfo->piece_bytes = 2 * HASH_LEAVES_BYTES;
    metainfo->files[0].length = 3 * (uint64_t)metainfo->piece_bytes;
    ck_assert_int_eq(hash_tree_leaf_span(metainfo, &request, &first, &count),
                     ERROR_LIMIT);
    request.count = 3;
    ck_assert_int_eq(hash_tree_leaf_span(metainfo, &request, &first, &count),
                     ERROR_RANGE);
    ck_assert_uint_eq(first + count, 14);
    metainfo_free(metainfo);
}
END_TEST

START_TEST(a_request_reads_as_it_was_written)
{
    uint8_t bytes[HASH_REQUEST_BYTES];
    struct hash_request request = {{1, 2, 3}, 4, 5, 6, 7}, read;
    hash_request_write(&request, bytes);
    ck_assert_uint_eq(bytes[35], 4);
    ck_assert_uint_eq(bytes[47], 7);
    hash_request_read(bytes, &read);
    ck_assert(hash_request_equal(&request, &read));
    read.proof++;
    ck_assert(!hash_request_equal(&request, &read));
}
END_TEST

Suite *suite_hash_tree(void)
{
    Suite *suite = suite_create("hash_tree");
    TCase *tcase = tcase_create("hash_tree");
    tcase_add_loop_test(tcase, all_pieces_are_asked_for_and_proved, 0,
                        sizeof sizes / sizeof *sizes);
    tcase_add_test(tcase, any_part_with_any_proof_leads_to_its_node);
    tcase_add_loop_test(tcase, what_is_absurd_is_not_answered, 0,
                        sizeof absurd / sizeof *absurd);
    tcase_add_test(tcase, leaves_lead_to_their_piece);
    tcase_add_test(tcase, leaves_of_a_piece_are_asked_for_and_proved);
    tcase_add_test(tcase, any_leaves_with_any_proof_lead_to_their_node);
    tcase_add_test(tcase, not_all_is_read_for_an_answer);
    tcase_add_test(tcase, a_request_reads_as_it_was_written);
    suite_add_tcase(suite, tcase);
    return suite;
}
