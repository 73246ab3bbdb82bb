/* The palette, the clipboard and the mouse do what a key would. */
#include "tests/unit/ui/screen_rig.h"

#include "base/text.h"
#include "torrent/commands.h"
#include "torrent/looks.h"
#include "ui/keymap.h"

#include <stdio.h>
#include <string.h>

/* ---- the palette ---- */

START_TEST(the_palette_shows_the_commands_of_the_place_with_their_keys)
{
    open_screen(120, 40, false);
    press(':');
    check_shown("Open the torrent's details.");
    check_shown("Enter runs the command");
    check_shown("Enter l");
    check_not_shown("Connect to a peer");
    press(KEY_ESCAPE);
    check_not_shown("Open the torrent's details.");
    press(KEY_RETURN);
    press(':');
    check_shown("Connect to a peer");
    check_not_shown("Take the torrent off the list");
    press(KEY_CONTROL('g'));
    check_not_shown("Connect to a peer");
}
END_TEST

START_TEST(what_is_found_is_run)
{
    open_screen(80, 24, false);
    press(':');
    type("pause");
    check_shown("Pause or resume the torrent");
    check_shown("called pause in bttui.conf");
    press(KEY_RETURN);
    ck_assert_uint_eq(count_paused(), 1);
    press(KEY_CONTROL('p'));
    paste("pause\nall");
    check_shown("called pause-all in bttui.conf");
    press(KEY_RETURN);
    ck_assert_uint_eq(count_paused(), TORRENTS);
    press(':');
    type("sort");
    press(KEY_CODE_DOWN);
    press(KEY_CODE_UP);
    press(KEY_RETURN);
    check_shown("Sort by");
}
END_TEST

START_TEST(what_fits_nothing_runs_nothing)
{
    open_screen(80, 24, false);
    press(':');
    type("quit qqq");
    check_shown("No command fits");
    press(KEY_RETURN);
    ck_assert_int_eq(quits, 0);
    check_not_shown("No command fits");
}
END_TEST

START_TEST(every_command_of_a_place_is_in_its_palette)
{
    open_screen(100, 24, false);
    press(':');
    for (size_t i = 0; i < keymap_count; i++) {
        char name[64];
        const struct keymap_entry *entry = &keymap_entries[i];
        snprintf(name, sizeof name, "called %s in", entry->name);
        if ((entry->scopes & (SCOPE_TORRENTS | SCOPE_COPY)) == 0)
            continue;
        type(entry->name);
        bool found = false;
        for (int k = 0; k < 12 && !found; k++) {
            found = find(name) >= 0;
            press(KEY_CODE_DOWN);
        }
        ck_assert_msg(found, "%s is not in the palette", entry->name);
        press(KEY_CONTROL('u'));
    }
}
END_TEST

START_TEST(the_palette_fits_any_screen)
{
    static const int sizes[][2] = {{20, 5},  {30, 8},   {40, 10},
                                   {80, 24}, {200, 50}, {3, 2}};
    open_screen(80, 24, false);
    press(':');
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        screen_resize(screen, sizes[i][0], sizes[i][1]);
        for (int k = 0; k < 100; k++)
            press(k % 9 == 8 ? KEY_CODE_PAGE_UP : KEY_CODE_PAGE_DOWN);
        type("x");
        press(KEY_ERASE);
    }
}
END_TEST

START_TEST(other_keys_drive_footer_help_and_palette)
{
    struct keymap map;
    const char *fault;
    open_screen(100, 30, false);
    keymap_init(&map);
    ck_assert(keymap_bind(&map, "pause x", &fault));
    screen_set_keymap(screen, &map);
    press('p');
    ck_assert_uint_eq(count_paused(), 0);
    press('x');
    ck_assert_uint_eq(count_paused(), 1);
    check_shown("x pause");
    press(':');
    type("pause or");
    ck_assert_ptr_nonnull(strstr(
        row_text(screen_canvas(screen), find("Pause or resume the torrent")), " x "));
    press(KEY_ESCAPE);
    press('?');
    check_shown("x                 Pause or resume the torrent");
    press(KEY_ESCAPE);
    ck_assert(keymap_use_preset(&map, "emacs"));
    screen_set_keymap(screen, &map);
    press('x' | KEY_MOD_ALT);
    check_shown("Enter runs the command");
    press(KEY_CONTROL('g'));
    press('G');
    press(KEY_CONTROL('n'));
    ck_assert(has_cursor(names[1]));
    press('>' | KEY_MOD_ALT);
    ck_assert(has_cursor("archive"));
}
END_TEST

