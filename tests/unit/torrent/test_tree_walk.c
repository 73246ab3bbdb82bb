/* Which files of a directory a torrent is made of, and in which order. */
#include "tests/unit/disk/place.h"
#include "torrent/tree_walk.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Suite *test_tree_walk_suite(void);

static const struct place_file one[] = {{"t/a", 1, false}};
static struct place place;
static char told[1000];      /* oddities, "KIND PATH" each on a line */
static const char *unwanted; /* passed over */
static int patience;         /* so many questions whether to go on */

static void setup(void)
{
    place_make(&place, 16384, one, 1);
    told[0] = '\0';
    unwanted = "";
    patience = 1000;
}

static void teardown(void)
{
    place_done(&place);
}

static bool is_wanted(void *context, const char *path, const struct stat *status)
{
    ck_assert_ptr_eq(context, &place);
    ck_assert(status->st_ino != 0);
    return strcmp(path, unwanted) != 0;
}

static void on_oddity(void *context, const char *path, enum tree_oddity oddity)
{
    const size_t used = strlen(told);
    (void)context;
    snprintf(told + used, sizeof told - used, "%d %s\n", oddity, path);
}

static bool is_ended(void *context)
{
    (void)context;
    return patience-- == 0;
}

static enum error_code walk(struct tree *ret_tree, struct tree_error *ret_error)
{
    const struct tree_walk how = {.root = place.dir,
                                  .is_wanted = is_wanted,
                                  .on_oddity = on_oddity,
                                  .is_ended = is_ended,
                                  .context = &place};
    return tree_walk(&how, ret_tree, ret_error);
}

/* The paths, a space between. */
static const char *walked(void)
{
    static char text[1000];
    struct tree tree;
    struct tree_error error;
    ck_assert_int_eq(walk(&tree, &error), ERROR_NONE);
    text[0] = '\0';
    for (uint32_t i = 0; i < tree.count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s",
                 i > 0 ? " " : "", tree.files[i].path);
    tree_done(&tree);
    return text;
}

static void put(const char *path, size_t length)
{
    static const char bytes[100];
    place_put(place_path(&place, path), bytes, length);
}

