/* A real terminal device: what is sent to it, what it sends, and how it is left. */
#include "tests/unit/ui/check_ui.h"

#include "loop/loop.h"
#include "tests/screen/vt.h"
#include "ui/terminal.h"
#include "ui/terminal_restore.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define LIMIT_NS (100 * NS_PER_S) /* on a machine that is busy otherwise, too */

static struct loop *loop;
static struct terminal *terminal;
static int master, slave; /* the other side, and the shell's descriptor of ours */
static char keys[256];
static int resizes, readies, gones;

static void on_key(void *context, const struct key_event *event)
{
    char name[KEY_NAME_SIZE];
    (void)context;
    if (event->type == KEY_EVENT_KEY) {
        strcat(keys, key_name(event->key, true, name));
        strcat(keys, " ");
    }
}

static void on_resize(void *context)
{
    (void)context;
    resizes++;
}

static void on_ready(void *context)
{
    (void)context;
    readies++;
}

static void on_gone(void *context)
{
    (void)context;
    gones++;
}

static void open_pty(void)
{
    const struct winsize size = {.ws_col = 80, .ws_row = 24};
    master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    ck_assert_int_ge(master, 0);
    ck_assert_int_eq(grantpt(master), 0);
    ck_assert_int_eq(unlockpt(master), 0);
    ck_assert_int_eq(fcntl(master, F_SETFL, O_NONBLOCK), 0);
    slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    ck_assert_int_ge(slave, 0);
    ck_assert_int_eq(ioctl(slave, TIOCSWINSZ, &size), 0);
}

static struct terminal *open_terminal(char message[TERMINAL_MESSAGE_SIZE])
{
    const struct terminal_config config = {.loop = loop,
                                           .path = ptsname(master),
                                           .colors = true,
                                           .on_key = on_key,
                                           .on_resize = on_resize,
                                           .on_ready = on_ready,
                                           .on_gone = on_gone};
    return terminal_new(&config, message);
}

static void setup(void)
{
    char message[TERMINAL_MESSAGE_SIZE] = "";
    setenv("TERM", "xterm-256color", 1);
    unsetenv("COLORTERM");
    keys[0] = '\0';
    resizes = readies = gones = 0;
    loop = loop_new(&loop_platform_system);
    open_pty();
    terminal = open_terminal(message);
    ck_assert_msg(terminal != NULL, "%s", message);
}

static void teardown(void)
{
    terminal_free(terminal);
    loop_free(loop);
    close(slave);
    if (master >= 0)
        close(master);
}

/* What the terminal was sent so far; returns its bytes. */
static size_t drain(char *ret_bytes, size_t size)
{
    size_t used = 0;
    ssize_t got;
    while (used < size && (got = read(master, ret_bytes + used, size - used)) > 0)
        used += (size_t)got;
    return used;
}

static bool keys_came(const char *expected)
{
    const uint64_t end = clock_now_ns(&clock_system) + LIMIT_NS;
    while (strcmp(keys, expected) != 0 && clock_now_ns(&clock_system) < end)
        loop_turn(loop, 10 * NS_PER_MS);
    return strcmp(keys, expected) == 0;
}

/* Feeds all that comes to a terminal that believes nobody. */
static void feed(struct vt *vt)
{
    char bytes[65536];
    for (int i = 0; i < 20; i++) {
        loop_turn(loop, NS_PER_MS);
        vt_feed(vt, bytes, drain(bytes, sizeof bytes));
    }
}

START_TEST(what_is_copied_is_one_harmless_sequence)
{
    static const char evil[] = "\033]52;c;ZXZpbA==\a\033[2J\n\x9b";
    char message[TERMINAL_MESSAGE_SIZE], bytes[65536];
    ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
    terminal_free(terminal);
    drain(bytes, sizeof bytes);
    struct vt *vt = vt_new("xterm-256color", 80, 24, false); /* before ncurses */
    ck_assert_ptr_nonnull(vt);
    terminal = open_terminal(message);
    ck_assert_ptr_nonnull(terminal);
    feed(vt);
    vt_expect_copy(vt);
    ck_assert(terminal_copy(terminal, "magnet:?xt=1", 12));
    feed(vt);
    ck_assert_str_eq(vt_copied(vt), "bWFnbmV0Oj94dD0x");
    vt_expect_copy(vt);
    ck_assert(terminal_copy(terminal, evil, sizeof evil - 1));
    feed(vt);
    ck_assert_str_eq(vt_copied(vt), "G101MjtjO1pYWnBiQT09BxtbMkoKmw==");
    ck_assert_str_eq(vt_problem(vt), "");
    /* Not asked for, it is as bad as any. */
    ck_assert(terminal_copy(terminal, "x", 1));
    feed(vt);
    ck_assert_str_ne(vt_problem(vt), "");
    vt_free(vt);
    setlocale(LC_CTYPE, "C");
}
END_TEST

