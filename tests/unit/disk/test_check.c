#include "tests/unit/disk/faults.h"
#include "tests/unit/disk/place.h"

#include <check.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Suite *test_check_suite(void);

#define PIECE 65536u

static const struct place_file files[] = {
    {"t/a", 40 * PIECE + 5, false}, {"t/none", 0, false}, {"t/b", 9 * PIECE, false}};
#define PIECES 50u

static struct place place;
static struct desk desk;

static void setup_with(uint32_t workers)
{
    fault_clear();
    place_make(&place, PIECE, files, 3);
    ck_assert_uint_eq(place.meta->piece_count, PIECES);
    desk_open(&desk, &place, workers);
}

static void setup_inline(void)
{
    setup_with(0);
}

static void setup_threads(void)
{
    setup_with(3);
}

static void teardown(void)
{
    desk_close(&desk);
    place_done(&place);
}

static void post_check(struct bitfield *only, bool create_empty)
{
    struct disk_job *job = disk_job_new();
    job->pieces = only;
    job->create_empty = create_empty;
    const struct message request = {
        .type = DISK_CHECK, .torrent = desk.id, .u.job.job = job};
    desk_post(&desk, &request);
}

/* What a check finds; the caller frees its bits by message_done. */
static struct message check(struct bitfield *only)
{
    post_check(only, true);
    struct message answer = desk_next(&desk);
    ck_assert_int_eq(answer.type, DISK_CHECKED);
    ck_assert_int_eq(answer.u.checked.error, ERROR_NONE);
    ck_assert_uint_eq(answer.u.checked.have->size, PIECES);
    ck_assert_uint_eq(answer.u.checked.have->count, answer.u.checked.pieces_found);
    return answer;
}

static void expect_found(const char *what, bool (*is_there)(uint32_t piece))
{
    struct message answer = check(NULL);
    for (uint32_t i = 0; i < PIECES; i++)
        ck_assert_msg(bitfield_get(answer.u.checked.have, i) == is_there(i),
                      "%s: piece %u", what, i);
    message_done(&answer, place.pool);
}

static bool all(uint32_t piece)
{
    (void)piece;
    return true;
}

static bool none(uint32_t piece)
{
    (void)piece;
    return false;
}

static bool below_10(uint32_t piece)
{
    return piece < 10 || piece > 40;
}

static bool not_7_and_49(uint32_t piece)
{
    return piece != 7 && piece != 49;
}

START_TEST(whole_right_files_are_found_whole)
{
    place_write_all(&place);
    expect_found("all", all);
}
END_TEST

START_TEST(nothing_there_is_nothing_found_and_empty_files_are_made)
{
    expect_found("none", none);
    ck_assert_uint_eq(place_size(&place, "t/none"), 0);
    ck_assert_uint_eq(place_size(&place, "t/a"), UINT64_MAX);
}
END_TEST

/* S11, S13, S17 */
START_TEST(short_and_long_files_are_found_as_far_as_they_are_right)
{
    place_write_all(&place);
    ck_assert_int_eq(truncate(place_path(&place, "t/a"), 10 * PIECE + 3), 0);
    ck_assert_int_eq(truncate(place_path(&place, "t/b"), 100 * PIECE), 0);
    expect_found("short", below_10);
    ck_assert_uint_eq(place_size(&place, "t/a"), 10 * PIECE + 3); /* as it was */
    ck_assert_uint_eq(place_size(&place, "t/b"), 100 * PIECE);
}
END_TEST

/* S12 */
START_TEST(exactly_the_damaged_pieces_are_missed)
{
    FILE *file;
    place_write_all(&place);
    file = fopen(place_path(&place, "t/a"), "r+b");
    fseek(file, 8 * (long)PIECE - 1, SEEK_SET);
    fputc(place_at(&place, 7, PIECE - 1)[0] ^ 1, file);
    fclose(file);
    file = fopen(place_path(&place, "t/b"), "r+b");
    fseek(file, -1, SEEK_END);
    fputc(place.content[place.meta->total_bytes - 1] ^ 1, file);
    fclose(file);
    expect_found("damaged", not_7_and_49);
}
END_TEST

START_TEST(only_the_pieces_asked_for_are_read)
{
    struct bitfield *only = calloc(1, sizeof *only);
    place_write_all(&place);
    ck_assert_int_eq(bitfield_init(only, PIECES), ERROR_NONE);
    bitfield_set(only, 3);
    bitfield_set(only, 49);
    struct message answer = check(only);
    ck_assert_uint_eq(answer.u.checked.have->count, 2);
    ck_assert(bitfield_get(answer.u.checked.have, 3));
    ck_assert(bitfield_get(answer.u.checked.have, 49));
    ck_assert_uint_le(fault_calls(FAULT_READ), 4);
    message_done(&answer, place.pool);
}
END_TEST