START_TEST(files_come_in_the_order_of_their_names_bytes_directory_by_directory)
{
    static const char *const paths[] = {"b",     "a-b",    "a/z",      "a/b/c", "a/b-c",
                                        "a/b/a", ".hid/x", "\xc3\xa4", "B",     "ab"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        put(paths[i], 1);
    ck_assert_str_eq(walked(), ".hid/x B a/b/a a/b/c a/b-c a/z a-b ab b \xc3\xa4");
    ck_assert_str_eq(told, "");
}
END_TEST

START_TEST(sizes_and_stamps_are_those_of_the_files)
{
    struct tree tree;
    struct tree_error error;
    put("b", 7);
    put("a", 0);
    put("c/d", 13);
    ck_assert_int_eq(walk(&tree, &error), ERROR_NONE);
    ck_assert_uint_eq(tree.total_bytes, 20);
    ck_assert_uint_eq(tree.files[0].stamp.size, 0);
    ck_assert_uint_eq(tree.files[1].stamp.size, 7);
    ck_assert_uint_eq(tree.files[2].stamp.size, 13);
    ck_assert_int_ne(tree.files[2].stamp.mtime_ns, 0);
    tree_done(&tree);
}
END_TEST

START_TEST(links_are_not_followed_and_odd_things_are_told)
{
    put("d/a", 1);
    ck_assert_int_eq(symlink("a", place_path(&place, "d/link")), 0);
    ck_assert_int_eq(symlink("/etc", place_path(&place, "out")), 0);
    ck_assert_int_eq(symlink("..", place_path(&place, "d/round")), 0);
    ck_assert_int_eq(symlink("nowhere", place_path(&place, "d/gone")), 0);
    ck_assert_int_eq(mkfifo(place_path(&place, "fifo"), 0600), 0);
    ck_assert_int_eq(mkdir(place_path(&place, "d/empty"), 0700), 0);
    ck_assert_str_eq(walked(), "d/a");
    ck_assert_ptr_nonnull(strstr(told, "0 d/link\n"));
    ck_assert_ptr_nonnull(strstr(told, "0 out\n"));
    ck_assert_ptr_nonnull(strstr(told, "0 d/round\n"));
    ck_assert_ptr_nonnull(strstr(told, "0 d/gone\n"));
    ck_assert_ptr_nonnull(strstr(told, "1 fifo\n"));
    ck_assert_ptr_nonnull(strstr(told, "2 d/empty\n"));
}
END_TEST

START_TEST(what_is_not_wanted_is_passed_over_with_all_below_it)
{
    put("a/b/c", 1);
    put("a/d", 1);
    ck_assert_int_eq(mkfifo(place_path(&place, "a/b/fifo"), 0600), 0);
    unwanted = "a/b";
    ck_assert_str_eq(walked(), "a/d");
    ck_assert_str_eq(told, "");
    unwanted = "a";
    ck_assert_str_eq(walked(), "");
    ck_assert_str_eq(told, "");
}
END_TEST

START_TEST(the_root_may_be_behind_a_link_and_empty)
{
    char link[sizeof place.dir];
    put("a", 1);
    snprintf(link, sizeof link, "%s/link", place.root);
    ck_assert_int_eq(symlink("down", link), 0);
    snprintf(place.dir, sizeof place.dir, "%s", link);
    ck_assert_str_eq(walked(), "a");
    ck_assert_int_eq(unlink(place_path(&place, "a")), 0);
    ck_assert_str_eq(walked(), "");
    ck_assert_str_eq(told, "");
}
END_TEST

START_TEST(what_cannot_be_walked_is_an_error_with_its_path)
{
    struct tree tree = {.count = 7};
    struct tree_error error;
    ck_assert_int_eq(walk(&tree, &error), ERROR_NOT_FOUND); /* no root */
    ck_assert_str_eq(error.path, "");
    ck_assert_int_eq(error.errno_value, ENOENT);
    put("a/b", 1);
    put("c/d", 1);
    if (geteuid() != 0) {
        ck_assert_int_eq(chmod(place_path(&place, "a/b"), 0), 0);
        ck_assert_int_eq(walk(&tree, &error), ERROR_ACCESS);
        ck_assert_str_eq(error.path, "a/b");
        ck_assert_int_eq(chmod(place_path(&place, "a"), 0), 0);
        ck_assert_int_eq(walk(&tree, &error), ERROR_ACCESS);
        ck_assert_str_eq(error.path, "a");
        unwanted = "a";
        ck_assert_str_eq(walked(), "c/d");
        ck_assert_int_eq(chmod(place_path(&place, "a"), 0700), 0);
    }
    ck_assert_uint_eq(tree.count, 7); /* untouched */
}
END_TEST

START_TEST(a_walk_can_be_ended)
{
    struct tree tree;
    struct tree_error error;
    char path[20];
    for (int i = 0; i < 300; i++) {
        snprintf(path, sizeof path, "d%d/f", i);
        put(path, 0);
    }
    patience = 1;
    ck_assert_int_eq(walk(&tree, &error), ERROR_CANCELLED);
}
END_TEST

Suite *test_tree_walk_suite(void)
{
    Suite *suite = suite_create("tree_walk");
    TCase *tcase = tcase_create("tree_walk");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase,
                   files_come_in_the_order_of_their_names_bytes_directory_by_directory);
    tcase_add_test(tcase, sizes_and_stamps_are_those_of_the_files);
    tcase_add_test(tcase, links_are_not_followed_and_odd_things_are_told);
    tcase_add_test(tcase, what_is_not_wanted_is_passed_over_with_all_below_it);
    tcase_add_test(tcase, the_root_may_be_behind_a_link_and_empty);
    tcase_add_test(tcase, what_cannot_be_walked_is_an_error_with_its_path);
    tcase_add_test(tcase, a_walk_can_be_ended);
    suite_add_tcase(suite, tcase);
    return suite;
}
