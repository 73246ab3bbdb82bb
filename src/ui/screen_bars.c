/* The rows around the views: header, status, tabs, footer. */
#include "base/i18n.h"
#include "base/text.h"
#include "torrent/session.h"
#include "ui/graph.h"
#include "ui/screen_private.h"
#include "ui/torrent_row.h"
#include "ui/view_torrents.h"

#include <stdio.h>
#include <string.h>

#define GRAPH_LINE_SAMPLES 300u /* five minutes */

/* Words of a row from left to right; those that do not fit are left out. */
struct words {
    struct pane pane;
    int x;
};

static bool put_word(struct words *words, uint16_t style, const char *text)
{
    const int cells = (int)text_cells(text);
    if (words->x + cells > words->pane.width)
        return false;
    words->x += pane_text(words->pane, words->x, 0, style, text);
    return true;
}

/* ---- header ---- */

static void put_rate(struct words *words, enum glyph arrow, uint64_t rate, uint64_t limit)
{
    char text[128], number[TEXT_NUMBER_SIZE], most[TEXT_NUMBER_SIZE];
    const bool ascii = canvas_is_ascii(words->pane.canvas);
    if (limit > 0)
        snprintf(text, sizeof text, "  %s %s / %s", glyph_text(arrow, ascii),
                 text_rate(rate, number), text_rate(limit, most));
    else
        snprintf(text, sizeof text, "  %s %s", glyph_text(arrow, ascii),
                 text_rate(rate, number));
    put_word(words, STYLE_TITLE, text);
}

/* The word for it; the status line has the sentence. */
static void put_trouble(struct words *words, const struct session_info *info)
{
    char text[128], shown[100];
    if (info->trouble == NULL)
        return;
    text_clean(text_untrusted(info->bound), 40, shown, sizeof shown);
    /* L10N: %s is an interface or an address, which is away */
    snprintf(text, sizeof text, _("  nothing sent: no %s"), shown);
    put_word(words, STYLE_TITLE, text);
}

/* Who has reached it proves more than what a router says. */
static void put_port(struct words *words, const struct session_info *info)
{
    char text[128];
    const enum port_mapping mapping = info->port_mapping;
    if (info->port == 0)
        snprintf(text, sizeof text, "%s", _("  no port"));
    else if (info->incoming_seen)
        snprintf(text, sizeof text, _("  port %u open"), info->port);
    else if (mapping == PORT_MAPPED) /* L10N: a router sends on what comes for it */
        snprintf(text, sizeof text, _("  port %u mapped"), info->port);
    else if (mapping == PORT_MAPPED_INSIDE) /* L10N: that may not be enough */
        snprintf(text, sizeof text, _("  port %u mapped?"), info->port);
    else if (mapping == PORT_SILENT || mapping == PORT_REFUSED)
        snprintf(text, sizeof text, _("  port %u not mapped"), info->port);
    else
        snprintf(text, sizeof text, _("  port %u"), info->port);
    put_word(words, STYLE_TITLE, text);
}

static void put_dht(struct words *words, const struct session_info *info)
{
    char text[128];
    if (info->dht_nodes == UINT32_MAX)
        return;
    /* L10N: how many nodes of the DHT are known */
    snprintf(text, sizeof text, _("  DHT %u"), info->dht_nodes);
    put_word(words, STYLE_TITLE, text);
}

static void put_counts(struct words *words, const struct session_info *info)
{
    char text[128];
    if (info->downloaded > 0)
        snprintf(text, sizeof text, _("  ratio %.2f"),
                 (double)info->uploaded / (double)info->downloaded);
    else
        snprintf(text, sizeof text, _("  ratio -"));
    put_word(words, STYLE_TITLE, text);
    snprintf(text, sizeof text, ngettext("  %u peer", "  %u peers", info->peers),
             info->peers);
    put_word(words, STYLE_TITLE, text);
    put_port(words, info);
    put_dht(words, info);
}

static void put_free(struct screen *screen, struct words *words,
                     const struct session_info *info)
{
    char text[128], number[TEXT_NUMBER_SIZE];
    const uint64_t left = view_torrents_left(screen->views[0].state);
    if (info->free_bytes == UINT64_MAX)
        return;
    if (left > info->free_bytes) {
        snprintf(text, sizeof text, _("  disk short of %s"),
                 text_bytes(left - info->free_bytes, number));
        put_word(words, STYLE_TITLE, text);
    } else {
        snprintf(text, sizeof text, left > 0 ? _("  %s free afterwards") : _("  %s free"),
                 text_bytes(info->free_bytes - left, number));
        put_word(words, STYLE_TITLE, text);
    }
}

