/* Tab finds folders and .torrent files, and nothing else. */
#include "tests/unit/ui/check_ui.h"

#include "ui/path_complete.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/bttui-complete-XXXXXX";
static const char *const files[] = {"alpha.torrent", "alphabet.torrent",
                                    "alpha.txt",     "übung.torrent",
                                    "über.torrent",  ".hidden.torrent"};

static void setup(void)
{
    char path[128];
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        const int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        ck_assert_int_ge(fd, 0);
        close(fd);
    }
    snprintf(path, sizeof path, "%s/music", folder);
    ck_assert_int_eq(mkdir(path, 0700), 0);
}

static void teardown(void)
{
    char path[128];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/music", folder);
    rmdir(path);
    rmdir(folder);
}

static const struct {
    const char *typed, *completed;
    size_t matches;
} cases[] = {
    {"al", "alpha", 2},
    {"alpha.", "alpha.torrent", 1},
    {"alphab", "alphabet.torrent", 1},
    {"m", "music/", 1},
    {"x", "x", 0},
    {"ü", "üb", 2},
    {".h", ".hidden.torrent", 1},
    {"", "", 5}, /* hidden names only when asked for */
    {"none/such", "none/such", 0},
};

START_TEST(what_all_matches_share_is_filled_in)
{
    char typed[256], expected[256], got[256];
    struct path_completion found;
    snprintf(typed, sizeof typed, "%s/%s", folder, cases[_i].typed);
    snprintf(expected, sizeof expected, "%s/%s", folder, cases[_i].completed);
    path_complete(typed, got, sizeof got, &found);
    ck_assert_str_eq(got, expected);
    ck_assert_uint_eq(found.matches, cases[_i].matches);
}
END_TEST

START_TEST(the_home_directory_has_a_short_name)
{
    char got[256], expected[256];
    struct path_completion found;
    setenv("HOME", folder, 1);
    path_complete("~/alphab", got, sizeof got, &found);
    ck_assert_str_eq(got, "~/alphabet.torrent");
    snprintf(expected, sizeof expected, "%s/alphabet.torrent", folder);
    path_expand(got, got + 128, 128);
    ck_assert_str_eq(got + 128, expected);
}
END_TEST

Suite *test_path_complete_suite(void)
{
    Suite *suite = suite_create("path_complete");
    TCase *tests = tcase_create("path_complete");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, what_all_matches_share_is_filled_in, 0,
                        sizeof cases / sizeof *cases);
    tcase_add_test(tests, the_home_directory_has_a_short_name);
    suite_add_tcase(suite, tests);
    return suite;
}
