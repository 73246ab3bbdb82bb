/* What was added and chosen is known again, however little of it was looked at. */
#include "loop/loop.h"
#include "tests/unit/torrent/pair.h"
#include "torrent/commands.h"
#include "torrent/session_private.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

Suite *test_keep_suite(void);

enum { A, EMPTY, B, C };

static struct pair pair;
static char elsewhere[128];

static void setup(void)
{
    pair_init(&pair, 32768);
    snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", pair.root);
}

static void teardown(void)
{
    pair_done(&pair);
}

static bool wants(uint32_t file)
{
    struct file_info info;
    ck_assert(torrent_get_file(pair.leech.session, pair.leech.id, file, &info));
    return info.wanted;
}

static void choose(uint32_t file, bool wanted)
{
    torrent_set_file_wanted(pair.leech.session, pair.leech.id, file, wanted);
}

/* However long the disk takes meanwhile: that takes no time. */
static void turn_for(uint64_t ns)
{
    const uint64_t end_ns = loop_now_ns(pair.loop) + ns;
    while (loop_now_ns(pair.loop) < end_ns || pair.leech.session->jobs > 0) {
        pair.time.limit_ns =
            pair.leech.session->jobs > 0 ? pair.time.time.now_ns : UINT64_MAX;
        loop_turn(pair.loop, 10 * NS_PER_MS);
    }
    pair.time.limit_ns = UINT64_MAX;
}

static void expect_choice(void)
{
    ck_assert_uint_eq(session_count(pair.leech.session), 1);
    ck_assert_str_eq(side_info(&pair.leech).download_dir, elsewhere);
    ck_assert(wants(A) && !wants(B) && !wants(C));
}

/* The loop did not come to anything yet when the end is asked for. */
START_TEST(what_is_chosen_at_once_outlasts_an_end_at_once)
{
    const struct add_options options = {.download_dir = elsewhere, .select = "1,3"};
    side_open(&pair, &pair.leech, true);
    ck_assert_int_eq(side_add(&pair, &pair.leech, &options), ERROR_NONE);
    choose(B, false);
    side_close(&pair, &pair.leech);
    side_open(&pair, &pair.leech, true);
    expect_choice();
    side_close(&pair, &pair.leech);
}
END_TEST

/* Paused, with files that were not hashed yet. */
START_TEST(what_is_chosen_before_the_files_are_known_outlasts_a_kill)
{
    const struct add_options options = {
        .download_dir = elsewhere, .select = "1,3", .paused = true};
    pair_write_files(&pair, elsewhere);
    side_open(&pair, &pair.leech, true);
    ck_assert_int_eq(side_add(&pair, &pair.leech, &options), ERROR_NONE);
    turn_for(50 * NS_PER_MS);
    choose(B, false);
    turn_for(500 * NS_PER_MS);
    side_drop(&pair.leech);
    side_open(&pair, &pair.leech, true);
    expect_choice();
    side_close(&pair, &pair.leech);
}
END_TEST

/* A kill between the resume data and the list: the list does not have it, its resume data
 * do. */
START_TEST(what_is_chosen_anew_takes_the_place_of_what_was_saved)
{
    struct add_options options = {.download_dir = elsewhere, .select = "1,2"};
    char command[256];
    side_open(&pair, &pair.leech, true);
    ck_assert_int_eq(side_add(&pair, &pair.leech, &options), ERROR_NONE);
    pair_until(&pair, pair_leech_ready, 10);
    side_close(&pair, &pair.leech);
    snprintf(command, sizeof command, "cd '%s' && rm session*", pair.leech.state);
    ck_assert_int_eq(system(command), 0);
    side_open(&pair, &pair.leech, true);
    ck_assert_uint_eq(session_count(pair.leech.session), 0);
    options.select = "3";
    ck_assert_int_eq(side_add(&pair, &pair.leech, &options), ERROR_NONE);
    ck_assert(!wants(A) && wants(B) && !wants(C));
    side_close(&pair, &pair.leech);
    side_open(&pair, &pair.leech, true);
    ck_assert(!wants(A) && wants(B) && !wants(C));
    side_close(&pair, &pair.leech);
}
END_TEST

static size_t read_resume(uint8_t ret_bytes[4096])
{
    char path[200], hex[INFO_HASH_HEX_SIZE];
    info_hash_hex(&pair.meta->hash, hex);
    snprintf(path, sizeof path, "%s/resume/%s", pair.leech.state, hex);
    FILE *stream = fopen(path, "rb");
    ck_assert_ptr_nonnull(stream);
    const size_t length = fread(ret_bytes, 1, 4096, stream);
    fclose(stream);
    return length;
}

