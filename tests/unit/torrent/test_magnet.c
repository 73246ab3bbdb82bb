/* Torrents that are known by a magnet link alone, with a seed on the same loop. */
#include "tests/unit/torrent/pair.h"
#include "torrent/commands.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

Suite *test_magnet_suite(void);

#define PIECE 32768u

static struct pair pair;
static char message[SESSION_MESSAGE_SIZE];

static void setup(void)
{
    pair_init(&pair, PIECE);
}

static void teardown(void)
{
    pair_done(&pair);
}

static char *link_to_seed(const char *more)
{
    char hex[INFO_HASH_HEX_SIZE], *link = NULL;
    struct session_info info;
    session_get_info(pair.seed.session, &info);
    info_hash_hex(&pair.meta->hash, hex);
    ck_assert_int_gt(asprintf(&link,
                              "magnet:?xt=urn:btih:%s&dn=..%%2Fevil%s&x.pe=127.0.0.1:%u",
                              hex, more, info.port),
                     0);
    return link;
}

static void add_link(const char *more, const struct add_options *options)
{
    const struct add_options none = {0};
    char *link = link_to_seed(more);
    ck_assert_int_eq(session_add_magnet(pair.leech.session, link,
                                        options != NULL ? options : &none, &pair.leech.id,
                                        message),
                     ERROR_NONE);
    free(link);
}

static bool leech_has_metadata(const struct pair *at)
{
    return !side_info(&at->leech).awaits_metadata;
}

/* All that is wanted is here. */
static bool leech_complete(const struct pair *at)
{
    const struct torrent_info info = side_info(&at->leech);
    return !info.awaits_metadata && at->leech.checked > 0 &&
           info.state == TORRENT_STATE_SEEDING;
}

static bool leech_asks(const struct pair *at)
{
    return side_info(&at->leech).peers_connected > 0;
}

START_TEST(a_link_becomes_a_torrent_like_any_other)
{
    pair_seed(&pair);
    side_open(&pair, &pair.leech, true);
    add_link("", NULL);
    struct torrent_info info = side_info(&pair.leech);
    ck_assert_int_eq(info.state, TORRENT_STATE_METADATA);
    ck_assert(info.awaits_metadata);
    ck_assert_str_eq(info.name, "../evil");
    ck_assert_ptr_null(torrent_get_path(pair.leech.session, pair.leech.id)); /* M3 */
    ck_assert_uint_eq(torrent_file_count(pair.leech.session, pair.leech.id), 0);
    pair_until(&pair, leech_complete, 20);
    ck_assert(pair_files_are_right(&pair, pair.leech.down));
    info = side_info(&pair.leech);
    ck_assert_str_eq(info.name, pair.meta->name);
    ck_assert_uint_eq(info.downloaded, pair.meta->total_bytes);
    ck_assert_uint_eq(pair.leech.errors, 0);
    side_close(&pair, &pair.leech);
    /* The .torrent is kept, and the link is not any more. */
    side_open(&pair, &pair.leech, true);
    ck_assert_uint_eq(session_count(pair.leech.session), 1);
    pair_until(&pair, pair_leech_ready, 10);
    ck_assert_int_eq(side_info(&pair.leech).state, TORRENT_STATE_SEEDING);
}
END_TEST

START_TEST(a_bare_hash_and_a_peer_will_do)
{
    char hex[INFO_HASH_HEX_SIZE];
    const struct add_options none = {0};
    pair_seed(&pair);
    side_open(&pair, &pair.leech, false);
    info_hash_hex(&pair.meta->hash, hex);
    ck_assert_int_eq(
        session_add_text(pair.leech.session, hex, &none, &pair.leech.id, message),
        ERROR_NONE);
    ck_assert_str_eq(side_info(&pair.leech).name, hex);
    pair_introduce(&pair);
    pair_until(&pair, leech_complete, 20);
    ck_assert(pair_files_are_right(&pair, pair.leech.down));
}
END_TEST

static uint32_t wanted_files(void)
{
    struct file_info file;
    uint32_t wanted = 0;
    for (uint32_t i = 0; torrent_get_file(pair.leech.session, pair.leech.id, i, &file);
         i++)
        wanted += file.wanted;
    return wanted;
}

/* BEP 53: chosen before anything is written; what --select says comes first. */
START_TEST(only_the_files_of_the_link_are_wanted)
{
    pair_seed(&pair);
    side_open(&pair, &pair.leech, false);
    add_link("&so=0", NULL);
    pair_until(&pair, leech_has_metadata, 20);
    ck_assert_uint_eq(wanted_files(), 1);
    pair_until(&pair, leech_complete, 20);
    const uint64_t first = pair.meta->files[0].length;
    ck_assert_uint_eq(side_info(&pair.leech).total_bytes >= first, 1);
    for (uint32_t i = 1; i < pair.meta->file_count; i++) {
        char path[400];
        struct stat status;
        snprintf(path, sizeof path, "%s/%s", pair.leech.down, pair.meta->files[i].path);
        ck_assert_int_ne(stat(path, &status), 0);
    }
}
END_TEST

START_TEST(a_choice_of_the_user_comes_before_the_links)
{
    const struct add_options options = {.select = "2-"};
    pair_seed(&pair);
    side_open(&pair, &pair.leech, false);
    add_link("&so=0", &options);
    pair_until(&pair, leech_has_metadata, 20);
    ck_assert_uint_eq(wanted_files(), pair.meta->file_count - 1);
}
END_TEST

