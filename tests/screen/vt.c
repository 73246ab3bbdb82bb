#define NCURSES_WIDECHAR 1
#define NCURSES_NOMACROS 1
#include "vt.h"

#include "base/text.h"
#include "base/text_width.h"

#include <curses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <unistd.h>
#include <wchar.h>

#define SHAPES       256
#define SHAPE_SIZE   24
#define SEQUENCE     80
#define CELL_BYTES   32
#define NUMBERS      16
#define MARKS_MAX    4
#define PROBLEM_SIZE 320
#define TRACE_BYTES  48 /* of what came before a problem */
#define COPY_MAX     (1u << 17)

struct vt_cell {
    char text[CELL_BYTES];
    unsigned char length, width, marks; /* width 0: the right half of the cell before */
};

enum vt_state { VT_GROUND, VT_ESCAPE, VT_UTF8, VT_COPY };

struct vt {
    bool ascii;
    int width, height, x, y;
    int top, bottom; /* the rows that scroll, both among them */
    bool pending;    /* the last column was written: more text would wrap */
    bool wraps;      /* and does: the cursor is on the next row at once */
    bool stays;      /* it would not: what is there is written over */
    int saved_x, saved_y;
    struct vt_cell *last; /* where text was just put: marks go on it */
    bool screen, hidden, paste, mouse;
    struct vt_cell *cells;
    enum vt_state state;
    char sequence[SEQUENCE];
    size_t length, needed;
    bool expects_copy;
    char *copy; /* what comes after ESC ], then its base64 */
    size_t copy_length;
    char shapes[SHAPES][SHAPE_SIZE];
    size_t shape_count;
    bool c0[32];
    char trace[TRACE_BYTES];
    size_t traced;
    char problem[PROBLEM_SIZE], misplaced[PROBLEM_SIZE];
    char *row;
    char modes[64];
};

/* ---- problems ---- */

static void note(struct vt *vt, char problem[PROBLEM_SIZE], const char *what)
{
    size_t used;
    if (problem[0] != '\0')
        return;
    used = (size_t)snprintf(problem, PROBLEM_SIZE, "%s, after ", what);
    const size_t count = vt->traced < TRACE_BYTES ? vt->traced : TRACE_BYTES;
    for (size_t i = 0; i < count; i++) {
        const unsigned char byte =
            (unsigned char)vt->trace[(vt->traced - count + i) % TRACE_BYTES];
        used += (size_t)snprintf(problem + used, PROBLEM_SIZE - used,
                                 byte >= ' ' && byte < 0x7f ? "%c" : "\\x%02x", byte);
    }
}

static void complain(struct vt *vt, const char *what)
{
    note(vt, vt->problem, what);
}

static void misplace(struct vt *vt, const char *what)
{
    note(vt, vt->misplaced, what);
}

/* ---- sequences ---- */

/* "ESC [ ? 25 h" is its own shape, since a mode is what its number says; of other control
 * sequences the shape is all but the numbers; anything else is its own shape. */
static void shape_of(const char *sequence, size_t length, char ret_shape[SHAPE_SIZE])
{
    const char final = sequence[length - 1];
    const bool numbers_count =
        length > 1 && sequence[0] == '[' &&
        (strchr("hlt", final) != NULL || strchr("<=>?", sequence[1]) != NULL);
    size_t used = 0;
    for (size_t i = 0; i < length && used + 1 < SHAPE_SIZE; i++)
        if (sequence[0] != '[' || numbers_count || i == 0 ||
            strchr("0123456789;:", sequence[i]) == NULL)
            ret_shape[used++] = sequence[i];
    ret_shape[used] = '\0';
}

/* Bytes of the sequence that begins after ESC at BYTES; 0: it goes on. */
static size_t sequence_length(const char *bytes, size_t length)
{
    size_t at = 1;
    if (length == 0)
        return 0;
    if (bytes[0] == '[')
        while (at < length && (bytes[at] < 0x40 || bytes[at] > 0x7e))
            at++;
    else
        for (at = 0; at < length && bytes[at] >= 0x20 && bytes[at] <= 0x2f;)
            at++;
    return at < length ? at + 1 : 0;
}

static bool is_known(const struct vt *vt, const char *shape)
{
    for (size_t i = 0; i < vt->shape_count; i++)
        if (strcmp(vt->shapes[i], shape) == 0)
            return true;
    return false;
}

