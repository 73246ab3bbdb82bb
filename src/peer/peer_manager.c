#include "peer/peer_manager.h"

#include "peer/peer_private.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS    12u
#define RETRY_NS (15 * NS_PER_S)
/* Workers bring blocks back all the time: a dry pool is a matter of milliseconds. */
#define FEED_NS    (5 * NS_PER_MS)
#define POOL_SHARE 16u

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

static void forget_or_retry(struct peer_manager *manager, struct known *known,
                            const struct peer *peer, enum peer_reason reason)
{
    const uint64_t now_ns = loop_now_ns(manager->loop);
    known->last_reason = reason;
    if (reason == PEER_REASON_SELF || reason == PEER_REASON_BOTH_SEEDS)
        known->dialable = false;
    if (peer->handshaken)
        known->fails = 0;
    else if (known->fails < 8)
        known->fails++;
    known->next_try_ns = now_ns + (RETRY_NS << known->fails);
    if (!known->dialable && !known->paused && !known->banned)
        known->address.family = NETADDR_NONE;
}

void peer_manager_peer_gone(struct peer_manager *manager, struct peer *peer,
                            enum peer_reason reason, enum error_code error)
{
    struct message message = {.type = PEER_GONE,
                              .u.gone = {.reason = reason, .error = error}};
    struct known *known = &manager->known[peer->place];
    peer_post(peer, &message);
    forget_or_retry(manager, known, peer, reason);
    /* Callers up the stack still look at it: it is freed when the run is over. */
    peer->flush_next = NULL;
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
    while (manager->dead_list != NULL) {
        struct peer *peer = manager->dead_list;
        manager->dead_list = peer->flush_next;
        if (manager->known[peer->place].peer == peer)
            manager->known[peer->place].peer = NULL;
        peer_free(peer);
    }
}

/* ---- choking ---- */

static void run_choker(struct peer_manager *manager)
{
    const uint64_t now_ns = loop_now_ns(manager->loop);
    struct choker_peer *peers = calloc(manager->connected + 1u, sizeof *peers);
    struct peer **who = calloc(manager->connected + 1u, sizeof(struct peer *));
    uint32_t count = 0;
    for (uint32_t i = 0; peers != NULL && who != NULL && i < manager->known_count; i++) {
        struct peer *peer = manager->known[i].peer;
        if (peer == NULL || peer->dead || !peer->handshaken ||
            count == manager->connected)
            continue;
        who[count] = peer;
        peers[count++] = (struct choker_peer){
            .interested = peer->peer_interested,
            .snubbed = peer->snubbed,
            .blocked = peer->paused,
            .given = manager->complete ? peer->up_rate : peer->down_rate,
            .unchoked_at_ns = peer->slot_changed_ns,
            .unchoked = !peer->am_choking,
            .optimistic = peer->optimistic,
        };
    }
    choker_run(&manager->choker, peers, count, SLOTS, manager->complete, now_ns,
               manager->shared->config.random);
    for (uint32_t i = 0; i < count; i++) {
        who[i]->optimistic = peers[i].optimistic;
        peer_set_choking(who[i], !peers[i].unchoked);
    }
    free(peers);
    free(who);
    manager->choked_at_ns = now_ns;
}

void peer_manager_choke_soon(struct peer_manager *manager)
{
    manager->choke_now = true;
    peer_manager_run_soon(manager);
}

/* ---- clockwork ---- */

static void on_tick(void *context)
{
    struct peer_manager *manager = context;
    const uint64_t now_ns = loop_now_ns(manager->loop);
    const bool limited =
        manager->shared->down.bytes_per_s != 0 || manager->shared->up.bytes_per_s != 0;
    /* Under a limit tokens trickle in: look often. Peers' own clockwork runs once a
     * second. */
    for (uint32_t i = 0; i < manager->known_count; i++) {
        struct peer *peer = manager->known[i].peer;
        if (peer == NULL || peer->dead || !peer->connected)
            continue;
        if (now_ns - peer->rate_at_ns >= NS_PER_S - NS_PER_MS)
            peer_tick(peer, now_ns);
        if (limited && !peer->dead) {
            peer_update_idle(peer);
            peer_offer_reads(peer);
        }
    }
    if (now_ns - manager->choked_at_ns >= CHOKER_PERIOD_NS)
        run_choker(manager);
    if (manager->connected > 0)
        loop_timer_set_in(manager->loop, &manager->tick,
                          limited ? NS_PER_S / 50 : NS_PER_S);
}

