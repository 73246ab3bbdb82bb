/* Between the files of the screen. */
#ifndef BTTUI_UI_SCREEN_PRIVATE_H
#define BTTUI_UI_SCREEN_PRIVATE_H

#include "loop/loop.h"
#include "ui/line_edit.h"
#include "ui/screen.h"
#include "ui/table.h"
#include "ui/view.h"

#define SCREEN_VIEWS     16 /* at most */
#define SCREEN_HISTORIES 8
#define SCREEN_TEXT      512
#define SCREEN_PASTE     65536 /* a magnet link; more of one paste is dropped */
#define SCREEN_COPY_MOST 49152 /* bytes; terminals take 64 KiB of base64 */
#define SCREEN_FRAME_MS  100   /* ten frames a second of what moves by itself */

struct screen_view {
    struct screen *screen;
    const struct view_class *class;
    void *state;
    bool dirty;
    char look[TABLE_TEXT_SIZE]; /* of its table, as the session keeps it */
    struct loop_timer timer;    /* view_changed_in */
    struct pane pane;           /* of the last frame; empty: not visible */
};

/* What stands over the views and has the keys. */
enum screen_modal {
    SCREEN_MODAL_NONE,
    SCREEN_MODAL_LINE,    /* a line is typed in the footer */
    SCREEN_MODAL_CONFIRM, /* yes or no */
    SCREEN_MODAL_MENU,    /* the column to sort by */
    SCREEN_MODAL_COLUMNS, /* which columns a table shows */
    SCREEN_MODAL_PALETTE, /* all commands of a place */
    SCREEN_MODAL_COPY,    /* a key is waited for that says what to copy */
    SCREEN_MODAL_HELP
};

struct screen_line {
    char label[SCREEN_TEXT];
    char hint[SCREEN_TEXT];
    struct line_edit edit;
    struct line_history *history;
    bool paths;
    void *state;
    void (*on_complete)(void *state, struct view_context *context, const char *text,
                        char *ret_text, size_t size);
    void (*on_change)(void *state, struct view_context *context, const char *text);
    bool (*on_accept)(void *state, struct view_context *context, const char *text);
    void (*on_cancel)(void *state, struct view_context *context);
};

struct screen_confirm {
    char text[SCREEN_TEXT * 2];
    void *state;
    void (*on_yes)(void *state, struct view_context *context);
};

struct screen_menu {
    struct table *table;            /* whose columns are offered */
    int columns[TABLE_COLUMNS + 1]; /* -1: the list's own order */
    int count, cursor;
    struct pane rows; /* of the last frame, from `top` on */
    int top;
};

struct screen_columns {
    struct table *table;
    int cursor;       /* a place in its layout */
    struct pane rows; /* of the last frame, from `top` on */
    int top;
};

struct screen_palette {
    struct line_edit edit;
    uint32_t scopes;            /* of the place */
    uint8_t found[KEYMAP_MOST]; /* entries that fit, the best first */
    int count, cursor, top;
    struct pane rows; /* of the last frame */
};

/* A key in the footer, and where it stands. */
struct screen_hint {
    uint32_t key;
    int begin, end; /* columns */
};
#define SCREEN_HINTS 32

struct screen_history {
    const char *name;
    struct line_history history;
};

/* Rows and panes of a frame; empty panes are not shown. */
struct screen_layout {
    struct pane header, list, status, graph_line, tabs, detail, wall, graph, footer, tiny;
};

struct screen {
    struct screen_config config;
    struct canvas *canvas;
    struct keymap keymap;
    struct view_context context;
    struct screen_view views[SCREEN_VIEWS];
    size_t view_count;
    struct screen_layout layout;

    size_t tab; /* the open detail view, an index of `views`; >= 1 */
    /* What the user wants, whatever the size shows of it: a detail view below the list
     * where there is room; the keys in it, which shows it alone where there is none. */
    bool detail_open, detail_focused;
    struct screen_view *recalculating;
    bool ending;
    int tab_begin[SCREEN_VIEWS + 1]; /* columns, for clicks */
    struct screen_hint hints[SCREEN_HINTS];
    int hint_count;

    /* frames */
    bool data_dirty, key_dirty;
    uint64_t drawn_ns;     /* when the last frame was drawn */
    uint64_t key_drawn_ns; /* … the last one for a key */
    uint64_t frames;
    struct loop_hook hook;
    struct loop_timer timer;

    /* what stands over the views */
    enum screen_modal modal;
    struct screen_line line;
    struct screen_confirm confirm;
    struct screen_menu menu;
    struct screen_columns columns;
    struct screen_palette palette;
    int help_top, help_rows;
    struct screen_history histories[SCREEN_HISTORIES];