static void allow_shape(struct vt *vt, const char *sequence, size_t length)
{
    char shape[SHAPE_SIZE];
    shape_of(sequence, length, shape);
    if (strchr("]P_^X", shape[0]) == NULL && !is_known(vt, shape) &&
        vt->shape_count < SHAPES)
        strcpy(vt->shapes[vt->shape_count++], shape);
}

/* Every sequence in TEXT, one capability's bytes. */
static void allow(struct vt *vt, const char *text)
{
    while (text != NULL && *text != '\0') {
        const char *padding_end =
            text[0] == '$' && text[1] == '<' ? strchr(text, '>') : NULL;
        if (padding_end != NULL) {
            text = padding_end + 1;
        } else if (*text == '\x1b') {
            const size_t length = sequence_length(text + 1, strlen(text + 1));
            if (length == 0)
                return;
            allow_shape(vt, text + 1, length);
            text += 1 + length;
        } else {
            if ((unsigned char)*text < 0x20)
                vt->c0[(unsigned char)*text] = true;
            text++;
        }
    }
}

/* What a full-screen program needs: nothing that asks, prints, sets keys or names. */
static const char *const capabilities[] = {
    "cup",   "hpa",   "vpa",   "cuu1",  "cuu",   "cud1", "cud",  "cuf1", "cuf",   "cub1",
    "cub",   "home",  "cr",    "ind",   "ri",    "el",   "el1",  "ed",   "clear", "ech",
    "ich",   "ich1",  "dch",   "dch1",  "csr",   "il",   "il1",  "dl",   "dl1",   "smir",
    "rmir",  "smcup", "rmcup", "civis", "cnorm", "sgr0", "op",   "oc",   "setaf", "setab",
    "bold",  "rev",   "smul",  "rmul",  "smso",  "rmso", "dim",  "rep",  "ht",    "cbt",
    "enacs", "rmacs", "smam",  "rmam",  "smkx",  "rmkx", "indn", "rin",  "sc",    "rc"};

static bool learn(struct vt *vt, const char *term)
{
    static const char *const modes[] = {"\x1b[?2004h\x1b[?1000h\x1b[?1006h",
                                        "\x1b[?1006l\x1b[?1000l\x1b[?2004l"};
    int found;
    if (setupterm((char *)(size_t)term, STDERR_FILENO, &found) != OK)
        return false;
    for (size_t i = 0; i < sizeof capabilities / sizeof *capabilities; i++) {
        char *text = tigetstr((char *)(size_t)capabilities[i]);
        if (text == NULL || text == (char *)-1)
            continue;
        for (int a = 0; a <= 16; a += 8) /* colours have up to three forms */
            allow(vt, tparm(text, a, 5, 0, 0, 0, 0, 0, 0, 0));
    }
    char *sgr = tigetstr((char *)(size_t) "sgr");
    for (int i = 0; sgr != NULL && sgr != (char *)-1 && i < 9; i++)
        allow(vt,
              tparm(sgr, i == 0, i == 1, i == 2, i == 3, i == 4, i == 5, i == 6, 0, 0));
    if (strncmp(term, "vt", 2) != 0 && strcmp(term, "linux") != 0)
        for (size_t i = 0; i < 2; i++)
            allow(vt, modes[i]);
    vt->wraps =
        tigetflag((char *)(size_t) "am") > 0 && tigetflag((char *)(size_t) "xenl") <= 0;
    del_curterm(cur_term);
    return true;
}

/* ---- cells ---- */

static struct vt_cell *cell_at(struct vt *vt, int x, int y)
{
    return &vt->cells[y * vt->width + x];
}

static void blank(struct vt *vt, int x, int y, int count)
{
    for (; count > 0 && x < vt->width; x++, count--)
        *cell_at(vt, x, y) = (struct vt_cell){.text = " ", .length = 1, .width = 1};
}

static void blank_rows(struct vt *vt, int from, int to)
{
    for (int y = from; y < to; y++)
        blank(vt, 0, y, vt->width);
}

static void move_to(struct vt *vt, int x, int y)
{
    vt->pending = false;
    vt->last = NULL;
    if (x < 0 || y < 0 || x >= vt->width || y >= vt->height)
        misplace(vt, "the cursor leaves the screen");
    else {
        vt->x = x;
        vt->y = y;
    }
}