static uint32_t pool_share(const struct peer_manager *manager)
{
    return block_pool_total(manager->shared->config.pool) / POOL_SHARE;
}

bool peer_manager_may_upload(const struct peer_manager *manager)
{
    return block_pool_left(manager->shared->config.pool) > pool_share(manager);
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
    for (uint32_t i = 0; i < manager->known_count; i++) {
        struct peer *peer = manager->known[i].peer;
        if (peer != NULL && !peer->dead && peer->connected)
            peer_feed_again(peer);
    }
}

static void on_dial(void *context)
{
    known_dial(context);
}

void peer_manager_dial_soon(struct peer_manager *manager, uint64_t in_ns)
{
    const uint64_t at_ns = loop_now_ns(manager->loop) + in_ns;
    if (!loop_timer_is_set(&manager->dial_timer) || manager->dial_timer.at_ns > at_ns)
        loop_timer_set(manager->loop, &manager->dial_timer, at_ns);
}

/* ---- requests from the Torrent Manager ---- */

static void on_request(struct peer_manager *manager, const struct message *message)
{
    struct peer *peer = peer_manager_find(manager, message->peer);
    if (peer == NULL)
        return; /* PEER_GONE voids it */
    peer->idle_posted = false;
    if (!peer->unchoked || peer->paused ||
        ref_queue_push(&peer->asked, &message->u.block) != ERROR_NONE) {
        peer_post_block(peer, PEER_REJECTED, &message->u.block);
        return;
    }
    window_on_request(&peer->window, peer->asked.length == 1, loop_now_ns(manager->loop));
    if (peer->asked.length == 1)
        peer->last_payload_ns = loop_now_ns(manager->loop);
    rate_limit_spend(&manager->shared->down, message->u.block.length);
    if (wire_put_block(&peer->out, WIRE_REQUEST, &message->u.block) != ERROR_NONE)
        peer_close(peer, PEER_REASON_SYSTEM, ERROR_MEMORY);
    else
        peer_flush_soon(peer);
}

static void on_cancel(struct peer *peer, const struct block_ref *block)
{
    if (peer->asked.length == 0 || !ref_queue_remove(&peer->asked, block))
        return;
    peer->cancelled++;
    if (wire_put_block(&peer->out, WIRE_CANCEL, block) == ERROR_NONE)
        peer_flush_soon(peer);
}

static void on_send(struct peer_manager *manager, struct peer *peer,
                    struct message *message)
{
    if (peer == NULL || peer->am_choking) {
        if (peer != NULL)
            peer->reads_out--;
        message_done(message, manager->shared->config.pool);
        return;
    }
    peer->reads_out--;
    peer_queue_block(peer, message->u.block_data.block);
    peer_flush_soon(peer);
}

static void on_reject(struct peer *peer, const struct block_ref *block)
{
    peer->reads_out--;
    if (peer->fast && wire_put_block(&peer->out, WIRE_REJECT, block) == ERROR_NONE)
        peer_flush_soon(peer);
}

static void on_have(struct peer_manager *manager, uint32_t piece)
{
    for (uint32_t i = 0; i < manager->known_count; i++) {
        struct peer *peer = manager->known[i].peer;
        if (peer == NULL || peer->dead || !peer->handshaken ||
            peer_has_piece(peer, piece))
            continue;
        if (wire_put_index(&peer->out, WIRE_HAVE, piece) == ERROR_NONE)
            peer_flush_soon(peer);
    }
}

static void on_interest(struct peer *peer, bool on)
{
    if (peer->am_interested == on)
        return;
    peer->am_interested = on;
    if (wire_put(&peer->out, on ? WIRE_INTERESTED : WIRE_NOT_INTERESTED) == ERROR_NONE)
        peer_flush_soon(peer);
    peer_update_idle(peer);
}

static void on_pause(struct peer_manager *manager, struct peer_id_ref ref, bool pause)
{
    if (ref.index >= manager->known_count)
        return;
    manager->known[ref.index].paused = pause;
    struct peer *peer = manager->known[ref.index].peer;
    if (peer == NULL || peer->dead)
        return;
    peer->paused = pause;
    if (pause) {
        struct block_ref block;
        while (ref_queue_pop(&peer->asked, &block)) {
            peer->cancelled++;
            if (wire_put_block(&peer->out, WIRE_CANCEL, &block) == ERROR_NONE)
                peer_flush_soon(peer);
            peer_post_block(peer, PEER_REJECTED, &block);
        }
        peer_set_choking(peer, true);
    } else {
        peer->idle_posted = false;
        peer_update_idle(peer);
    }
    peer_manager_choke_soon(manager);
}

