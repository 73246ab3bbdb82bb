#include "ui/terminal.h"

#include "base/i18n.h"
#include "ui/cell_writer.h"
#include "ui/clipboard.h"
#include "ui/out_queue.h"
#include "ui/terminal_restore.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define SLOW_LINE_MS 150u
#define FAREWELL_MS  300 /* how long leaving waits for a terminal that does not read */

struct terminal {
    struct terminal_config config;
    int fd;
    struct termios saved;
    bool raw; /* the terminal is ours: modes set, full screen entered */
    bool gone;
    bool wanted; /* a frame was held back */
    bool ascii;
    struct cell_writer *writer;
    struct loop_slot *slot;
    struct key_decoder decoder;
    struct loop_timer escape_timer;
    struct out_queue queue;
};

/* ---- the way out ---- */

static void on_gone(struct terminal *terminal)
{
    if (terminal->gone)
        return;
    terminal->gone = true;
    loop_slot_remove(terminal->slot); /* a dead descriptor is ready for ever */
    terminal->slot = NULL;
    out_queue_clear(&terminal->queue);
    if (terminal->config.on_gone != NULL)
        terminal->config.on_gone(terminal->config.context);
}

static void watch(struct terminal *terminal)
{
    const bool busy = !out_queue_is_empty(&terminal->queue);
    if (terminal->slot != NULL)
        loop_slot_set_events(terminal->slot, (short)(POLLIN | (busy ? POLLOUT : 0)));
}

static void send_queue(struct terminal *terminal)
{
    if (!out_queue_send(&terminal->queue))
        on_gone(terminal);
}

/* Takes over what the writer has to send. */
static void enqueue(struct terminal *terminal)
{
    size_t length;
    const char *bytes = cell_writer_take(terminal->writer, &length);
    if (!out_queue_add(&terminal->queue, bytes, length))
        return;
    if (!terminal->gone)
        send_queue(terminal);
    watch(terminal);
}

/* The last bytes: for once a little waiting. A terminal that the user stopped (^S) goes
 * on, it is no longer ours; one that sleeps otherwise does without them. */
static void drain_queue(struct terminal *terminal)
{
    const uint64_t half_ns = FAREWELL_MS * NS_PER_MS / 2;
    if (!terminal->gone && !out_queue_wait(&terminal->queue, half_ns))
        on_gone(terminal);
    if (!out_queue_is_empty(&terminal->queue) && !terminal->gone) {
        struct termios modes = terminal->saved;
        modes.c_iflag &= ~(tcflag_t)IXON; /* what ends a stop */
        tcsetattr(terminal->fd, TCSANOW, &modes);
        if (!out_queue_wait(&terminal->queue, half_ns))
            on_gone(terminal);
    }
    out_queue_clear(&terminal->queue);
}

/* ---- the terminal's modes ---- */

static bool is_foreground(const struct terminal *terminal)
{
    const pid_t group = tcgetpgrp(terminal->fd);
    return group < 0 || group == getpgrp();
}

/* Keys come at once and as they are, ^C and ^Z too, so that pasted ones are text. Flow
 * control stays as the user has it. */
static void set_raw(struct terminal *terminal)
{
    struct termios modes = terminal->saved;
    modes.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IGNCR | ISTRIP | BRKINT | PARMRK);
    modes.c_oflag &= ~(tcflag_t)OPOST;
    modes.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ECHONL | ISIG | IEXTEN);
    modes.c_cc[VMIN] = 1;
    modes.c_cc[VTIME] = 0;
    tcsetattr(terminal->fd, TCSANOW, &modes);
    terminal->raw = true;
}

static void arm_restore(struct terminal *terminal)
{
    char bytes[CELL_WRITER_RESTORE_SIZE];
    const size_t length = cell_writer_restore_bytes(terminal->writer, bytes);
    terminal_restore_arm(terminal->fd, &terminal->saved, bytes, length);
}

/* Somebody else's now: stopped by force, it goes on in the background, where it may
 * neither write nor read. */
static void abandon(struct terminal *terminal)
{
    terminal->raw = false;
    out_queue_clear(&terminal->queue);
    terminal_restore_disarm();
    loop_slot_remove(terminal->slot);
    terminal->slot = NULL;
}

/* Gives the terminal back. */
static void leave(struct terminal *terminal)
{
    if (!terminal->raw)
        return;
    cell_writer_end(terminal->writer);
    enqueue(terminal);
    drain_queue(terminal);
    tcsetattr(terminal->fd, TCSANOW, &terminal->saved);
    abandon(terminal);
}

/* ---- keys ---- */

