/* File systems that know names and times less exactly (T31, S18). */
#include "disk/storage.h"

#include "tests/unit/disk/faults.h"
#include "tests/unit/disk/place.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

Suite *test_storage_names_suite(void);

#define PIECE 32768u

/* On FAT the first and third are one, and the directories. */
static const struct place_file files[] = {
    {"t/Dir/X", 40000, false}, {"t/other", 100, false}, {"t/dir/x", 70001, false}};
#define FILES (sizeof files / sizeof *files)

static struct place place;
static struct file_cache *cache;
static struct storage *storage;
static struct storage_error why;

static void begin_session(void)
{
    cache = file_cache_new(4);
    storage = storage_new(cache, place.meta, place.dir);
    ck_assert_ptr_nonnull(storage);
}

static void end_session(void)
{
    storage_unref(storage);
    file_cache_free(cache);
}

static void setup(void)
{
    fault_clear();
    umask(022);
    place_make(&place, PIECE, files, FILES);
    begin_session();
}

static void teardown(void)
{
    end_session();
    fault_clear();
    place_done(&place);
}

static void write_piece(uint32_t piece)
{
    struct block *chain =
        place_chain(&place, piece, 0, metainfo_piece_length(place.meta, piece));
    ck_assert_int_eq(storage_write(storage, piece, 0, chain, &why), ERROR_NONE);
    block_pool_give_chain(place.pool, chain);
}

static void check_all(void)
{
    static uint8_t bytes[PIECE];
    for (uint32_t i = 0; i < place.meta->piece_count; i++) {
        const uint32_t length = metainfo_piece_length(place.meta, i);
        ck_assert_int_eq(storage_read(storage, i, 0, bytes, length, &why), ERROR_NONE);
        ck_assert_mem_eq(bytes, place_at(&place, i, 0), length);
    }
}

START_TEST(names_that_are_two_stay_as_they_are)
{
    for (uint32_t i = place.meta->piece_count; i-- > 0;)
        write_piece(i);
    ck_assert_int_eq(storage_sync(storage, &why), ERROR_NONE);
    check_all();
    ck_assert(place_is_right(&place));
    ck_assert_uint_eq(place_size(&place, "t/dir/x.1"), UINT64_MAX);
}
END_TEST

/* T31, S18: whichever is written first, the one that comes first in the torrent has the
 * name, in the next session too. */
START_TEST(names_that_are_one_are_kept_apart)
{
    fault_fat(true);
    for (uint32_t i = 0; i < place.meta->piece_count; i++)
        write_piece(_i == 0 ? i : place.meta->piece_count - 1 - i);
    check_all();
    ck_assert_int_eq(storage_sync(storage, &why), ERROR_NONE);
    ck_assert_uint_eq(place_size(&place, "t/dir/x"), 40000);
    ck_assert_uint_eq(place_size(&place, "t/dir/x.1"), 70001);
    ck_assert_uint_eq(place_size(&place, "t/Dir"), UINT64_MAX);
    end_session();
    begin_session();
    storage_stat_all(storage);
    check_all();
    struct file_stamp stamps[FILES];
    storage_stamps(storage, stamps, FILES);
    ck_assert_uint_eq(stamps[0].size, 40000);
    ck_assert_uint_eq(stamps[2].size, 70001);
    ck_assert_int_eq(storage_delete(storage, &why), ERROR_NONE);
    ck_assert_uint_eq(place_size(&place, "t"), UINT64_MAX); /* nothing was left in it */
}
END_TEST

/* Another disk is another matter: what was one may be two there. */
START_TEST(what_was_found_out_is_forgotten_with_the_directory)
{
    fault_fat(true);
    write_piece(place.meta->piece_count - 1);
    ck_assert_uint_ne(place_size(&place, "t/dir/x.1"), UINT64_MAX);
    fault_fat(false);
    storage_begin_anew(storage);
    storage_close_retired(storage);
    write_piece(place.meta->piece_count - 1);
    ck_assert_uint_eq(place_size(&place, "t/dir/x"), 70001);
}
END_TEST

/* S18: a time told to two seconds says nothing of what happens within them. */
START_TEST(a_coarse_time_that_is_not_over_is_unsure)
{
    struct file_stamp stamps[FILES];
    fault_fat(_i == 1);
    for (uint32_t i = 0; i < place.meta->piece_count; i++)
        write_piece(i);
    ck_assert_int_eq(storage_sync(storage, &why), ERROR_NONE);
    storage_stamps(storage, stamps, FILES);
    for (uint32_t i = 0; i < FILES; i++)
        ck_assert_int_eq(stamps[i].mtime_ns == FILE_STAMP_UNSURE, _i == 1);
    const struct timespec long_ago[2] = {{1000000000, 0}, {1000000000, 0}};
    ck_assert_int_eq(utimensat(AT_FDCWD, place_path(&place, "t/other"), long_ago, 0), 0);
    storage_stat_all(storage);
    storage_stamps(storage, stamps, FILES);
    ck_assert_int_eq(stamps[1].mtime_ns, 1000000000 * INT64_C(1000000000));
}
END_TEST

Suite *test_storage_names_suite(void)
{
    Suite *suite = suite_create("storage_names");
    TCase *tcase = tcase_create("storage_names");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, names_that_are_two_stay_as_they_are);
    tcase_add_loop_test(tcase, names_that_are_one_are_kept_apart, 0, 2);
    tcase_add_test(tcase, what_was_found_out_is_forgotten_with_the_directory);
    tcase_add_loop_test(tcase, a_coarse_time_that_is_not_over_is_unsure, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}