static void on_ban(struct peer_manager *manager, const struct message *message)
{
    if (message->peer.index >= manager->known_count)
        return;
    struct known *known = &manager->known[message->peer.index];
    if (known->address.family == NETADDR_NONE)
        return;
    known->banned = true;
    known->last_reason = message->u.gone.reason;
    if (peer_shared_ban(manager->shared, &known->address) != ERROR_NONE)
        known->dialable = false;
    if (known->peer != NULL && !known->peer->dead)
        peer_close(known->peer, message->u.gone.reason, ERROR_REFUSED);
}

static void on_connect(struct peer_manager *manager, const struct message *message)
{
    if (peer_shared_is_banned(manager->shared, &message->u.candidate.address))
        return;
    known_add(manager, &message->u.candidate.address, message->u.candidate.source);
    peer_manager_dial_soon(manager, 0);
}

static void handle(struct peer_manager *manager, struct message *message)
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
        on_have(manager, message->u.piece.piece);
        return;
    case PEER_CONNECT:
        on_connect(manager, message);
        return;
    case PEER_PAUSE:
    case PEER_RESUME:
        on_pause(manager, message->peer, message->type == PEER_PAUSE);
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
    else if (message->type == PEER_DISCONNECT)
        peer_close(peer, message->u.gone.reason, ERROR_NONE);
}

bool peer_manager_run(struct peer_manager *manager)
{
    struct message message;
    manager->in_run = true;
    /* Those that died before this run: their PEER_GONE has been looked at by now. */
    bury(manager);
    while (bus_take(manager->config.requests, &message))
        handle(manager, &message);
    if (manager->choke_now && manager->running) {
        manager->choke_now = false;
        run_choker(manager);
    }
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
    manager->in_run = false;
    return manager->flush_list != NULL || (manager->choke_now && manager->running) ||
           bus_length(manager->config.requests) > 0;
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
    if (manager->config.max_peers == 0)
        manager->config.max_peers = 200;
    loop_timer_init(&manager->tick, on_tick, manager);
    loop_timer_init(&manager->dial_timer, on_dial, manager);
    loop_timer_init(&manager->feed_timer, on_feed, manager);
    return manager;
}

void peer_manager_start(struct peer_manager *manager)
{
    manager->running = true;
    peer_manager_dial_soon(manager, 0);
}

void peer_manager_stop(struct peer_manager *manager)
{
    manager->running = false;
    loop_timer_cancel(manager->loop, &manager->dial_timer);
    loop_timer_cancel(manager->loop, &manager->feed_timer);
    for (uint32_t i = 0; i < manager->known_count; i++)
        if (manager->known[i].peer != NULL)
            peer_close(manager->known[i].peer, PEER_REASON_STOPPED, ERROR_NONE);
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
    free(manager->known);
    free(manager);
}

void peer_manager_set_complete(struct peer_manager *manager, bool complete)
{
    manager->complete = complete;
    for (uint32_t i = 0; complete && i < manager->known_count; i++) {
        struct peer *peer = manager->known[i].peer;
        if (peer != NULL && !peer->dead && peer->is_seed)
            peer_close(peer, PEER_REASON_BOTH_SEEDS, ERROR_NONE);
    }
    peer_manager_choke_soon(manager);
}

void peer_manager_wake_idle(struct peer_manager *manager)
{
    for (uint32_t i = 0; i < manager->known_count; i++) {
        struct peer *peer = manager->known[i].peer;
        if (peer == NULL || peer->dead)
            continue;
        peer->idle_posted = false;
        peer_update_idle(peer);
    }
}

static bool may_accept(const struct peer_manager *manager, const struct netaddr *address)
{
    const struct peer_shared *shared = manager->shared;
    return manager->running && manager->connected < manager->config.max_peers &&
           shared->connections < shared->config.max_connections &&
           !peer_shared_is_banned(shared, address);
}

/* The same peer on a second connection: the one there is stays (P5). */
static bool is_known_peer(const struct peer_manager *manager, const uint8_t *peer_id)
{
    for (uint32_t i = 0; i < manager->known_count; i++) {
        const struct peer *peer = manager->known[i].peer;
        if (peer != NULL && !peer->dead && peer->handshaken &&
            memcmp(peer->peer_id, peer_id, 20) == 0)
            return true;
    }
    return false;
}

