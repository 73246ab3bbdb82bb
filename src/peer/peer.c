/* One connection: its life from the handshake to the end, and its clockwork. */
#include "peer/peer_private.h"

#include <stdlib.h>
#include <string.h>

#define CONNECT_NS   (10 * NS_PER_S)
#define HANDSHAKE_NS (10 * NS_PER_S)
#define IDLE_NS      (120 * NS_PER_S)
#define KEEPALIVE_NS (100 * NS_PER_S)
#define STALL_NS     (10 * NS_PER_S)
#define SNUB_NS      (60 * NS_PER_S)
#define UNSENT_NS    (60 * NS_PER_S)

static uint64_t now_of(const struct peer *peer)
{
    return loop_now_ns(peer->manager->loop);
}

static enum peer_reason reason_of(enum error_code error)
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

/* ---- handshake ---- */

static enum error_code send_pieces(struct peer *peer)
{
    const struct bitfield *have = peer->manager->config.have;
    if (peer->fast && bitfield_full(have))
        return wire_put(&peer->out, WIRE_HAVE_ALL);
    if (have->count == 0)
        return peer->fast ? wire_put(&peer->out, WIRE_HAVE_NONE) : ERROR_NONE;
    const size_t length = bitfield_wire_bytes(have->size);
    enum error_code error = buffer_append_u32(&peer->out, (uint32_t)length + 1);
    if (error == ERROR_NONE)
        error = buffer_append_u8(&peer->out, WIRE_BITFIELD);
    return error == ERROR_NONE ? buffer_append(&peer->out, have->bytes, length) : error;
}

static enum error_code send_handshake(struct peer *peer)
{
    uint8_t bytes[WIRE_HANDSHAKE_BYTES];
    const struct peer_manager_config *config = &peer->manager->config;
    struct wire_handshake handshake = {
        .hash = config->hash, .fast = true, .extended = true};
    memcpy(handshake.peer_id, config->peer_id, sizeof handshake.peer_id);
    wire_handshake_write(&handshake, bytes);
    return buffer_append(&peer->out, bytes, sizeof bytes);
}

enum error_code peer_on_handshake(struct peer *peer,
                                  const struct wire_handshake *handshake)
{
    struct peer_manager *manager = peer->manager;
    if (!info_hash_equal(&handshake->hash, &manager->config.hash)) {
        peer_close(peer, PEER_REASON_WRONG_TORRENT, ERROR_NONE);
        return ERROR_NONE;
    }
    if (memcmp(handshake->peer_id, manager->config.peer_id, 20) == 0) {
        peer_close(peer, PEER_REASON_SELF, ERROR_NONE);
        return ERROR_NONE;
    }
    memcpy(peer->peer_id, handshake->peer_id, sizeof peer->peer_id);
    wire_client_name(peer->peer_id, peer->client);
    peer->fast = handshake->fast;
    peer->extended = handshake->extended;
    peer->handshaken = true;
    peer->last_payload_ns = now_of(peer);
    enum error_code error = ERROR_NONE;
    if (peer->incoming)
        error = send_handshake(peer);
    if (error == ERROR_NONE)
        error = send_pieces(peer);
    if (error == ERROR_NONE && peer->extended)
        error =
            wire_put_extension(&peer->out, manager->shared->port, &peer->stream->remote);
    peer_post_type(peer, PEER_HANDSHAKEN);
    peer_flush_soon(peer);
    return error;
}

static enum error_code receive_handshake(struct peer *peer)
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

/* ---- the stream's callbacks ---- */

static void finish_or_close(struct peer *peer, enum error_code error)
{
    if (error != ERROR_NONE && !peer->dead)
        peer_close(peer, reason_of(error), error);
    else if (!peer->dead)
        peer_update_idle(peer);
}

static void on_connected(void *context)
{
    struct peer *peer = context;
    peer->manager->half_open--;
    peer->manager->shared->half_open--;
    peer_begin(peer);
    const enum error_code error = send_handshake(peer);
    peer_flush_soon(peer);
    finish_or_close(peer, error);
}

static void on_readable(void *context)
{
    struct peer *peer = context;
    enum error_code error = ERROR_NONE;
    if (!peer->handshaken)
        error = receive_handshake(peer);
    if (error == ERROR_NONE && peer->handshaken && !peer->dead)
        error = peer_receive(peer);
    finish_or_close(peer, error);
}

static void on_writable(void *context)
{
    struct peer *peer = context;
    const enum error_code error = peer_send(peer);
    if (error != ERROR_NONE)
        peer_close(peer, reason_of(error), error);
}

