/* The extension protocol (BEP 10): what it is called, where it listens, how much it
 * takes, which extensions it knows; and each message to the one it belongs to. */

#include "peer/extension_private.h"

#include <string.h>

#define UNKNOWN_MAX         32u
#define EXTENSION_HELLO_MAX 3u /* within less than a second each */

/* ---- its handshake ---- */

/* Where it listens: the same peer may be known by that address too, may have been paused
 * or banned there. */
static void note_port(struct peer *peer, uint16_t port)
{
    struct peer_manager *manager = peer->manager;
    struct known *known = &manager->known[peer->place];
    struct netaddr listens = known->address;
    listens.port = port;
    if (known->listen_port != 0)
        return;
    known->listen_port = port;
    manager->pex_changes++;
    if (peer_shared_is_banned(manager->shared, &listens)) {
        peer_close(peer, PEER_REASON_BANNED_DATA, ERROR_REFUSED);
        return;
    }
    const bool was_paused = peer->paused;
    known_inherit(manager, peer);
    if (peer->paused && !was_paused) {
        peer->paused = false;
        peer_pause(peer, true);
    }
}

/* A later handshake changes what it names, and nothing else. */
static void note_numbers(struct peer *peer, const struct wire_extension *extension)
{
    for (unsigned i = 0; i < WIRE_EXTENDED_COUNT; i++)
        if (extension->numbers[i] != WIRE_EXTENDED_UNTOLD)
            peer->their_numbers[i] = (uint8_t)extension->numbers[i];
}

static bool comes_too_often(struct peer *peer)
{
    const uint64_t now_ns = loop_now_ns(peer->manager->loop);
    if (now_ns - peer->extension_at_ns >= NS_PER_S)
        peer->extension_handshakes = 0;
    peer->extension_at_ns = now_ns;
    return ++peer->extension_handshakes > EXTENSION_HELLO_MAX;
}

static enum error_code on_handshake(struct peer *peer, const uint8_t *bytes,
                                    size_t length)
{
    struct wire_extension extension;
    if (comes_too_often(peer) ||
        wire_read_extension(bytes, length, &extension) != ERROR_NONE)
        return ERROR_PROTOCOL;
    if (extension.reqq > 0)
        peer->window.reqq = extension.reqq;
    if (extension.client[0] != '\0')
        memcpy(peer->client, extension.client, sizeof peer->client);
    if (peer_refuse_by_client(peer))
        return ERROR_NONE;
    note_numbers(peer, &extension);
    if (extension.your_ip.family != NETADDR_NONE)
        priority_note_own(
            &peer->manager->shared->own[extension.your_ip.family == NETADDR_V6],
            &extension.your_ip, &peer->stream->remote);
    if (extension.tells_upload_only)
        peer_set_upload_only(peer, extension.upload_only);
    if (extension.metadata_bytes != 0)
        peer_note_metadata_offer(peer, extension.metadata_bytes);
    if (extension.port != 0)
        note_port(peer, extension.port);
    return peer->dead ? ERROR_NONE : peer_say_pex(peer);
}

/* ---- its messages ---- */

enum error_code peer_on_extended_garbage(struct peer *peer)
{
    return ++peer->unknown_extended > UNKNOWN_MAX ? ERROR_PROTOCOL : ERROR_NONE;
}

enum error_code peer_on_extended(struct peer *peer, const uint8_t *body, uint32_t length)
{
    if (!peer->extended)
        return ERROR_PROTOCOL;
    switch (body[0]) {
    case 0:
        return on_handshake(peer, body + 1, length - 1);
#define X(NAME, number, name)                                                            \
    case number:                                                                         \
        return peer_on_##name(peer, body + 1, length - 1);
        WIRE_EXTENSION_LIST(X)
#undef X
    default:
        return peer_on_extended_garbage(peer);
    }
}

/* ---- what we say ---- */

bool peer_takes_extended(const struct peer *peer, enum wire_extended what)
{
    return peer->extended && peer->their_numbers[what] != 0;
}

enum error_code peer_say_extended(struct peer *peer, enum wire_extended what,
                                  const void *body, size_t length)
{
    if (!peer_takes_extended(peer, what))
        return ERROR_NONE;
    const uint8_t ids[2] = {WIRE_EXTENDED, peer->their_numbers[what]};
    enum error_code error = buffer_append_u32(&peer->out, (uint32_t)length + 2);
    if (error == ERROR_NONE)
        error = buffer_append(&peer->out, ids, sizeof ids);
    if (error == ERROR_NONE)
        error = buffer_append(&peer->out, body, length);
    peer_flush_soon(peer);
    return error;
}

static uint32_t taken_by_us(const struct peer_manager *manager)
{
#define X(NAME, number, name) | 1u << number
    uint32_t numbers = 0 WIRE_EXTENSION_LIST(X);
#undef X
    if (!pex_is_on(manager))
        numbers &= ~(1u << WIRE_EXTENDED_PEX);
    if (!holepunch_is_on(manager))
        numbers &= ~(1u << WIRE_EXTENDED_HOLEPUNCH);
    return numbers;
}

enum error_code peer_say_extension(struct peer *peer)
{
    const struct peer_manager *manager = peer->manager;
    const uint32_t numbers = taken_by_us(manager), withdrawn = peer->offered & ~numbers;
    if (!peer->extended)
        return ERROR_NONE;
    peer->offered = numbers;
    peer_flush_soon(peer);
    const struct wire_extension_offer offer = {
        .numbers = numbers,
        .withdrawn = withdrawn,
        .port = manager->shared->port,
        .upload_only = manager->upload_only && !manager->super_seeding,
        .metadata_bytes = metadata_bytes_given(manager),
        .your_ip = &peer->stream->remote,
    };
    return wire_put_extension(&peer->out, &offer);
}
