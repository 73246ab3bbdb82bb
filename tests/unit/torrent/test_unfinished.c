/* Files that carry a suffix until they are complete. */
#include "base/digest.h"
#include "tests/unit/torrent/pair.h"
#include "torrent/commands.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

Suite *test_unfinished_suite(void);

static struct pair pair;
static char message[SESSION_MESSAGE_SIZE], incomplete[96];

static void setup(void)
{
    pair_init(&pair, 32768);
    snprintf(incomplete, sizeof incomplete, "%s/incomplete", pair.root);
    pair_seed(&pair);
    pair.leech.suffix = ".part";
}

static void teardown(void)
{
    if (pair.leech.session != NULL)
        side_close(&pair, &pair.leech);
    side_close(&pair, &pair.seed);
    pair_done(&pair);
}

static void begin(void)
{
    side_open(&pair, &pair.leech, true);
    ck_assert_int_eq(side_add(&pair, &pair.leech, NULL), ERROR_NONE);
    pair_until(&pair, pair_leech_ready, 10);
}

static bool is_there(const char *name)
{
    return pair_size(side_info(&pair.leech).download_dir, name) != UINT64_MAX;
}

/* Bytes a second: most is still to come when some is there, and be it seen late. */
#define SLOW 100000u

static bool has_some(const struct pair *with)
{
    return with->leech.pieces >= 5;
}

static bool is_finished(const struct pair *with)
{
    return with->leech.completed > 0 && side_info(&with->leech).synced;
}

/* "sub/b" is but a part of a piece. */
static void download_some(void)
{
    ck_assert_int_eq(torrent_select(pair.leech.session, pair.leech.id, "sub/b", message),
                     ERROR_NONE);
    pair_introduce(&pair);
    pair_until(&pair, is_finished, 20);
    ck_assert(is_there("pair/sub/b"));
}

static void finish(void)
{
    ck_assert_int_eq(torrent_select(pair.leech.session, pair.leech.id, "*", message),
                     ERROR_NONE);
    pair_introduce(&pair);
    pair_until(&pair, pair_leech_complete, 20);
    pair_until(&pair, is_finished, 20);
    ck_assert_uint_eq(pair.leech.warnings + pair.leech.errors, 0);
}

START_TEST(they_lose_it_when_they_are_complete)
{
    begin();
    ck_assert(is_there("pair/empty")); /* it is complete as it is */
    session_set_limits(pair.seed.session, 0, SLOW);
    pair_introduce(&pair);
    pair_until(&pair, has_some, 20);
    ck_assert(!is_there("pair/a") || !is_there("pair/sub/c"));
    ck_assert(is_there("pair/a.part") || is_there("pair/sub/c.part"));
    session_set_limits(pair.seed.session, 0, 0);
    pair_until(&pair, is_finished, 20);
    ck_assert(pair_files_are_right(&pair, pair.leech.down));
    ck_assert(!is_there("pair/a.part") && !is_there("pair/sub/b.part") &&
              !is_there("pair/sub/c.part"));
}
END_TEST

/* When it is said that it is complete, it is there under its own name. */
START_TEST(it_is_told_when_the_names_are_right)
{
    begin();
    pair_introduce(&pair);
    while (pair.leech.completed == 0)
        loop_turn(pair.loop, 10 * NS_PER_MS);
    ck_assert_uint_eq(pair.leech.completed, 1);
    ck_assert(pair_files_are_right(&pair, pair.leech.down));
}
END_TEST

