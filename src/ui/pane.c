/* Panes: clipping, and text whose width holds whatever it is made of. */
#include "base/text.h"
#include "base/text_width.h"
#include "ui/canvas.h"
#include "ui/canvas_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct pane pane_of(struct canvas *canvas)
{
    return (struct pane){canvas, 0, 0, canvas_width(canvas), canvas_height(canvas), 0};
}

static int at_most(int value, int limit)
{
    return value < limit ? value : limit;
}

struct pane pane_part(struct pane pane, int x, int y, int width, int height)
{
    const int left = x < 0 ? 0 : at_most(x, pane.width);
    const int top = y < 0 ? 0 : at_most(y, pane.height);
    const int right = at_most(x + width, pane.width);
    const int bottom = at_most(y + height, pane.height);
    return (struct pane){pane.canvas,
                         pane.x + left,
                         pane.y + top,
                         right > left ? right - left : 0,
                         bottom > top ? bottom - top : 0,
                         pane.flags};
}

struct pane pane_with(struct pane pane, uint16_t flags)
{
    pane.flags = (uint16_t)(pane.flags | flags);
    return pane;
}

bool pane_is_empty(struct pane pane)
{
    return pane.width <= 0 || pane.height <= 0;
}

void pane_fill(struct pane pane, uint16_t style)
{
    for (int y = 0; y < pane.height; y++)
        for (int x = 0; x < pane.width; x++)
            pane_char(pane, x, y, style, ' ');
}

static bool has_row(struct pane pane, int y)
{
    return y >= 0 && y < pane.height && pane.width > 0;
}

static void put(struct pane pane, int x, int y, uint16_t style, const char *text,
                size_t length, int cells)
{
    canvas_put(pane.canvas, pane.x + x, pane.y + y, (uint16_t)(style | pane.flags), text,
               length, cells);
}

/* ---- text ---- */

/* One character of a text, as it may stand on the canvas. */
struct glyph_bytes {
    char bytes[4];
    size_t length;
    int cells;   /* 0: a combining mark */
    bool hidden; /* nothing is shown for it */
};

static struct glyph_bytes glyph_of(uint32_t code, bool ascii)
{
    struct glyph_bytes glyph = {.cells = (int)text_code_cells(code)};
    const enum text_class class = text_class(code);
    if (class == TEXT_CLASS_HIDDEN || (ascii && class == TEXT_CLASS_COMBINING)) {
        glyph.hidden = true;
        return glyph;
    }
    if (class == TEXT_CLASS_CONTROL)
        code = '.';
    else if (ascii && code > 0x7e)
        code = (uint32_t)text_ascii(code);
    glyph.length = text_encode(code, glyph.bytes);
    return glyph;
}

/* The second '?' of a wide character on an ASCII canvas. */
static void put_glyph(struct pane pane, int x, int y, uint16_t style,
                      const struct glyph_bytes *glyph)
{
    if (glyph->cells == 2 && canvas_is_ascii(pane.canvas)) {
        put(pane, x, y, style, glyph->bytes, glyph->length, 1);
        put(pane, x + 1, y, style, glyph->bytes, glyph->length, 1);
    } else {
        put(pane, x, y, style, glyph->bytes, glyph->length, glyph->cells);
    }
}

/* No visible text needs more bytes than this: a flood of invisible ones ends here. */
static size_t most_bytes(const char *text, int cells)
{
    return strnlen(text, (size_t)cells * CANVAS_CELL_BYTES + 64);
}

/* Puts what fits into [X, END) and returns the cells used; *RET_READ bytes were put, and
 * *RET_LAST is where the last character began. */
static int put_run(struct pane pane, int x, int y, int end, uint16_t style,
                   const char *text, size_t length, size_t *ret_read, int *ret_last)
{
    const bool ascii = canvas_is_ascii(pane.canvas);
    int at = x;
    *ret_last = x;
    *ret_read = 0;
    while (*ret_read < length) {
        uint32_t code;
        const size_t used = text_decode(text + *ret_read, length - *ret_read, &code);
        const struct glyph_bytes glyph = glyph_of(code, ascii);
        if (!glyph.hidden && glyph.cells > end - at)
            break;
        *ret_read += used;
        if (glyph.hidden)
            continue;
        if (glyph.cells == 0) {
            if (at > x && at > 0 && at <= pane.width)
                canvas_add_mark(pane.canvas, pane.x + at, pane.y + y, glyph.bytes,
                                glyph.length);
            continue;
        }
        if (at >= 0)
            put_glyph(pane, at, y, style, &glyph);
        else if (at + glyph.cells > 0)
            put(pane, 0, y, style, " ", 1, 1);
        *ret_last = at;
        at += glyph.cells;
    }
    return at - x;
}

