/*
 * What tables and lines of the views have in common: numbers in cells, the message of an
 * empty view, the note at a view's bottom. Pure painting.
 */
#ifndef BTTUI_UI_CELLS_H
#define BTTUI_UI_CELLS_H

#include "ui/view.h"

#include <stdint.h>

/* All flush right. */
void cell_number(struct pane cell, uint16_t style, uint64_t number);
void cell_bytes(struct pane cell, uint16_t style, uint64_t bytes);
void cell_rate(struct pane cell, uint16_t style, uint64_t bytes_per_s); /* 0: dim */
void cell_duration(struct pane cell, uint16_t style, uint64_t seconds);
/* A bar and the number where there is room, else the number. */
void cell_percent(struct pane cell, uint64_t done, uint64_t total);

/* As qsort's. */
static inline int compare_u64(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

/* Two lines in the middle of PANE: what is the case, and what to do; either may be "". */
void view_draw_empty(struct pane pane, const char *what, const char *next);
/* The same where a filter hides every row; NAME is the command that ends it, "back". */
void view_draw_no_match(const struct view_context *context, struct pane pane,
                        const char *what, const char *name);
/* Cuts LINES rows off the bottom of *PANE, if it keeps at least LEAST; the pane of what
 * was cut off (empty if nothing was). */
struct pane view_take_bottom(struct pane *pane, int lines, int least);

#endif
