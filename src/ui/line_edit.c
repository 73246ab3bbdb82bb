#include "ui/line_edit.h"

#include "base/text.h"
#include "base/text_width.h"

#include <stdlib.h>
#include <string.h>

/* ---- history ---- */

void line_history_add(struct line_history *history, const char *line)
{
    if (line[0] == '\0' ||
        (history->count > 0 && strcmp(history->lines[history->count - 1], line) == 0))
        return;
    char *copy = strdup(line);
    if (copy == NULL)
        return;
    if (history->count == LINE_EDIT_HISTORY) {
        free(history->lines[0]);
        memmove(history->lines, history->lines + 1,
                (LINE_EDIT_HISTORY - 1) * sizeof *history->lines);
        history->count--;
    }
    history->lines[history->count++] = copy;
}

void line_history_done(struct line_history *history)
{
    for (size_t i = 0; i < history->count; i++)
        free(history->lines[i]);
    history->count = 0;
}

/* ---- the text ---- */

void line_edit_init(struct line_edit *edit, const char *text,
                    struct line_history *history)
{
    memset(edit, 0, sizeof *edit);
    edit->history = history;
    edit->history_at = history != NULL ? history->count : 0;
    line_edit_set(edit, text != NULL ? text : "");
}

void line_edit_set(struct line_edit *edit, const char *text)
{
    edit->length = edit->cursor = 0;
    edit->text[0] = '\0';
    line_edit_insert(edit, text, strlen(text));
}

static bool insert_code(struct line_edit *edit, uint32_t code)
{
    char bytes[4];
    const size_t length = text_encode(code, bytes);
    if (length >= LINE_EDIT_SIZE - edit->length)
        return false;
    memmove(edit->text + edit->cursor + length, edit->text + edit->cursor,
            edit->length - edit->cursor + 1);
    memcpy(edit->text + edit->cursor, bytes, length);
    edit->cursor += length;
    edit->length += length;
    return true;
}

void line_edit_insert(struct line_edit *edit, const char *bytes, size_t length)
{
    for (size_t at = 0; at < length;) {
        uint32_t code;
        at += text_decode(bytes + at, length - at, &code);
        const enum text_class class = text_class(code);
        if (code == '\n' || code == '\r' || code == '\t')
            code = ' ';
        else if (class == TEXT_CLASS_CONTROL || class == TEXT_CLASS_HIDDEN ||
                 code == 0xfffd)
            continue;
        if (!insert_code(edit, code))
            return;
    }
}

/* Where the character before AT begins, its combining marks with it. */
static size_t before(const struct line_edit *edit, size_t at)
{
    uint32_t code = 0;
    while (at > 0) {
        do
            at--;
        while (at > 0 && ((uint8_t)edit->text[at] & 0xc0) == 0x80);
        text_decode(edit->text + at, edit->length - at, &code);
        if (text_code_cells(code) > 0)
            break;
    }
    return at;
}

static size_t after(const struct line_edit *edit, size_t at)
{
    uint32_t code;
    if (at < edit->length)
        at += text_decode(edit->text + at, edit->length - at, &code);
    while (at < edit->length) {
        const size_t used = text_decode(edit->text + at, edit->length - at, &code);
        if (text_code_cells(code) > 0)
            break;
        at += used;
    }
    return at;
}

/* Words end at spaces and slashes: the parts of a path. */
static bool is_word(char byte)
{
    return byte != ' ' && byte != '/';
}

static size_t word_before(const struct line_edit *edit, size_t at)
{
    while (at > 0 && !is_word(edit->text[at - 1]))
        at--;
    while (at > 0 && is_word(edit->text[at - 1]))
        at--;
    return at;
}

static size_t word_after(const struct line_edit *edit, size_t at)
{
    while (at < edit->length && !is_word(edit->text[at]))
        at++;
    while (at < edit->length && is_word(edit->text[at]))
        at++;
    return at;
}

static void erase(struct line_edit *edit, size_t begin, size_t end, bool keep)
{
    if (begin >= end)
        return;
    if (keep) {
        memcpy(edit->cut, edit->text + begin, end - begin);
        edit->cut[end - begin] = '\0';
    }
    memmove(edit->text + begin, edit->text + end, edit->length - end + 1);
    edit->length -= end - begin;
    edit->cursor = begin;
}

/* ---- keys ---- */

