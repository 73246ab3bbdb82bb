#include "app/demo_dir.h"
#include "tests/unit/app/check_demo.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char message[512];

static void put_file(const char *dir, const char *name)
{
    char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_msg(fd >= 0, "%s", path);
    ck_assert_int_eq(write(fd, "x", 1), 1);
    close(fd);
}

static bool is_there(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0;
}

START_TEST(directory_is_private_and_goes_with_all_it_holds)
{
    struct demo_dir dir;
    struct stat status;
    char sub[PATH_MAX], deep[PATH_MAX + 8];
    ck_assert_int_eq(demo_dir_make(&dir, 1, message, sizeof message), ERROR_NONE);
    ck_assert_int_eq(strncmp(dir.path, check_demo_tmpdir(), strlen(check_demo_tmpdir())),
                     0);
    ck_assert_int_eq(stat(dir.path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0700);
    ck_assert_int_eq(demo_dir_sub(&dir, "downloads", sub), ERROR_NONE);
    snprintf(deep, sizeof deep, "%s/深", sub);
    ck_assert_int_eq(mkdir(deep, 0700), 0);
    put_file(deep, "file");
    put_file(sub, "файл");
    ck_assert_int_eq(symlink("/", strcat(strcpy(deep, sub), "/l")), 0);
    demo_dir_done(&dir);
    ck_assert_int_eq(check_demo_count(check_demo_tmpdir()), 0);
    demo_dir_done(&dir); /* nothing is left to do */
}
END_TEST

/* Makes a directory in a child that ends without tidying up; returns its path. */
static void leave_stale(char ret_path[PATH_MAX])
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        struct demo_dir dir;
        if (demo_dir_make(&dir, 1, message, sizeof message) == ERROR_NONE) {
            put_file(dir.path, "payload");
            if (write(ends[1], dir.path, strlen(dir.path)) < 0)
                _exit(1);
        }
        _exit(0);
    }
    close(ends[1]);
    const ssize_t got = read(ends[0], ret_path, PATH_MAX - 1);
    ret_path[got > 0 ? got : 0] = '\0';
    close(ends[0]);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    ck_assert(is_there(ret_path));
}

START_TEST(what_a_killed_process_left_is_removed)
{
    struct demo_dir dir;
    char stale[PATH_MAX];
    leave_stale(stale);
    ck_assert_int_eq(demo_dir_make(&dir, 1, message, sizeof message), ERROR_NONE);
    ck_assert(!is_there(stale));
    demo_dir_done(&dir);
}
END_TEST

START_TEST(what_a_living_process_uses_stays)
{
    struct demo_dir one, two;
    ck_assert_int_eq(demo_dir_make(&one, 1, message, sizeof message), ERROR_NONE);
    ck_assert_int_eq(demo_dir_make(&two, 1, message, sizeof message), ERROR_NONE);
    ck_assert_str_ne(one.path, two.path);
    ck_assert(is_there(one.path));
    demo_dir_done(&one);
    ck_assert(is_there(two.path));
    demo_dir_done(&two);
}
END_TEST

