/* Blocklists from files, plain and packed, and what is said of those that are none. */
#include "tests/unit/torrent/pair.h"
#include "torrent/session.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

Suite *test_blocklist_files_suite(void);

static struct pair pair;
static char paths[2][128];
static char message[SESSION_MESSAGE_SIZE];

static void setup(void)
{
    pair_init(&pair, 32768);
    side_open(&pair, &pair.leech, false);
    for (int i = 0; i < 2; i++)
        snprintf(paths[i], sizeof paths[i], "%s/list%d", pair.root, i);
}

static void teardown(void)
{
    side_close(&pair, &pair.leech);
    pair_done(&pair);
}

static void put(int number, const char *bytes, size_t length)
{
    FILE *file = fopen(paths[number], "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, length, file), length);
    fclose(file);
}

static void put_packed(int number, const char *text)
{
    gzFile file = gzopen(paths[number], "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(gzputs(file, text), (int)strlen(text));
    gzclose(file);
}

static enum error_code read_lists(uint32_t count)
{
    const char *const given[] = {paths[0], paths[1]};
    return session_read_blocklists(pair.leech.session, given, count, message);
}

static uint32_t ranges(void)
{
    struct session_info info;
    session_get_info(pair.leech.session, &info);
    return info.blocklist;
}

START_TEST(plain_and_packed_lists_are_put_together)
{
    static const char plain[] = "# two\n1.2.3.4\nwhat is this\nx:1.2.3.6-1.2.3.9\r\n";
    put(0, plain, sizeof plain - 1);
    put_packed(1, "9.0.0.0/8\n1.2.3.5");
    ck_assert_int_eq(read_lists(2), ERROR_NONE);
    ck_assert_uint_eq(ranges(), 2); /* 1.2.3.4 to 1.2.3.9 became one */
}
END_TEST

START_TEST(a_line_without_end_costs_only_itself)
{
    static char text[100000];
    memset(text, '1', sizeof text);
    memcpy(text + sizeof text - 9, "\n1.2.3.4\n", 9);
    put(0, text, sizeof text);
    ck_assert_int_eq(read_lists(1), ERROR_NONE);
    ck_assert_uint_eq(ranges(), 1);
}
END_TEST

START_TEST(what_is_no_list_is_told_and_changes_nothing)
{
    put(0, "9.0.0.0/8\n", 10);
    ck_assert_int_eq(read_lists(1), ERROR_NONE);
    put(0, "<html>\n", 7);
    ck_assert_int_ne(read_lists(1), ERROR_NONE);
    ck_assert_ptr_nonnull(strstr(message, "list0: it holds no range of addresses"));
    ck_assert_int_ne(read_lists(2), ERROR_NONE); /* the second is not there */
    ck_assert_int_eq(remove(paths[0]), 0);
    ck_assert_int_ne(read_lists(1), ERROR_NONE);
    ck_assert_ptr_nonnull(strstr(message, "No such file"));
    ck_assert_int_eq(mkfifo(paths[0], 0600), 0); /* nobody ever writes to it */
    ck_assert_int_ne(read_lists(1), ERROR_NONE);
    ck_assert_uint_eq(ranges(), 1);
}
END_TEST

START_TEST(a_packed_list_that_was_cut_is_no_list)
{
    char bytes[4096], text[2000] = "";
    for (int i = 0; i < 100; i++)
        snprintf(text + strlen(text), 20, "1.2.%d.4\n", i);
    put_packed(0, text);
    FILE *file = fopen(paths[0], "rb");
    ck_assert_ptr_nonnull(file);
    const size_t length = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    for (size_t cut = 20; cut < length; cut++) {
        put(0, bytes, cut);
        ck_assert_msg(read_lists(1) != ERROR_NONE, "cut after %zu of %zu", cut, length);
    }
    ck_assert_uint_eq(ranges(), 0);
}
END_TEST

Suite *test_blocklist_files_suite(void)
{
    Suite *suite = suite_create("blocklist_files");
    TCase *tcase = tcase_create("blocklist_files");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, plain_and_packed_lists_are_put_together);
    tcase_add_test(tcase, a_line_without_end_costs_only_itself);
    tcase_add_test(tcase, what_is_no_list_is_told_and_changes_nothing);
    tcase_add_test(tcase, a_packed_list_that_was_cut_is_no_list);
    suite_add_tcase(suite, tcase);
    return suite;
}
