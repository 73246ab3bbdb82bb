/* What the Torrent Manager asks for, message by message. */
#include "peer/extension_private.h"
#include "peer/upload_private.h"

void peer_flush_or_close(struct peer *peer, enum error_code error)
{
    if (error != ERROR_NONE)
        peer_close(peer, error == ERROR_MEMORY ? PEER_REASON_SYSTEM : PEER_REASON_TIMEOUT,
                   error); /* it has not been reading for long */
    else
        peer_flush_soon(peer);
}

static void on_request(struct peer_manager *manager, const struct message *message)
{
    struct peer *peer = peer_manager_find(manager, message->peer);
    if (peer == NULL)
        return; /* PEER_GONE voids it */
    peer->idle_posted = false;
    if (!peer_may_be_asked_for(peer, message->u.block.piece) || peer->paused ||
        ref_queue_push(&peer->asked, &message->u.block) != ERROR_NONE) {
        peer_post_block(peer, PEER_RETURNED, &message->u.block);
        return;
    }
    window_on_request(&peer->window, peer->asked.length == 1, loop_now_ns(manager->loop));
    if (peer->asked.length == 1)
        peer->last_payload_ns = loop_now_ns(manager->loop);
    pace_request(peer, message->u.block.length);
    peer_flush_or_close(peer,
                        wire_put_block(&peer->out, WIRE_REQUEST, &message->u.block));
    peer_note_status(peer, PEER_REASON_NONE);
}

static void on_cancel(struct peer *peer, const struct block_ref *block)
{
    if (peer->asked.length == 0 || !ref_queue_remove(&peer->asked, block))
        return;
    peer->cancelled++;
    peer_flush_or_close(peer, wire_put_block(&peer->out, WIRE_CANCEL, block));
}

static void on_reject(struct peer *peer, const struct block_ref *block)
{
    peer->reads_out--;
    pace_refund(peer, PACE_UP, block->length);
    if (peer->fast)
        peer_flush_or_close(peer, wire_put_block(&peer->out, WIRE_REJECT, block));
    if (!peer->dead)
        peer_serve_soon(peer);
}

static void on_send(struct peer_manager *manager, struct peer *peer,
                    struct message *message)
{
    struct block *block = message->u.block_data.block;
    while (block != NULL) {
        struct block *next = block->next;
        const struct block_ref ref = {block->piece, block->begin, block->length};
        if (peer != NULL && !peer->dead &&
            (!peer->am_choking || peer_is_given(peer, ref.piece))) {
            peer->reads_out--;
            peer_queue_block(peer, block);
        } else {
            block_pool_give(manager->shared->config.pool, block);
            if (peer != NULL && !peer->dead)
                on_reject(peer, &ref);
        }
        block = next;
    }
    if (peer != NULL && !peer->dead)
        peer_flush_soon(peer);
}

static void on_interest(struct peer *peer, bool on)
{
    if (peer->am_interested == on)
        return;
    peer->am_interested = on;
    peer_flush_or_close(peer,
                        wire_put(&peer->out, on ? WIRE_INTERESTED : WIRE_NOT_INTERESTED));
    peer_update_idle(peer);
    peer_note_status(peer, PEER_REASON_NONE);
}

static void on_pause(struct peer_manager *manager, struct peer_id_ref ref, bool pause)
{
    struct known *known = known_named(manager, ref);
    if (known == NULL)
        return;
    known->paused = pause;
    if (known->peer != NULL && !known->peer->dead) {
        peer_pause(known->peer, pause);
        return;
    }
    struct message message = {
        .type = PEER_STATUS_CHANGED, .torrent = manager->config.torrent, .peer = ref};
    message.u.status.status = pause ? PEER_STATUS_BLOCKED : PEER_STATUS_INACTIVE;
    message.u.status.reason = pause ? PEER_REASON_PAUSED : PEER_REASON_NONE;
    if (bus_post(manager->config.responses, &message) != ERROR_NONE)
        message_done(&message, NULL);
    if (!pause)
        peer_manager_dial_soon(manager, 0);
}

static void on_put_last(struct peer_manager *manager, const struct message *message)
{
    struct known *known = known_named(manager, message->peer);
    if (known == NULL)
        return;
    known->put_last = message->u.flag.on;
    if (known->peer != NULL)
        peer_put_last(known->peer, message->u.flag.on);
}

