/* Whatever is painted, a terminal that believes nobody takes every byte, and shows what
 * the canvas shows. */
#include "base/text.h"
#include "tests/screen/vt.h"
#include "ui/canvas.h"
#include "ui/cell_writer.h"

#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define ROW_BYTES 4096

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static const char *const terms[] = {"xterm-256color", "screen", "linux", "vt100",
                                    "rxvt",           "tmux",   "ansi",  "xterm"};

static int width_of(const uint8_t *bytes)
{
    return bytes[1] % 40 + 1;
}

/* Less and more than terminfo entries say. */
static int height_of(const uint8_t *bytes)
{
    return bytes[1] < 128 ? 5 : 30;
}

/* Just RESIZED, the cursor may have been where nothing is any more. */
static void send(struct cell_writer *writer, struct vt *vt, bool resized)
{
    size_t length;
    const char *bytes = cell_writer_take(writer, &length);
    vt_feed(vt, bytes, length);
    if (resized)
        vt_settle(vt);
    if (vt_problem(vt)[0] == '\0' && vt_misplaced(vt)[0] == '\0' && !vt_is_inside(vt))
        return;
    fprintf(stderr, "%s%s\n", vt_problem(vt), vt_misplaced(vt));
    abort();
}

/* CELL as it should be shown: '?' where the C library would not count as we do. */
static size_t expected(const struct cell *cell, char *ret_text)
{
    uint32_t code;
    text_decode(cell->text, cell->length, &code);
    if (cell->width == 0 || wcwidth((wchar_t)code) == cell->width) {
        memcpy(ret_text, cell->text, cell->length);
        return cell->length;
    }
    memset(ret_text, '?', cell->width);
    return cell->width;
}

static size_t row_of(const struct canvas *canvas, int y, int to, char *ret_row)
{
    size_t length = 0;
    for (int x = 0; x < to; x++)
        length += expected(canvas_cell(canvas, x, y), ret_row + length);
    ret_row[length] = '\0';
    return length;
}

/* On some terminals the last row ends before a wide character that reaches its last cell,
 * or the one before that. */
static bool is_cut(const struct canvas *canvas, int y, const char *shown)
{
    char row[ROW_BYTES];
    const int right = canvas_width(canvas) - 1;
    if (y != canvas_height(canvas) - 1 || right < 1)
        return false;
    const bool at_end = canvas_cell(canvas, right - 1, y)->width == 2;
    const int x = right - (at_end ? 1 : 2);
    if (x < 0 || canvas_cell(canvas, x, y)->width != 2)
        return false;
    char *end = row + row_of(canvas, y, x, row);
    const bool blank = at_end || canvas_cell(canvas, right, y)->text[0] == ' ';
    end += sprintf(end, blank ? "… " : "  ");
    if (!at_end)
        end[expected(canvas_cell(canvas, right, y), end)] = '\0';
    return strcmp(shown, row) == 0;
}

static void compare(const struct canvas *canvas, struct vt *vt, int y)
{
    char row[ROW_BYTES];
    row_of(canvas, y, canvas_width(canvas), row);
    const char *shown = vt_row(vt, y);
    if (strcmp(shown, row) == 0 || is_cut(canvas, y, shown))
        return;
    fprintf(stderr, "row %d is |%s|\ninstead of |%s|\n", y, shown, row);
    abort();
}

/* Texts, each on a row and with a style that its first byte names. */
static void paint(struct canvas *canvas, const char *text, size_t length)
{
    const struct pane pane = pane_of(canvas);
    for (size_t at = 0; at < length; at += strlen(text + at) + 1) {
        const uint8_t where = (uint8_t)text[at];
        pane_text(pane, where % 16 - 4, where / 16 * pane.height / 15,
                  (uint16_t)(where % STYLE_ROLE_COUNT) |
                      (uint16_t)((unsigned)(where & 3) << 8),
                  text + at);
    }
}

static void frames(struct cell_writer *writer, struct vt *vt, const uint8_t *bytes,
                   size_t length)
{
    struct canvas *canvas = canvas_new(width_of(bytes), height_of(bytes), false);
    char *text = calloc(1, length + 1);
    for (size_t at = 2; at < length; at += 64) {
        const size_t part = length - at < 64 ? length - at : 64;
        memcpy(text, bytes + at, part);
        text[part] = '\0';
        if (at % 3 == 0)
            canvas_clear(canvas);
        const bool resized = at % 7 == 1;
        if (resized) {
            canvas_resize(canvas, bytes[at] % 40 + 1, height_of(bytes + at - 1));
            vt_resize(vt, canvas_width(canvas), canvas_height(canvas));
            cell_writer_forget(writer); /* the size may be the same, at last */
        }
        paint(canvas, text, part);
        if (at % 5 == 0) {
            cell_writer_end(writer);
            cell_writer_begin(writer);
        }
        cell_writer_present(writer, canvas);
        send(writer, vt, resized);
        /* The last row of a single column stays blank. */
        const int rows = canvas_height(canvas) - (canvas_width(canvas) == 1);
        for (int y = 0; y < rows; y++)
            compare(canvas, vt, y);
    }
    free(text);
    canvas_free(canvas);
}

/* What a handler of a fatal signal would send at once. */
static void leave_at_once(const struct cell_writer *writer, struct vt *vt)
{
    char bytes[CELL_WRITER_RESTORE_SIZE];
    vt_feed(vt, bytes, cell_writer_restore_bytes(writer, bytes));
    if (vt_problem(vt)[0] == '\0' && vt_modes(vt)[0] == '\0')
        return;
    fprintf(stderr, "at once: %s%s\n", vt_problem(vt), vt_modes(vt));
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct cell_writer *writer;
    if (length < 3 || length > 1024 || setlocale(LC_CTYPE, "C.UTF-8") == NULL)
        return 0;
    const char *term = terms[bytes[0] % (sizeof terms / sizeof *terms)];
    setenv("TERM", term, 1);
    const int width = width_of(bytes), height = height_of(bytes);
    struct vt *vt = vt_new(term, width, height, false);
    if (vt == NULL)
        return 0;
    if (cell_writer_new(width, height, bytes[0] % 16 < 8, &writer) != CELL_WRITER_OK)
        abort();
    send(writer, vt, false);
    frames(writer, vt, bytes, length);
    if ((bytes[0] & 64) != 0) {
        leave_at_once(writer, vt);
    } else {
        cell_writer_end(writer);
        send(writer, vt, false);
    }
    if (vt_modes(vt)[0] != '\0')
        abort();
    cell_writer_free(writer);
    vt_free(vt);
    return 0;
}
