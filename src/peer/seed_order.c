#include "peer/seed_order.h"

#include "peer/upload_private.h"

#include <stdlib.h>

#define RATE_MOST           100000000u /* bytes/s: a faster uplink needs no order */
#define LOOK_MOST           256u       /* requests looked through for a better one */
#define PASS_ON             4u /* a piece's time until others have it of who got it */
#define FRESH_MOST_NS       (60 * NS_PER_S)
#define HOLD_MOST_NS        NS_PER_S
#define TURN_MOST_NS        (NS_PER_S / 4)
#define SOCKETS_MOST_NS     (NS_PER_S / 8)
#define SOCKET_BYTES        131072ull /* of each, about: TCP_NOTSENT_LOWAT */
#define MEASURE_LEAST_MS    50u
#define MEASURE_LEAST_BYTES (1u << 20)
#define HOLD_STEP_NS        (10 * NS_PER_MS)

/* ---- the books ---- */

struct seed_order *seed_order_new(uint32_t pieces)
{
    struct seed_order *order = calloc(1, sizeof *order);
    if (order != NULL && bitfield_init(&order->once, pieces) != ERROR_NONE) {
        free(order);
        order = NULL;
    }
    return order;
}

void seed_order_free(struct seed_order *order)
{
    if (order == NULL)
        return;
    bitfield_done(&order->once);
    free(order);
}

static bool same_peer(struct peer_id_ref a, struct peer_id_ref b)
{
    return a.index == b.index && a.generation == b.generation;
}

enum seed_rank seed_order_rank(const struct seed_order *order, uint32_t piece,
                               struct peer_id_ref whom, uint64_t fresh_ns,
                               uint64_t now_ns)
{
    const uint32_t slot = piece % SEED_ORDER_SLOTS;
    if (!bitfield_get(&order->once, piece))
        return SEED_RANK_FIRST;
    if (order->given[slot].piece != piece || order->given[slot].at_ns == 0)
        return SEED_RANK_COPY;
    if (same_peer(order->given[slot].whom, whom))
        return SEED_RANK_FIRST;
    return now_ns - order->given[slot].at_ns < fresh_ns ? SEED_RANK_ECHO : SEED_RANK_COPY;
}

/* Who has just got the begin of a piece remains the one who passes it on. */
void seed_order_note(struct seed_order *order, uint32_t piece, struct peer_id_ref whom,
                     uint64_t fresh_ns, uint64_t now_ns)
{
    const uint32_t slot = piece % SEED_ORDER_SLOTS;
    const enum seed_rank rank = seed_order_rank(order, piece, whom, fresh_ns, now_ns);
    bitfield_set(&order->once, piece);
    if (rank == SEED_RANK_ECHO)
        return;
    order->given[slot].piece = piece;
    order->given[slot].whom = whom;
    order->given[slot].at_ns = now_ns;
    order->wanted_ns = now_ns;
}

/* ---- serving by it ---- */

/* Bytes/s of the last second, or of this one if that is more. */
static uint64_t uplink_rate(const struct peer_manager *manager, uint64_t now_ns)
{
    const uint64_t passed_ms = (now_ns - manager->measured_at_ns) / NS_PER_MS;
    const uint64_t rate = (manager->uploaded - manager->measured_base) * 1000 /
                          (passed_ms > MEASURE_LEAST_MS ? passed_ms : MEASURE_LEAST_MS);
    return rate > manager->up_rate ? rate : manager->up_rate;
}

/* Who has earned what it asks for is not held for others. */
static bool matters(const struct peer *peer, uint64_t rate)
{
    const struct peer_manager *manager = peer->manager;
    return manager->complete && peer->fast && manager->slots_used > 1 &&
           !peer_gave(peer) &&
           (manager->up_rate > 0 ||
            manager->uploaded - manager->measured_base >= MEASURE_LEAST_BYTES) &&
           rate < RATE_MOST;
}

/* How long it takes until what a peer was given can be had of it. */
static uint64_t fresh_time(const struct peer_manager *manager, uint64_t rate)
{
    const uint64_t piece_ns =
        (uint64_t)manager->config.metainfo.piece_bytes * NS_PER_S / rate;
    if (piece_ns > FRESH_MOST_NS)
        return FRESH_MOST_NS;
    const uint64_t all_ns = PASS_ON * manager->slots_used * piece_ns;
    return all_ns < FRESH_MOST_NS ? all_ns : FRESH_MOST_NS;
}

