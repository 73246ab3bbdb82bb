#include "disk/storage.h"

#include "tests/unit/disk/faults.h"
#include "tests/unit/disk/place.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

Suite *test_storage_suite(void);

#define PIECE 32768u

/* Pieces that begin, end and turn inside files, empty files everywhere, padding. */
static const struct place_file files[] = {
    {"t/empty first", 0, false},  {"t/one", 1, false},
    {"t/sub/big", 100001, false}, {"t/empty middle", 0, false},
    {"t/.pad/3", 16384, true},    {"t/sub/deep/er/small", 5, false},
    {"t/last", 40000, false},     {"t/empty last", 0, false},
};
#define FILES (sizeof files / sizeof *files)

static struct place place;
static struct file_cache *cache;
static struct storage *storage;
static struct storage_error why;

static void setup(void)
{
    fault_clear();
    umask(022);
    place_make(&place, PIECE, files, FILES);
    cache = file_cache_new(4);
    storage = storage_new(cache, place.meta, place.dir);
    ck_assert_ptr_nonnull(storage);
    why = (struct storage_error){0};
}

static void teardown(void)
{
    fault_clear();
    storage_unref(storage);
    file_cache_free(cache);
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

static void write_all(void)
{
    for (uint32_t i = 0; i < place.meta->piece_count; i++)
        ck_assert_int_eq(write_piece(i), ERROR_NONE);
}

/* In three blocks, of which two are odd. */
static void read_chain_and_compare(uint32_t piece, uint32_t length)
{
    static uint8_t bytes[PIECE];
    const uint32_t a = length / 3, b = length / 2;
    struct block third = {
        .bytes = bytes + b, .piece = piece, .begin = b, .length = length - b};
    struct block second = {
        .next = &third, .bytes = bytes + a, .piece = piece, .begin = a, .length = b - a};
    struct block first = {.next = &second, .bytes = bytes, .piece = piece, .length = a};
    struct block *chain = a == 0 ? b == 0 ? &third : &second : &first;
    memset(bytes, 0xee, sizeof bytes);
    ck_assert_int_eq(storage_read_chain(storage, chain, &why), ERROR_NONE);
    ck_assert_mem_eq(bytes, place_at(&place, piece, 0), length);
}

static void read_and_compare_all(void)
{
    uint8_t bytes[PIECE];
    for (uint32_t i = 0; i < place.meta->piece_count; i++) {
        const uint32_t length = metainfo_piece_length(place.meta, i);
        ck_assert_int_eq(storage_read(storage, i, 0, bytes, length, &why), ERROR_NONE);
        ck_assert_mem_eq(bytes, place_at(&place, i, 0), length);
        read_chain_and_compare(i, length);
    }
}

START_TEST(what_is_written_piece_by_piece_is_the_files)
{
    for (uint32_t i = place.meta->piece_count; i-- > 0;)
        ck_assert_int_eq(write_piece(i), ERROR_NONE);
    ck_assert_int_eq(storage_create_empty(storage, &why), ERROR_NONE);
    ck_assert(place_is_right(&place));
    ck_assert_uint_eq(place_size(&place, "t/.pad/3"), UINT64_MAX);
    read_and_compare_all();
}
END_TEST

START_TEST(any_range_reads_as_it_was_written)
{
    struct random_seeded seeded;
    uint8_t bytes[PIECE];
    random_seeded_init(&seeded, 5);
    place_write_all(&place);
    for (int i = 0; i < 300; i++) {
        const uint32_t piece = random_below(&seeded.source, place.meta->piece_count);
        const uint32_t whole = metainfo_piece_length(place.meta, piece);
        const uint32_t begin = random_below(&seeded.source, whole);
        const uint32_t length = 1 + random_below(&seeded.source, whole - begin);
        ck_assert_int_eq(storage_read(storage, piece, begin, bytes, length, &why),
                         ERROR_NONE);
        ck_assert_mem_eq(bytes, place_at(&place, piece, begin), length);
        const struct block block = {
            .bytes = bytes, .piece = piece, .begin = begin, .length = length};
        memset(bytes, 0xee, sizeof bytes);
        if (storage_read_cached(storage, &block) == 1)
            ck_assert_mem_eq(bytes, place_at(&place, piece, begin), length);
    }
}
END_TEST

/* S9 */
START_TEST(bytes_in_dribbles_and_interruptions_are_the_same_bytes)
{
    fault_dribble(777);
    write_all();
    read_and_compare_all();
    fault_clear();
    ck_assert_int_eq(storage_create_empty(storage, &why), ERROR_NONE);
    ck_assert(place_is_right(&place));
}
END_TEST

/* S4 */
START_TEST(a_device_that_fails_once_is_tried_again_and_no_more)
{
    fault_set(FAULT_WRITE, 1, 1, EIO);
    ck_assert_int_eq(write_piece(0), ERROR_NONE);
    fault_clear();
    fault_set(FAULT_WRITE, 1, 1000, EIO);
    ck_assert_int_ne(write_piece(1), ERROR_NONE);
    ck_assert_int_eq(why.errno_value, EIO);
    ck_assert_uint_eq(why.file, 2);
    ck_assert_uint_eq(fault_calls(FAULT_WRITE), 2);
}
END_TEST

/* S1 */
START_TEST(a_full_disk_is_told_with_the_file)
{
    static const int errors[] = {ENOSPC, EDQUOT, EFBIG};
    fault_set(FAULT_WRITE, 2, 1000, errors[_i]);
    ck_assert_int_eq(write_piece(0), ERROR_DISK_FULL); /* its second file */
    ck_assert_int_eq(why.errno_value, errors[_i]);
    ck_assert_uint_eq(why.file, 2);
    fault_clear();
    ck_assert_int_eq(write_piece(0), ERROR_NONE);
}
END_TEST

/* S2 */
START_TEST(a_limit_on_file_sizes_is_no_signal)
{
    const struct rlimit small = {40000, RLIM_INFINITY};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    ck_assert_int_eq(write_piece(2), ERROR_DISK_FULL);
    ck_assert_int_eq(why.errno_value, EFBIG);
}
END_TEST

/* S11 */
START_TEST(what_is_not_there_or_not_all_there_is_told_apart)
{
    uint8_t bytes[PIECE];
    place_write_all(&place);
    ck_assert_int_eq(truncate(place_path(&place, "t/sub/big"), 50000), 0);
    ck_assert_int_eq(storage_read(storage, 0, 0, bytes, PIECE, &why), ERROR_NONE);
    ck_assert_int_eq(storage_read(storage, 1, 0, bytes, PIECE, &why), ERROR_TRUNCATED);
    ck_assert_uint_eq(why.file, 2);
    ck_assert_int_eq(unlink(place_path(&place, "t/last")), 0);
    const uint32_t last = place.meta->piece_count - 1;
    ck_assert_int_eq(storage_read(storage, last, 0, bytes, 10, &why), ERROR_NOT_FOUND);
    ck_assert_uint_eq(why.file, 6);
}
END_TEST

/* S13 */
START_TEST(a_longer_file_keeps_its_end)
{
    place_write_all(&place);
    FILE *file = fopen(place_path(&place, "t/last"), "ab");
    fputs("the user's own", file);
    fclose(file);
    write_all();
    ck_assert_uint_eq(place_size(&place, "t/last"), 40000 + 14);
}
END_TEST

/* S27 */
START_TEST(holes_are_seen_only_where_the_file_is_long_enough)
{
    ck_assert(!storage_is_hole(storage, 1, PIECE)); /* no file at all */
    place_put(place_path(&place, "t/sub/big"), "", 0);
    ck_assert(!storage_is_hole(storage, 1, PIECE)); /* too short: it holds no zeros */
    ck_assert_int_eq(truncate(place_path(&place, "t/sub/big"), 100001), 0);
    ck_assert(storage_is_hole(storage, 1, PIECE));
    ck_assert_int_eq(write_piece(1), ERROR_NONE);
    ck_assert(!storage_is_hole(storage, 1, PIECE));
}
END_TEST

/* S15: the walk starts from the download directory each time and follows no link. */
START_TEST(a_directory_swapped_for_a_link_leads_nowhere)
{
    char elsewhere[128];
    snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", place.root);
    ck_assert_int_eq(mkdir(elsewhere, 0755), 0);
    ck_assert_int_eq(write_piece(0), ERROR_NONE);
    storage_close_files(storage);
    ck_assert_int_eq(rename(place_path(&place, "t/sub"), place_path(&place, "t/was sub")),
                     0);
    ck_assert_int_eq(symlink(elsewhere, place_path(&place, "t/sub")), 0);
    ck_assert_int_eq(write_piece(1), ERROR_NOT_REGULAR);
    ck_assert_uint_eq(why.file, 2);
    strcat(elsewhere, "/big");
    ck_assert_int_ne(access(elsewhere, F_OK), 0);
}
END_TEST

/* S14 */
START_TEST(a_file_swapped_for_a_link_is_not_followed)
{
    char target[128];
    snprintf(target, sizeof target, "%s/target", place.root);
    place_put(target, "mine", 4);
    ck_assert_int_eq(mkdir(place.dir, 0755), 0);
    ck_assert_int_eq(mkdir(place_path(&place, "t"), 0755), 0);
    ck_assert_int_eq(symlink(target, place_path(&place, "t/one")), 0);
    ck_assert_int_eq(write_piece(0), ERROR_NOT_REGULAR);
    ck_assert_uint_eq(why.file, 1);
    ck_assert_uint_eq(place_size(&place, "../target"), 4);
}
END_TEST

START_TEST(a_link_to_the_download_directory_is_the_users_choice)
{
    char real[128];
    snprintf(real, sizeof real, "%s/real", place.root);
    ck_assert_int_eq(mkdir(real, 0755), 0);
    ck_assert_int_eq(symlink(real, place.dir), 0);
    ck_assert_int_eq(write_piece(0), ERROR_NONE);
}
END_TEST

/* S16 */
START_TEST(a_download_directory_that_is_gone_is_not_made_again)
{
    char away[128];
    snprintf(away, sizeof away, "%s/away", place.root);
    ck_assert_int_eq(write_piece(0), ERROR_NONE); /* makes it */
    storage_close_files(storage);
    ck_assert_int_eq(rename(place.dir, away), 0);
    ck_assert_int_eq(write_piece(1), ERROR_NOT_FOUND);
    ck_assert_int_ne(access(place.dir, F_OK), 0);
    ck_assert_int_eq(mkdir(place.dir, 0755), 0); /* another: an unmounted mount point */
    ck_assert_int_eq(write_piece(1), ERROR_NOT_FOUND);
    ck_assert_uint_eq(place_size(&place, "t"), UINT64_MAX);
    storage_begin_anew(storage);
    ck_assert_int_eq(write_piece(1), ERROR_NONE);
}
END_TEST

START_TEST(idle_it_holds_no_descriptor)
{
    const uint32_t before = place_open_descriptors();
    write_all();
    ck_assert_uint_le(place_open_descriptors(), before + 4); /* the cache's */
    storage_stat_all(storage);
    ck_assert_int_eq(storage_sync(storage, &why), ERROR_NONE);
    storage_close_files(storage);
    ck_assert_uint_eq(place_open_descriptors(), before);
}
END_TEST

/* S7 */
START_TEST(an_unwritable_file_is_read_and_told_when_it_is_to_be_written)
{
    uint8_t byte;
    place_write_all(&place);
    ck_assert_int_eq(chmod(place_path(&place, "t/last"), 0444), 0);
    ck_assert_int_eq(chmod(place.root, 0755), 0);
    if (geteuid() == 0)
        ck_assert_int_eq(seteuid(65534), 0);
    const uint32_t last = place.meta->piece_count - 1;
    ck_assert_int_eq(storage_read(storage, last, 0, &byte, 1, &why), ERROR_NONE);
    ck_assert_int_eq(write_piece(last), ERROR_ACCESS);
    ck_assert_uint_eq(why.file, 6);
    ck_assert_int_eq(seteuid(getuid()), 0);
}
END_TEST

/* ---- syncing ---- */

START_TEST(only_what_was_written_is_synced)
{
    struct file_stamp stamps[FILES];
    ck_assert_int_eq(write_piece(0), ERROR_NONE);
    ck_assert_int_eq(storage_sync(storage, &why), ERROR_NONE);
    ck_assert_uint_eq(fault_calls(FAULT_DATASYNC), 2);
    ck_assert_int_eq(storage_sync(storage, &why), ERROR_NONE);
    ck_assert_uint_eq(fault_calls(FAULT_DATASYNC), 2);
    storage_stamps(storage, stamps, FILES);
    ck_assert_uint_eq(stamps[1].size, 1);
    ck_assert_uint_eq(stamps[2].size, PIECE - 1);
    ck_assert_uint_ne(stamps[2].inode, 0);
}
END_TEST

/* S6 */
START_TEST(a_sync_that_fails_names_the_file_and_is_not_repeated_in_hope)
{
    ck_assert_int_eq(write_piece(0), ERROR_NONE);
    fault_set(FAULT_DATASYNC, 2, 1, EIO);
    ck_assert_int_eq(storage_sync(storage, &why), ERROR_SYSTEM);
    ck_assert_uint_eq(why.file, 2);
    ck_assert_int_eq(why.errno_value, EIO);
}
END_TEST

/* S10 */
START_TEST(a_file_deleted_under_us_is_noticed_at_the_sync)
{
    ck_assert_int_eq(write_piece(0), ERROR_NONE);
    ck_assert_int_eq(unlink(place_path(&place, "t/sub/big")), 0);
    ck_assert_int_eq(storage_sync(storage, &why), ERROR_NOT_FOUND);
    ck_assert_uint_eq(why.file, 2);
}
END_TEST

static enum error_code write_after_loss(const char *path)
{
    ck_assert_int_eq(write_piece(0), ERROR_NONE);
    ck_assert_int_eq(storage_sync(storage, &why), ERROR_NONE);
    storage_close_files(storage); /* as when many others were used since */
    ck_assert_int_eq(rename(place_path(&place, path), place_path(&place, "away")), 0);
    return write_piece(1);
}

/* S10: else what it had would be missing, and nobody would know. */
START_TEST(a_file_that_is_gone_is_not_made_again_by_a_write)
{
    ck_assert_int_eq(write_after_loss("t/sub/big"), ERROR_NOT_FOUND);
    ck_assert_uint_eq(why.file, 2);
    ck_assert_uint_eq(place_size(&place, "t/sub/big"), UINT64_MAX);
    ck_assert_int_eq(storage_sync(storage, &why), ERROR_NOT_FOUND); /* it tells, too */
    ck_assert_uint_eq(why.file, 2);

    storage_begin_anew(storage); /* it was looked for, or somebody has agreed */
    ck_assert_int_eq(write_piece(1), ERROR_NONE);
    ck_assert_uint_gt(place_size(&place, "t/sub/big"), PIECE);
}
END_TEST

START_TEST(nor_is_its_directory)
{
    ck_assert_int_eq(write_after_loss("t/sub"), ERROR_NOT_FOUND);
    ck_assert_uint_eq(place_size(&place, "t/sub"), UINT64_MAX);
}
END_TEST

/* What was there before us counts as much as what we made. */
START_TEST(nor_is_one_that_was_there_when_it_was_looked_at)
{
    write_all();
    storage_begin_anew(storage); /* as at a start */
    storage_close_files(storage);
    storage_stat_all(storage);
    ck_assert_int_eq(unlink(place_path(&place, "t/sub/big")), 0);
    ck_assert_int_eq(write_piece(1), ERROR_NOT_FOUND);
}
END_TEST

/* ---- deleting (S23) ---- */

START_TEST(only_own_files_and_empty_directories_are_deleted)
{
    write_all();
    ck_assert_int_eq(storage_create_empty(storage, &why), ERROR_NONE);
    place_put(place_path(&place, "t/sub/foreign"), "keep me", 7);
    place_put(place_path(&place, "../target"), "keep me too", 11);
    ck_assert_int_eq(unlink(place_path(&place, "t/last")), 0);
    ck_assert_int_eq(symlink("../../target", place_path(&place, "t/last")), 0);
    ck_assert_int_eq(storage_delete(storage, &why), ERROR_NONE);
    ck_assert_uint_eq(place_size(&place, "t/sub/foreign"), 7);
    ck_assert_uint_eq(place_size(&place, "../target"), 11);
    ck_assert_uint_eq(place_size(&place, "t/last"), 11); /* the link is not ours */
    ck_assert_uint_eq(place_size(&place, "t/sub/big"), UINT64_MAX);
    ck_assert_uint_eq(place_size(&place, "t/sub/deep"), UINT64_MAX);
    ck_assert_uint_eq(place_size(&place, "t/empty last"), UINT64_MAX);
}
END_TEST

START_TEST(what_is_written_after_the_delete_is_not_made_again)
{
    write_all();
    ck_assert_int_eq(storage_create_empty(storage, &why), ERROR_NONE);
    ck_assert_int_eq(storage_delete(storage, &why), ERROR_NONE);
    ck_assert_int_ne(write_piece(0), ERROR_NONE);
    ck_assert_uint_eq(place_size(&place, "t"), UINT64_MAX);
    ck_assert_int_eq(access(place.dir, F_OK), 0); /* the user's directory stays */
}
END_TEST

Suite *test_storage_suite(void)
{
    Suite *suite = suite_create("storage");
    TCase *tcase = tcase_create("storage");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, what_is_written_piece_by_piece_is_the_files);
    tcase_add_test(tcase, any_range_reads_as_it_was_written);
    tcase_add_test(tcase, bytes_in_dribbles_and_interruptions_are_the_same_bytes);
    tcase_add_test(tcase, a_device_that_fails_once_is_tried_again_and_no_more);
    tcase_add_loop_test(tcase, a_full_disk_is_told_with_the_file, 0, 3);
    tcase_add_test(tcase, a_limit_on_file_sizes_is_no_signal);
    tcase_add_test(tcase, what_is_not_there_or_not_all_there_is_told_apart);
    tcase_add_test(tcase, a_longer_file_keeps_its_end);
    tcase_add_test(tcase, holes_are_seen_only_where_the_file_is_long_enough);
    tcase_add_test(tcase, a_directory_swapped_for_a_link_leads_nowhere);
    tcase_add_test(tcase, a_file_swapped_for_a_link_is_not_followed);
    tcase_add_test(tcase, a_link_to_the_download_directory_is_the_users_choice);
    tcase_add_test(tcase, a_download_directory_that_is_gone_is_not_made_again);
    tcase_add_test(tcase, idle_it_holds_no_descriptor);
    tcase_add_test(tcase, an_unwritable_file_is_read_and_told_when_it_is_to_be_written);
    tcase_add_test(tcase, only_what_was_written_is_synced);
    tcase_add_test(tcase, a_sync_that_fails_names_the_file_and_is_not_repeated_in_hope);
    tcase_add_test(tcase, a_file_deleted_under_us_is_noticed_at_the_sync);
    tcase_add_test(tcase, a_file_that_is_gone_is_not_made_again_by_a_write);
    tcase_add_test(tcase, nor_is_its_directory);
    tcase_add_test(tcase, nor_is_one_that_was_there_when_it_was_looked_at);
    tcase_add_test(tcase, only_own_files_and_empty_directories_are_deleted);
    tcase_add_test(tcase, what_is_written_after_the_delete_is_not_made_again);
    suite_add_tcase(suite, tcase);
    return suite;
}
