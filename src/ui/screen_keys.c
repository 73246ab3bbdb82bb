/* What keys, clicks and pastes do: the modal has them first, then the focused view, its
 * table, and the screen. */
#include "base/i18n.h"
#include "ui/screen_private.h"
#include "ui/view_torrents.h"

#include <string.h>

/* ---- focus and tabs ---- */

static void set_tab(struct screen *screen, size_t tab)
{
    if (tab < 1 || tab >= screen->view_count)
        return;
    if (tab != screen->tab)
        screen->views[tab].dirty = true;
    screen->tab = tab;
}

static void open_detail(struct screen *screen)
{
    screen->detail_open = true;
    screen->detail_focused = true;
    screen->views[screen->tab].dirty = true;
}

static void step_tab(struct screen *screen, int by)
{
    const size_t tabs = screen->view_count - 1;
    if (!screen_shows_detail(screen))
        open_detail(screen);
    else
        set_tab(screen, (screen->tab - 1 + tabs + (size_t)(by + (int)tabs)) % tabs + 1);
}

/* Esc undoes one thing at a time: filter, marks, then the details. */
static bool act_back(struct screen *screen, struct screen_view *view)
{
    struct table *table =
        view->class->table != NULL ? view->class->table(view->state) : NULL;
    if (table != NULL && table_filter(table)[0] != '\0') {
        table_set_filter(table, NULL);
        return true;
    }
    if (table != NULL && table_marked_count(table) > 0) {
        table_unmark_all(table);
        return true;
    }
    if (view->class->act(view->state, &screen->context, ACTION_BACK))
        return true;
    if (screen_focuses_detail(screen))
        screen->detail_focused = false;
    else
        screen->detail_open = false;
    return true;
}

static bool act_on_tabs(struct screen *screen, enum action action)
{
    switch (action) {
    case ACTION_OPEN:
        open_detail(screen);
        return true;
    case ACTION_TAB_NEXT:
        step_tab(screen, 1);
        return true;
    case ACTION_TAB_PREVIOUS:
        step_tab(screen, -1);
        return true;
    case ACTION_TAB_1:
    case ACTION_TAB_2:
    case ACTION_TAB_3:
    case ACTION_TAB_4:
    case ACTION_TAB_5:
    case ACTION_TAB_6:
    case ACTION_TAB_7:
        set_tab(screen, (size_t)(action - ACTION_TAB_1) + 1);
        return true;
    default:
        return false;
    }
}

/* ---- actions of the whole screen ---- */

static bool act_on_screen(struct screen *screen, enum action action)
{
    const struct screen_output *output = &screen->config.output;
    switch (action) {
    case ACTION_HELP:
        screen_open_help(screen);
        return true;
    case ACTION_MASK:
        screen->context.masked = !screen->context.masked;
        view_changed(&screen->context);
        return true;
    case ACTION_REDRAW:
        if (output->redraw != NULL)
            output->redraw(output->context);
        view_changed(&screen->context);
        return true;
    case ACTION_TURTLE:
        screen_toggle_turtle(screen);
        return true;
    case ACTION_LIMITS:
        screen_ask_limits(screen);
        return true;
    case ACTION_GOALS:
        screen_ask_goals(screen);
        return true;
    case ACTION_COPY:
        screen_open_copy(screen);
        return true;
    case ACTION_PALETTE:
        screen_open_palette(screen);
        return true;
    case ACTION_SETTINGS:
        screen_read_settings(screen);
        return true;
    case ACTION_LEAVE:
        screen_ask_leave(screen);
        return true;
    case ACTION_QUIT:
        screen->config.on_quit(screen->config.context);
        return true;
    default:
        return screen_copy_act(screen, action) || act_on_tabs(screen, action);
    }
}

void screen_act(struct screen *screen, enum action action)
{
    struct screen_view *view = screen_focused_view(screen);
    struct table *table =
        view->class->table != NULL ? view->class->table(view->state) : NULL;
    if (action == ACTION_BACK) {
        act_back(screen, view);
        view->dirty = true;
    } else if (action == ACTION_FILTER && table != NULL) {
        screen_open_filter(screen);
    } else if (action == ACTION_SORT && table != NULL) {
        screen_open_menu(screen, table);
    } else if (action == ACTION_COLUMNS && table != NULL) {
        screen_open_columns(screen, table);
    } else if (view->class->act(view->state, &screen->context, action)) {
        view->dirty = true;
    } else if (table != NULL && table_act(table, action)) {
        view->dirty = view != &screen->views[0] || view->dirty;
    } else {
        act_on_screen(screen, action);
    }
    screen_follow_selection(screen);
}

static void on_view_key(struct screen *screen, uint32_t key)
{
    const enum action action = keymap_find(&screen->keymap, screen_scopes(screen), key);
    if (action == ACTION_NONE && (key & KEY_MOD_ALT) != 0) {
        on_view_key(screen, KEY_ESCAPE); /* and a quick key after it */
        screen_on_key(screen, key & ~KEY_MOD_ALT);
        return;
    }
    screen->message[0] = '\0';
    if (action != ACTION_NONE)
        screen_act(screen, action);
}