/* They stay with the address, connected or not, until they are taken away. */
static void on_limit(struct peer_manager *manager, const struct message *message)
{
    struct known *known = known_named(manager, message->peer);
    const uint64_t down = message->u.limits.down, up = message->u.limits.up;
    if (known == NULL || (known->limits == NULL && down == 0 && up == 0))
        return;
    if (known->limits == NULL)
        known->limits = peer_limits_new();
    if (known->limits == NULL) {
        log_write(manager->shared->config.log, LOG_LEVEL_ERROR, "%s",
                  error_text(ERROR_MEMORY));
        return;
    }
    known->forget = false;
    pace_set_limit(&known->limits->ways[PACE_DOWN].bucket, manager->loop, down);
    pace_set_limit(&known->limits->ways[PACE_UP].bucket, manager->loop, up);
}

static void ban_address(struct peer_manager *manager, const struct netaddr *address,
                        enum peer_reason reason)
{
    if (address->family != NETADDR_NONE &&
        peer_shared_ban(manager->shared, address, reason) != ERROR_NONE)
        log_write(manager->shared->config.log, LOG_LEVEL_ERROR, "%s",
                  error_text(ERROR_MEMORY));
}

/* The address says who, even when the peer is gone and its place another's. */
static void on_ban(struct peer_manager *manager, const struct message *message)
{
    struct known *known = known_named(manager, message->peer);
    const enum peer_reason reason = message->u.gone.reason;
    if (known != NULL) {
        const struct netaddr address = known->address;
        struct netaddr listens = address;
        listens.port = known->listen_port;
        known->banned = true;
        known->forget = false;
        known->last_reason = reason;
        if (known->peer != NULL)
            peer_close(known->peer, reason, ERROR_REFUSED);
        known->last_reason = reason;
        ban_address(manager, &address, reason);
        if (listens.port != 0)
            ban_address(manager, &listens, reason);
    }
    ban_address(manager, &message->u.gone.address, reason);
}

static void on_connect(struct peer_manager *manager, const struct message *message)
{
    if (peer_shared_is_banned(manager->shared, &message->u.candidate.address))
        return;
    const uint32_t place =
        known_add(manager, &message->u.candidate.address, message->u.candidate.source);
    if (place != UINT32_MAX)
        known_note_hash(&manager->known[place], message->u.candidate.source,
                        message->u.candidate.by_v2);
    peer_manager_dial_soon(manager, 0);
}

static void on_ask_hashes(struct peer *peer, struct message *message)
{
    if (peer != NULL)
        peer_flush_or_close(peer, peer_ask_hashes(peer, message->u.hashes.bytes));
    message_done(message, NULL);
}

static void on_send_hashes(struct peer *peer, struct message *message)
{
    if (peer != NULL)
        peer_flush_or_close(peer, peer_send_hashes(peer, message->u.hashes.bytes,
                                                   message->u.hashes.length));
    message_done(message, NULL);
}

void peer_manager_handle(struct peer_manager *manager, struct message *message)
{
    struct peer *peer = peer_manager_find(manager, message->peer);
    switch ((int)message->type) {
    case PEER_REQUEST:
        on_request(manager, message);
        return;
    case PEER_SEND:
        on_send(manager, peer, message);
        return;
    case PEER_HAVE:
        news_add(manager, message->u.piece.piece);
        return;
    case PEER_ASK_HASHES:
        on_ask_hashes(peer, message);
        return;
    case PEER_SEND_HASHES:
        on_send_hashes(peer, message);
        return;
    case PEER_CONNECT:
        on_connect(manager, message);
        return;
    case PEER_PAUSE:
    case PEER_RESUME:
        on_pause(manager, message->peer, message->type == PEER_PAUSE);
        return;
    case PEER_LIMIT:
        on_limit(manager, message);
        return;
    case PEER_PUT_LAST:
        on_put_last(manager, message);
        return;
    case PEER_BAN:
        on_ban(manager, message);
        return;
    default:
        break;
    }
    if (peer == NULL)
        return;
    if (message->type == PEER_CANCEL)
        on_cancel(peer, &message->u.block);
    else if (message->type == PEER_REJECT)
        on_reject(peer, &message->u.block);
    else if (message->type == PEER_INTEREST)
        on_interest(peer, message->u.flag.on);
    else if (message->type == PEER_ASK_METADATA)
        peer_flush_or_close(peer, peer_ask_metadata(peer, message->u.metadata.piece));
    else if (message->type == PEER_DISCONNECT)
        peer_close(peer, message->u.gone.reason, ERROR_NONE);
}
