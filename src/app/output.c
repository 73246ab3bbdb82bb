#include "app/output.h"

#include "base/buffer.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define OUTPUT_SOFT_BYTES ((size_t)1 << 20)
#define OUTPUT_HARD_BYTES ((size_t)16 << 20)
/* What goes into one write() where it could block: a pipe that poll() calls writable
 * takes this much (POSIX PIPE_BUF). */
#define OUTPUT_CHUNK_BYTES ((size_t)4096)

enum output_kind {
    OUTPUT_BLOCKING,    /* a regular file, or what could not be opened anew */
    OUTPUT_NONBLOCKING, /* fd is ours, opened anew with O_NONBLOCK */
    OUTPUT_SOCKET
};

struct output {
    struct loop_slot *slot; /* NULL once the reader is gone */
    struct buffer waiting;
    size_t sent; /* of what waits */
    int fd;
    enum output_kind kind;
    bool broken;
};

/* O_NONBLOCK belongs to the open file description, which standard output shares with
 * other processes: a terminal or pipe is opened a second time to have one of our own. */
static enum output_kind open_anew(int fd, int *ret_fd)
{
    struct stat status;
    char path[32];
    *ret_fd = fd;
    if (fstat(fd, &status) != 0)
        return OUTPUT_BLOCKING;
    if (S_ISSOCK(status.st_mode))
        return OUTPUT_SOCKET;
    if (!S_ISFIFO(status.st_mode) && !S_ISCHR(status.st_mode))
        return OUTPUT_BLOCKING;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    const int own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (own < 0)
        return OUTPUT_BLOCKING;
    *ret_fd = own;
    return OUTPUT_NONBLOCKING;
}

static bool may_write(int fd, int wait_ms)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
    return poll(&poll_fd, 1, wait_ms) == 1;
}

static ssize_t output_write(struct output *output)
{
    const uint8_t *bytes = output->waiting.bytes + output->sent;
    const size_t length = output->waiting.length - output->sent;
    if (output->kind == OUTPUT_SOCKET)
        return send(output->fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (output->kind == OUTPUT_NONBLOCKING)
        return write(output->fd, bytes, length);
    if (!may_write(output->fd, 0)) {
        errno = EAGAIN;
        return -1;
    }
    return write(output->fd, bytes,
                 length < OUTPUT_CHUNK_BYTES ? length : OUTPUT_CHUNK_BYTES);
}

/* Writes until nothing waits, the reader takes no more, or it is gone. */
static void output_flush(struct output *output)
{
    while (output->sent < output->waiting.length && !output->broken) {
        const ssize_t wrote = output_write(output);
        if (wrote > 0)
            output->sent += (size_t)wrote;
        else if (wrote < 0 && errno == EAGAIN)
            break;
        else if (wrote == 0 || errno != EINTR)
            output->broken = true;
    }
    const bool waits = output->sent < output->waiting.length && !output->broken;
    if (!waits || output->sent >= OUTPUT_SOFT_BYTES) {
        buffer_consume(&output->waiting, waits ? output->sent : output->waiting.length);
        output->sent = 0;
    }
    if (output->slot != NULL)
        loop_slot_set_events(output->slot, waits ? POLLOUT : 0);
}

static void output_on_ready(void *context, short revents)
{
    struct output *output = context;
    if ((revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) {
        output->broken = true;
        loop_slot_remove(output->slot);
        output->slot = NULL;
        return;
    }
    output_flush(output);
}

struct output *output_new(struct loop *loop, int fd)
{
    struct output *output = calloc(1, sizeof *output);
    if (output == NULL)
        return NULL;
    output->kind = open_anew(fd, &output->fd);
    buffer_init(&output->waiting, OUTPUT_HARD_BYTES);
    output->slot = loop_add(loop, output->fd, 0, LOOP_CONTROL, output_on_ready, output);
    if (output->slot == NULL) {
        output_free(output, 0);
        return NULL;
    }
    return output;
}

void output_free(struct output *output, unsigned max_wait_ms)
{
    if (output == NULL)
        return;
    const uint64_t end_ns =
        clock_now_ns(&clock_system) + (uint64_t)max_wait_ms * NS_PER_MS;
    output_flush(output);
    while (output->sent < output->waiting.length && !output->broken) {
        const uint64_t now_ns = clock_now_ns(&clock_system);
        if (now_ns >= end_ns ||
            !may_write(output->fd, (int)((end_ns - now_ns) / NS_PER_MS)))
            break;
        output_flush(output);
    }
    loop_slot_remove(output->slot);
    if (output->kind == OUTPUT_NONBLOCKING)
        close(output->fd);
    buffer_done(&output->waiting);
    free(output);
}

void output_line(struct output *output, const char *text, bool must)
{
    const size_t waits = output->waiting.length - output->sent;
    const size_t length = strlen(text);
    if (output->broken || (!must && waits > OUTPUT_SOFT_BYTES))
        return;
    if (buffer_reserve(&output->waiting, length + 1) != ERROR_NONE)
        return;
    if (buffer_append(&output->waiting, text, length) == ERROR_NONE &&
        buffer_append(&output->waiting, "\n", 1) == ERROR_NONE && waits == 0)
        output_flush(output);
}

bool output_broken(const struct output *output)
{
    return output->broken;
}
