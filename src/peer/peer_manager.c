#include "peer/peer_manager.h"

#include "peer/extension_private.h"
#include "peer/upload_private.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* Workers bring blocks back all the time: a dry pool is a matter of milliseconds. */
#define FEED_NS    (5 * NS_PER_MS)
#define POOL_SHARE 16u

#define DEFAULT_MAX_PEERS 200u

/* ---- bus ends ---- */

void peer_post(struct peer *peer, struct message *message)
{
    struct peer_manager *manager = peer->manager;
    message->torrent = manager->config.torrent;
    message->peer = peer->ref;
    if (bus_post(manager->config.responses, message) != ERROR_NONE)
        message_done(message, manager->shared->config.pool);
}

void peer_post_type(struct peer *peer, enum message_type type)
{
    struct message message = {.type = type};
    peer_post(peer, &message);
}

void peer_post_block(struct peer *peer, enum message_type type,
                     const struct block_ref *block)
{
    struct message message = {.type = type, .u.block = *block};
    peer_post(peer, &message);
}

struct peer *peer_manager_find(const struct peer_manager *manager, struct peer_id_ref ref)
{
    if (ref.index >= manager->known_count)
        return NULL;
    const struct known *known = &manager->known[ref.index];
    return known->generation == ref.generation && known->peer != NULL &&
                   !known->peer->dead
               ? known->peer
               : NULL;
}

/* What a peer's own message brings about (a reject, an unchoke) posts nothing that would
 * wake the Torrent Manager. */
void peer_manager_run_soon(struct peer_manager *manager)
{
    if (!manager->in_run && manager->config.run_soon != NULL)
        manager->config.run_soon(manager->config.context);
}

/* ---- the end of a peer ---- */

void peer_manager_peer_gone(struct peer_manager *manager, struct peer *peer,
                            enum peer_reason reason, enum error_code error)
{
    struct message message = {.type = PEER_GONE,
                              .u.gone = {.reason = reason, .error = error}};
    peer_post(peer, &message);
    crossing_on_gone(&manager->known[peer->place], reason);
    known_on_gone(manager, &manager->known[peer->place], peer, reason);
    manager->pex_changes += peer->handshaken;
    /* Callers up the stack still look at it, and so does PEER_GONE's receiver: it is
     * freed in a later run. One that is queued to be flushed is found dead there. */
    if (!peer->flush_queued) {
        peer->flush_next = manager->dead_list;
        manager->dead_list = peer;
    }
    peer_manager_choke_soon(manager);
    if (manager->running)
        peer_manager_dial_soon(manager, NS_PER_S / 10);
}

static void bury(struct peer_manager *manager)
{
    /* Stopped and started in one turn, it could not be called while it lay there. */
    if (manager->dead_list != NULL && manager->running)
        peer_manager_dial_soon(manager, NS_PER_S / 10);
    while (manager->dead_list != NULL) {
        struct peer *peer = manager->dead_list;
        struct known *known = &manager->known[peer->place];
        manager->dead_list = peer->flush_next;
        if (known->peer == peer) {
            known->peer = NULL;
            if (known->forget)
                known_clear(manager, known);
        }
        peer_free(peer);
    }
}

void peer_manager_close_banned(struct peer_manager *manager, enum peer_reason reason)
{
    for (uint32_t i = 0; i < manager->known_count; i++) {
        struct known *known = &manager->known[i];
        if (known->peer == NULL || known->peer->dead)
            continue;
        struct netaddr listens = known->address;
        listens.port = known->listen_port;
        if (peer_shared_is_banned(manager->shared, &known->address) ||
            (listens.port != 0 && peer_shared_is_banned(manager->shared, &listens)))
            peer_close(known->peer, reason, ERROR_REFUSED);
    }
}

void peer_manager_refilter(struct peer_manager *manager)
{
    for (uint32_t i = 0; i < manager->known_count; i++) {
        const struct known *known = &manager->known[i];
        if (known->peer != NULL && !known->peer->dead &&
            peer_shared_is_filtered(manager->shared, &known->address))
            peer_close(known->peer, PEER_REASON_FILTERED, ERROR_REFUSED);
    }
    peer_manager_dial_soon(manager, 0);
}

/* ---- clockwork ---- */

static void on_tick(void *context)
{
    struct peer_manager *manager = context;
    const uint64_t now_ns = loop_now_ns(manager->loop);
    peer_manager_measure_uplink(manager, now_ns);
    for (uint32_t i = 0; i < manager->known_count; i++) {
        struct peer *peer = manager->known[i].peer;
        refuse_tick(manager, &manager->known[i]);
        if (peer != NULL && !peer->dead && peer->connected)
            peer_tick(peer, now_ns);
    }
    if (room_seek(manager))
        known_dial(manager);
    peer_manager_choke(manager);
    if (manager->connected > 0)
        loop_timer_set_in(manager->loop, &manager->tick, NS_PER_S);
}

