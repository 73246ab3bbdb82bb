/* Files that are not wanted are not made, and lose nothing of the pieces they share. */
#include "disk/storage.h"

#include "tests/unit/disk/faults.h"
#include "tests/unit/disk/place.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

Suite *test_storage_parts_suite(void);

#define PIECE 32768u

/* Pieces: 0-1 a, 1 a b, 1-4 b, 4 b c d, 4-6 d, 6 d e. */
enum { A, B, C, D, E, FILES };
static const struct place_file files[FILES] = {{"t/a", 50000, false},
                                               {"t/b", 90000, false},
                                               {"t/c", 100, false},
                                               {"t/d/d", 70001, false},
                                               {"t/e", 0, false}};

static struct place place;
static struct file_cache *cache;
static struct storage *storage;
static struct storage_error why;
static bool unwanted[FILES];

static void begin_session(void)
{
    cache = file_cache_new(4);
    storage = storage_new(cache, place.meta, place.dir);
    ck_assert_ptr_nonnull(storage);
    storage_set_unwanted(storage, unwanted);
    ck_assert_int_eq(storage_settle(storage, true, &why), ERROR_NONE);
}

static void end_session(void)
{
    storage_unref(storage);
    file_cache_free(cache);
}

static void setup(void)
{
    fault_clear();
    place_make(&place, PIECE, files, FILES);
    memset(unwanted, 0, sizeof unwanted);
    unwanted[B] = unwanted[C] = unwanted[E] = true;
    begin_session();
}

static void teardown(void)
{
    end_session();
    fault_clear();
    place_done(&place);
}

static enum error_code write_piece(uint32_t piece)
{
    struct block *chain =
        place_chain(&place, piece, 0, metainfo_piece_length(place.meta, piece));
    const enum error_code error = storage_write(storage, piece, 0, chain, &why);
    block_pool_give_chain(place.pool, chain);
    return error;
}

/* Those with bytes of a or d. */
static void write_wanted(void)
{
    for (uint32_t piece = 0; piece < place.meta->piece_count; piece++)
        if (piece <= 1 || piece >= 4)
            ck_assert_int_eq(write_piece(piece), ERROR_NONE);
    ck_assert_int_eq(storage_create_empty(storage, &why), ERROR_NONE);
    ck_assert_int_eq(storage_sync(storage, &why), ERROR_NONE);
}

static void check_piece(uint32_t piece)
{
    static uint8_t bytes[PIECE];
    const uint32_t length = metainfo_piece_length(place.meta, piece);
    ck_assert_int_eq(storage_read(storage, piece, 0, bytes, length, &why), ERROR_NONE);
    ck_assert_mem_eq(bytes, place_at(&place, piece, 0), length);
}

static void check_wanted(void)
{
    for (uint32_t piece = 0; piece < place.meta->piece_count; piece++)
        if (piece <= 1 || piece >= 4)
            check_piece(piece);
}

static bool is_there(const char *path)
{
    return place_size(&place, path) != UINT64_MAX;
}

static const char *parts(void)
{
    static char name[STORAGE_PARTS_NAME_SIZE];
    storage_parts_name(&place.meta->hash, name);
    return name;
}

static void want(uint32_t file)
{
    unwanted[file] = false;
    storage_set_unwanted(storage, unwanted);
}

START_TEST(what_is_not_wanted_is_not_made)
{
    write_wanted();
    ck_assert(is_there("t/a") && is_there("t/d/d") && is_there(parts()));
    ck_assert(!is_there("t/b") && !is_there("t/c") && !is_there("t/e"));
    check_wanted();
    end_session();
    begin_session();
    check_wanted();
}
END_TEST

START_TEST(without_a_directory_there_is_nothing_to_sync)
{
    ck_assert(rmdir(place.dir) == 0 || errno == ENOENT);
    ck_assert_int_eq(storage_sync(storage, &why), ERROR_NONE);
}
END_TEST

START_TEST(what_comes_for_a_file_just_unwanted_is_dropped)
{
    ck_assert_int_eq(write_piece(2), ERROR_CANCELLED);
    ck_assert_uint_eq(why.file, B);
    ck_assert(!is_there("t/b"));
}
END_TEST