/* S27 */
START_TEST(pieces_of_zeros_are_there_only_if_the_file_is)
{
    memset(place.content, 0, place.meta->total_bytes);
    place_rehash(&place);
    expect_found("no file", none);
    place_put(place_path(&place, "t/a"), "", 0);
    place_put(place_path(&place, "t/b"), "", 0);
    expect_found("empty files", none);
    ck_assert_int_eq(truncate(place_path(&place, "t/a"), 40 * PIECE + 5), 0);
    ck_assert_int_eq(truncate(place_path(&place, "t/b"), 9 * PIECE), 0);
    expect_found("holes", all);
}
END_TEST

START_TEST(holes_of_other_pieces_are_not_read)
{
    place_put(place_path(&place, "t/a"), "", 0);
    ck_assert_int_eq(truncate(place_path(&place, "t/a"), 40 * PIECE + 5), 0);
    expect_found("holes", none);
    ck_assert_uint_le(fault_calls(FAULT_READ), 1); /* the piece across both files */
}
END_TEST

START_TEST(what_is_missing_is_not_looked_for_piece_by_piece)
{
    place_write_all(&place);
    ck_assert_int_eq(truncate(place_path(&place, "t/a"), 10 * PIECE + 3), 0);
    struct message answer = check(NULL);
    ck_assert_uint_eq(answer.u.checked.have->count, 19);
    ck_assert_uint_le(fault_calls(FAULT_READ), 19);
    message_done(&answer, place.pool);
}
END_TEST

START_TEST(a_read_that_fails_costs_one_piece_of_those_side_by_side)
{
    place_write_all(&place);
    fault_set(FAULT_READ, 6, 1, EIO);
    struct message answer = check(NULL);
    ck_assert_uint_eq(answer.u.checked.have->count, PIECES - 1);
    message_done(&answer, place.pool);
}
END_TEST

static struct message hash_all(struct piece_digest *digests, _Atomic int *errnos)
{
    struct disk_job *job = disk_job_new();
    job->ret_digests = digests;
    job->ret_errnos = errnos;
    const struct message request = {
        .type = DISK_CHECK, .torrent = desk.id, .u.job.job = job};
    desk_post(&desk, &request);
    struct message answer = desk_next(&desk);
    ck_assert_int_eq(answer.type, DISK_CHECKED);
    return answer;
}

START_TEST(without_hashes_to_compare_with_they_are_given_out)
{
    struct piece_digest digests[PIECES];
    uint8_t wanted[PIECES][SHA1_BYTES];
    memset(place.content, 0, 5 * PIECE); /* some of it a hole */
    place_rehash(&place);
    place_write_all(&place);
    place_put(place_path(&place, "t/a"), "", 0);
    FILE *file = fopen(place_path(&place, "t/a"), "r+b");
    fseek(file, 5 * (long)PIECE, SEEK_SET);
    fwrite(place.content + 5 * PIECE, 1, 35 * PIECE + 5, file);
    fclose(file);
    memcpy(wanted, place.meta->piece_hashes, sizeof wanted);
    memset(place.meta->piece_hashes, 0, sizeof wanted);
    struct message answer = hash_all(digests, NULL);
    ck_assert_int_eq(answer.u.checked.error, ERROR_NONE);
    ck_assert_uint_eq(answer.u.checked.have->count, PIECES);
    for (uint32_t i = 0; i < PIECES; i++)
        ck_assert_mem_eq(digests[i].sha1, wanted[i], SHA1_BYTES);
    message_done(&answer, place.pool);
}
END_TEST

START_TEST(what_cannot_be_hashed_is_told_with_its_errno)
{
    struct piece_digest digests[PIECES];
    _Atomic int errnos[3] = {0};
    place_write_all(&place);
    fault_set(FAULT_READ, 6, 1, EIO);
    struct message answer = hash_all(digests, errnos);
    ck_assert_int_eq(answer.u.checked.error, ERROR_CANCELLED);
    ck_assert_int_eq(atomic_load(&errnos[0]) + atomic_load(&errnos[2]), EIO);
    message_done(&answer, place.pool);
    fault_clear();
    ck_assert_int_eq(truncate(place_path(&place, "t/b"), 8 * PIECE), 0);
    answer = hash_all(digests, errnos);
    ck_assert_int_eq(answer.u.checked.error, ERROR_CANCELLED);
    message_done(&answer, place.pool);
}
END_TEST

START_TEST(a_second_check_waits_for_the_first)
{
    struct disk_job *job = disk_job_new();
    const struct message second = {
        .type = DISK_CHECK, .torrent = desk.id, .u.job.job = job};
    post_check(NULL, false);
    ck_assert_int_eq(disk_manager_post(desk.manager, &second), ERROR_EXISTS);
    struct message answer = desk_next(&desk);
    ck_assert_int_eq(answer.type, DISK_CHECKED);
    message_done(&answer, place.pool);
    desk_post(&desk, &second);
    answer = desk_next(&desk);
    ck_assert_int_eq(answer.type, DISK_CHECKED);
    message_done(&answer, place.pool);
}
END_TEST

