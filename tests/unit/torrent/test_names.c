/* What a torrent keeps from the day it was added: how its files were named, and that it
 * is private. */
#include "tests/unit/torrent/pair.h"
#include "torrent/session.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

Suite *test_names_suite(void);

/* One piece, "hello", in a file that Windows could not hold. */
static const char torrent[] =
    "d4:infod6:lengthi5e4:name2:q?12:piece lengthi16384e6:pieces20:"
    "\xaa\xf4\xc6\x1d\xdc\xc5\xe8\xa2\xda\xbe\xde\x0f\x3b\x48\x2c\xd9\xae\xa9\x43\x4d"
    "7:privatei1eee";

static struct pair pair;

static void setup(void)
{
    pair_init(&pair, 32768);
}

static void teardown(void)
{
    pair_done(&pair);
}

static void put_hello(const char *name)
{
    char path[256];
    mkdir(pair.leech.down, 0700);
    snprintf(path, sizeof path, "%s/%s", pair.leech.down, name);
    FILE *stream = fopen(path, "wb");
    ck_assert_ptr_nonnull(stream);
    ck_assert_uint_eq(fwrite("hello", 1, 5, stream), 5);
    fclose(stream);
}

static enum error_code add(struct side *side)
{
    const struct add_options options = {0};
    return session_add_bytes(side->session, (const uint8_t *)torrent, sizeof torrent - 1,
                             &options, &side->id, side->text);
}

static bool checkpointed(const struct pair *at)
{
    return at->leech.checkpoints > 0 &&
           pair_size(at->leech.state, "session") != UINT64_MAX;
}

/* The name it is known by, and that it was found under it. */
static void expect(const char *name)
{
    struct file_info file;
    pair_until(&pair, pair_leech_ready, 10);
    ck_assert_uint_eq(pair.leech.last_checked, 1);
    ck_assert_str_eq(side_info(&pair.leech).name, name);
    ck_assert(torrent_get_file(pair.leech.session, pair.leech.id, 0, &file));
    ck_assert_str_eq(file.path, name);
    ck_assert(side_info(&pair.leech).is_private);
}

/* T34: whatever the option says the next time. */
START_TEST(files_are_found_again_under_the_names_they_were_given)
{
    static const unsigned then[] = {METAINFO_NAMES_PORTABLE, 0};
    static const char *const names[] = {"q_", "q?"};
    put_hello(names[_i]);
    pair.leech.names = then[_i];
    side_open(&pair, &pair.leech, true);
    ck_assert_int_eq(add(&pair.leech), ERROR_NONE);
    expect(names[_i]);
    pair_until(&pair, checkpointed, 10);
    side_close(&pair, &pair.leech);
    pair.leech.names = METAINFO_NAMES_PORTABLE ^ then[_i];
    side_open(&pair, &pair.leech, true);
    ck_assert_uint_eq(session_count(pair.leech.session), 1);
    expect(names[_i]);
}
END_TEST

/* T24: what is in the list already was let in. */
START_TEST(strict_names_are_asked_of_what_is_added_alone)
{
    put_hello("q_");
    pair.leech.names = METAINFO_NAMES_PORTABLE | METAINFO_NAMES_STRICT;
    side_open(&pair, &pair.leech, true);
    ck_assert_int_eq(add(&pair.leech), ERROR_NAME);
    ck_assert_ptr_nonnull(strstr(pair.leech.text, "“q_”"));
    ck_assert_uint_eq(session_count(pair.leech.session), 0);
    side_close(&pair, &pair.leech);
    pair.leech.names = METAINFO_NAMES_PORTABLE;
    side_open(&pair, &pair.leech, true);
    ck_assert_int_eq(add(&pair.leech), ERROR_NONE);
    expect("q_");
    side_close(&pair, &pair.leech);
    pair.leech.names = METAINFO_NAMES_PORTABLE | METAINFO_NAMES_STRICT;
    side_open(&pair, &pair.leech, true);
    ck_assert_uint_eq(session_count(pair.leech.session), 1);
    expect("q_");
}
END_TEST

/* T42, R17: private it stays, also when the process ends without a word. */
START_TEST(a_private_torrent_comes_back_private)
{
    put_hello("q?");
    side_open(&pair, &pair.leech, true);
    ck_assert_int_eq(add(&pair.leech), ERROR_NONE);
    expect("q?");
    pair_until(&pair, checkpointed, 10);
    side_drop(&pair.leech);
    side_open(&pair, &pair.leech, true);
    expect("q?");
}
END_TEST

Suite *test_names_suite(void)
{
    Suite *suite = suite_create("names");
    TCase *tcase = tcase_create("names");
    tcase_set_timeout(tcase, 30);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, files_are_found_again_under_the_names_they_were_given, 0,
                        2);
    tcase_add_test(tcase, strict_names_are_asked_of_what_is_added_alone);
    tcase_add_test(tcase, a_private_torrent_comes_back_private);
    suite_add_tcase(suite, tcase);
    return suite;
}
