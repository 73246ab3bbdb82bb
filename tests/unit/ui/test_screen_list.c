/* What keys in the list of torrents do, on the whole screen. */
#include "tests/unit/ui/screen_rig.h"

#include "base/text.h"
#include "torrent/commands.h"
#include "torrent/looks.h"
#include "ui/keymap.h"

#include <stdio.h>
#include <string.h>

START_TEST(an_empty_list_teaches_how_to_add)
{
    open_screen(80, 24, false);
    check_shown("Press a");
    check_shown("? help");
    check_shown(": finds a command");
    for (size_t i = 0; i < keymap_count; i++) /* no key trips over the lack of rows */
        for (size_t k = 0; k < KEYMAP_KEYS; k++)
            if (keymap_entries[i].keys[k] != 0) {
                press(keymap_entries[i].keys[k]);
                press(KEY_ESCAPE);
                press(KEY_ESCAPE);
            }
}
END_TEST

START_TEST(the_status_line_says_why)
{
    struct torrent_info info;
    open_screen(80, 24, false);
    ck_assert(torrent_get_info(session, session_at(session, 0), &info));
    check_shown(info.reason);
}
END_TEST

START_TEST(a_peer_that_is_not_reached_is_called_again_and_it_says_when)
{
    struct netaddr address;
    open_screen(120, 24, false);
    ck_assert_int_eq(netaddr_parse("10.0.0.99:7000", 0, &address), ERROR_NONE);
    torrent_add_peer(session, session_at(session, 0), &address);
    world_run(&world, 60 * NS_PER_S);
    check_shown("1 peer is known and cannot be reached; next try in ");
}
END_TEST

START_TEST(p_pauses_and_resumes)
{
    open_screen(80, 24, false);
    press('p');
    ck_assert_uint_eq(count_paused(), 1);
    check_shown("paused");
    press('p');
    ck_assert_uint_eq(count_paused(), 0);
    press('A');
    check_shown("[4 marked]");
    press('p');
    ck_assert_uint_eq(count_paused(), TORRENTS);
    press('4');
    check_shown("[paused: 4 of 4]");
    press('P');
    ck_assert_uint_eq(count_paused(), 0);
}
END_TEST

START_TEST(columns_are_chosen_and_kept)
{
    open_screen(120, 40, false);
    check_shown("Ratio");
    press('C');
    check_shown("Columns");
    check_shown("no room");
    check_shown("Esc closes");
    check_not_shown("quit");
    press('G');
    for (int i = 0; i < 4; i++) /* why and others come after it */
        press('k');
    press(' ');
    check_shown("[ ] Ratio");
    press('K');
    press('>');
    check_shown("+1");
    press(KEY_ESCAPE);
    check_not_shown("Ratio");
    const char *look = session_get_look(session, "torrents");
    ck_assert_ptr_nonnull(look);
    ck_assert_ptr_nonnull(strstr(look, ",!ratio:1,seeds,label,reason"));
    press('C');
    press('0');
    press('q'); /* closes it, and nothing else */
    ck_assert_int_eq(quits, 0);
    check_shown("Ratio");
}
END_TEST

START_TEST(the_filter_is_live_and_ends_with_escape)
{
    open_screen(80, 24, false);
    press('/');
    type("ARCH");
    check_shown("Filter: ARCH");
    check_shown("archive");
    check_not_shown("Harbour");
    press(KEY_RETURN);
    check_shown("[ARCH: 1 of 4]");
    press(KEY_ESCAPE);
    check_shown("Harbour");
    press('/');
    type("nothing like it");
    check_shown("No torrent fits the filter.");
    press(KEY_ESCAPE);
    check_shown("Harbour");
    press('g');
    press('/');
    type("arch");
    press(KEY_RETURN);
    press(KEY_ESCAPE);
    press('g');
    press('n');
    ck_assert(has_cursor("archive"));
}
END_TEST