static bool show_history(struct line_edit *edit, int by)
{
    struct line_history *history = edit->history;
    if (history == NULL ||
        (by < 0 ? edit->history_at == 0 : edit->history_at >= history->count))
        return true;
    if (edit->history_at >= history->count)
        memcpy(edit->kept, edit->text, edit->length + 1);
    edit->history_at = by < 0 ? edit->history_at - 1 : edit->history_at + 1;
    line_edit_set(edit, edit->history_at < history->count
                            ? history->lines[edit->history_at]
                            : edit->kept);
    return true;
}

static bool key_moves(struct line_edit *edit, uint32_t key)
{
    switch (key) {
    case KEY_CODE_LEFT:
    case KEY_CONTROL('b'):
        edit->cursor = before(edit, edit->cursor);
        return true;
    case KEY_CODE_RIGHT:
    case KEY_CONTROL('f'):
        edit->cursor = after(edit, edit->cursor);
        return true;
    case KEY_CODE_HOME:
    case KEY_CONTROL('a'):
        edit->cursor = 0;
        return true;
    case KEY_CODE_END:
    case KEY_CONTROL('e'):
        edit->cursor = edit->length;
        return true;
    case KEY_CODE_LEFT | KEY_MOD_CTRL:
    case 'b' | KEY_MOD_ALT:
        edit->cursor = word_before(edit, edit->cursor);
        return true;
    case KEY_CODE_RIGHT | KEY_MOD_CTRL:
    case 'f' | KEY_MOD_ALT:
        edit->cursor = word_after(edit, edit->cursor);
        return true;
    default:
        return false;
    }
}

static bool key_erases(struct line_edit *edit, uint32_t key)
{
    switch (key) {
    case KEY_ERASE:
        erase(edit, before(edit, edit->cursor), edit->cursor, false);
        return true;
    case KEY_CODE_DELETE:
    case KEY_CONTROL('d'):
        erase(edit, edit->cursor, after(edit, edit->cursor), false);
        return true;
    case KEY_CONTROL('u'):
        erase(edit, 0, edit->cursor, true);
        return true;
    case KEY_CONTROL('k'):
        erase(edit, edit->cursor, edit->length, true);
        return true;
    case KEY_CONTROL('w'):
    case KEY_ERASE | KEY_MOD_ALT:
        erase(edit, word_before(edit, edit->cursor), edit->cursor, true);
        return true;
    case 'd' | KEY_MOD_ALT:
        erase(edit, edit->cursor, word_after(edit, edit->cursor), true);
        return true;
    default:
        return false;
    }
}

static bool key_inserts(struct line_edit *edit, uint32_t key)
{
    switch (key) {
    case KEY_CONTROL('y'):
        line_edit_insert(edit, edit->cut, strlen(edit->cut));
        return true;
    case KEY_CODE_UP:
    case KEY_CONTROL('p'):
        return show_history(edit, -1);
    case KEY_CODE_DOWN:
    case KEY_CONTROL('n'):
        return show_history(edit, 1);
    default:
        break;
    }
    char bytes[4];
    if (key < 0x20 || key > 0x10ffff)
        return false;
    line_edit_insert(edit, bytes, text_encode(key, bytes));
    return true;
}

enum line_edit_result line_edit_key(struct line_edit *edit, uint32_t key)
{
    if (key_moves(edit, key))
        return LINE_EDIT_MOVED;
    return key_erases(edit, key) || key_inserts(edit, key) ? LINE_EDIT_CHANGED
                                                           : LINE_EDIT_IGNORED;
}

/* ---- drawing ---- */

static int cells_between(const struct line_edit *edit, size_t begin, size_t end)
{
    int cells = 0;
    while (begin < end) {
        uint32_t code;
        begin += text_decode(edit->text + begin, edit->length - begin, &code);
        cells += (int)text_code_cells(code);
    }
    return cells;
}

void line_edit_draw(const struct line_edit *edit, struct pane pane)
{
    size_t begin = 0;
    if (pane_is_empty(pane))
        return;
    pane_fill(pane_row(pane, 0), STYLE_PROMPT);
    int caret = cells_between(edit, 0, edit->cursor);
    while (caret >= pane.width) {
        const size_t next = after(edit, begin);
        caret -= cells_between(edit, begin, next);
        begin = next;
    }
    pane_text(pane, 0, 0, STYLE_PROMPT, edit->text + begin);
    canvas_set_caret(pane.canvas, pane.x + caret, pane.y);
}