static uint64_t blocks_of(const char *path)
{
    struct stat status;
    ck_assert_int_eq(stat(place_path(&place, path), &status), 0);
    return (uint64_t)status.st_blocks * 512;
}

/* _i: 0 as holes, 1 as space. */
START_TEST(wanted_files_get_their_sizes)
{
    place_put(place_path(&place, "t/a"), place_at(&place, 0, 0), 1000);
    ck_assert_int_eq(storage_allocate(storage, _i == 1, &why), ERROR_NONE);
    ck_assert_uint_eq(place_size(&place, "t/a"), 50000);
    ck_assert_uint_eq(place_size(&place, "t/d/d"), 70001);
    ck_assert_int_eq(_i == 1, blocks_of("t/d/d") >= 70001);
    ck_assert(!is_there("t/b") && !is_there("t/c") && !is_there("t/e"));
    write_wanted();
    check_wanted();
    place_put(place_path(&place, "t/a"), place.content, 50007); /* too long */
    ck_assert_int_eq(storage_allocate(storage, _i == 1, &why), ERROR_NONE);
    ck_assert_uint_eq(place_size(&place, "t/a"), 50007);
}
END_TEST

START_TEST(a_file_that_is_there_is_used)
{
    place_put(place_path(&place, "t/b"), "old", 3);
    ck_assert_int_eq(storage_settle(storage, true, &why), ERROR_NONE);
    write_wanted();
    check_wanted();
    ck_assert_int_eq(write_piece(2), ERROR_NONE);
    check_piece(2);
    ck_assert_uint_gt(place_size(&place, "t/b"), PIECE);
}
END_TEST

START_TEST(parts_move_into_what_is_wanted_after_all)
{
    write_wanted();
    want(B);
    ck_assert_int_eq(storage_settle(storage, true, &why), ERROR_NONE);
    ck_assert(is_there("t/b") && !is_there("t/c"));
    check_wanted();
    ck_assert_int_eq(write_piece(2), ERROR_NONE);
    ck_assert_int_eq(write_piece(3), ERROR_NONE);
    ck_assert_int_eq(storage_sync(storage, &why), ERROR_NONE);
    ck_assert(is_there(parts())); /* for c */
    want(C);
    want(E);
    ck_assert_int_eq(storage_settle(storage, true, &why), ERROR_NONE);
    ck_assert(is_there(parts())); /* until c is on the disk for good */
    ck_assert_int_eq(storage_create_empty(storage, &why), ERROR_NONE);
    ck_assert_int_eq(storage_sync(storage, &why), ERROR_NONE);
    ck_assert(place_is_right(&place));
    ck_assert(!is_there(parts()));
}
END_TEST

START_TEST(a_session_that_wants_more_brings_in_what_was_kept)
{
    write_wanted();
    end_session();
    memset(unwanted, 0, sizeof unwanted);
    begin_session();
    check_wanted();
    ck_assert_uint_eq(place_size(&place, "t/c"), 100);
    ck_assert_int_eq(storage_sync(storage, &why), ERROR_NONE);
    ck_assert(!is_there(parts()));
    check_wanted();
}
END_TEST

/* What a kill left half done: the rest comes, and what the file has is not touched. */
START_TEST(moving_in_goes_on_where_it_ended)
{
    static uint8_t begun[1000];
    write_wanted();
    end_session();
    memset(begun, 'x', sizeof begun);
    place_put(place_path(&place, "t/b"), begun, sizeof begun);
    memset(unwanted, 0, sizeof unwanted);
    begin_session();
    static uint8_t bytes[PIECE];
    const uint32_t at = 50000 - PIECE; /* where b begins in piece 1 */
    ck_assert_int_eq(storage_read(storage, 1, 0, bytes, PIECE, &why), ERROR_NONE);
    ck_assert_mem_eq(bytes, place_at(&place, 1, 0), at);
    ck_assert_mem_eq(bytes + at, begun, sizeof begun);
    ck_assert_mem_eq(bytes + at + sizeof begun,
                     place_at(&place, 1, at + (uint32_t)sizeof begun),
                     PIECE - at - sizeof begun);
    check_piece(4);
}
END_TEST

