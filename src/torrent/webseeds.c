/* Web seeds beside peers: what the Torrent Manager does otherwise for one. */
#include "peer/webseed_manager.h"
#include "piece/piece_manager.h"
#include "torrent/session_private.h"

/* So many pieces after the last one asked for are tried first: one request of a server
 * can be for several that lie side by side. */
#define WEBSEED_AHEAD 16u

const struct bitfield *torrent_peer_bits(const struct torrent *torrent,
                                         struct peer_id_ref ref, bool *ret_is_seed)
{
    return peer_is_webseed(ref)
               ? webseed_manager_bitfield(torrent->webseeds, ref, ret_is_seed)
               : peer_manager_bitfield(torrent->peers, ref, ret_is_seed);
}

bool torrent_peer_address(const struct torrent *torrent, struct peer_id_ref ref,
                          struct netaddr *ret_address)
{
    return peer_is_webseed(ref)
               ? webseed_manager_address(torrent->webseeds, ref, ret_address)
               : peer_manager_address(torrent->peers, ref, ret_address);
}

bool torrent_peer_row(const struct torrent *torrent, struct peer_id_ref ref,
                      struct peer_row *ret_row)
{
    if (!peer_is_webseed(ref))
        return peer_manager_row(torrent->peers, ref.index, ret_row) &&
               ret_row->ref.generation == ref.generation;
    for (uint32_t i = 0; webseed_manager_row(torrent->webseeds, i, ret_row); i++)
        if (ret_row->ref.index == ref.index && ret_row->ref.generation == ref.generation)
            return true;
    return false;
}

static void join(struct torrent *torrent, struct peer_id_ref ref)
{
    static const uint8_t no_id[20];
    struct netaddr address = {.family = NETADDR_NONE};
    torrent_peer_address(torrent, ref, &address);
    if (piece_manager_peer_joined(torrent->pieces, ref, &address, no_id) != ERROR_NONE) {
        /* No memory to work with it: better tried again later than kept idle. */
        struct message request = {.type = PEER_DISCONNECT, .peer = ref};
        request.u.gone.reason = PEER_REASON_SYSTEM;
        torrent_post_peers(torrent, &request);
        return;
    }
    piece_manager_set_upload_only(torrent->pieces, ref, true);
    torrent_report_peer(torrent, ref, PEER_STATUS_ACTIVE, PEER_REASON_NONE);
}

bool torrent_on_webseed(struct torrent *torrent, const struct message *message)
{
    bool is_seed;
    if (!peer_is_webseed(message->peer))
        return false;
    const struct bitfield *bits = torrent_peer_bits(torrent, message->peer, &is_seed);
    switch ((int)message->type) {
    case PEER_HANDSHAKEN:
        join(torrent, message->peer);
        break;
    case PEER_HAS_PIECES:
        piece_manager_has_pieces(torrent->pieces, message->peer, bits, is_seed, 0);
        break;
    case PEER_GONE:
        piece_manager_peer_gone(torrent->pieces, message->peer, bits, is_seed);
        torrent_report_peer(torrent, message->peer, PEER_STATUS_INACTIVE,
                            message->u.gone.reason);
        break;
    default:
        return false;
    }
    session_changed(torrent, CHANGED_PEERS | CHANGED_PIECES);
    return true;
}

uint32_t torrent_pick_for_webseed(struct torrent *torrent, struct peer_id_ref ref,
                                  uint32_t room, struct block_ref *ret_blocks)
{
    uint32_t pieces[WEBSEED_AHEAD], ahead = 0;
    bool is_seed;
    const struct bitfield *bits = torrent_peer_bits(torrent, ref, &is_seed);
    const uint32_t last = webseed_manager_last_piece(torrent->webseeds, ref);
    while (ahead < WEBSEED_AHEAD && last < torrent->meta->piece_count - ahead) {
        pieces[ahead] = last + ahead;
        ahead++;
    }
    uint32_t count = piece_manager_pick_of(torrent->pieces, ref, bits, is_seed, pieces,
                                           ahead, room, ret_blocks);
    if (count < room)
        count += piece_manager_pick(torrent->pieces, ref, bits, is_seed,
                                    webseed_manager_rate(torrent->webseeds, ref),
                                    room - count, ret_blocks + count);
    return count;
}

bool torrent_wants_webseeds(const struct torrent *torrent)
{
    return torrent->running && !torrent->complete && torrent->error == ERROR_NONE &&
           torrent->phase == TORRENT_PHASE_READY;
}
