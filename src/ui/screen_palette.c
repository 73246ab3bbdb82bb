/* The palette: all commands of the place one is in, found by words, with their keys. It
 * is made of the keymap and runs what a key would. */
#include "base/i18n.h"
#include "base/text.h"
#include "ui/fuzzy.h"
#include "ui/screen_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PALETTE_WIDTH 90
#define PALETTE_ROWS  18

/* ---- which commands ---- */

/* Those of the place come before those of tables and of anywhere. */
static int kind_of(const struct keymap_entry *entry, uint32_t scopes)
{
    const uint32_t common = entry->scopes & scopes;
    if ((common & ~(uint32_t)(SCOPE_ANY | SCOPE_DETAIL | SCOPE_TABLE | SCOPE_COPY)) != 0)
        return 0;
    return (common & SCOPE_TABLE) != 0 ? 1 : 2;
}

/* Something wider that the place does in its own way, or the palette itself. */
static bool is_hidden(const struct keymap_entry *entry, uint32_t scopes)
{
    if (entry->action == ACTION_PALETTE)
        return true;
    for (size_t i = 0; i < keymap_count; i++) {
        const struct keymap_entry *other = &keymap_entries[i];
        if (other->action == entry->action && (other->scopes & scopes) != 0 &&
            kind_of(other, scopes) < kind_of(entry, scopes))
            return true;
    }
    return false;
}

struct candidate {
    uint8_t number;
    int kind, score;
};

static int compare(const void *a, const void *b)
{
    const struct candidate *left = a, *right = b;
    if (left->score != right->score)
        return left->score > right->score ? -1 : 1;
    if (left->kind != right->kind)
        return left->kind < right->kind ? -1 : 1;
    return left->number < right->number ? -1 : left->number > right->number;
}

static void search(struct screen_palette *palette)
{
    struct candidate found[KEYMAP_MOST];
    const uint32_t scopes = palette->scopes | SCOPE_COPY;
    palette->count = palette->cursor = palette->top = 0;
    for (size_t i = 0; i < keymap_count; i++) {
        const struct keymap_entry *entry = &keymap_entries[i];
        if ((entry->scopes & scopes) == 0 || is_hidden(entry, scopes))
            continue;
        const int score = fuzzy_score(palette->edit.text, entry->name, _(entry->help));
        if (score >= 0)
            found[palette->count++] =
                (struct candidate){(uint8_t)i, kind_of(entry, scopes), score};
    }
    qsort(found, (size_t)palette->count, sizeof *found, compare);
    for (int i = 0; i < palette->count; i++)
        palette->found[i] = found[i].number;
}

void screen_open_palette(struct screen *screen)
{
    struct screen_palette *palette = &screen->palette;
    palette->scopes = screen_scopes(screen);
    line_edit_init(&palette->edit, NULL, NULL);
    search(palette);
    screen->modal = SCREEN_MODAL_PALETTE;
}

/* ---- keys ---- */

static void move(struct screen_palette *palette, int by)
{
    palette->cursor += by;
    if (palette->cursor >= palette->count)
        palette->cursor = palette->count - 1;
    if (palette->cursor < 0)
        palette->cursor = 0;
}

static void run(struct screen *screen)
{
    const struct screen_palette *palette = &screen->palette;
    screen->modal = SCREEN_MODAL_NONE;
    view_changed(&screen->context);
    if (palette->cursor < palette->count)
        screen_act(screen, keymap_entries[palette->found[palette->cursor]].action);
}

void screen_palette_key(struct screen *screen, uint32_t key)
{
    struct screen_palette *palette = &screen->palette;
    const int page = palette->rows.height > 1 ? palette->rows.height - 1 : 1;
    if (key == KEY_RETURN) {
        run(screen);
    } else if (key == KEY_ESCAPE || key == KEY_CONTROL('g')) {
        screen->modal = SCREEN_MODAL_NONE;
        view_changed(&screen->context);
    } else if (key == KEY_CODE_UP || key == KEY_CONTROL('p')) {
        move(palette, -1);
    } else if (key == KEY_CODE_DOWN || key == KEY_CONTROL('n')) {
        move(palette, 1);
    } else if (key == KEY_CODE_PAGE_UP) {
        move(palette, -page);
    } else if (key == KEY_CODE_PAGE_DOWN) {
        move(palette, page);
    } else if (line_edit_key(&palette->edit, key) == LINE_EDIT_CHANGED) {
        search(palette);
    }
}