static void add_mark(struct vt *vt, const char *text, size_t length)
{
    struct vt_cell *cell = vt->last;
    if (cell == NULL || ++cell->marks > MARKS_MAX ||
        length > (size_t)(CELL_BYTES - cell->length)) {
        complain(vt, "a combining mark too many");
        return;
    }
    memcpy(cell->text + cell->length, text, length);
    cell->length = (unsigned char)(cell->length + length);
}

/* What stood under the other half of a wide character is gone with it. */
static void cut_halves(struct vt *vt, int x)
{
    if (cell_at(vt, x, vt->y)->width == 0 && x > 0)
        blank(vt, x - 1, vt->y, 1);
    if (x + 1 < vt->width && cell_at(vt, x, vt->y)->width == 2)
        blank(vt, x + 1, vt->y, 1);
}

static void put(struct vt *vt, const char *text, size_t length, int cells)
{
    if ((vt->pending && !vt->stays) || vt->x + cells > vt->width) {
        misplace(vt, "text past the right edge");
        return;
    }
    for (int i = 0; i < cells; i++) {
        cut_halves(vt, vt->x + i);
        struct vt_cell *cell = cell_at(vt, vt->x + i, vt->y);
        memcpy(cell->text, text, length);
        cell->length = (unsigned char)(i == 0 ? length : 0);
        cell->width = (unsigned char)(i == 0 ? cells : 0);
        cell->marks = 0;
    }
    struct vt_cell *last = cell_at(vt, vt->x, vt->y);
    vt->pending = vt->x + cells == vt->width;
    if (vt->pending && vt->wraps)
        move_to(vt, 0, vt->y + 1);
    else
        vt->x += vt->pending ? cells - 1 : cells;
    vt->last = last;
}

static void put_code(struct vt *vt, const char *text, size_t length)
{
    uint32_t code;
    if (text_decode(text, length, &code) != length) {
        complain(vt, "bytes that are no UTF-8");
        return;
    }
    const enum text_class class = text_class(code);
    const int cells = wcwidth((wchar_t)code);
    if (class == TEXT_CLASS_CONTROL || class == TEXT_CLASS_HIDDEN || cells < 0)
        complain(vt, "a character that is not to be seen");
    else if (cells == 0)
        add_mark(vt, text, length);
    else
        put(vt, text, length, cells);
}

/* Nothing of a wide character is left that has one half before column X and one there. */
static void part(struct vt *vt, int x)
{
    if (x > 0 && x < vt->width && cell_at(vt, x, vt->y)->width == 0)
        blank(vt, x - 1, vt->y, 2);
}

/* Room for COUNT cells at the cursor (+), or as many gone (-). */
static void shift(struct vt *vt, int count)
{
    const int x = vt->x, rest = vt->width - x;
    struct vt_cell *row = cell_at(vt, 0, vt->y);
    if (count > rest || -count > rest)
        count = count > 0 ? rest : -rest;
    part(vt, x);
    part(vt, count > 0 ? vt->width - count : x - count);
    if (count > 0) {
        memmove(row + x + count, row + x, (size_t)(rest - count) * sizeof *row);
        blank(vt, x, vt->y, count);
    } else {
        memmove(row + x, row + x - count, (size_t)(rest + count) * sizeof *row);
        blank(vt, vt->width + count, vt->y, -count);
    }
}

/* Rows from FROM to the last that scrolls move down by COUNT (+) or up (-). */
static void scroll_rows(struct vt *vt, int from, int count)
{
    const int rows = vt->bottom - from + 1;
    const size_t row = (size_t)vt->width * sizeof *vt->cells;
    if (from < vt->top || rows < 1) {
        misplace(vt, "rows are moved that do not scroll");
        return;
    }
    count = count > rows ? rows : count < -rows ? -rows : count;
    const size_t rest = (size_t)(rows - (count > 0 ? count : -count));
    if (count > 0) {
        memmove(cell_at(vt, 0, from + count), cell_at(vt, 0, from), rest * row);
        blank_rows(vt, from, from + count);
    } else {
        memmove(cell_at(vt, 0, from), cell_at(vt, 0, from - count), rest * row);
        blank_rows(vt, vt->bottom + 1 + count, vt->bottom + 1);
    }
}

static void line_feed(struct vt *vt)
{
    if (vt->y == vt->bottom)
        scroll_rows(vt, vt->top, -1);
    else
        move_to(vt, vt->x, vt->y + 1);
}

