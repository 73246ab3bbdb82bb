#include "tests/unit/disk/faults.h"
#include "tests/unit/disk/place.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

Suite *test_hasher_suite(void);

/* A small piece, and one of many runs. */
#define SMALL (2 * BLOCK_BYTES)
#define LARGE (64 * BLOCK_BYTES)

static struct place place;
static struct desk desk;

static void setup_with(uint32_t piece_bytes, uint32_t workers)
{
    const struct place_file files[] = {{"t/a", piece_bytes + 1000, false},
                                       {"t/b", piece_bytes * 2 + 77, false}};
    fault_clear();
    place_make(&place, piece_bytes, files, 2);
    desk_open(&desk, &place, workers);
}

static void setup_small(void)
{
    setup_with(SMALL, 0);
}

static void setup_large(void)
{
    setup_with(LARGE, 0);
}

static void setup_threads(void)
{
    setup_with(SMALL, 3);
}

static void setup_verifying(void)
{
    desk.verify_writes = true;
    setup_with(SMALL, 0);
    desk.verify_writes = false;
}

static void teardown(void)
{
    desk_close(&desk);
    place_done(&place);
}

static void hash_whole(uint32_t piece)
{
    desk_hash(&desk, piece, 0, metainfo_piece_length(place.meta, piece), false);
}

static void expect(enum message_type type, uint32_t piece)
{
    struct message answer = desk_next(&desk);
    ck_assert_msg(answer.type == type, "answer %d, not %d", answer.type, type);
    const uint32_t of = type == DISK_ERROR         ? answer.u.disk_error.piece
                        : type == DISK_BLOCKS_BACK ? answer.u.run.piece
                                                   : answer.u.verified.piece;
    ck_assert_uint_eq(of, piece);
    message_done(&answer, place.pool);
}

START_TEST(right_pieces_are_written_and_verified)
{
    for (uint32_t i = 0; i < place.meta->piece_count; i++) {
        hash_whole(i);
        ck_assert_uint_eq(disk_manager_queued_bytes(desk.manager),
                          metainfo_piece_length(place.meta, i));
        expect(DISK_VERIFIED, i);
        ck_assert_uint_eq(disk_manager_queued_bytes(desk.manager), 0);
    }
    ck_assert(place_is_right(&place));
}
END_TEST

START_TEST(a_wrong_piece_is_not_written_and_comes_with_its_digests)
{
    uint8_t digest[SHA1_BYTES];
    struct message request = {.type = DISK_HASH, .torrent = desk.id};
    request.u.run.chain = place_chain(&place, 1, 0, SMALL);
    request.u.run.chain->next->bytes[5] ^= 1; /* the second block is bad */
    request.u.run.piece = 1;
    request.u.run.last = true;
    desk_post(&desk, &request);
    struct message answer = desk_next(&desk);
    ck_assert_int_eq(answer.type, DISK_FAILED_HASH);
    ck_assert(!answer.u.verified.ok);
    ck_assert_ptr_nonnull(answer.u.verified.block_sha1s);
    digest_sha1(place_at(&place, 1, 0), BLOCK_BYTES, digest);
    ck_assert_mem_eq(answer.u.verified.block_sha1s, digest, SHA1_BYTES);
    digest_sha1(place_at(&place, 1, BLOCK_BYTES), BLOCK_BYTES, digest);
    ck_assert_mem_ne(answer.u.verified.block_sha1s + SHA1_BYTES, digest, SHA1_BYTES);
    message_done(&answer, place.pool);
    ck_assert_uint_eq(place_size(&place, "t/a"), UINT64_MAX);
    ck_assert_uint_eq(place_size(&place, "t/b"), UINT64_MAX);
}
END_TEST

START_TEST(digests_come_with_a_right_piece_when_asked_for)
{
    for (int want = 0; want < 2; want++) {
        struct message request = {.type = DISK_HASH, .torrent = desk.id};
        request.u.run.chain = place_chain(&place, 0, 0, SMALL);
        request.u.run.last = true;
        request.u.run.want_digests = want == 1;
        desk_post(&desk, &request);
        struct message answer = desk_next(&desk);
        ck_assert_int_eq(answer.type, DISK_VERIFIED);
        ck_assert_int_eq(answer.u.verified.block_sha1s != NULL, want);
        message_done(&answer, place.pool);
    }
}
END_TEST