/* How long silence must last to mean something; 0: nothing is begun. On the slowest lines
 * the bytes of one key are that far apart themselves. */
static uint64_t patience_ns(const struct terminal *terminal)
{
    const unsigned ms = key_decoder_patience_ms(&terminal->decoder);
    const speed_t speed = cfgetospeed(&terminal->saved);
    const bool slow = speed != B0 && speed < B2400;
    return (uint64_t)(ms > 0 && ms < SLOW_LINE_MS && slow ? SLOW_LINE_MS : ms) *
           NS_PER_MS;
}

static void end_key(struct terminal *terminal)
{
    key_decoder_timeout(&terminal->decoder, terminal->config.on_key,
                        terminal->config.context);
}

static void await_silence(struct terminal *terminal)
{
    const uint64_t patience = patience_ns(terminal);
    if (patience > 0 && loop_timer_set_in(terminal->config.loop, &terminal->escape_timer,
                                          patience) != ERROR_NONE)
        end_key(terminal);
}

/* When we come late, what a key goes on with may be there already: that was no silence.
 */
static void on_escape_timeout(void *context)
{
    struct terminal *terminal = context;
    struct pollfd in = {terminal->fd, POLLIN, 0};
    if (!terminal->gone && poll(&in, 1, 0) > 0 && (in.revents & POLLIN) != 0)
        await_silence(terminal);
    else
        end_key(terminal);
}

static void read_keys(struct terminal *terminal)
{
    char bytes[1024];
    const ssize_t got = read(terminal->fd, bytes, sizeof bytes);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        on_gone(terminal);
        return;
    }
    if (got < 0)
        return;
    loop_timer_cancel(terminal->config.loop, &terminal->escape_timer);
    key_decoder_feed(&terminal->decoder, bytes, (size_t)got, terminal->config.on_key,
                     terminal->config.context);
    await_silence(terminal);
}

static void on_slot(void *context, short revents)
{
    struct terminal *terminal = context;
    if ((revents & POLLOUT) != 0) {
        send_queue(terminal);
        watch(terminal);
    }
    if ((revents & POLLIN) != 0 && !terminal->gone)
        read_keys(terminal);
    else if ((revents & (POLLHUP | POLLERR | POLLNVAL)) != 0)
        on_gone(terminal);
    if (terminal->wanted && terminal_is_ready(terminal)) {
        terminal->wanted = false;
        terminal->config.on_ready(terminal->config.context);
    }
}

static bool add_slot(struct terminal *terminal)
{
    terminal->slot = loop_add(terminal->config.loop, terminal->fd, POLLIN, LOOP_CONTROL,
                              on_slot, terminal);
    return terminal->slot != NULL;
}

/* ---- signals ---- */

static void on_window_change(void *context, int number)
{
    struct terminal *terminal = context;
    (void)number;
    if (!terminal->raw)
        return;
    /* It may have been smaller in between, and lost what stood there. */
    cell_writer_forget(terminal->writer);
    terminal->config.on_resize(terminal->config.context);
}

/* Comes back into the foreground: the shell may have changed modes and contents. */
static void on_continue(void *context, int number)
{
    struct terminal *terminal = context;
    (void)number;
    if (terminal->gone)
        return;
    if (!is_foreground(terminal)) {
        abandon(terminal);
        return;
    }
    if (!terminal->raw) {
        tcgetattr(terminal->fd, &terminal->saved);
        if (!add_slot(terminal))
            return;
    }
    set_raw(terminal);
    arm_restore(terminal);
    cell_writer_begin(terminal->writer);
    enqueue(terminal);
    terminal->config.on_resize(terminal->config.context);
}

static void on_stop(void *context, int number)
{
    struct terminal *terminal = context;
    struct sigaction before;
    const struct sigaction stop = {.sa_handler = SIG_DFL};
    leave(terminal);
    sigaction(number, &stop, &before);
    raise(number); /* the process stands still here */
    sigaction(number, &before, NULL);
    on_continue(terminal, SIGCONT);
}

static bool watch_signals(struct terminal *terminal)
{
    struct loop *loop = terminal->config.loop;
    return loop_signal_watch(loop, SIGWINCH, on_window_change, terminal) == ERROR_NONE &&
           loop_signal_watch(loop, SIGCONT, on_continue, terminal) == ERROR_NONE &&
           loop_signal_watch(loop, SIGTSTP, on_stop, terminal) == ERROR_NONE;
}

void terminal_suspend(struct terminal *terminal)
{
    (void)terminal;
    kill(0, SIGTSTP); /* the whole job, as the terminal itself does */
}

