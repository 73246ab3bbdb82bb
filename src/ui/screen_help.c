/* The help overlay: made of the keymap, the columns and the views' legends. */
#include "base/i18n.h"
#include "base/text.h"
#include "ui/screen_private.h"

#include <stdio.h>
#include <string.h>

#define KEYS_WIDTH 18

/* Rows are painted as they come; those above the window only count. */
struct help {
    const struct keymap *keymap;
    struct pane pane;
    int y; /* of the next row in the window; negative: above it */
    bool begun;
};

void screen_open_help(struct screen *screen)
{
    screen->modal = SCREEN_MODAL_HELP;
    screen->help_top = 0;
}

void screen_help_key(struct screen *screen, uint32_t key)
{
    const int page = canvas_height(screen->canvas) - 3;
    switch (keymap_find(&screen->keymap, SCOPE_ANY, key)) {
    case ACTION_UP:
        screen->help_top--;
        break;
    case ACTION_DOWN:
        screen->help_top++;
        break;
    case ACTION_PAGE_UP:
        screen->help_top -= page;
        break;
    case ACTION_PAGE_DOWN:
        screen->help_top += page;
        break;
    case ACTION_FIRST:
        screen->help_top = 0;
        break;
    case ACTION_LAST:
        screen->help_top = screen->help_rows;
        break;
    default:
        if (key == ' ')
            screen->help_top += page;
        else
            screen->modal = SCREEN_MODAL_NONE;
        break;
    }
    view_changed(&screen->context);
}

static void put_heading(struct help *help, const char *text)
{
    if (help->begun)
        help->y++;
    help->begun = true;
    pane_text(help->pane, 0, help->y++, STYLE_HEADING, text);
}

/* A sign and what it means, wrapped beside it. */
static void put_pair(struct help *help, const char *sign, const char *meaning)
{
    const int width = help->pane.width < 50 ? 8 : KEYS_WIDTH;
    struct pane beside = help->pane;
    beside.x += width;
    beside.width = help->pane.width > width ? help->pane.width - width : 0;
    pane_text(pane_part(help->pane, 0, 0, width - 1, help->pane.height), 0, help->y,
              STYLE_KEY, sign);
    const int rows = pane_wrap(beside, help->y, STYLE_NORMAL, meaning);
    help->y += rows > 0 ? rows : 1;
}

/* Keys whose narrowest scope is in WANTED. */
static void put_keys(struct help *help, uint32_t scopes, uint32_t wanted)
{
    const bool ascii = canvas_is_ascii(help->pane.canvas);
    for (size_t i = 0; i < keymap_count; i++) {
        char keys[KEYMAP_KEYS_SIZE];
        const struct keymap_entry *entry = &keymap_entries[i];
        if ((entry->scopes & wanted & scopes) == 0 ||
            keymap_key_names(help->keymap, entry, scopes, ascii, keys)[0] == '\0')
            continue;
        put_pair(help, keys, _(entry->help));
    }
}

static void put_columns(struct help *help, const struct screen_view *view)
{
    if (view->class->table == NULL)
        return;
    const struct table_class *class = table_get_class(view->class->table(view->state));
    put_heading(help, _("Columns"));
    for (size_t i = 0; i < class->column_count; i++)
        if (class->columns[i].help != NULL && class->columns[i].title[0] != '\0')
            put_pair(help, _(class->columns[i].title), _(class->columns[i].help));
}

static void put_legend(struct help *help, const struct screen_view *view)
{
    if (view->class->legend == NULL)
        return;
    put_heading(help, _("Signs"));
    for (size_t i = 0; view->class->legend[i][0] != NULL; i++)
        put_pair(help, view->class->legend[i][0], _(view->class->legend[i][1]));
}

static int put_all(struct screen *screen, struct pane pane, int top)
{
    char title[128];
    struct help help = {&screen->keymap, pane, -top, false};
    const uint32_t scopes = screen_scopes(screen);
    const struct screen_view *view = screen_focused_view(screen);
    const uint32_t wide = SCOPE_ANY | SCOPE_DETAIL | SCOPE_TABLE;
    snprintf(title, sizeof title, _("Keys in %s"), _(view->class->title));
    put_heading(&help, title);
    put_keys(&help, scopes, scopes & ~wide);
    put_keys(&help, scopes, SCOPE_TABLE);
    put_heading(&help, _("Keys anywhere"));
    put_keys(&help, scopes, SCOPE_DETAIL | SCOPE_ANY);
    put_heading(&help, _("Keys after that of copying"));
    put_keys(&help, SCOPE_COPY, SCOPE_COPY);
    if (view->class->table != NULL) {
        put_heading(&help, _("Keys in the list of columns"));
        put_keys(&help, SCOPE_ANY | SCOPE_COLUMNS, SCOPE_COLUMNS);
    }
    put_columns(&help, view);
    put_legend(&help, view);
    return help.y + top;
}

void screen_draw_help(struct screen *screen, struct pane pane)
{
    pane_fill(pane, STYLE_NORMAL);
    const int foot = pane.height >= 3 ? 1 : 0;
    const struct pane text =
        pane_part(pane, pane.width > 40 ? 1 : 0, 0, pane.width - 2, pane.height - foot);
    const int most =
        screen->help_rows > text.height ? screen->help_rows - text.height : 0;
    if (screen->help_top > most && screen->help_rows > 0)
        screen->help_top = most;
    if (screen->help_top < 0)
        screen->help_top = 0;
    screen->help_rows = put_all(screen, text, screen->help_top);
    if (foot > 0 && screen->help_rows <= text.height)
        pane_text(pane, 1, pane.height - 1, STYLE_HINT, _("any key closes this help"));
    else if (foot > 0)
        pane_print(pane, 1, pane.height - 1, STYLE_HINT,
                   _("%s and %s scroll, any other key closes this help"),
                   view_key(&screen->context, "page-down", (char[KEY_NAME_SIZE]){0}),
                   view_key(&screen->context, "page-up", (char[KEY_NAME_SIZE]){0}));
}
