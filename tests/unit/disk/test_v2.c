/* BEP 52 and 47 on the disk: pieces that end with their file, hash trees, and hybrids,
 * whose two hashes must agree (HOSTILE.md T37, T46). */
#include "base/merkle.h"
#include "meta/metainfo_write.h"
#include "tests/unit/disk/place.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Suite *test_v2_suite(void);

#define PIECE (4 * BLOCK_BYTES)

/* Pieces: 0-2 and the beginning of 3 are a's; 4 is b's; 5 is c's. */
static const struct metainfo_plan_file files[] = {
    {"a", 3 * PIECE + BLOCK_BYTES + 100}, {"b", 5}, {"c", PIECE}, {"d", 0}};
#define FILES  4u
#define PIECES 6u

static struct place place;
static struct desk desk;
static uint8_t content[PIECES][PIECE]; /* zeros where there is no file */
static uint32_t lengths[PIECES];

static void fill(void)
{
    uint32_t piece = 0, noise = 1;
    memset(content, 0, sizeof content);
    for (uint32_t i = 0; i < FILES; i++)
        for (uint64_t left = files[i].length; left > 0; left -= lengths[piece++]) {
            lengths[piece] = left < PIECE ? (uint32_t)left : PIECE;
            for (uint32_t at = 0; at < lengths[piece]; at++) {
                noise = noise * 1664525 + 1013904223;
                content[piece][at] = (uint8_t)(noise >> 24);
            }
        }
    ck_assert_uint_eq(piece, PIECES);
}

static void hash_trees(uint8_t pieces[PIECES][SHA256_BYTES],
                       uint8_t roots[FILES][SHA256_BYTES])
{
    uint32_t piece = 0;
    for (uint32_t i = 0; i < FILES; i++) {
        const uint32_t count = (uint32_t)((files[i].length + PIECE - 1) / PIECE);
        for (uint32_t k = 0; k < count; k++, piece++) {
            uint8_t leaves[PIECE / BLOCK_BYTES][SHA256_BYTES];
            const uint32_t blocks = (lengths[piece] + BLOCK_BYTES - 1) / BLOCK_BYTES;
            for (uint32_t b = 0; b < blocks; b++) {
                const uint32_t left = lengths[piece] - b * BLOCK_BYTES;
                digest_sha256(content[piece] + (size_t)b * BLOCK_BYTES,
                              left < BLOCK_BYTES ? left : BLOCK_BYTES, leaves[b]);
            }
            merkle_root(leaves[0], blocks, 0, count > 1 ? 2 : merkle_levels(blocks),
                        pieces[piece]);
        }
        if (count > 0)
            merkle_root(pieces[piece - count], count, 2, merkle_levels(count), roots[i]);
    }
}

/* WRONG_V1: a piece whose v1 hash is not its data's; PIECES: none. */
static void setup_with(enum metainfo_format format, uint32_t wrong_v1)
{
    uint8_t roots[FILES][SHA256_BYTES] = {{0}}, pieces[PIECES][SHA256_BYTES];
    uint8_t sha1s[PIECES][SHA1_BYTES];
    struct metainfo_error error;
    struct buffer buffer;
    const struct place_file none = {"unused", 1, false};
    place_make(&place, PIECE, &none, 1);
    metainfo_free(place.meta);
    fill();
    hash_trees(pieces, roots);
    for (uint32_t i = 0; i < PIECES; i++)
        digest_sha1(content[i], i + 1 < PIECES ? PIECE : lengths[i], sha1s[i]);
    if (wrong_v1 < PIECES)
        sha1s[wrong_v1][0] ^= 1;
    const struct metainfo_plan plan = {.format = format,
                                       .name = "t",
                                       .files = files,
                                       .file_count = FILES,
                                       .multi_file = true,
                                       .piece_bytes = PIECE,
                                       .piece_count = PIECES,
                                       .piece_hashes = sha1s[0],
                                       .piece_roots = pieces[0],
                                       .file_roots = roots[0],
                                       .created_s = -1};
    buffer_init(&buffer, 1 << 20);
    ck_assert_int_eq(metainfo_write(&plan, &buffer), ERROR_NONE);
    const enum error_code code =
        metainfo_parse(buffer.bytes, buffer.length, &place.meta, &error);
    ck_assert_msg(code == ERROR_NONE, "%s", error.message);
    buffer_done(&buffer);
    desk_open(&desk, &place, 0);
}

static void setup_v2(void)
{
    setup_with(METAINFO_V2, PIECES);
}

