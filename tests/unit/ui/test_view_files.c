/* The Files view: a tree that opens, counts and is chosen from, however large. */
#include "tests/unit/ui/check_ui.h"
#include "tests/unit/ui/fake_session.h"

#include "ui/views.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MIB ((uint64_t)1 << 20)

static void fill(struct session *session, struct file_info files[7])
{
    const struct file_info all[] = {
        {.path = "music/disc 10/b.flac", .bytes = 40 * MIB, .wanted = true},
        {.path = "music/disc 2/a.flac", .bytes = 30 * MIB, .wanted = true},
        {.path = "music/disc 2/cover.jpg", .bytes = 1 * MIB},
        {.path = ".pad/1234", .bytes = 5 * MIB, .pad = true},
        {.path = "readme.txt", .bytes = 100, .done_bytes = 100, .wanted = true},
        {.path = "empty", .bytes = 0, .wanted = true},
        {.path = "日本語/とても長い名前.txt", .bytes = 2 * MIB, .wanted = true},
    };
    fake_session_init(session);
    memcpy(files, all, sizeof all);
    files[1].done_bytes = 15 * MIB;
    session->files = files;
    session->file_count = 7;
}

START_TEST(the_tree_is_shown_with_sums)
{
    static const char *const expected[] = {
        "Name                                            Files     ▼Size         Done",
        "[~] ▾ music/                                      2/3  71.0 MiB █▎     21.4%",
        "[✓]   ▾ disc 10/                                  1/1  40.0 MiB         0.0%",
        "[✓]       b.flac                                       40.0 MiB         0.0%",
        "[~]   ▾ disc 2/                                   1/2  31.0 MiB ███    50.0%",
        "[✓]       a.flac                                       30.0 MiB ███    50.0%",
        "[ ]       cover.jpg                                     1.0 MiB         0.0%",
        "[✓] ▾ 日本語/                                     1/1   2.0 MiB         0.0%",
        "[✓]     とても長い名前.txt                              2.0 MiB         0.0%",
        "[✓]   readme.txt                                          100 B ██████  100%",
        "[✓]   empty                                                 0 B         100%",
    };
    struct session session;
    struct file_info files[7];
    struct scene scene;
    fill(&session, files);
    scene_open(&scene, &view_files, &session, session.torrent.id, 76, 20, false);
    table_set_sort(view_files.table(scene.state), 2, true);
    scene_show(&scene);
    for (int y = 0; y < (int)(sizeof expected / sizeof *expected); y++)
        ck_assert_str_eq(row_text(scene.canvas, y), expected[y]);
    ck_scene_has(&scene, "5 of 6 files wanted, 72.0 MiB");
    ck_scene_lacks(&scene, ".pad");
    scene_close(&scene);
}
END_TEST

START_TEST(names_sort_as_people_count)
{
    struct session session;
    struct file_info files[7];
    struct scene scene;
    fill(&session, files);
    scene_open(&scene, &view_files, &session, session.torrent.id, 76, 20, false);
    ck_assert_int_lt(scene_find(&scene, "disc 2/"), scene_find(&scene, "disc 10/"));
    ck_assert_int_lt(scene_find(&scene, "日本語/"), scene_find(&scene, "empty"));
    scene_press(&scene, 'S'); /* turned round, folders stay above their files */
    ck_assert_int_lt(scene_find(&scene, "disc 10/"), scene_find(&scene, "disc 2/"));
    ck_assert_int_lt(scene_find(&scene, "disc 2/"), scene_find(&scene, "cover.jpg"));
    ck_assert_int_lt(scene_find(&scene, "cover.jpg"), scene_find(&scene, "a.flac"));
    ck_assert_int_lt(scene_find(&scene, "music/"), scene_find(&scene, "readme.txt"));
    scene_close(&scene);
}
END_TEST

START_TEST(folders_open_and_close)
{
    struct session session;
    struct file_info files[7];
    struct scene scene;
    fill(&session, files);
    scene_open(&scene, &view_files, &session, session.torrent.id, 76, 20, false);
    scene_press(&scene, KEY_RETURN);
    ck_scene_has(&scene, "▸ music/");
    ck_scene_lacks(&scene, "disc");
    scene_press(&scene, 'l');
    ck_scene_has(&scene, "▾ music/");
    scene_press(&scene, 'l'); /* into it */
    scene_press(&scene, 'h'); /* disc 2 closes */
    ck_scene_lacks(&scene, "a.flac");
    scene_press(&scene, 'h'); /* to music */
    scene_press(&scene, 'h');
    ck_scene_lacks(&scene, "disc");
    scene_close(&scene);
}
END_TEST