/* ---- life ---- */

static int open_terminal(const char *path)
{
    const int flags = O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    const char *name = path != NULL ? path : ttyname(STDOUT_FILENO);
    const int fd = name != NULL ? open(name, flags) : -1;
    return fd >= 0 || path != NULL ? fd : open("/dev/tty", flags);
}

static bool start(struct terminal *terminal, char message[TERMINAL_MESSAGE_SIZE])
{
    int width, height;
    terminal->fd = terminal->queue.fd = open_terminal(terminal->config.path);
    if (terminal->fd < 0 || tcgetattr(terminal->fd, &terminal->saved) != 0) {
        snprintf(message, TERMINAL_MESSAGE_SIZE, _("cannot open the terminal: %s"),
                 strerror(errno));
        return false;
    }
    terminal_size(terminal, &width, &height);
    const enum cell_writer_error error =
        cell_writer_new(width, height, terminal->config.colors, &terminal->writer);
    if (error != CELL_WRITER_OK || !add_slot(terminal) || !watch_signals(terminal)) {
        cell_writer_explain(error, message, TERMINAL_MESSAGE_SIZE);
        return false;
    }
    set_raw(terminal);
    arm_restore(terminal);
    enqueue(terminal);
    return true;
}

static bool must_be_ascii(bool wanted)
{
    return wanted || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
}

struct terminal *terminal_new(const struct terminal_config *config,
                              char message[TERMINAL_MESSAGE_SIZE])
{
    struct terminal *terminal = calloc(1, sizeof *terminal);
    if (terminal == NULL) {
        cell_writer_explain(CELL_WRITER_MEMORY, message, TERMINAL_MESSAGE_SIZE);
        return NULL;
    }
    terminal->config = *config;
    terminal->fd = -1;
    out_queue_init(&terminal->queue);
    terminal->ascii = must_be_ascii(config->ascii);
    key_decoder_init(&terminal->decoder);
    loop_timer_init(&terminal->escape_timer, on_escape_timeout, terminal);
    if (!start(terminal, message)) {
        terminal_free(terminal);
        return NULL;
    }
    return terminal;
}

void terminal_free(struct terminal *terminal)
{
    if (terminal == NULL)
        return;
    struct loop *loop = terminal->config.loop;
    loop_signal_unwatch(loop, SIGWINCH, on_window_change, terminal);
    loop_signal_unwatch(loop, SIGCONT, on_continue, terminal);
    loop_signal_unwatch(loop, SIGTSTP, on_stop, terminal);
    leave(terminal);
    loop_timer_cancel(loop, &terminal->escape_timer);
    loop_slot_remove(terminal->slot);
    cell_writer_free(terminal->writer);
    if (terminal->fd >= 0)
        close(terminal->fd);
    out_queue_done(&terminal->queue);
    free(terminal);
}

void terminal_size(const struct terminal *terminal, int *ret_width, int *ret_height)
{
    struct winsize size = {0};
    const bool known =
        ioctl(terminal->fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0;
    *ret_width = known ? (size.ws_col < CANVAS_MAX ? size.ws_col : CANVAS_MAX) : 80;
    *ret_height = known ? (size.ws_row < CANVAS_MAX ? size.ws_row : CANVAS_MAX) : 24;
}

void terminal_set_look(struct terminal *terminal, bool ascii, bool colors)
{
    terminal->ascii = must_be_ascii(ascii);
    cell_writer_set_colors(terminal->writer, colors);
}

bool terminal_is_ascii(const struct terminal *terminal)
{
    return terminal->ascii;
}

bool terminal_is_ready(struct terminal *terminal)
{
    const bool ready =
        terminal->raw && !terminal->gone && out_queue_is_empty(&terminal->queue);
    if (!ready)
        terminal->wanted = true;
    return ready;
}

void terminal_present(struct terminal *terminal, const struct canvas *canvas)
{
    cell_writer_present(terminal->writer, canvas);
    enqueue(terminal);
}

bool terminal_copy(struct terminal *terminal, const char *text, size_t length)
{
    char *bytes;
    size_t count;
    if (!terminal->raw || terminal->gone || !out_queue_is_empty(&terminal->queue) ||
        !clipboard_is_known(getenv("TERM")) ||
        !clipboard_bytes(text, length, &bytes, &count))
        return false;
    const bool taken = out_queue_add(&terminal->queue, bytes, count);
    free(bytes);
    if (taken)
        send_queue(terminal);
    watch(terminal);
    return taken;
}

void terminal_redraw(struct terminal *terminal)
{
    cell_writer_forget(terminal->writer);
}