static void setup_hybrid(void)
{
    setup_with(METAINFO_HYBRID, PIECES);
}

static void setup_torn(void)
{
    setup_with(METAINFO_HYBRID, 4);
}

static void teardown(void)
{
    desk_close(&desk);
    place_done(&place);
}

/* What is fetched of PIECE; BAD: a byte that is another (SIZE_MAX: none is). */
static struct message deliver(uint32_t piece, size_t bad)
{
    const uint32_t length =
        piece_tails_find(place.meta->tails, place.meta->tail_count, piece, PIECE);
    struct message request = {.type = DISK_HASH, .torrent = desk.id};
    struct block **tail = &request.u.run.chain;
    for (uint32_t at = 0; at < length; at += BLOCK_BYTES) {
        struct block *block = block_pool_take(place.pool);
        block->piece = piece;
        block->begin = at;
        block->length = length - at < BLOCK_BYTES ? length - at : BLOCK_BYTES;
        memcpy(block->bytes, content[piece] + at, block->length);
        if (bad >= at && bad < at + block->length)
            block->bytes[bad - at] ^= 1;
        block->next = NULL;
        *tail = block;
        tail = &block->next;
    }
    request.u.run.piece = piece;
    request.u.run.last = true;
    desk_post(&desk, &request);
    return desk_next(&desk);
}

static void deliver_right(uint32_t piece)
{
    struct message answer = deliver(piece, SIZE_MAX);
    ck_assert_int_eq(answer.type, DISK_VERIFIED);
    message_done(&answer, place.pool);
}

static uint32_t check_finds(void)
{
    struct disk_job *job = disk_job_new();
    const struct message request = {
        .type = DISK_CHECK, .torrent = desk.id, .u.job.job = job};
    job->create_empty = true;
    desk_post(&desk, &request);
    struct message answer = desk_next(&desk);
    ck_assert_int_eq(answer.type, DISK_CHECKED);
    const uint32_t found = answer.u.checked.have->count;
    message_done(&answer, place.pool);
    return found;
}

START_TEST(what_is_right_is_written_to_its_files_alone)
{
    ck_assert_uint_eq(place.meta->piece_count, PIECES);
    for (uint32_t i = 0; i < PIECES; i++)
        deliver_right(i);
    ck_assert_uint_eq(place_size(&place, "t/a"), files[0].length);
    ck_assert_uint_eq(place_size(&place, "t/b"), files[1].length);
    ck_assert_uint_eq(place_size(&place, "t/c"), files[2].length);
    ck_assert_uint_eq(place_size(&place, "t/.pad"), UINT64_MAX);
    ck_assert_uint_eq(check_finds(), PIECES);
    ck_assert_uint_eq(place_size(&place, "t/d"), 0);
}
END_TEST

START_TEST(one_wrong_bit_is_known_by_its_block)
{
    struct message answer = deliver(1, 2 * BLOCK_BYTES + 7);
    uint8_t leaf[SHA256_BYTES];
    ck_assert_int_eq(answer.type, DISK_FAILED_HASH);
    for (uint32_t i = 0; i < 4; i++) {
        digest_sha256(content[1] + (size_t)i * BLOCK_BYTES, BLOCK_BYTES, leaf);
        ck_assert((memcmp(answer.u.verified.block_sha1s + (size_t)i * SHA1_BYTES, leaf,
                          SHA1_BYTES) == 0) == (i != 2));
    }
    message_done(&answer, place.pool);
    ck_assert_uint_eq(place_size(&place, "t/a"), UINT64_MAX);
}
END_TEST

/* Of pieces 3 to 5: the end of one file, a short one, a whole piece. */
START_TEST(blocks_that_are_there_are_hashed_as_leaves)
{
    struct disk_job *job = disk_job_new();
    const struct message request = {
        .type = DISK_LEAVES, .torrent = desk.id, .u.job.job = job};
    uint8_t leaf[SHA256_BYTES];
    for (uint32_t i = 0; i < PIECES; i++)
        deliver_right(i);
    job->first = 3;
    job->count = 3;
    desk_post(&desk, &request);
    struct message answer = desk_next(&desk);
    ck_assert_int_eq(answer.u.job.error, ERROR_NONE);
    ck_assert_uint_eq(job->length, (2 + 1 + 4) * SHA256_BYTES);
    digest_sha256(content[3] + BLOCK_BYTES, 100, leaf);
    ck_assert_mem_eq(job->bytes + SHA256_BYTES, leaf, SHA256_BYTES);
    digest_sha256(content[4], 5, leaf);
    ck_assert_mem_eq(job->bytes + 2 * SHA256_BYTES, leaf, SHA256_BYTES);
    digest_sha256(content[5] + (size_t)3 * BLOCK_BYTES, BLOCK_BYTES, leaf);
    ck_assert_mem_eq(job->bytes + 6 * SHA256_BYTES, leaf, SHA256_BYTES);
    message_done(&answer, place.pool);
}
END_TEST