START_TEST(space_wants_files_and_whole_folders)
{
    struct session session;
    struct file_info files[7];
    struct scene scene;
    fill(&session, files);
    scene_open(&scene, &view_files, &session, session.torrent.id, 76, 20, false);
    scene_press(&scene, ' '); /* music: in part, so all of it */
    ck_assert_uint_eq(session.command_count, 1);
    ck_assert_uint_eq(session.commands[0].count, 3);
    ck_assert(session.commands[0].on);
    ck_assert_int_eq(strncmp(row_text(scene.canvas, 1), "[✓] ▾ music", 10), 0);
    scene_press(&scene, ' '); /* and then none */
    ck_assert(!session.commands[1].on);
    ck_assert_int_eq(strncmp(row_text(scene.canvas, 1), "[ ] ▾ music", 10), 0);
    ck_assert(!files[0].wanted && files[4].wanted);
    scene_press(&scene, 'G'); /* the last file alone */
    scene_press(&scene, ' ');
    ck_assert_uint_eq(session.commands[2].count, 1);
    ck_assert_uint_eq(session.commands[2].number, 4);
    scene_press(&scene, '0');
    ck_assert_uint_eq(session.commands[3].count, 6);
    ck_scene_has(&scene, "0 of 6 files wanted, 0 B");
    scene_press(&scene, '*');
    ck_scene_has(&scene, "6 of 6 files wanted");
    scene_close(&scene);
}
END_TEST

START_TEST(files_and_folders_are_renamed_and_the_tree_follows)
{
    struct session session;
    struct file_info files[7];
    struct scene scene;
    fill(&session, files);
    scene_open(&scene, &view_files, &session, session.torrent.id, 76, 20, false);
    const struct view_question *question = &scene.screen.question;
    scene_press(&scene, KEY_RETURN); /* music closes */
    scene_press(&scene, 'r');
    ck_assert_str_eq(question->initial, "music");
    ck_assert(question->on_accept(question->state, &scene.context, ""));
    ck_assert_uint_eq(session.command_count, 0); /* an empty name is none */
    ck_assert(!question->on_accept(question->state, &scene.context, "bad"));
    ck_assert_str_eq(scene.screen.said, "it is refused");
    ck_assert(question->on_accept(question->state, &scene.context, "zound"));
    ck_assert_str_eq(session.commands[1].what, "rename");
    ck_assert_str_eq(session.commands[1].text, "music > zound");
    files[0].path = "zound/disc 10/b.flac";
    files[1].path = "zound/disc 2/a.flac";
    files[2].path = "zound/disc 2/cover.jpg";
    session.torrent.names_epoch++;
    scene_show(&scene);
    ck_scene_has(&scene, "▸ zound/");
    ck_scene_lacks(&scene, "music");
    ck_assert_int_lt(scene_find(&scene, "zound/"), scene_find(&scene, "日本語/"));
    scene_press(&scene, 'l'); /* the cursor is where it was */
    scene_press(&scene, 'l');
    scene_press(&scene, 'l');
    scene_press(&scene, 'r');
    ck_assert_str_eq(question->initial, "a.flac");
    ck_assert(question->on_accept(question->state, &scene.context, "x"));
    ck_assert_str_eq(session.commands[2].text, "zound/disc 2/a.flac > x");
    scene_close(&scene);
}
END_TEST

START_TEST(the_last_renaming_is_undone)
{
    struct session session;
    struct file_info files[7];
    struct scene scene;
    fill(&session, files);
    scene_open(&scene, &view_files, &session, session.torrent.id, 76, 20, false);
    const struct view_question *question = &scene.screen.question;
    scene_press(&scene, 'z');
    ck_assert_str_eq(scene.screen.said, "There is nothing to undo.");
    ck_assert_uint_eq(session.command_count, 0);
    scene_press(&scene, 'l');
    scene_press(&scene, 'r');
    ck_assert_str_eq(question->initial, "disc 2");
    ck_assert(question->on_accept(question->state, &scene.context, "second"));
    ck_assert_str_eq(scene.screen.said, "z undoes the renaming.");
    ck_assert(!question->on_accept(question->state, &scene.context, "bad"));
    scene_press(&scene, 'z');
    ck_assert_str_eq(session.commands[2].text, "music/second > disc 2");
    ck_assert_str_eq(scene.screen.said, "Renamed back to “disc 2”.");
    scene_press(&scene, 'z'); /* once is enough */
    ck_assert_str_eq(scene.screen.said, "There is nothing to undo.");
    ck_assert_uint_eq(session.command_count, 3);
    scene_close(&scene);
}
END_TEST