void screen_on_key(struct screen *screen, uint32_t key)
{
    const struct screen_output *output = &screen->config.output;
    screen_touch(screen, true);
    if (key == KEY_CONTROL('c')) {
        if (screen->config.on_interrupt != NULL)
            screen->config.on_interrupt(screen->config.context);
        return;
    }
    if (key == KEY_CONTROL('z') && output->suspend != NULL) {
        output->suspend(output->context);
        return;
    }
    if (screen->ending)
        return;
    switch (screen->modal) {
    case SCREEN_MODAL_NONE:
        on_view_key(screen, key);
        break;
    case SCREEN_MODAL_LINE:
        screen_line_key(screen, key);
        break;
    case SCREEN_MODAL_CONFIRM:
        screen_confirm_key(screen, key);
        break;
    case SCREEN_MODAL_MENU:
        screen_menu_key(screen, key);
        break;
    case SCREEN_MODAL_COLUMNS:
        screen_columns_key(screen, key);
        break;
    case SCREEN_MODAL_PALETTE:
        screen_palette_key(screen, key);
        break;
    case SCREEN_MODAL_COPY:
        screen_copy_key(screen, key);
        break;
    case SCREEN_MODAL_HELP:
        screen_help_key(screen, key);
        break;
    }
    screen_keep_look(screen);
}

/* ---- pastes ---- */

/* The first line, without the quotes that terminals put around a dropped file. */
static void tidy_paste(struct screen *screen, char *ret_text, size_t size)
{
    const char *begin = screen->paste;
    size_t length = screen->paste_length;
    while (length > 0 && strchr(" \t\r\n", begin[0]) != NULL) {
        begin++;
        length--;
    }
    for (size_t i = 0; i < length; i++)
        if (begin[i] == '\n' || begin[i] == '\r')
            length = i;
    while (length > 0 && (begin[length - 1] == ' ' || begin[length - 1] == '\t'))
        length--;
    if (length >= 2 && (begin[0] == '\'' || begin[0] == '"') &&
        begin[length - 1] == begin[0]) {
        begin++;
        length -= 2;
    }
    length = length < size ? length : size - 1;
    memcpy(ret_text, begin, length);
    ret_text[length] = '\0';
}

void screen_on_paste(struct screen *screen)
{
    char text[SCREEN_PASTE + 1];
    if (screen->ending)
        return;
    screen_touch(screen, true);
    if (screen->modal == SCREEN_MODAL_LINE) {
        screen_line_paste(screen, screen->paste, screen->paste_length);
        return;
    }
    if (screen->modal == SCREEN_MODAL_PALETTE)
        screen_palette_paste(screen, screen->paste, screen->paste_length);
    if (screen->modal != SCREEN_MODAL_NONE)
        return;
    tidy_paste(screen, text, sizeof text);
    if (text[0] != '\0')
        view_torrents_ask_add(screen->views[0].state, &screen->context, text);
}

/* ---- the mouse ---- */

int screen_row_at(struct pane pane, int x, int y)
{
    const bool inside =
        x >= pane.x && y >= pane.y && x < pane.x + pane.width && y < pane.y + pane.height;
    return inside ? y - pane.y : -1;
}

static bool is_in(struct pane pane, int x, int y)
{
    return screen_row_at(pane, x, y) >= 0;
}

/* The view at (X, Y), 0 for the list or none. */
static size_t view_at(const struct screen *screen, int x, int y)
{
    for (size_t i = 1; i < screen->view_count; i++)
        if (is_in(screen->views[i].pane, x, y))
            return i;
    return 0;
}

static void click_view(struct screen *screen, size_t number, int x, int y)
{
    struct screen_view *view = &screen->views[number];
    if (!is_in(view->pane, x, y))
        return;
    if (number == 0 || number == screen->tab)
        screen->detail_focused = number != 0;
    if (view->class->click != NULL &&
        view->class->click(view->state, &screen->context, x - view->pane.x,
                           y - view->pane.y))
        view->dirty = true;
    screen_keep_look(screen);
    screen_follow_selection(screen);
}

/* False: nothing stands over the views, or only what the footer asks. */
static bool click_modal(struct screen *screen, int x, int y)
{
    switch (screen->modal) {
    case SCREEN_MODAL_NONE:
        return false;
    case SCREEN_MODAL_COPY:
        screen_click_footer(screen, x, y);
        return true;
    case SCREEN_MODAL_MENU:
        screen_menu_click(screen, x, y);
        return true;
    case SCREEN_MODAL_COLUMNS:
        screen_columns_click(screen, x, y);
        return true;
    case SCREEN_MODAL_PALETTE:
        screen_palette_click(screen, x, y);
        return true;
    default:
        return true;
    }
}

void screen_on_click(struct screen *screen, int x, int y)
{
    if (screen->ending)
        return;
    screen_touch(screen, true);
    if (click_modal(screen, x, y) || screen_click_footer(screen, x, y))
        return;
    if (is_in(screen->layout.tabs, x, y)) {
        for (size_t i = 1; i < screen->view_count; i++)
            if (x >= screen->tab_begin[i] && x < screen->tab_begin[i + 1]) {
                set_tab(screen, i);
                open_detail(screen);
            }
        return;
    }
    click_view(screen, view_at(screen, x, y), x, y);
}

void screen_on_wheel(struct screen *screen, int x, int y, int by)
{
    const enum action action = by < 0 ? ACTION_UP : ACTION_DOWN;
    if (screen->ending)
        return;
    screen_touch(screen, true);
    if (screen->modal == SCREEN_MODAL_HELP)
        screen->help_top += 3 * by;
    else if (screen->modal != SCREEN_MODAL_LINE &&
             screen->modal != SCREEN_MODAL_CONFIRM &&
             screen->modal != SCREEN_MODAL_COPY && screen->modal != SCREEN_MODAL_NONE)
        screen_on_key(screen, by < 0 ? KEY_CODE_UP : KEY_CODE_DOWN);
    if (screen->modal != SCREEN_MODAL_NONE)
        return;
    struct screen_view *view = &screen->views[view_at(screen, x, y)];
    for (int i = 0; i < 3; i++) {
        struct table *table =
            view->class->table != NULL ? view->class->table(view->state) : NULL;
        if (!view->class->act(view->state, &screen->context, action) && table != NULL)
            table_act(table, action);
    }
    view->dirty = true;
    screen_follow_selection(screen);
}