START_TEST(a_piece_in_runs_is_hashed_as_it_comes)
{
    const bool write_now = _i == 1;
    for (uint32_t begin = 0; begin < LARGE; begin += 16 * BLOCK_BYTES) {
        desk_hash(&desk, 0, begin, 16 * BLOCK_BYTES, write_now);
        if (write_now && begin + 16 * BLOCK_BYTES < LARGE) {
            expect(DISK_BLOCKS_BACK, 0);
            ck_assert_uint_eq(place_size(&place, "t/a"), begin + 16 * BLOCK_BYTES);
        }
    }
    struct message answer = desk_next(&desk);
    ck_assert_int_eq(answer.type, DISK_VERIFIED);
    /* What left early can be proven only by its digests. */
    ck_assert_int_eq(answer.u.verified.block_sha1s != NULL, write_now);
    for (uint32_t i = 0; write_now && i < 64; i++) {
        uint8_t digest[SHA1_BYTES];
        digest_sha1(place_at(&place, 0, i * BLOCK_BYTES), BLOCK_BYTES, digest);
        ck_assert_mem_eq(answer.u.verified.block_sha1s + i * SHA1_BYTES, digest,
                         SHA1_BYTES);
    }
    message_done(&answer, place.pool);
    ck_assert_uint_eq(place_size(&place, "t/a"), LARGE);
    ck_assert(desk_has_none(&desk));
}
END_TEST

START_TEST(a_piece_dropped_half_way_gives_its_blocks_back_and_begins_anew)
{
    struct message drop = {.type = DISK_DROP_PIECE, .torrent = desk.id};
    desk_hash(&desk, 0, 0, 16 * BLOCK_BYTES, false);
    desk_post(&desk, &drop);
    expect(DISK_BLOCKS_BACK, 0);
    ck_assert_uint_eq(block_pool_left(place.pool), block_pool_total(place.pool));
    desk_post(&desk, &drop); /* what is not there is no matter */
    hash_whole(0);
    expect(DISK_VERIFIED, 0);
}
END_TEST

/* The disk fails at a run; runs behind it, posted before anybody knew, must not be taken
 * for a piece: its hash would be wrong and honest peers blamed. */
START_TEST(runs_behind_one_that_failed_blame_nobody)
{
    fault_set(FAULT_WRITE, 1, 1, ENOSPC);
    desk_hash(&desk, 0, 0, 16 * BLOCK_BYTES, true);
    desk_hash(&desk, 0, 16 * BLOCK_BYTES, 16 * BLOCK_BYTES, true);
    desk_hash(&desk, 0, 32 * BLOCK_BYTES, 32 * BLOCK_BYTES, true); /* the last */
    expect(DISK_ERROR, 0);
    expect(DISK_BLOCKS_BACK, 0);
    expect(DISK_BLOCKS_BACK, 0);
    ck_assert(desk_has_none(&desk));
    hash_whole(0);
    expect(DISK_VERIFIED, 0);
}
END_TEST

START_TEST(a_piece_begun_twice_is_the_second_one)
{
    desk_hash(&desk, 0, 0, 16 * BLOCK_BYTES, false);
    hash_whole(0);
    expect(DISK_BLOCKS_BACK, 0);
    expect(DISK_VERIFIED, 0);
}
END_TEST

START_TEST(an_error_names_file_and_errno_and_gives_the_blocks_back)
{
    fault_set(FAULT_WRITE, 2, 1000, ENOSPC); /* piece 1 is in both files */
    hash_whole(1);
    struct message answer = desk_next(&desk);
    ck_assert_int_eq(answer.type, DISK_ERROR);
    ck_assert(answer.u.disk_error.writing);
    ck_assert_int_eq(answer.u.disk_error.error, ERROR_DISK_FULL);
    ck_assert_int_eq(answer.u.disk_error.errno_value, ENOSPC);
    ck_assert_uint_eq(answer.u.disk_error.file, 1);
    message_done(&answer, place.pool);
    ck_assert_uint_eq(disk_manager_queued_bytes(desk.manager), 0);
}
END_TEST

/* S26: what was written is what is hashed again, from the device. */
START_TEST(a_piece_that_reads_back_wrong_is_not_verified)
{
    fault_set(FAULT_FLIP, 1, 1, 0);
    hash_whole(1);
    struct message answer = desk_next(&desk);
    ck_assert_int_eq(answer.type, DISK_ERROR);
    ck_assert_int_eq(answer.u.disk_error.error, ERROR_CORRUPT);
    ck_assert_uint_eq(answer.u.disk_error.piece, 1);
    ck_assert_uint_eq(answer.u.disk_error.file, 0); /* where it begins */
    message_done(&answer, place.pool);
    hash_whole(1);
    expect(DISK_VERIFIED, 1);
    ck_assert_uint_gt(fault_calls(FAULT_READ), 1);
    ck_assert_uint_eq(fault_calls(FAULT_RANGE), 4); /* two files, twice */
}
END_TEST