START_TEST(files_and_folders_are_raised_and_lowered)
{
    struct session session;
    struct file_info files[7];
    struct scene scene;
    fill(&session, files);
    scene_open(&scene, &view_files, &session, session.torrent.id, 76, 20, false);
    scene_press(&scene, ' '); /* music, all of it */
    scene_press(&scene, '+');
    ck_assert_str_eq(session.commands[1].what, "raise");
    ck_assert_uint_eq(session.commands[1].count, 3);
    ck_assert_int_eq(strncmp(row_text(scene.canvas, 1), "[+] ▾ music", 10), 0);
    scene_press(&scene, 'G'); /* the last file alone */
    scene_press(&scene, '-');
    ck_assert_str_eq(session.commands[2].what, "lower");
    ck_assert_uint_eq(session.commands[2].count, 1);
    ck_assert_int_eq(files[session.commands[2].number].priority, -1);
    ck_scene_has(&scene, "[-]");
    table_set_filter(view_files.table(scene.state), "a.flac");
    scene_show(&scene);
    scene_press(&scene, '(');
    ck_assert_str_eq(session.commands[3].what, "lower");
    ck_assert_uint_eq(session.commands[3].count, 1);
    table_set_filter(view_files.table(scene.state), NULL);
    scene_show(&scene);
    scene_press(&scene, ')');
    ck_assert_str_eq(session.commands[4].what, "raise");
    ck_assert_uint_eq(session.commands[4].count, 6);
    scene_close(&scene);
}
END_TEST

START_TEST(a_filter_lists_paths_and_limits_all_and_none)
{
    struct session session;
    struct file_info files[7];
    struct scene scene;
    fill(&session, files);
    scene_open(&scene, &view_files, &session, session.torrent.id, 76, 20, false);
    scene_press(&scene, KEY_RETURN); /* closed folders are searched too */
    table_set_filter(view_files.table(scene.state), "FLAC");
    scene_show(&scene);
    ck_assert_int_eq(scene_find(&scene, "[✓] music/disc 2/a.flac"), 1);
    ck_assert_int_eq(scene_find(&scene, "[✓] music/disc 10/b.flac"), 2);
    scene_press(&scene, '0');
    ck_assert_uint_eq(session.commands[0].count, 2);
    scene_press(&scene, ' ');
    ck_assert_uint_eq(session.commands[1].number, 1);
    table_set_filter(view_files.table(scene.state), "nothing");
    scene_show(&scene);
    ck_scene_has(&scene, "No file has the filter's text.");
    scene_press(&scene, '*');
    ck_assert_uint_eq(session.command_count, 2);
    table_set_filter(view_files.table(scene.state), NULL);
    scene_show(&scene);
    ck_scene_has(&scene, "▸ music/");
    scene_close(&scene);
}
END_TEST

START_TEST(another_torrent_brings_another_tree)
{
    struct session session;
    struct file_info files[7];
    struct scene scene;
    fill(&session, files);
    scene_open(&scene, &view_files, &session, session.torrent.id, 76, 20, false);
    session.torrent.id.generation = 2;
    session.file_count = 1;
    files[0].path = "single.iso";
    scene.context.torrent = session.torrent.id;
    view_files.torrent(scene.state, &scene.context);
    scene_show(&scene);
    ck_scene_has(&scene, "[✓]   single.iso");
    ck_scene_lacks(&scene, "music");
    session.file_count = 0;
    view_files.torrent(scene.state, &scene.context);
    scene_show(&scene);
    ck_scene_has(&scene, "The files are not known yet.");
    scene.context.torrent.generation = 0;
    view_files.torrent(scene.state, &scene.context);
    scene_press(&scene, ' ');
    scene_press(&scene, '0');
    ck_scene_has(&scene, "No torrent is selected.");
    ck_assert_uint_eq(session.command_count, 0);
    scene_close(&scene);
}
END_TEST

static char *path_of(uint32_t i)
{
    char *path = malloc(64);
    snprintf(path, 64, "folder %u/sub %u/file number %u.bin", i % 50, i % 700, i);
    return path;
}

