/* The extension protocol (BEP 10): where a peer listens, what it is called, how much it
 * takes, whether it still wants anything (BEP 21). */
#include "peer/peer_private.h"

#include <string.h>

#define UNKNOWN_MAX         32u
#define EXTENSION_HELLO_MAX 3u /* within less than a second each */

/* Where it listens: the same peer may be known by that address too, may have been paused
 * or banned there. */
static enum error_code note_port(struct peer *peer, uint16_t port)
{
    struct peer_manager *manager = peer->manager;
    struct known *known = &manager->known[peer->place];
    struct netaddr listens = known->address;
    listens.port = port;
    if (known->listen_port != 0)
        return ERROR_NONE;
    known->listen_port = port;
    if (peer_shared_is_banned(manager->shared, &listens)) {
        peer_close(peer, PEER_REASON_BANNED_DATA, ERROR_REFUSED);
        return ERROR_NONE;
    }
    const bool was_paused = peer->paused;
    known_inherit(manager, peer);
    if (peer->paused && !was_paused) {
        peer->paused = false;
        peer_pause(peer, true);
    }
    return ERROR_NONE;
}

/* BEP 21: it needs no slot, however interested it says it is. */
static void set_upload_only(struct peer *peer, bool on)
{
    if (peer->upload_only == on)
        return;
    peer->upload_only = on;
    struct message message = {.type = PEER_UPLOAD_ONLY, .u.flag.on = on};
    peer_post(peer, &message);
    peer_manager_choke_soon(peer->manager);
}

static enum error_code on_extension_handshake(struct peer *peer, const uint8_t *bytes,
                                              size_t length)
{
    struct wire_extension extension;
    const uint64_t now_ns = loop_now_ns(peer->manager->loop);
    if (now_ns - peer->extension_at_ns >= NS_PER_S)
        peer->extension_handshakes = 0;
    if (++peer->extension_handshakes > EXTENSION_HELLO_MAX)
        return ERROR_PROTOCOL;
    peer->extension_at_ns = now_ns;
    if (wire_read_extension(bytes, length, &extension) != ERROR_NONE)
        return ERROR_PROTOCOL;
    if (extension.reqq > 0)
        peer->window.reqq = extension.reqq;
    if (extension.client[0] != '\0')
        memcpy(peer->client, extension.client, sizeof peer->client);
    if (peer_refuse_by_client(peer))
        return ERROR_NONE;
    if (extension.tells_upload_only)
        set_upload_only(peer, extension.upload_only);
    return extension.port != 0 ? note_port(peer, extension.port) : ERROR_NONE;
}

enum error_code peer_on_extended(struct peer *peer, const uint8_t *body, uint32_t length)
{
    if (!peer->extended)
        return ERROR_PROTOCOL;
    if (body[0] == 0)
        return on_extension_handshake(peer, body + 1, length - 1);
    if (body[0] == WIRE_EXTENDED_UPLOAD_ONLY && length == 2) {
        set_upload_only(peer, body[1] != 0);
        return ERROR_NONE;
    }
    return ++peer->unknown_extended > UNKNOWN_MAX ? ERROR_PROTOCOL : ERROR_NONE;
}

/* ---- what we say ---- */

enum error_code peer_say_extension(struct peer *peer)
{
    const struct peer_manager *manager = peer->manager;
    if (!peer->extended)
        return ERROR_NONE;
    peer_flush_soon(peer);
    return wire_put_extension(&peer->out, manager->shared->port,
                              manager->upload_only && !manager->super_seeding,
                              &peer->stream->remote);
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
