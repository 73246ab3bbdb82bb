/*
 * The peers of the selected torrent: who they are and what they do. Peers that are known
 * and not connected come after the others.
 */
#include "base/i18n.h"
#include "base/text.h"
#include "ui/cells.h"
#include "ui/view_peers_private.h"
#include "ui/views.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool peers_init(void *state, struct view_context *context)
{
    struct peers *peers = state;
    (void)context;
    peers->table = table_new(&peer_row_table, NULL);
    return peers->table != NULL;
}

static void peers_done(void *state)
{
    struct peers *peers = state;
    table_free(peers->table);
    free(peers->rows);
    free(peers->looks);
    free(peers->asked);
}

static void peers_torrent(void *state, struct view_context *context)
{
    struct peers *peers = state;
    (void)context;
    table_unmark_all(peers->table);
    table_set_rows(peers->table, peers->rows, 0);
    peers->asked_count = 0;
}

/* ---- rows ---- */

/* All peers of the torrent are in looks; how many. */
static uint32_t look(struct peers *peers, struct view_context *context)
{
    uint32_t count = torrent_get_peers(context->session, context->torrent, peers->looks,
                                       peers->capacity);
    if (count <= peers->capacity)
        return count;
    const uint32_t capacity = count + count / 4 + 16;
    struct peer_info *looks = realloc(peers->looks, capacity * sizeof *looks);
    if (looks != NULL)
        peers->looks = looks;
    struct peer_row_line *rows = realloc(peers->rows, capacity * sizeof *rows);
    if (rows != NULL)
        peers->rows = rows;
    if (looks == NULL || rows == NULL)
        return peers->capacity;
    peers->capacity = capacity;
    count = torrent_get_peers(context->session, context->torrent, peers->looks, capacity);
    return count < capacity ? count : capacity;
}

/* Connected, or refused by the user's will, which can be taken back here. */
static bool is_shown(const struct peers *peers, const struct peer_info *peer)
{
    return !peers->only_connected || (peer->flags & PEER_FLAG_CONNECTED) != 0 ||
           peer->status == PEER_STATUS_BLOCKED;
}

/* Of a web seed: who it is says its name, not the address it has today. */
static const char *host_of(const char *url, char ret_text[NETADDR_TEXT_SIZE])
{
    char host[NETADDR_TEXT_SIZE * 4];
    const char *begin = strstr(url, "://");
    begin = begin != NULL ? begin + 3 : url;
    snprintf(host, sizeof host, "%.*s", (int)strcspn(begin, "/?#"), begin);
    text_clean(text_untrusted(host), NETADDR_TEXT_SIZE - 1, ret_text, NETADDR_TEXT_SIZE);
    return ret_text;
}

static void fill_row(struct peer_row_line *row, const struct peer_info *peer,
                     const struct view_context *context)
{
    char text[NETADDR_TEXT_SIZE], masked[VIEW_MASK_SIZE];
    row->id = (uint64_t)peer->ref.generation << 32 | peer->ref.index;
    row->peer = *peer;
    row->peer.client = NULL;
    row->peer.url = NULL;
    snprintf(row->client, sizeof row->client, "%s", peer->client);
    snprintf(row->address, sizeof row->address, "%.*s", (int)sizeof row->address - 1,
             view_mask(context,
                       peer->url != NULL ? host_of(peer->url, text)
                                         : netaddr_format(&peer->address, text),
                       masked));
}

static void peers_recalc(void *state, struct view_context *context)
{
    struct peers *peers = state;
    struct torrent_info info = {.reason = ""};
    peers->has_torrent = torrent_get_info(context->session, context->torrent, &info);
    snprintf(peers->reason, sizeof peers->reason, "%s", info.reason);
    const bool turned = table_sort_descending(peers->table);
    uint32_t count = 0;
    peers->known = look(peers, context);
    peers->connected = 0;
    for (uint32_t i = 0; i < peers->known; i++) {
        const struct peer_info *peer = &peers->looks[i];
        const bool connected = (peer->flags & PEER_FLAG_CONNECTED) != 0;
        peers->connected += connected;
        if (!is_shown(peers, peer))
            continue;
        struct peer_row_line *row = &peers->rows[count++];
        fill_row(row, peer, context);
        row->pieces = info.pieces;
        row->after = connected == turned;
    }
    peers->hidden = peers->known - count;
    table_set_rows(peers->table, peers->rows, count);
    const struct peer_row_line *current = table_current(peers->table);
    if (current != NULL && current->peer.retry_s > 0)
        view_changed_in(context, 1000); /* the count-down */
}