/* Its name's process is dead, but somebody holds the lock: another container's. */
START_TEST(what_is_locked_stays)
{
    struct demo_dir dir;
    char stale[PATH_MAX], lock[PATH_MAX + 8];
    leave_stale(stale);
    snprintf(lock, sizeof lock, "%s/lock", stale);
    const int fd = open(lock, O_RDWR | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
    ck_assert_int_eq(demo_dir_make(&dir, 1, message, sizeof message), ERROR_NONE);
    ck_assert(is_there(stale));
    demo_dir_done(&dir);
    close(fd);
    ck_assert_int_eq(demo_dir_make(&dir, 1, message, sizeof message), ERROR_NONE);
    ck_assert(!is_there(stale));
    demo_dir_done(&dir);
}
END_TEST

/* The number of a process that has ended. */
static long dead_pid(void)
{
    const pid_t child = fork();
    if (child == 0)
        _exit(0);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    return (long)child;
}

static const struct {
    const char *before, *after; /* the number of a dead process */
} lookalikes[] = {{"bttui-demo-", "-12345"},
                  {"bttui-demo-", "-1234567"},
                  {"bttui-demo-", "x123456"},
                  {"bttui-demo-x", "-123456"},
                  {"bttui-demo--", "-123456"},
                  {"bttui-dem", "-123456"},
                  {"bttui-demo-99999999999999999", "-123456"}};

START_TEST(what_only_looks_like_ours_stays)
{
    struct demo_dir dir;
    char path[PATH_MAX], name[128];
    snprintf(name, sizeof name, "%s%ld%s", lookalikes[_i].before, dead_pid(),
             lookalikes[_i].after);
    snprintf(path, sizeof path, "%s/%s", check_demo_tmpdir(), name);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_assert_int_eq(demo_dir_make(&dir, 1, message, sizeof message), ERROR_NONE);
    ck_assert(is_there(path));
    demo_dir_done(&dir);
    ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

enum lure { LURE_OPEN_TO_OTHERS, LURE_FILE, LURE_LINK, LURE_COUNT };

START_TEST(what_others_could_have_laid_there_stays)
{
    struct demo_dir dir;
    char path[PATH_MAX], target[PATH_MAX];
    snprintf(path, sizeof path, "%s/bttui-demo-%ld-abcdef", check_demo_tmpdir(),
             dead_pid());
    snprintf(target, sizeof target, "%s/target", check_demo_tmpdir());
    ck_assert_int_eq(mkdir(target, 0700), 0);
    put_file(target, "treasure");
    if (_i == LURE_OPEN_TO_OTHERS)
        ck_assert(mkdir(path, 0700) == 0 && chmod(path, 0777) == 0);
    else if (_i == LURE_FILE)
        put_file(check_demo_tmpdir(), strrchr(path, '/') + 1);
    else
        ck_assert_int_eq(symlink(target, path), 0);
    ck_assert_int_eq(demo_dir_make(&dir, 1, message, sizeof message), ERROR_NONE);
    ck_assert(is_there(path));
    ck_assert_int_eq(check_demo_count(target), 1);
    demo_dir_done(&dir);
    ck_assert_int_eq(remove(path), 0);
    strcat(target, "/treasure");
    ck_assert_int_eq(remove(target), 0);
    *strrchr(target, '/') = '\0';
    ck_assert_int_eq(rmdir(target), 0);
}
END_TEST

START_TEST(no_place_is_said_in_words)
{
    struct demo_dir dir;
    ck_assert_int_eq(demo_dir_make(&dir, UINT64_MAX, message, sizeof message),
                     ERROR_DISK_FULL);
    ck_assert_ptr_nonnull(strstr(message, check_demo_tmpdir()));
    ck_assert_str_eq(dir.path, "");
    char gone[256];
    snprintf(gone, sizeof gone, "%s/gone", check_demo_tmpdir());
    setenv("TMPDIR", gone, 1);
    ck_assert_int_eq(demo_dir_make(&dir, 1, message, sizeof message), ERROR_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(message, gone));
    demo_dir_done(&dir);
}
END_TEST

Suite *test_demo_dir_suite(void)
{
    Suite *suite = suite_create("demo_dir");
    TCase *cases = tcase_create("demo_dir");
    tcase_add_test(cases, directory_is_private_and_goes_with_all_it_holds);
    tcase_add_test(cases, what_a_killed_process_left_is_removed);
    tcase_add_test(cases, what_a_living_process_uses_stays);
    tcase_add_test(cases, what_is_locked_stays);
    tcase_add_loop_test(cases, what_only_looks_like_ours_stays, 0,
                        (int)(sizeof lookalikes / sizeof lookalikes[0]));
    tcase_add_loop_test(cases, what_others_could_have_laid_there_stays, 0, LURE_COUNT);
    tcase_add_test(cases, no_place_is_said_in_words);
    suite_add_tcase(suite, cases);
    return suite;
}
