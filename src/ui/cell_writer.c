#include "ui/cell_writer.h"

#include "base/text.h"
#include "ui/frame_bytes.h"

#include <langinfo.h>
#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <wchar.h>

#define TERM_MAX  100 /* longer names are no names */
#define PAIR_SETS 16  /* of STYLE_ flags */

/* Bracketed paste, and mouse clicks in SGR form: what no terminfo entry of today lists.
 * Only sent to terminals known to take or ignore them. */
#define MODES_ON  "\x1b[?2004h\x1b[?1000h\x1b[?1006h"
#define MODES_OFF "\x1b[?1006l\x1b[?1000l\x1b[?2004l"

struct cell_writer {
    SCREEN *screen;
    struct frame_bytes frame; /* ncurses writes to its file */
    struct canvas *shown;
    enum color_level colors;
    bool modes;          /* MODES_ON is understood */
    bool inserts, wraps; /* see spare_corner */
    bool unicode;
    struct {
        bool known;
        attr_t attributes;
        short pair;
    } looks[PAIR_SETS][STYLE_ROLE_COUNT];
};

const char *cell_writer_take(struct cell_writer *writer, size_t *ret_length)
{
    return frame_bytes_take(&writer->frame, ret_length);
}

/* ---- what the terminal can ---- */

static bool has_text(const char *capability)
{
    return capability != NULL && capability != (const char *)-1 && capability[0] != '\0';
}

static bool takes_modes(const char *term)
{
    static const char *const families[] = {
        "xterm", "tmux", "screen",  "rxvt",    "alacritty", "foot",   "kitty",
        "st",    "vte",  "konsole", "wezterm", "gnome",     "contour"};
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (strncmp(term, families[i], strlen(families[i])) == 0)
            return true;
    return false;
}

static enum color_level level_of(bool wanted)
{
    const int colors = tigetnum("colors");
    if (!wanted || colors < 8 || !has_text(tigetstr("setaf")) || !has_colors())
        return COLOR_LEVEL_NONE;
    if (tigetflag("RGB") > 0 && colors >= 1 << 24)
        return COLOR_LEVEL_TRUE;
    return colors >= 256 ? COLOR_LEVEL_256 : COLOR_LEVEL_8;
}

/* Whether terminals of type TERM are known and can show frames. ncurses is asked for its
 * screen only then: where it refuses one, it leaks it. */
static enum cell_writer_error look_up(const char *term, const struct cell_writer *writer)
{
    int found;
    use_env(FALSE); /* or the entry would seem to have a size */
    if (term == NULL || term[0] == '\0' || strlen(term) > TERM_MAX ||
        setupterm(term, fileno(writer->frame.file), &found) != OK)
        return CELL_WRITER_UNKNOWN;
    const bool able = has_text(tigetstr("cup")) && has_text(tigetstr("clear")) &&
                      tigetflag("hc") <= 0 && tigetflag("gn") <= 0;
    /* The size is told to it later, but an entry without one needs it from somewhere. */
    use_env(tigetnum("lines") <= 0 || tigetnum("cols") <= 0);
    del_curterm(cur_term);
    return able ? CELL_WRITER_OK : CELL_WRITER_DUMB;
}

/* For a terminal that says it has true colour (COLORTERM) the terminfo entry of its
 * family that knows how to use it. */
static const char *best_type(const struct cell_writer *writer, bool colors)
{
    static const char direct[] = "xterm-direct2";
    const char *term = getenv("TERM"), *colorterm = getenv("COLORTERM");
    if (colors && term != NULL && colorterm != NULL && strncmp(term, "xterm", 5) == 0 &&
        (strcmp(colorterm, "truecolor") == 0 || strcmp(colorterm, "24bit") == 0) &&
        look_up(direct, writer) == CELL_WRITER_OK)
        return direct;
    return term;
}

static enum cell_writer_error open_screen(struct cell_writer *writer, bool colors)
{
    const char *term = best_type(writer, colors);
    const enum cell_writer_error error = look_up(term, writer);
    if (error != CELL_WRITER_OK)
        return error;
    writer->screen = newterm(term, writer->frame.file, writer->frame.file);
    if (writer->screen == NULL)
        return CELL_WRITER_UNKNOWN;
    writer->modes = takes_modes(term);
    return CELL_WRITER_OK;
}

/* ncurses takes the rows that scroll, and that relative moves stay in, to be all of them.
 * At the start they are those of the terminfo entry, after a change of size anybody's.
 * The cursor is anywhere then: the next frame must be a whole one. */
static void free_rows(struct cell_writer *writer, int height)
{
    char *csr = tigetstr("csr");
    if (!has_text(csr) || height < 1)
        return;
    const char *bytes = tiparm(csr, 0, height - 1);
    frame_bytes_append(&writer->frame, bytes, strlen(bytes));
}

static void set_colors(struct cell_writer *writer, bool colors)
{
    if (colors && start_color() == OK)
        use_default_colors();
    writer->colors = level_of(colors);
}

