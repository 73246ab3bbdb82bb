/* The whole screen: its sizes, its frames, details, help and its end. */
#include "tests/unit/ui/screen_rig.h"

#include "base/text.h"
#include "torrent/session.h"
#include "ui/keymap.h"

#include <stdio.h>
#include <string.h>

/* ---- sizes ---- */

static const struct {
    int width, height;
    bool list, percent, rates, tabs, header;
} sizes[] = {
    {200, 50, true, true, true, true, true},
    {120, 40, true, true, true, true, true},
    {120, 30, true, true, true, true, true},
    {80, 30, true, true, true, false, true},
    {80, 24, true, true, true, false, true},
    {60, 15, true, true, true, false, true},
    {30, 8, true, true, false, false, true},
    {20, 5, true, true, false, false, false},
    {19, 5, false, false, false, false, false},
    {10, 2, false, false, false, false, false},
    {1, 1, false, false, false, false, false},
    {1, 500, false, false, false, false, false},
    {500, 1, false, false, false, false, false},
    {0, 0, false, false, false, false, false},
    {65535, 65535, true, true, true, true, true},
};
enum { SIZES = sizeof sizes / sizeof *sizes };

START_TEST(each_size_shows_what_it_has_room_for)
{
    open_screen(sizes[_i].width, sizes[_i].height, false);
    check_rows(screen_canvas(screen));
    ck_assert_int_eq(find("Harbour") >= 0, sizes[_i].list);
    ck_assert_int_eq(find("0.0%") >= 0, sizes[_i].percent);
    ck_assert_int_eq(find("Down") >= 0, sizes[_i].rates);
    ck_assert_int_eq(find("Trackers") >= 0, sizes[_i].tabs);
    if (sizes[_i].header)
        ck_assert_ptr_nonnull(strstr(row_text(screen_canvas(screen), 0), "0 B/s"));
}
END_TEST

START_TEST(changing_the_size_keeps_cursor_and_place)
{
    open_screen(120, 40, false);
    press('j');
    press('j');
    press('j');
    ck_assert(has_cursor("archive"));
    for (int i = 0; i < SIZES; i++) {
        screen_resize(screen, sizes[i].width, sizes[i].height);
        screen_draw(screen);
        check_rows(screen_canvas(screen));
        ck_assert(!sizes[i].list || has_cursor("archive"));
    }
    /* Details that do not fit are there again when they do. */
    screen_resize(screen, 80, 24);
    press(KEY_RETURN);
    check_shown("Trackers");
    screen_resize(screen, 20, 5);
    screen_draw(screen);
    check_not_shown("Trackers");
    check_shown("archive");
    screen_resize(screen, 80, 24);
    screen_draw(screen);
    check_shown("Trackers");
    check_not_shown("Harbour");
}
END_TEST

START_TEST(a_size_reached_by_change_looks_as_one_opened_at)
{
    static char fresh[60][4096];
    open_screen(sizes[_i].width, sizes[_i].height, false);
    const struct canvas *canvas = screen_canvas(screen);
    const int rows = canvas_height(canvas) < 60 ? canvas_height(canvas) : 60;
    for (int y = 0; y < rows; y++)
        canvas_row_text(canvas, y, fresh[y], sizeof fresh[y]);
    for (int i = 0; i < SIZES; i++) {
        screen_resize(screen, sizes[i].width, sizes[i].height);
        screen_draw(screen);
    }
    screen_resize(screen, sizes[_i].width, sizes[_i].height);
    screen_draw(screen);
    for (int y = 0; y < rows; y++) {
        char now[4096];
        canvas_row_text(screen_canvas(screen), y, now, sizeof now);
        ck_assert_str_eq(now, fresh[y]);
    }
}
END_TEST

START_TEST(a_bar_of_what_is_done_has_room_from_80_columns_on)
{
    int cells = 0;
    open_screen(80, 24, false);
    for (int x = 0; x < 80; x++)
        cells += (canvas_cell(screen_canvas(screen), x, 2)->style & STYLE_ROLE_MASK) ==
                 STYLE_BAR_REST;
    ck_assert_int_ge(cells, 5);
    check_shown("Left");
    check_shown("Peers");
}
END_TEST

START_TEST(hostile_names_keep_every_column_in_place)
{
    open_screen(80, 24, false);
    const struct canvas *canvas = screen_canvas(screen);
    int column = -1;
    for (int i = 0; i < TORRENTS; i++) {
        const char *text = row_text(canvas, 2 + i);
        const char *percent = strstr(text, "0.0%");
        ck_assert_ptr_nonnull(percent);
        char before[512];
        snprintf(before, sizeof before, "%.*s", (int)(percent - text), text);
        if (column < 0)
            column = (int)text_cells(before);
        ck_assert_int_eq((int)text_cells(before), column);
        ck_assert_ptr_null(strchr(text, '\x1b'));
    }
    check_shown("lgo exe.txt");
}
END_TEST

