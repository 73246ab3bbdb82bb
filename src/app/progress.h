/*
 * How far a long piece of work is, on one line of standard error that is drawn again and
 * again. Standard error not a terminal: nothing.
 */
#ifndef BTTUI_APP_PROGRESS_H
#define BTTUI_APP_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
    bool on;
    uint64_t total_bytes;
    uint64_t seen_bytes, seen_ns; /* when it was drawn last */
    double bytes_per_s;           /* smoothed over some seconds; 0: not known yet */
    size_t cells;                 /* of what stands there */
};

void progress_init(struct progress *progress, uint64_t total_bytes, uint64_t now_ns);
/* Also what makes the rate: to be called a few times a second. A terminal that takes
 * nothing just now is passed over. */
void progress_draw(struct progress *progress, uint64_t done_bytes, uint64_t now_ns);
/* The line is free again for others. */
void progress_erase(struct progress *progress);

/* The two steps of drawing, pure. */
void progress_measure(struct progress *progress, uint64_t done_bytes, uint64_t now_ns);
void progress_text(const struct progress *progress, char *ret_text, size_t size);

#endif