void screen_palette_paste(struct screen *screen, const char *text, size_t length)
{
    line_edit_insert(&screen->palette.edit, text, length);
    search(&screen->palette);
}

void screen_palette_click(struct screen *screen, int x, int y)
{
    struct screen_palette *palette = &screen->palette;
    const int row = screen_row_at(palette->rows, x, y);
    if (row < 0 || palette->top + row >= palette->count)
        return;
    palette->cursor = palette->top + row;
    run(screen);
}

/* ---- painting ---- */

/* "p", or "y m" of what follows another key. */
static void keys_of(const struct screen *screen, const struct keymap_entry *entry,
                    bool ascii, char *ret_text, size_t size)
{
    char own[KEYMAP_KEYS_SIZE], first[KEYMAP_KEYS_SIZE] = "";
    const uint32_t scopes = screen->palette.scopes;
    const bool copies = (entry->scopes & SCOPE_COPY) != 0;
    keymap_key_names(&screen->keymap, entry, copies ? SCOPE_COPY : scopes, ascii, own);
    for (size_t i = 0; i < keymap_count && copies; i++)
        if (keymap_entries[i].action == ACTION_COPY)
            keymap_key_names(&screen->keymap, &keymap_entries[i], scopes, ascii, first);
    snprintf(ret_text, size, "%s%s%s", first, first[0] != '\0' ? " " : "", own);
}

static void draw_row(const struct screen *screen, int at, struct pane row)
{
    char keys[2 * KEYMAP_KEYS_SIZE];
    const struct screen_palette *palette = &screen->palette;
    const struct keymap_entry *entry = &keymap_entries[palette->found[at]];
    const bool on = at == palette->cursor;
    row = pane_with(row, on ? STYLE_CURSOR : 0);
    if (on)
        pane_fill(row, STYLE_NORMAL);
    keys_of(screen, entry, canvas_is_ascii(row.canvas), keys, sizeof keys);
    int cells = (int)text_cells(keys);
    cells = cells > row.width / 3 ? row.width / 3 : cells;
    pane_text_right(pane_part(row, row.width - cells, 0, cells, 1), 0, STYLE_KEY, keys);
    pane_text(pane_part(row, 0, 0, row.width - cells - 1, 1), 0, 0, STYLE_NORMAL,
              _(entry->help));
}

/* The name under which bttui.conf knows the command under the cursor. */
static void draw_name(const struct screen_palette *palette, struct pane pane)
{
    if (palette->count == 0)
        pane_text(pane, 0, 0, STYLE_WARN,
                  _("No command fits; Backspace takes a letter away."));
    else
        pane_print(pane, 0, 0, STYLE_HINT,
                   /* L10N: %s is what a command is called in the configuration file */
                   _("called %s in bttui.conf"),
                   keymap_entries[palette->found[palette->cursor]].name);
}

void screen_draw_palette(struct screen *screen, struct pane pane)
{
    struct screen_palette *palette = &screen->palette;
    const int width = pane.width - 4 < PALETTE_WIDTH ? pane.width - 4 : PALETTE_WIDTH;
    const struct pane inside = screen_draw_box(pane, width, PALETTE_ROWS);
    const int foot = inside.height > 4 ? 1 : 0;
    const struct pane rows =
        pane_part(inside, 0, 1, inside.width, inside.height - 1 - foot);
    if (palette->cursor < palette->top)
        palette->top = palette->cursor;
    if (palette->cursor >= palette->top + rows.height)
        palette->top = palette->cursor - rows.height + 1;
    palette->rows = rows;
    pane_text(inside, 0, 0, STYLE_KEY, ":");
    line_edit_draw(&palette->edit, pane_part(inside, 2, 0, inside.width - 2, 1));
    for (int y = 0; y < rows.height && palette->top + y < palette->count; y++)
        draw_row(screen, palette->top + y, pane_row(rows, y));
    if (foot > 0)
        draw_name(palette, pane_row(inside, inside.height - 1));
}