static void reverse_line_feed(struct vt *vt)
{
    if (vt->y == vt->top)
        scroll_rows(vt, vt->top, 1);
    else
        move_to(vt, vt->x, vt->y - 1);
}

static void set_region(struct vt *vt, int first, int last)
{
    last = last > 0 && last < vt->height ? last : vt->height;
    if (first > last) {
        misplace(vt, "rows that scroll and are not there");
        return;
    }
    vt->top = first - 1;
    vt->bottom = last - 1;
    move_to(vt, 0, 0);
}

/* ---- what sequences do ---- */

static int read_numbers(const char *text, size_t length, int numbers[NUMBERS])
{
    int count = 0;
    memset(numbers, 0, NUMBERS * sizeof *numbers);
    for (size_t i = 0; i < length && count < NUMBERS; i++) {
        if (text[i] >= '0' && text[i] <= '9') {
            if (numbers[count] < 1000000)
                numbers[count] = numbers[count] * 10 + (text[i] - '0');
        } else {
            count++;
        }
    }
    return count < NUMBERS ? count + 1 : NUMBERS;
}

/* Only looks that exist. */
static void check_look(struct vt *vt, const int *numbers, int count)
{
    for (int i = 0; i < count; i++) {
        const int number = numbers[i];
        if ((number == 38 || number == 48) && i + 2 < count && numbers[i + 1] == 5 &&
            numbers[i + 2] < 256)
            i += 2;
        else if ((number == 38 || number == 48) && i + 4 < count && numbers[i + 1] == 2)
            i = count; /* the rest are shades */
        else if (number > 107 || (number > 49 && number < 90) || number == 8)
            complain(vt, "a look that nobody asked for");
    }
}

static void set_modes(struct vt *vt, const char *sequence, bool on)
{
    if (strncmp(sequence, "[?1049", 6) == 0 || strncmp(sequence, "[?47", 4) == 0 ||
        strncmp(sequence, "[?1047", 6) == 0) {
        vt->screen = on;
        if (on)
            blank_rows(vt, 0, vt->height);
    } else if (strncmp(sequence, on ? "[?7h" : "[?7l", 4) == 0) {
        vt->stays = !on;
    } else if (strncmp(sequence, "[?25", 4) == 0 && sequence[4] != '0') {
        vt->hidden = !on;
    } else if (strncmp(sequence, "[?2004", 6) == 0) {
        vt->paste = on;
    } else if (strncmp(sequence, "[?1000", 6) == 0) {
        vt->mouse = on;
    }
}

static void erase_display(struct vt *vt, int how)
{
    if (how == 2) {
        blank_rows(vt, 0, vt->height);
    } else if (how == 0) {
        blank(vt, vt->x, vt->y, vt->width - vt->x);
        blank_rows(vt, vt->y + 1, vt->height);
    } else {
        complain(vt, "a way to erase that is not known here");
    }
}

static void erase_line(struct vt *vt, int how)
{
    if (how == 0)
        blank(vt, vt->x, vt->y, vt->width - vt->x);
    else if (how == 1)
        blank(vt, 0, vt->y, vt->x + 1);
    else
        blank(vt, 0, vt->y, vt->width);
}

static void repeat(struct vt *vt, int count)
{
    const int before = vt->pending ? vt->x : vt->x - 1;
    if (before < 0) {
        complain(vt, "nothing to repeat");
        return;
    }
    const struct vt_cell cell = *cell_at(vt, before, vt->y);
    for (int i = 0; i < count && vt->misplaced[0] == '\0'; i++)
        put(vt, cell.text, cell.length, cell.width);
}

/* Whether it could: FINAL moves the cursor. */
static bool move_by(struct vt *vt, char final, int first, int second)
{
    switch (final) {
    case 'A':
        move_to(vt, vt->x, vt->y - first);
        return true;
    case 'B':
        if (vt->y <= vt->bottom && vt->y + first > vt->bottom)
            misplace(vt, "the cursor stays in the rows that scroll");
        move_to(vt, vt->x, vt->y + first);
        return true;
    case 'C':
        move_to(vt, vt->x + first, vt->y);
        return true;
    case 'D':
        move_to(vt, vt->x - first, vt->y);
        return true;
    case 'G':
    case '`':
        move_to(vt, first - 1, vt->y);
        return true;
    case 'd':
        move_to(vt, vt->x, first - 1);
        return true;
    case 'H':
    case 'f':
        move_to(vt, second - 1, first - 1);
        return true;
    case 'Z':
        move_to(vt, vt->x > first * 8 ? (vt->x - first * 8 + 7) / 8 * 8 : 0, vt->y);
        return true;
    default:
        return false;
    }
}

