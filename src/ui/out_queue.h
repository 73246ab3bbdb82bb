/*
 * Bytes on their way to a terminal that may not read: they are sent as far as it takes
 * them and kept for later, without ever waiting but in out_queue_wait. The descriptor is
 * the owner's, must not block, and is written to by nobody else.
 */
#ifndef BTTUI_UI_OUT_QUEUE_H
#define BTTUI_UI_OUT_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct out_queue {
    int fd;
    char *bytes;
    size_t begin, end, capacity; /* what lies between begin and end waits */
};

/* No descriptor yet: fd is to be set before anything is sent. */
void out_queue_init(struct out_queue *queue);
void out_queue_done(struct out_queue *queue);
bool out_queue_is_empty(const struct out_queue *queue);
/* Forgets what waits. */
void out_queue_clear(struct out_queue *queue);
/* Copies the bytes; false: no memory, and none of them is there. */
bool out_queue_add(struct out_queue *queue, const char *bytes, size_t length);
/* Sends what the terminal takes now; false: it is gone. */
bool out_queue_send(struct out_queue *queue);
/* Sends until all is gone, or FOR_NS nanoseconds have passed; false: it is gone. */
bool out_queue_wait(struct out_queue *queue, uint64_t for_ns);

#endif