START_TEST(the_sort_menu_sorts)
{
    open_screen(80, 24, false);
    press('s');
    check_shown("Sort by");
    press('j'); /* the state */
    press('j'); /* the name */
    press(KEY_RETURN);
    check_not_shown("Sort by");
    ck_assert_int_lt(find("archive"), find("Harbour"));
    check_shown("▲");
    press('S');
    ck_assert_int_gt(find("archive"), find("Harbour"));
    press('K');
    check_shown("sorted by a column");
}
END_TEST

START_TEST(the_order_of_the_list_is_the_users)
{
    open_screen(80, 24, false);
    press('G');
    press('K');
    press('K');
    press('K');
    ck_assert_int_lt(find("archive"), find("Harbour"));
    ck_assert(has_cursor("archive"));
    press('J');
    ck_assert_int_gt(find("archive"), find("Harbour"));
    press('K');
    check_not_shown("already");
    press('K');
    check_shown("It is the first in the list already.");
    press('G');
    press('J');
    check_shown("It is the last in the list already.");
}
END_TEST

START_TEST(removing_asks_and_means_no_unless_told_yes)
{
    static const uint32_t noes[] = {KEY_RETURN, KEY_ESCAPE, 'n', ' ', 'd', 'j'};
    open_screen(80, 24, false);
    for (size_t i = 0; i < sizeof noes / sizeof *noes; i++) {
        press('d');
        check_shown("Remove “Harbour Lights” (160 KiB, 0.0% done, ratio 0.00)?");
        press(noes[i]);
        ck_assert_uint_eq(session_count(session), TORRENTS);
        check_not_shown("Remove “");
    }
    press('D');
    check_shown("DELETED");
    press('y');
    check_not_shown("D Harbour");
    world_run(&world, REMOVED_AFTER);
    ck_assert_uint_eq(session_count(session), TORRENTS - 1);
    press('A');
    press('d');
    check_shown("Remove 3 torrents");
    press('y');
    world_run(&world, REMOVED_AFTER);
    ck_assert_uint_eq(session_count(session), 0);
    press('z');
    check_shown("There is nothing to undo.");
}
END_TEST

START_TEST(removals_are_undone_the_last_first)
{
    open_screen(80, 24, false);
    torrent_pause(session, session_at(session, 1));
    press('D');
    press('y');
    check_shown("Press z to bring “Harbour Lights” back, within 10 s.");
    check_shown("[1 removed, z: back, 10 s]");
    ck_assert_uint_eq(count_paused(), 2);
    world_run(&world, 3 * NS_PER_S);
    press('A');
    press('d');
    press('y');
    check_shown("[4 removed, z: back, 10 s]");
    check_shown("No torrents");
    press('P'); /* what was removed stays still */
    ck_assert_uint_eq(count_paused(), TORRENTS);
    press('z');
    check_shown("archive");
    check_not_shown("Harbour");
    ck_assert_uint_eq(count_paused(), 2);
    press('z');
    ck_assert(has_cursor("Harbour Lights"));
    check_not_shown("removed");
    ck_assert_uint_eq(count_paused(), 1);
    world_run(&world, REMOVED_AFTER);
    ck_assert_uint_eq(session_count(session), TORRENTS);
}
END_TEST

START_TEST(each_removal_is_final_after_its_own_time)
{
    open_screen(80, 24, false);
    press('d');
    press('y');
    world_run(&world, 6 * NS_PER_S);
    press('d');
    press('y');
    world_run(&world, 6 * NS_PER_S);
    ck_assert_uint_eq(session_count(session), TORRENTS - 1);
    check_shown("[1 removed, z: back, ");
    screen_show_ending(screen);
    ck_assert_uint_eq(session_count(session), TORRENTS - 2);
}
END_TEST