void screen_draw_header(struct screen *screen, struct pane pane)
{
    struct session_info info;
    struct words words = {pane, 0};
    if (pane_is_empty(pane))
        return;
    session_get_info(screen->config.session, &info);
    pane_fill(pane, STYLE_TITLE);
    if (pane.width >= 60)
        put_word(&words, STYLE_TITLE, " bttui");
    put_rate(&words, GLYPH_DOWN, info.down_rate, info.max_down);
    put_rate(&words, GLYPH_UP, info.up_rate, info.max_up);
    if (info.turtle) /* L10N: the slower limits are on */
        put_word(&words, STYLE_TITLE, _("  turtle"));
    put_trouble(&words, &info);
    put_counts(&words, &info);
    put_free(screen, &words, &info);
}

/* ---- between list and footer ---- */

/* Torrents that are fetched by URL are in no list yet. */
static void put_fetching(struct screen *screen, struct words *words)
{
    char text[2 * VIEW_MASK_SIZE], masked[VIEW_MASK_SIZE], shown[VIEW_MASK_SIZE];
    uint32_t count;
    const char *url = session_fetching(screen->config.session, &count);
    if (url == NULL)
        return;
    const int room = words->pane.width / 2;
    text_clean(text_untrusted(view_mask(&screen->context, url, masked)),
               room > 20 ? (size_t)room : 20, shown, sizeof shown);
    if (count > 1)
        /* L10N: %s: an address; %u: how many others are fetched, too */
        snprintf(text, sizeof text, _("[fetching %s and %u more] "), shown, count - 1);
    else
        snprintf(text, sizeof text, _("[fetching %s] "), shown);
    put_word(words, STYLE_ACCENT, text);
}

static void put_list_notes(struct screen *screen, struct words *words)
{
    char text[TABLE_FILTER_SIZE + 64];
    const struct screen_view *list = &screen->views[0];
    struct table *table = list->class->table(list->state);
    const char *filter = table_filter(table), *shown = view_torrents_shown(list->state);
    if (filter[0] != '\0' || shown != NULL) {
        snprintf(text, sizeof text, _("[%s%s%s: %u of %u] "), shown != NULL ? shown : "",
                 shown != NULL && filter[0] != '\0' ? ", " : "", filter,
                 table_visible_count(table), table_count(table));
        put_word(words, STYLE_ACCENT, text);
    }
    if (table_marked_count(table) > 0) {
        snprintf(text, sizeof text, _("[%u marked] "), table_marked_count(table));
        put_word(words, STYLE_ACCENT, text);
    }
    uint64_t seconds;
    const uint32_t leaving = view_torrents_leaving(list->state, &seconds);
    if (leaving > 0) {
        /* L10N: %u torrents; the key that brings the last back, and for how long: %u
         * seconds */
        snprintf(text, sizeof text, _("[%u removed, %s: back, %u s] "), leaving,
                 view_key(&screen->context, "undo", (char[KEY_NAME_SIZE]){0}),
                 (unsigned)seconds);
        put_word(words, STYLE_WARN, text);
    }
}

/* Why the selected torrent is as it is, in plain words. */
void screen_draw_status(struct screen *screen, struct pane pane)
{
    struct torrent_info info;
    struct words words = {pane, 1};
    if (pane_is_empty(pane))
        return;
    put_fetching(screen, &words);
    put_list_notes(screen, &words);
    if (!torrent_get_info(screen->config.session, screen->context.torrent, &info))
        return;
    const bool bad = info.state == TORRENT_STATE_ERROR;
    if (info.label[0] != '\0') {
        char text[VIEW_MASK_SIZE + 4], masked[VIEW_MASK_SIZE];
        snprintf(text, sizeof text, "[%s] ",
                 view_mask(&screen->context, info.label, masked));
        put_word(&words, STYLE_ACCENT, text);
    }
    const uint16_t style = bad ? STYLE_BAD : STYLE_STRONG;
    if (torrent_row_reason_says_state(&info)) {
        pane_text(pane, words.x, 0, style, info.reason);
        return;
    }
    const int used =
        pane_print(pane, words.x, 0, style, "%s", torrent_state_text(info.state));
    if (info.reason[0] != '\0')
        /* L10N: what follows a state's word: why */
        pane_print(pane, words.x + used, 0, bad ? STYLE_BAD : STYLE_NORMAL, _(": %s"),
                   info.reason);
}

