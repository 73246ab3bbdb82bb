/* The keys of the Peers view: pause, kick, ban, limit and add. They act on the marked
 * rows, or on the one under the cursor. */
#include "base/i18n.h"
#include "torrent/commands.h"
#include "ui/limit_words.h"
#include "ui/view_peers_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static bool is_put_last(const struct peer_row_line *row)
{
    return (row->peer.flags & PEER_FLAG_PUT_LAST) != 0;
}

static void count_put_last(void *data, const void *line)
{
    struct command *command = data;
    command->pause |= !is_put_last(line);
    command->count++;
}

static void put_last(void *data, const void *line)
{
    const struct command *command = data;
    const struct peer_row_line *row = line;
    torrent_put_peer_last(command->context->session, command->context->torrent,
                          row->peer.ref, command->pause);
}

/* Snubs those that are not; ends it when every one is. */
static void snub(struct peers *peers, struct view_context *context)
{
    struct command command = {.peers = peers, .context = context};
    table_for_chosen(peers->table, count_put_last, &command);
    table_for_chosen(peers->table, put_last, &command);
    if (command.count > 0)
        view_say(context, STYLE_NORMAL,
                 command.pause
                     ? ngettext("%u peer snubbed: others are served and asked before it.",
                                "%u peers snubbed: others are served and asked before "
                                "them.",
                                command.count)
                     : ngettext("%u peer is treated as the others again.",
                                "%u peers are treated as the others again.",
                                command.count),
                 command.count);
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

/* Who is chosen, and not banned, is in `asked`; how many, the first with them. */
static struct command note_chosen(struct peers *peers, struct view_context *context)
{
    struct command command = {.peers = peers, .context = context};
    const uint32_t rows = table_visible_count(peers->table);
    struct peer_id_ref *asked = realloc(peers->asked, (rows + 1u) * sizeof *asked);
    peers->asked_count = 0;
    if (asked == NULL)
        return command;
    peers->asked = asked;
    table_for_chosen(peers->table, note_asked, &command);
    peers->asked_count = command.count;
    return command;
}

static void ask_ban(struct peers *peers, struct view_context *context)
{
    char question[256];
    if (table_visible_count(peers->table) == 0)
        return;
    const struct command command = note_chosen(peers, context);
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

static bool accept_limits(void *state, struct view_context *context, const char *text)
{
    struct peers *peers = state;
    uint64_t down, up;
    if (!limit_words_read(context, text, &down, &up))
        return false;
    for (uint32_t i = 0; i < peers->asked_count; i++)
        torrent_limit_peer(context->session, context->torrent, peers->asked[i], down, up);
    return true;
}

static void ask_limits(struct peers *peers, struct view_context *context)
{
    char initial[LIMIT_WORDS_SIZE];
    const struct command command = note_chosen(peers, context);
    if (command.count == 0)
        return;
    const struct peer_info *first = &command.first->peer;
    const struct view_question question = {
        .label = _("Peer's limits: "),
        .hint = limit_words_hint(),
        .initial = limit_words(first->max_down, first->max_up, initial),
        .state = peers,
        .on_accept = accept_limits};
    view_ask(context, &question);
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
        .label = _("Add a peer: "),
        .hint = _("Its address and port: 192.0.2.7:6881 or [2001:db8::7]:6881"),
        .history = "peer",
        .state = peers,
        .on_accept = accept_peer,
    };
    if (peers->has_torrent)
        view_ask(context, &question);
}

bool peer_commands_act(void *state, struct view_context *context, enum action action)
{
    struct peers *peers = state;
    switch (action) {
    case ACTION_PEER_PAUSE:
        pause_or_resume(peers, context);
        return true;
    case ACTION_PEER_SNUB:
        snub(peers, context);
        return true;
    case ACTION_PEER_KICK:
        kick(peers, context);
        return true;
    case ACTION_PEER_BAN:
        ask_ban(peers, context);
        return true;
    case ACTION_PEER_LIMITS:
        ask_limits(peers, context);
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