START_TEST(an_ascii_screen_has_ascii_only)
{
    open_screen(120, 40, true);
    press('?');
    press(KEY_ESCAPE);
    for (uint32_t key = '1'; key <= '7'; key++) {
        press(KEY_RETURN);
        press(key);
        for (int y = 0; y < 40; y++)
            for (const char *at = row_text(screen_canvas(screen), y); *at != '\0'; at++)
                ck_assert(*at >= ' ' && *at <= '~');
    }
}
END_TEST

/* ---- frames ---- */

START_TEST(an_idle_session_draws_nothing)
{
    open_screen(80, 24, false);
    world_run(&world, 10 * NS_PER_S);
    const uint64_t frames = screen_frames(screen);
    world_run(&world, 600 * NS_PER_S);
    ck_assert_uint_eq(screen_frames(screen), frames);
}
END_TEST

START_TEST(a_key_is_drawn_in_its_own_turn)
{
    open_screen(80, 24, false);
    const uint64_t frames = screen_frames(screen);
    const struct key_event event = {.type = KEY_EVENT_KEY, .key = 'j'};
    screen_key(screen, &event);
    loop_turn(world.loop, 0);
    ck_assert_uint_eq(screen_frames(screen), frames + 1);
    ck_assert(has_cursor(names[1]));
}
END_TEST

static void change_all(void)
{
    const struct message event = {.type = EVENT_SESSION_CHANGED,
                                  .u.changed.what = CHANGED_ALL};
    event_bus_post(session_events(session), &event);
}

START_TEST(a_storm_of_changes_is_ten_frames_a_second)
{
    open_screen(80, 24, false);
    const uint64_t frames = screen_frames(screen);
    for (int i = 0; i < 1000; i++) {
        change_all();
        world_run(&world, NS_PER_MS);
    }
    ck_assert_uint_ge(screen_frames(screen) - frames, 9);
    ck_assert_uint_le(screen_frames(screen) - frames, 11);
}
END_TEST

START_TEST(a_storm_of_keys_and_sizes_is_thirty_frames_a_second)
{
    open_screen(80, 24, false);
    const uint64_t frames = screen_frames(screen);
    for (int i = 0; i < 1000; i++) {
        const struct key_event event = {.type = KEY_EVENT_KEY, .key = i % 2 ? 'j' : 'k'};
        screen_key(screen, &event);
        screen_resize(screen, 40 + i % 100, 10 + i % 40);
        world_run(&world, NS_PER_MS);
    }
    world_run(&world, NS_PER_S / 10);
    ck_assert_uint_le(screen_frames(screen) - frames, 33);
    ck_assert_int_eq(canvas_width(screen_canvas(screen)), 40 + 999 % 100);
}
END_TEST

START_TEST(a_terminal_that_does_not_read_costs_only_its_frames)
{
    open_screen(80, 24, false);
    const int before = presented;
    ready = false;
    for (int i = 0; i < 100; i++) {
        press('j');
        change_all();
    }
    ck_assert_int_eq(presented, before);
    ready = true;
    screen_ready(screen);
    world_run(&world, NS_PER_S / 10);
    ck_assert_int_gt(presented, before);
    ck_assert(has_cursor("archive"));
}
END_TEST

/* ---- details, help, leaving ---- */

START_TEST(details_open_beside_the_list_or_alone)
{
    open_screen(80, 24, false);
    press(KEY_RETURN);
    check_shown("1 Peers");
    check_not_shown("archive");
    press('6');
    check_shown("Info-hash");
    check_shown("y copy");
    press(KEY_ESCAPE);
    check_shown("archive");
    screen_resize(screen, 80, 30);
    press(KEY_RETURN);
    check_shown("Info-hash");
    check_shown("archive");
    press(']');
    check_not_shown("Info-hash");
    press('[');
    check_shown("Info-hash");
    check_shown("2 Pieces");
    press(KEY_ESCAPE); /* keys to the list, details stay */
    check_shown("Info-hash");
    check_shown("Pieces  Files");
    check_not_shown("2 Pieces"); /* digits are the list's now */
    press('j');
    ck_assert(has_cursor(names[1]));
    press(KEY_ESCAPE);
    check_not_shown("Info-hash");
}
END_TEST

START_TEST(a_quick_key_after_escape_is_both)
{
    open_screen(80, 24, false);
    press(KEY_RETURN);
    check_shown("1 Peers");
    press('/' | KEY_MOD_ALT);
    check_not_shown("1 Peers");
    check_shown("Filter:");
}
END_TEST