void screen_draw_graph_line(struct screen *screen, struct pane pane)
{
    static uint32_t down[GRAPH_LINE_SAMPLES], up[GRAPH_LINE_SAMPLES];
    const struct torrent_id all = {0};
    const int half = (pane.width - 1) / 2;
    if (pane_is_empty(pane))
        return;
    const uint32_t count =
        torrent_get_history(screen->config.session, all, down, up, GRAPH_LINE_SAMPLES);
    const struct pane left = pane_part(pane, 0, 0, half, 1);
    const struct pane right = pane_part(pane, half + 1, 0, half, 1);
    pane_glyph(left, 1, 0, STYLE_DOWN, GLYPH_DOWN);
    graph_line(pane_part(left, 3, 0, left.width - 3, 1), 0, STYLE_DOWN, down, count,
               GRAPH_LINE_SAMPLES);
    pane_glyph(right, 1, 0, STYLE_UP, GLYPH_UP);
    graph_line(pane_part(right, 3, 0, right.width - 3, 1), 0, STYLE_UP, up, count,
               GRAPH_LINE_SAMPLES);
}

/* ---- tabs ---- */

/* The titles with their digits, or without, or only the open one. */
static int tabs_width(const struct screen *screen, bool digits)
{
    int width = 0;
    for (size_t i = 1; i < screen->view_count; i++)
        width += (int)text_cells(_(screen->views[i].class->title)) + (digits ? 4 : 2);
    return width;
}

static void draw_tab(struct screen *screen, struct pane pane, size_t tab, bool digits,
                     int *x)
{
    char text[64];
    const bool open = tab == screen->tab;
    const uint16_t style = open ? STYLE_TAB_OPEN : STYLE_TAB;
    const char *title = _(screen->views[tab].class->title);
    if (digits)
        snprintf(text, sizeof text, " %zu %s ", tab, title);
    else
        snprintf(text, sizeof text, " %s ", title);
    screen->tab_begin[tab] = *x;
    *x += pane_text(pane, *x, 0, style, text);
}

void screen_draw_tabs(struct screen *screen, struct pane pane)
{
    int x = 0;
    if (pane_is_empty(pane))
        return;
    /* In the list digits are keys for something else. */
    const bool digits =
        screen_focuses_detail(screen) && tabs_width(screen, true) <= pane.width;
    const bool all = digits || tabs_width(screen, false) <= pane.width;
    pane_fill(pane, STYLE_TAB);
    for (size_t i = 1; i < screen->view_count; i++) {
        if (all || i == screen->tab)
            draw_tab(screen, pane, i, digits || !all, &x);
        else
            screen->tab_begin[i] = x;
    }
    screen->tab_begin[screen->view_count] = x;
    struct torrent_info info;
    char masked[VIEW_MASK_SIZE];
    if (!screen_is_split(screen) && x + 4 < pane.width &&
        torrent_get_info(screen->config.session, screen->context.torrent, &info))
        pane_text_right(pane_part(pane, x + 2, 0, pane.width - x - 3, 1), 0, STYLE_TAB,
                        view_mask(&screen->context, info.name, masked));
}

/* All that a screen smaller than 20x5 says. */
void screen_draw_tiny(struct screen *screen, struct pane pane)
{
    char down[TEXT_NUMBER_SIZE], up[TEXT_NUMBER_SIZE];
    struct session_info info;
    const bool ascii = canvas_is_ascii(pane.canvas);
    if (pane_is_empty(pane))
        return;
    if (screen->message[0] != '\0' && screen->ending) {
        pane_text(pane, 0, 0, screen->message_style, screen->message);
        return;
    }
    session_get_info(screen->config.session, &info);
    pane_print(pane, 0, 0, STYLE_NORMAL, "%s%s %s%s", glyph_text(GLYPH_DOWN, ascii),
               text_rate(info.down_rate, down), glyph_text(GLYPH_UP, ascii),
               text_rate(info.up_rate, up));
}
