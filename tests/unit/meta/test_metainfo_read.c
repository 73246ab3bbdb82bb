/* HOSTILE.md T11, T48: what may be opened as a .torrent file. */
#include "meta/metainfo.h"
#include "tests/unit/meta/check_meta.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[32];

static void make_dir(void)
{
    strcpy(dir, "/tmp/bttui-meta-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_assert_int_eq(chdir(dir), 0);
}

static void remove_dir(void)
{
    unlink("it");
    rmdir("it");
    ck_assert_int_eq(chdir("/"), 0);
    rmdir(dir);
}

static void put_file(const char *name, off_t length)
{
    const int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, length), 0);
    close(fd);
}

/* Called once, before the next read(2). */
static void (*on_read)(void);

ssize_t __real_read(int fd, void *bytes, size_t length);
ssize_t __wrap_read(int fd, void *bytes, size_t length);
ssize_t __wrap_read(int fd, void *bytes, size_t length)
{
    void (*act)(void) = on_read;
    on_read = NULL;
    if (act != NULL)
        act();
    return __real_read(fd, bytes, length);
}

/* What the compiler makes of it where it knows the buffer's size. */
ssize_t __wrap___read_chk(int fd, void *bytes, size_t length, size_t size);
ssize_t __wrap___read_chk(int fd, void *bytes, size_t length, size_t size)
{
    ck_assert_uint_le(length, size);
    return __wrap_read(fd, bytes, length);
}

static void refuse(const char *path, enum error_code code, const char *message)
{
    uint8_t *bytes = NULL;
    size_t length = 7;
    struct metainfo_error error = {0};
    const enum error_code got = metainfo_read_file(path, &bytes, &length, &error);
    ck_assert_msg(got == code, "%s: %s", path, error_name(got));
    ck_assert_msg(strstr(error.message, message) != NULL, "%s: %s", path, error.message);
    ck_assert_ptr_null(bytes);
    ck_assert_uint_eq(length, 7);
}

START_TEST(only_regular_files_are_read_and_none_is_waited_for)
{
    refuse("it", ERROR_NOT_FOUND, "No such file");
    ck_assert_int_eq(mkdir("it", 0700), 0);
    refuse("it", ERROR_NOT_REGULAR, "is a directory");
    rmdir("it");
    ck_assert_int_eq(mkfifo("it", 0600), 0);
    refuse("it", ERROR_NOT_REGULAR, "not a regular file");
    refuse("/dev/zero", ERROR_NOT_REGULAR, "not a regular file");
    refuse("it/below", ERROR_NOT_FOUND, "Not a directory");
}
END_TEST

START_TEST(large_files_are_refused_before_they_are_read)
{
    uint8_t *bytes;
    size_t length;
    struct metainfo_error error;
    put_file("it", 40 << 20);
    refuse("it", ERROR_LIMIT, "41943040 bytes is too large for a torrent file");
    ck_assert_int_eq(truncate("it", METAINFO_MAX_BYTES + 1), 0);
    refuse("it", ERROR_LIMIT, "too large");
    ck_assert_int_eq(truncate("it", METAINFO_MAX_BYTES), 0);
    ck_assert_int_eq(metainfo_read_file("it", &bytes, &length, &error), ERROR_NONE);
    ck_assert_uint_eq(length, METAINFO_MAX_BYTES);
    free(bytes);
    ck_assert_int_eq(truncate("it", 0), 0);
    ck_assert_int_eq(metainfo_read_file("it", &bytes, &length, &error), ERROR_NONE);
    ck_assert_uint_eq(length, 0);
    free(bytes);
}
END_TEST

static void replace_it(void)
{
    ck_assert_int_eq(rename("other", "it"), 0);
}

static void empty_it(void)
{
    ck_assert_int_eq(truncate("it", 0), 0);
}

static void halve_it(void)
{
    ck_assert_int_eq(truncate("it", 500), 0);
}

static void double_it(void)
{
    ck_assert_int_eq(truncate("it", 2000), 0);
}

/* T48: it is opened once, and what is read then is all that is looked at. */
START_TEST(a_file_that_changes_while_it_is_read_is_one_of_its_states)
{
    static const struct {
        void (*act)(void);
        size_t length;
    } cases[] = {{replace_it, 1000}, {empty_it, 0}, {halve_it, 500}, {double_it, 1000}};
    static const uint8_t zeros[1000];
    uint8_t *bytes = NULL;
    size_t length = 7;
    struct metainfo *metainfo;
    struct metainfo_error error;
    put_file("it", 1000);
    FILE *other = fopen("other", "w");
    fputs("d4:infode", other);
    fclose(other);
    on_read = cases[_i].act;
    ck_assert_int_eq(metainfo_read_file("it", &bytes, &length, &error), ERROR_NONE);
    ck_assert_ptr_null(on_read);
    ck_assert_uint_eq(length, cases[_i].length);
    ck_assert_mem_eq(bytes, zeros, length);
    ck_assert_int_ne(metainfo_parse(bytes, length, &metainfo, &error), ERROR_NONE);
    free(bytes);
    unlink("other");
}
END_TEST

START_TEST(a_link_to_a_file_is_the_file)
{
    uint8_t *bytes;
    size_t length;
    struct metainfo_error error;
    put_file("target", 5);
    ck_assert_int_eq(symlink("target", "it"), 0);
    ck_assert_int_eq(metainfo_read_file("it", &bytes, &length, &error), ERROR_NONE);
    ck_assert_uint_eq(length, 5);
    free(bytes);
    unlink("target");
}
END_TEST

Suite *suite_metainfo_read(void)
{
    Suite *suite = suite_create("metainfo_read");
    TCase *tcase = tcase_create("metainfo_read");
    tcase_add_checked_fixture(tcase, make_dir, remove_dir);
    tcase_add_test(tcase, only_regular_files_are_read_and_none_is_waited_for);
    tcase_add_test(tcase, large_files_are_refused_before_they_are_read);
    tcase_add_loop_test(tcase, a_file_that_changes_while_it_is_read_is_one_of_its_states,
                        0, 4);
    tcase_add_test(tcase, a_link_to_a_file_is_the_file);
    suite_add_tcase(suite, tcase);
    return suite;
}
