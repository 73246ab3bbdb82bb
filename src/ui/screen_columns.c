/* The columns of a table: which are shown, in which order, how wide. */
#include "base/i18n.h"
#include "base/text.h"
#include "torrent/commands.h"
#include "ui/screen_private.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS_SCOPES (SCOPE_ANY | SCOPE_COLUMNS)
#define MARK_CELLS     4 /* "[x] " */

void screen_open_columns(struct screen *screen, struct table *table)
{
    screen->columns = (struct screen_columns){.table = table};
    screen->modal = SCREEN_MODAL_COLUMNS;
}

/* Moves the chosen column by one place, and the cursor with it. */
static void move_column(struct screen_columns *columns, struct table_layout *layout,
                        int by)
{
    const int count = (int)table_get_class(columns->table)->column_count;
    const int to = columns->cursor + by;
    if (to < 0 || to >= count)
        return;
    const uint8_t other = layout->at[to];
    layout->at[to] = layout->at[columns->cursor];
    layout->at[columns->cursor] = other;
    columns->cursor = to;
}

static void widen(struct table_layout *layout, uint8_t column, int by)
{
    const int extra = layout->extra[column] + by;
    if (extra >= TABLE_EXTRA_MIN && extra <= TABLE_EXTRA_MAX)
        layout->extra[column] = (int8_t)extra;
}

/* False: the key closes the list. */
static bool change(struct screen_columns *columns, enum action action,
                   struct table_layout *layout)
{
    const struct table_class *class = table_get_class(columns->table);
    const uint8_t column = layout->at[columns->cursor];
    switch (action) {
    case ACTION_COLUMN_SHOW: /* what is always shown stays */
        layout->hidden[column] =
            !layout->hidden[column] && class->columns[column].priority > 0;
        return true;
    case ACTION_COLUMN_LEFT:
        move_column(columns, layout, -1);
        return true;
    case ACTION_COLUMN_RIGHT:
        move_column(columns, layout, 1);
        return true;
    case ACTION_COLUMN_NARROWER:
        widen(layout, column, -1);
        return true;
    case ACTION_COLUMN_WIDER:
        widen(layout, column, 1);
        return true;
    case ACTION_COLUMN_RESET:
        table_layout_init(class, layout);
        return true;
    default:
        return false;
    }
}

static bool move_cursor(struct screen_columns *columns, enum action action)
{
    const int last = (int)table_get_class(columns->table)->column_count - 1;
    switch (action) {
    case ACTION_UP:
        columns->cursor = columns->cursor > 0 ? columns->cursor - 1 : last;
        return true;
    case ACTION_DOWN:
        columns->cursor = columns->cursor < last ? columns->cursor + 1 : 0;
        return true;
    case ACTION_FIRST:
        columns->cursor = 0;
        return true;
    case ACTION_LAST:
        columns->cursor = last;
        return true;
    default:
        return false;
    }
}

void screen_columns_key(struct screen *screen, uint32_t key)
{
    struct screen_columns *columns = &screen->columns;
    struct table_layout layout = *table_get_layout(columns->table);
    const enum action action = keymap_find(&screen->keymap, COLUMNS_SCOPES, key);
    if (change(columns, action, &layout))
        table_set_layout(columns->table, &layout);
    else if (!move_cursor(columns, action))
        screen->modal = SCREEN_MODAL_NONE;
    view_changed(&screen->context);
}

/* Beside the list: that closes it. */
void screen_columns_click(struct screen *screen, int x, int y)
{
    struct screen_columns *columns = &screen->columns;
    struct table_layout layout = *table_get_layout(columns->table);
    const int row = screen_row_at(columns->rows, x, y);
    if (row < 0)
        screen->modal = SCREEN_MODAL_NONE;
    else if (columns->top + row < (int)table_get_class(columns->table)->column_count) {
        columns->cursor = columns->top + row;
        change(columns, ACTION_COLUMN_SHOW, &layout);
        table_set_layout(columns->table, &layout);
    }
    screen_keep_look(screen);
    view_changed(&screen->context);
}

static const char *title_of(const struct table_column *column)
{
    return column->title[0] != '\0' ? _(column->title) : _(column->help);
}

