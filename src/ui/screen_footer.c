/* The footer: the keys of the place one is in, or what is asked and said there. */
#include "base/i18n.h"
#include "base/text.h"
#include "ui/screen_private.h"

/* What a box over the views is told; NULL: it says so itself. */
static const char *box_hint(const struct screen *screen)
{
    switch (screen->modal) {
    case SCREEN_MODAL_MENU:
        return _("Enter chooses, Esc leaves all as it is");
    case SCREEN_MODAL_COLUMNS:
        return _("Esc closes; what was chosen is kept");
    case SCREEN_MODAL_PALETTE:
        return _("Enter runs the command, Esc leaves all as it is");
    default:
        return NULL;
    }
}

static int hint_cells(const struct keymap_entry *entry, uint32_t key, bool ascii)
{
    char name[KEY_NAME_SIZE];
    return (int)(text_cells(key_name(key, ascii, name)) + text_cells(_(entry->word))) + 3;
}

static int put_hint(struct screen *screen, struct pane pane, int x,
                    const struct keymap_entry *entry, uint32_t key)
{
    char name[KEY_NAME_SIZE];
    const bool ascii = canvas_is_ascii(pane.canvas);
    int used = pane_text(pane, x, 0, STYLE_KEY, key_name(key, ascii, name)) + 1;
    used += pane_text(pane, x + used, 0, STYLE_HINT, _(entry->word));
    if (screen->hint_count < SCREEN_HINTS)
        screen->hints[screen->hint_count++] =
            (struct screen_hint){key, pane.x + x, pane.x + x + used};
    return used + 2;
}

static bool is_last_word(const struct keymap_entry *entry)
{
    return entry->action == ACTION_HELP || entry->action == ACTION_LEAVE ||
           entry->action == ACTION_BACK;
}

/* Room for "? help", "q quit" and "Esc back" is kept before the others take theirs. */
static void draw_hints(struct screen *screen, struct pane pane, uint32_t scopes, int x)
{
    const bool ascii = canvas_is_ascii(pane.canvas);
    int kept = 0;
    for (size_t i = 0; i < keymap_count; i++) {
        const uint32_t key = keymap_key(&screen->keymap, &keymap_entries[i], scopes);
        if (keymap_entries[i].word != NULL && key != 0 &&
            is_last_word(&keymap_entries[i]))
            kept += hint_cells(&keymap_entries[i], key, ascii);
    }
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < keymap_count; i++) {
            const uint32_t key = keymap_key(&screen->keymap, &keymap_entries[i], scopes);
            if (keymap_entries[i].word == NULL || key == 0 ||
                is_last_word(&keymap_entries[i]) != (pass == 1))
                continue;
            const int cells = hint_cells(&keymap_entries[i], key, ascii) - 2;
            if (x + cells + (pass == 0 ? kept : 0) <= pane.width)
                x += put_hint(screen, pane, x, &keymap_entries[i], key);
        }
}

void screen_draw_footer(struct screen *screen, struct pane pane)
{
    screen->hint_count = 0;
    if (pane_is_empty(pane))
        return;
    if (screen->modal == SCREEN_MODAL_LINE)
        screen_draw_line(screen, pane);
    else if (screen->message[0] != '\0')
        pane_text(pane, pane.width > 20 ? 1 : 0, 0, screen->message_style,
                  screen->message);
    else if (screen->modal == SCREEN_MODAL_NONE)
        draw_hints(screen, pane, screen_scopes(screen), 1);
    else if (screen->modal == SCREEN_MODAL_COPY)
        /* L10N: keys and words for what is copied follow */
        draw_hints(screen, pane, SCOPE_COPY,
                   pane_text(pane, 1, 0, STYLE_STRONG, _("Copy:")) + 3);
    else if (box_hint(screen) != NULL)
        pane_text(pane, pane.width > 20 ? 1 : 0, 0, STYLE_HINT, box_hint(screen));
}

bool screen_click_footer(struct screen *screen, int x, int y)
{
    const struct pane pane = screen->layout.footer;
    if (screen_row_at(pane, x, y) < 0)
        return false;
    for (int i = 0; i < screen->hint_count; i++)
        if (x >= screen->hints[i].begin && x < screen->hints[i].end) {
            screen_on_key(screen, screen->hints[i].key);
            return true;
        }
    return true;
}
