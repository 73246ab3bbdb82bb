/* What the Torrent Manager notes of its peers, and what it tells of them: who is known to
 * the Piece Manager, and whom we are interested in. */
#include "torrent/torrent.h"

#include <stdlib.h>
#include <string.h>

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

void torrent_report_peer(struct torrent *torrent, struct peer_id_ref ref,
                         enum peer_status status, enum peer_reason reason)
{
    struct message event = {.type = EVENT_PEER, .torrent = torrent->id, .peer = ref};
    if (!peer_manager_address(torrent->peers, ref, &event.u.peer_news.address))
        return;
    event.u.peer_news.status = status;
    event.u.peer_news.reason = reason;
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

void torrent_on_handshaken(struct torrent *torrent, const struct message *message)
{
    struct netaddr address;
    struct torrent_peer *peer = note_of(torrent, message->peer);
    uint8_t peer_id[20];
    if (peer != NULL && peer_manager_address(torrent->peers, message->peer, &address) &&
        peer_manager_peer_id(torrent->peers, message->peer, peer_id))
        peer->joined = piece_manager_peer_joined(torrent->pieces, message->peer, &address,
                                                 peer_id) == ERROR_NONE;
    if (peer == NULL || !peer->joined) {
        /* No memory to work with it: better tried again later than kept idle. */
        struct message request = {.type = PEER_DISCONNECT, .peer = message->peer};
        request.u.gone.reason = PEER_REASON_SYSTEM;
        torrent_post_peers(torrent, &request);
    }
    torrent_report_peer(torrent, message->peer, PEER_STATUS_INACTIVE, PEER_REASON_NONE);
    session_changed(torrent, CHANGED_PEERS);
}

void torrent_on_gone(struct torrent *torrent, const struct message *message)
{
    bool is_seed;
    const struct bitfield *bits =
        peer_manager_bitfield(torrent->peers, message->peer, &is_seed);
    struct torrent_peer *peer = note_of(torrent, message->peer);
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

void torrent_on_pieces(struct torrent *torrent, const struct message *message)
{
    bool is_seed;
    const struct bitfield *bits =
        peer_manager_bitfield(torrent->peers, message->peer, &is_seed);
    if (message->type == PEER_HAS_PIECES)
        piece_manager_has_pieces(torrent->pieces, message->peer, bits, is_seed);
    else
        piece_manager_has_piece(torrent->pieces, message->peer, message->u.piece.piece,
                                bits);
    const struct torrent_peer *peer = note_of(torrent, message->peer);
    if (peer != NULL && !peer->interested)
        torrent_update_interest(torrent, message->peer);
    else if (torrent->starving)
        peer_manager_wake_peer(torrent->peers, message->peer);
    session_changed(torrent, CHANGED_PEERS | CHANGED_PIECES);
}
