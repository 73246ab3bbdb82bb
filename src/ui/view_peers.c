/*
 * The peers of the selected torrent: who they are, what they do, and keys that act on
 * them. Peers that are known and not connected come after the others.
 */
#include "base/i18n.h"
#include "base/text.h"
#include "ui/cells.h"
#include "ui/peer_row.h"
#include "ui/views.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REASON_SIZE 256

struct peers {
    struct table *table;
    struct peer_row_line *rows;
    struct peer_info *looks;
    uint32_t capacity;
    uint32_t known, connected, hidden;
    bool only_connected;
    bool has_torrent;
    char reason[REASON_SIZE]; /* of the torrent's state */
    /* Who a question is about: the rows may change while it is open. */
    struct peer_id_ref *asked;
    uint32_t asked_count;
};

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

static void fill_row(struct peer_row_line *row, const struct peer_info *peer,
                     const struct view_context *context)
{
    char text[NETADDR_TEXT_SIZE], masked[VIEW_MASK_SIZE];
    row->id = (uint64_t)peer->ref.generation << 32 | peer->ref.index;
    row->peer = *peer;
    row->peer.client = NULL;
    snprintf(row->client, sizeof row->client, "%s", peer->client);
    snprintf(row->address, sizeof row->address, "%.*s", (int)sizeof row->address - 1,
             view_mask(context, netaddr_format(&peer->address, text), masked));
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
}

/* ---- painting ---- */

static void draw_empty(const struct peers *peers, struct pane pane)
{
    char what[REASON_SIZE + 64];
    if (!peers->has_torrent) {
        view_draw_empty(pane, _("No torrent is selected."), "");
        return;
    }
    if (table_filter(peers->table)[0] != '\0') {
        view_draw_empty(pane, _("No peer has the filter's text."),
                        _("Esc shows all again."));
        return;
    }
    if (peers->hidden > 0) {
        snprintf(what, sizeof what,
                 ngettext("%u peer is known and not connected.",
                          "%u peers are known, none is connected.", peers->hidden),
                 peers->hidden);
        view_draw_empty(pane, what, _("o shows them too."));
        return;
    }
    /* L10N: %s is the torrent's reason, "asking the tracker for peers" */
    snprintf(what, sizeof what, _("No peers yet: %s."), peers->reason);
    view_draw_empty(pane, what, _("R asks the trackers now, a adds a peer by address."));
}

static void draw_note(const struct peers *peers, struct pane pane)
{
    char status[PEER_ROW_STATUS_SIZE], flags[PEER_ROW_FLAGS_SIZE], counts[128];
    const struct peer_row_line *row = table_current(peers->table);
    if (pane_is_empty(pane))
        return;
    if (peers->hidden > 0)
        snprintf(counts, sizeof counts, _("%u connected, %u hidden (o)"),
                 peers->connected, peers->hidden);
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
    (void)context;
    if (table_visible_count(peers->table) == 0) {
        draw_empty(peers, pane);
        return;
    }
    const struct pane note = view_take_bottom(&pane, 1, 5);
    table_draw(peers->table, pane, focused);
    draw_note(peers, note);
}

/* ---- keys ---- */

struct command {
    struct peers *peers;
    struct view_context *context;
    uint32_t count, banned;
    bool pause;
    const struct peer_row_line *first;
};

static bool is_paused(const struct peer_row_line *row)
{
    return row->peer.status == PEER_STATUS_BLOCKED &&
           row->peer.reason == PEER_REASON_PAUSED;
}

static bool is_banned(const struct peer_row_line *row)
{
    return row->peer.status == PEER_STATUS_BLOCKED && !is_paused(row);
}

static void count_paused(void *data, const void *line)
{
    struct command *command = data;
    const struct peer_row_line *row = line;
    command->banned += is_banned(row);
    command->pause |= !is_paused(row) && !is_banned(row);
    command->count++;
}

static void set_paused(void *data, const void *line)
{
    struct command *command = data;
    const struct peer_row_line *row = line;
    struct view_context *context = command->context;
    if (is_banned(row) || is_paused(row) == command->pause)
        return;
    if (command->pause)
        torrent_pause_peer(context->session, context->torrent, row->peer.ref);
    else
        torrent_resume_peer(context->session, context->torrent, row->peer.ref);
}

/* Pauses those that are not; resumes all when every one is paused. */
static void pause_or_resume(struct peers *peers, struct view_context *context)
{
    struct command command = {.peers = peers, .context = context};
    table_for_chosen(peers->table, count_paused, &command);
    if (command.count > 0 && command.count == command.banned) {
        view_say(context, STYLE_WARN, "%s",
                 _("A banned peer stays out for this session."));
        return;
    }
    table_for_chosen(peers->table, set_paused, &command);
}

