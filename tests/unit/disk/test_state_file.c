#include "disk/state_file.h"

#include "base/buffer.h"
#include "base/digest.h"
#include "tests/unit/disk/faults.h"
#include "tests/unit/disk/place.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

Suite *test_state_file_suite(void);

static struct place place;
static int dir;

static void setup(void)
{
    static const struct place_file files[] = {{"t/a", 1, false}};
    fault_clear();
    place_make(&place, 16384, files, 1);
    dir = open(place.root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(dir, 0);
    ck_assert_int_eq(mkdirat(dir, "resume", 0700), 0);
}

static void teardown(void)
{
    close(dir);
    place_done(&place);
}

static void save(const char *name, const char *text)
{
    ck_assert_int_eq(state_file_save(dir, name, text, strlen(text)), ERROR_NONE);
}

static enum error_code load(const char *name, char ret_text[256])
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    const enum error_code error = state_file_load(dir, name, 255, &bytes, &length);
    if (error == ERROR_NONE) {
        memcpy(ret_text, bytes, length);
        ret_text[length] = '\0';
        free(bytes);
    } else {
        ck_assert_ptr_null(bytes);
    }
    return error;
}

static void expect(const char *name, const char *text)
{
    char got[256];
    ck_assert_int_eq(load(name, got), ERROR_NONE);
    ck_assert_str_eq(got, text);
}

static void put(const char *name, const void *bytes, size_t length)
{
    const int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_eq(write(fd, bytes, length), (ssize_t)length);
    close(fd);
}

static size_t get(const char *name, uint8_t bytes[512])
{
    const int fd = openat(dir, name, O_RDONLY);
    ck_assert_int_ge(fd, 0);
    const ssize_t got = read(fd, bytes, 512);
    ck_assert_int_ge(got, 0);
    close(fd);
    return (size_t)got;
}

START_TEST(what_was_saved_is_loaded)
{
    char got[256];
    struct stat status;
    ck_assert_int_eq(load("session", got), ERROR_NOT_FOUND);
    save("session", "first");
    expect("session", "first");
    save("session", "");
    expect("session", "");
    ck_assert_int_eq(fstatat(dir, "session", &status, 0), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0600);
    state_file_remove(dir, "session");
    ck_assert_int_eq(load("session", got), ERROR_NOT_FOUND);
    state_file_remove(dir, "session");
}
END_TEST

/* S28: what is kept of a session is its owner's alone, whatever the mask or an ACL says;
 * and the owner's it is. */
START_TEST(no_mask_and_no_acl_changes_whose_it_is)
{
    static const mode_t masks[] = {0, 077, 0777};
    struct stat status;
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", dir);
    if (_i == 1 && !place_set_default_acl(path))
        return; /* this file system has none */
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        umask(masks[i]);
        save("session", "first");
        umask(022);
        expect("session", "first");
        ck_assert_int_eq(fstatat(dir, "session", &status, 0), 0);
        /* With an ACL the group's bits are the most that anybody named there has. */
        ck_assert_uint_eq(status.st_mode & 07777, 0600);
    }
}
END_TEST

/* R3: whatever happens to the newest generation, the one before it is used. */
START_TEST(every_truncation_and_every_flipped_byte_is_noticed)
{
    uint8_t image[512];
    save("f", "the older one");
    save("f", "the newer one, a little longer");
    const size_t length = get("f", image);
    for (size_t cut = 0; cut < length; cut++) {
        put("f", image, cut);
        expect("f", "the older one");
    }
    for (size_t at = 0; at < length; at++) {
        for (int bit = 0; bit < 8; bit++) {
            image[at] ^= (uint8_t)(1 << bit);
            put("f", image, length);
            expect("f", "the older one");
            image[at] ^= (uint8_t)(1 << bit);
        }
    }
    image[length] = 'x'; /* and anything more */
    put("f", image, length + 1);
    expect("f", "the older one");
    put("f", image, length);
    expect("f", "the newer one, a little longer");
}
END_TEST

/* R3, R4 */
START_TEST(without_a_whole_generation_it_is_damaged)
{
    static const char *const junk[] = {"", "garbage", "d8:announce0:e"};
    uint8_t zeros[200] = {0};
    char got[256];
    for (size_t i = 0; i < sizeof junk / sizeof *junk; i++) {
        put("f", junk[i], strlen(junk[i]));
        ck_assert_int_eq(load("f", got), ERROR_CORRUPT);
    }
    put("f", zeros, sizeof zeros);
    put("f.prev", zeros, sizeof zeros);
    ck_assert_int_eq(load("f", got), ERROR_CORRUPT);
    ck_assert_int_eq(unlinkat(dir, "f", 0), 0);
    ck_assert_int_eq(load("f", got), ERROR_CORRUPT);
    save("f", "good again");
    expect("f", "good again");
}
END_TEST

START_TEST(one_that_is_too_large_or_no_file_is_damaged)
{
    char got[256];
    put("f", "x", 1);
    const int fd = openat(dir, "f", O_WRONLY);
    ck_assert_int_eq(ftruncate(fd, (off_t)1 << 30), 0);
    close(fd);
    ck_assert_int_eq(load("f", got), ERROR_CORRUPT);
    ck_assert_int_eq(mkfifoat(dir, "fifo", 0600), 0);
    ck_assert_int_eq(load("fifo", got), ERROR_CORRUPT); /* and nobody waits */
    ck_assert_int_eq(symlinkat("f", dir, "link"), 0);
    ck_assert_int_ne(load("link", got), ERROR_NONE);
}
END_TEST

