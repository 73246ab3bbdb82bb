/*
 * From what a peer asked for to blocks that can be sent. What the page cache holds is
 * read at the peer's turn and goes out at once, so that the same few blocks of the pool,
 * still in the processor's cache, serve everybody. What it does not hold is a worker's:
 * from then on blocks are read ahead of the socket, and what was asked for first comes
 * first.
 */
#include "peer/upload_private.h"

#define BURST_LEAST 2u

void peer_note_sent(struct peer *peer, uint32_t blocks, bool all)
{
    if (!all)
        peer->burst = blocks + 1 > BURST_LEAST ? blocks + 1 : BURST_LEAST;
    else if (blocks >= peer->burst)
        peer->burst *= 2;
    if (peer->burst > UPLOAD_BLOCKS_MAX)
        peer->burst = UPLOAD_BLOCKS_MAX;
}

/* How many more blocks may be read for it now. */
static uint32_t room_of(const struct peer *peer)
{
    const uint32_t fit = peer->cold ? UPLOAD_BLOCKS_MAX : peer->burst;
    const uint32_t most = peer->am_choking ? BURST_LEAST : fit;
    const uint32_t under_way = peer->reads_out + peer->sending_count;
    if (peer->dead || under_way >= most)
        return 0;
    return most - under_way < peer->wanted.length ? most - under_way
                                                  : peer->wanted.length;
}

/* The requests from AT on that lie end to end in one piece, at most MOST, as blocks to
 * fill. */
static struct block *take_run(struct peer *peer, uint32_t at, uint32_t most)
{
    struct block *chain = NULL, **tail = &chain;
    struct block_ref end = {0};
    for (uint32_t count = 0; count < most && at < peer->wanted.length; count++) {
        const struct block_ref ref = *ref_queue_at(&peer->wanted, at);
        if (count > 0 && (ref.piece != end.piece || ref.begin != end.begin))
            break;
        struct block *block = block_pool_take(peer->manager->shared->config.pool);
        if (block == NULL)
            break;
        ref_queue_take(&peer->wanted, at);
        pace_spend(peer, PACE_UP, ref.length);
        block->piece = ref.piece;
        block->begin = ref.begin;
        block->length = ref.length;
        *tail = block;
        tail = &block->next;
        end = (struct block_ref){ref.piece, ref.begin + ref.length, 0};
    }
    return chain;
}

/* Queues those of CHAIN that can be had at once, and returns the rest. What a worker
 * still reads is not overtaken. */
static struct block *read_now(struct peer *peer, struct block *chain)
{
    const struct peer_manager_config *config = &peer->manager->config;
    uint32_t count = 0;
    if (peer->reads_out == 0 && config->read_now != NULL)
        count = config->read_now(config->context, chain);
    for (; count > 0 && chain != NULL; count--) {
        struct block *next = chain->next;
        peer_queue_block(peer, chain);
        chain = next;
    }
    peer->cold = chain != NULL;
    return chain;
}

static void ask_worker(struct peer *peer, struct block *chain)
{
    struct message message = {.type = PEER_WANTED, .u.block_data.block = chain};
    for (const struct block *block = chain; block != NULL; block = block->next)
        peer->reads_out++;
    if (chain != NULL)
        peer_post(peer, &message);
}

/* Without blocks in the pool it is fed again later. */
bool peer_serve_share(struct peer *peer, uint32_t most)
{
    uint32_t room, at;
    while (most > 0 && (room = room_of(peer)) > 0) {
        if (!peer_choose_request(peer, &at))
            return false;
        const uint32_t before = peer->wanted.length;
        struct block *chain = peer_manager_may_upload(peer->manager)
                                  ? take_run(peer, at, room < most ? room : most)
                                  : NULL;
        if (chain == NULL) {
            peer_manager_feed_soon(peer->manager);
            return false;
        }
        most -= before - peer->wanted.length;
        ask_worker(peer, read_now(peer, chain));
    }
    return room_of(peer) > 0;
}

void peer_serve(struct peer *peer)
{
    if (!pace_is_limited(peer, PACE_UP))
        peer_serve_share(peer, UINT32_MAX);
    else if (room_of(peer) > 0)
        pace_wait(peer, PACE_UP);
}

void peer_serve_ahead(struct peer *peer)
{
    if (peer->cold)
        peer_serve(peer);
}

void peer_serve_soon(struct peer *peer)
{
    if (room_of(peer) > 0)
        peer_flush_soon(peer);
}

uint32_t peer_turn(struct peer *peer)
{
    const uint32_t bytes = peer->credit + peer->quantum;
    peer->credit = bytes % BLOCK_BYTES;
    return bytes / BLOCK_BYTES;
}
