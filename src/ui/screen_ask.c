/* What stands over the views and asks: a line to type, yes or no, a column to sort by. */
#include "base/i18n.h"
#include "base/text.h"
#include "ui/path_complete.h"
#include "ui/screen_private.h"

#include <stdio.h>
#include <string.h>

#define LINE_HINT_FROM 9 /* rows above the line */

/* ---- a line ---- */

static struct line_history *history_of(struct screen *screen, const char *name)
{
    if (name == NULL)
        return NULL;
    for (size_t i = 0; i < SCREEN_HISTORIES; i++) {
        struct screen_history *history = &screen->histories[i];
        if (history->name == NULL)
            history->name = name;
        if (strcmp(history->name, name) == 0)
            return &history->history;
    }
    return NULL;
}

void view_ask(struct view_context *context, const struct view_question *question)
{
    struct screen *screen = context->screen;
    struct screen_line *line = &screen->line;
    snprintf(line->label, sizeof line->label, "%s", question->label);
    snprintf(line->hint, sizeof line->hint, "%s",
             question->hint != NULL ? question->hint : "");
    line->history = history_of(screen, question->history);
    line_edit_init(&line->edit, question->initial, line->history);
    line->paths = question->paths;
    line->state = question->state;
    line->on_complete = question->on_complete;
    line->on_change = question->on_change;
    line->on_accept = question->on_accept;
    line->on_cancel = question->on_cancel;
    screen->modal = SCREEN_MODAL_LINE;
    screen->message[0] = '\0';
    screen_touch(screen, true);
}

static void tell_change(struct screen *screen)
{
    const struct screen_line *line = &screen->line;
    if (line->on_change != NULL)
        line->on_change(line->state, &screen->context, line->edit.text);
    screen_follow_selection(screen);
}

static void complete(struct screen *screen)
{
    char text[LINE_EDIT_SIZE];
    struct screen_line *line = &screen->line;
    line->on_complete(line->state, &screen->context, line->edit.text, text, sizeof text);
    line_edit_set(&line->edit, text);
    tell_change(screen);
}

static void complete_path(struct screen *screen)
{
    char path[LINE_EDIT_SIZE];
    struct path_completion found;
    struct line_edit *edit = &screen->line.edit;
    path_complete(edit->text, path, sizeof path, &found);
    line_edit_set(edit, path);
    if (found.matches == 0)
        view_say(&screen->context, STYLE_WARN, "%s",
                 _("no folder and no .torrent file begins like this"));
    else if (found.matches > 1)
        view_say(&screen->context, STYLE_DIM, "%s", found.names);
}

static void accept_line(struct screen *screen)
{
    /* The answer may ask the next question in the same line. */
    struct screen_line *line = &screen->line;
    char text[LINE_EDIT_SIZE];
    memcpy(text, line->edit.text, line->edit.length + 1);
    screen->modal = SCREEN_MODAL_NONE;
    if (line->on_accept(line->state, &screen->context, text)) {
        if (line->history != NULL && screen->modal == SCREEN_MODAL_NONE)
            line_history_add(line->history, text);
        view_changed(&screen->context);
    } else {
        screen->modal = SCREEN_MODAL_LINE;
    }
}

static void cancel_line(struct screen *screen)
{
    const struct screen_line *line = &screen->line;
    screen->modal = SCREEN_MODAL_NONE;
    if (line->on_cancel != NULL)
        line->on_cancel(line->state, &screen->context);
    view_changed(&screen->context);
}

void screen_line_key(struct screen *screen, uint32_t key)
{
    screen->message[0] = '\0';
    if (key == KEY_RETURN)
        accept_line(screen);
    else if (key == KEY_ESCAPE || key == KEY_CONTROL('g'))
        cancel_line(screen);
    else if (key == KEY_TAB && screen->line.paths)
        complete_path(screen);
    else if (key == KEY_TAB && screen->line.on_complete != NULL)
        complete(screen);
    else if (line_edit_key(&screen->line.edit, key) == LINE_EDIT_CHANGED)
        tell_change(screen);
}

