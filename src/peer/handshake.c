/* The handshake (BEP 3, 52): who it is, whether it may stay, and what we say first. */

#include "peer/extension_private.h"

#include <string.h>

#define PRESUMED_NS (2 * NS_PER_S)

static enum error_code send_pieces(struct peer *peer)
{
    const struct bitfield *have = peer->manager->config.metainfo.have;
    peer->hidden = peer->manager->super_seeding;
    if (peer->hidden)
        return peer->fast ? wire_put(&peer->out, WIRE_HAVE_NONE) : ERROR_NONE;
    if (have->count == 0)
        return peer->fast ? wire_put(&peer->out, WIRE_HAVE_NONE) : ERROR_NONE;
    if (peer->fast && bitfield_full(have))
        return wire_put(&peer->out, WIRE_HAVE_ALL);
    const size_t length = bitfield_wire_bytes(have->size);
    enum error_code error = buffer_append_u32(&peer->out, (uint32_t)length + 1);
    if (error == ERROR_NONE)
        error = buffer_append_u8(&peer->out, WIRE_BITFIELD);
    return error == ERROR_NONE ? buffer_append(&peer->out, have->bytes, length) : error;
}

/* Whether our DHT node is spoken of, and theirs heard of. */
static bool tells_dht(const struct peer_manager *manager)
{
    return manager->shared->dht_port != 0 && !manager->config.metainfo.is_private;
}

/* ---- by which hash ---- */

static bool is_hybrid(const struct peer_manager *manager)
{
    const struct metainfo *v2 = manager->config.metainfo.v2;
    return v2 != NULL && !v2->v2_only;
}

struct info_hash known_call_hash(const struct peer_manager *manager,
                                 const struct known *known)
{
    return known->by_v2 && is_hybrid(manager)
               ? metainfo_short_hash_v2(manager->config.metainfo.v2)
               : manager->config.hash;
}

void known_note_hash(struct known *known, enum peer_source source, bool by_v2)
{
    if (known->has_id || (source != PEER_SOURCE_TRACKER && source != PEER_SOURCE_DHT &&
                          source != PEER_SOURCE_LSD))
        return;
    known->found_by_v1 |= !by_v2;
    known->by_v2 = !known->found_by_v1;
}

void known_turn_hash(struct peer_manager *manager, struct known *known,
                     const struct peer *peer, enum peer_reason reason)
{
    const bool refused = peer->connected && !peer->incoming &&
                         peer->handshake_bytes == 0 &&
                         (reason == PEER_REASON_CLOSED || reason == PEER_REASON_PROTOCOL);
    if (refused && !known->has_id && is_hybrid(manager))
        known->by_v2 = !known->by_v2;
}

/* ---- the handshake ---- */

enum error_code peer_send_handshake(struct peer *peer)
{
    uint8_t bytes[WIRE_HANDSHAKE_BYTES];
    const struct peer_manager_config *config = &peer->manager->config;
    const bool hybrid = is_hybrid(peer->manager);
    struct wire_handshake handshake = {
        .hash = config->hash,
        .fast = true,
        .extended = true,
        .dht = tells_dht(peer->manager),
        .v2 = hybrid,
    };
    if (hybrid && peer->v2) { /* which it is called by, came by, or is ready for */
        handshake.hash = metainfo_short_hash_v2(config->metainfo.v2);
        handshake.v2 = false;
    }
    memcpy(handshake.peer_id, config->peer_id, sizeof handshake.peer_id);
    wire_handshake_write(&handshake, bytes);
    return buffer_append(&peer->out, bytes, sizeof bytes);
}

/* The other live connection with the same peer id, if there is one. */
static struct peer *find_twin(const struct peer *peer)
{
    const struct peer_manager *manager = peer->manager;
    for (uint32_t i = 0; i < manager->known_count; i++) {
        struct peer *other = manager->known[i].peer;
        if (other != NULL && other != peer && !other->dead && other->handshaken &&
            memcmp(other->peer_id, peer->peer_id, 20) == 0)
            return other;
    }
    return NULL;
}

/* Both ends must choose the same of two connections: when each dialled the other, the one
 * that the larger id opened stays; else the older. From another host it may be a liar
 * with a borrowed id, who must not push anybody out. True: PEER may stay. */
static bool settle_twins(struct peer *peer)
{
    struct peer *twin = find_twin(peer);
    if (twin == NULL)
        return true;
    struct peer *incoming = peer->incoming ? peer : twin;
    struct peer *outgoing = peer->incoming ? twin : peer;
    struct peer *loser = peer;
    if (netaddr_same_host(&peer->stream->remote, &twin->stream->remote)) {
        if (!outgoing->incoming)
            peer->manager->known[incoming->place].listen_port =
                outgoing->stream->remote.port;
        if (incoming->incoming != outgoing->incoming)
            loser = memcmp(peer->manager->config.peer_id, peer->peer_id, 20) > 0
                        ? incoming
                        : outgoing;
    }
    peer_close(loser, PEER_REASON_DUPLICATE, ERROR_NONE);
    return loser != peer;
}

