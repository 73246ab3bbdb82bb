/* Where the configuration file may be read again from inside the sandbox. */
#include "app/confine_private.h"
#include "tests/unit/app/check_app.h"

#include <check.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[PATH_MAX];
static struct places places;

static const char *below(const char *name)
{
    static char path[PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

static void setup(void)
{
    char made[] = "/tmp/bttui-places-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(made));
    ck_assert_ptr_nonnull(realpath(made, root));
    ck_assert_int_eq(mkdir(below("home"), 0700), 0);
    ck_assert_int_eq(mkdir(below("home/conf"), 0700), 0);
    ck_assert_int_eq(mkdir(below("kept"), 0700), 0);
    fclose(fopen(below("kept/f"), "w"));
    setenv("HOME", below("home"), 1);
}

static void teardown(void)
{
    char command[PATH_MAX + 16];
    places_done(&places);
    snprintf(command, sizeof command, "rm -r '%s'", root);
    ck_assert_int_eq(system(command), 0);
}

static bool has(const char *path)
{
    for (size_t i = 0; i < places.count; i++)
        if (strcmp(places.paths[i].path, path) == 0)
            return places.paths[i].access == SANDBOX_READ;
    return false;
}

START_TEST(a_file_is_read_and_what_takes_its_place)
{
    places_add_settings(&places, below("home/conf/f")); /* not there yet */
    ck_assert(has(below("home/conf/f")));
    ck_assert(has(below("home/conf")));
    ck_assert_uint_eq(places.count, 2);
}
END_TEST

START_TEST(a_directory_around_the_home_stays_closed)
{
    static const char *const files[] = {"home/f", "f", "home/../f"};
    places_add_settings(&places, below(files[_i]));
    ck_assert(has(below(files[_i])));
    ck_assert_uint_eq(places.count, 1);
}
END_TEST

START_TEST(a_link_is_followed_to_its_own_directory)
{
    ck_assert_int_eq(symlink("../../kept/f", below("home/conf/f")), 0);
    places_add_settings(&places, below("home/conf/f"));
    ck_assert(has(below("home/conf")));
    ck_assert(has(below("kept/f")));
    ck_assert(has(below("kept")));
}
END_TEST

START_TEST(without_a_file_nothing_is_opened)
{
    places_add_settings(&places, "");
    ck_assert_uint_eq(places.count, 0);
}
END_TEST

START_TEST(the_systems_secrets_are_not_for_root)
{
    places_add_settings(&places, "/etc/bttui-no-such.conf");
    ck_assert_int_eq(has("/etc"), geteuid() != 0);
}
END_TEST

Suite *suite_confine_places(void)
{
    Suite *suite = suite_create("confine_places");
    TCase *tcase = tcase_create("confine_places");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_file_is_read_and_what_takes_its_place);
    tcase_add_loop_test(tcase, a_directory_around_the_home_stays_closed, 0, 3);
    tcase_add_test(tcase, a_link_is_followed_to_its_own_directory);
    tcase_add_test(tcase, without_a_file_nothing_is_opened);
    tcase_add_test(tcase, the_systems_secrets_are_not_for_root);
    suite_add_tcase(suite, tcase);
    return suite;
}
