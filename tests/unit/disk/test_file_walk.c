#include "disk/file_walk.h"

#include "tests/unit/disk/place.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

Suite *test_file_walk_suite(void);

static const struct place_file files[] = {{"t/a", 10, false}};
static struct place place;
static int dir_fd;

static void setup(void)
{
    place_make(&place, 16384, files, 1);
    ck_assert_int_eq(mkdir(place.dir, 0755), 0);
    place_put(place_path(&place, "../secret"), "old", 3);
    dir_fd = open(place.dir, O_PATH | O_DIRECTORY);
    ck_assert_int_ge(dir_fd, 0);
}

static void teardown(void)
{
    close(dir_fd);
    place_done(&place);
}

START_TEST(no_words_lead_outside)
{
    static const char *const paths[] = {
        "../secret", "..", "a/../../secret", "a/..", ".",  "./a",       "a/./b",
        "/etc/x",    "",   "a//b",           "a/",   "/a", "../down/a",
    };
    const uint32_t before = place_open_descriptors();
    for (size_t i = 0; i < 2 * sizeof paths / sizeof *paths; i++) {
        errno = 0;
        ck_assert_int_lt(file_walk_open(dir_fd, paths[i / 2],
                                        i % 2 == 1 ? FILE_WALK_MAKE : FILE_WALK_READ),
                         0);
        ck_assert(errno == EINVAL || errno == ENOENT);
    }
    ck_assert_uint_eq(place_size(&place, "../secret"), 3);
    ck_assert_uint_eq(place_open_descriptors(), before);
}
END_TEST

/* S29 */
START_TEST(any_byte_of_a_name_is_taken_as_it_is)
{
    static const char name[] = "a b/100%s\n/\x01 $HOME ~ \"';\\";
    struct stat status;
    const int fd = file_walk_open(dir_fd, name, FILE_WALK_MAKE);
    ck_assert_int_ge(fd, 0);
    close(fd);
    ck_assert_int_eq(fstatat(dir_fd, name, &status, 0), 0);
}
END_TEST

/* S28 */
START_TEST(directories_and_the_file_are_made_with_the_users_mask)
{
    struct stat status;
    umask(027);
    const int fd = file_walk_open(dir_fd, "x/y/z", FILE_WALK_MAKE);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fstat(fd, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0640);
    ck_assert_int_eq(stat(place_path(&place, "x/y"), &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0750);
    close(fd);
}
END_TEST

/* S28: whatever the mask, nothing is executable, and nothing asked for beyond it. */
START_TEST(no_mask_makes_more_or_less_than_it_says)
{
    static const mode_t masks[] = {0, 022, 077, 0111};
    struct stat status;
    umask(masks[_i]);
    const int fd = file_walk_open(dir_fd, "x/y", FILE_WALK_MAKE);
    umask(022);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fstat(fd, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0666 & ~masks[_i]);
    close(fd);
}
END_TEST

/* A mask that leaves nothing: what is open can be written, what is not is told. */
START_TEST(a_mask_that_leaves_nothing_is_told)
{
    struct stat status;
    umask(0777);
    const int fd = file_walk_open(dir_fd, "z", FILE_WALK_MAKE);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, "x", 1, 0), 1);
    ck_assert_int_eq(fstat(fd, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0);
    close(fd);
    const int below = file_walk_open(dir_fd, "x/y", FILE_WALK_MAKE);
    umask(022);
    ck_assert(below >= 0 || errno == EACCES); /* root may */
    ck_assert_int_eq(fstatat(dir_fd, "x", &status, 0), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0);
    if (below >= 0)
        close(below);
    ck_assert_int_eq(fchmodat(dir_fd, "x", 0700, 0), 0);
}
END_TEST

/* S28: the directory's group goes down the tree, as its owner meant it. */
START_TEST(a_setgid_directory_hands_its_group_down)
{
    struct stat above, status;
    ck_assert_int_eq(chmod(place.dir, 02775), 0);
    ck_assert_int_eq(stat(place.dir, &above), 0);
    umask(022);
    const int fd = file_walk_open(dir_fd, "x/y", FILE_WALK_MAKE);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fstat(fd, &status), 0);
    ck_assert_uint_eq(status.st_gid, above.st_gid);
    ck_assert_uint_eq(status.st_mode & 07777, 0644);
    ck_assert_int_eq(stat(place_path(&place, "x"), &status), 0);
    ck_assert_uint_eq(status.st_gid, above.st_gid);
    ck_assert_uint_eq(status.st_mode & 07777, above.st_mode & 02000 ? 02755 : 0755);
    close(fd);
}
END_TEST

/* S28: a default ACL goes down the tree instead of the mask, and gives no more than 0666
 * has. */
