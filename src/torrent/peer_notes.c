/* What the Torrent Manager notes of its peers, and what it tells of them: who is known to
 * the Piece Manager, and whom we are interested in. */
#include "peer/peer_manager.h"
#include "piece/piece_manager.h"
#include "torrent/awaited_private.h"
#include "torrent/hashes_private.h"
#include "torrent/keep_private.h"
#include "torrent/session_private.h"

#include <stdlib.h>
#include <string.h>

#define STRIKES_MAX 3u

static struct torrent_peer *note_of(struct torrent *torrent, struct peer_id_ref ref)
{
    if (ref.index >= torrent->noted_capacity) {
        uint32_t capacity = torrent->noted_capacity == 0 ? 8 : torrent->noted_capacity;
        while (capacity <= ref.index)
            capacity *= 2;
        struct torrent_peer *table = realloc(torrent->noted, capacity * sizeof *table);
        if (table == NULL)
            return NULL;
        memset(table + torrent->noted_capacity, 0,
               (capacity - torrent->noted_capacity) * sizeof *table);
        torrent->noted = table;
        torrent->noted_capacity = capacity;
    }
    struct torrent_peer *peer = &torrent->noted[ref.index];
    if (peer->generation != ref.generation)
        *peer = (struct torrent_peer){.generation = ref.generation};
    return peer;
}

/* What carries its connection, while there is one. */
static void note_connection(const struct torrent *torrent, struct peer_id_ref ref,
                            struct message *event)
{
    struct peer_row row;
    if (!torrent_peer_row(torrent, ref, &row))
        return;
    event->u.peer_news.connected = row.connected;
    event->u.peer_news.transport = row.transport;
    event->u.peer_news.encryption = row.encryption;
    event->u.peer_news.source = row.source;
    event->u.peer_news.punched = row.punched;
}

void torrent_report_peer(struct torrent *torrent, struct peer_id_ref ref,
                         enum peer_status status, enum peer_reason reason)
{
    struct message event = {.type = EVENT_PEER, .torrent = torrent->id, .peer = ref};
    if (!torrent_peer_address(torrent, ref, &event.u.peer_news.address))
        return;
    event.u.peer_news.status = status;
    event.u.peer_news.reason = reason;
    note_connection(torrent, ref, &event);
    event_bus_post(torrent->session->events, &event);
}

static void set_interest(struct torrent *torrent, struct peer_id_ref ref, bool on)
{
    struct torrent_peer *peer = note_of(torrent, ref);
    if (peer == NULL || peer->interested == on)
        return;
    peer->interested = on;
    struct message message = {.type = PEER_INTEREST, .peer = ref, .u.flag.on = on};
    torrent_post_peers(torrent, &message);
}

void torrent_update_interest(struct torrent *torrent, struct peer_id_ref ref)
{
    bool is_seed;
    const struct bitfield *bits = peer_manager_bitfield(torrent->peers, ref, &is_seed);
    set_interest(torrent, ref,
                 !torrent->complete &&
                     piece_manager_is_interesting(torrent->pieces, ref, bits, is_seed));
}

void torrent_seek_interest(struct torrent *torrent)
{
    for (uint32_t i = 0; i < torrent->noted_capacity; i++)
        if (torrent->noted[i].joined)
            torrent_update_interest(
                torrent, (struct peer_id_ref){i, torrent->noted[i].generation});
}

void torrent_lose_interest(struct torrent *torrent)
{
    for (uint32_t i = 0; i < torrent->noted_capacity; i++)
        if (torrent->noted[i].interested)
            set_interest(torrent, (struct peer_id_ref){i, torrent->noted[i].generation},
                         false);
}

static bool join(struct torrent *torrent, struct peer_id_ref ref)
{
    struct netaddr address;
    uint8_t peer_id[20];
    return peer_manager_address(torrent->peers, ref, &address) &&
           peer_manager_peer_id(torrent->peers, ref, peer_id) &&
           piece_manager_peer_joined(torrent->pieces, ref, &address, peer_id) ==
               ERROR_NONE;
}

static void disconnect(struct torrent *torrent, struct peer_id_ref ref,
                       enum peer_reason reason)
{
    struct message request = {.type = PEER_DISCONNECT, .peer = ref};
    request.u.gone.reason = reason;
    torrent_post_peers(torrent, &request);
}