START_TEST(the_help_tells_every_key_of_the_place)
{
    static char all[1 << 18];
    open_screen(100, 200, false);
    press('?');
    all[0] = '\0';
    for (int y = 0; y < 200; y++) {
        strcat(all, row_text(screen_canvas(screen), y));
        strcat(all, "\n");
    }
    for (size_t i = 0; i < keymap_count; i++) {
        char begin[40];
        if ((keymap_entries[i].scopes & (SCOPE_TORRENTS | SCOPE_TABLE | SCOPE_ANY)) == 0)
            continue;
        snprintf(begin, sizeof begin, "%s", keymap_entries[i].help);
        ck_assert_msg(strstr(all, begin) != NULL, "%s is not in the help",
                      keymap_entries[i].name);
    }
    ck_assert_ptr_nonnull(strstr(all, "Columns"));
    ck_assert_ptr_nonnull(strstr(all, "its data is being checked"));
    press('q'); /* closes it, and nothing else */
    ck_assert_int_eq(quits, 0);
    check_not_shown("Columns");
}
END_TEST

START_TEST(the_help_scrolls_to_its_end_and_no_further)
{
    open_screen(80, 24, false);
    press('?');
    check_shown("Keys in Torrents");
    for (int i = 0; i < 30; i++)
        press(KEY_CODE_PAGE_DOWN);
    check_not_shown("Keys in Torrents");
    check_shown("stopped by an error");
    press('k');
    press('g');
    check_shown("Keys in Torrents");
}
END_TEST

START_TEST(leaving_asks_while_something_runs)
{
    open_screen(80, 24, false);
    press('q');
    check_shown("Quit bttui?");
    press(KEY_RETURN);
    ck_assert_int_eq(quits, 0);
    press('q');
    press('y');
    ck_assert_int_eq(quits, 1);
    press('P');
    press('q'); /* nothing runs: no question */
    ck_assert_int_eq(quits, 2);
    press('Q');
    ck_assert_int_eq(quits, 3);
    screen_show_ending(screen);
    press('Q');
    press('d');
    ck_assert_int_eq(quits, 3);
    check_shown("Stopping");
    check_not_shown("Remove");
}
END_TEST

START_TEST(any_keys_at_any_size_leave_whole_rows)
{
    static const uint32_t special[] = {
        KEY_RETURN,         KEY_ESCAPE,    KEY_TAB,           KEY_CODE_UP,
        KEY_CODE_DOWN,      KEY_CODE_LEFT, KEY_CODE_RIGHT,    KEY_CODE_PAGE_UP,
        KEY_CODE_PAGE_DOWN, KEY_CODE_F1,   KEY_CODE_BACK_TAB, 0x65e5};
    struct random_seeded random;
    random_seeded_init(&random, (uint64_t)_i + 1);
    open_screen(80, 24, _i % 2 == 1);
    for (int i = 0; i < 1500; i++) {
        const uint32_t kind = random_below(&random.source, 10);
        struct key_event event = {.type = KEY_EVENT_KEY};
        if (kind == 0)
            screen_resize(screen, (int)random_below(&random.source, 150),
                          (int)random_below(&random.source, 50));
        event.key =
            kind < 4
                ? special[random_below(&random.source, sizeof special / sizeof *special)]
                : 0x21 + random_below(&random.source, 0x5e);
        if (kind == 9) {
            event.type = KEY_EVENT_CLICK;
            event.x = (int)random_below(&random.source, 150);
            event.y = (int)random_below(&random.source, 50);
        }
        screen_key(screen, &event);
        screen_draw(screen);
        loop_turn(world.loop, 0);
    }
}
END_TEST

Suite *test_screen_suite(void)
{
    Suite *suite = suite_create("screen");
    TCase *tests = screen_case(suite, "screen", setup_torrents);
    tcase_add_loop_test(tests, each_size_shows_what_it_has_room_for, 0, SIZES);
    tcase_add_test(tests, changing_the_size_keeps_cursor_and_place);
    tcase_add_loop_test(tests, a_size_reached_by_change_looks_as_one_opened_at, 0, SIZES);
    tcase_add_test(tests, a_bar_of_what_is_done_has_room_from_80_columns_on);
    tcase_add_test(tests, hostile_names_keep_every_column_in_place);
    tcase_add_test(tests, an_ascii_screen_has_ascii_only);
    tcase_add_test(tests, an_idle_session_draws_nothing);
    tcase_add_test(tests, a_key_is_drawn_in_its_own_turn);
    tcase_add_test(tests, a_storm_of_changes_is_ten_frames_a_second);
    tcase_add_test(tests, a_storm_of_keys_and_sizes_is_thirty_frames_a_second);
    tcase_add_test(tests, a_terminal_that_does_not_read_costs_only_its_frames);
    tcase_add_test(tests, details_open_beside_the_list_or_alone);
    tcase_add_test(tests, a_quick_key_after_escape_is_both);
    tcase_add_test(tests, the_help_tells_every_key_of_the_place);
    tcase_add_test(tests, the_help_scrolls_to_its_end_and_no_further);
    tcase_add_test(tests, leaving_asks_while_something_runs);
    tcase_add_loop_test(tests, any_keys_at_any_size_leave_whole_rows, 0, 4);
    return suite;
}