/* Nothing was looked at in that session: what was known before is known still. */
START_TEST(an_end_right_after_the_start_costs_no_claim)
{
    uint8_t before[4096], after[4096];
    const struct add_options options = {.download_dir = elsewhere, .select = "1,2"};
    pair_write_files(&pair, elsewhere);
    side_open(&pair, &pair.leech, true);
    ck_assert_int_eq(side_add(&pair, &pair.leech, &options), ERROR_NONE);
    pair_until(&pair, pair_leech_ready, 10);
    side_close(&pair, &pair.leech);
    const size_t length = read_resume(before);
    for (int i = 0; i < 3; i++) {
        side_open(&pair, &pair.leech, true);
        side_close(&pair, &pair.leech);
    }
    side_open(&pair, &pair.leech, true);
    expect_choice();
    ck_assert_uint_eq(read_resume(after), length);
    ck_assert_mem_eq(before, after, length);
    side_close(&pair, &pair.leech);
}
END_TEST

/* S16: files on a disk that is not there; the claims wait for it, too. */
START_TEST(what_is_chosen_while_the_files_are_away_costs_no_claim)
{
    char down[160], away[160];
    snprintf(down, sizeof down, "%s/pair", elsewhere);
    snprintf(away, sizeof away, "%s/away", elsewhere);
    const struct add_options options = {.download_dir = elsewhere};
    pair_write_files(&pair, elsewhere);
    side_open(&pair, &pair.leech, true);
    ck_assert_int_eq(side_add(&pair, &pair.leech, &options), ERROR_NONE);
    pair_until(&pair, pair_leech_complete, 10);
    const uint32_t pieces = side_info(&pair.leech).pieces;
    side_close(&pair, &pair.leech);
    ck_assert_int_eq(rename(down, away), 0);
    side_open(&pair, &pair.leech, true);
    while (pair.leech.errors == 0)
        loop_turn(pair.loop, 10 * NS_PER_MS);
    ck_assert_int_eq(side_info(&pair.leech).state, TORRENT_STATE_ERROR);
    choose(B, false);
    choose(C, false);
    side_close(&pair, &pair.leech);
    ck_assert_int_eq(rename(away, down), 0);
    side_open(&pair, &pair.leech, true);
    expect_choice();
    pair_until(&pair, pair_leech_ready, 10);
    ck_assert_uint_eq(pair.leech.last_checked, pieces);
    side_close(&pair, &pair.leech);
}
END_TEST

/* The list names it, its .torrent is there, and it is added again within a turn. */
START_TEST(what_is_removed_and_added_again_is_kept)
{
    const struct add_options options = {.paused = true, .label = "again"};
    side_open(&pair, &pair.leech, true);
    ck_assert_int_eq(side_add(&pair, &pair.leech, NULL), ERROR_NONE);
    turn_for(100 * NS_PER_MS);
    session_remove(pair.leech.session, pair.leech.id, false);
    ck_assert_int_eq(side_add(&pair, &pair.leech, &options), ERROR_NONE);
    turn_for(500 * NS_PER_MS);
    side_drop(&pair.leech);
    side_open(&pair, &pair.leech, true);
    ck_assert_uint_eq(session_count(pair.leech.session), 1);
    ck_assert_str_eq(side_info(&pair.leech).label, "again");
    side_close(&pair, &pair.leech);
}
END_TEST

/* The list and the resume data both say so; where they differ, the list is right. */
START_TEST(the_list_says_what_is_paused_whatever_the_resume_data_say)
{
    char resume[200], kept[200], hex[INFO_HASH_HEX_SIZE];
    info_hash_hex(&pair.meta->hash, hex);
    snprintf(resume, sizeof resume, "%s/resume/%s", pair.leech.state, hex);
    snprintf(kept, sizeof kept, "%s/kept", pair.root);
    const struct add_options options = {.paused = _i == 0};
    side_open(&pair, &pair.leech, true);
    ck_assert_int_eq(side_add(&pair, &pair.leech, &options), ERROR_NONE);
    side_close(&pair, &pair.leech);
    ck_assert_int_eq(link(resume, kept), 0); /* as it was before the list changed */
    side_open(&pair, &pair.leech, true);
    if (_i == 0)
        torrent_resume(pair.leech.session, pair.leech.id);
    else
        torrent_pause(pair.leech.session, pair.leech.id);
    turn_for(200 * NS_PER_MS);
    side_close(&pair, &pair.leech);
    ck_assert_int_eq(rename(kept, resume), 0);
    side_open(&pair, &pair.leech, true);
    struct torrent_settings settings;
    ck_assert(torrent_get_settings(pair.leech.session, pair.leech.id, &settings));
    ck_assert_int_eq(settings.paused, _i != 0);
    side_close(&pair, &pair.leech);
}
END_TEST

Suite *test_keep_suite(void)
{
    Suite *suite = suite_create("keep");
    TCase *tcase = tcase_create("keep");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, what_is_chosen_at_once_outlasts_an_end_at_once);
    tcase_add_test(tcase, what_is_chosen_anew_takes_the_place_of_what_was_saved);
    tcase_add_test(tcase, what_is_chosen_before_the_files_are_known_outlasts_a_kill);
    tcase_add_test(tcase, an_end_right_after_the_start_costs_no_claim);
    tcase_add_test(tcase, what_is_chosen_while_the_files_are_away_costs_no_claim);
    tcase_add_test(tcase, what_is_removed_and_added_again_is_kept);
    tcase_add_loop_test(tcase, the_list_says_what_is_paused_whatever_the_resume_data_say,
                        0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}