void screen_line_paste(struct screen *screen, const char *text, size_t length)
{
    screen->message[0] = '\0';
    line_edit_insert(&screen->line.edit, text, length);
    tell_change(screen);
}

/* What is said about the line, or may be typed, stands above it: they may not hide each
 * other. A hint takes no row where rows are few. */
static void draw_above_line(struct screen *screen, struct pane pane)
{
    const bool said = screen->message[0] != '\0';
    const char *text = said ? screen->message : screen->line.hint;
    const uint16_t style = said ? screen->message_style : STYLE_HINT;
    struct pane above = pane;
    if (text[0] == '\0' || pane.y < (said ? 1 : LINE_HINT_FROM))
        return;
    above.y--;
    pane_fill(above, style);
    pane_text(above, 0, 0, style, text);
}

void screen_draw_line(struct screen *screen, struct pane pane)
{
    const struct screen_line *line = &screen->line;
    int label = (int)text_cells(line->label);
    if (label > pane.width * 2 / 3)
        label = pane.width * 2 / 3;
    pane_text(pane_part(pane, 0, 0, label, 1), 0, 0, STYLE_KEY, line->label);
    line_edit_draw(&line->edit, pane_part(pane, label, 0, pane.width - label, 1));
    draw_above_line(screen, pane);
}

/* ---- the filter ---- */

static void on_filter_change(void *state, struct view_context *context, const char *text)
{
    (void)context;
    table_set_filter(state, text);
}

static bool on_filter_accept(void *state, struct view_context *context, const char *text)
{
    (void)context;
    table_set_filter(state, text);
    return true;
}

static void on_filter_cancel(void *state, struct view_context *context)
{
    (void)context;
    table_set_filter(state, NULL);
}

void screen_open_filter(struct screen *screen)
{
    const struct screen_view *view = screen_focused_view(screen);
    struct table *table = view->class->table(view->state);
    const struct view_question question = {
        .label = _("Filter: "),
        .hint = _("Enter keeps it, Esc shows all rows again."),
        .initial = table_filter(table),
        .history = "filter",
        .state = table,
        .on_change = on_filter_change,
        .on_accept = on_filter_accept,
        .on_cancel = on_filter_cancel};
    view_ask(&screen->context, &question);
}

/* ---- yes or no ---- */

void view_confirm(struct view_context *context, const char *text, void *state,
                  void (*on_yes)(void *state, struct view_context *context))
{
    struct screen *screen = context->screen;
    snprintf(screen->confirm.text, sizeof screen->confirm.text, "%s", text);
    screen->confirm.state = state;
    screen->confirm.on_yes = on_yes;
    screen->modal = SCREEN_MODAL_CONFIRM;
    screen_touch(screen, true);
}

void screen_confirm_key(struct screen *screen, uint32_t key)
{
    const struct screen_confirm confirm = screen->confirm;
    screen->modal = SCREEN_MODAL_NONE;
    if (key == 'y' || key == 'Y')
        confirm.on_yes(confirm.state, &screen->context);
    view_changed(&screen->context);
}

struct pane screen_draw_box(struct pane pane, int width, int height)
{
    if (width > pane.width - 4)
        width = pane.width - 4;
    if (height > pane.height - 2)
        height = pane.height - 2;
    if (width < 1 || height < 1) { /* no room for a box: all there is */
        pane_fill(pane, STYLE_NORMAL);
        return pane;
    }
    const struct pane box =
        pane_part(pane, (pane.width - width - 4) / 2, (pane.height - height - 2) / 2,
                  width + 4, height + 2);
    pane_fill(box, STYLE_NORMAL);
    pane_box(box, STYLE_ACCENT);
    return pane_part(box, 2, 1, width, height);
}