/* Of the processor's time: others may run beside it. */
static long passed_ms(clock_t since)
{
    return (long)(clock() - since) * 1000 / CLOCKS_PER_SEC;
}

/* A key answers at once; what is done is added up once a second. */
START_TEST(a_hundred_thousand_files_are_fine)
{
    enum { COUNT = 100000 };
    struct session session;
    struct scene scene;
    struct file_info *files = calloc(COUNT, sizeof *files);
    fake_session_init(&session);
    for (uint32_t i = 0; i < COUNT; i++)
        files[i] = (struct file_info){.path = path_of(i), .bytes = i, .wanted = true};
    session.files = files;
    session.file_count = COUNT;
    scene_open(&scene, &view_files, &session, session.torrent.id, 120, 40, false);
    ck_scene_has(&scene, "▸ folder 0/");
    ck_scene_has(&scene, "2000/2000");
    scene_press(&scene, KEY_RETURN);
    scene_press(&scene, 'j');
    scene_press(&scene, 'l');
    ck_scene_has(&scene, "file number 0.bin");
    scene.screen.changed_in_ms = 0;
    files[0].done_bytes = files[0].bytes = 5 << 20;
    scene_show(&scene);
    ck_assert_uint_gt(scene.screen.changed_in_ms, 0);
    ck_scene_lacks(&scene, "5.0 MiB");
    clock_virtual_advance(&scene.clock, NS_PER_S);
    scene_show(&scene);
    ck_scene_has(&scene, "5.0 MiB");
    const clock_t began = clock();
    for (int i = 0; i < 20; i++)
        scene_press(&scene, 'j');
    ck_assert_int_lt(passed_ms(began), 20 * 50);
    table_set_filter(view_files.table(scene.state), "number 99999");
    scene_show(&scene);
    const clock_t typed = clock();
    table_set_filter(view_files.table(scene.state), "number 99999.");
    scene_show(&scene);
    ck_assert_int_lt(passed_ms(typed), 1000); /* a hang, not a speed */
    ck_assert_uint_eq(table_visible_count(view_files.table(scene.state)), 1);
    scene_close(&scene);
    for (uint32_t i = 0; i < COUNT; i++)
        free((char *)(uintptr_t)files[i].path);
    free(files);
}
END_TEST

START_TEST(hostile_paths_break_nothing)
{
    static const uint32_t keys[] = {'j', 'G', ' ', '>', '>', 'S', 'h', 'g', 'l', 'l', 0};
    static char deep[4001];
    struct session session;
    struct file_info files[40];
    fake_session_init(&session);
    for (size_t i = 0; i < 4000; i++)
        deep[i] = i % 2 == 0 ? 'd' : '/';
    for (int i = 0; i < 40; i++)
        files[i] = (struct file_info){.path = hostile_names[i % hostile_name_count],
                                      .bytes = UINT64_MAX / 64,
                                      .wanted = i % 2 == 0};
    files[3].path = deep;
    files[4].path = deep + 2;
    files[5].path = "//a///b//";
    files[6].path = "a/b";
    files[7].path = "a";
    files[8].path = "/";
    files[9].path = "e\xcc\x81/\xe2\x80\xae/\x1b[2J/日本";
    session.files = files;
    session.file_count = 40;
    scene_stand_all_sizes(&view_files, &session, session.torrent.id, keys);
}
END_TEST

Suite *test_view_files_suite(void)
{
    Suite *suite = suite_create("view_files");
    TCase *tests = tcase_create("view_files");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, the_tree_is_shown_with_sums);
    tcase_add_test(tests, names_sort_as_people_count);
    tcase_add_test(tests, folders_open_and_close);
    tcase_add_test(tests, space_wants_files_and_whole_folders);
    tcase_add_test(tests, files_and_folders_are_renamed_and_the_tree_follows);
    tcase_add_test(tests, the_last_renaming_is_undone);
    tcase_add_test(tests, files_and_folders_are_raised_and_lowered);
    tcase_add_test(tests, a_filter_lists_paths_and_limits_all_and_none);
    tcase_add_test(tests, another_torrent_brings_another_tree);
    tcase_add_test(tests, a_hundred_thousand_files_are_fine);
    tcase_add_test(tests, hostile_paths_break_nothing);
    suite_add_tcase(suite, tests);
    return suite;
}