START_TEST(a_link_that_chooses_what_is_not_there_chooses_nothing)
{
    pair_seed(&pair);
    side_open(&pair, &pair.leech, false);
    add_link("&so=900", NULL);
    pair_until(&pair, leech_has_metadata, 20);
    ck_assert_uint_eq(wanted_files(), pair.meta->file_count);
    ck_assert_uint_eq(pair.leech.warnings, 1);
}
END_TEST

static bool leech_failed(const struct pair *at)
{
    return side_info(&at->leech).state == TORRENT_STATE_ERROR;
}

START_TEST(a_choice_of_the_user_that_fits_nothing_is_an_error)
{
    const struct add_options options = {.select = "no-such-file"};
    pair_seed(&pair);
    side_open(&pair, &pair.leech, false);
    add_link("", &options);
    pair_until(&pair, leech_failed, 20);
    ck_assert(side_info(&pair.leech).awaits_metadata);
    ck_assert_ptr_nonnull(strstr(pair.leech.text, "no-such-file"));
}
END_TEST

/* Restarted before anybody had it: it still knows what it was to do. */
START_TEST(a_link_outlasts_the_session)
{
    char hex[INFO_HASH_HEX_SIZE];
    const struct add_options options = {.select = "1"};
    pair_seed(&pair);
    side_open(&pair, &pair.leech, true);
    info_hash_hex(&pair.meta->hash, hex);
    ck_assert_int_eq(
        session_add_magnet(pair.leech.session, hex, &options, &pair.leech.id, message),
        ERROR_NONE);
    side_close(&pair, &pair.leech);
    side_open(&pair, &pair.leech, true);
    ck_assert_uint_eq(session_count(pair.leech.session), 1);
    pair.leech.id = session_at(pair.leech.session, 0);
    ck_assert_int_eq(side_info(&pair.leech).state, TORRENT_STATE_METADATA);
    pair_introduce(&pair);
    pair_until(&pair, leech_has_metadata, 20);
    ck_assert_uint_eq(wanted_files(), 1);
    pair_until(&pair, leech_complete, 20);
}
END_TEST

START_TEST(one_that_is_removed_is_forgotten)
{
    pair_seed(&pair);
    side_open(&pair, &pair.leech, true);
    add_link("", NULL);
    session_remove(pair.leech.session, pair.leech.id, true);
    side_close(&pair, &pair.leech);
    side_open(&pair, &pair.leech, true);
    ck_assert_uint_eq(session_count(pair.leech.session), 0);
}
END_TEST

/* What is on the disk already is found, and others are told of it. */
START_TEST(what_is_there_is_not_fetched_again)
{
    pair_seed(&pair);
    pair_write_files(&pair, pair.leech.down);
    side_open(&pair, &pair.leech, false);
    add_link("", NULL);
    pair_until(&pair, leech_complete, 20);
    ck_assert_uint_eq(side_info(&pair.leech).downloaded, 0);
}
END_TEST

static bool seed_is_alone(const struct pair *at)
{
    return side_info(&at->seed).peers_connected == 0;
}

START_TEST(a_paused_one_asks_nobody_and_goes_on)
{
    const struct add_options options = {.paused = true};
    pair_seed(&pair);
    side_open(&pair, &pair.leech, false);
    add_link("", &options);
    ck_assert_int_eq(side_info(&pair.leech).state, TORRENT_STATE_PAUSED);
    torrent_verify(pair.leech.session, pair.leech.id);
    torrent_resume(pair.leech.session, pair.leech.id);
    pair_until(&pair, leech_asks, 10);
    torrent_pause(pair.leech.session, pair.leech.id);
    pair_until(&pair, seed_is_alone, 10);
    torrent_resume(pair.leech.session, pair.leech.id);
    pair_until(&pair, leech_complete, 20);
}
END_TEST

START_TEST(the_same_link_again_is_no_second_torrent)
{
    struct torrent_id id;
    const struct add_options none = {0};
    pair_seed(&pair);
    side_open(&pair, &pair.leech, false);
    add_link("", NULL);
    char *link = link_to_seed("&tr=http://127.0.0.1:9/announce");
    ck_assert_int_eq(session_add_magnet(pair.leech.session, link, &none, &id, message),
                     ERROR_EXISTS);
    free(link);
    ck_assert_uint_eq(id.index, pair.leech.id.index);
    ck_assert_uint_eq(side_info(&pair.leech).trackers, 1); /* which it did not know */
    ck_assert_int_eq(
        session_add_magnet(pair.leech.session, "magnet:?dn=x", &none, &id, message),
        ERROR_SYNTAX);
}
END_TEST

Suite *test_magnet_suite(void)
{
    Suite *suite = suite_create("magnet");
    TCase *tcase = tcase_create("magnet");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_link_becomes_a_torrent_like_any_other);
    tcase_add_test(tcase, a_bare_hash_and_a_peer_will_do);
    tcase_add_test(tcase, only_the_files_of_the_link_are_wanted);
    tcase_add_test(tcase, a_choice_of_the_user_comes_before_the_links);
    tcase_add_test(tcase, a_link_that_chooses_what_is_not_there_chooses_nothing);
    tcase_add_test(tcase, a_choice_of_the_user_that_fits_nothing_is_an_error);
    tcase_add_test(tcase, a_link_outlasts_the_session);
    tcase_add_test(tcase, one_that_is_removed_is_forgotten);
    tcase_add_test(tcase, what_is_there_is_not_fetched_again);
    tcase_add_test(tcase, a_paused_one_asks_nobody_and_goes_on);
    tcase_add_test(tcase, the_same_link_again_is_no_second_torrent);
    suite_add_tcase(suite, tcase);
    return suite;
}