START_TEST(a_piece_that_cannot_be_put_on_the_device_is_an_error)
{
    fault_set(FAULT_RANGE, 2, 1, EIO);
    hash_whole(1);
    struct message answer = desk_next(&desk);
    ck_assert_int_eq(answer.type, DISK_ERROR);
    ck_assert_int_eq(answer.u.disk_error.errno_value, EIO);
    ck_assert_uint_eq(answer.u.disk_error.file, 1);
    message_done(&answer, place.pool);
}
END_TEST

START_TEST(nothing_is_read_back_unasked)
{
    hash_whole(1);
    expect(DISK_VERIFIED, 1);
    ck_assert_uint_eq(fault_calls(FAULT_READ), 0);
}
END_TEST

/* S25 */
START_TEST(runs_of_a_torrent_that_was_closed_come_back)
{
    desk_hash(&desk, 0, 0, 16 * BLOCK_BYTES, false);
    disk_manager_run(desk.manager);
    disk_manager_close(desk.manager, desk.id);
    desk_hash(&desk, 0, 16 * BLOCK_BYTES, 16 * BLOCK_BYTES, false);
    uint32_t answers = 0;
    while (answers < 3) { /* the run it had, the new one, the closing */
        struct message answer = desk_next(&desk);
        if (answer.type == DISK_ERROR)
            ck_assert_int_eq(answer.u.disk_error.error, ERROR_CANCELLED);
        else
            ck_assert(answer.type == DISK_BLOCKS_BACK || answer.type == DISK_JOB_DONE);
        message_done(&answer, place.pool);
        answers++;
    }
    ck_assert_uint_eq(block_pool_left(place.pool), block_pool_total(place.pool));
}
END_TEST

START_TEST(threads_bring_every_piece_home)
{
    uint32_t verified = 0;
    for (uint32_t i = 0; i < place.meta->piece_count; i++)
        hash_whole(i);
    while (verified < place.meta->piece_count) {
        struct message answer = desk_next(&desk);
        ck_assert_int_eq(answer.type, DISK_VERIFIED);
        message_done(&answer, place.pool);
        verified++;
    }
    ck_assert(place_is_right(&place));
}
END_TEST

START_TEST(ending_in_the_middle_loses_no_block)
{
    for (int round = 0; round < 20; round++)
        for (uint32_t i = 0; i + 1 < place.meta->piece_count; i++)
            desk_hash(&desk, i, 0, BLOCK_BYTES, false);
    /* desk_close counts them */
}
END_TEST

Suite *test_hasher_suite(void)
{
    Suite *suite = suite_create("hasher");
    TCase *small = tcase_create("small pieces");
    tcase_add_checked_fixture(small, setup_small, teardown);
    tcase_add_test(small, nothing_is_read_back_unasked);
    tcase_add_test(small, right_pieces_are_written_and_verified);
    tcase_add_test(small, a_wrong_piece_is_not_written_and_comes_with_its_digests);
    tcase_add_test(small, digests_come_with_a_right_piece_when_asked_for);
    tcase_add_test(small, an_error_names_file_and_errno_and_gives_the_blocks_back);
    TCase *verifying = tcase_create("verifying");
    tcase_add_checked_fixture(verifying, setup_verifying, teardown);
    tcase_add_test(verifying, a_piece_that_reads_back_wrong_is_not_verified);
    tcase_add_test(verifying, a_piece_that_cannot_be_put_on_the_device_is_an_error);
    suite_add_tcase(suite, verifying);
    suite_add_tcase(suite, small);
    TCase *large = tcase_create("large pieces");
    tcase_add_checked_fixture(large, setup_large, teardown);
    tcase_add_loop_test(large, a_piece_in_runs_is_hashed_as_it_comes, 0, 2);
    tcase_add_test(large, a_piece_dropped_half_way_gives_its_blocks_back_and_begins_anew);
    tcase_add_test(large, runs_behind_one_that_failed_blame_nobody);
    tcase_add_test(large, a_piece_begun_twice_is_the_second_one);
    tcase_add_test(large, runs_of_a_torrent_that_was_closed_come_back);
    suite_add_tcase(suite, large);
    TCase *threads = tcase_create("threads");
    tcase_add_checked_fixture(threads, setup_threads, teardown);
    tcase_set_timeout(threads, 30);
    tcase_add_test(threads, threads_bring_every_piece_home);
    tcase_add_test(threads, ending_in_the_middle_loses_no_block);
    suite_add_tcase(suite, threads);
    return suite;
}