static void on_error(void *context, enum error_code error)
{
    struct peer *peer = context;
    peer_close(peer, peer->connected ? reason_of(error) : PEER_REASON_CONNECT_FAILED,
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
    peer->sending_tail = &peer->sending;
    manager->known[place].generation++;
    manager->known[place].peer = peer;
    peer->ref = (struct peer_id_ref){place, manager->known[place].generation};
    buffer_init(&peer->partial, WIRE_LENGTH_MAX + 4);
    buffer_init(&peer->out, 2u << 20);
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
    free(peer);
}

/* ---- what it may do ---- */

enum peer_status peer_status(const struct peer *peer)
{
    if (peer->paused)
        return PEER_STATUS_BLOCKED;
    if (!peer->handshaken || !peer->unchoked || !peer->am_interested)
        return PEER_STATUS_INACTIVE;
    return peer->asked.length > 0 || peer->filling != NULL ? PEER_STATUS_DOWNLOADING
                                                           : PEER_STATUS_ACTIVE;
}

/* Posts PEER_IDLE when it would take at least a quarter of its window. */
void peer_update_idle(struct peer *peer)
{
    struct rate_limit *down = &peer->manager->shared->down;
    if (peer->idle_posted || !peer->unchoked || !peer->am_interested || peer->paused ||
        peer->dead || peer->manager->complete)
        return;
    if (peer->asked.length >= peer->window.blocks)
        return;
    uint32_t room = peer->window.blocks - peer->asked.length;
    if (room < peer->window.blocks / 4 && peer->asked.length > 0)
        return;
    const int64_t tokens = rate_limit_room(down, now_of(peer));
    if (tokens < (int64_t)BLOCK_BYTES / 2)
        return;
    if ((int64_t)room > tokens / BLOCK_BYTES + 1)
        room = (uint32_t)(tokens / BLOCK_BYTES) + 1;
    struct message message = {.type = PEER_IDLE, .u.room.blocks = room};
    peer->idle_posted = true;
    peer_post(peer, &message);
}

static void refuse_waiting(struct peer *peer)
{
    struct block_ref ref;
    enum error_code error = ERROR_NONE;
    while (ref_queue_pop(&peer->wanted, &ref))
        if (peer->fast && error == ERROR_NONE)
            error = wire_put_block(&peer->out, WIRE_REJECT, &ref);
}

void peer_set_choking(struct peer *peer, bool choking)
{
    if (peer->am_choking == choking || !peer->handshaken || peer->dead)
        return;
    peer->am_choking = choking;
    peer->slot_changed_ns = now_of(peer);
    const enum error_code error =
        wire_put(&peer->out, choking ? WIRE_CHOKE : WIRE_UNCHOKE);
    if (choking)
        refuse_waiting(peer);
    if (error != ERROR_NONE)
        peer_close(peer, reason_of(error), error);
    else
        peer_flush_soon(peer);
}

/* Stops reading until blocks come back to the pool: the socket fills, and the sender
 * slows down. */
void peer_starve(struct peer *peer)
{
    peer->starved = true;
    stream_set_interest(peer->stream, false, peer->wants_write);
    peer_manager_feed_soon(peer->manager);
}

void peer_feed_again(struct peer *peer)
{
    if (peer->starved) {
        peer->starved = false;
        stream_set_interest(peer->stream, true, peer->wants_write);
    }
    peer_offer_reads(peer);
}

void peer_offer_reads(struct peer *peer)
{
    struct rate_limit *up = &peer->manager->shared->up;
    struct block_ref ref;
    if (!peer->am_choking && peer->wanted.length > 0 &&
        !peer_manager_may_upload(peer->manager)) {
        peer_manager_feed_soon(peer->manager);
        return;
    }
    while (!peer->am_choking && peer->wanted.length > 0 &&
           peer->reads_out + peer->sending_count < UPLOAD_READS_MAX) {
        if (rate_limit_room(up, now_of(peer)) <= 0)
            return; /* the tick comes back to it */
        ref_queue_pop(&peer->wanted, &ref);
        rate_limit_spend(up, ref.length);
        peer->reads_out++;
        peer_post_block(peer, PEER_WANTED, &ref);
    }
}

/* ---- once a second ---- */

static uint64_t smoothed(uint64_t rate, uint64_t bytes, uint64_t passed_ns)
{
    const uint64_t sample =
        passed_ns == 0 ? 0 : bytes * 1000 / (passed_ns / NS_PER_MS + 1);
    if (rate == 0)
        return sample;
    const uint64_t next = (rate * 2 + sample) / 3;
    return sample == 0 && next < 256 ? 0 : next;
}

static void update_rates(struct peer *peer, uint64_t now_ns)
{
    const uint64_t passed_ns = now_ns - peer->rate_at_ns;
    if (peer->rate_at_ns != 0) {
        peer->down_rate =
            smoothed(peer->down_rate, peer->downloaded - peer->rate_down_base, passed_ns);
        peer->up_rate =
            smoothed(peer->up_rate, peer->uploaded - peer->rate_up_base, passed_ns);
    }
    peer->rate_at_ns = now_ns;
    peer->rate_down_base = peer->downloaded;
    peer->rate_up_base = peer->uploaded;
    const bool busy = peer->down_rate > 0 || peer->up_rate > 0;
    stream_set_heat(peer->stream, busy ? LOOP_HOT : LOOP_COLD);
    peer->keepalives = 0;
}

static void check_stall(struct peer *peer, uint64_t now_ns)
{
    const uint64_t silent_ns = now_ns - peer->last_payload_ns;
    if (peer->asked.length == 0) {
        peer->last_payload_ns = now_ns;
        return;
    }
    if (silent_ns >= SNUB_NS && !peer->snubbed) {
        peer->snubbed = true;
        peer_post_type(peer, PEER_SNUBBED);
    } else if (silent_ns >= STALL_NS && peer->window.blocks > 1) {
        window_collapse(&peer->window);
        peer_post_type(peer, PEER_STALLED);
    }
}

void peer_tick(struct peer *peer, uint64_t now_ns)
{
    if (!peer->handshaken)
        return;
    update_rates(peer, now_ns);
    check_stall(peer, now_ns);
    const bool unsent = peer->out.length > 0 || peer->sending != NULL;
    if (now_ns - peer->last_received_ns > IDLE_NS ||
        (unsent && now_ns - peer->last_sent_ns > UNSENT_NS)) {
        peer_close(peer, PEER_REASON_TIMEOUT, ERROR_TIMEOUT);
        return;
    }
    if (now_ns - peer->last_sent_ns > KEEPALIVE_NS &&
        buffer_append_u32(&peer->out, 0) == ERROR_NONE)
        peer_flush_soon(peer);
    peer_update_idle(peer);
}
