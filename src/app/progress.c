#include "app/progress.h"

#include "base/clock.h"
#include "base/i18n.h"
#include "base/text.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LINE_SIZE   256
#define SMOOTH_S    4.0 /* what is older counts for little */
#define CELLS_MAX   79
#define CELLS_LEAST 10

void progress_init(struct progress *progress, uint64_t total_bytes, uint64_t now_ns)
{
    *progress = (struct progress){
        .on = isatty(STDERR_FILENO) != 0, .total_bytes = total_bytes, .seen_ns = now_ns};
}

void progress_measure(struct progress *progress, uint64_t done_bytes, uint64_t now_ns)
{
    const double seconds = (double)(now_ns - progress->seen_ns) / (double)NS_PER_S;
    if (seconds <= 0 || done_bytes < progress->seen_bytes)
        return;
    const double rate = (double)(done_bytes - progress->seen_bytes) / seconds;
    const double share = seconds < SMOOTH_S ? seconds / SMOOTH_S : 1;
    progress->bytes_per_s +=
        progress->bytes_per_s > 0 ? (rate - progress->bytes_per_s) * share : rate;
    progress->seen_bytes = done_bytes;
    progress->seen_ns = now_ns;
}

void progress_text(const struct progress *progress, char *ret_text, size_t size)
{
    char percent[TEXT_NUMBER_SIZE], rate[TEXT_NUMBER_SIZE], left[TEXT_NUMBER_SIZE];
    const double rest = (double)(progress->total_bytes - progress->seen_bytes);
    text_percent(progress->seen_bytes, progress->total_bytes, percent);
    if (progress->bytes_per_s < 1) {
        snprintf(ret_text, size, "%s", percent);
        return;
    }
    /* L10N: a progress line: share done, rate, time left. */
    snprintf(ret_text, size, _("%s, %s, %s left"), percent,
             text_rate((uint64_t)progress->bytes_per_s, rate),
             text_duration((uint64_t)(rest / progress->bytes_per_s) + (rest > 0), left));
}

static size_t line_cells(void)
{
    struct winsize window;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_col == 0 ||
        window.ws_col > CELLS_MAX)
        return CELLS_MAX;
    return window.ws_col > CELLS_LEAST ? window.ws_col - 1u : CELLS_LEAST;
}

/* Stopped by Ctrl-S it must hold nobody up; the next line will do. */
static void put(const char *bytes, size_t length)
{
    struct pollfd fd = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (poll(&fd, 1, 0) != 1 || (fd.revents & POLLOUT) == 0)
        return;
    while (write(STDERR_FILENO, bytes, length) < 0 && errno == EINTR)
        continue;
}

/* TEXT from the first column on, and blanks where the last one was longer. */
static void put_line(struct progress *progress, const char *text, bool back)
{
    char line[2 * LINE_SIZE];
    const size_t cells = text_cells(text);
    const size_t blanks = progress->cells > cells ? progress->cells - cells : 0;
    const int length =
        snprintf(line, sizeof line, "\r%s%*s%s", text, (int)blanks, "", back ? "\r" : "");
    if (length > 0 && (size_t)length < sizeof line)
        put(line, (size_t)length);
    progress->cells = cells;
}

void progress_draw(struct progress *progress, uint64_t done_bytes, uint64_t now_ns)
{
    char text[LINE_SIZE], line[LINE_SIZE];
    if (!progress->on)
        return;
    progress_measure(progress, done_bytes, now_ns);
    progress_text(progress, text, sizeof text);
    text_fit(text, line_cells(), true, line, sizeof line);
    put_line(progress, line, false);
}

void progress_erase(struct progress *progress)
{
    if (progress->on && progress->cells > 0)
        put_line(progress, "", true);
}
