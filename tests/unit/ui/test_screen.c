/* The whole screen on a canvas, with a real session on virtual time and no terminal. */
#include "tests/unit/ui/check_ui.h"

#include "base/buffer.h"
#include "base/text.h"
#include "tests/lib/world.h"
#include "torrent/session.h"
#include "ui/keymap.h"
#include "ui/screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE_BYTES   16384u
#define TORRENTS      4
#define REMOVED_AFTER (11 * NS_PER_S)

static const char *const names[TORRENTS] = {
    "Harbour Lights",
    "\xe6\x98\x9f\xe7\xa9\xba\xe3\x82\xa2\xe3\x83\x88\xe3\x83\xa9\xe3\x82\xb9",
    ("Za\xcc\x80\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85lgo \xe2\x80\xae"
     "exe.txt \x1b[31m"),
    "archive"};

static struct world world;
static struct net net;
static struct session *session;
static struct screen *screen;
static char dir[] = "/tmp/bttui-screen-XXXXXX";
static int quits, presented;
static bool ready;

/* A torrent of PIECES pieces called NAME, whose data nobody has. */
static void make_torrent(struct buffer *buffer, const char *name, uint32_t pieces)
{
    buffer_init(buffer, 65536);
    enum error_code error = buffer_printf(
        buffer, "d4:infod6:lengthi%ue4:name%zu:%s12:piece lengthi%ue6:pieces%u:",
        pieces * PIECE_BYTES, strlen(name), name, PIECE_BYTES, pieces * SHA1_BYTES);
    for (uint32_t i = 0; i < pieces; i++)
        error |= buffer_append_text(buffer, "01234567890123456789");
    error |= buffer_append_text(buffer, "ee");
    ck_assert_int_eq(error, ERROR_NONE);
}

static void add(const char *name, uint32_t pieces)
{
    struct buffer bytes;
    struct torrent_id id;
    char message[SESSION_MESSAGE_SIZE];
    const struct add_options options = {.download_dir = dir};
    make_torrent(&bytes, name, pieces);
    ck_assert_msg(session_add_bytes(session, bytes.bytes, bytes.length, &options, &id,
                                    message) == ERROR_NONE,
                  "%s", message);
    buffer_done(&bytes);
}

static bool is_ready(void *context)
{
    (void)context;
    return ready;
}

static void on_present(void *context, const struct canvas *canvas)
{
    (void)context;
    presented++;
    check_rows(canvas);
}

static void on_quit(void *context)
{
    (void)context;
    quits++;
}

static void open_screen(int width, int height, bool ascii)
{
    const struct screen_config config = {
        .loop = world.loop,
        .session = session,
        .ascii = ascii,
        .width = width,
        .height = height,
        .output = {.is_ready = is_ready, .present = on_present},
        .on_quit = on_quit};
    screen = screen_new(&config);
    ck_assert_ptr_nonnull(screen);
    world_run(&world, NS_PER_S);
}

