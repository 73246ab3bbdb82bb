#include "app/output.h"

#include "base/buffer.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OUTPUT_SOFT_BYTES ((size_t)1 << 20)
#define OUTPUT_HARD_BYTES ((size_t)16 << 20)
/* A pipe that poll() calls writable takes this much without blocking (POSIX PIPE_BUF). */
#define OUTPUT_CHUNK_BYTES 4096

struct output {
    struct loop_slot *slot; /* NULL for a regular file, which never blocks */
    struct buffer waiting;
    int fd;
    bool broken;
};

static bool may_write(int fd, int wait_ms)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
    return poll(&poll_fd, 1, wait_ms) == 1 &&
           (poll_fd.revents & (POLLOUT | POLLERR | POLLHUP));
}

static void output_flush(struct output *output, int wait_ms)
{
    while (output->waiting.length > 0 && !output->broken &&
           may_write(output->fd, wait_ms)) {
        size_t length = output->waiting.length;
        if (length > OUTPUT_CHUNK_BYTES)
            length = OUTPUT_CHUNK_BYTES;
        const ssize_t wrote = write(output->fd, output->waiting.bytes, length);
        if (wrote > 0)
            buffer_consume(&output->waiting, (size_t)wrote);
        else if (errno != EINTR && errno != EAGAIN)
            output->broken = true;
        else if (errno == EAGAIN && wait_ms == 0)
            break;
    }
    if (output->slot != NULL)
        loop_slot_set_events(output->slot,
                             output->waiting.length > 0 && !output->broken ? POLLOUT : 0);
}

static void output_on_ready(void *context, short revents)
{
    struct output *output = context;
    if ((revents & (POLLERR | POLLNVAL)) != 0) {
        output->broken = true;
        loop_slot_remove(output->slot);
        output->slot = NULL;
        return;
    }
    output_flush(output, 0);
}

struct output *output_new(struct loop *loop, int fd)
{
    struct output *output = calloc(1, sizeof *output);
    if (output == NULL)
        return NULL;
    output->fd = fd;
    buffer_init(&output->waiting, OUTPUT_HARD_BYTES);
    output->slot = loop_add(loop, fd, 0, LOOP_CONTROL, output_on_ready, output);
    if (output->slot == NULL) {
        free(output);
        return NULL;
    }
    return output;
}

void output_free(struct output *output, unsigned max_wait_ms)
{
    if (output == NULL)
        return;
    output_flush(output, (int)max_wait_ms);
    loop_slot_remove(output->slot);
    buffer_done(&output->waiting);
    free(output);
}

void output_line(struct output *output, const char *text, bool must)
{
    if (output->broken || (!must && output->waiting.length > OUTPUT_SOFT_BYTES))
        return;
    const size_t length = strlen(text);
    if (buffer_reserve(&output->waiting, length + 1) != ERROR_NONE)
        return;
    if (buffer_append(&output->waiting, text, length) == ERROR_NONE &&
        buffer_append(&output->waiting, "\n", 1) == ERROR_NONE)
        output_flush(output, 0);
}

bool output_broken(const struct output *output)
{
    return output->broken;
}
