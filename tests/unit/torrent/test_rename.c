/* A torrent, or a part of it, gets another name while the session runs. */
#include "disk/state_file.h"
#include "tests/unit/torrent/pair.h"
#include "torrent/commands.h"
#include "torrent/resume.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

Suite *test_rename_suite(void);

static struct pair pair;
static struct metainfo *named; /* as the seed's files should be called */
static char message[SESSION_MESSAGE_SIZE];

static bool is_seeding(const struct pair *with)
{
    return side_info(&with->seed).state == TORRENT_STATE_SEEDING;
}

static bool is_noted(const struct pair *with)
{
    return with->seed.checkpoints > 0 && side_info(&with->seed).synced &&
           pair_size(with->seed.state, "session") != UINT64_MAX;
}

/* A seed that keeps its state. */
static void setup(void)
{
    pair_init(&pair, 32768);
    named = metainfo_ref(pair.meta);
    pair_write_files(&pair, pair.seed.down);
    side_open(&pair, &pair.seed, true);
    ck_assert_int_eq(side_add(&pair, &pair.seed, NULL), ERROR_NONE);
    pair_until(&pair, is_seeding, 10);
    pair_until(&pair, is_noted, 10);
}

static void teardown(void)
{
    if (pair.seed.session != NULL)
        side_close(&pair, &pair.seed);
    metainfo_free(named);
    pair_done(&pair);
}

static bool are_right_as(const struct metainfo *metainfo, const char *dir)
{
    struct pair with = pair;
    with.meta = (struct metainfo *)(uintptr_t)metainfo;
    return pair_files_are_right(&with, dir);
}

static uint32_t epoch_before;

static bool is_renamed(const struct pair *with)
{
    return side_info(&with->seed).names_epoch != epoch_before;
}

/* From now on the seed's files should be called so. */
static void expect_name(const char *path, const char *name)
{
    struct metainfo *before = named;
    char whole[256];
    snprintf(whole, sizeof whole, "%s%s%s", before->name, path[0] != '\0' ? "/" : "",
             path);
    ck_assert_int_eq(metainfo_rename(before, whole, name, &named), ERROR_NONE);
    metainfo_free(before);
}

static enum error_code ask(const char *path, const char *name)
{
    return torrent_rename(pair.seed.session, pair.seed.id, path, name, message);
}

static void give(const char *path, const char *name)
{
    epoch_before = side_info(&pair.seed).names_epoch;
    ck_assert_int_eq(ask(path, name), ERROR_NONE);
    ck_assert(!side_info(&pair.seed).synced);
    pair_until(&pair, is_renamed, 10);
    expect_name(path, name);
    ck_assert(are_right_as(named, pair.seed.down));
}

static void start_again(void)
{
    side_open(&pair, &pair.seed, true);
    pair.seed.id = session_at(pair.seed.session, 0);
    pair_until(&pair, is_seeding, 10);
}

static void expect_shown(const char *name, uint32_t file, const char *path)
{
    struct file_info info;
    char *whole = torrent_get_path(pair.seed.session, pair.seed.id), expected[256];
    ck_assert_str_eq(side_info(&pair.seed).name, name);
    ck_assert(torrent_get_file(pair.seed.session, pair.seed.id, file, &info));
    ck_assert_str_eq(info.path, path);
    snprintf(expected, sizeof expected, "%s/%s", pair.seed.down, name);
    ck_assert_str_eq(whole, expected);
    free(whole);
}

START_TEST(what_is_renamed_is_served_and_found_again)
{
    side_open(&pair, &pair.leech, false);
    ck_assert_int_eq(side_add(&pair, &pair.leech, NULL), ERROR_NONE);
    give("sub/c", "d.bin");
    give("", "other name");
    give("sub", "dir");
    expect_shown("other name", 3, "dir/d.bin");
    ck_assert_int_eq(side_info(&pair.seed).state, TORRENT_STATE_SEEDING);
    pair_introduce(&pair);
    pair_until(&pair, pair_leech_complete, 20);
    ck_assert(pair_files_are_right(&pair, pair.leech.down));
    side_close(&pair, &pair.leech);
    ck_assert_uint_eq(pair.seed.warnings + pair.seed.errors, 0);
    side_close(&pair, &pair.seed);
    start_again();
    expect_shown("other name", 3, "dir/d.bin");
    ck_assert_uint_eq(pair.seed.last_checked, pair.meta->piece_count);
    give("dir/d.bin", "c"); /* and back */
    give("dir", "sub");
    give("", "pair");
    ck_assert(pair_files_are_right(&pair, pair.seed.down));
    expect_shown("pair", 3, "sub/c");
}
END_TEST

static bool leech_has_some(const struct pair *with)
{
    return with->leech.pieces >= 3;
}