static void set_up_screen(struct cell_writer *writer, int width, int height, bool colors)
{
    typeahead(-1);
    nonl();
    noecho();
    curs_set(0);
    set_colors(writer, colors);
    writer->wraps = tigetflag("am") > 0 && tigetflag("xenl") <= 0;
    writer->inserts = tigetflag("am") > 0 &&
                      !(has_text(tigetstr("smam")) && has_text(tigetstr("rmam")));
    resize_term(height > 0 ? height : 1, width > 0 ? width : 1);
}

/* ---- life ---- */

enum cell_writer_error cell_writer_new(int width, int height, bool colors,
                                       struct cell_writer **ret_writer)
{
    struct cell_writer *writer = calloc(1, sizeof *writer);
    enum cell_writer_error error = CELL_WRITER_MEMORY;
    if (writer == NULL)
        return error;
    writer->unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    const bool has_file = frame_bytes_init(&writer->frame);
    writer->shown = canvas_new(width, height, !writer->unicode);
    if (has_file && writer->shown != NULL)
        error = open_screen(writer, colors);
    if (error != CELL_WRITER_OK) {
        cell_writer_free(writer);
        return error;
    }
    set_up_screen(writer, width, height, colors);
    refresh(); /* what it begins with */
    frame_bytes_collect(&writer->frame);
    free_rows(writer, height);
    clearok(curscr, TRUE);
    if (writer->modes)
        frame_bytes_append(&writer->frame, MODES_ON, sizeof MODES_ON - 1);
    *ret_writer = writer;
    return CELL_WRITER_OK;
}

void cell_writer_end(struct cell_writer *writer)
{
    if (writer->modes)
        frame_bytes_append(&writer->frame, MODES_OFF, sizeof MODES_OFF - 1);
    if (!has_text(tigetstr("rmcup"))) { /* the contents would stay under the prompt */
        erase();
        refresh();
        canvas_clear(writer->shown);
    }
    endwin();
    frame_bytes_collect(&writer->frame);
}

void cell_writer_begin(struct cell_writer *writer)
{
    const size_t begin = writer->frame.length;
    const char *palette = tigetstr("oc");
    refresh(); /* enters the full screen again */
    frame_bytes_collect(&writer->frame);
    /* ncurses would undo changes of the palette. We make none: those are the user's. */
    if (has_text(palette))
        frame_bytes_drop(&writer->frame, begin, palette);
    free_rows(writer, canvas_height(writer->shown));
    if (writer->modes)
        frame_bytes_append(&writer->frame, MODES_ON, sizeof MODES_ON - 1);
    cell_writer_forget(writer);
}

void cell_writer_free(struct cell_writer *writer)
{
    if (writer == NULL)
        return;
    if (writer->screen != NULL) {
        if (!isendwin())
            endwin();
        delscreen(writer->screen);
    }
    frame_bytes_done(&writer->frame);
    canvas_free(writer->shown);
    free(writer);
}

enum color_level cell_writer_colors(const struct cell_writer *writer)
{
    return writer->colors;
}

void cell_writer_set_colors(struct cell_writer *writer, bool colors)
{
    set_colors(writer, colors);
    memset(writer->looks, 0, sizeof writer->looks);
    erase(); /* or cells that stay the same would keep their colours */
    canvas_clear(writer->shown);
    cell_writer_forget(writer);
}

/* ---- cells ---- */

static attr_t attributes_of(const struct look *look)
{
    return (look->bold ? A_BOLD : 0u) | (look->underline ? A_UNDERLINE : 0u) |
           (look->reverse ? A_REVERSE : 0u);
}

static void look_of(struct cell_writer *writer, uint16_t style, attr_t *ret_attributes,
                    short *ret_pair)
{
    const unsigned set = (style & ~STYLE_ROLE_MASK) >> 8 & (PAIR_SETS - 1);
    const unsigned role = style & STYLE_ROLE_MASK;
    typeof(writer->looks[0][0]) *known =
        &writer->looks[set][role < STYLE_ROLE_COUNT ? role : 0];
    if (!known->known) {
        const struct look look = theme_look(style, writer->colors);
        int pair = 0;
        if (look.foreground != LOOK_DEFAULT || look.background != LOOK_DEFAULT)
            pair = alloc_pair(look.foreground, look.background);
        known->known = true;
        known->attributes = attributes_of(&look);
        known->pair = (short)(pair > 0 ? pair : 0);
    }
    *ret_attributes = known->attributes;
    *ret_pair = known->pair;
}

/* Puts CELL's text with what the C library and we agree is its width, so that ncurses and
 * the terminal count as we do; '?' where they do not. */