static uint64_t at_most(uint64_t value, uint64_t most)
{
    return value < most ? value : most;
}

/* Others have got something better within the time that the uplink takes for a turn, or,
 * while it is fast, for what waits in the sockets of all: whose socket is full asks for
 * more when that is gone. */
static bool others_want(const struct peer_manager *manager, uint64_t rate,
                        uint64_t now_ns)
{
    const uint64_t turn_ns = at_most(TURN_BYTES * NS_PER_S / rate, TURN_MOST_NS);
    const uint64_t all_ns =
        at_most(manager->slots_used * SOCKET_BYTES * NS_PER_S / rate, SOCKETS_MOST_NS);
    return now_ns - manager->order->wanted_ns < (turn_ns > all_ns ? turn_ns : all_ns);
}

static bool may_hold(const struct peer *peer, uint64_t rate, uint64_t now_ns)
{
    const uint64_t fresh_ns = fresh_time(peer->manager, rate);
    const uint64_t most_ns = fresh_ns < HOLD_MOST_NS ? fresh_ns : HOLD_MOST_NS;
    return (peer->held_since_ns == 0 || now_ns - peer->held_since_ns < most_ns) &&
           others_want(peer->manager, rate, now_ns);
}

static void hold(struct peer *peer, uint64_t now_ns)
{
    struct peer_manager *manager = peer->manager;
    peer->held = true;
    if (peer->held_since_ns == 0)
        peer->held_since_ns = now_ns;
    if (!loop_timer_is_set(&manager->hold_timer))
        loop_timer_set_in(manager->loop, &manager->hold_timer, HOLD_STEP_NS);
}

void peer_manager_on_hold(void *context)
{
    struct peer_manager *manager = context;
    for (uint32_t i = 0; i < manager->known_count; i++) {
        struct peer *peer = manager->known[i].peer;
        if (peer == NULL || peer->dead || !peer->held)
            continue;
        peer->held = false;
        peer_serve_soon(peer);
    }
}

/* The best of the first requests, the earliest among equals. Those of one piece stand
 * side by side and rank alike. */
static uint32_t best_of(const struct peer *peer, uint64_t fresh_ns, uint64_t now_ns,
                        enum seed_rank *ret_rank)
{
    const struct ref_queue *queue = &peer->wanted;
    const uint32_t most = queue->length < LOOK_MOST ? queue->length : LOOK_MOST;
    uint32_t best = 0, piece = UINT32_MAX;
    *ret_rank = SEED_RANK_ECHO;
    for (uint32_t at = 0; at<most && * ret_rank> SEED_RANK_FIRST; at++) {
        const struct block_ref *ref = ref_queue_at(queue, at);
        if (ref->piece == piece)
            continue;
        piece = ref->piece;
        const enum seed_rank rank =
            seed_order_rank(peer->manager->order, piece, peer->ref, fresh_ns, now_ns);
        if (rank >= *ret_rank)
            continue;
        *ret_rank = rank;
        best = at;
    }
    return best;
}

bool peer_choose_request(struct peer *peer, uint32_t *ret_at)
{
    struct peer_manager *manager = peer->manager;
    const uint64_t now_ns = loop_now_ns(manager->loop);
    const uint64_t rate = uplink_rate(manager, now_ns);
    enum seed_rank rank;
    *ret_at = 0;
    if (!matters(peer, rate))
        return true;
    if (manager->order == NULL)
        manager->order = seed_order_new(manager->config.metainfo.piece_count);
    if (manager->order == NULL)
        return true;
    const uint64_t fresh_ns = fresh_time(manager, rate);
    *ret_at = best_of(peer, fresh_ns, now_ns, &rank);
    if (rank == SEED_RANK_ECHO && may_hold(peer, rate, now_ns)) {
        hold(peer, now_ns);
        return false;
    }
    peer->held_since_ns = 0;
    seed_order_note(manager->order, ref_queue_at(&peer->wanted, *ret_at)->piece,
                    peer->ref, fresh_ns, now_ns);
    return true;
}

void peer_manager_measure_uplink(struct peer_manager *manager, uint64_t now_ns)
{
    const uint64_t passed_ns = now_ns - manager->measured_at_ns;
    if (passed_ns >= NS_PER_S / 2)
        manager->up_rate =
            (manager->uploaded - manager->measured_base) * 1000 / (passed_ns / NS_PER_MS);
    manager->measured_at_ns = now_ns;
    manager->measured_base = manager->uploaded;
}