static int widest_title(const struct table_class *class)
{
    int width = 0;
    for (size_t i = 0; i < class->column_count; i++) {
        const int cells = (int)text_cells(title_of(&class->columns[i]));
        width = cells > width ? cells : width;
    }
    return width;
}

/* WIDTH: of the table behind the box, which may be too narrow for the column. */
static void draw_column(const struct screen_columns *columns, int at, int width,
                        struct pane row)
{
    const struct table_layout *layout = table_get_layout(columns->table);
    const uint8_t column = layout->at[at];
    const struct table_column *look = &table_get_class(columns->table)->columns[column];
    struct table_fit fit;
    char extra[8];
    table_fit(table_get_class(columns->table), layout, width, &fit);
    pane_text(row, 0, 0, STYLE_NORMAL, layout->hidden[column] ? "[ ]" : "[x]");
    pane_text(row, MARK_CELLS, 0, layout->hidden[column] ? STYLE_DIM : STYLE_NORMAL,
              title_of(look));
    snprintf(extra, sizeof extra, "%+d", layout->extra[column]);
    if (!layout->hidden[column] && fit.width[column] == 0)
        /* L10N: the column is chosen, and the terminal too narrow for it */
        pane_text_right(row, 0, STYLE_DIM, _("no room"));
    else if (layout->extra[column] != 0)
        pane_text_right(row, 0, STYLE_DIM, extra);
}

static void describe_keys(const struct view_context *context, char *ret_text, size_t size)
{
    /* L10N: each %s is a key: one that shows a column or not, two that move it, two that
     * change its width, one that resets all */
    snprintf(ret_text, size, _("%s shows  %s %s move  %s %s width  %s resets"),
             view_key(context, "column-show", (char[KEY_NAME_SIZE]){0}),
             view_key(context, "column-left", (char[KEY_NAME_SIZE]){0}),
             view_key(context, "column-right", (char[KEY_NAME_SIZE]){0}),
             view_key(context, "column-narrower", (char[KEY_NAME_SIZE]){0}),
             view_key(context, "column-wider", (char[KEY_NAME_SIZE]){0}),
             view_key(context, "column-reset", (char[KEY_NAME_SIZE]){0}));
}

void screen_draw_columns(struct screen *screen, struct pane pane)
{
    struct screen_columns *columns = &screen->columns;
    const struct table_class *class = table_get_class(columns->table);
    const int count = (int)class->column_count;
    char hint[SCREEN_TEXT];
    const int width = screen_focused_view(screen)->pane.width;
    describe_keys(&screen->context, hint, sizeof hint);
    const int wish = MARK_CELLS + widest_title(class) + 2 + (int)text_cells(_("no room"));
    const int hint_cells = (int)text_cells(hint);
    const struct pane inside =
        screen_draw_box(pane, wish > hint_cells ? wish : hint_cells, count + 2);
    const int rows = inside.height - 2;
    const int top = columns->cursor >= rows ? columns->cursor - rows + 1 : 0;
    columns->top = top;
    columns->rows = pane_part(inside, 0, 1, inside.width, rows);
    pane_text(inside, 0, 0, STYLE_STRONG, _("Columns"));
    for (int y = 0; y < rows && top + y < count; y++) {
        const bool on = top + y == columns->cursor;
        const struct pane row = pane_with(pane_row(inside, y + 1), on ? STYLE_CURSOR : 0);
        if (on)
            pane_fill(row, STYLE_NORMAL);
        draw_column(columns, top + y, width, row);
    }
    pane_text(inside, 0, inside.height - 1, STYLE_HINT, hint);
}

/* ---- kept with the session ---- */

void screen_restore_look(struct screen_view *view)
{
    const char *text = session_get_look(view->screen->config.session, view->class->name);
    if (view->class->table == NULL)
        return;
    struct table *table = view->class->table(view->state);
    if (text != NULL)
        table_read_look(table, text);
    table_write_look(table, view->look);
}

void screen_keep_look(struct screen *screen)
{
    struct screen_view *view = screen_focused_view(screen);
    char look[TABLE_TEXT_SIZE];
    if (view->class->table == NULL)
        return;
    table_write_look(view->class->table(view->state), look);
    if (strcmp(look, view->look) == 0)
        return;
    memcpy(view->look, look, sizeof look);
    session_set_look(screen->config.session, view->class->name, look);
}