void peer_manager_put_off_tick(struct peer_manager *manager)
{
    if (loop_timer_is_set(&manager->tick))
        loop_timer_set_in(manager->loop, &manager->tick, NS_PER_S);
}

static uint32_t pool_share(const struct peer_manager *manager)
{
    return block_pool_total(manager->shared->config.pool) / POOL_SHARE;
}

bool peer_manager_may_upload(const struct peer_manager *manager)
{
    return block_pool_left(manager->shared->config.pool) > pool_share(manager);
}

bool peer_manager_disk_is_behind(const struct peer_manager *manager)
{
    return manager->config.disk_is_behind != NULL &&
           manager->config.disk_is_behind(manager->config.context);
}

void peer_manager_feed_soon(struct peer_manager *manager)
{
    if (!loop_timer_is_set(&manager->feed_timer))
        loop_timer_set_in(manager->loop, &manager->feed_timer, FEED_NS);
}

static void on_feed(void *context)
{
    struct peer_manager *manager = context;
    if (block_pool_left(manager->shared->config.pool) < pool_share(manager)) {
        peer_manager_feed_soon(manager);
        return;
    }
    const bool behind = peer_manager_disk_is_behind(manager);
    manager->waits_for_disk = behind;
    if (behind)
        peer_manager_feed_soon(manager);
    for (uint32_t i = 0; i < manager->known_count; i++) {
        struct peer *peer = manager->known[i].peer;
        if (peer != NULL && !peer->dead && peer->connected)
            peer_feed_again(peer, !behind);
    }
}

static void on_dial(void *context)
{
    room_seek(context);
    known_dial(context);
}

void peer_manager_dial_soon(struct peer_manager *manager, uint64_t in_ns)
{
    const uint64_t at_ns = loop_now_ns(manager->loop) + in_ns;
    if (!loop_timer_is_set(&manager->dial_timer) || manager->dial_timer.at_ns > at_ns)
        loop_timer_set(manager->loop, &manager->dial_timer, at_ns);
}

/* ---- a run ---- */

static void flush(struct peer_manager *manager)
{
    struct peer *peer = manager->flush_list;
    manager->flush_list = NULL;
    while (peer != NULL) {
        struct peer *next = peer->flush_next;
        peer->flush_queued = false;
        peer->flush_next = NULL;
        if (peer->dead) {
            peer->flush_next = manager->dead_list;
            manager->dead_list = peer;
        } else if (peer->connected) {
            const enum error_code error = peer_send(peer);
            if (error != ERROR_NONE)
                peer_close(peer, PEER_REASON_CLOSED, error);
        }
        peer = next;
    }
}

bool peer_manager_run(struct peer_manager *manager)
{
    struct message message;
    manager->in_run = true;
    /* Those that died before this run: their PEER_GONE has been looked at by now. */
    bury(manager);
    while (bus_take(manager->config.requests, &message))
        peer_manager_handle(manager, &message);
    if (manager->choke_now)
        peer_manager_choke(manager);
    if (manager->waits_for_disk && !peer_manager_disk_is_behind(manager))
        on_feed(manager); /* at once: the sockets are full by now */
    pace_settle(manager);
    flush(manager);
    manager->in_run = false;
    return manager->flush_list != NULL || bus_length(manager->config.requests) > 0;
}

static void on_choke_timer(void *context)
{
    peer_manager_run_soon(context);
}

/* ---- life ---- */

struct peer_manager *peer_manager_new(const struct peer_manager_config *config)
{
    struct peer_manager *manager = calloc(1, sizeof *manager);
    if (manager == NULL)
        return NULL;
    manager->config = *config;
    manager->shared = config->shared;
    manager->loop = config->shared->config.loop;
    peer_manager_set_max_peers(manager, config->max_peers);
    for (int way = 0; way < PACE_WAYS; way++)
        pace_torrent_init(&manager->pace[way], &manager->shared->pace[way]);
    loop_timer_init(&manager->tick, on_tick, manager);
    loop_timer_init(&manager->dial_timer, on_dial, manager);
    loop_timer_init(&manager->feed_timer, on_feed, manager);
    loop_timer_init(&manager->choke_timer, on_choke_timer, manager);
    news_init(manager);
    loop_timer_init(&manager->hold_timer, peer_manager_on_hold, manager);
    DL_APPEND2(manager->shared->managers, manager, prev_manager, next_manager);
    return manager;
}

void peer_manager_set_max_peers(struct peer_manager *manager, uint32_t max_peers)
{
    manager->config.max_peers = max_peers != 0 ? max_peers : DEFAULT_MAX_PEERS;
    if (manager->running)
        peer_manager_dial_soon(manager, 0);
}

