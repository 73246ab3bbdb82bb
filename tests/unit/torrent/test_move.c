/* A torrent's data move while the session runs. */
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

Suite *test_move_suite(void);

static struct pair pair;
static char target[128], message[SESSION_MESSAGE_SIZE];

static void setup(void)
{
    pair_init(&pair, 32768);
    snprintf(target, sizeof target, "%s/new/place", pair.root);
    pair_seed(&pair);
}

static void teardown(void)
{
    if (pair.seed.session != NULL)
        side_close(&pair, &pair.seed);
    pair_done(&pair);
}

static void move_to(const char *dir)
{
    ck_assert_int_eq(torrent_move_data(pair.seed.session, pair.seed.id, dir, message),
                     ERROR_NONE);
    ck_assert(side_info(&pair.seed).moving && !side_info(&pair.seed).synced);
}

static bool has_moved(const struct pair *with)
{
    return !side_info(&with->seed).moving;
}

static bool is_seeding(const struct pair *with)
{
    return side_info(&with->seed).state == TORRENT_STATE_SEEDING;
}

static bool is_there(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0;
}

START_TEST(it_moves_and_is_served_from_there)
{
    move_to(target);
    pair_until(&pair, has_moved, 10);
    ck_assert_str_eq(side_info(&pair.seed).download_dir, target);
    ck_assert(pair_files_are_right(&pair, target));
    ck_assert(!pair_files_are_right(&pair, pair.seed.down));
    side_open(&pair, &pair.leech, false);
    ck_assert_int_eq(side_add(&pair, &pair.leech, NULL), ERROR_NONE);
    pair_introduce(&pair);
    pair_until(&pair, pair_leech_complete, 20);
    side_close(&pair, &pair.leech);
}
END_TEST

START_TEST(a_move_that_is_ended_changes_nothing)
{
    move_to(target);
    torrent_cancel_move(pair.seed.session, pair.seed.id);
    pair_until(&pair, has_moved, 10);
    pair_until(&pair, is_seeding, 10);
    ck_assert_str_eq(side_info(&pair.seed).download_dir, pair.seed.down);
    ck_assert(pair_files_are_right(&pair, pair.seed.down));
    move_to(target); /* another time it may be meant */
    pair_until(&pair, has_moved, 10);
    ck_assert(pair_files_are_right(&pair, target));
}
END_TEST

START_TEST(a_place_that_cannot_be_is_told_and_changes_nothing)
{
    struct torrent_info info;
    char file[160];
    snprintf(file, sizeof file, "%s/file", pair.root);
    FILE *stream = fopen(file, "w");
    ck_assert_ptr_nonnull(stream);
    fclose(stream);
    move_to(file);
    ck_assert_int_eq(torrent_move_data(pair.seed.session, pair.seed.id, target, message),
                     ERROR_AGAIN);
    pair_until(&pair, has_moved, 10);
    pair_until(&pair, is_seeding, 10);
    ck_assert_ptr_nonnull(strstr(pair.seed.text, "was not moved to"));
    ck_assert(torrent_get_info(pair.seed.session, pair.seed.id, &info));
    ck_assert_str_eq(info.download_dir, pair.seed.down);
    move_to(pair.seed.down); /* there it is */
    pair_until(&pair, has_moved, 10);
    ck_assert(pair_files_are_right(&pair, pair.seed.down));
}
END_TEST

START_TEST(it_is_not_moved_on_top_of_others_or_of_the_state)
{
    side_close(&pair, &pair.seed);
    side_open(&pair, &pair.seed, true);
    ck_assert_int_eq(side_add(&pair, &pair.seed, NULL), ERROR_NONE);
    pair_until(&pair, is_seeding, 10);
    ck_assert_int_eq(
        torrent_move_data(pair.seed.session, pair.seed.id, pair.seed.state, message),
        ERROR_REFUSED);
    ck_assert_ptr_nonnull(strstr(message, "state directory"));
}
END_TEST

static bool is_noted(const struct pair *with)
{
    return with->seed.checkpoints > 0;
}