static void on_control(struct vt *vt, const char *sequence, size_t length)
{
    int numbers[NUMBERS];
    const char final = sequence[length - 1];
    const int count = read_numbers(sequence + 1, length - 2, numbers);
    const int first = numbers[0] > 0 ? numbers[0] : 1;
    if (final == 'h' || final == 'l') {
        set_modes(vt, sequence, final == 'h');
        return;
    }
    if (move_by(vt, final, first, numbers[1] > 0 ? numbers[1] : 1))
        return;
    vt->pending = vt->pending && (final == 'm' || final == 'b');
    if (final == 'm')
        check_look(vt, numbers, count);
    else if (final == 'J')
        erase_display(vt, numbers[0]);
    else if (final == 'K')
        erase_line(vt, numbers[0]);
    else if (final == 'X')
        blank(vt, vt->x, vt->y, first);
    else if (final == '@' || final == 'P')
        shift(vt, final == '@' ? first : -first);
    else if (final == 'b')
        repeat(vt, first);
    else if (final == 'r')
        set_region(vt, first, numbers[1]);
    else if (final == 'L' || final == 'M')
        scroll_rows(vt, vt->y, final == 'L' ? first : -first);
    else if (final == 'S' || final == 'T')
        scroll_rows(vt, vt->top, final == 'T' ? first : -first);
    else if (final != 't' && final != 'c')
        complain(vt, "a sequence that is not known here");
}

static void remember_cursor(struct vt *vt)
{
    vt->saved_x = vt->x;
    vt->saved_y = vt->y;
}

static void on_sequence(struct vt *vt)
{
    char shape[SHAPE_SIZE];
    shape_of(vt->sequence, vt->length, shape);
    vt->state = VT_GROUND;
    if (!is_known(vt, shape))
        complain(vt, "a sequence that its terminfo entry does not have");
    else if (shape[0] == '[')
        on_control(vt, vt->sequence, vt->length);
    else if (shape[0] == 'M')
        reverse_line_feed(vt);
    else if (shape[0] == '7')
        remember_cursor(vt);
    else if (shape[0] == '8')
        move_to(vt, vt->saved_x, vt->saved_y);
}

/* ---- the clipboard ---- */

static bool is_base64(const char *text, size_t length)
{
    size_t end = length;
    while (end > 0 && length - end < 2 && text[end - 1] == '=')
        end--;
    for (size_t i = 0; i < end; i++)
        if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
                   text[i]) == NULL)
            return false;
    return end > 0 && length % 4 == 0;
}

/* "52;c;" and base64, to BEL: no other OSC is let in, and this one only when it was asked
 * for. */
static void on_copy(struct vt *vt, char byte)
{
    static const char begin[] = "52;c;";
    const size_t head = sizeof begin - 1;
    if (byte != '\a') {
        if (byte < 0x20 || vt->copy_length + 1 >= COPY_MAX) {
            complain(vt, "a clipboard's text without an end");
            vt->state = VT_GROUND;
        } else {
            vt->copy[vt->copy_length++] = byte;
        }
        return;
    }
    vt->state = VT_GROUND;
    vt->copy[vt->copy_length] = '\0';
    if (vt->copy_length < head || memcmp(vt->copy, begin, head) != 0 ||
        !is_base64(vt->copy + head, vt->copy_length - head)) {
        complain(vt, "an OSC that is not known here");
        return;
    }
    memmove(vt->copy, vt->copy + head, vt->copy_length - head + 1);
}

static bool begin_copy(struct vt *vt)
{
    if (!vt->expects_copy || vt->state != VT_ESCAPE || vt->sequence[0] != ']')
        return false;
    vt->expects_copy = false;
    vt->state = VT_COPY;
    vt->copy_length = 0;
    return true;
}

/* ---- bytes ---- */

static void on_c0(struct vt *vt, char byte)
{
    if (!vt->c0[(unsigned char)byte] && byte != '\r' && byte != '\n' && byte != '\b') {
        complain(vt, "a control character");
        return;
    }
    if (byte == '\r')
        move_to(vt, 0, vt->y);
    else if (byte == '\n')
        line_feed(vt);
    else if (byte == '\b')
        move_to(vt, vt->x - 1, vt->y);
    else if (byte == '\t')
        move_to(vt, vt->x / 8 * 8 + 8, vt->y);
}