START_TEST(who_has_no_clipboard_or_does_not_read_is_sent_nothing)
{
    static char much[40000];
    memset(much, 'x', sizeof much);
    setenv("TERM", "linux", 1);
    ck_assert(!terminal_copy(terminal, "x", 1));
    setenv("TERM", "tmux-256color", 1);
    ck_assert(terminal_copy(terminal, much, sizeof much));
    while (terminal_copy(terminal, much, sizeof much)) /* the device takes only so much */
        continue;
    ck_assert(!terminal_is_ready(terminal));
}
END_TEST

START_TEST(its_modes_come_back_and_the_shells_descriptor_is_not_touched)
{
    struct termios during, after;
    tcgetattr(slave, &during);
    ck_assert_uint_eq(during.c_lflag & (ICANON | ECHO | ISIG), 0);
    ck_assert_int_eq(fcntl(slave, F_GETFL) & O_NONBLOCK, 0);
    terminal_free(terminal);
    terminal = NULL;
    tcgetattr(slave, &after);
    ck_assert_uint_ne(after.c_lflag & ICANON, 0);
    ck_assert_uint_ne(after.c_lflag & ECHO, 0);
    ck_assert_uint_ne(after.c_oflag & OPOST, 0);
    ck_assert_int_eq(fcntl(slave, F_GETFL) & O_NONBLOCK, 0);
}
END_TEST

START_TEST(keys_arrive_and_silence_ends_an_escape)
{
    static const char typed[] = "j\x1b[A\x03\x1b";
    ck_assert_int_eq(write(master, typed, sizeof typed - 1), sizeof typed - 1);
    ck_assert(keys_came("j Up ^C Esc "));
}
END_TEST

/* Who was kept from reading for long has heard no silence. */
START_TEST(the_parts_of_a_key_that_is_read_late_are_one_key)
{
    const struct timespec late = {0, 200 * (long)NS_PER_MS};
    ck_assert_int_eq(write(master, "\x1b", 1), 1);
    loop_turn(loop, NS_PER_S);
    ck_assert_int_eq(write(master, "[A", 2), 2);
    nanosleep(&late, NULL);
    ck_assert(keys_came("Up "));
    ck_assert_int_eq(write(master, "\x1b", 1), 1);
    loop_turn(loop, NS_PER_S);
    nanosleep(&late, NULL);
    ck_assert(keys_came("Up Esc "));
}
END_TEST

/* Only what a cell or a terminfo entry has: text, and CSI sequences that place, colour,
 * erase or set a known mode. */
static void check_sent(const char *bytes, size_t length)
{
    for (size_t at = 0; at < length; at++) {
        const uint8_t byte = (uint8_t)bytes[at];
        if (byte != 0x1b) {
            ck_assert_msg(byte >= 0x20 || byte == '\r' || byte == '\n' || byte == '\b',
                          "byte %02x", byte);
            ck_assert_uint_ne(byte, 0x7f);
            continue;
        }
        at++;
        if (at < length && (bytes[at] == '(' || bytes[at] == ')')) {
            at++;
            continue;
        }
        ck_assert_int_eq(bytes[at], '[');
        do
            at++;
        while (at < length && (bytes[at] < 0x40 || bytes[at] > 0x7e));
        ck_assert_ptr_nonnull(strchr("ABCDGHJKLMPXbdhlmrt@", bytes[at]));
    }
}