/* The last cell of a text that was cut at END, whose last character began at LAST. */
static int put_ellipsis(struct pane pane, int last, int y, int at, int end,
                        uint16_t style)
{
    int column = at < end ? at : last;
    if (column < 0 || column >= end)
        return at;
    pane_glyph(pane, column, y, style, GLYPH_ELLIPSIS);
    if (column + 1 < at)
        pane_char(pane, column + 1, y, style, ' ');
    return at > column + 1 ? at : column + 1;
}

static int put_text(struct pane pane, int x, int y, int end, uint16_t style,
                    const char *text)
{
    size_t read;
    int last;
    if (!has_row(pane, y) || x >= end)
        return 0;
    const size_t length = most_bytes(text, end - x);
    const int used = put_run(pane, x, y, end, style, text, length, &read, &last);
    if (text[read] == '\0')
        return used;
    /* Perhaps all that is left is invisible; then nothing was cut. */
    const size_t rest = strnlen(text + read, 64);
    bool visible = rest == 64;
    for (size_t at = 0; at < rest && !visible;) {
        uint32_t code;
        at += text_decode(text + read + at, rest - at, &code);
        visible = text_code_cells(code) > 0;
    }
    return visible ? put_ellipsis(pane, last, y, x + used, end, style) - x : used;
}

int pane_text(struct pane pane, int x, int y, uint16_t style, const char *text)
{
    return put_text(pane, x, y, pane.width, style, text);
}

/* Cells of TEXT, LIMIT + 1 for all that is wider. */
static int cells_up_to(const char *text, int limit)
{
    const size_t length = most_bytes(text, limit);
    int cells = 0;
    for (size_t at = 0; at < length && cells <= limit;) {
        uint32_t code;
        at += text_decode(text + at, length - at, &code);
        cells += (int)text_code_cells(code);
    }
    return cells > limit ? limit + 1 : cells;
}

int pane_text_right(struct pane pane, int y, uint16_t style, const char *text)
{
    const int cells = cells_up_to(text, pane.width);
    return pane_text(pane, cells > pane.width ? 0 : pane.width - cells, y, style, text);
}

int pane_text_center(struct pane pane, int y, uint16_t style, const char *text)
{
    const int cells = cells_up_to(text, pane.width);
    return pane_text(pane, cells > pane.width ? 0 : (pane.width - cells) / 2, y, style,
                     text);
}

int pane_print(struct pane pane, int x, int y, uint16_t style, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return pane_text(pane, x, y, style, text);
}

void pane_char(struct pane pane, int x, int y, uint16_t style, uint32_t code)
{
    const struct glyph_bytes glyph = glyph_of(code, canvas_is_ascii(pane.canvas));
    if (!has_row(pane, y) || x < 0 || glyph.hidden || glyph.cells == 0 ||
        glyph.cells > pane.width - x)
        return;
    put_glyph(pane, x, y, style, &glyph);
}

void pane_add_flags(struct pane pane, int x, int y, int width, uint16_t flags)
{
    const struct pane part = pane_part(pane, x, y, width, 1);
    for (int column = 0; column < part.width; column++) {
        struct cell *cell = canvas_at(part.canvas, part.x + column, part.y);
        if (part.height > 0 && cell != NULL)
            cell->style = (uint16_t)(cell->style | flags);
    }
}

/* ---- wrapping ---- */

/* Bytes of the first line of TEXT within WIDTH; *RET_SKIP more (the space) end it. */
static size_t line_bytes(const char *text, int width, size_t *ret_skip)
{
    size_t at = 0, word_end = 0;
    int cells = 0;
    *ret_skip = 0;
    while (text[at] != '\0' && text[at] != '\n') {
        uint32_t code;
        const size_t used = text_decode(text + at, strnlen(text + at, 4), &code);
        const int more = (int)text_code_cells(code);
        if (code == ' ')
            word_end = at;
        if (cells + more > width) {
            if (word_end == 0)
                return at > 0 ? at : used;
            *ret_skip = 1;
            return word_end;
        }
        cells += more;
        at += used;
    }
    *ret_skip = text[at] == '\n';
    return at;
}

int pane_wrap(struct pane pane, int y, uint16_t style, const char *text)
{
    int rows = 0;
    if (pane.width <= 0)
        return 0;
    while (*text != '\0' && rows < CANVAS_MAX) {
        size_t skip, read;
        int last;
        const size_t length = line_bytes(text, pane.width, &skip);
        if (has_row(pane, y + rows))
            put_run(pane, 0, y + rows, pane.width, style, text, length, &read, &last);
        text += length + skip;
        rows++;
    }
    return rows;
}