/* Its peers stay, and what is on its way comes where it belongs. */
START_TEST(one_that_downloads_goes_on_under_its_new_names)
{
    side_open(&pair, &pair.leech, true);
    ck_assert_int_eq(side_add(&pair, &pair.leech, NULL), ERROR_NONE);
    pair_until(&pair, pair_leech_ready, 10);
    ck_assert_int_eq(
        torrent_rename(pair.leech.session, pair.leech.id, "sub", "before", message),
        ERROR_NONE); /* nothing of it is there yet */
    pair_introduce(&pair);
    pair_until(&pair, leech_has_some, 20);
    const enum error_code error =
        torrent_rename(pair.leech.session, pair.leech.id, "", "later", message);
    ck_assert(error == ERROR_NONE || error == ERROR_AGAIN);
    pair_until(&pair, pair_leech_complete, 20);
    while (!side_info(&pair.leech).synced)
        loop_turn(pair.loop, 10 * NS_PER_MS);
    ck_assert_uint_eq(pair.leech.warnings + pair.leech.errors, 0);
    expect_name("sub", "before");
    if (error == ERROR_NONE)
        expect_name("", "later");
    ck_assert(are_right_as(named, pair.leech.down));
    ck_assert_uint_eq(pair_size(pair.leech.down, "pair/sub"), UINT64_MAX);
    side_close(&pair, &pair.leech);
}
END_TEST

static void put_file(const char *dir, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *stream = fopen(path, "w");
    ck_assert_ptr_nonnull(stream);
    fclose(stream);
}

static bool has_warned(const struct pair *with)
{
    return with->seed.warnings > 0;
}

/* T33: what is there already is never replaced. */
START_TEST(a_name_that_is_taken_on_disk_is_told_and_changes_nothing)
{
    put_file(pair.seed.down, "taken");
    put_file(pair.seed.down, "pair/sub/taken");
    ck_assert_int_eq(ask(_i == 0 ? "" : "sub/b", "taken"), ERROR_NONE);
    ck_assert_int_eq(ask("a", "b"), ERROR_AGAIN);
    ck_assert_ptr_nonnull(strstr(message, "cannot be renamed now"));
    pair_until(&pair, has_warned, 10);
    ck_assert_msg(strstr(pair.seed.text, "was not renamed to") != NULL, "%s",
                  pair.seed.text);
    ck_assert_ptr_nonnull(strstr(pair.seed.text, "something of that name is there"));
    ck_assert(pair_files_are_right(&pair, pair.seed.down));
    pair_until(&pair, is_noted, 10);
    side_close(&pair, &pair.seed);
    start_again();
    expect_shown("pair", 2, "sub/b");
    ck_assert_uint_eq(pair.seed.last_checked, pair.meta->piece_count);
    give(_i == 0 ? "" : "sub/b", "free");
}
END_TEST

/* T24, T25, T28, T32: refused before anything happens, and why. */
static const struct {
    const char *path, *name;
    enum error_code error;
    const char *why;
} refused[] = {
    {"", "..", ERROR_NAME, "“..” cannot be a file's name here"},
    {"a", "../../etc/passwd", ERROR_NAME, "cannot be a file's name here"},
    {"a", "/x", ERROR_NAME, "cannot be a file's name here"},
    {"sub/b", "c", ERROR_EXISTS, "something else in it is called “c”"},
    {"sub", "a", ERROR_EXISTS, "something else in it is called “a”"},
    {"none", "x", ERROR_NOT_FOUND, "not found"},
};

START_TEST(names_that_cannot_be_are_refused_in_words)
{
    ck_assert_int_eq(ask(refused[_i].path, refused[_i].name), refused[_i].error);
    ck_assert_ptr_nonnull(strstr(message, refused[_i].why));
    ck_assert(side_info(&pair.seed).synced);
}
END_TEST

START_TEST(the_names_of_what_is_kept_beside_it_are_refused)
{
    char name[INFO_HASH_HEX_SIZE + 16], hex[INFO_HASH_HEX_SIZE];
    info_hash_hex(&pair.meta->hash, hex);
    snprintf(name, sizeof name, ".%s.%s", hex, _i == 0 ? "parts" : "moving");
    ck_assert_int_eq(ask("", name), ERROR_NAME);
    ck_assert_int_eq(ask("a", name), ERROR_NONE); /* there it is one like others */
}
END_TEST

START_TEST(as_it_is_called_it_stays)
{
    ck_assert_int_eq(ask("sub/b", "b"), ERROR_NONE);
    ck_assert_int_eq(ask("", "pair"), ERROR_NONE);
    ck_assert(side_info(&pair.seed).synced);
}
END_TEST

/* ---- kills ---- */