static void kick_one(void *data, const void *line)
{
    struct command *command = data;
    const struct peer_row_line *row = line;
    if (!peer_row_is_connected(row))
        return;
    torrent_kick_peer(command->context->session, command->context->torrent,
                      row->peer.ref);
    command->count++;
}

static void kick(struct peers *peers, struct view_context *context)
{
    struct command command = {.peers = peers, .context = context};
    table_for_chosen(peers->table, kick_one, &command);
    if (command.count == 0)
        view_say(context, STYLE_WARN, "%s", _("Not connected: nothing to close."));
    else
        view_say(context, STYLE_NORMAL,
                 ngettext("%u peer disconnected; it may connect again.",
                          "%u peers disconnected; they may connect again.",
                          command.count),
                 command.count);
}

static void note_asked(void *data, const void *line)
{
    struct command *command = data;
    const struct peer_row_line *row = line;
    if (is_banned(row))
        return;
    if (command->first == NULL)
        command->first = row;
    command->peers->asked[command->count++] = row->peer.ref;
}

static void ban_asked(void *state, struct view_context *context)
{
    struct peers *peers = state;
    for (uint32_t i = 0; i < peers->asked_count; i++)
        torrent_ban_peer(context->session, context->torrent, peers->asked[i]);
    peers->asked_count = 0;
    table_unmark_all(peers->table);
}

static void ask_ban(struct peers *peers, struct view_context *context)
{
    struct command command = {.peers = peers, .context = context};
    char question[256];
    const uint32_t rows = table_visible_count(peers->table);
    if (rows == 0)
        return;
    struct peer_id_ref *asked = realloc(peers->asked, rows * sizeof *asked);
    if (asked == NULL)
        return;
    peers->asked = asked;
    table_for_chosen(peers->table, note_asked, &command);
    peers->asked_count = command.count;
    if (command.count == 0) {
        view_say(context, STYLE_WARN, "%s", _("It is banned already."));
        return;
    }
    if (command.count == 1 && command.first->client[0] != '\0')
        /* L10N: an address and the name of a program */
        snprintf(question, sizeof question,
                 _("Ban %s (%s)?\nIt cannot come back in this session."),
                 command.first->address, command.first->client);
    else if (command.count == 1)
        snprintf(question, sizeof question,
                 _("Ban %s?\nIt cannot come back in this session."),
                 command.first->address);
    else
        snprintf(question, sizeof question,
                 ngettext("Ban %u peer?\nIt cannot come back in this session.",
                          "Ban %u peers?\nThey cannot come back in this session.",
                          command.count),
                 command.count);
    view_confirm(context, question, peers, ban_asked);
}

static bool accept_peer(void *state, struct view_context *context, const char *text)
{
    char own[NETADDR_TEXT_SIZE + 8];
    struct netaddr address;
    (void)state;
    text += strspn(text, " \t");
    snprintf(own, sizeof own, "%s", text);
    for (size_t end = strlen(own); end > 0 && strchr(" \t", own[end - 1]) != NULL; end--)
        own[end - 1] = '\0';
    if (own[0] == '\0')
        return true;
    if (netaddr_parse(own, 0, &address) != ERROR_NONE) {
        view_say(context, STYLE_BAD, "%s",
                 _("Not an address: write 192.0.2.1:6881 or [2001:db8::1]:6881."));
        return false;
    }
    if (address.port == 0) {
        view_say(context, STYLE_BAD, "%s",
                 _("The port is missing: write it after a colon, like :6881."));
        return false;
    }
    if (netaddr_scope(&address) == NETADDR_SCOPE_INVALID) {
        view_say(context, STYLE_BAD, "%s", _("Nobody can be reached at this address."));
        return false;
    }
    torrent_add_peer(context->session, context->torrent, &address);
    view_say(context, STYLE_NORMAL, _("Connecting to %s."), own);
    return true;
}

static void ask_peer(struct peers *peers, struct view_context *context)
{
    const struct view_question question = {
        .label = _("Add a peer (address:port): "),
        .history = "peer",
        .state = peers,
        .on_accept = accept_peer,
    };
    if (peers->has_torrent)
        view_ask(context, &question);
}

static bool peers_act(void *state, struct view_context *context, enum action action)
{
    struct peers *peers = state;
    switch (action) {
    case ACTION_PEER_PAUSE:
        pause_or_resume(peers, context);
        return true;
    case ACTION_PEER_KICK:
        kick(peers, context);
        return true;
    case ACTION_PEER_BAN:
        ask_ban(peers, context);
        return true;
    case ACTION_PEER_ADD:
        ask_peer(peers, context);
        return true;
    case ACTION_PEER_CONNECTED:
        peers->only_connected = !peers->only_connected;
        return true;
    case ACTION_TRACKER_ANNOUNCE:
        torrent_announce(context->session, context->torrent);
        return true;
    default:
        return false;
    }
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
    .act = peers_act,
    .click = peers_click,
    .table = peers_table,
    .legend = peer_row_legend,
};