/* R1: whatever a kill leaves is found under either name. */
START_TEST(after_a_kill_they_are_found)
{
    begin();
    session_set_limits(pair.seed.session, 0, SLOW);
    pair_introduce(&pair);
    pair_until(&pair, has_some, 20);
    side_drop(&pair.leech);
    session_set_limits(pair.seed.session, 0, 0);
    if (_i == 1) { /* it is taken as it is, whatever the option says now */
        pair.leech.suffix = NULL;
    } else if (_i == 2) { /* the name was given, and nobody knows */
        char from[192], to[192];
        snprintf(from, sizeof from, "%s/pair/a.part", pair.leech.down);
        snprintf(to, sizeof to, "%s/pair/a", pair.leech.down);
        rename(from, to);
    }
    side_open(&pair, &pair.leech, true);
    if (session_count(pair.leech.session) == 0)
        ck_assert_int_eq(side_add(&pair, &pair.leech, NULL), ERROR_NONE);
    else
        pair.leech.id = session_at(pair.leech.session, 0);
    pair_until(&pair, pair_leech_ready, 10);
    if (_i != 1)
        ck_assert_uint_ge(pair.leech.last_checked, 5);
    pair_introduce(&pair);
    pair_until(&pair, is_finished, 20);
    ck_assert(pair_files_are_right(&pair, pair.leech.down));
    ck_assert(!is_there("pair/a.part") || _i == 1);
}
END_TEST

START_TEST(what_is_there_without_it_gets_it_if_it_is_not_complete)
{
    char path[192];
    pair_write_files(&pair, pair.leech.down);
    snprintf(path, sizeof path, "%s/pair/sub/c", pair.leech.down);
    FILE *stream = fopen(path, "r+");
    ck_assert_ptr_nonnull(stream);
    fseek(stream, 300000, SEEK_SET); /* no piece that it shares */
    fputs("not so", stream);
    fclose(stream);
    begin();
    while (!is_there("pair/sub/c.part"))
        loop_turn(pair.loop, 10 * NS_PER_MS);
    ck_assert(is_there("pair/a") && is_there("pair/sub/c.part"));
    ck_assert(!is_there("pair/sub/c"));
    finish();
    ck_assert(pair_files_are_right(&pair, pair.leech.down));
}
END_TEST

START_TEST(with_a_directory_for_incomplete_ones)
{
    pair.leech.incomplete = incomplete;
    begin();
    ck_assert_str_eq(side_info(&pair.leech).download_dir, incomplete);
    pair_introduce(&pair);
    pair_until(&pair, is_finished, 20);
    ck_assert_str_eq(side_info(&pair.leech).download_dir, pair.leech.down);
    ck_assert(pair_files_are_right(&pair, pair.leech.down));
    ck_assert_uint_eq(pair_size(incomplete, "pair"), UINT64_MAX);
}
END_TEST

static bool has_moved(const struct pair *with)
{
    return !side_info(&with->leech).moving;
}

static bool is_renamed(const struct pair *with)
{
    return side_info(&with->leech).names_epoch > 0;
}

/* Moved and renamed as they are called, and deleted so. */
START_TEST(moved_renamed_and_deleted)
{
    begin();
    download_some();
    ck_assert_int_eq(torrent_select(pair.leech.session, pair.leech.id, "sub/*", message),
                     ERROR_NONE);
    torrent_pause(pair.leech.session, pair.leech.id);
    while (!is_there("pair/sub/c.part"))
        loop_turn(pair.loop, 10 * NS_PER_MS);
    ck_assert(is_there("pair/sub/c.part"));
    ck_assert_int_eq(
        torrent_move_data(pair.leech.session, pair.leech.id, incomplete, message),
        ERROR_NONE);
    pair_until(&pair, has_moved, 10);
    ck_assert_str_eq(side_info(&pair.leech).download_dir, incomplete);
    ck_assert(is_there("pair/sub/c.part"));
    ck_assert_int_eq(
        torrent_rename(pair.leech.session, pair.leech.id, "sub/c", "d", message),
        ERROR_NONE);
    pair_until(&pair, is_renamed, 10);
    ck_assert(is_there("pair/sub/d.part") && !is_there("pair/sub/c.part"));
    ck_assert_int_eq(torrent_rename(pair.leech.session, pair.leech.id, "a", "e", message),
                     ERROR_NONE);
    while (!side_info(&pair.leech).synced)
        loop_turn(pair.loop, 10 * NS_PER_MS);
    ck_assert_int_eq(
        torrent_rename(pair.leech.session, pair.leech.id, "empty", "e.part", message),
        ERROR_EXISTS);
    session_remove(pair.leech.session, pair.leech.id, true);
    side_close(&pair, &pair.leech);
    pair.leech.session = NULL;
    ck_assert_uint_eq(pair_size(incomplete, "pair"), UINT64_MAX);
}
END_TEST