/* As if killed when the new name was noted. */
static void note_new_name(const char *path, const char *name)
{
    char hex[INFO_HASH_HEX_SIZE], file[80];
    struct resume resume;
    struct buffer buffer;
    uint8_t *bytes;
    size_t length;
    struct metainfo *renamed;
    const int state = open(pair.seed.state, O_RDONLY | O_DIRECTORY);
    info_hash_hex(&pair.meta->hash, hex);
    snprintf(file, sizeof file, "resume/%s", hex);
    ck_assert_int_eq(state_file_load(state, file, 1 << 20, &bytes, &length), ERROR_NONE);
    ck_assert_int_eq(resume_decode(bytes, length, pair.meta, &resume), ERROR_NONE);
    free(bytes);
    ck_assert_int_eq(metainfo_rename(pair.meta, path, name, &renamed), ERROR_NONE);
    ck_assert_int_eq(metainfo_given_of(renamed, &resume.given), ERROR_NONE);
    metainfo_free(renamed);
    resume.renamed_from = strdup(path);
    resume.renamed_to = metainfo_sibling_path(path, name);
    buffer_init(&buffer, 1 << 20);
    ck_assert_int_eq(resume_encode(&resume, pair.meta->file_count, &buffer), ERROR_NONE);
    ck_assert_int_eq(state_file_save(state, file, buffer.bytes, buffer.length),
                     ERROR_NONE);
    buffer_done(&buffer);
    resume_done(&resume);
    close(state);
}

static const struct {
    const char *path, *below, *name;
} kills[] = {
    {"pair", "", "new"}, {"pair/sub", "sub", "new"}, {"pair/sub/c", "sub/c", "d"}};

static void rename_by_hand(int number)
{
    char from[256], to[256];
    char *path = metainfo_sibling_path(kills[number].path, kills[number].name);
    snprintf(from, sizeof from, "%s/%s", pair.seed.down, kills[number].path);
    snprintf(to, sizeof to, "%s/%s", pair.seed.down, path);
    ck_assert_int_eq(rename(from, to), 0);
    free(path);
}

/* R5: before the disk had the name (_i even), or when it had it. */
START_TEST(a_kill_leaves_it_done_or_to_be_done)
{
    const int number = _i / 2;
    side_close(&pair, &pair.seed);
    note_new_name(kills[number].path, kills[number].name);
    if (_i % 2 == 1)
        rename_by_hand(number);
    start_again();
    expect_name(kills[number].below, kills[number].name);
    ck_assert(are_right_as(named, pair.seed.down));
    ck_assert_uint_eq(pair.seed.last_checked, pair.meta->piece_count);
    ck_assert_uint_eq(pair.seed.warnings + pair.seed.errors, 0);
    pair.seed.checkpoints = 0;
    pair_until(&pair, is_noted, 10);
    side_close(&pair, &pair.seed);
    start_again(); /* it is over for good */
    ck_assert(are_right_as(named, pair.seed.down));
    ck_assert_str_eq(side_info(&pair.seed).name, named->name);
}
END_TEST

START_TEST(after_a_kill_too_nothing_is_replaced)
{
    side_close(&pair, &pair.seed);
    note_new_name("pair/sub/c", "d");
    put_file(pair.seed.down, "pair/sub/d");
    start_again();
    pair_until(&pair, has_warned, 10);
    ck_assert(pair_files_are_right(&pair, pair.seed.down));
    expect_shown("pair", 3, "sub/c");
    ck_assert_uint_eq(pair.seed.last_checked, pair.meta->piece_count);
    ck_assert_uint_eq(pair_size(pair.seed.down, "pair/sub/d"), 0);
}
END_TEST

static bool has_failed(const struct pair *with)
{
    return with->seed.errors > 0;
}

/* S16: what is away is not taken for renamed. */
START_TEST(a_place_that_is_away_is_waited_for)
{
    char away[128];
    side_close(&pair, &pair.seed);
    note_new_name("pair", "new");
    snprintf(away, sizeof away, "%s/away", pair.root);
    ck_assert_int_eq(rename(pair.seed.down, away), 0);
    side_open(&pair, &pair.seed, true);
    pair.seed.id = session_at(pair.seed.session, 0);
    pair_until(&pair, has_failed, 10);
    ck_assert_int_eq(ask("a", "b"), ERROR_AGAIN);
    side_close(&pair, &pair.seed);
    side_open(&pair, &pair.seed, true);
    pair.seed.id = session_at(pair.seed.session, 0);
    pair_until(&pair, has_failed, 10);
    ck_assert_int_eq(rename(away, pair.seed.down), 0);
    torrent_resume(pair.seed.session, pair.seed.id);
    pair_until(&pair, is_seeding, 10);
    expect_name("", "new");
    ck_assert(are_right_as(named, pair.seed.down));
    ck_assert_uint_eq(pair.seed.last_checked, pair.meta->piece_count);
}
END_TEST