/* By either hash; by the v2 hash, or ready for it, it takes hash requests (BEP 52). */
static bool is_ours(struct peer *peer, const struct wire_handshake *handshake)
{
    const struct peer_manager_config *config = &peer->manager->config;
    const bool by_hash = info_hash_equal(&handshake->hash, &config->hash);
    if (config->metainfo.v2 == NULL)
        return by_hash;
    const struct info_hash hash = metainfo_short_hash_v2(config->metainfo.v2);
    const bool by_v2 = info_hash_equal(&handshake->hash, &hash);
    peer->v2 = by_v2 || (by_hash && peer->incoming && handshake->v2);
    return by_hash || by_v2;
}

static bool is_welcome(struct peer *peer, const struct wire_handshake *handshake)
{
    const struct peer_manager_config *config = &peer->manager->config;
    if (!is_ours(peer, handshake)) {
        peer_close(peer, PEER_REASON_WRONG_TORRENT, ERROR_NONE);
        return false;
    }
    if (memcmp(handshake->peer_id, config->peer_id, 20) == 0) {
        peer_close(peer, PEER_REASON_SELF, ERROR_NONE);
        return false;
    }
    memcpy(peer->peer_id, handshake->peer_id, sizeof peer->peer_id);
    wire_client_name(peer->peer_id, peer->client);
    return !peer_refuse_by_client(peer) && !peer_refuse_again(peer) && settle_twins(peer);
}

static void note_identity(struct peer *peer)
{
    struct known *known = &peer->manager->known[peer->place];
    memcpy(known->peer_id, peer->peer_id, sizeof known->peer_id);
    known->has_id = true;
    if (!peer->incoming) {
        known->listen_port = known->address.port;
        known->by_utp = peer->stream->kind == STREAM_UTP;
    }
    known_inherit(peer->manager, peer);
    if (!peer->incoming)
        crossing_drop(known); /* it is the one that they have chosen, too */
}

enum error_code peer_on_handshake(struct peer *peer,
                                  const struct wire_handshake *handshake)
{
    struct peer_manager *manager = peer->manager;
    if (!is_welcome(peer, handshake))
        return ERROR_NONE;
    peer->fast = handshake->fast;
    peer->extended = handshake->extended;
    peer->handshaken = true;
    peer->news_seen = manager->news_count; /* its bitfield tells of those */
    peer->last_payload_ns = peer->progress_at_ns = loop_now_ns(manager->loop);
    loop_timer_cancel(manager->loop, &peer->timer);
    note_identity(peer);
    manager->pex_changes++;
    hide_on_handshake(peer);
    enum error_code error = ERROR_NONE;
    if (peer->incoming)
        error = peer_send_handshake(peer);
    if (error == ERROR_NONE)
        error = send_pieces(peer);
    if (error == ERROR_NONE)
        error = peer_say_extension(peer);
    if (error == ERROR_NONE && handshake->dht && tells_dht(manager))
        error = wire_put_port(&peer->out, manager->shared->dht_port);
    /* Whoever comes to a seed mostly wants something. A free slot goes out with the
     * handshake, and the first block comes a round trip sooner. */
    if (manager->complete && error == ERROR_NONE) {
        peer->presumed_until_ns = loop_now_ns(manager->loop) + PRESUMED_NS;
        peer_manager_choke_soon(manager);
    }
    peer_post_type(peer, PEER_HANDSHAKEN);
    peer_note_status(peer, peer->paused ? PEER_REASON_PAUSED : PEER_REASON_NONE);
    peer_flush_soon(peer);
    return error;
}

enum error_code peer_receive_handshake(struct peer *peer)
{
    while (!peer->handshaken && !peer->dead) {
        struct wire_handshake handshake;
        size_t got;
        const struct iovec iov = {peer->handshake + peer->handshake_bytes,
                                  WIRE_HANDSHAKE_BYTES - peer->handshake_bytes};
        enum error_code error = stream_readv(peer->stream, &iov, 1, &got);
        if (error != ERROR_NONE)
            return error == ERROR_AGAIN ? ERROR_NONE : error;
        peer->handshake_bytes += (uint32_t)got;
        if (!wire_handshake_begins(peer->handshake, peer->handshake_bytes))
            return ERROR_PROTOCOL;
        if (peer->handshake_bytes < WIRE_HANDSHAKE_BYTES)
            continue;
        error = wire_handshake_read(peer->handshake, &handshake);
        if (error == ERROR_NONE)
            error = peer_on_handshake(peer, &handshake);
        if (error != ERROR_NONE)
            return error;
    }
    return ERROR_NONE;
}
