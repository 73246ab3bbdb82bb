#include "tests/unit/piece/swarm.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define SWARM_STEP_NS  (10 * NS_PER_MS)
#define SWARM_STALL_NS (4 * NS_PER_S)

static void swarm_on_cancel(void *context, struct peer_id_ref ref,
                            const struct block_ref *block)
{
    struct swarm *swarm = context;
    struct swarm_peer *peer = &swarm->peers[ref.index];
    for (uint32_t i = 0; i < peer->queued; i++)
        if (memcmp(&peer->queue[i].block, block, sizeof *block) == 0 &&
            peer->queue[i].cancel_ns == UINT64_MAX)
            peer->queue[i].cancel_ns = swarm->clock.now_ns + peer->latency_ns / 2;
}

void swarm_init(struct swarm *swarm, uint64_t total_bytes, uint32_t piece_bytes,
                uint64_t seed)
{
    memset(swarm, 0, sizeof *swarm);
    clock_virtual_init(&swarm->clock, NS_PER_S);
    random_seeded_init(&swarm->random, seed);
    swarm->pool = block_pool_new(64u << 20);
    swarm->peers = calloc(SWARM_PEERS_MAX, sizeof *swarm->peers);
    swarm->config = (struct piece_manager_config){
        .total_bytes = total_bytes,
        .piece_bytes = piece_bytes,
        .piece_count = (uint32_t)((total_bytes - 1) / piece_bytes + 1),
        .clock = &swarm->clock.clock,
        .random = &swarm->random.source,
        .pool = swarm->pool,
        .cancel = swarm_on_cancel,
        .context = swarm,
    };
    ck_assert_uint_le(swarm->config.piece_count, 4096);
    ck_assert_int_eq(piece_manager_new(&swarm->config, &swarm->manager), ERROR_NONE);
}

void swarm_done(struct swarm *swarm)
{
    piece_manager_free(swarm->manager);
    for (uint32_t i = 0; i < swarm->config.piece_count; i++)
        block_pool_give_chain(swarm->pool, swarm->held[i]);
    ck_assert_uint_eq(block_pool_left(swarm->pool), block_pool_total(swarm->pool));
    block_pool_free(swarm->pool);
    for (uint32_t i = 0; i < swarm->peer_count; i++)
        bitfield_done(&swarm->peers[i].bits);
    free(swarm->peers);
}

uint32_t swarm_add(struct swarm *swarm, uint64_t rate, uint64_t latency_ns, bool is_seed)
{
    const uint32_t index = swarm->peer_count++;
    ck_assert_uint_lt(index, SWARM_PEERS_MAX);
    struct swarm_peer *peer = &swarm->peers[index];
    peer->rate = rate;
    peer->latency_ns = latency_ns;
    peer->is_seed = is_seed;
    peer->ref = (struct peer_id_ref){index, 1};
    peer->address = (struct netaddr){
        .family = NETADDR_V4, .bytes = {10, 1, 0, (uint8_t)(index + 1)}, .port = 6881};
    ck_assert_int_eq(bitfield_init(&peer->bits, swarm->config.piece_count), ERROR_NONE);
    return index;
}

static const struct bitfield *swarm_bits(const struct swarm_peer *peer)
{
    return peer->is_seed ? NULL : &peer->bits;
}

static void swarm_join(struct swarm *swarm, struct swarm_peer *peer)
{
    peer->is_here = true;
    peer->delivered_ns = swarm->clock.now_ns;
    const uint8_t peer_id[20] = {(uint8_t)peer->ref.index};
    ck_assert_int_eq(
        piece_manager_peer_joined(swarm->manager, peer->ref, &peer->address, peer_id),
        ERROR_NONE);
    piece_manager_has_pieces(swarm->manager, peer->ref, swarm_bits(peer), peer->is_seed,
                             0);
}

static void swarm_ban(struct swarm *swarm, const struct piece_guilty *guilty,
                      uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct swarm_peer *peer = &swarm->peers[guilty[i].peer.index];
        ck_assert(netaddr_equal(&guilty[i].address, &peer->address));
        ck_assert_msg(!peer->is_banned, "banned once");
        peer->is_banned = true;
        peer->is_here = false;
        peer->queued = 0;
        piece_manager_peer_gone(swarm->manager, peer->ref, swarm_bits(peer),
                                peer->is_seed);
    }
}

/* ---- the disk: marks for data, marks for digests ---- */

static void swarm_judge(struct swarm *swarm, uint32_t piece)
{
    const uint32_t count = piece_manager_block_count(swarm->manager, piece);
    uint8_t *digests = calloc(count, SHA1_BYTES);
    bool is_right = true;
    uint32_t blocks = 0;
    for (const struct block *block = swarm->held[piece]; block != NULL;
         block = block->next, blocks++) {
        memcpy(digests + (size_t)block->begin / BLOCK_BYTES * SHA1_BYTES, &block->tag,
               sizeof block->tag);
        is_right = is_right && block->tag == 0;
    }
    ck_assert_uint_eq(blocks, count);
    block_pool_give_chain(swarm->pool, swarm->held[piece]);
    swarm->held[piece] = NULL;
    struct piece_guilty guilty[PIECE_GUILTY_MAX];
    uint32_t named;
    if (is_right) {
        swarm->order[swarm->order_count++] = piece;
        named = piece_manager_verified(swarm->manager, piece, digests, guilty);
    } else {
        swarm->failed_pieces++;
        named = piece_manager_failed(swarm->manager, piece, digests, guilty);
    }
    free(digests);
    swarm_ban(swarm, guilty, named);
}

