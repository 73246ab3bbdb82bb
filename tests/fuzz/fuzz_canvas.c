/* Whatever is painted wherever, every row is as wide as the canvas. */
#include "base/text.h"
#include "base/text_width.h"
#include "ui/canvas.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check_cell(const struct cell *cell)
{
    unsigned marks = 0;
    for (size_t at = 0; at < cell->length;) {
        uint32_t code;
        at += text_decode(cell->text + at, cell->length - at, &code);
        const enum text_class class = text_class(code);
        if (class == TEXT_CLASS_CONTROL || class == TEXT_CLASS_HIDDEN ||
            (class == TEXT_CLASS_COMBINING && ++marks > 4))
            abort();
    }
}

static void check(const struct canvas *canvas)
{
    for (int y = 0; y < canvas_height(canvas); y++) {
        int width = 0;
        for (int x = 0; x < canvas_width(canvas); x++) {
            const struct cell *cell = canvas_cell(canvas, x, y);
            const struct cell *before = canvas_cell(canvas, x - 1, y);
            if ((cell->width == 0) != (before != NULL && before->width == 2))
                abort();
            width += cell->width;
            check_cell(cell);
        }
        if (width != canvas_width(canvas))
            abort();
    }
}

/* What can be read of a row, in whatever room, is a clean beginning of what it shows. */
static void check_rows(const struct canvas *canvas, size_t size)
{
    char whole[4096], part[4096];
    for (int y = 0; y < canvas_height(canvas); y++) {
        const size_t length = canvas_row_text(canvas, y, whole, sizeof whole);
        const size_t used = canvas_row_text(canvas, y, part, size);
        if (size == 0 && used == 0)
            continue;
        if (used >= size || strlen(part) != used || used > length ||
            memcmp(whole, part, used) != 0 || !text_is_valid_utf8(part, used))
            abort();
    }
}

static void check_copy(const struct canvas *canvas, bool ascii)
{
    const int width = canvas_width(canvas), height = canvas_height(canvas);
    struct canvas *copy = canvas_new(1, 1, ascii);
    if (copy == NULL || !canvas_resize(copy, width, height))
        abort();
    canvas_copy(copy, canvas);
    for (int i = 0; i < width * height; i++)
        if (!cell_equal(canvas_cell(copy, i % width, i / width),
                        canvas_cell(canvas, i % width, i / width)))
            abort();
    canvas_free(copy);
}

static void check_caret(struct canvas *canvas, int x, int y)
{
    canvas_set_caret(canvas, x, y);
    canvas_get_caret(canvas, &x, &y);
    if ((x != -1 || y != -1) && canvas_cell(canvas, x, y) == NULL)
        abort();
}

/* The first bytes say where; texts are what stands between zeros. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (length < 2 || length > 4096)
        return 0;
    char *text = malloc(length + 1);
    if (text == NULL)
        return 0;
    memcpy(text, bytes, length);
    text[length] = '\0';
    struct canvas *canvas = canvas_new(bytes[0] % 40, 3, bytes[1] % 2 == 1);
    for (size_t at = 2; at < length; at += strlen(text + at) + 1) {
        const int x = (int8_t)text[at] % 45, y = (int)(at % 3);
        const struct pane pane = pane_part(pane_of(canvas), at % 2 ? 0 : x / 2, 0, 30, 3);
        const int used = pane_text(pane, x, y, STYLE_NORMAL, text + at);
        if (used < 0 || (x >= 0 && used > pane.width))
            abort();
        check(canvas);
        pane_wrap(pane, 0, STYLE_NORMAL, text + at);
        pane_text_right(pane, 2, STYLE_NORMAL, text + at);
        check(canvas);
        check_caret(canvas, x, y - 1);
    }
    check_rows(canvas, bytes[1] / 2u);
    check_copy(canvas, bytes[1] % 2 == 1);
    canvas_free(canvas);
    free(text);
    return 0;
}
