/*
 * Graphs of samples, newest last: one line high for the status part, or an area of any
 * height in braille. Pure painting; what the samples are is the caller's.
 */
#ifndef BTTUI_UI_GRAPH_H
#define BTTUI_UI_GRAPH_H

#include "ui/canvas.h"

#include <stdbool.h>
#include <stdint.h>

/* The least of 1, 2, 5, 10, 20, 50, 100, 200, 500 B, KiB, MiB … that is not below VALUE:
 * a scale whose half is a round number too. */
uint64_t graph_scale(uint64_t value);

/* What column AT of COLUMNS shows of the newest SPAN of COUNT samples (older than all
 * there are: 0): the mean of the samples in it. */
uint64_t graph_column(const uint32_t *samples, uint32_t count, uint32_t span,
                      uint32_t columns, uint32_t at);

/* Row Y of PANE from edge to edge, the newest of SPAN samples on the right; the largest
 * column is full. Any sample above 0 can be seen. */
void graph_line(struct pane pane, int y, uint16_t style, const uint32_t *samples,
                uint32_t count, uint32_t span);

struct graph_area {
    uint16_t style;
    const uint32_t *samples; /* COUNT, newest last */
    uint32_t count;
    uint32_t span;  /* samples from edge to edge */
    uint64_t scale; /* this much fills the height; > 0 */
    bool hanging;   /* grows down from the top */
    uint64_t limit; /* a line at this height, 0: none */
    uint16_t limit_style;
};
void graph_area(struct pane pane, const struct graph_area *area);

#endif