static void swarm_disk(struct swarm *swarm)
{
    struct piece_run run;
    while (piece_manager_next_run(swarm->manager, &run)) {
        struct block *last = run.chain;
        while (last->next != NULL) {
            ck_assert_uint_eq(last->next->begin, last->begin + BLOCK_BYTES);
            last = last->next;
        }
        last->next = swarm->held[run.piece];
        swarm->held[run.piece] = run.chain;
        if (run.last)
            swarm_judge(swarm, run.piece);
    }
}

/* ---- the peers ---- */

static void swarm_pop(struct swarm_peer *peer)
{
    memmove(peer->queue, peer->queue + 1, --peer->queued * sizeof *peer->queue);
}

static uint32_t swarm_mark(struct swarm *swarm, const struct swarm_peer *peer)
{
    if (random_below(&swarm->random.source, 1000) >= peer->lies_permille)
        return 0;
    return 1 + random_below(&swarm->random.source, 1u << 30);
}

static void swarm_deliver(struct swarm *swarm, struct swarm_peer *peer)
{
    struct block *block = block_pool_take(swarm->pool);
    ck_assert_ptr_nonnull(block);
    const struct block_ref ref = peer->queue[0].block;
    swarm_pop(peer);
    block->piece = ref.piece;
    block->begin = ref.begin;
    block->length = ref.length;
    block->tag = swarm_mark(swarm, peer);
    peer->delivered += ref.length;
    peer->delivered_ns = swarm->clock.now_ns;
    peer->is_stalled = false;
    const enum piece_arrival arrival =
        piece_manager_on_block(swarm->manager, peer->ref, block);
    ck_assert_int_ne(arrival, PIECE_ARRIVAL_BAD);
    if (arrival == PIECE_ARRIVAL_ACCEPTED) {
        swarm->blocks++;
        return;
    }
    swarm->duplicates++;
    block_pool_give(swarm->pool, block);
}

static void swarm_ask(struct swarm *swarm, struct swarm_peer *peer)
{
    const uint64_t now_ns = swarm->clock.now_ns;
    const double seconds = 0.5 + 2 * (double)peer->latency_ns / 1e9;
    uint32_t window = (uint32_t)((double)peer->measured_rate * seconds / BLOCK_BYTES);
    window = peer->is_stalled ? 1 : window < 8 ? 8 : window > 500 ? 500 : window;
    if (peer->queued >= window)
        return;
    struct block_ref blocks[512];
    const uint32_t count =
        piece_manager_pick(swarm->manager, peer->ref, swarm_bits(peer), peer->is_seed,
                           peer->measured_rate, window - peer->queued, blocks);
    for (uint32_t i = 0; i < count; i++)
        peer->queue[peer->queued++] =
            (struct swarm_request){blocks[i], now_ns + peer->latency_ns, UINT64_MAX};
}

static void swarm_reject(struct swarm *swarm, struct swarm_peer *peer)
{
    while (peer->queued > 0 && peer->queue[0].ready_ns <= swarm->clock.now_ns) {
        const struct block_ref ref = peer->queue[0].block;
        swarm_pop(peer);
        piece_manager_refused(swarm->manager, peer->ref, &ref);
    }
}

static void swarm_serve(struct swarm *swarm, struct swarm_peer *peer)
{
    const uint64_t now_ns = swarm->clock.now_ns;
    const uint64_t since_ns = now_ns - swarm->started_ns;
    if (peer->rejects) {
        swarm_reject(swarm, peer);
        return;
    }
    if (peer->silent_after_ns > 0 && since_ns > peer->silent_after_ns) {
        if (peer->queued > 0 && now_ns - peer->delivered_ns > SWARM_STALL_NS &&
            !peer->is_stalled) {
            peer->is_stalled = true;
            piece_manager_peer_stalled(swarm->manager, peer->ref);
        }
        return;
    }
    peer->credit += peer->rate * SWARM_STEP_NS / NS_PER_S;
    while (peer->is_here && peer->queued > 0 && peer->queue[0].ready_ns <= now_ns) {
        const struct swarm_request *next = &peer->queue[0];
        if (next->cancel_ns <= now_ns) {
            swarm_pop(peer);
            continue;
        }
        if (peer->credit < next->block.length)
            break;
        peer->credit -= next->block.length;
        swarm_deliver(swarm, peer);
    }
    if (peer->queued == 0)
        peer->credit = 0; /* an idle link saves nothing up */
    if (since_ns >= NS_PER_S)
        peer->measured_rate = peer->delivered > 0 ? peer->rate : 0;
}

bool swarm_run(struct swarm *swarm, uint32_t limit_s)
{
    swarm->started_ns = swarm->clock.now_ns;
    for (uint32_t i = 0; i < swarm->peer_count; i++)
        swarm_join(swarm, &swarm->peers[i]);
    struct piece_counts counts = {.wanted_left = 1};
    while (swarm_seconds(swarm) < limit_s) {
        for (uint32_t i = 0; i < swarm->peer_count; i++) {
            if (swarm->peers[i].is_here)
                swarm_ask(swarm, &swarm->peers[i]);
            if (swarm->peers[i].is_here)
                swarm_serve(swarm, &swarm->peers[i]);
            swarm_disk(swarm);
        }
        piece_manager_get_counts(swarm->manager, &counts);
        if (counts.wanted_left == 0)
            return true;
        clock_virtual_advance(&swarm->clock, SWARM_STEP_NS);
    }
    return false;
}

double swarm_seconds(const struct swarm *swarm)
{
    return (double)(swarm->clock.now_ns - swarm->started_ns) / 1e9;
}
