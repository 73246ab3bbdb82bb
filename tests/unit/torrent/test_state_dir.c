#include "torrent/state_dir.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

Suite *test_state_dir_suite(void);

static char root[64], path[128], message[512];

static void setup(void)
{
    snprintf(root, sizeof root, "/tmp/bttui-state-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    snprintf(path, sizeof path, "%s/a/b/state", root);
    message[0] = '\0';
}

static int remove_one(const char *name, const struct stat *status, int type,
                      struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(name);
}

static void teardown(void)
{
    nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static enum error_code open_it(struct state_dir *dir)
{
    return state_dir_open(path, dir, message, sizeof message);
}

/* S28 */
START_TEST(it_is_made_with_its_parents_for_the_user_alone)
{
    static const mode_t masks[] = {022, 0, 0777};
    struct state_dir dir;
    struct stat status;
    umask(masks[_i]);
    const enum error_code error = open_it(&dir);
    ck_assert_uint_eq(umask(022), masks[_i]);
    ck_assert_int_eq(error, ERROR_NONE);
    ck_assert_int_eq(fstatat(dir.fd, "lock", &status, 0), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0600);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0700);
    ck_assert_int_eq(faccessat(dir.fd, "torrents", F_OK, 0), 0);
    ck_assert_int_eq(faccessat(dir.fd, "resume", F_OK, 0), 0);
    ck_assert(dir.locked);
    ck_assert(!dir.read_only);
    ck_assert_int_eq(dir.path[0], '/');
    state_dir_close(&dir);
    state_dir_close(&dir); /* and once more does no harm */
}
END_TEST

/* R10: another process, told by its number and at once. */
START_TEST(a_second_process_is_refused_and_told_who_holds_it)
{
    int ready[2], done[2];
    char byte, pid_text[32];
    ck_assert_int_eq(pipe(ready), 0);
    ck_assert_int_eq(pipe(done), 0);
    const pid_t holder = fork();
    if (holder == 0) {
        struct state_dir dir;
        const enum error_code error = open_it(&dir);
        if (write(ready[1], error == ERROR_NONE ? "y" : "n", 1) != 1 ||
            read(done[0], &byte, 1) != 1)
            _exit(1);
        pause(); /* until it is killed: no clean end */
    }
    struct state_dir dir;
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    ck_assert_int_eq(byte, 'y');
    ck_assert_int_eq(open_it(&dir), ERROR_EXISTS);
    snprintf(pid_text, sizeof pid_text, "%ld", (long)holder);
    ck_assert_ptr_nonnull(strstr(message, pid_text));
    ck_assert_ptr_nonnull(strstr(message, path));
    ck_assert_int_eq(write(done[1], "x", 1), 1);
    ck_assert_int_eq(kill(holder, SIGKILL), 0);
    ck_assert_int_eq(waitpid(holder, NULL, 0), holder);
    ck_assert_int_eq(open_it(&dir), ERROR_NONE); /* R11: nothing stale is left */
    state_dir_close(&dir);
}
END_TEST

/* R13 */
START_TEST(one_that_everybody_may_write_to_is_refused)
{
    struct state_dir dir;
    ck_assert_int_eq(open_it(&dir), ERROR_NONE);
    state_dir_close(&dir);
    ck_assert_int_eq(chmod(path, 0777), 0);
    ck_assert_int_eq(open_it(&dir), ERROR_ACCESS);
    ck_assert_ptr_nonnull(strstr(message, "chmod 700"));
}
END_TEST

START_TEST(what_is_no_directory_is_refused_with_its_name)
{
    struct state_dir dir;
    snprintf(path, sizeof path, "%s/file", root);
    FILE *file = fopen(path, "w");
    fclose(file);
    ck_assert_int_ne(open_it(&dir), ERROR_NONE);
    ck_assert_ptr_nonnull(strstr(message, path));
    snprintf(path, sizeof path, "%s/file/below", root);
    ck_assert_int_ne(open_it(&dir), ERROR_NONE);
}
END_TEST

/* R13 */
START_TEST(one_that_cannot_be_written_to_is_used_without_keeping_anything)
{
    struct state_dir dir;
    snprintf(path, sizeof path, "%s/ro", root);
    ck_assert_int_eq(mkdir(path, 0555), 0);
    ck_assert_int_eq(chmod(root, 0755), 0);
    if (geteuid() == 0)
        ck_assert_int_eq(seteuid(65534), 0);
    ck_assert_int_eq(open_it(&dir), ERROR_NONE);
    ck_assert(dir.read_only);
    state_dir_close(&dir);
    ck_assert_int_eq(seteuid(getuid()), 0);
}
END_TEST

START_TEST(a_lock_file_that_is_a_link_is_not_followed)
{
    struct state_dir dir;
    char target[128], link[160];
    snprintf(path, sizeof path, "%s/s", root);
    snprintf(target, sizeof target, "%s/victim", root);
    snprintf(link, sizeof link, "%s/lock", path);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_assert_int_eq(symlink(target, link), 0);
    ck_assert_int_ne(open_it(&dir), ERROR_NONE);
    ck_assert_int_ne(access(target, F_OK), 0);
}
END_TEST

static void put(const struct state_dir *dir, const char *name)
{
    const int fd = openat(dir->fd, name, O_WRONLY | O_CREAT, 0600);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

START_TEST(what_a_kill_left_half_written_is_cleared_away)
{
    static const char *const kept[] = {"torrents/a.torrent", "resume/a", "resume/a.prev",
                                       "resume/.new", "resume/new"};
    static const char *const swept[] = {"torrents/a.torrent.new", "resume/b.new"};
    struct state_dir dir;
    ck_assert_int_eq(open_it(&dir), ERROR_NONE);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        put(&dir, kept[i]);
    for (size_t i = 0; i < sizeof swept / sizeof *swept; i++)
        put(&dir, swept[i]);
    state_dir_close(&dir);
    ck_assert_int_eq(open_it(&dir), ERROR_NONE);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        ck_assert_int_eq(faccessat(dir.fd, kept[i], F_OK, 0), 0);
    for (size_t i = 0; i < sizeof swept / sizeof *swept; i++)
        ck_assert_int_ne(faccessat(dir.fd, swept[i], F_OK, 0), 0);
    state_dir_close(&dir);
}
END_TEST

Suite *test_state_dir_suite(void)
{
    Suite *suite = suite_create("state_dir");
    TCase *tcase = tcase_create("state_dir");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, it_is_made_with_its_parents_for_the_user_alone, 0, 3);
    tcase_add_test(tcase, a_second_process_is_refused_and_told_who_holds_it);
    tcase_add_test(tcase, one_that_everybody_may_write_to_is_refused);
    tcase_add_test(tcase, what_is_no_directory_is_refused_with_its_name);
    tcase_add_test(tcase, one_that_cannot_be_written_to_is_used_without_keeping_anything);
    tcase_add_test(tcase, what_a_kill_left_half_written_is_cleared_away);
    tcase_add_test(tcase, a_lock_file_that_is_a_link_is_not_followed);
    suite_add_tcase(suite, tcase);
    return suite;
}