/* S22: half a copy, of which only the state tells. */
START_TEST(what_a_kill_leaves_is_cleaned_up)
{
    char hex[INFO_HASH_HEX_SIZE], stage[256], file[300];
    side_close(&pair, &pair.seed);
    side_open(&pair, &pair.seed, true);
    ck_assert_int_eq(side_add(&pair, &pair.seed, NULL), ERROR_NONE);
    pair_until(&pair, is_seeding, 10);
    pair_until(&pair, is_noted, 10);
    pair.seed.checkpoints = 0;
    move_to(target);
    pair_until(&pair, is_noted, 10);
    side_drop(&pair.seed);
    info_hash_hex(&pair.meta->hash, hex);
    snprintf(stage, sizeof stage, "%s/.%s.moving", target, hex);
    snprintf(file, sizeof file, "%s/new", pair.root);
    mkdir(file, 0777);
    mkdir(target, 0777);
    mkdir(stage, 0777);
    snprintf(file, sizeof file, "%s/%s", stage, pair.meta->name);
    mkdir(file, 0777);
    snprintf(file, sizeof file, "%s/%s", stage, pair.meta->files[0].path);
    FILE *stream = fopen(file, "w");
    ck_assert_ptr_nonnull(stream);
    fclose(stream);
    side_open(&pair, &pair.seed, true);
    pair.seed.id = session_at(pair.seed.session, 0);
    pair_until(&pair, is_seeding, 10);
    ck_assert(pair_files_are_right(&pair, side_info(&pair.seed).download_dir));
    side_close(&pair, &pair.seed); /* waits for what was posted */
    pair.seed.session = NULL;
    ck_assert(!is_there(stage));
}
END_TEST

/* As if killed when the new place was noted, before the old one was cleaned. */
static void note_the_new_place(void)
{
    char hex[INFO_HASH_HEX_SIZE], name[80];
    struct resume resume;
    struct buffer buffer;
    uint8_t *bytes;
    size_t length;
    const int state = open(pair.seed.state, O_RDONLY | O_DIRECTORY);
    info_hash_hex(&pair.meta->hash, hex);
    snprintf(name, sizeof name, "resume/%s", hex);
    ck_assert_int_eq(state_file_load(state, name, 1 << 20, &bytes, &length), ERROR_NONE);
    ck_assert_int_eq(resume_decode(bytes, length, pair.meta, &resume), ERROR_NONE);
    free(bytes);
    resume.moved_from = resume.download_dir;
    resume.download_dir = strdup(target);
    buffer_init(&buffer, 1 << 20);
    ck_assert_int_eq(resume_encode(&resume, pair.meta->file_count, &buffer), ERROR_NONE);
    ck_assert_int_eq(state_file_save(state, name, buffer.bytes, buffer.length),
                     ERROR_NONE);
    buffer_done(&buffer);
    resume_done(&resume);
    close(state);
}

static bool has_failed(const struct pair *with)
{
    return with->seed.errors > 0;
}

START_TEST(a_new_place_that_is_away_is_waited_for)
{
    char parent[96];
    side_close(&pair, &pair.seed);
    side_open(&pair, &pair.seed, true);
    ck_assert_int_eq(side_add(&pair, &pair.seed, NULL), ERROR_NONE);
    pair_until(&pair, is_seeding, 10);
    side_close(&pair, &pair.seed);
    note_the_new_place();
    side_open(&pair, &pair.seed, true);
    pair.seed.id = session_at(pair.seed.session, 0);
    pair_until(&pair, has_failed, 10);
    ck_assert(pair_files_are_right(&pair, pair.seed.down)); /* not given up for that */
    snprintf(parent, sizeof parent, "%s/new", pair.root);
    mkdir(parent, 0777);
    mkdir(target, 0777);
    pair_write_files(&pair, target);
    torrent_resume(pair.seed.session, pair.seed.id);
    pair_until(&pair, is_seeding, 10);
    ck_assert_str_eq(side_info(&pair.seed).download_dir, target);
    ck_assert(pair_files_are_right(&pair, target));
    ck_assert(!pair_files_are_right(&pair, pair.seed.down));
}
END_TEST

