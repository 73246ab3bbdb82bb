/* Everything in ui/: what is painted, what keys mean; no terminal needed. */
#include "tests/unit/ui/check_ui.h"

#include "base/text.h"
#include "base/text_width.h"

#include <stdlib.h>

static void check_cell(const struct cell *cell)
{
    unsigned marks = 0;
    for (size_t at = 0; at < cell->length;) {
        uint32_t code;
        at += text_decode(cell->text + at, cell->length - at, &code);
        const enum text_class class = text_class(code);
        ck_assert(class != TEXT_CLASS_CONTROL && class != TEXT_CLASS_HIDDEN);
        if (class == TEXT_CLASS_COMBINING)
            marks++;
        else
            ck_assert_uint_eq(text_code_cells(code), cell->width);
    }
    ck_assert_uint_le(marks, 4);
}

void check_rows(const struct canvas *canvas)
{
    for (int y = 0; y < canvas_height(canvas); y++) {
        int width = 0;
        for (int x = 0; x < canvas_width(canvas); x++) {
            const struct cell *cell = canvas_cell(canvas, x, y);
            const struct cell *before = canvas_cell(canvas, x - 1, y);
            ck_assert_int_eq(cell->width == 0, before != NULL && before->width == 2);
            width += cell->width;
            check_cell(cell);
        }
        ck_assert_int_eq(width, canvas_width(canvas));
    }
}

const char *row_text(const struct canvas *canvas, int y)
{
    static char text[CANVAS_MAX * CANVAS_CELL_BYTES + 1];
    canvas_row_text(canvas, y, text, sizeof text);
    return text;
}

int main(void)
{
    SRunner *runner = srunner_create(test_canvas_suite());
    srunner_add_suite(runner, test_graph_suite());
    srunner_add_suite(runner, test_keymap_suite());
    srunner_add_suite(runner, test_table_suite());
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