START_TEST(what_was_removed_comes_back_when_it_is_added)
{
    char path[256];
    open_screen(80, 24, false);
    write_torrent("again", path);
    for (int i = 0; i < 2; i++) {
        press('a');
        type(path);
        press(KEY_RETURN);
        check_shown("again");
        ck_assert(has_cursor("again"));
        check_not_shown("already");
        if (i == 0) {
            press('d');
            press('y');
            check_not_shown(" D again");
        }
    }
    check_not_shown("removed");
    world_run(&world, REMOVED_AFTER);
    ck_assert_uint_eq(session_count(session), TORRENTS + 1);
}
END_TEST

START_TEST(what_was_removed_comes_back_when_something_else_adds_it)
{
    char path[256], message[SESSION_MESSAGE_SIZE];
    struct torrent_id id;
    const struct add_options options = {.label = "films"};
    write_torrent("again", path);
    open_screen(80, 24, false);
    ck_assert_int_eq(session_add_file(session, path, &options, &id, message), ERROR_NONE);
    world_run(&world, NS_PER_S);
    press('G');
    press('D');
    press('y');
    check_not_shown(" D again");
    ck_assert_int_eq(session_add_file(session, path, &options, &id, message),
                     ERROR_EXISTS);
    world_run(&world, NS_PER_S);
    check_shown("D again");
    check_shown("“again” is back: it was added again.");
    ck_assert_uint_eq(count_paused(), 0);
    ck_assert_int_eq(session_add_file(session, path, &options, &id, message),
                     ERROR_EXISTS); /* it is no news now */
    world_run(&world, REMOVED_AFTER);
    check_shown("D again");
    ck_assert_uint_eq(session_count(session), TORRENTS + 1);
}
END_TEST

START_TEST(a_torrent_is_added_by_a_completed_path)
{
    char path[256];
    write_torrent("newcomer", path);
    open_screen(80, 24, false);
    press('a');
    type(dir);
    type("/new");
    press(KEY_TAB);
    check_shown("newcomer.torrent");
    press(KEY_RETURN);
    world_run(&world, NS_PER_S);
    ck_assert_uint_eq(session_count(session), TORRENTS + 1);
    ck_assert(has_cursor("newcomer"));
    /* once more: it says so, and goes to it */
    press('g');
    press('a');
    press(KEY_CODE_UP);
    press(KEY_RETURN);
    ck_assert_uint_eq(session_count(session), TORRENTS + 1);
    ck_assert(has_cursor("newcomer"));
    check_shown("already");
}
END_TEST

START_TEST(a_wrong_path_is_told_and_can_be_mended)
{
    open_screen(80, 24, false);
    press('a');
    type("/nowhere/at/all.torrent");
    press(KEY_RETURN);
    check_shown("Torrent: /nowhere/at/all.torrent");
    ck_assert_int_ge(find("/nowhere/at/all.torrent: "), 0);
    press(KEY_ESCAPE);
    check_not_shown("Torrent file:");
    ck_assert_uint_eq(session_count(session), TORRENTS);
}
END_TEST

START_TEST(a_paste_opens_the_question_and_presses_nothing)
{
    char path[256], quoted[300];
    write_torrent("pasted", path);
    open_screen(80, 24, false);
    paste("Qqyd\nQ\n");
    ck_assert_int_eq(quits, 0);
    ck_assert_uint_eq(session_count(session), TORRENTS);
    check_shown("Torrent: Qqyd");
    press(KEY_ESCAPE);
    snprintf(quoted, sizeof quoted, " '%s'\n", path);
    paste(quoted);
    press(KEY_RETURN);
    ck_assert_uint_eq(session_count(session), TORRENTS + 1);
    press('d'); /* a box takes no paste */
    paste("y");
    check_shown("Remove “");
    ck_assert_uint_eq(session_count(session), TORRENTS + 1);
}
END_TEST

START_TEST(limits_are_read_with_their_units)
{
    struct session_info info;
    open_screen(80, 24, false);
    press('O');
    check_shown("0 0");
    press(KEY_CONTROL('u'));
    type("2M");
    press(KEY_RETURN);
    check_shown("Two rates");
    type(" 500K");
    press(KEY_RETURN);
    session_get_info(session, &info);
    ck_assert_uint_eq(info.max_down, 2 << 20);
    ck_assert_uint_eq(info.max_up, 500 << 10);
    check_shown("/ 2.0 MiB/s");
    press('O');
    check_shown("2M 500K");
}
END_TEST