/* ---- the clipboard ---- */

static char copied[65536];
static bool has_clipboard;

static bool on_copy(void *context, const char *text, size_t length)
{
    (void)context;
    ck_assert_uint_lt(length, sizeof copied);
    memcpy(copied, text, length);
    copied[length] = '\0';
    return has_clipboard;
}

static void open_with_clipboard(void)
{
    const struct screen_config config = {.loop = world.loop,
                                         .session = session,
                                         .width = 120,
                                         .height = 40,
                                         .output = {.copy = on_copy},
                                         .on_quit = on_quit};
    has_clipboard = true;
    copied[0] = '\0';
    screen = screen_new(&config);
    ck_assert_ptr_nonnull(screen);
    world_run(&world, NS_PER_S);
}

START_TEST(what_is_copied_is_said)
{
    char path[256];
    struct torrent_info info;
    open_with_clipboard();
    press('y');
    check_shown("Copy:  m magnet link  h info-hash  p path  n name");
    press('n');
    ck_assert_str_eq(copied, "Harbour Lights");
    check_shown("Copied, name: Harbour Lights");
    press('y');
    press('h');
    ck_assert_uint_eq(strlen(copied), 40);
    check_shown(copied);
    press('y');
    press('p');
    snprintf(path, sizeof path, "%s/Harbour Lights", dir);
    ck_assert_str_eq(copied, path);
    ck_assert(torrent_get_info(session, session_at(session, 0), &info));
    ck_assert_int_eq(
        torrent_add_tracker(session, info.id, "http://t.example:80/announce"),
        ERROR_NONE);
    ck_assert_int_eq(
        torrent_add_tracker(session, info.id,
                            "http://u.example/0123456789abcdef0123456789abcdef/announce"),
        ERROR_NONE);
    press('y');
    press('m');
    ck_assert_int_eq(strncmp(copied, "magnet:?xt=urn:btih:", 20), 0);
    ck_assert_str_eq(copied + 60,
                     "&dn=Harbour%20Lights&tr=http%3A%2F%2Ft.example%3A80%2Fannounce");
    copied[0] = '\0';
    press('y');
    press('x'); /* no such thing: nothing happens */
    ck_assert_str_eq(copied, "");
    press('d');
    check_shown("Remove");
}
END_TEST

START_TEST(all_that_is_marked_is_copied_and_nothing_that_cannot_be_seen)
{
    open_with_clipboard();
    press('A');
    press('y');
    press('n');
    ck_assert_int_eq(strncmp(copied, "Harbour Lights\n", 15), 0);
    ck_assert_ptr_nonnull(strstr(copied, "\narchive"));
    ck_assert_ptr_null(strchr(copied, '\x1b'));
    check_shown("Copied of 4 torrents: name.");
    press('X');
    press('U');
    press('y');
    press('n');
    check_shown("Copied, name:");
    check_not_shown("Harbour");
    has_clipboard = false;
    press('y');
    press('n');
    check_shown("Not copied: this terminal has no clipboard");
}
END_TEST

/* ---- the mouse ---- */

static void click(int x, int y)
{
    const struct key_event event = {.type = KEY_EVENT_CLICK, .x = x, .y = y};
    screen_key(screen, &event);
    world_run(&world, 50 * NS_PER_MS);
}

static void click_on(const char *text)
{
    const int y = find(text);
    ck_assert_int_ge(y, 0);
    const char *row = row_text(screen_canvas(screen), y);
    char before[1024];
    snprintf(before, sizeof before, "%.*s", (int)(strstr(row, text) - row), row);
    click((int)text_cells(before), y);
}

