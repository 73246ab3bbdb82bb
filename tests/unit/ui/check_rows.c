#include "tests/unit/ui/check_ui.h"

#include "base/text.h"
#include "base/text_width.h"

/* Check notes every assertion in a file: one a row, not one a cell. */
static bool cell_is_sound(const struct cell *cell)
{
    unsigned marks = 0;
    for (size_t at = 0; at < cell->length;) {
        uint32_t code;
        at += text_decode(cell->text + at, cell->length - at, &code);
        const enum text_class class = text_class(code);
        if (class == TEXT_CLASS_CONTROL || class == TEXT_CLASS_HIDDEN)
            return false;
        if (class == TEXT_CLASS_COMBINING)
            marks++;
        else if (text_code_cells(code) != cell->width)
            return false;
    }
    return marks <= 4;
}

void check_rows(const struct canvas *canvas)
{
    for (int y = 0; y < canvas_height(canvas); y++) {
        int width = 0;
        bool sound = true;
        for (int x = 0; x < canvas_width(canvas); x++) {
            const struct cell *cell = canvas_cell(canvas, x, y);
            const struct cell *before = canvas_cell(canvas, x - 1, y);
            sound &= (cell->width == 0) == (before != NULL && before->width == 2) &&
                     cell_is_sound(cell);
            width += cell->width;
        }
        if (!sound)
            ck_abort_msg("row %d holds a broken cell: %s", y, row_text(canvas, y));
        ck_assert_int_eq(width, canvas_width(canvas));
    }
}

const char *row_text(const struct canvas *canvas, int y)
{
    static char text[CANVAS_MAX * CANVAS_CELL_BYTES + 1];
    canvas_row_text(canvas, y, text, sizeof text);
    return text;
}