void torrent_join_again(struct torrent *torrent)
{
    for (uint32_t i = 0; i < torrent->noted_capacity; i++) {
        struct torrent_peer *peer = &torrent->noted[i];
        const struct peer_id_ref ref = {i, peer->generation};
        if (!peer->joined)
            continue;
        peer->joined = join(torrent, ref);
        if (!peer->joined)
            disconnect(torrent, ref, PEER_REASON_SYSTEM);
    }
}

bool torrent_strike_peer(struct torrent *torrent, struct peer_id_ref ref)
{
    struct torrent_peer *peer = note_of(torrent, ref);
    if (peer == NULL || ++peer->strikes < STRIKES_MAX)
        return false;
    disconnect(torrent, ref, PEER_REASON_PROTOCOL);
    return true;
}

void torrent_ban_liar(struct torrent *torrent, struct peer_id_ref ref)
{
    struct message request = {.type = PEER_BAN, .peer = ref};
    struct message event = {.type = EVENT_BAN, .torrent = torrent->id, .peer = ref};
    if (!peer_manager_address(torrent->peers, ref, &event.u.peer_news.address))
        return;
    request.u.gone.reason = event.u.peer_news.reason = PEER_REASON_BANNED_DATA;
    event.u.peer_news.status = PEER_STATUS_BLOCKED;
    event_bus_post(torrent->session->events, &event);
    torrent_post_peers(torrent, &request);
}

void torrent_on_handshaken(struct torrent *torrent, const struct message *message)
{
    struct torrent_peer *peer = note_of(torrent, message->peer);
    if (peer != NULL)
        peer->joined = join(torrent, message->peer);
    /* No memory to work with it: better tried again later than kept idle. */
    if (peer == NULL || !peer->joined)
        disconnect(torrent, message->peer, PEER_REASON_SYSTEM);
    else
        torrent_layers_peer_came(torrent, message->peer);
    torrent_known_peers_changed(torrent);
    torrent_report_peer(torrent, message->peer, PEER_STATUS_INACTIVE, PEER_REASON_NONE);
    session_changed(torrent, CHANGED_PEERS);
}

void torrent_on_gone(struct torrent *torrent, const struct message *message)
{
    bool is_seed;
    const struct bitfield *bits =
        peer_manager_bitfield(torrent->peers, message->peer, &is_seed);
    struct torrent_peer *peer = note_of(torrent, message->peer);
    torrent_metadata_peer_gone(torrent, message->peer);
    torrent_layers_peer_gone(torrent, message->peer);
    torrent_blame_peer_gone(torrent, message->peer);
    const enum peer_reason reason = message->u.gone.reason;
    const bool refused = reason == PEER_REASON_CLIENT || reason == PEER_REASON_LEECH;
    const bool joined = peer != NULL && peer->joined;
    if (joined) {
        piece_manager_peer_gone(torrent->pieces, message->peer, bits, is_seed);
        peer->joined = false;
    }
    if (joined || refused)
        torrent_report_peer(torrent, message->peer,
                            refused ? PEER_STATUS_BLOCKED : PEER_STATUS_INACTIVE, reason);
    session_changed(torrent, CHANGED_PEERS);
}

static void count_pieces(struct torrent *torrent, const struct message *message,
                         const struct bitfield *bits, bool is_seed)
{
    const uint32_t piece = message->u.piece.piece, change = message->u.piece.change;
    if (message->type == PEER_HAS_PIECES)
        piece_manager_has_pieces(
            torrent->pieces, message->peer, bits, is_seed,
            peer_manager_piece_changes(torrent->peers, message->peer));
    else if (message->type == PEER_HAS_PIECE)
        piece_manager_has_piece(torrent->pieces, message->peer, piece, change);
    else
        piece_manager_lacks_piece(torrent->pieces, message->peer, piece, change);
}

void torrent_on_pieces(struct torrent *torrent, const struct message *message)
{
    bool is_seed;
    const struct bitfield *bits =
        peer_manager_bitfield(torrent->peers, message->peer, &is_seed);
    count_pieces(torrent, message, bits, is_seed);
    const struct torrent_peer *peer = note_of(torrent, message->peer);
    const bool is_less = message->type == PEER_LACKS_PIECE;
    if (peer != NULL && peer->interested == is_less)
        torrent_update_interest(torrent, message->peer);
    else if (torrent->starving && !is_less)
        peer_manager_wake_peer(torrent->peers, message->peer);
    session_changed(torrent, CHANGED_PEERS | CHANGED_PIECES);
}