static void put_cell(struct cell_writer *writer, int x, int y, const struct cell *cell)
{
    wchar_t text[CCHARW_MAX + 1];
    size_t count = 0;
    attr_t attributes;
    short pair;
    cchar_t complex;
    for (size_t at = 0; at < cell->length && count < CCHARW_MAX;) {
        uint32_t code;
        at += text_decode(cell->text + at, cell->length - at, &code);
        if (count == 0 || wcwidth((wchar_t)code) == 0)
            text[count++] = (wchar_t)code;
    }
    text[count] = L'\0';
    look_of(writer, cell->style, &attributes, &pair);
    const bool agreed = count > 0 && wcwidth(text[0]) == cell->width &&
                        (writer->unicode || text[0] < 0x80);
    const wchar_t unknown[] = L"?";
    setcchar(&complex, agreed ? text : unknown, attributes, pair, NULL);
    mvadd_wch(y, x, &complex);
    if (!agreed && cell->width == 2)
        mvadd_wch(y, x + 1, &complex);
}

static void put_differences(struct cell_writer *writer, const struct canvas *canvas)
{
    const int width = canvas_width(canvas);
    /* ncurses may write the last cell from the column before it, even if there is none.
     */
    const int height = canvas_height(canvas) - (width == 1);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            const struct cell *cell = canvas_cell(canvas, x, y);
            if (cell->width > 0 && !cell_equal(cell, canvas_cell(writer->shown, x, y)))
                put_cell(writer, x, y, cell);
        }
}

static bool is_wide(const struct canvas *canvas, int x, int y)
{
    return x >= 0 && y >= 0 && canvas_cell(canvas, x, y)->width == 2;
}

/* Where wrapping cannot be turned off, ncurses fills the last cell of the last row by an
 * insertion before it; behind a wide character that ends there it makes one whatever is
 * to be filled, and parts it. One that ends in the last cell it writes there, where
 * wrapping at once would scroll all. So there is none: the text ends before it. */
static void spare_corner(struct cell_writer *writer, const struct canvas *canvas)
{
    const int right = canvas_width(canvas) - 1, y = canvas_height(canvas) - 1;
    int x = right - 1;
    if (writer->inserts && is_wide(canvas, right - 2, y))
        x = right - 2;
    else if (!writer->wraps || !is_wide(canvas, right - 1, y))
        return;
    struct cell cell = {.text = " ", .length = 1, .width = 1};
    cell.style = canvas_cell(canvas, x, y)->style;
    put_cell(writer, x + 1, y, &cell);
    if (x + 1 == right || canvas_cell(canvas, right, y)->text[0] == ' ') {
        memcpy(cell.text, "…", sizeof "…" - 1);
        cell.length = sizeof "…" - 1;
    }
    put_cell(writer, x, y, &cell);
}

void cell_writer_forget(struct cell_writer *writer)
{
    clearok(curscr, TRUE);
    (void)writer;
}

static bool same_size(const struct canvas *a, const struct canvas *b)
{
    return canvas_width(a) == canvas_width(b) && canvas_height(a) == canvas_height(b);
}

void cell_writer_present(struct cell_writer *writer, const struct canvas *canvas)
{
    int x, y;
    if (!same_size(writer->shown, canvas)) {
        if (!canvas_resize(writer->shown, canvas_width(canvas), canvas_height(canvas)))
            return;
        resize_term(canvas_height(canvas) > 0 ? canvas_height(canvas) : 1,
                    canvas_width(canvas) > 0 ? canvas_width(canvas) : 1);
        free_rows(writer, canvas_height(canvas));
        erase();
        clearok(curscr, TRUE);
    }
    put_differences(writer, canvas);
    spare_corner(writer, canvas);
    canvas_copy(writer->shown, canvas);
    canvas_get_caret(canvas, &x, &y);
    curs_set(x >= 0 ? 1 : 0);
    if (x >= 0)
        move(y, x);
    refresh();
    frame_bytes_collect(&writer->frame);
}

/* ---- the way out ---- */

/* Adds a capability without its padding ("$<5>"), which no handler can wait for. */
static void add_capability(char *bytes, size_t *length, const char *name)
{
    const char *text = tigetstr(name);
    if (!has_text(text))
        return;
    while (*text != '\0' && *length + 1 < CELL_WRITER_RESTORE_SIZE) {
        const char *end = text[0] == '$' && text[1] == '<' ? strchr(text, '>') : NULL;
        if (end != NULL)
            text = end + 1;
        else
            bytes[(*length)++] = *text++;
    }
}

size_t cell_writer_restore_bytes(const struct cell_writer *writer,
                                 char ret_bytes[CELL_WRITER_RESTORE_SIZE])
{
    size_t length = 0;
    if (writer->modes) {
        memcpy(ret_bytes, MODES_OFF, sizeof MODES_OFF - 1);
        length = sizeof MODES_OFF - 1;
    }
    add_capability(ret_bytes, &length, "sgr0");
    add_capability(ret_bytes, &length, "op");
    add_capability(ret_bytes, &length, "cnorm");
    add_capability(ret_bytes, &length, "rmcup");
    return length;
}
