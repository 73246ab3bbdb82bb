/* Many state files that change together. */
#include "disk/disk_manager.h"
#include "disk/state_file.h"
#include "loop/loop.h"
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

Suite *test_state_batch_suite(void);

#define MANY 100u

static struct place place;
static int dir;
static char names[STATE_BATCH_MOST][32];
static struct state_change changes[STATE_BATCH_MOST];

static void setup(void)
{
    static const struct place_file files[] = {{"t/a", 1, false}};
    fault_clear();
    place_make(&place, 16384, files, 1);
    dir = open(place.root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(dir, 0);
    ck_assert_int_eq(mkdirat(dir, "resume", 0700), 0);
    ck_assert_int_eq(mkdirat(dir, "torrents", 0700), 0);
}

static void teardown(void)
{
    fault_clear();
    close(dir);
    place_done(&place);
}

/* COUNT files, each with its name in it, half of them raw; the list is the first. */
static void make_changes(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (i == 0)
            strcpy(names[i], "session");
        else
            snprintf(names[i], sizeof names[i], i % 2 == 0 ? "resume/%u" : "torrents/%u",
                     i);
        changes[i] = (struct state_change){.name = names[i],
                                           .bytes = names[i],
                                           .length = strlen(names[i]),
                                           .raw = i % 2 == 1};
    }
}