void screen_draw_confirm(struct screen *screen, struct pane pane)
{
    const char *text = screen->confirm.text, *answer = _("y: yes   any other key: no");
    const int width = pane.width - 4 < 68 ? pane.width - 4 : 68;
    if (pane.height < 5) { /* one line has to do */
        pane_fill(pane, STYLE_NORMAL);
        pane_text(pane, 0, 0, STYLE_WARN, text);
        pane_text(pane, 0, 1, STYLE_KEY, _("y/N"));
        return;
    }
    const struct pane nowhere = {pane.canvas, 0, 0, width, 0, 0};
    const int rows = pane_wrap(nowhere, 0, STYLE_NORMAL, text);
    const struct pane inside = screen_draw_box(pane, width, rows + 2);
    pane_wrap(pane_part(inside, 0, 0, inside.width, inside.height - 1), 0, STYLE_NORMAL,
              text);
    pane_text(inside, 0, inside.height - 1, STYLE_KEY, answer);
}

/* ---- the column to sort by ---- */

void screen_open_menu(struct screen *screen, struct table *table)
{
    const struct table_class *class = table_get_class(table);
    struct screen_menu *menu = &screen->menu;
    *menu = (struct screen_menu){.table = table, .columns = {-1}, .count = 1};
    for (int i = 0; i < (int)class->column_count; i++) {
        if (class->columns[i].compare == NULL)
            continue;
        if (i == table_sort_column(table))
            menu->cursor = menu->count;
        menu->columns[menu->count++] = i;
    }
    screen->modal = SCREEN_MODAL_MENU;
}

static void choose_column(const struct screen_menu *menu)
{
    const int column = menu->columns[menu->cursor];
    const struct table_class *class = table_get_class(menu->table);
    table_set_sort(menu->table, column, column >= 0 && class->columns[column].descending);
}

void screen_menu_key(struct screen *screen, uint32_t key)
{
    struct screen_menu *menu = &screen->menu;
    switch (keymap_find(&screen->keymap, SCOPE_ANY | SCOPE_TORRENTS, key)) {
    case ACTION_UP:
        menu->cursor = menu->cursor > 0 ? menu->cursor - 1 : menu->count - 1;
        return;
    case ACTION_DOWN:
        menu->cursor = menu->cursor + 1 < menu->count ? menu->cursor + 1 : 0;
        return;
    case ACTION_FIRST:
        menu->cursor = 0;
        return;
    case ACTION_LAST:
        menu->cursor = menu->count - 1;
        return;
    case ACTION_OPEN:
        choose_column(menu);
        break;
    default:
        break;
    }
    screen->modal = SCREEN_MODAL_NONE;
    view_changed(&screen->context);
}

void screen_menu_click(struct screen *screen, int x, int y)
{
    struct screen_menu *menu = &screen->menu;
    const int row = screen_row_at(menu->rows, x, y);
    if (row >= 0 && menu->top + row < menu->count) {
        menu->cursor = menu->top + row;
        choose_column(menu);
    }
    screen->modal = SCREEN_MODAL_NONE;
    screen_keep_look(screen);
    view_changed(&screen->context);
}

static const char *column_title(const struct table_class *class, int column)
{
    if (column < 0)
        return _("the list's own order");
    const struct table_column *look = &class->columns[column];
    return look->title[0] != '\0' ? _(look->title) : _(look->help);
}

void screen_draw_menu(struct screen *screen, struct pane pane)
{
    struct screen_menu *menu = &screen->menu;
    const struct table_class *class = table_get_class(menu->table);
    int width = (int)text_cells(_("Sort by"));
    for (int i = 0; i < menu->count; i++) {
        const int cells = (int)text_cells(column_title(class, menu->columns[i]));
        width = cells > width ? cells : width;
    }
    const struct pane inside = screen_draw_box(pane, width, menu->count + 1);
    const int rows = inside.height - 1;
    const int top = menu->cursor >= rows ? menu->cursor - rows + 1 : 0;
    menu->top = top;
    menu->rows = pane_part(inside, 0, 1, inside.width, rows);
    pane_text(inside, 0, 0, STYLE_STRONG, _("Sort by"));
    for (int y = 0; y < rows && top + y < menu->count; y++) {
        const bool on = top + y == menu->cursor;
        struct pane row = pane_with(pane_row(inside, y + 1), on ? STYLE_CURSOR : 0);
        if (on)
            pane_fill(row, STYLE_NORMAL);
        pane_text(row, 0, 0, STYLE_NORMAL, column_title(class, menu->columns[top + y]));
    }
}
