/*
 * Lines on a descriptor that must never block the loop: what the reader does not
 * take yet waits in a bounded buffer and goes out when poll() says it may.
 */
#ifndef BTTUI_APP_OUTPUT_H
#define BTTUI_APP_OUTPUT_H

#include "loop/loop.h"

#include <stdbool.h>
#include <stddef.h>

struct output;
/* FD stays the caller's. NULL: out of memory. */
struct output *output_new(struct loop *loop, int fd);
/* Writes what is left, waiting at most MAX_WAIT_MS for the reader. */
void output_free(struct output *output, unsigned max_wait_ms);
/* Queues TEXT and a newline. MUST lines wait for room up to the hard cap (16 MiB);
 * others are dropped as soon as 1 MiB waits. */
void output_line(struct output *output, const char *text, bool must);
/* The reader is gone (EPIPE, EIO): nothing more is queued. */
bool output_broken(const struct output *output);

#endif