static bool holds(uint32_t i, const char *text)
{
    char got[64];
    const int fd = openat(dir, names[i], O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    const off_t at = changes[i].raw ? 0 : STATE_FILE_HEADER_BYTES;
    const ssize_t length = pread(fd, got, sizeof got, at);
    close(fd);
    return length == (ssize_t)strlen(text) && memcmp(got, text, strlen(text)) == 0;
}

static bool is_there(const char *name)
{
    return faccessat(dir, name, F_OK, 0) == 0;
}

static unsigned long inode_of(const char *name)
{
    struct stat status;
    ck_assert_int_eq(fstatat(dir, name, &status, 0), 0);
    return (unsigned long)status.st_ino;
}

START_TEST(many_files_are_synced_by_one_call)
{
    make_changes(MANY);
    state_file_change(dir, changes, MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        ck_assert_int_eq(changes[i].error, ERROR_NONE);
        ck_assert_msg(holds(i, names[i]), "%s", names[i]);
    }
    ck_assert_uint_eq(fault_calls(FAULT_SYNCFS), 1);
    ck_assert_uint_eq(fault_calls(FAULT_DATASYNC), 0);
    ck_assert_uint_eq(fault_calls(FAULT_SYNC), 3); /* the directories */
    ck_assert_uint_eq(fault_last_synced(), inode_of("."));
}
END_TEST

START_TEST(few_files_are_synced_by_themselves)
{
    make_changes(3);
    state_file_change(dir, changes, 3);
    ck_assert_uint_eq(fault_calls(FAULT_SYNCFS), 0);
    ck_assert_uint_eq(fault_calls(FAULT_DATASYNC), 3);
}
END_TEST

START_TEST(each_is_synced_by_itself_where_that_call_fails)
{
    make_changes(MANY);
    fault_set(FAULT_SYNCFS, 1, 1, ENOSYS);
    state_file_change(dir, changes, MANY);
    ck_assert_uint_eq(fault_calls(FAULT_DATASYNC), MANY);
    for (uint32_t i = 0; i < MANY; i++)
        ck_assert(changes[i].error == ERROR_NONE && holds(i, names[i]));
}
END_TEST

/* Before its new content is durable no file is replaced. */
START_TEST(what_was_not_written_back_is_not_put_in_place)
{
    make_changes(MANY);
    state_file_change(dir, changes, MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        changes[i].bytes = "new";
        changes[i].length = 3;
    }
    fault_clear();
    fault_set(FAULT_RANGE, 11, 1, EIO);
    state_file_change(dir, changes, MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        const bool failed = i == 10;
        char aside[40];
        ck_assert_int_eq(changes[i].error, failed ? ERROR_SYSTEM : ERROR_NONE);
        ck_assert_msg(holds(i, failed ? names[i] : "new"), "%s", names[i]);
        snprintf(aside, sizeof aside, "%s.new", names[i]);
        ck_assert(!is_there(aside));
    }
}
END_TEST

/* The list may name them once they have their names for good, no sooner. */
START_TEST(files_in_directories_have_their_names_before_those_beside)
{
    make_changes(MANY);
    fault_set(FAULT_SYNC, 1, 2, EIO);
    state_file_change(dir, changes, MANY);
    for (uint32_t i = 1; i < MANY; i++)
        ck_assert_int_eq(changes[i].error, ERROR_SYSTEM);
    ck_assert_int_eq(changes[0].error, ERROR_NONE);
    fault_clear();
    fault_set(FAULT_RENAME, 1, (int)MANY - 1, EROFS);
    changes[0].bytes = "later";
    changes[0].length = 5;
    state_file_change(dir, changes, MANY);
    for (uint32_t i = 1; i < MANY; i++)
        ck_assert_int_eq(changes[i].error, ERROR_READ_ONLY);
    ck_assert(holds(0, "later"));
}
END_TEST

START_TEST(of_several_changes_of_a_name_the_last_is_made)
{
    static const char *const texts[] = {"one", "two", "three"};
    make_changes(3);
    for (uint32_t i = 0; i < 3; i++)
        changes[i] = (struct state_change){
            .name = "f", .bytes = texts[i], .length = strlen(texts[i])};
    strcpy(names[2], "f");
    state_file_change(dir, changes, 3);
    ck_assert(holds(2, "three"));
    ck_assert(!is_there("f.prev")); /* the others never were */
    fault_set(FAULT_RENAME, 1, 1, EROFS);
    state_file_change(dir, changes, 3);
    for (uint32_t i = 0; i < 3; i++)
        ck_assert_int_eq(changes[i].error, ERROR_READ_ONLY);
}
END_TEST

START_TEST(what_is_removed_goes_last_unless_it_is_saved_again)
{
    make_changes(3);
    state_file_change(dir, changes, 3);
    const struct state_change next[] = {
        {.name = "torrents/1", .remove = true},
        {.name = "resume/2", .remove = true},
        {.name = "session", .bytes = "less", .length = 4},
        {.name = "resume/2", .bytes = "anew", .length = 4},
        {.name = "resume/9", .bytes = "x", .length = 1},
        {.name = "resume/9", .remove = true},
    };
    memcpy(changes, next, sizeof next);
    strcpy(names[2], "session");
    strcpy(names[3], "resume/2");
    state_file_change(dir, changes, 6);
    ck_assert(!is_there("torrents/1"));
    ck_assert(!is_there("resume/9"));
    ck_assert(holds(2, "less"));
    ck_assert(holds(3, "anew"));
    for (uint32_t i = 0; i < 6; i++)
        ck_assert_int_eq(changes[i].error, ERROR_NONE);
}
END_TEST

static void on_responses(void *context)
{
    (void)context;
}

static void post_save(struct disk_manager *manager, uint32_t number, const char *name)
{
    struct disk_job *job = disk_job_new();
    const struct message request = {
        .type = DISK_SAVE_RESUME, .torrent = {number, 1}, .u.job.job = job};
    job->dir_fd = dir;
    job->name = strdup(name);
    job->bytes = malloc(1);
    job->bytes[0] = 'x';
    job->length = 1;
    ck_assert_int_eq(disk_manager_post(manager, &request), ERROR_NONE);
}

/* A wait for the drive for each would take a minute for thousands. */
START_TEST(state_files_that_wait_are_saved_together_and_the_list_first)
{
    enum { COUNT = 600 };
    struct loop *loop = loop_new(&loop_platform_system);
    const struct disk_manager_config config = {.loop = loop,
                                               .pool = place.pool,
                                               .workers = 1,
                                               .held = true,
                                               .on_responses = on_responses};
    struct disk_manager *manager = disk_manager_new(&config);
    struct message answer;
    uint32_t taken = 0;
    for (uint32_t i = 0; i < COUNT; i++) {
        char name[32];
        snprintf(name, sizeof name, "resume/%u", i);
        post_save(manager, i, name);
    }
    post_save(manager, COUNT, "session");
    ck_assert_int_eq(disk_manager_begin(manager), ERROR_NONE);
    while (taken <= COUNT) {
        loop_turn(loop, 10 * NS_PER_MS);
        while (disk_manager_take(manager, &answer)) {
            ck_assert_int_eq(answer.u.job.error, ERROR_NONE);
            ck_assert_uint_eq(answer.torrent.index, taken == 0 ? COUNT : taken - 1);
            taken++;
            message_done(&answer, place.pool);
        }
    }
    ck_assert_uint_eq(taken, COUNT + 1);
    ck_assert_uint_eq(fault_calls(FAULT_SYNCFS), 2);
    ck_assert_uint_eq(fault_calls(FAULT_DATASYNC), 0);
    disk_manager_free(manager);
    loop_free(loop);
}
END_TEST

Suite *test_state_batch_suite(void)
{
    Suite *suite = suite_create("state_batch");
    TCase *tcase = tcase_create("state_batch");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, many_files_are_synced_by_one_call);
    tcase_add_test(tcase, few_files_are_synced_by_themselves);
    tcase_add_test(tcase, each_is_synced_by_itself_where_that_call_fails);
    tcase_add_test(tcase, what_was_not_written_back_is_not_put_in_place);
    tcase_add_test(tcase, files_in_directories_have_their_names_before_those_beside);
    tcase_add_test(tcase, of_several_changes_of_a_name_the_last_is_made);
    tcase_add_test(tcase, what_is_removed_goes_last_unless_it_is_saved_again);
    tcase_add_test(tcase, state_files_that_wait_are_saved_together_and_the_list_first);
    suite_add_tcase(suite, tcase);
    return suite;
}