START_TEST(turtle_mode_has_its_own_limits_and_is_seen)
{
    struct session_info info;
    open_screen(100, 24, false);
    press('t');
    check_shown("  turtle ");
    check_shown("Turtle mode is on.");
    press('O');
    check_shown("Turtle mode's limits");
    press(KEY_CONTROL('u'));
    type("3K 4K");
    press(KEY_RETURN);
    session_get_info(session, &info);
    ck_assert_uint_eq(info.max_up, 4096);
    ck_assert(session_set_schedule(session, "daily 00:00-24:00"));
    press('t');
    check_shown("Turtle mode is off.");
    session_get_info(session, &info);
    ck_assert_uint_eq(info.max_up, 0);
    ck_assert(!info.turtle);
}
END_TEST

START_TEST(labels_are_given_shown_completed_and_found)
{
    open_screen(200, 40, false);
    press('b');
    type("films");
    press(KEY_RETURN);
    check_shown("[films] ");
    press('j');
    press('b');
    type("fi");
    press(KEY_TAB);
    check_shown("Label: films");
    press(' ');
    type("new");
    press(KEY_RETURN);
    press('j');
    press('b');
    type("fi");
    press(KEY_TAB);
    check_shown("films  films new");
    type("x");
    press(KEY_TAB);
    check_shown("no label in use begins like this");
    press(KEY_ESCAPE);
    press('/');
    type("films n");
    press(KEY_RETURN);
    check_shown("[films n: 1 of 4]");
    press(KEY_ESCAPE);
    press('b'); /* the second: that line is its own */
    press(KEY_CONTROL('u'));
    type("books");
    press(KEY_RETURN);
    press('B');
    check_shown("[books: 1 of 4]");
    check_not_shown("Harbour");
    press('X');
    check_not_shown("books");
    press('X');
    press(KEY_ESCAPE);
    press('b');
    press(KEY_CONTROL('u'));
    press(KEY_RETURN);
    press('B');
    check_shown("[without a label: 3 of 4]");
    check_not_shown("Harbour");
}
END_TEST

START_TEST(a_label_that_is_too_long_can_be_mended)
{
    open_screen(80, 24, false);
    press('b');
    type("01234567890123456789012345678901234567890");
    press(KEY_RETURN);
    check_shown("A label has at most 40 characters.");
    press(KEY_ERASE);
    press(KEY_RETURN);
    check_shown("[0123456789012345678901234567890123456789] ");
}
END_TEST

START_TEST(a_torrent_has_its_own_limits_and_goal)
{
    struct torrent_info info;
    open_screen(100, 70, false);
    press('T');
    check_shown("Torrent's limits: 0 0");
    check_shown("Two rates, down and up");
    press(KEY_CONTROL('u'));
    type("2M 500K");
    press(KEY_RETURN);
    press('L');
    check_shown("- - -");
    press(KEY_CONTROL('u'));
    check_shown("Ratio, minutes, stop or remove: 1.5 90 stop.");
    type("1.5 forever");
    press(KEY_RETURN);
    press(KEY_CONTROL('u'));
    type("1.5 never remove");
    press(KEY_RETURN);
    ck_assert(torrent_get_info(session, session_at(session, 0), &info));
    ck_assert_uint_eq(info.max_down, 2 << 20);
    ck_assert_uint_eq(info.max_up, 500 << 10);
    ck_assert_uint_eq(info.goal.ratio, 150);
    ck_assert_uint_eq(info.goal.minutes, 0);
    ck_assert_uint_eq(info.goal.action, SEED_ACTION_REMOVE);
    press(KEY_RETURN);
    press('6');
    check_shown("2.0 MiB/s down, 500 KiB/s up");
    check_shown("ratio 1.50");
    check_shown("off the list; its data stay");
}
END_TEST