START_TEST(what_comes_before_the_parts_have_moved_finds_its_place)
{
    write_wanted();
    want(B); /* and nothing was settled yet */
    ck_assert_int_eq(write_piece(2), ERROR_NONE);
    ck_assert_int_eq(write_piece(3), ERROR_NONE);
    for (uint32_t piece = 0; piece < place.meta->piece_count; piece++)
        check_piece(piece);
}
END_TEST

START_TEST(a_look_moves_nothing)
{
    write_wanted();
    end_session();
    memset(unwanted, 0, sizeof unwanted);
    cache = file_cache_new(4);
    storage = storage_new(cache, place.meta, place.dir);
    ck_assert_int_eq(storage_settle(storage, false, &why), ERROR_NONE);
    check_wanted();
    ck_assert(!is_there("t/b") && !is_there("t/c") && is_there(parts()));
}
END_TEST

START_TEST(a_disk_that_fails_leaves_parts_where_they_are)
{
    write_wanted();
    want(C);
    fault_set(FAULT_WRITE, 1, 1000, ENOSPC);
    ck_assert_int_eq(storage_settle(storage, true, &why), ERROR_DISK_FULL);
    ck_assert_uint_eq(why.file, C);
    fault_clear();
    check_wanted();
    ck_assert_int_eq(storage_settle(storage, true, &why), ERROR_NONE);
    check_wanted();
    ck_assert_uint_eq(place_size(&place, "t/c"), 100);
}
END_TEST

START_TEST(deleting_takes_the_parts_too)
{
    char foreign[64];
    write_wanted();
    snprintf(foreign, sizeof foreign, ".%s.parts", "0123456789");
    place_put(place_path(&place, foreign), "x", 1);
    ck_assert_int_eq(storage_delete(storage, &why), ERROR_NONE);
    ck_assert(!is_there(parts()) && !is_there("t/a") && is_there(foreign));
}
END_TEST

START_TEST(stamps_of_what_is_apart_are_those_of_the_parts)
{
    struct file_stamp stamps[FILES];
    write_wanted();
    storage_stat_all(storage);
    storage_stamps(storage, stamps, FILES);
    const struct file_stamp apart = storage_parts_stamp(storage);
    ck_assert_uint_ne(apart.size, UINT64_MAX);
    ck_assert_uint_eq(stamps[B].inode, apart.inode);
    ck_assert_uint_eq(stamps[C].inode, apart.inode);
    ck_assert_uint_ne(stamps[A].inode, apart.inode);
    storage_own_stamps(storage, stamps, FILES);
    ck_assert_uint_eq(stamps[B].size, UINT64_MAX);
}
END_TEST

Suite *test_storage_parts_suite(void)
{
    Suite *suite = suite_create("storage_parts");
    TCase *tests = tcase_create("storage_parts");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, what_is_not_wanted_is_not_made);
    tcase_add_test(tests, without_a_directory_there_is_nothing_to_sync);
    tcase_add_test(tests, what_comes_for_a_file_just_unwanted_is_dropped);
    tcase_add_loop_test(tests, wanted_files_get_their_sizes, 0, 2);
    tcase_add_test(tests, a_file_that_is_there_is_used);
    tcase_add_test(tests, parts_move_into_what_is_wanted_after_all);
    tcase_add_test(tests, a_session_that_wants_more_brings_in_what_was_kept);
    tcase_add_test(tests, moving_in_goes_on_where_it_ended);
    tcase_add_test(tests, what_comes_before_the_parts_have_moved_finds_its_place);
    tcase_add_test(tests, a_look_moves_nothing);
    tcase_add_test(tests, a_disk_that_fails_leaves_parts_where_they_are);
    tcase_add_test(tests, deleting_takes_the_parts_too);
    tcase_add_test(tests, stamps_of_what_is_apart_are_those_of_the_parts);
    suite_add_tcase(suite, tests);
    return suite;
}
