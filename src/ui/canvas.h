/*
 * The canvas: a grid of cells that views paint on. It is its own memory back end
 * (tests read its rows); terminal.h shows it on a real one. A cell holds a base
 * character with at most four combining marks, a width and a style. Whatever text
 * is put, a row stays exactly as wide as the canvas: control, bidi and format
 * characters never reach a cell, a wide character that would straddle an edge is
 * cut. An ASCII canvas holds ASCII only: of Latin letters and quotes the plain one, '?'
 * stands for the rest.
 */
#ifndef BTTUI_UI_CANVAS_H
#define BTTUI_UI_CANVAS_H

#include "ui/style.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CANVAS_MAX        1000 /* columns, and rows */
#define CANVAS_CELL_BYTES 20   /* a base and four marks in UTF-8 */

struct cell {
    char text[CANVAS_CELL_BYTES]; /* not NUL-terminated */
    uint8_t length;               /* bytes; 0 in the right half of a wide one */
    uint8_t width;                /* 1, 2; 0: the right half of the cell before */
    uint16_t style;
};

struct canvas;

/* Sizes are brought into [0, CANVAS_MAX]. NULL: out of memory. */
struct canvas *canvas_new(int width, int height, bool ascii);
void canvas_free(struct canvas *canvas);
/* Contents are blank afterwards. false: out of memory, the canvas is as before. */
bool canvas_resize(struct canvas *canvas, int width, int height);
void canvas_clear(struct canvas *canvas);
/* For what is put from then on. */
void canvas_set_ascii(struct canvas *canvas, bool ascii);
/* Both of the same size. */
void canvas_copy(struct canvas *canvas, const struct canvas *from);
int canvas_width(const struct canvas *canvas);
int canvas_height(const struct canvas *canvas);
bool canvas_is_ascii(const struct canvas *canvas);
/* NULL outside. */
const struct cell *canvas_cell(const struct canvas *canvas, int x, int y);
bool cell_equal(const struct cell *a, const struct cell *b);
/* The row's text without the spaces at its end, NUL-terminated, cut at a character border
 * if SIZE is too small. Returns its bytes. */
size_t canvas_row_text(const struct canvas *canvas, int y, char *ret_text, size_t size);
/* Where the terminal's cursor stands (a line editor); (-1, -1): hidden. */
void canvas_set_caret(struct canvas *canvas, int x, int y);
void canvas_get_caret(const struct canvas *canvas, int *ret_x, int *ret_y);

/* ---- panes: a clipped rectangle of a canvas, by value ---- */
struct pane {
    struct canvas *canvas;
    int x, y, width, height; /* on the canvas; width and height >= 0 */
    uint16_t flags;          /* STYLE_CURSOR … or-ed into all that is put */
};

struct pane pane_of(struct canvas *canvas);
/* The part of PANE at (X, Y) from its corner; clipped to it. */
struct pane pane_part(struct pane pane, int x, int y, int width, int height);
static inline struct pane pane_row(struct pane pane, int y)
{
    return pane_part(pane, 0, y, pane.width, 1);
}
struct pane pane_with(struct pane pane, uint16_t flags);
bool pane_is_empty(struct pane pane);

/* Spaces everywhere. */
void pane_fill(struct pane pane, uint16_t style);
/* Puts TEXT from (X, Y) to the pane's right edge; what does not fit is cut and ends in
 * the ellipsis ("…" or "~"). Returns the cells used. At most a few bytes a cell are read,
 * however long TEXT is. */
int pane_text(struct pane pane, int x, int y, uint16_t style, const char *text);
/* Flush with the right edge; cut at its end if too wide. */
int pane_text_right(struct pane pane, int y, uint16_t style, const char *text);
int pane_text_center(struct pane pane, int y, uint16_t style, const char *text);
int pane_print(struct pane pane, int x, int y, uint16_t style, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* Breaks TEXT between words (anywhere in a word wider than the pane) from row Y on.
 * Returns the rows used, also when they lie below the pane. */
int pane_wrap(struct pane pane, int y, uint16_t style, const char *text);
/* One character of our own; nothing outside. */
void pane_char(struct pane pane, int x, int y, uint16_t style, uint32_t code);
/* Changes the style of cells that have their text already. */
void pane_add_flags(struct pane pane, int x, int y, int width, uint16_t flags);

/* ---- glyphs of our own, with their ASCII forms ---- */
enum glyph {
    GLYPH_DOWN,     /* ↓ v */
    GLYPH_UP,       /* ↑ ^ */
    GLYPH_LEFT,     /* ← < */
    GLYPH_RIGHT,    /* → > */
    GLYPH_ELLIPSIS, /* … ~ */
    GLYPH_RULE,     /* ─ - */
    GLYPH_WALL,     /* │ | */
    GLYPH_CROSS,    /* ┼ + */
    GLYPH_TOP_LEFT,
    GLYPH_TOP_RIGHT,
    GLYPH_BOTTOM_LEFT,
    GLYPH_BOTTOM_RIGHT,
    GLYPH_SORT_UP,   /* ▲ ^ */
    GLYPH_SORT_DOWN, /* ▼ v */
    GLYPH_MARK,      /* ● * */
    GLYPH_CLOSED,    /* ▸ + : a folded branch */
    GLYPH_OPEN,      /* ▾ - */
    GLYPH_YES,       /* ✓ x */
    GLYPH_NO,        /* · . */
    GLYPH_DOT,       /* · - : between words */
    GLYPH_COUNT
};
/* UTF-8 of one cell; lives for ever. */
const char *glyph_text(enum glyph glyph, bool ascii);
void pane_glyph(struct pane pane, int x, int y, uint16_t style, enum glyph glyph);
/* A horizontal rule over the whole width of row Y. */
void pane_rule(struct pane pane, int y, uint16_t style);
void pane_box(struct pane pane, uint16_t style);
/* DONE of TOTAL as a bar in row Y, in eighths of a cell: "█████▌  ", "#####.  ". Full
 * only when DONE == TOTAL, empty only when DONE == 0. */
void pane_bar(struct pane pane, int x, int y, int width, uint64_t done, uint64_t total);
/* Eighths of a cell filled from below: " ▁▂▃▄▅▆▇█", " .:-=+*#@". 0-8. */
void pane_column(struct pane pane, int x, int y, uint16_t style, unsigned eighths);
/* A braille cell: bit 0-2 left column from the top, 3-5 right column, 6 and 7 the bottom
 * row left and right (the order of U+2800). ASCII: by the number of dots. */
void pane_braille(struct pane pane, int x, int y, uint16_t style, uint8_t dots);

#endif
