#include "ui/canvas.h"

#include "ui/canvas_private.h"

#include <stdlib.h>
#include <string.h>

struct canvas {
    int width, height;
    int caret_x, caret_y;
    bool ascii;
    struct cell *cells;
};

static int clamp_size(int size)
{
    return size < 0 ? 0 : size > CANVAS_MAX ? CANVAS_MAX : size;
}

struct canvas *canvas_new(int width, int height, bool ascii)
{
    struct canvas *canvas = calloc(1, sizeof *canvas);
    if (canvas == NULL)
        return NULL;
    canvas->ascii = ascii;
    if (!canvas_resize(canvas, width, height)) {
        free(canvas);
        return NULL;
    }
    return canvas;
}

void canvas_set_ascii(struct canvas *canvas, bool ascii)
{
    canvas->ascii = ascii;
}

void canvas_free(struct canvas *canvas)
{
    if (canvas == NULL)
        return;
    free(canvas->cells);
    free(canvas);
}

bool canvas_resize(struct canvas *canvas, int width, int height)
{
    width = clamp_size(width);
    height = clamp_size(height);
    struct cell *cells = calloc((size_t)width * (size_t)height + 1, sizeof *cells);
    if (cells == NULL)
        return false;
    free(canvas->cells);
    canvas->cells = cells;
    canvas->width = width;
    canvas->height = height;
    canvas_clear(canvas);
    return true;
}

void canvas_clear(struct canvas *canvas)
{
    const size_t count = (size_t)canvas->width * (size_t)canvas->height;
    for (size_t i = 0; i < count; i++)
        canvas->cells[i] = (struct cell){.text = " ", .length = 1, .width = 1};
    canvas->caret_x = canvas->caret_y = -1;
}

void canvas_copy(struct canvas *canvas, const struct canvas *from)
{
    memcpy(canvas->cells, from->cells,
           (size_t)canvas->width * (size_t)canvas->height * sizeof *canvas->cells);
    canvas->caret_x = from->caret_x;
    canvas->caret_y = from->caret_y;
}

int canvas_width(const struct canvas *canvas)
{
    return canvas->width;
}

int canvas_height(const struct canvas *canvas)
{
    return canvas->height;
}

bool canvas_is_ascii(const struct canvas *canvas)
{
    return canvas->ascii;
}

static bool is_inside(const struct canvas *canvas, int x, int y)
{
    return x >= 0 && y >= 0 && x < canvas->width && y < canvas->height;
}

struct cell *canvas_at(struct canvas *canvas, int x, int y)
{
    return is_inside(canvas, x, y) ? &canvas->cells[y * canvas->width + x] : NULL;
}

const struct cell *canvas_cell(const struct canvas *canvas, int x, int y)
{
    return is_inside(canvas, x, y) ? &canvas->cells[y * canvas->width + x] : NULL;
}

bool cell_equal(const struct cell *a, const struct cell *b)
{
    return a->length == b->length && a->width == b->width && a->style == b->style &&
           memcmp(a->text, b->text, a->length) == 0;
}

static void blank(struct cell *cell)
{
    cell->text[0] = ' ';
    cell->length = 1;
    cell->width = 1;
}

/* The cell at X is about to be overwritten: its other half, if any, cannot stay. */
static void free_halves(struct canvas *canvas, int x, int y)
{
    struct cell *cell = canvas_at(canvas, x, y);
    if (cell->width == 0)
        blank(canvas_at(canvas, x - 1, y));
    else if (cell->width == 2)
        blank(canvas_at(canvas, x + 1, y));
}

void canvas_put(struct canvas *canvas, int x, int y, uint16_t style, const char *text,
                size_t length, int cells)
{
    if (!is_inside(canvas, x, y) || !is_inside(canvas, x + cells - 1, y) ||
        length > CANVAS_CELL_BYTES)
        return;
    free_halves(canvas, x, y);
    if (cells == 2)
        free_halves(canvas, x + 1, y);
    struct cell *cell = canvas_at(canvas, x, y);
    memcpy(cell->text, text, length);
    cell->length = (uint8_t)length;
    cell->width = (uint8_t)cells;
    cell->style = style;
    if (cells == 2) {
        struct cell *right = canvas_at(canvas, x + 1, y);
        right->length = 0;
        right->width = 0;
        right->style = style;
    }
}

void canvas_add_mark(struct canvas *canvas, int x, int y, const char *text, size_t length)
{
    struct cell *cell = canvas_at(canvas, x - 1, y);
    if (cell != NULL && cell->width == 0)
        cell = canvas_at(canvas, x - 2, y);
    if (cell == NULL)
        return;
    unsigned marks = 0;
    for (uint8_t i = 0; i < cell->length; i++)
        marks += ((uint8_t)cell->text[i] & 0xc0) != 0x80;
    if (marks > 4 || length > (size_t)(CANVAS_CELL_BYTES - cell->length))
        return;
    memcpy(cell->text + cell->length, text, length);
    cell->length = (uint8_t)(cell->length + length);
}

size_t canvas_row_text(const struct canvas *canvas, int y, char *ret_text, size_t size)
{
    size_t used = 0, end = 0;
    if (size == 0)
        return 0;
    for (int x = 0; x < canvas->width; x++) {
        const struct cell *cell = canvas_cell(canvas, x, y);
        if (cell == NULL || cell->length >= size - used)
            break;
        memcpy(ret_text + used, cell->text, cell->length);
        used += cell->length;
        if (cell->length > 1 || (cell->length == 1 && cell->text[0] != ' '))
            end = used;
    }
    ret_text[end] = '\0';
    return end;
}

void canvas_set_caret(struct canvas *canvas, int x, int y)
{
    const bool inside = is_inside(canvas, x, y);
    canvas->caret_x = inside ? x : -1;
    canvas->caret_y = inside ? y : -1;
}

void canvas_get_caret(const struct canvas *canvas, int *ret_x, int *ret_y)
{
    *ret_x = canvas->caret_x;
    *ret_y = canvas->caret_y;
}