static bool is_read;

static bool on_settings(void *context, char *message, size_t size)
{
    (void)context;
    snprintf(message, size, is_read ? "now: ascii" : "f:3: wrong");
    return is_read;
}

START_TEST(settings_are_read_again_by_a_key)
{
    const struct screen_config config = {.loop = world.loop,
                                         .session = session,
                                         .width = 80,
                                         .height = 24,
                                         .on_settings = on_settings,
                                         .on_quit = on_quit};
    open_screen(80, 24, false);
    press(KEY_CODE_F1 + 1);
    check_shown("there is no configuration file here");
    screen_free(screen);
    screen = screen_new(&config);
    ck_assert_ptr_nonnull(screen);
    press(KEY_CODE_F1 + 1);
    check_shown("f:3: wrong");
    is_read = true;
    press(KEY_CODE_F1 + 1);
    check_shown("now: ascii");
}
END_TEST

START_TEST(an_open_screen_becomes_an_ascii_one_and_back)
{
    open_screen(80, 24, false);
    const char *arrow = glyph_text(GLYPH_DOWN, false);
    check_shown(arrow);
    screen_set_ascii(screen, true);
    world_run(&world, NS_PER_S);
    for (int y = 0; y < 24; y++)
        for (const char *at = row_text(screen_canvas(screen), y); *at != '\0'; at++)
            ck_assert(*at >= ' ' && *at <= '~');
    screen_set_ascii(screen, false);
    world_run(&world, NS_PER_S);
    check_shown(arrow);
}
END_TEST

START_TEST(masking_hides_every_name)
{
    open_screen(120, 40, false);
    press('X');
    for (uint32_t key = '1'; key <= '7'; key++) {
        press(KEY_RETURN);
        press(key);
        check_not_shown("Harbour");
        check_not_shown("archive");
    }
    press('X');
    check_shown("Harbour");
}
END_TEST

Suite *test_screen_list_suite(void)
{
    Suite *suite = suite_create("screen_list");
    TCase *empty = screen_case(suite, "empty", setup);
    tcase_add_test(empty, an_empty_list_teaches_how_to_add);
    TCase *tests = screen_case(suite, "torrents", setup_torrents);
    tcase_add_test(tests, the_status_line_says_why);
    tcase_add_test(tests, a_peer_that_is_not_reached_is_called_again_and_it_says_when);
    tcase_add_test(tests, p_pauses_and_resumes);
    tcase_add_test(tests, columns_are_chosen_and_kept);
    tcase_add_test(tests, the_filter_is_live_and_ends_with_escape);
    tcase_add_test(tests, the_sort_menu_sorts);
    tcase_add_test(tests, the_order_of_the_list_is_the_users);
    tcase_add_test(tests, removing_asks_and_means_no_unless_told_yes);
    tcase_add_test(tests, removals_are_undone_the_last_first);
    tcase_add_test(tests, each_removal_is_final_after_its_own_time);
    tcase_add_test(tests, what_was_removed_comes_back_when_it_is_added);
    tcase_add_test(tests, what_was_removed_comes_back_when_something_else_adds_it);
    tcase_add_test(tests, a_torrent_is_added_by_a_completed_path);
    tcase_add_test(tests, a_wrong_path_is_told_and_can_be_mended);
    tcase_add_test(tests, a_paste_opens_the_question_and_presses_nothing);
    tcase_add_test(tests, limits_are_read_with_their_units);
    tcase_add_test(tests, turtle_mode_has_its_own_limits_and_is_seen);
    tcase_add_test(tests, labels_are_given_shown_completed_and_found);
    tcase_add_test(tests, a_label_that_is_too_long_can_be_mended);
    tcase_add_test(tests, a_torrent_has_its_own_limits_and_goal);
    tcase_add_test(tests, settings_are_read_again_by_a_key);
    tcase_add_test(tests, an_open_screen_becomes_an_ascii_one_and_back);
    tcase_add_test(tests, masking_hides_every_name);
    return suite;
}
