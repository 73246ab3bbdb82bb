/* Who wants nothing more says so (BEP 21): it needs no slot, and we tell the same of us.
 * In the extension handshake, and by libtorrent's message of that name. */
#include "peer/extension_private.h"

void peer_set_upload_only(struct peer *peer, bool on)
{
    if (peer->upload_only == on)
        return;
    peer->upload_only = on;
    struct message message = {.type = PEER_UPLOAD_ONLY, .u.flag.on = on};
    peer_post(peer, &message);
    peer_manager_choke_soon(peer->manager);
}

enum error_code peer_on_upload_only(struct peer *peer, const uint8_t *body,
                                    uint32_t length)
{
    if (length != 1)
        return peer_on_extended_garbage(peer);
    peer_set_upload_only(peer, body[0] != 0);
    return ERROR_NONE;
}

void peer_manager_set_upload_only(struct peer_manager *manager, bool on)
{
    if (manager->upload_only == on)
        return;
    manager->upload_only = on;
    if (!on)
        known_seek_seeds(manager);
    for (uint32_t i = 0; i < manager->known_count; i++) {
        struct peer *peer = manager->known[i].peer;
        if (peer == NULL || peer->dead || !peer->handshaken)
            continue;
        const enum error_code error = peer_say_extension(peer);
        if (error != ERROR_NONE)
            peer_close(peer, peer_reason_of(error), error);
    }
}