static void put_of_version(const char *name, uint32_t version, const char *text)
{
    uint8_t image[512], parts[12 + SHA1_BYTES];
    const size_t length = strlen(text);
    state_file_header(text, length, image);
    memcpy(image + STATE_FILE_HEADER_BYTES, text, length);
    be32_put(image + 8, version);
    memcpy(parts, image + 8, 12);
    digest_sha1(text, length, parts + 12);
    digest_sha1(parts, sizeof parts, image + 20);
    put(name, image, STATE_FILE_HEADER_BYTES + length);
}

/* R15 */
START_TEST(what_a_newer_version_wrote_is_neither_read_nor_replaced)
{
    char got[256];
    put_of_version("f", 1, "this version");
    expect("f", "this version");
    put_of_version("f", 2, "from the future");
    ck_assert_int_eq(load("f", got), ERROR_UNSUPPORTED);
    ck_assert_int_eq(state_file_save(dir, "f", "old", 3), ERROR_UNSUPPORTED);
    ck_assert_int_eq(load("f", got), ERROR_UNSUPPORTED);
    ck_assert_int_ne(faccessat(dir, "f.new", F_OK, 0), 0);
    /* a damaged version number is no newer version */
    put("f", "bttui\r\n\x1a\x7f\x7f\x7f\x7f damaged", 20);
    save("f", "mine");
    expect("f", "mine");
}
END_TEST

/* S3, R4: the last good file stays whatever fails. */
START_TEST(a_save_that_fails_leaves_the_last_good_one)
{
    static const struct {
        enum fault_call call;
        int error;
        enum error_code code;
    } cases[] = {{FAULT_DATASYNC, ENOSPC, ERROR_DISK_FULL},
                 {FAULT_DATASYNC, EIO, ERROR_SYSTEM},
                 {FAULT_RENAME, ENOSPC, ERROR_DISK_FULL},
                 {FAULT_RENAME, EROFS, ERROR_READ_ONLY}};
    save("resume/f", "good");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fault_set(cases[i].call, 1, 1, cases[i].error);
        ck_assert_int_eq(state_file_save(dir, "resume/f", "new", 3), cases[i].code);
        fault_clear();
        expect("resume/f", "good");
        ck_assert_int_ne(faccessat(dir, "resume/f.new", F_OK, 0), 0);
    }
    save("resume/f", "better");
    expect("resume/f", "better");
}
END_TEST

/* R8: the rename lives in the directory that holds the name. */
START_TEST(the_directory_of_the_file_is_synced)
{
    struct stat status;
    ck_assert_int_eq(fstatat(dir, "resume", &status, 0), 0);
    save("resume/f", "x");
    ck_assert_uint_eq(fault_last_synced(), (unsigned long)status.st_ino);
    ck_assert_int_eq(state_file_save_raw(dir, "resume/raw", "d0:e", 4), ERROR_NONE);
    ck_assert_uint_eq(fault_last_synced(), (unsigned long)status.st_ino);
    ck_assert_int_eq(fstat(dir, &status), 0);
    save("f", "x");
    ck_assert_uint_eq(fault_last_synced(), (unsigned long)status.st_ino);
    fault_set(FAULT_SYNC, 1, 1, EIO);
    ck_assert_int_eq(state_file_save(dir, "f", "y", 1), ERROR_SYSTEM);
}
END_TEST

START_TEST(a_raw_file_is_just_its_bytes)
{
    uint8_t image[512];
    ck_assert_int_eq(state_file_save_raw(dir, "t.torrent", "d3:fooi1ee", 10), ERROR_NONE);
    ck_assert_uint_eq(get("t.torrent", image), 10);
    ck_assert_mem_eq(image, "d3:fooi1ee", 10);
}
END_TEST

START_TEST(a_link_laid_in_the_way_is_not_written_through)
{
    put("victim", "mine", 4);
    ck_assert_int_eq(symlinkat("victim", dir, "f.new"), 0);
    ck_assert_int_ne(state_file_save(dir, "f", "text", 4), ERROR_NONE);
    uint8_t image[512];
    ck_assert_uint_eq(get("victim", image), 4);
    save("f", "text"); /* the link is out of the way now */
    expect("f", "text");
}
END_TEST

Suite *test_state_file_suite(void)
{
    Suite *suite = suite_create("state_file");
    TCase *tcase = tcase_create("state_file");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, what_was_saved_is_loaded);
    tcase_add_loop_test(tcase, no_mask_and_no_acl_changes_whose_it_is, 0, 2);
    tcase_add_test(tcase, every_truncation_and_every_flipped_byte_is_noticed);
    tcase_add_test(tcase, without_a_whole_generation_it_is_damaged);
    tcase_add_test(tcase, one_that_is_too_large_or_no_file_is_damaged);
    tcase_add_test(tcase, what_a_newer_version_wrote_is_neither_read_nor_replaced);
    tcase_add_test(tcase, a_save_that_fails_leaves_the_last_good_one);
    tcase_add_test(tcase, the_directory_of_the_file_is_synced);
    tcase_add_test(tcase, a_raw_file_is_just_its_bytes);
    tcase_add_test(tcase, a_link_laid_in_the_way_is_not_written_through);
    suite_add_tcase(suite, tcase);
    return suite;
}