    char message[SCREEN_TEXT];
    uint16_t message_style;
    char paste[SCREEN_PASTE];
    size_t paste_length;
};

/* ---- screen_frames.c ---- */
/* Something visible changed: by a key (drawn at once), or by data (paced). */
void screen_touch(struct screen *screen, bool by_key);
bool screen_on_turn(void *screen);
void screen_on_frame_timer(void *screen);

/* ---- screen.c ---- */
struct screen_view *screen_focused_view(struct screen *screen);
/* Scopes of the keys where the focus is. */
uint32_t screen_scopes(struct screen *screen);
/* Takes the list's cursor as the selected torrent. */
void screen_follow_selection(struct screen *screen);

/* ---- screen_layout.c ---- */
void screen_lay_out(struct screen *screen);
/* Whether the list and a detail view fit on the screen together. */
bool screen_is_split(const struct screen *screen);
bool screen_is_large(const struct screen *screen);
bool screen_shows_detail(const struct screen *screen);
/* Keys go to the open detail view, not to the list. */
bool screen_focuses_detail(const struct screen *screen);

/* ---- screen_bars.c ---- */
void screen_draw_header(struct screen *screen, struct pane pane);
void screen_draw_status(struct screen *screen, struct pane pane);
void screen_draw_graph_line(struct screen *screen, struct pane pane);
void screen_draw_tabs(struct screen *screen, struct pane pane);
void screen_draw_tiny(struct screen *screen, struct pane pane);

/* ---- screen_footer.c ---- */
void screen_draw_footer(struct screen *screen, struct pane pane);
/* As if the key whose hint stands at (X, Y) were pressed. False: none stands there. */
bool screen_click_footer(struct screen *screen, int x, int y);

/* ---- screen_keys.c ---- */
void screen_act(struct screen *screen, enum action action);
void screen_on_key(struct screen *screen, uint32_t key);
void screen_on_click(struct screen *screen, int x, int y);
void screen_on_wheel(struct screen *screen, int x, int y, int by);
void screen_on_paste(struct screen *screen);

/* ---- screen_ask.c ---- */
void screen_open_filter(struct screen *screen);
void screen_open_menu(struct screen *screen, struct table *table);
void screen_line_key(struct screen *screen, uint32_t key);
void screen_line_paste(struct screen *screen, const char *text, size_t length);
void screen_confirm_key(struct screen *screen, uint32_t key);
void screen_menu_key(struct screen *screen, uint32_t key);
void screen_menu_click(struct screen *screen, int x, int y);
void screen_draw_line(struct screen *screen, struct pane pane);
void screen_draw_confirm(struct screen *screen, struct pane pane);
void screen_draw_menu(struct screen *screen, struct pane pane);
/* The row of PANE at (X, Y); -1: it is outside. */
int screen_row_at(struct pane pane, int x, int y);
/* A box of at most WIDTH x HEIGHT inside in the middle of PANE; the pane inside it. */
struct pane screen_draw_box(struct pane pane, int width, int height);

/* ---- screen_columns.c ---- */
void screen_open_columns(struct screen *screen, struct table *table);
void screen_columns_key(struct screen *screen, uint32_t key);
void screen_columns_click(struct screen *screen, int x, int y);
void screen_draw_columns(struct screen *screen, struct pane pane);
/* Sorting and columns of VIEW's table as they were in the last session. */
void screen_restore_look(struct screen_view *view);
/* What the focused table looks like now is kept for the next one. */
void screen_keep_look(struct screen *screen);

/* ---- screen_palette.c ---- */
void screen_open_palette(struct screen *screen);
void screen_palette_key(struct screen *screen, uint32_t key);
void screen_palette_paste(struct screen *screen, const char *text, size_t length);
void screen_palette_click(struct screen *screen, int x, int y);
void screen_draw_palette(struct screen *screen, struct pane pane);

/* ---- screen_copy.c ---- */
void screen_open_copy(struct screen *screen);
void screen_copy_key(struct screen *screen, uint32_t key);
/* False: ACTION is none of those that copy. */
bool screen_copy_act(struct screen *screen, enum action action);

/* ---- screen_help.c ---- */
void screen_open_help(struct screen *screen);
void screen_help_key(struct screen *screen, uint32_t key);
void screen_draw_help(struct screen *screen, struct pane pane);

/* ---- screen_commands.c: keys that act on the session as a whole ---- */
void screen_ask_limits(struct screen *screen);
void screen_ask_goals(struct screen *screen);
void screen_toggle_turtle(struct screen *screen);
void screen_ask_leave(struct screen *screen);
void screen_read_settings(struct screen *screen);

#endif