/* A torrent of one file of 40,000 zeros that is called NAME. */
static enum error_code add_one(struct side *side, const char *name,
                               struct torrent_id *ret_id)
{
    static const uint8_t zeros[40000];
    const struct add_options options = {.paused = true};
    uint8_t hash[SHA1_BYTES];
    struct buffer torrent;
    digest_sha1(zeros, sizeof zeros, hash);
    buffer_init(&torrent, 4096);
    enum error_code error = buffer_printf(
        &torrent, "d4:infod6:lengthi40000e4:name%zu:%s12:piece lengthi65536e6:pieces20:",
        strlen(name), name);
    error |= buffer_append(&torrent, hash, sizeof hash);
    error |= buffer_append_text(&torrent, "ee");
    ck_assert_int_eq(error, ERROR_NONE);
    error = session_add_bytes(side->session, torrent.bytes, torrent.length, &options,
                              ret_id, message);
    buffer_done(&torrent);
    return error;
}

static bool is_looked_at(const struct pair *with)
{
    return with->leech.checked > 0;
}

/* T47: while it is not complete nothing else may be called as its file is. */
START_TEST(no_other_torrent_takes_the_name)
{
    struct torrent_id other;
    side_open(&pair, &pair.leech, true);
    ck_assert_int_eq(add_one(&pair.leech, "x", &pair.leech.id), ERROR_NONE);
    ck_assert_int_eq(add_one(&pair.leech, "x.part", &other), ERROR_REFUSED);
    ck_assert_ptr_nonnull(strstr(message, "another torrent"));
    ck_assert_int_eq(add_one(&pair.leech, "y.part", &other), ERROR_NONE);
    ck_assert_int_eq(add_one(&pair.leech, "y", &other), ERROR_REFUSED);
}
END_TEST

/* Where it is told to be, it is. */
START_TEST(its_path_is_that_on_the_disk)
{
    char there[200];
    side_open(&pair, &pair.leech, true);
    mkdir(pair.leech.down, 0700);
    snprintf(there, sizeof there, "%s/x%s", pair.leech.down, _i == 0 ? "" : ".part");
    FILE *stream = fopen(there, "w");
    ck_assert_ptr_nonnull(stream);
    if (_i == 0) /* complete */
        for (int i = 0; i < 40000; i++)
            fputc(0, stream);
    fclose(stream);
    ck_assert_int_eq(add_one(&pair.leech, "x", &pair.leech.id), ERROR_NONE);
    pair_until(&pair, is_looked_at, 10);
    char *path = torrent_get_path(pair.leech.session, pair.leech.id);
    char *name = torrent_get_name(pair.leech.session, pair.leech.id);
    ck_assert_str_eq(path, there);
    ck_assert_str_eq(name, "x");
    free(path);
    free(name);
}
END_TEST

Suite *test_unfinished_suite(void)
{
    Suite *suite = suite_create("unfinished");
    TCase *tests = tcase_create("unfinished");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, they_lose_it_when_they_are_complete);
    tcase_add_test(tests, it_is_told_when_the_names_are_right);
    tcase_add_loop_test(tests, after_a_kill_they_are_found, 0, 3);
    tcase_add_test(tests, what_is_there_without_it_gets_it_if_it_is_not_complete);
    tcase_add_test(tests, with_a_directory_for_incomplete_ones);
    tcase_add_test(tests, moved_renamed_and_deleted);
    tcase_add_test(tests, no_other_torrent_takes_the_name);
    tcase_add_loop_test(tests, its_path_is_that_on_the_disk, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}
