/* One connection: its life, and the callbacks of its stream. */

#include "peer/extension_private.h"

#include <stdlib.h>
#include <string.h>

#define CONNECT_NS   (10 * NS_PER_S)
#define HANDSHAKE_NS (10 * NS_PER_S)
#define OUT_BYTES    (96u * 1024) /* control messages waiting, beside our bitfield */

static uint64_t now_of(const struct peer *peer)
{
    return loop_now_ns(peer->manager->loop);
}

enum peer_reason peer_reason_of(enum error_code error)
{
    switch (error) {
    case ERROR_PROTOCOL:
    case ERROR_LIMIT:
    case ERROR_SYNTAX:
        return PEER_REASON_PROTOCOL;
    case ERROR_TIMEOUT:
        return PEER_REASON_TIMEOUT;
    case ERROR_MEMORY:
        return PEER_REASON_SYSTEM;
    default:
        return PEER_REASON_CLOSED;
    }
}

/* ---- the stream's callbacks ---- */

static void finish_or_close(struct peer *peer, enum error_code error)
{
    if (error != ERROR_NONE && !peer->dead)
        peer_close(peer, peer_reason_of(error), error);
    else if (!peer->dead)
        peer_update_idle(peer);
}

static void on_connected(void *context)
{
    struct peer *peer = context;
    peer->manager->half_open--;
    peer->manager->shared->half_open--;
    peer_begin(peer);
    const enum error_code error = peer_send_handshake(peer);
    peer_flush_soon(peer);
    finish_or_close(peer, error);
}

static void on_readable(void *context)
{
    struct peer *peer = context;
    enum error_code error = ERROR_NONE;
    if (!peer->handshaken)
        error = peer_receive_handshake(peer);
    if (error == ERROR_NONE && peer->handshaken && !peer->dead)
        error = peer_receive(peer);
    finish_or_close(peer, error);
}

static void on_writable(void *context)
{
    struct peer *peer = context;
    const enum error_code error = peer_send(peer);
    if (error != ERROR_NONE)
        peer_close(peer, peer_reason_of(error), error);
}

static void on_error(void *context, enum error_code error)
{
    struct peer *peer = context;
    peer_close(peer, peer->connected ? peer_reason_of(error) : PEER_REASON_CONNECT_FAILED,
               error);
}

static const struct stream_callbacks callbacks = {on_connected, on_readable, on_writable,
                                                  on_error};

/* ---- life ---- */

static void on_deadline(void *context)
{
    struct peer *peer = context;
    if (!peer->handshaken)
        peer_close(peer,
                   peer->connected ? PEER_REASON_TIMEOUT : PEER_REASON_CONNECT_FAILED,
                   ERROR_TIMEOUT);
}

struct peer *peer_new(struct peer_manager *manager, uint32_t place, struct stream *stream,
                      bool incoming)
{
    struct peer *peer = calloc(1, sizeof *peer);
    if (peer == NULL)
        return NULL;
    peer->manager = manager;
    peer->stream = stream;
    peer->place = place;
    peer->incoming = incoming;
    peer->am_choking = true;
    peer->paused = manager->known[place].paused;
    peer->put_last = manager->known[place].put_last;
    peer->quantum = BLOCK_BYTES;
    peer->burst = UPLOAD_BURST_FIRST;
    peer->told_status = PEER_STATUS_INACTIVE;
    peer->sending_tail = &peer->sending;
    manager->known[place].generation++;
    manager->known[place].peer = peer;
    manager->known[place].forget = false;
    peer->ref = (struct peer_id_ref){place, manager->known[place].generation};
    buffer_init(&peer->partial, WIRE_LENGTH_MAX + 4);
    buffer_init(&peer->out,
                OUT_BYTES + bitfield_wire_bytes(manager->config.metainfo.piece_count));
    window_init(&peer->window);
    loop_timer_init(&peer->timer, on_deadline, peer);
    loop_timer_set_in(manager->loop, &peer->timer, incoming ? HANDSHAKE_NS : CONNECT_NS);
    stream_set_callbacks(stream, &callbacks, peer);
    return peer;
}

void peer_begin(struct peer *peer)
{
    struct peer_manager *manager = peer->manager;
    peer->connected = true;
    peer->connected_at_ns = peer->last_received_ns = peer->last_sent_ns = now_of(peer);
    manager->connected++;
    manager->shared->connections++;
    loop_timer_set_in(manager->loop, &peer->timer, HANDSHAKE_NS);
    peer_post_type(peer, PEER_CONNECTED);
    if (!loop_timer_is_set(&manager->tick))
        loop_timer_set_in(manager->loop, &manager->tick, NS_PER_S);
}

void peer_close(struct peer *peer, enum peer_reason reason, enum error_code error)
{
    struct peer_manager *manager = peer->manager;
    if (peer->dead)
        return;
    peer->dead = true;
    loop_timer_cancel(manager->loop, &peer->timer);
    stream_close(peer->stream);
    peer->stream = NULL;
    if (peer->connected) {
        manager->connected--;
        manager->shared->connections--;
    } else {
        manager->half_open--;
        manager->shared->half_open--;
    }
    if (peer->is_seed)
        manager->seeds--;
    peer_note_giver(peer);
    pace_forget(peer);
    peer_send_done(peer);
    if (peer->filling != NULL)
        block_pool_give(manager->shared->config.pool, peer->filling);
    peer->filling = NULL;
    peer_manager_peer_gone(manager, peer, reason, error);
}

void peer_free(struct peer *peer)
{
    if (peer->has_bits)
        bitfield_done(&peer->bits);
    buffer_done(&peer->partial);
    ref_queue_done(&peer->asked);
    free(peer->served);
    free(peer->allowed);
    free(peer->metadata);
    pex_talk_free(peer->pex);
    holepunch_talk_free(peer->punches);
    free(peer->hash_talk);
    free(peer->early);
    free(peer);
}