/* ---- painting ---- */

static void draw_empty(const struct peers *peers, const struct view_context *context,
                       struct pane pane)
{
    char what[VIEW_PEERS_REASON_SIZE + 64], next[256];
    if (!peers->has_torrent) {
        view_draw_empty(pane, _("No torrent is selected."), "");
        return;
    }
    if (table_filter(peers->table)[0] != '\0') {
        view_draw_no_match(context, pane, _("No peer has the filter's text."), "back");
        return;
    }
    if (peers->hidden > 0) {
        snprintf(what, sizeof what,
                 ngettext("%u peer is known and not connected.",
                          "%u peers are known, none is connected.", peers->hidden),
                 peers->hidden);
        /* L10N: %s is a key */
        snprintf(next, sizeof next, _("%s shows them too."),
                 view_key(context, "peer-connected", (char[KEY_NAME_SIZE]){0}));
        view_draw_empty(pane, what, next);
        return;
    }
    /* L10N: %s is the torrent's reason, "asking the tracker for peers" */
    snprintf(what, sizeof what, _("No peers yet: %s."), peers->reason);
    /* L10N: each %s is a key */
    snprintf(next, sizeof next, _("%s asks the trackers now, %s adds a peer by address."),
             view_key(context, "tracker-announce", (char[KEY_NAME_SIZE]){0}),
             view_key(context, "peer-add", (char[KEY_NAME_SIZE]){0}));
    view_draw_empty(pane, what, next);
}

static void draw_note(const struct peers *peers, const struct view_context *context,
                      struct pane pane)
{
    char status[PEER_ROW_STATUS_SIZE], flags[PEER_ROW_FLAGS_SIZE], counts[128];
    const struct peer_row_line *row = table_current(peers->table);
    if (pane_is_empty(pane))
        return;
    if (peers->hidden > 0)
        /* L10N: %s is the key that shows them */
        snprintf(counts, sizeof counts, _("%u connected, %u hidden (%s)"),
                 peers->connected, peers->hidden,
                 view_key(context, "peer-connected", (char[KEY_NAME_SIZE]){0}));
    else
        snprintf(counts, sizeof counts, _("%u connected of %u"), peers->connected,
                 peers->known);
    const int cells = (int)text_cells(counts);
    int room = pane.width;
    if (room >= cells + 20) {
        pane_text_right(pane, 0, STYLE_DIM, counts);
        room -= cells + 2;
    }
    if (row == NULL)
        return;
    struct pane words = pane_part(pane, 1, 0, room - 1, 1);
    const int x =
        pane_text(words, 0, 0, peer_row_style(row), peer_row_status(row, status));
    if (peer_row_flags(row, flags)[0] != '\0' && x + 8 < words.width)
        pane_print(words, x, 0, STYLE_DIM, _(": %s"), flags);
}

static void peers_draw(void *state, struct view_context *context, struct pane pane,
                       bool focused)
{
    struct peers *peers = state;
    if (table_visible_count(peers->table) == 0) {
        draw_empty(peers, context, pane);
        return;
    }
    const struct pane note = view_take_bottom(&pane, 1, 5);
    table_draw(peers->table, pane, focused);
    draw_note(peers, context, note);
}

static struct table *peers_table(void *state)
{
    return ((struct peers *)state)->table;
}

static bool peers_click(void *state, struct view_context *context, int x, int y)
{
    (void)context;
    return table_click(peers_table(state), x, y);
}

const struct view_class view_peers = {
    .name = "peers",
    .title = N_("Peers"),
    .scopes = SCOPE_PEERS | SCOPE_TABLE,
    .shows = CHANGED_PEERS | CHANGED_STATE,
    .size = sizeof(struct peers),
    .init = peers_init,
    .done = peers_done,
    .torrent = peers_torrent,
    .recalc = peers_recalc,
    .draw = peers_draw,
    .act = peer_commands_act,
    .click = peers_click,
    .table = peers_table,
    .legend = peer_row_legend,
};