void peer_manager_set_limits(struct peer_manager *manager, uint64_t max_down,
                             uint64_t max_up)
{
    pace_set_limit(&manager->pace[PACE_DOWN].bucket, manager->loop, max_down);
    pace_set_limit(&manager->pace[PACE_UP].bucket, manager->loop, max_up);
}

void peer_manager_start(struct peer_manager *manager)
{
    manager->running = true;
    manager->measured_at_ns = loop_now_ns(manager->loop);
    manager->measured_base = manager->uploaded;
    peer_manager_dial_soon(manager, 0);
}

void peer_manager_close_all(struct peer_manager *manager, enum peer_reason reason,
                            enum error_code error)
{
    for (uint32_t i = 0; i < manager->known_count; i++) {
        crossing_drop(&manager->known[i]);
        if (manager->known[i].peer != NULL)
            peer_close(manager->known[i].peer, reason, error);
    }
}

void peer_manager_stop(struct peer_manager *manager)
{
    manager->running = false;
    loop_timer_cancel(manager->loop, &manager->dial_timer);
    loop_timer_cancel(manager->loop, &manager->feed_timer);
    peer_manager_close_all(manager, PEER_REASON_STOPPED, ERROR_NONE);
}

void peer_manager_free(struct peer_manager *manager)
{
    if (manager == NULL)
        return;
    peer_manager_stop(manager);
    while (manager->flush_list != NULL) {
        struct peer *peer = manager->flush_list;
        manager->flush_list = peer->flush_next;
        peer->flush_next = manager->dead_list;
        manager->dead_list = peer;
    }
    bury(manager);
    loop_timer_cancel(manager->loop, &manager->tick);
    loop_timer_cancel(manager->loop, &manager->choke_timer);
    news_done(manager);
    loop_timer_cancel(manager->loop, &manager->hold_timer);
    seed_order_free(manager->order);
    free(manager->seen);
    DL_DELETE2(manager->shared->managers, manager, prev_manager, next_manager);
    for (uint32_t i = 0; i < manager->known_count; i++)
        known_clear(manager, &manager->known[i]);
    free(manager->known);
    free(manager);
}

void peer_manager_set_complete(struct peer_manager *manager, bool complete)
{
    manager->complete = complete;
    super_seed_update(manager); /* before the seeds that know better are gone */
    peer_manager_set_upload_only(manager, complete);
    for (uint32_t i = 0; complete && i < manager->known_count; i++) {
        struct peer *peer = manager->known[i].peer;
        if (peer != NULL && !peer->dead && peer->is_seed)
            peer_close(peer, PEER_REASON_BOTH_SEEDS, ERROR_NONE);
    }
    peer_manager_choke_soon(manager);
}

static bool may_accept(struct peer_manager *manager, const struct netaddr *address)
{
    struct peer_shared *shared = manager->shared;
    if (!manager->running || peer_shared_is_banned(shared, address))
        return false;
    if (peer_shared_is_filtered(shared, address)) {
        shared->filtered++;
        return false;
    }
    if (!known_host_has_room(manager, address))
        return false;
    return (manager->connected < manager->config.max_peers &&
            shared->connections < shared->config.max_connections) ||
           room_make(manager);
}

/* Our own connection to ourselves: the other end learns it from our answer. */
static void answer_self(const struct peer_manager *manager, struct stream *stream,
                        const struct wire_handshake *handshake)
{
    uint8_t bytes[WIRE_HANDSHAKE_BYTES];
    size_t sent;
    wire_handshake_write(handshake, bytes);
    const struct iovec iov = {bytes, sizeof bytes};
    if (stream_writev(stream, &iov, 1, &sent) != ERROR_NONE)
        log_write(manager->shared->config.log, LOG_LEVEL_DEBUG,
                  "a connection to ourselves broke");
}

void peer_manager_incoming(struct peer_manager *manager, struct stream *stream,
                           const struct wire_handshake *handshake)
{
    uint32_t place = UINT32_MAX;
    if (memcmp(handshake->peer_id, manager->config.peer_id, 20) == 0)
        answer_self(manager, stream, handshake);
    else if (may_accept(manager, &stream->remote))
        place = known_add(manager, &stream->remote, PEER_SOURCE_INCOMING);
    if (place != UINT32_MAX && !crossing_settle(manager, place, stream, handshake))
        return;
    struct peer *peer =
        place != UINT32_MAX ? peer_new(manager, place, stream, true) : NULL;
    if (peer == NULL) {
        stream_close(stream);
        return;
    }
    peer->punched = holepunch_was_expected(manager, &manager->known[place]);
    peer_begin(peer);
    const enum error_code error = peer_on_handshake(peer, handshake);
    if (error != ERROR_NONE)
        peer_close(peer, PEER_REASON_SYSTEM, error);
}