static void wheel(int x, int y, int by)
{
    const struct key_event event = {.type = KEY_EVENT_WHEEL, .x = x, .y = y, .by = by};
    screen_key(screen, &event);
    world_run(&world, 50 * NS_PER_MS);
}

START_TEST(the_mouse_reaches_rows_headings_tabs_and_hints)
{
    open_screen(120, 40, false);
    click_on("archive");
    ck_assert(has_cursor("archive"));
    click_on("Name");
    ck_assert_int_lt(find("archive"), find("Harbour"));
    click_on("p pause");
    ck_assert_uint_eq(count_paused(), 1);
    click_on("Info ");
    check_shown("Info-hash");
    click_on("? help");
    check_shown("Keys in Info");
    press(KEY_ESCAPE);
    click_on("Harbour");
    ck_assert(has_cursor("Harbour Lights"));
    wheel(10, 3, -1);
    ck_assert(!has_cursor("Harbour Lights"));
}
END_TEST

START_TEST(the_mouse_chooses_in_boxes)
{
    open_screen(120, 40, false);
    press('s');
    click_on("the list's own order");
    check_not_shown("Sort by");
    ck_assert_int_lt(find("Harbour"), find("archive"));
    press('C');
    click_on("[x] Ratio");
    check_shown("[ ] Ratio");
    click(0, 0);
    check_not_shown("[ ] Ratio");
    press(':');
    type("pause all");
    wheel(60, 20, 1);
    wheel(60, 20, -1);
    click_on("Pause all torrents");
    ck_assert_uint_eq(count_paused(), TORRENTS);
    press('d');
    click(60, 20); /* a question is answered by keys */
    check_shown("Remove");
    press('n');
    press('y');
    click_on("n name");
    check_shown("Not copied");
}
END_TEST

/* ---- goals ---- */

START_TEST(all_torrents_have_a_goal_by_a_key)
{
    struct torrent_info info;
    struct session_settings settings;
    open_screen(100, 30, false);
    press('E');
    check_shown("Goal of seeding for all: - - -");
    check_shown("-: no end.");
    press(KEY_CONTROL('u'));
    type("twice");
    press(KEY_RETURN);
    check_shown("Ratio, minutes, stop or remove: 1.5 90 stop.");
    press(KEY_CONTROL('u'));
    type("2 600 remove");
    press(KEY_RETURN);
    session_get_settings(session, &settings);
    ck_assert_uint_eq(settings.goal.ratio, 200);
    ck_assert_uint_eq(settings.goal.minutes, 600);
    ck_assert(torrent_get_info(session, session_at(session, 0), &info));
    ck_assert_uint_eq(info.goal.ratio, 200);
    ck_assert_int_eq(info.goal.action, SEED_ACTION_REMOVE);
    press('E');
    check_shown("2.00 600 remove");
}
END_TEST

Suite *test_screen_palette_suite(void)
{
    Suite *suite = suite_create("screen_palette");
    TCase *tests = screen_case(suite, "palette", setup_torrents);
    tcase_add_test(tests, the_palette_shows_the_commands_of_the_place_with_their_keys);
    tcase_add_test(tests, what_is_found_is_run);
    tcase_add_test(tests, what_fits_nothing_runs_nothing);
    tcase_add_test(tests, every_command_of_a_place_is_in_its_palette);
    tcase_add_test(tests, the_palette_fits_any_screen);
    tcase_add_test(tests, other_keys_drive_footer_help_and_palette);
    tcase_add_test(tests, what_is_copied_is_said);
    tcase_add_test(tests, all_that_is_marked_is_copied_and_nothing_that_cannot_be_seen);
    tcase_add_test(tests, the_mouse_reaches_rows_headings_tabs_and_hints);
    tcase_add_test(tests, the_mouse_chooses_in_boxes);
    tcase_add_test(tests, all_torrents_have_a_goal_by_a_key);
    return suite;
}
