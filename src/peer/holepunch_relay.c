/*
 * Hole punching (BEP 55) as the relay: two peers of one torrent, both connected to us,
 * are told to call each other. Nobody is told of another address than one that its owner
 * has come from, or said to listen at on the same host, so that we cannot be used against
 * somebody who is not here; and only if the user lets us (HOSTILE.md X24).
 */
#include "peer/extension_private.h"

/* Where the other is to send its packets. By TCP we do not see where uTP comes from: by
 * the port where it listens, unless its NAT changes that. False: we do not know. */
static bool endpoint_of(const struct peer *peer, struct netaddr *ret_endpoint)
{
    const struct known *known = &peer->manager->known[peer->place];
    *ret_endpoint = peer->stream->remote;
    if (peer->incoming && peer->stream->kind != STREAM_UTP)
        ret_endpoint->port = known->listen_port;
    return ret_endpoint->port != 0;
}

/* By where it is connected from, or by where it says to listen. */
static struct peer *find(const struct peer_manager *manager,
                         const struct netaddr *address)
{
    for (uint32_t i = 0; i < manager->known_count; i++) {
        const struct known *known = &manager->known[i];
        if (known->peer == NULL || known->peer->dead || !known->peer->handshaken)
            continue;
        struct netaddr listens = known->address;
        listens.port = known->listen_port;
        if (netaddr_equal(&known->address, address) || netaddr_equal(&listens, address))
            return known->peer;
    }
    return NULL;
}

struct meeting {
    struct peer *target;
    struct netaddr asker_at, target_at;
};

/* Both may hear of each other as by PEX, and the target has not heard of too many. */
static bool may_meet(struct peer *asker, struct meeting *meeting)
{
    return endpoint_of(asker, &meeting->asker_at) &&
           endpoint_of(meeting->target, &meeting->target_at) &&
           pex_may_be_told(asker, &meeting->target_at) &&
           pex_may_be_told(meeting->target, &meeting->asker_at) &&
           holepunch_count(meeting->target, HOLEPUNCH_TOLD);
}

/* Before the metainfo is known the torrent may turn out to be private. */
static bool may_relay(const struct peer_manager *manager)
{
    return manager->shared->config.holepunch_relay &&
           manager->config.metainfo.piece_count != 0;
}

static enum holepunch_error arrange(struct peer *asker, const struct netaddr *target,
                                    struct meeting *ret_meeting)
{
    const struct peer_manager *manager = asker->manager;
    if (target->port == 0 || netaddr_scope(target) == NETADDR_SCOPE_INVALID)
        return HOLEPUNCH_NO_SUCH_PEER;
    if (peer_is_own_address(manager, target))
        return HOLEPUNCH_NO_SELF;
    ret_meeting->target = may_relay(manager) ? find(manager, target) : NULL;
    if (ret_meeting->target == NULL)
        return HOLEPUNCH_NOT_CONNECTED;
    if (ret_meeting->target == asker)
        return HOLEPUNCH_NO_SUCH_PEER;
    if (!peer_takes_extended(ret_meeting->target, WIRE_EXTENDED_HOLEPUNCH))
        return HOLEPUNCH_NO_SUPPORT;
    return may_meet(asker, ret_meeting) ? HOLEPUNCH_NO_ERROR : HOLEPUNCH_NOT_CONNECTED;
}

enum error_code holepunch_on_rendezvous(struct peer *peer, const struct netaddr *target)
{
    struct meeting meeting;
    if (!holepunch_count(peer, HOLEPUNCH_ASKED))
        return ERROR_NONE;
    const enum holepunch_error error = arrange(peer, target, &meeting);
    if (error != HOLEPUNCH_NO_ERROR) {
        const struct holepunch_message why = {HOLEPUNCH_ERROR, *target, error};
        return peer_say_holepunch(peer, &why);
    }
    const struct holepunch_message to_target = {HOLEPUNCH_CONNECT, meeting.asker_at, 0};
    const struct holepunch_message to_asker = {HOLEPUNCH_CONNECT, meeting.target_at, 0};
    peer_flush_or_close(meeting.target, peer_say_holepunch(meeting.target, &to_target));
    return peer_say_holepunch(peer, &to_asker);
}
