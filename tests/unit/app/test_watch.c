/* Watch directories: real ones, on virtual time. */
#include "app/watch.h"
#include "torrent/looks.h"
#include "torrent/session.h"

#include "tests/lib/world.h"
#include "tests/unit/app/check_app.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

static struct world world;
static struct net net;
static struct session *session;
static struct log *journal;
static struct watch *watch;
static char root[] = "/tmp/bttui-watch-XXXXXX", dir[64], down[64];
static bool no_inotify;

int __real_inotify_init1(int flags);
int __wrap_inotify_init1(int flags);
int __wrap_inotify_init1(int flags)
{
    if (!no_inotify)
        return __real_inotify_init1(flags);
    errno = EMFILE;
    return -1;
}

static void setup(void)
{
    char message[SESSION_MESSAGE_SIZE];
    no_inotify = false;
    strcpy(root + strlen(root) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    snprintf(dir, sizeof dir, "%s/in", root);
    snprintf(down, sizeof down, "%s/down", root);
    ck_assert_int_eq(mkdir(dir, 0700) + mkdir(down, 0700), 0);
    world_init(&world, 1);
    net = *vnet_host(world.vnet, "10.0.0.1");
    journal = log_new(&world.clock.clock, 100);
    const struct session_config config = {.loop = world.loop,
                                          .net = &net,
                                          .random = &world.random.source,
                                          .log = journal,
                                          .download_dir = down,
                                          .workers = UINT32_MAX};
    ck_assert_int_eq(session_new(&config, &session, message), ERROR_NONE);
}

static void teardown(void)
{
    char command[96];
    watch_free(watch);
    watch = NULL;
    session_free(session);
    log_free(journal);
    world_done(&world);
    snprintf(command, sizeof command, "rm -r '%s'", root);
    ck_assert_int_eq(system(command), 0);
}

static void begin(const char *label)
{
    char text[128];
    const char *const dirs[] = {text};
    const struct watch_config config = {.loop = world.loop,
                                        .session = session,
                                        .log = journal,
                                        .dirs = dirs,
                                        .dir_count = 1};
    snprintf(text, sizeof text, "%s%s", dir, label);
    watch = watch_new(&config);
    ck_assert_ptr_nonnull(watch);
    ck_assert_uint_eq(watch_dir_count(watch), 1);
    ck_assert_str_eq(watch_dir(watch, 0), dir);
    world_run(&world, NS_PER_S);
}

static const char *path_of(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

/* A torrent called as its first letter, or BYTES. */
static void put(const char *name, const char *bytes)
{
    FILE *file = fopen(path_of(name), "wb");
    ck_assert_ptr_nonnull(file);
    if (bytes != NULL)
        fputs(bytes, file);
    else
        fprintf(file,
                "d4:infod6:lengthi5e4:name1:%c12:piece lengthi16384e6:pieces20:"
                "01234567890123456789ee",
                name[0]);
    ck_assert_int_eq(fclose(file), 0);
}

static bool is_there(const char *name)
{
    return access(path_of(name), F_OK) == 0;
}

static bool was_logged(const char *text)
{
    for (uint64_t i = 1; i <= log_newest(journal); i++)
        if (log_get(journal, i) != NULL &&
            strstr(log_get(journal, i)->text, text) != NULL)
            return true;
    return false;
}

static void expect(uint32_t torrents)
{
    ck_assert_uint_eq(session_count(session), torrents);
}

static const struct {
    const char *text;
    int length; /* of the directory; -1: refused */
    const char *label;
} readings[] = {
    {"/a/b", 4, ""},
    {"in", 2, ""},
    {"/a:films", 2, "films"},
    {"/a:b/c", 6, ""},
    {"/a:b/c:two words", 6, "two words"},
    {"/a:", 2, ""},
    {"", -1, ""},
    {":films", -1, ""},
    {"/a:01234567890123456789012345678901234567890", -1, ""},
};

START_TEST(a_directory_may_have_a_label)
{
    size_t length = 77;
    char label[LABEL_BYTES] = "before";
    const bool fine = watch_read(readings[_i].text, &length, label);
    ck_assert_int_eq(fine, readings[_i].length >= 0);
    ck_assert_str_eq(label, fine ? readings[_i].label : "before");
    ck_assert_uint_eq(length, fine ? (size_t)readings[_i].length : 77);
}
END_TEST

START_TEST(what_was_there_is_added_and_renamed)
{
    struct torrent_info info;
    put("a.torrent", NULL);
    put("b.TORRENT", NULL);
    put(".c.torrent", NULL);
    put("d.txt", NULL);
    put(".torrent", NULL);
    begin(":films");
    expect(2);
    ck_assert(is_there("a.torrent.added") && !is_there("a.torrent"));
    ck_assert(is_there("b.TORRENT.added"));
    ck_assert(is_there(".c.torrent") && is_there("d.txt") && is_there(".torrent"));
    ck_assert(torrent_get_info(session, session_at(session, 0), &info));
    ck_assert_str_eq(info.label, "films");
    ck_assert_str_eq(info.download_dir, down);
}
END_TEST

START_TEST(what_appears_is_added_when_it_is_whole)
{
    begin("");
    expect(0);
    put("half.part", NULL);
    world_run(&world, NS_PER_S);
    expect(0);
    char from[512];
    snprintf(from, sizeof from, "%s", path_of("half.part"));
    ck_assert_int_eq(rename(from, path_of("h.torrent")), 0);
    world_run(&world, NS_PER_MS);
    expect(1);
    FILE *file = fopen(path_of("w.torrent"), "wb");
    fputs("d4:infod6:length", file);
    fflush(file);
    world_run(&world, 60 * NS_PER_S);
    ck_assert(is_there("w.torrent")); /* still being written */
    fputs("i5e4:name1:w12:piece lengthi16384e6:pieces20:01234567890123456789ee", file);
    fclose(file);
    world_run(&world, NS_PER_MS);
    expect(2);
    ck_assert(is_there("w.torrent.added"));
}
END_TEST

START_TEST(what_is_no_torrent_is_set_aside_with_a_reason)
{
    begin("");
    put("page.torrent", "<!DOCTYPE html>");
    put("evil\x1b[31m.torrent", "x");
    world_run(&world, NS_PER_S);
    expect(0);
    ck_assert(is_there("page.torrent.invalid") && !is_there("page.torrent"));
    ck_assert(was_logged("page.torrent: this is a web page"));
    ck_assert(was_logged("evil.[31m.torrent: "));
    ck_assert_int_eq(mkdir(path_of("d.torrent"), 0700), 0);
    ck_assert_int_eq(mkfifo(path_of("f.torrent"), 0700), 0);
    char from[512];
    snprintf(from, sizeof from, "%s", path_of("f.torrent"));
    ck_assert_int_eq(rename(from, path_of("g.torrent")), 0);
    world_run(&world, NS_PER_S);
    ck_assert(is_there("g.torrent.invalid"));
    ck_assert(was_logged("g.torrent: not a regular file"));
}
END_TEST

START_TEST(no_name_is_taken_twice)
{
    begin("");
    for (int i = 0; i < 3; i++) {
        put("a.torrent", NULL);
        world_run(&world, NS_PER_S);
    }
    expect(1);
    ck_assert(is_there("a.torrent.added") && is_there("a.torrent.added.2") &&
              is_there("a.torrent.added.3"));
    ck_assert(was_logged("in the list already"));
}
END_TEST

static void make_fresh(const char *name, double age_s)
{
    const time_t at = (time_t)(clock_wall_s(&world.clock.clock) - age_s);
    const struct timespec times[2] = {{.tv_sec = at}, {.tv_sec = at}};
    ck_assert_int_eq(utimensat(AT_FDCWD, path_of(name), times, 0), 0);
}

START_TEST(what_was_there_may_still_be_written)
{
    put("page.torrent", "d4:info");
    make_fresh("page.torrent", 10);
    begin("");
    ck_assert(is_there("page.torrent"));
    world_run(&world, 20 * NS_PER_S);
    ck_assert(is_there("page.torrent"));
    world_run(&world, 45 * NS_PER_S); /* it is a minute old, and nothing came */
    ck_assert(is_there("page.torrent.invalid"));
}
END_TEST

START_TEST(nothing_to_do_wakes_nobody)
{
    begin("");
    const uint64_t before_ns = world.clock.now_ns;
    loop_turn(world.loop, 3600 * NS_PER_S);
    ck_assert_uint_ge(world.clock.now_ns - before_ns, 3600 * NS_PER_S);
}
END_TEST

START_TEST(without_a_word_from_the_system_time_does)
{
    no_inotify = true;
    begin("");
    put("a.torrent", NULL);
    put("b.torrent", NULL);
    world_run(&world, 20 * NS_PER_S);
    expect(0);
    world_run(&world, 10 * NS_PER_S);
    expect(2);
    put("c.torrent", NULL);
    world_run(&world, 31 * NS_PER_S);
    expect(3);
}
END_TEST

START_TEST(a_directory_goes_and_comes_back)
{
    begin("");
    ck_assert_int_eq(rmdir(dir), 0);
    world_run(&world, 100 * NS_PER_S);
    ck_assert(was_logged("No such file or directory"));
    const uint64_t lines = log_newest(journal);
    world_run(&world, 100 * NS_PER_S);
    ck_assert_uint_eq(log_newest(journal), lines); /* told once */
    ck_assert_int_eq(mkdir(dir, 0700), 0);
    put("a.torrent", NULL);
    world_run(&world, 31 * NS_PER_S);
    expect(1);
    ck_assert(was_logged("is there again"));
    put("b.torrent", NULL);
    world_run(&world, NS_PER_MS); /* the system tells again */
    expect(2);
    char away[80];
    snprintf(away, sizeof away, "%s/away", root);
    ck_assert_int_eq(rename(dir, away), 0);
    world_run(&world, NS_PER_S);
    ck_assert_int_eq(mkdir(dir, 0700), 0);
    put("c.torrent", NULL);
    world_run(&world, 31 * NS_PER_S);
    expect(3);
}
END_TEST

/* Which a read-only disk does. */
START_TEST(what_cannot_be_renamed_is_added_once)
{
    if (geteuid() == 0) { /* may write anywhere: too long a name does it, too */
        char name[256] = "";
        memset(name, 'a', 244);
        strcat(name, ".torrent");
        no_inotify = true;
        put(name, NULL);
        begin("");
    } else {
        no_inotify = true;
        put("a.torrent", NULL);
        ck_assert_int_eq(chmod(dir, 0500), 0);
        begin("");
    }
    expect(1);
    session_remove(session, session_at(session, 0), false);
    world_run(&world, 100 * NS_PER_S);
    ck_assert_int_eq(chmod(dir, 0700), 0);
    expect(0);
    ck_assert(was_logged("cannot be renamed"));
}
END_TEST

/* Each turn adds one at most. */
START_TEST(many_files_leave_turns_to_others)
{
    char name[32];
    for (int i = 0; i < 26; i++) {
        snprintf(name, sizeof name, "%c%d.torrent", 'a' + i, i);
        put(name, NULL);
    }
    begin("");
    expect(26);
    for (int i = 0; i < 26; i++) {
        snprintf(name, sizeof name, "%c%d.torrent", 'A' + i, i);
        put(name, NULL);
    }
    uint32_t before = session_count(session);
    for (int turn = 0; turn < 200 && before < 52; turn++) {
        loop_turn(world.loop, 0);
        ck_assert_uint_le(session_count(session) - before, 8);
        before = session_count(session);
    }
    expect(52);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

Suite *suite_watch(void)
{
    Suite *suite = suite_create("watch");
    TCase *tcase = tcase_create("watch");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, a_directory_may_have_a_label, 0, COUNT(readings));
    tcase_add_test(tcase, what_was_there_is_added_and_renamed);
    tcase_add_test(tcase, what_appears_is_added_when_it_is_whole);
    tcase_add_test(tcase, what_is_no_torrent_is_set_aside_with_a_reason);
    tcase_add_test(tcase, no_name_is_taken_twice);
    tcase_add_test(tcase, what_was_there_may_still_be_written);
    tcase_add_test(tcase, nothing_to_do_wakes_nobody);
    tcase_add_test(tcase, without_a_word_from_the_system_time_does);
    tcase_add_test(tcase, a_directory_goes_and_comes_back);
    tcase_add_test(tcase, what_cannot_be_renamed_is_added_once);
    tcase_add_test(tcase, many_files_leave_turns_to_others);
    suite_add_tcase(suite, tcase);
    return suite;
}