static void setup(void)
{
    char message[SESSION_MESSAGE_SIZE];
    quits = presented = 0;
    ready = true;
    screen = NULL;
    strcpy(dir + strlen(dir) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    world_init(&world, 1);
    net = *vnet_host(world.vnet, "10.0.0.1");
    const struct session_config config = {.loop = world.loop,
                                          .net = &net,
                                          .random = &world.random.source,
                                          .download_dir = dir,
                                          .port = 6881,
                                          .workers = UINT32_MAX,
                                          .incoming = true};
    ck_assert_int_eq(session_new(&config, &session, message), ERROR_NONE);
}

static void setup_torrents(void)
{
    setup();
    for (uint32_t i = 0; i < TORRENTS; i++)
        add(names[i], 10 + i);
    world_run(&world, NS_PER_S);
}

static void teardown(void)
{
    char command[128];
    screen_free(screen);
    session_free(session);
    world_done(&world);
    snprintf(command, sizeof command, "rm -r '%s'", dir);
    ck_assert_int_eq(system(command), 0);
}

static void press(uint32_t key)
{
    const struct key_event event = {.type = KEY_EVENT_KEY, .key = key};
    screen_key(screen, &event);
    world_run(&world, 50 * NS_PER_MS);
}

static void type(const char *text)
{
    for (; *text != '\0'; text++)
        press((uint8_t)*text);
}

static void paste(const char *text)
{
    const struct key_event event = {
        .type = KEY_EVENT_PASTE, .text = text, .length = strlen(text), .last = true};
    screen_key(screen, &event);
    world_run(&world, 50 * NS_PER_MS);
}

/* The row that has TEXT; -1: none. */
static int find(const char *text)
{
    const struct canvas *canvas = screen_canvas(screen);
    for (int y = 0; y < canvas_height(canvas); y++)
        if (strstr(row_text(canvas, y), text) != NULL)
            return y;
    return -1;
}

static void check_shown(const char *text)
{
    ck_assert_msg(find(text) >= 0, "“%s” is not on the screen", text);
}

static void check_not_shown(const char *text)
{
    ck_assert_msg(find(text) < 0, "“%s” is on the screen", text);
}

/* Name of the torrent whose row has the cursor. */
static bool has_cursor(const char *name)
{
    const struct canvas *canvas = screen_canvas(screen);
    const int y = find(name);
    for (int x = 0; y >= 0 && x < canvas_width(canvas); x++)
        if ((canvas_cell(canvas, x, y)->style & STYLE_CURSOR) != 0)
            return true;
    return false;
}

static uint32_t count_paused(void)
{
    struct torrent_info info;
    uint32_t paused = 0;
    for (uint32_t i = 0; i < session_count(session); i++)
        paused += torrent_get_info(session, session_at(session, i), &info) &&
                  info.state == TORRENT_STATE_PAUSED;
    return paused;
}

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

/* ---- the list ---- */

START_TEST(an_empty_list_teaches_how_to_add)
{
    open_screen(80, 24, false);
    check_shown("Press a");
    check_shown("? help");
    for (size_t i = 0; i < keymap_count; i++) /* no key trips over the lack of rows */
        for (size_t k = 0; k < KEYMAP_KEYS; k++)
            if (keymap[i].keys[k] != 0) {
                press(keymap[i].keys[k]);
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
}
END_TEST

static void write_torrent(const char *name, char ret_path[256])
{
    struct buffer bytes;
    snprintf(ret_path, 256, "%s/%s.torrent", dir, name);
    make_torrent(&bytes, name, 3);
    FILE *file = fopen(ret_path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes.bytes, 1, bytes.length, file), bytes.length);
    fclose(file);
    buffer_done(&bytes);
}

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
    check_shown("There is no removal to undo.");
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
    check_shown("Torrent file: /nowhere/at/all.torrent");
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
    check_shown("Torrent file: Qqyd");
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

/* ---- details, help, leaving ---- */

START_TEST(details_open_beside_the_list_or_alone)
{
    open_screen(80, 24, false);
    press(KEY_RETURN);
    check_shown("1 Peers");
    check_not_shown("archive");
    press('6');
    check_shown("Info-hash");
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
        if ((keymap[i].scopes & (SCOPE_TORRENTS | SCOPE_TABLE | SCOPE_ANY)) == 0)
            continue;
        snprintf(begin, sizeof begin, "%s", keymap[i].help);
        ck_assert_msg(strstr(all, begin) != NULL, "%s is not in the help",
                      keymap[i].name);
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

static TCase *add_case(Suite *suite, const char *name, void (*before)(void))
{
    TCase *tests = tcase_create(name);
    tcase_add_checked_fixture(tests, before, teardown);
    tcase_set_timeout(tests, 30);
    suite_add_tcase(suite, tests);
    return tests;
}

Suite *test_screen_suite(void)
{
    Suite *suite = suite_create("screen");
    TCase *empty = add_case(suite, "empty", setup);
    tcase_add_test(empty, an_empty_list_teaches_how_to_add);
    TCase *tests = add_case(suite, "torrents", setup_torrents);
    tcase_add_loop_test(tests, each_size_shows_what_it_has_room_for, 0, SIZES);
    tcase_add_test(tests, changing_the_size_keeps_cursor_and_place);
    tcase_add_loop_test(tests, a_size_reached_by_change_looks_as_one_opened_at, 0, SIZES);
    tcase_add_test(tests, hostile_names_keep_every_column_in_place);
    tcase_add_test(tests, an_ascii_screen_has_ascii_only);
    tcase_add_test(tests, an_idle_session_draws_nothing);
    tcase_add_test(tests, a_key_is_drawn_in_its_own_turn);
    tcase_add_test(tests, a_storm_of_changes_is_ten_frames_a_second);
    tcase_add_test(tests, a_storm_of_keys_and_sizes_is_thirty_frames_a_second);
    tcase_add_test(tests, a_terminal_that_does_not_read_costs_only_its_frames);
    tcase_add_test(tests, the_status_line_says_why);
    tcase_add_test(tests, p_pauses_and_resumes);
    tcase_add_test(tests, columns_are_chosen_and_kept);
    tcase_add_test(tests, the_filter_is_live_and_ends_with_escape);
    tcase_add_test(tests, the_sort_menu_sorts);
    tcase_add_test(tests, the_order_of_the_list_is_the_users);
    tcase_add_test(tests, removing_asks_and_means_no_unless_told_yes);
    tcase_add_test(tests, removals_are_undone_the_last_first);
    tcase_add_test(tests, each_removal_is_final_after_its_own_time);
    tcase_add_test(tests, what_was_removed_comes_back_when_it_is_added);
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
    tcase_add_test(tests, details_open_beside_the_list_or_alone);
    tcase_add_test(tests, a_quick_key_after_escape_is_both);
    tcase_add_test(tests, the_help_tells_every_key_of_the_place);
    tcase_add_test(tests, the_help_scrolls_to_its_end_and_no_further);
    tcase_add_test(tests, leaving_asks_while_something_runs);
    tcase_add_loop_test(tests, any_keys_at_any_size_leave_whole_rows, 0, 4);
    return suite;
}