static bool only_b(uint32_t piece)
{
    return piece > 40;
}

/* S10 */
START_TEST(a_file_deleted_while_open_is_not_there)
{
    struct block *block = block_pool_take(place.pool);
    place_write_all(&place);
    expect_found("all", all);
    ck_assert_int_eq(unlink(place_path(&place, "t/a")), 0);
    expect_found("deleted", only_b);
    *block = (struct block){.bytes = block->bytes, .length = 10};
    ck_assert_uint_eq(disk_manager_read_now(desk.manager, desk.id, block), 0);
    block_pool_give(place.pool, block);
}
END_TEST

START_TEST(an_empty_file_that_cannot_be_made_is_told)
{
    place_write_all(&place);
    ck_assert_int_eq(unlink(place_path(&place, "t/none")), 0);
    ck_assert_int_eq(symlink("a", place_path(&place, "t/none")), 0);
    post_check(NULL, true);
    struct message answer = desk_next(&desk);
    ck_assert_int_eq(answer.type, DISK_CHECKED);
    ck_assert_int_eq(answer.u.checked.error, ERROR_NOT_REGULAR);
    ck_assert_uint_eq(answer.u.checked.file, 1);
    ck_assert_uint_eq(answer.u.checked.have->count, PIECES);
    message_done(&answer, place.pool);
}
END_TEST

START_TEST(closing_a_torrent_ends_its_check)
{
    place_write_all(&place);
    post_check(NULL, false);
    disk_manager_close(desk.manager, desk.id);
    for (int answers = 0; answers < 2; answers++) {
        struct message answer = desk_next(&desk);
        /* Threads may have been through with it before it was closed. */
        const bool is_done = desk.workers > 0 && answer.type == DISK_CHECKED &&
                             answer.u.checked.error == ERROR_NONE;
        if (is_done)
            ck_assert_uint_eq(answer.u.checked.have->count, PIECES);
        else if (answer.type == DISK_CHECKED)
            ck_assert_int_eq(answer.u.checked.error, ERROR_CANCELLED);
        else
            ck_assert_int_eq(answer.type, DISK_JOB_DONE);
        message_done(&answer, place.pool);
    }
}
END_TEST

START_TEST(the_end_may_come_in_the_middle_of_a_check)
{
    place_write_all(&place);
    post_check(NULL, false);
    if (_i % 2 == 1)
        loop_turn(desk.loop, NS_PER_MS);
}
END_TEST

START_TEST(a_stopped_manager_reads_no_metainfo)
{
    place_write_all(&place);
    post_check(NULL, false);
    disk_manager_stop(desk.manager);
    disk_manager_close(desk.manager, desk.id);
    metainfo_free(place.meta);
    place.meta = NULL;
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, whole_right_files_are_found_whole);
    tcase_add_test(tcase, nothing_there_is_nothing_found_and_empty_files_are_made);
    tcase_add_test(tcase, short_and_long_files_are_found_as_far_as_they_are_right);
    tcase_add_test(tcase, exactly_the_damaged_pieces_are_missed);
    tcase_add_test(tcase, only_the_pieces_asked_for_are_read);
    tcase_add_test(tcase, pieces_of_zeros_are_there_only_if_the_file_is);
    tcase_add_test(tcase, holes_of_other_pieces_are_not_read);
    tcase_add_test(tcase, a_read_that_fails_costs_one_piece_of_those_side_by_side);
    tcase_add_test(tcase, without_hashes_to_compare_with_they_are_given_out);
    tcase_add_test(tcase, what_cannot_be_hashed_is_told_with_its_errno);
    tcase_add_test(tcase, a_second_check_waits_for_the_first);
    tcase_add_test(tcase, a_file_deleted_while_open_is_not_there);
    tcase_add_test(tcase, an_empty_file_that_cannot_be_made_is_told);
    tcase_add_test(tcase, closing_a_torrent_ends_its_check);
    tcase_add_loop_test(tcase, the_end_may_come_in_the_middle_of_a_check, 0, 6);
    tcase_add_loop_test(tcase, a_stopped_manager_reads_no_metainfo, 0, 6);
}

Suite *test_check_suite(void)
{
    Suite *suite = suite_create("check");
    TCase *alone = tcase_create("inline");
    tcase_add_checked_fixture(alone, setup_inline, teardown);
    add_tests(alone);
    tcase_add_test(alone, what_is_missing_is_not_looked_for_piece_by_piece);
    suite_add_tcase(suite, alone);
    TCase *threads = tcase_create("threads");
    tcase_add_checked_fixture(threads, setup_threads, teardown);
    add_tests(threads);
    suite_add_tcase(suite, threads);
    return suite;
}