START_TEST(hostile_text_never_becomes_a_sequence)
{
    static char bytes[1 << 16];
    struct canvas *canvas = canvas_new(80, 24, false);
    pane_text(pane_of(canvas), 0, 0, STYLE_BAD,
              "\x1b]52;c;eA==\x07 \x1b[2J \x1bP$q\x1b\\ \xc2\x9b"
              "31m \x9b \x07\x08\x0e\x0f\r\n end");
    pane_text(pane_of(canvas), 0, 1, STYLE_GOOD,
              "日本 a\xcc\x80\xcc\x81 👩‍👧 end");
    terminal_present(terminal, canvas);
    const size_t length = drain(bytes, sizeof bytes - 1);
    bytes[length] = '\0';
    check_sent(bytes, length);
    ck_assert_ptr_nonnull(strstr(bytes, "end"));
    /* The same frame again is nothing to send. */
    terminal_present(terminal, canvas);
    ck_assert_uint_lt(drain(bytes, sizeof bytes), 16);
    terminal_redraw(terminal);
    terminal_present(terminal, canvas);
    ck_assert_uint_gt(drain(bytes, sizeof bytes), 40);
    canvas_free(canvas);
}
END_TEST

static void fill(struct canvas *canvas, int frame)
{
    for (int y = 0; y < canvas_height(canvas); y++)
        for (int x = 0; x < canvas_width(canvas); x++)
            pane_char(pane_of(canvas), x, y, (uint16_t)((x + y + frame) % 20),
                      (uint32_t)('a' + (x * 7 + y * 3 + frame) % 26));
}

START_TEST(one_that_does_not_read_is_not_waited_for)
{
    static char bytes[1 << 16];
    struct canvas *canvas = canvas_new(80, 24, false);
    int frame = 0;
    while (terminal_is_ready(terminal) && frame < 1000) {
        fill(canvas, frame++);
        terminal_present(terminal, canvas); /* who waits here does so for ever */
    }
    ck_assert_int_lt(frame, 1000);
    ck_assert_int_eq(readies, 0);
    while (readies == 0) {
        drain(bytes, sizeof bytes);
        loop_turn(loop, 10 * NS_PER_MS);
    }
    ck_assert_int_eq(readies, 1);
    ck_assert(terminal_is_ready(terminal));
    canvas_free(canvas);
}
END_TEST

/* How long it takes to leave one that has taken as much as it can. */
static uint64_t leaving_ns(void)
{
    static char bytes[1 << 17];
    char message[TERMINAL_MESSAGE_SIZE];
    struct canvas *canvas = canvas_new(80, 24, false);
    drain(bytes, sizeof bytes);
    terminal = open_terminal(message);
    ck_assert_ptr_nonnull(terminal);
    for (int frame = 0; terminal_is_ready(terminal) && frame < 1000; frame++) {
        fill(canvas, frame);
        terminal_present(terminal, canvas);
    }
    ck_assert(!terminal_is_ready(terminal));
    const uint64_t begin = clock_now_ns(&clock_system);
    terminal_free(terminal);
    terminal = NULL;
    canvas_free(canvas);
    return clock_now_ns(&clock_system) - begin;
}

/* A machine that stands still adds to it: the least of some times counts. */
START_TEST(leaving_one_that_does_not_read_takes_a_moment_only)
{
    uint64_t least = UINT64_MAX;
    terminal_free(terminal);
    for (int i = 0; i < 10 && least >= 3 * NS_PER_S; i++) {
        const uint64_t took = leaving_ns();
        least = took < least ? took : least;
    }
    ck_assert_uint_lt(least, 3 * NS_PER_S);
}
END_TEST

START_TEST(its_end_is_told_once_and_costs_no_turns)
{
    close(master);
    master = -1;
    const uint64_t end = clock_now_ns(&clock_system) + LIMIT_NS;
    while (gones == 0 && clock_now_ns(&clock_system) < end)
        loop_turn(loop, 10 * NS_PER_MS);
    ck_assert_int_eq(gones, 1);
    const uint64_t begin = clock_now_ns(&clock_system);
    loop_turn(loop, 50 * NS_PER_MS); /* sleeps: the dead descriptor is not polled */
    ck_assert_uint_ge(clock_now_ns(&clock_system) - begin, 40 * NS_PER_MS);
    ck_assert_int_eq(gones, 1);
    ck_assert(!terminal_is_ready(terminal));
}
END_TEST

START_TEST(a_change_of_size_is_told)
{
    const struct winsize size = {.ws_col = 132, .ws_row = 50}, none = {0};
    int width, height;
    ck_assert_int_eq(ioctl(master, TIOCSWINSZ, &size), 0);
    raise(SIGWINCH); /* it is not this process's controlling terminal */
    loop_turn(loop, NS_PER_S);
    ck_assert_int_eq(resizes, 1);
    terminal_size(terminal, &width, &height);
    ck_assert_int_eq(width, 132);
    ck_assert_int_eq(height, 50);
    ck_assert_int_eq(ioctl(master, TIOCSWINSZ, &none), 0);
    terminal_size(terminal, &width, &height);
    ck_assert_int_eq(width, 80);
    ck_assert_int_eq(height, 24);
}
END_TEST