START_TEST(blocks_that_are_not_there_are_not_hashed)
{
    struct disk_job *job = disk_job_new();
    const struct message request = {
        .type = DISK_LEAVES, .torrent = desk.id, .u.job.job = job};
    job->first = 2;
    job->count = 1;
    desk_post(&desk, &request);
    struct message answer = desk_next(&desk);
    ck_assert_int_ne(answer.u.job.error, ERROR_NONE);
    message_done(&answer, place.pool);
}
END_TEST

START_TEST(a_check_finds_the_piece_that_changed)
{
    for (uint32_t i = 0; i < PIECES; i++)
        deliver_right(i);
    FILE *file = fopen(place_path(&place, "t/a"), "r+b");
    fseek(file, 3 * (long)PIECE + BLOCK_BYTES + 99, SEEK_SET);
    fputc(content[3][BLOCK_BYTES + 99] ^ 1, file);
    fclose(file);
    ck_assert_uint_eq(check_finds(), PIECES - 1);
}
END_TEST

START_TEST(what_lies_between_files_reads_as_zeros)
{
    uint8_t bytes[PIECE];
    struct storage_error error;
    struct file_cache *cache = file_cache_new(4);
    struct storage *storage = storage_new(cache, place.meta, place.dir);
    for (uint32_t i = 0; i < PIECES; i++)
        deliver_right(i);
    for (uint32_t i = 0; i < PIECES; i++) {
        ck_assert_int_eq(storage_read(storage, i, 0, bytes, PIECE, &error), ERROR_NONE);
        ck_assert_mem_eq(bytes, content[i], PIECE);
    }
    storage_unref(storage);
    file_cache_free(cache);
}
END_TEST

/* The tail of a block of a hybrid is padding, whatever a peer puts there. */
START_TEST(nobody_can_spoil_padding)
{
    struct message answer = deliver(4, 6);
    ck_assert_int_eq(answer.type, DISK_VERIFIED);
    message_done(&answer, place.pool);
    ck_assert_uint_eq(place_size(&place, "t/b"), 5);
}
END_TEST

START_TEST(halves_that_contradict_each_other_are_nobodys_bad_data) /* T46 */
{
    struct message answer = deliver(4, SIZE_MAX);
    ck_assert_int_eq(answer.type, DISK_ERROR);
    ck_assert_int_eq(answer.u.disk_error.error, ERROR_TORN);
    message_done(&answer, place.pool);
    answer = deliver(4, 3); /* wrong by both: bad data */
    ck_assert_int_eq(answer.type, DISK_FAILED_HASH);
    message_done(&answer, place.pool);
    deliver_right(5);
    ck_assert_uint_eq(place_size(&place, "t/b"), UINT64_MAX);
}
END_TEST

Suite *test_v2_suite(void)
{
    Suite *suite = suite_create("disk/v2");
    static void (*const setups[])(void) = {setup_v2, setup_hybrid};
    for (size_t i = 0; i < 2; i++) {
        TCase *tcase = tcase_create(i == 0 ? "v2" : "hybrid");
        tcase_add_checked_fixture(tcase, setups[i], teardown);
        tcase_add_test(tcase, what_is_right_is_written_to_its_files_alone);
        tcase_add_test(tcase, one_wrong_bit_is_known_by_its_block);
        tcase_add_test(tcase, blocks_that_are_there_are_hashed_as_leaves);
        tcase_add_test(tcase, blocks_that_are_not_there_are_not_hashed);
        tcase_add_test(tcase, a_check_finds_the_piece_that_changed);
        if (i == 0)
            tcase_add_test(tcase, what_lies_between_files_reads_as_zeros);
        else
            tcase_add_test(tcase, nobody_can_spoil_padding);
        suite_add_tcase(suite, tcase);
    }
    TCase *torn = tcase_create("torn");
    tcase_add_checked_fixture(torn, setup_torn, teardown);
    tcase_add_test(torn, halves_that_contradict_each_other_are_nobodys_bad_data);
    suite_add_tcase(suite, torn);
    return suite;
}
