/* Many files at once: one flush of the drive does for all of them. */
#include "disk/storage.h"

#include "tests/unit/disk/faults.h"
#include "tests/unit/disk/place.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

Suite *test_storage_sync_suite(void);

#define FILES      100u
#define FILE_BYTES 5000u
#define PIECE      32768u

static struct place place;
static struct file_cache *cache;
static struct storage *storage;
static struct storage_error why;

static void setup(void)
{
    static char paths[FILES][16];
    struct place_file files[FILES];
    for (uint32_t i = 0; i < FILES; i++) {
        snprintf(paths[i], sizeof paths[i], "t/%u", i);
        files[i] = (struct place_file){paths[i], FILE_BYTES, false};
    }
    fault_clear();
    place_make(&place, PIECE, files, FILES);
    cache = file_cache_new(4);
    storage = storage_new(cache, place.meta, place.dir);
    ck_assert_ptr_nonnull(storage);
    why = (struct storage_error){0};
    for (uint32_t i = 0; i < place.meta->piece_count; i++) {
        struct block *chain =
            place_chain(&place, i, 0, metainfo_piece_length(place.meta, i));
        ck_assert_int_eq(storage_write(storage, i, 0, chain, &why), ERROR_NONE);
        block_pool_give_chain(place.pool, chain);
    }
}

static void teardown(void)
{
    fault_clear();
    storage_unref(storage);
    file_cache_free(cache);
    place_done(&place);
}

START_TEST(many_files_are_synced_by_one_call)
{
    struct file_stamp stamps[FILES];
    ck_assert_int_eq(storage_sync(storage, &why), ERROR_NONE);
    ck_assert_uint_eq(fault_calls(FAULT_SYNCFS), 1);
    ck_assert_uint_eq(fault_calls(FAULT_RANGE), FILES);
    ck_assert_uint_eq(fault_calls(FAULT_DATASYNC), 0);
    storage_stamps(storage, stamps, FILES);
    for (uint32_t i = 0; i < FILES; i++)
        ck_assert_uint_eq(stamps[i].size, FILE_BYTES);
    ck_assert_int_eq(storage_sync(storage, &why), ERROR_NONE);
    ck_assert_uint_eq(fault_calls(FAULT_SYNCFS), 1); /* nothing was written since */
}
END_TEST

START_TEST(each_is_synced_by_itself_where_that_call_fails)
{
    fault_set(FAULT_SYNCFS, 1, 1, EIO);
    ck_assert_int_eq(storage_sync(storage, &why), ERROR_NONE);
    ck_assert_uint_eq(fault_calls(FAULT_DATASYNC), FILES);
}
END_TEST

START_TEST(a_file_that_was_not_written_back_fails_the_sync)
{
    fault_set(FAULT_RANGE, 42, 1, EIO);
    ck_assert_int_eq(storage_sync(storage, &why), ERROR_SYSTEM);
    ck_assert_uint_eq(why.file, 41);
    ck_assert_int_eq(why.errno_value, EIO);
}
END_TEST

START_TEST(a_file_deleted_under_us_is_noticed_among_many)
{
    ck_assert_int_eq(unlink(place_path(&place, "t/7")), 0);
    ck_assert_int_eq(storage_sync(storage, &why), ERROR_NOT_FOUND);
    ck_assert_uint_eq(why.file, 7);
}
END_TEST

Suite *test_storage_sync_suite(void)
{
    Suite *suite = suite_create("storage_sync");
    TCase *tcase = tcase_create("storage_sync");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, many_files_are_synced_by_one_call);
    tcase_add_test(tcase, each_is_synced_by_itself_where_that_call_fails);
    tcase_add_test(tcase, a_file_that_was_not_written_back_fails_the_sync);
    tcase_add_test(tcase, a_file_deleted_under_us_is_noticed_among_many);
    suite_add_tcase(suite, tcase);
    return suite;
}
