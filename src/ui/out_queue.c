#include "ui/out_queue.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void out_queue_init(struct out_queue *queue)
{
    *queue = (struct out_queue){.fd = -1};
}

void out_queue_done(struct out_queue *queue)
{
    free(queue->bytes);
    out_queue_init(queue);
}

bool out_queue_is_empty(const struct out_queue *queue)
{
    return queue->begin == queue->end;
}

void out_queue_clear(struct out_queue *queue)
{
    queue->begin = queue->end = 0;
}

bool out_queue_add(struct out_queue *queue, const char *bytes, size_t length)
{
    if (length == 0)
        return true;
    if (length > queue->capacity - queue->end) {
        const size_t capacity = queue->end + length;
        char *grown = realloc(queue->bytes, capacity);
        if (grown == NULL)
            return false;
        queue->bytes = grown;
        queue->capacity = capacity;
    }
    memcpy(queue->bytes + queue->end, bytes, length);
    queue->end += length;
    return true;
}

bool out_queue_send(struct out_queue *queue)
{
    while (!out_queue_is_empty(queue)) {
        const ssize_t sent =
            write(queue->fd, queue->bytes + queue->begin, queue->end - queue->begin);
        if (sent > 0)
            queue->begin += (size_t)sent;
        else if (sent < 0 && errno == EINTR)
            continue;
        else
            return sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    }
    out_queue_clear(queue);
    return true;
}

bool out_queue_wait(struct out_queue *queue, uint64_t for_ns)
{
    const uint64_t end = clock_now_ns(&clock_system) + for_ns;
    struct pollfd out = {queue->fd, POLLOUT, 0};
    while (!out_queue_is_empty(queue)) {
        const uint64_t now = clock_now_ns(&clock_system);
        if (now >= end || poll(&out, 1, (int)((end - now) / NS_PER_MS) + 1) <= 0)
            break;
        if (!out_queue_send(queue))
            return false;
    }
    return true;
}