START_TEST(a_default_acl_is_kept)
{
    if (!place_set_default_acl(place.dir))
        return; /* this file system has none */
    struct stat status;
    umask(077);
    const int fd = file_walk_open(dir_fd, "x/y", FILE_WALK_MAKE);
    umask(022);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fstat(fd, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0660); /* where the group is the mask */
    ck_assert_int_gt(fgetxattr(fd, "system.posix_acl_access", NULL, 0), 0);
    ck_assert_int_eq(stat(place_path(&place, "x"), &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0770);
    ck_assert_int_gt(
        getxattr(place_path(&place, "x"), "system.posix_acl_default", NULL, 0), 0);
    close(fd);
}
END_TEST

START_TEST(reading_makes_nothing)
{
    ck_assert_int_lt(file_walk_open(dir_fd, "x/y", FILE_WALK_READ), 0);
    ck_assert_int_eq(errno, ENOENT);
    ck_assert_uint_eq(place_size(&place, "x"), UINT64_MAX);
}
END_TEST

/* S14 */
START_TEST(what_is_no_regular_file_is_refused_without_waiting)
{
    const uint32_t before = place_open_descriptors();
    ck_assert_int_eq(symlink("../secret", place_path(&place, "link")), 0);
    ck_assert_int_eq(symlink("/dev/null", place_path(&place, "null")), 0);
    ck_assert_int_eq(mkfifo(place_path(&place, "fifo"), 0600), 0);
    ck_assert_int_eq(mkdir(place_path(&place, "dir"), 0700), 0);
    static const struct {
        const char *path;
        int error;
    } cases[] = {{"link", ELOOP}, {"null", ELOOP}, {"fifo", EISDIR}, {"dir", EISDIR}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int write = 0; write < 2; write++) {
            errno = 0;
            ck_assert_int_lt(file_walk_open(dir_fd, cases[i].path,
                                            write == 1 ? FILE_WALK_MAKE : FILE_WALK_READ),
                             0);
            ck_assert_int_eq(errno, cases[i].error);
        }
    }
    ck_assert_uint_eq(place_open_descriptors(), before);
}
END_TEST

/* S15 */
START_TEST(a_directory_that_is_a_link_is_not_followed)
{
    ck_assert_int_eq(symlink("..", place_path(&place, "up")), 0);
    ck_assert_int_lt(file_walk_open(dir_fd, "up/secret", FILE_WALK_READ), 0);
    ck_assert_int_eq(errno, ELOOP);
    ck_assert_int_lt(file_walk_open(dir_fd, "up/made", FILE_WALK_MAKE), 0);
    ck_assert_int_eq(errno, ELOOP);
    ck_assert_uint_eq(place_size(&place, "../made"), UINT64_MAX);
}
END_TEST

START_TEST(a_descriptor_no_longer_returns_early)
{
    const int fd = file_walk_open(dir_fd, "plain", FILE_WALK_MAKE);
    ck_assert_int_eq(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    close(fd);
}
END_TEST

START_TEST(the_users_directory_is_made_with_its_parents)
{
    char path[200];
    snprintf(path, sizeof path, "%s/p/q/r", place.root);
    ck_assert_int_eq(file_walk_make_dirs(path), 0);
    ck_assert_int_eq(file_walk_make_dirs(path), 0); /* and is there already */
    ck_assert_int_eq(access(path, F_OK), 0);
    ck_assert_int_ne(file_walk_make_dirs(""), 0);
}
END_TEST

Suite *test_file_walk_suite(void)
{
    Suite *suite = suite_create("file_walk");
    TCase *tcase = tcase_create("file_walk");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, no_words_lead_outside);
    tcase_add_test(tcase, any_byte_of_a_name_is_taken_as_it_is);
    tcase_add_test(tcase, directories_and_the_file_are_made_with_the_users_mask);
    tcase_add_loop_test(tcase, no_mask_makes_more_or_less_than_it_says, 0, 4);
    tcase_add_test(tcase, a_mask_that_leaves_nothing_is_told);
    tcase_add_test(tcase, a_setgid_directory_hands_its_group_down);
    tcase_add_test(tcase, a_default_acl_is_kept);
    tcase_add_test(tcase, reading_makes_nothing);
    tcase_add_test(tcase, what_is_no_regular_file_is_refused_without_waiting);
    tcase_add_test(tcase, a_directory_that_is_a_link_is_not_followed);
    tcase_add_test(tcase, a_descriptor_no_longer_returns_early);
    tcase_add_test(tcase, the_users_directory_is_made_with_its_parents);
    suite_add_tcase(suite, tcase);
    return suite;
}
