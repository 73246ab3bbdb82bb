/* lt_donthave (BEP 54): a piece that was announced is lost again, because the disk has
 * lost it. Who takes the message is told; the others' requests are refused. */
#include "peer/extension_private.h"

void peer_manager_lost_piece(struct peer_manager *manager, uint32_t piece)
{
    uint8_t body[4];
    be32_put(body, piece);
    for (uint32_t i = 0; i < manager->known_count; i++) {
        struct peer *peer = manager->known[i].peer;
        if (peer == NULL || peer->dead || !peer->handshaken || peer->hidden)
            continue;
        peer_flush_or_close(
            peer, peer_say_extended(peer, WIRE_EXTENDED_DONTHAVE, body, sizeof body));
    }
}

enum error_code peer_on_lt_donthave(struct peer *peer, const uint8_t *body,
                                    uint32_t length)
{
    if (length != 4)
        return peer_on_extended_garbage(peer);
    const uint32_t piece = be32_get(body);
    if (peer_awaits_metainfo(peer)) {
        early_lacks(peer, piece);
        return ERROR_NONE;
    }
    if (piece >= peer->manager->config.metainfo.piece_count)
        return peer_on_extended_garbage(peer);
    return peer_on_lacks(peer, piece);
}