void peer_manager_incoming(struct peer_manager *manager, struct stream *stream,
                           const struct wire_handshake *handshake)
{
    uint32_t place = UINT32_MAX;
    if (may_accept(manager, &stream->remote) &&
        !is_known_peer(manager, handshake->peer_id))
        place = known_add(manager, &stream->remote, PEER_SOURCE_INCOMING);
    struct peer *peer = place != UINT32_MAX && manager->known[place].peer == NULL
                            ? peer_new(manager, place, stream, true)
                            : NULL;
    if (peer == NULL) {
        stream_close(stream);
        return;
    }
    peer_begin(peer);
    const enum error_code error = peer_on_handshake(peer, handshake);
    if (error != ERROR_NONE)
        peer_close(peer, PEER_REASON_SYSTEM, error);
}

/* ---- looks ---- */

const struct bitfield *peer_manager_bitfield(const struct peer_manager *manager,
                                             struct peer_id_ref ref, bool *ret_is_seed)
{
    /* Also of one just closed: PEER_GONE is answered with its pieces. */
    *ret_is_seed = false;
    if (ref.index >= manager->known_count || manager->known[ref.index].peer == NULL ||
        manager->known[ref.index].generation != ref.generation)
        return NULL;
    const struct peer *peer = manager->known[ref.index].peer;
    *ret_is_seed = peer->is_seed;
    return peer->has_bits ? &peer->bits : NULL;
}

bool peer_manager_address(const struct peer_manager *manager, struct peer_id_ref ref,
                          struct netaddr *ret_address)
{
    if (ref.index >= manager->known_count ||
        manager->known[ref.index].address.family == NETADDR_NONE)
        return false;
    *ret_address = manager->known[ref.index].address;
    return true;
}

uint64_t peer_manager_rate(const struct peer_manager *manager, struct peer_id_ref ref)
{
    const struct peer *peer = peer_manager_find(manager, ref);
    return peer != NULL ? peer->window.rate : 0;
}

void peer_manager_get_counts(const struct peer_manager *manager,
                             struct peer_counts *ret_counts)
{
    uint32_t known = 0;
    for (uint32_t i = 0; i < manager->known_count; i++)
        known += manager->known[i].address.family != NETADDR_NONE;
    *ret_counts = (struct peer_counts){
        .known = known,
        .connected = manager->connected,
        .seeds = manager->seeds,
        .half_open = manager->half_open,
        .downloaded = manager->downloaded,
        .uploaded = manager->uploaded,
        .wasted = manager->wasted,
    };
}

uint32_t peer_manager_row_count(const struct peer_manager *manager)
{
    return manager->known_count;
}

static void fill_connection(const struct peer_manager *manager, const struct peer *peer,
                            struct peer_row *row)
{
    row->status = peer_status(peer);
    row->connected = peer->connected;
    row->handshaken = peer->handshaken;
    row->incoming = peer->incoming;
    row->fast = peer->fast;
    row->extended = peer->extended;
    row->seed = peer->is_seed;
    row->am_interested = peer->am_interested;
    row->unchoked_us = peer->unchoked;
    row->peer_interested = peer->peer_interested;
    row->we_unchoke = !peer->am_choking;
    row->optimistic = peer->optimistic;
    row->snubbed = peer->snubbed;
    row->client = peer->client;
    row->down_rate = peer->down_rate;
    row->up_rate = peer->up_rate;
    row->downloaded = peer->downloaded;
    row->uploaded = peer->uploaded;
    row->pieces = peer->is_seed    ? manager->config.piece_count
                  : peer->has_bits ? peer->bits.count
                                   : 0;
    row->requests_out = peer->asked.length;
    row->requests_in = peer->wanted.length + peer->reads_out + peer->sending_count;
    row->latency_ms = (uint32_t)(peer->window.latency_ns / NS_PER_MS);
    row->connected_ns =
        peer->connected ? loop_now_ns(manager->loop) - peer->connected_at_ns : 0;
}

bool peer_manager_row(const struct peer_manager *manager, uint32_t number,
                      struct peer_row *ret_row)
{
    if (number >= manager->known_count)
        return false;
    const struct known *known = &manager->known[number];
    *ret_row = (struct peer_row){
        .ref = {number, known->generation},
        .address = known->address,
        .source = known->source,
        .status =
            known->banned || known->paused ? PEER_STATUS_BLOCKED : PEER_STATUS_INACTIVE,
        .client = "",
    };
    if (known->peer != NULL && !known->peer->dead)
        fill_connection(manager, known->peer, ret_row);
    if (known->banned)
        ret_row->reason = known->last_reason;
    else if (known->paused)
        ret_row->reason = PEER_REASON_PAUSED;
    return true;
}