/* A kill came between the move and the list: it is given again. */
START_TEST(given_again_it_goes_on_moving)
{
    char hex[INFO_HASH_HEX_SIZE], path[256];
    const struct add_options options = {.download_dir = target};
    side_close(&pair, &pair.seed);
    side_open(&pair, &pair.seed, true);
    ck_assert_int_eq(side_add(&pair, &pair.seed, NULL), ERROR_NONE);
    pair_until(&pair, is_seeding, 10);
    side_close(&pair, &pair.seed);
    note_the_new_place();
    snprintf(path, sizeof path, "%s/new", pair.root);
    mkdir(path, 0777);
    mkdir(target, 0777);
    info_hash_hex(&pair.meta->hash, hex);
    snprintf(path, sizeof path, "%s/.%s.moving", target, hex);
    pair_write_files(&pair, path);
    snprintf(path, sizeof path, "%s/session", pair.seed.state);
    ck_assert_int_eq(unlink(path), 0);
    strcat(path, ".prev");
    unlink(path);
    pair.seed.incomplete = pair.seed.down;
    side_open(&pair, &pair.seed, true);
    ck_assert_uint_eq(session_count(pair.seed.session), 0);
    ck_assert_int_eq(side_add(&pair, &pair.seed, &options), ERROR_NONE);
    pair_until(&pair, is_seeding, 10);
    ck_assert_uint_eq(pair.seed.errors, 0);
    ck_assert_str_eq(side_info(&pair.seed).download_dir, target);
    ck_assert(pair_files_are_right(&pair, target));
    ck_assert(!pair_files_are_right(&pair, pair.seed.down));
}
END_TEST

/* Nor does what was kept of another place count where it is given now. */
START_TEST(given_again_for_another_place_it_begins_there)
{
    char path[256];
    const struct add_options options = {.download_dir = target};
    side_close(&pair, &pair.seed);
    side_open(&pair, &pair.seed, true);
    ck_assert_int_eq(side_add(&pair, &pair.seed, NULL), ERROR_NONE);
    pair_until(&pair, is_seeding, 10);
    side_close(&pair, &pair.seed);
    snprintf(path, sizeof path, "%s/session", pair.seed.state);
    ck_assert_int_eq(unlink(path), 0);
    strcat(path, ".prev");
    unlink(path);
    side_open(&pair, &pair.seed, true);
    ck_assert_int_eq(side_add(&pair, &pair.seed, &options), ERROR_NONE);
    while (pair.seed.checked == 0 && pair.seed.errors == 0)
        loop_turn(pair.loop, 10 * NS_PER_MS);
    ck_assert_uint_eq(pair.seed.errors, 0);
    ck_assert_uint_eq(pair.seed.last_checked, 0);
    ck_assert_str_eq(side_info(&pair.seed).download_dir, target);
    ck_assert_int_eq(side_info(&pair.seed).state, TORRENT_STATE_DOWNLOADING);
    ck_assert(pair_files_are_right(&pair, pair.seed.down));
}
END_TEST

/* S23: wherever they are by then, and nobody else's. */
START_TEST(what_was_moved_is_deleted_where_it_is)
{
    char mine[192];
    move_to(target);
    pair_until(&pair, has_moved, 10);
    snprintf(mine, sizeof mine, "%s/mine", target);
    FILE *stream = fopen(mine, "w");
    ck_assert_ptr_nonnull(stream);
    fclose(stream);
    session_remove(pair.seed.session, pair.seed.id, true);
    side_close(&pair, &pair.seed);
    pair.seed.session = NULL;
    ck_assert(is_there(mine));
    ck_assert_int_eq(unlink(mine), 0);
    ck_assert_int_eq(rmdir(target), 0); /* nothing else was left */
}
END_TEST

Suite *test_move_suite(void)
{
    Suite *suite = suite_create("move");
    TCase *tests = tcase_create("move");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, it_moves_and_is_served_from_there);
    tcase_add_test(tests, a_move_that_is_ended_changes_nothing);
    tcase_add_test(tests, a_place_that_cannot_be_is_told_and_changes_nothing);
    tcase_add_test(tests, it_is_not_moved_on_top_of_others_or_of_the_state);
    tcase_add_test(tests, what_a_kill_leaves_is_cleaned_up);
    tcase_add_test(tests, a_new_place_that_is_away_is_waited_for);
    tcase_add_test(tests, given_again_it_goes_on_moving);
    tcase_add_test(tests, given_again_for_another_place_it_begins_there);
    tcase_add_test(tests, what_was_moved_is_deleted_where_it_is);
    suite_add_tcase(suite, tests);
    return suite;
}