static void on_ground(struct vt *vt, char byte)
{
    const unsigned char code = (unsigned char)byte;
    vt->length = 0;
    if (byte == '\x1b') {
        vt->state = VT_ESCAPE;
    } else if (code < 0x20) {
        on_c0(vt, byte);
    } else if (code < 0x80) {
        put_code(vt, &byte, 1);
    } else if (vt->ascii || code < 0xc2 || code > 0xf4) {
        complain(vt, vt->ascii ? "bytes that are no ASCII" : "bytes that are no UTF-8");
    } else {
        vt->state = VT_UTF8;
        vt->needed = code < 0xe0 ? 2 : code < 0xf0 ? 3 : 4;
        vt->sequence[vt->length++] = byte;
    }
}

static void on_byte(struct vt *vt, char byte)
{
    if (vt->state == VT_GROUND) {
        on_ground(vt, byte);
    } else if (vt->state == VT_COPY) {
        on_copy(vt, byte);
    } else if (vt->length == SEQUENCE || (vt->state == VT_ESCAPE && byte < 0x20)) {
        complain(vt, "a sequence without an end");
        vt->state = VT_GROUND;
    } else {
        vt->sequence[vt->length++] = byte;
        if (begin_copy(vt))
            return;
        if (vt->state == VT_ESCAPE && sequence_length(vt->sequence, vt->length) > 0) {
            on_sequence(vt);
        } else if (vt->state == VT_UTF8 && vt->length == vt->needed) {
            vt->state = VT_GROUND;
            put_code(vt, vt->sequence, vt->length);
        }
    }
}

void vt_feed(struct vt *vt, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        vt->trace[vt->traced++ % TRACE_BYTES] = bytes[i];
        on_byte(vt, bytes[i]);
    }
}

/* ---- life ---- */

void vt_resize(struct vt *vt, int width, int height)
{
    free(vt->cells);
    free(vt->row);
    vt->width = width;
    vt->height = height;
    vt->cells = calloc((size_t)width * (size_t)height, sizeof *vt->cells);
    vt->row = malloc((size_t)width * CELL_BYTES + 1);
    if (vt->cells == NULL || vt->row == NULL)
        abort();
    blank_rows(vt, 0, height);
    vt->x = vt->y = vt->top = 0;
    vt->saved_x = vt->saved_y = 0;
    vt->bottom = height - 1;
    vt->pending = false;
    vt->last = NULL;
}

struct vt *vt_new(const char *term, int width, int height, bool ascii)
{
    struct vt *vt = calloc(1, sizeof *vt);
    if (vt == NULL)
        abort();
    vt->ascii = ascii;
    vt->copy = calloc(1, COPY_MAX);
    if (vt->copy == NULL)
        abort();
    vt_resize(vt, width, height);
    if (learn(vt, term))
        return vt;
    vt_free(vt);
    return NULL;
}

void vt_free(struct vt *vt)
{
    if (vt == NULL)
        return;
    free(vt->cells);
    free(vt->row);
    free(vt->copy);
    free(vt);
}

const char *vt_problem(const struct vt *vt)
{
    return vt->problem;
}

const char *vt_misplaced(const struct vt *vt)
{
    return vt->misplaced;
}

void vt_settle(struct vt *vt)
{
    vt->misplaced[0] = '\0';
}

void vt_expect_copy(struct vt *vt)
{
    vt->expects_copy = true;
    vt->copy[0] = '\0';
}

const char *vt_copied(const struct vt *vt)
{
    return vt->state == VT_COPY ? "" : vt->copy;
}

bool vt_is_inside(const struct vt *vt)
{
    return vt->state != VT_GROUND;
}

const char *vt_row(struct vt *vt, int y)
{
    size_t used = 0;
    for (int x = 0; x < vt->width; x++) {
        const struct vt_cell *cell = cell_at(vt, x, y);
        memcpy(vt->row + used, cell->text, cell->length);
        used += cell->length;
    }
    vt->row[used] = '\0';
    return vt->row;
}

const char *vt_modes(struct vt *vt)
{
    snprintf(vt->modes, sizeof vt->modes, "%s%s%s%s", vt->screen ? "screen " : "",
             vt->hidden ? "cursor " : "", vt->paste ? "paste " : "",
             vt->mouse ? "mouse " : "");
    return vt->modes;
}