/* R2: names in damaged or forged resume data lead nowhere else. */
START_TEST(noted_names_that_cannot_be_are_not_used)
{
    char hex[INFO_HASH_HEX_SIZE], file[80];
    struct resume resume;
    struct buffer buffer;
    uint8_t *bytes;
    size_t length;
    side_close(&pair, &pair.seed);
    const int state = open(pair.seed.state, O_RDONLY | O_DIRECTORY);
    info_hash_hex(&pair.meta->hash, hex);
    snprintf(file, sizeof file, "resume/%s", hex);
    ck_assert_int_eq(state_file_load(state, file, 1 << 20, &bytes, &length), ERROR_NONE);
    ck_assert_int_eq(resume_decode(bytes, length, pair.meta, &resume), ERROR_NONE);
    free(bytes);
    resume.given.name = strdup("../../somewhere");
    resume.renamed_from = strdup("pair");
    resume.renamed_to = strdup("../outside");
    buffer_init(&buffer, 1 << 20);
    ck_assert_int_eq(resume_encode(&resume, pair.meta->file_count, &buffer), ERROR_NONE);
    ck_assert_int_eq(state_file_save(state, file, buffer.bytes, buffer.length),
                     ERROR_NONE);
    buffer_done(&buffer);
    resume_done(&resume);
    close(state);
    start_again();
    expect_shown("pair", 3, "sub/c");
    ck_assert(pair_files_are_right(&pair, pair.seed.down));
}
END_TEST

/* ---- with others ---- */

/* S23: under whatever names, and nobody else's. */
START_TEST(what_was_renamed_is_deleted_and_nothing_else)
{
    char mine[256];
    give("", "new");
    give("sub", "dir");
    put_file(pair.seed.down, "new/dir/mine");
    session_remove(pair.seed.session, pair.seed.id, true);
    side_close(&pair, &pair.seed);
    pair.seed.session = NULL;
    ck_assert_uint_eq(pair_size(pair.seed.down, "new/a"), UINT64_MAX);
    ck_assert_uint_eq(pair_size(pair.seed.down, "new/dir/c"), UINT64_MAX);
    ck_assert_uint_eq(pair_size(pair.seed.down, "new/dir/mine"), 0);
    snprintf(mine, sizeof mine, "%s/new/dir/mine", pair.seed.down);
    ck_assert_int_eq(unlink(mine), 0);
}
END_TEST

static bool has_moved(const struct pair *with)
{
    return !side_info(&with->seed).moving;
}

START_TEST(what_was_renamed_moves_as_it_is_called)
{
    char target[128];
    snprintf(target, sizeof target, "%s/target", pair.root);
    give("", "new");
    give("sub/c", "d");
    ck_assert_int_eq(torrent_move_data(pair.seed.session, pair.seed.id, target, message),
                     ERROR_NONE);
    ck_assert_int_eq(ask("", "later"), ERROR_AGAIN);
    pair_until(&pair, has_moved, 10);
    ck_assert(are_right_as(named, target));
    ck_assert_uint_eq(pair_size(pair.seed.down, "new"), UINT64_MAX);
    pair_until(&pair, is_seeding, 10);
    ck_assert_int_eq(ask("", "later"), ERROR_NONE);
    ck_assert_int_eq(torrent_move_data(pair.seed.session, pair.seed.id, target, message),
                     ERROR_AGAIN);
}
END_TEST

Suite *test_rename_suite(void)
{
    Suite *suite = suite_create("rename");
    TCase *tests = tcase_create("rename");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, what_is_renamed_is_served_and_found_again);
    tcase_add_test(tests, one_that_downloads_goes_on_under_its_new_names);
    tcase_add_loop_test(tests, a_name_that_is_taken_on_disk_is_told_and_changes_nothing,
                        0, 2);
    tcase_add_loop_test(tests, names_that_cannot_be_are_refused_in_words, 0,
                        (int)(sizeof refused / sizeof *refused));
    tcase_add_loop_test(tests, the_names_of_what_is_kept_beside_it_are_refused, 0, 2);
    tcase_add_test(tests, as_it_is_called_it_stays);
    tcase_add_loop_test(tests, a_kill_leaves_it_done_or_to_be_done, 0,
                        2 * (int)(sizeof kills / sizeof *kills));
    tcase_add_test(tests, after_a_kill_too_nothing_is_replaced);
    tcase_add_test(tests, a_place_that_is_away_is_waited_for);
    tcase_add_test(tests, noted_names_that_cannot_be_are_not_used);
    tcase_add_test(tests, what_was_renamed_is_deleted_and_nothing_else);
    tcase_add_test(tests, what_was_renamed_moves_as_it_is_called);
    suite_add_tcase(suite, tests);
    return suite;
}
