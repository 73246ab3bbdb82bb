/* A torrent's files go to another directory: whole, or not at all. */
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

Suite *test_storage_move_suite(void);

#define PIECE 32768u

static const struct place_file files[] = {{"t/a", 50000, false},
                                          {"t/b", 90000, false},
                                          {"t/d/d", 70001, false},
                                          {"t/e", 0, false}};
#define FILES (sizeof files / sizeof *files)

static struct place place, there; /* the same torrent, before and after */
static struct file_cache *cache;
static struct storage *storage;
static struct storage_error why;
static bool unwanted[FILES];
static uint64_t told_total, told_done;

static void setup(void)
{
    fault_clear();
    place_make(&place, PIECE, files, FILES);
    there = place;
    snprintf(there.dir, sizeof there.dir, "%s/new/deep", place.root);
    memset(unwanted, 0, sizeof unwanted);
    cache = file_cache_new(4);
    storage = storage_new(cache, place.meta, place.dir);
    told_total = told_done = 0;
}

static void teardown(void)
{
    storage_unref(storage);
    file_cache_free(cache);
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

static void check_all(void)
{
    static uint8_t bytes[PIECE];
    for (uint32_t i = 0; i < place.meta->piece_count; i++) {
        const uint32_t length = metainfo_piece_length(place.meta, i);
        ck_assert_int_eq(storage_read(storage, i, 0, bytes, length, &why), ERROR_NONE);
        ck_assert_mem_eq(bytes, place_at(&place, i, 0), length);
    }
}

static void tell(void *context, uint64_t done, uint64_t total)
{
    (void)context;
    told_done = done;
    told_total = total;
}

static enum error_code copy(void)
{
    const struct storage_progress progress = {tell, NULL};
    return storage_move_copy(storage, there.dir, &progress, &why);
}

static enum error_code finish(void)
{
    return storage_move_finish(storage, place.dir, there.dir, &why);
}

static bool has(const struct place *where, const char *path)
{
    return place_size(where, path) != UINT64_MAX;
}

/* Nothing but the directory itself. */
static bool is_empty(const char *dir)
{
    return rmdir(dir) == 0 || errno == ENOENT;
}

static uint64_t inode_of(const struct place *where, const char *path)
{
    struct stat status;
    ck_assert_int_eq(stat(place_path(where, path), &status), 0);
    return status.st_ino;
}

/* _i: 0 by links, 1 by copies. */
static void choose_how(int how)
{
    if (how == 1)
        fault_set(FAULT_LINK, 1, 1000, EXDEV);
}

START_TEST(all_of_it_moves)
{
    place_write_all(&place);
    const uint64_t before = inode_of(&place, "t/a");
    choose_how(_i);
    ck_assert_int_eq(copy(), ERROR_NONE);
    check_all(); /* still where it was */
    ck_assert(place_is_right(&place) && !has(&there, "t"));
    ck_assert_uint_gt(told_total, 200000);
    ck_assert_uint_ge(told_done, told_total / 2);
    ck_assert_int_eq(finish(), ERROR_NONE);
    ck_assert(place_is_right(&there));
    ck_assert_int_eq(_i == 1, inode_of(&there, "t/a") != before);
    check_all();
    ck_assert(is_empty(place.dir));
    ck_assert_int_eq(write_piece(0), ERROR_NONE); /* there */
    ck_assert(!has(&place, "t"));
}
END_TEST

START_TEST(what_is_not_there_yet_is_written_there_later)
{
    ck_assert_int_eq(write_piece(0), ERROR_NONE);
    ck_assert_int_eq(copy(), ERROR_NONE);
    ck_assert_int_eq(finish(), ERROR_NONE);
    for (uint32_t i = 1; i < place.meta->piece_count; i++)
        ck_assert_int_eq(write_piece(i), ERROR_NONE);
    ck_assert_int_eq(storage_create_empty(storage, &why), ERROR_NONE);
    ck_assert(place_is_right(&there));
}
END_TEST

START_TEST(parts_move_along)
{
    char parts[STORAGE_PARTS_NAME_SIZE];
    storage_parts_name(&place.meta->hash, parts);
    unwanted[1] = true;
    storage_set_unwanted(storage, unwanted);
    ck_assert_int_eq(storage_settle(storage, true, &why), ERROR_NONE);
    ck_assert_int_eq(write_piece(0), ERROR_NONE);
    ck_assert_int_eq(write_piece(1), ERROR_NONE);
    choose_how(_i);
    ck_assert_int_eq(copy(), ERROR_NONE);
    ck_assert_int_eq(finish(), ERROR_NONE);
    ck_assert(has(&there, parts) && !has(&place, parts) && !has(&there, "t/b"));
    static uint8_t bytes[PIECE];
    ck_assert_int_eq(storage_read(storage, 1, 0, bytes, PIECE, &why), ERROR_NONE);
    ck_assert_mem_eq(bytes, place_at(&place, 1, 0), PIECE);
}
END_TEST

START_TEST(what_is_there_is_left_alone)
{
    place_write_all(&place);
    place_put(place_path(&there, "t/mine"), "x", 1);
    ck_assert_int_eq(copy(), ERROR_EXISTS);
    ck_assert(place_is_right(&place) && has(&there, "t/mine") && !has(&there, "t/a"));
    place_put(place_path(&place, "t/mine"), "x", 1);
    unlink(place_path(&there, "t/mine"));
    rmdir(place_path(&there, "t"));
    ck_assert_int_eq(copy(), ERROR_NONE);
    place_put(place_path(&there, "t/came"), "x", 1); /* meanwhile */
    ck_assert_int_eq(finish(), ERROR_EXISTS);
    storage_move_give_up(storage, there.dir);
    ck_assert(place_is_right(&place) && has(&there, "t/came") && !has(&there, "t/a"));
    check_all();
    unlink(place_path(&there, "t/came"));
    rmdir(place_path(&there, "t"));
    ck_assert_int_eq(copy(), ERROR_NONE);
    ck_assert_int_eq(finish(), ERROR_NONE);
    ck_assert(place_is_right(&there));
    ck_assert(has(&place, "t/mine") && !has(&place, "t/a")); /* nobody's but theirs */
}
END_TEST

START_TEST(nothing_is_written_meanwhile)
{
    place_write_all(&place);
    ck_assert_int_eq(copy(), ERROR_NONE);
    ck_assert_int_eq(write_piece(0), ERROR_CANCELLED);
    storage_move_give_up(storage, there.dir);
    ck_assert_int_eq(write_piece(0), ERROR_NONE);
    ck_assert(is_empty(there.dir));
}
END_TEST

START_TEST(a_copy_that_fails_or_is_ended_leaves_nothing)
{
    place_write_all(&place);
    fault_set(FAULT_LINK, 1, 1000, EXDEV);
    if (_i == 0)
        fault_set(FAULT_WRITE, 3, 1, ENOSPC);
    else if (_i == 1)
        fault_set(FAULT_DATASYNC, 2, 1, EIO);
    else if (_i == 2)
        storage_cancel_move(storage);
    else
        fault_set(FAULT_SYNCFS, 1, 1, EIO);
    ck_assert_int_eq(copy(), _i == 0   ? ERROR_DISK_FULL
                             : _i == 2 ? ERROR_CANCELLED
                                       : ERROR_SYSTEM);
    ck_assert(place_is_right(&place));
    ck_assert(is_empty(there.dir));
    check_all();
    fault_clear();
    ck_assert_int_eq(copy(), ERROR_NONE); /* and again */
    ck_assert_int_eq(finish(), ERROR_NONE);
    ck_assert(place_is_right(&there));
}
END_TEST

/* What a kill leaves: a copy that nobody took note of, or one that counts. */
START_TEST(another_life_cleans_up)
{
    place_write_all(&place);
    ck_assert_int_eq(copy(), ERROR_NONE);
    storage_unref(storage);
    storage = storage_new(cache, place.meta, _i == 0 ? place.dir : there.dir);
    if (_i == 0) {
        storage_move_abandon(storage, there.dir);
        ck_assert(place_is_right(&place));
        ck_assert(is_empty(there.dir));
    } else {
        ck_assert_int_eq(finish(), ERROR_NONE);
        ck_assert_int_eq(finish(), ERROR_NONE); /* killed after it, before it was noted */
        ck_assert(place_is_right(&there));
        ck_assert(is_empty(place.dir));
    }
    check_all();
}
END_TEST

START_TEST(a_place_that_is_away_costs_nothing)
{
    place_write_all(&place);
    ck_assert_int_eq(finish(), ERROR_NOT_FOUND);
    ck_assert(place_is_right(&place));
}
END_TEST

Suite *test_storage_move_suite(void)
{
    Suite *suite = suite_create("storage_move");
    TCase *tests = tcase_create("storage_move");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, all_of_it_moves, 0, 2);
    tcase_add_test(tests, what_is_not_there_yet_is_written_there_later);
    tcase_add_loop_test(tests, parts_move_along, 0, 2);
    tcase_add_test(tests, what_is_there_is_left_alone);
    tcase_add_test(tests, nothing_is_written_meanwhile);
    tcase_add_loop_test(tests, a_copy_that_fails_or_is_ended_leaves_nothing, 0, 4);
    tcase_add_loop_test(tests, another_life_cleans_up, 0, 2);
    tcase_add_test(tests, a_place_that_is_away_costs_nothing);
    suite_add_tcase(suite, tests);
    return suite;
}