START_TEST(the_interface_can_move_to_another_terminal)
{
    static char bytes[1 << 16];
    char message[TERMINAL_MESSAGE_SIZE];
    struct canvas *canvas = canvas_new(80, 24, false);
    pane_text(pane_of(canvas), 0, 0, STYLE_GOOD, "here again");
    for (int i = 0; i < 3; i++) {
        terminal_free(terminal);
        close(master);
        close(slave);
        open_pty();
        terminal = open_terminal(message);
        ck_assert_ptr_nonnull(terminal);
        terminal_present(terminal, canvas);
        const size_t length = drain(bytes, sizeof bytes - 1);
        bytes[length] = '\0';
        ck_assert_ptr_nonnull(strstr(bytes, "here again"));
    }
    canvas_free(canvas);
}
END_TEST

static const struct {
    const char *term;
    const char *message; /* NULL: it works */
} kinds[] = {
    {"dumb", "cannot show the interface"},
    {"", "TERM is not set"},
    {"no-such-terminal", "are not known here"},
    {"../../etc/passwd", "are not known here"},
    {"xterm", NULL},
    {"vt100", NULL},
    {"linux", NULL},
};

START_TEST(kinds_that_cannot_show_it_are_refused_with_a_reason)
{
    char message[TERMINAL_MESSAGE_SIZE] = "";
    struct termios before, after;
    terminal_free(terminal);
    tcgetattr(slave, &before);
    setenv("TERM", kinds[_i].term, 1);
    terminal = open_terminal(message);
    ck_assert_int_eq(terminal != NULL, kinds[_i].message == NULL);
    if (terminal != NULL)
        return;
    ck_assert_ptr_nonnull(strstr(message, kinds[_i].message));
    ck_assert_ptr_nonnull(strstr(message, "--headless"));
    tcgetattr(slave, &after);
    ck_assert_uint_eq(before.c_lflag, after.c_lflag);
}
END_TEST

/* Shells have SIGQUIT ignored in what they start in the background. */
START_TEST(a_signal_that_was_ignored_stays_so)
{
    struct termios modes = {0};
    struct sigaction now;
    char byte;
    int ends[2];
    ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
    signal(SIGQUIT, SIG_IGN);
    terminal_restore_arm(ends[1], &modes, "x", 1);
    ck_assert_int_eq(raise(SIGQUIT), 0);
    ck_assert_int_eq(read(ends[0], &byte, 1), -1);
    terminal_restore_disarm();
    ck_assert_int_eq(sigaction(SIGQUIT, NULL, &now), 0);
    ck_assert(now.sa_handler == SIG_IGN);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

Suite *test_terminal_suite(void)
{
    Suite *suite = suite_create("terminal");
    TCase *tests = tcase_create("terminal");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, what_is_copied_is_one_harmless_sequence);
    tcase_add_test(tests, who_has_no_clipboard_or_does_not_read_is_sent_nothing);
    tcase_add_test(tests, its_modes_come_back_and_the_shells_descriptor_is_not_touched);
    tcase_add_test(tests, keys_arrive_and_silence_ends_an_escape);
    tcase_add_test(tests, the_parts_of_a_key_that_is_read_late_are_one_key);
    tcase_add_test(tests, hostile_text_never_becomes_a_sequence);
    tcase_add_test(tests, one_that_does_not_read_is_not_waited_for);
    tcase_add_test(tests, leaving_one_that_does_not_read_takes_a_moment_only);
    tcase_add_test(tests, its_end_is_told_once_and_costs_no_turns);
    tcase_add_test(tests, a_change_of_size_is_told);
    tcase_add_test(tests, the_interface_can_move_to_another_terminal);
    tcase_add_loop_test(tests, kinds_that_cannot_show_it_are_refused_with_a_reason, 0,
                        sizeof kinds / sizeof *kinds);
    suite_add_tcase(suite, tests);
    TCase *restoring = tcase_create("restoring");
    tcase_add_test(restoring, a_signal_that_was_ignored_stays_so);
    suite_add_tcase(suite, restoring);
    return suite;
}
