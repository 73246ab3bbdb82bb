/*
 * Receiving: while requests are outstanding, the next message is nearly always `piece`,
 * so that one readv(2) goes into {rest of the current block, N x (header, pooled block)}
 * and a header that fits an outstanding request binds its block without a copy. Whatever
 * else comes is straightened out in the shared scratch memory and fed through the byte
 * parser.
 */

#include "peer/peer_manager_private.h"

#include <string.h>

/* No second portion for one that sends many small messages: a turn of hundreds of such
 * peers stays short. */
#define TURN_MESSAGES 1024u
/* More news than this not looked at yet: what peers send waits in their sockets, and the
 * bus keeps its room for what must be told, such as their end. */
#define NEWS_WAITING_MAX 65536u

struct scatter {
    struct iovec iov[1 + 2 * RECEIVE_BLOCKS_MAX];
    uint8_t headers[RECEIVE_BLOCKS_MAX][WIRE_PIECE_HEADER_BYTES];
    struct block *blocks[RECEIVE_BLOCKS_MAX];
    uint32_t count; /* of blocks */
    int iov_count;
};

static void deliver(struct peer *peer, struct block *block)
{
    struct peer_manager *manager = peer->manager;
    const uint64_t now_ns = loop_now_ns(manager->loop);
    struct message message = {.type = PEER_BLOCK_ARRIVED};
    message.u.block_data.block = block;
    peer->downloaded += block->length;
    manager->downloaded += block->length;
    peer->last_payload_ns = now_ns;
    peer->snubbed = false;
    peer_warm(peer);
    window_on_block(&peer->window, block->length, now_ns);
    peer_post(peer, &message);
}

/* Whether we asked for it; then it is no longer outstanding. */
static bool take_request(struct peer *peer, const struct block_ref *ref)
{
    return peer->asked.length > 0 && ref_queue_remove(&peer->asked, ref);
}

static void bind_block(struct block *block, const struct block_ref *ref)
{
    block->piece = ref->piece;
    block->begin = ref->begin;
    block->length = ref->length;
    block->next = NULL;
}

/* ---- the byte parser ---- */

static enum error_code begin_piece(struct peer *peer, const uint8_t *header)
{
    const struct block_ref ref = {be32_get(header + 5), be32_get(header + 9),
                                  be32_get(header) - 9};
    buffer_clear(&peer->partial);
    peer->messages++;
    if (ref.length == 0)
        return ERROR_PROTOCOL;
    const bool asked = take_request(peer, &ref);
    if (!asked) {
        /* Almost what we asked for is not what we asked for (P26). */
        if (ref_queue_has_place(&peer->asked, &ref) && ++peer->mismatched >= 3)
            return ERROR_PROTOCOL;
        /* Cancelled ones may be on their way, and still be wanted (P28); others are
         * nobody's wish (P25). */
        const bool late = peer->cancelled > 0;
        if (late)
            peer->cancelled--;
        else if (++peer->unrequested > 16)
            return ERROR_PROTOCOL;
        if (!late || ref.length > BLOCK_BYTES) {
            peer->manager->wasted += ref.length;
            peer->skip = ref.length;
            return ERROR_NONE;
        }
    }
    struct block *block = block_pool_take(peer->manager->shared->config.pool);
    if (block == NULL) {
        /* The pool is dry: this block is lost to us, and will be asked for again. */
        if (asked)
            peer_post_block(peer, PEER_RETURNED, &ref);
        peer->skip = ref.length;
        return ERROR_NONE;
    }
    bind_block(block, &ref);
    peer->filling = block;
    peer->filled = 0;
    return ERROR_NONE;
}

/* What is about hash trees means nothing between those who have none (X14). */
static bool is_known(const struct peer *peer, uint8_t id)
{
    return wire_is_known(id) && (peer->v2 || id < WIRE_HASH_REQUEST);
}

/* How many bytes `partial` must hold before anything can be said about the message. */
static uint32_t bytes_needed(const struct peer *peer)
{
    const struct buffer *partial = &peer->partial;
    if (partial->length < 4)
        return 4;
    const uint32_t length = be32_get(partial->bytes);
    if (length == 0)
        return 4;
    if (partial->length < 5)
        return 5;
    if (!is_known(peer, partial->bytes[4]))
        return 5;
    return partial->bytes[4] == WIRE_PIECE ? WIRE_PIECE_HEADER_BYTES : 4 + length;
}

static enum error_code complete_message(struct peer *peer)
{
    struct buffer *partial = &peer->partial;
    const uint32_t length = be32_get(partial->bytes);
    if (length == 0) {
        buffer_clear(partial);
        return ++peer->keepalives > 100 ? ERROR_PROTOCOL : ERROR_NONE;
    }
    if (partial->bytes[4] == WIRE_PIECE)
        return begin_piece(peer, partial->bytes);
    pace_note(peer, PACE_DOWN, 4 + length);
    if (!is_known(peer, partial->bytes[4]))
        peer->skip = length - 1; /* counted, and its body not kept */
    const enum error_code error =
        peer_on_message(peer, partial->bytes[4], partial->bytes + 5, length - 1);
    buffer_clear(partial);
    return error;
}

/* Judges what is known of a message as soon as it is known. */
static enum error_code check_begin(struct peer *peer)
{
    const struct buffer *partial = &peer->partial;
    if (partial->length == 4 && be32_get(partial->bytes) > WIRE_LENGTH_MAX)
        return ERROR_PROTOCOL;
    if (partial->length == 5 && is_known(peer, partial->bytes[4]) &&
        !wire_length_is_legal(partial->bytes[4], be32_get(partial->bytes),
                              peer->manager->config.metainfo.piece_count))
        return ERROR_PROTOCOL;
    return ERROR_NONE;
}

static size_t feed_payload(struct peer *peer, const uint8_t *bytes, size_t length)
{
    if (peer->skip > 0) {
        const size_t part = length < peer->skip ? length : peer->skip;
        peer->skip -= (uint32_t)part;
        return part;
    }
    const uint32_t rest = peer->filling->length - peer->filled;
    const size_t part = length < rest ? length : rest;
    memcpy(peer->filling->bytes + peer->filled, bytes, part);
    peer->filled += (uint32_t)part;
    if (peer->filled == peer->filling->length) {
        struct block *block = peer->filling;
        peer->filling = NULL;
        deliver(peer, block);
    }
    return part;
}

static enum error_code feed_message(struct peer *peer, const uint8_t *bytes,
                                    size_t length, size_t *ret_used)
{
    const uint32_t needed = bytes_needed(peer);
    const size_t missing = needed - peer->partial.length;
    const size_t part = length < missing ? length : missing;
    enum error_code error = buffer_append(&peer->partial, bytes, part);
    *ret_used = part;
    if (error != ERROR_NONE || part < missing)
        return error;
    error = check_begin(peer);
    if (error == ERROR_NONE && bytes_needed(peer) == peer->partial.length)
        error = complete_message(peer);
    return error;
}

enum error_code peer_feed(struct peer *peer, const uint8_t *bytes, size_t length)
{
    while (length > 0 && !peer->dead) {
        size_t used;
        enum error_code error = ERROR_NONE;
        if (peer->filling != NULL || peer->skip > 0)
            used = feed_payload(peer, bytes, length);
        else
            error = feed_message(peer, bytes, length, &used);
        if (error != ERROR_NONE)
            return error;
        bytes += used;
        length -= used;
    }
    return ERROR_NONE;
}

/* ---- scattered reads ---- */

static void scatter_prepare(struct peer *peer, struct scatter *scatter)
{
    uint32_t wanted = peer->asked.length;
    scatter->count = 0;
    scatter->iov_count = 0;
    if (peer->filling != NULL)
        scatter->iov[scatter->iov_count++] = (struct iovec){
            peer->filling->bytes + peer->filled, peer->filling->length - peer->filled};
    if (wanted > RECEIVE_BLOCKS_MAX)
        wanted = RECEIVE_BLOCKS_MAX;
    while (scatter->count < wanted) {
        struct block *block = block_pool_take(peer->manager->shared->config.pool);
        if (block == NULL)
            break;
        scatter->iov[scatter->iov_count++] =
            (struct iovec){scatter->headers[scatter->count], WIRE_PIECE_HEADER_BYTES};
        scatter->iov[scatter->iov_count++] = (struct iovec){block->bytes, BLOCK_BYTES};
        scatter->blocks[scatter->count++] = block;
    }
}

/* Binds block I to its header if that is what was asked for. */
static bool scatter_bind(struct peer *peer, struct scatter *scatter, uint32_t i)
{
    const uint8_t *header = scatter->headers[i];
    const uint32_t length = be32_get(header);
    if (header[4] != WIRE_PIECE || length < 10 || length - 9 > BLOCK_BYTES)
        return false;
    const struct block_ref ref = {be32_get(header + 5), be32_get(header + 9), length - 9};
    if (!take_request(peer, &ref))
        return false;
    bind_block(scatter->blocks[i], &ref);
    return true;
}

/* Copies GOT bytes from AT in vector IOV_AT on, and feeds them. */
static enum error_code scatter_straighten(struct peer *peer, struct scatter *scatter,
                                          int iov_at, size_t at, size_t got)
{
    uint8_t *scratch = peer->manager->shared->scratch;
    size_t used = 0;
    for (int i = iov_at; i < scatter->iov_count && used < got; i++, at = 0) {
        const size_t part = scatter->iov[i].iov_len - at;
        const size_t take = part < got - used ? part : got - used;
        memcpy(scratch + used, (uint8_t *)scatter->iov[i].iov_base + at, take);
        used += take;
    }
    for (uint32_t i = 0; i < scatter->count; i++) {
        block_pool_give(peer->manager->shared->config.pool, scatter->blocks[i]);
        scatter->blocks[i] = NULL;
    }
    return peer_feed(peer, scratch, used);
}

static enum error_code scatter_walk(struct peer *peer, struct scatter *scatter,
                                    size_t got)
{
    int iov_at = 0;
    if (peer->filling != NULL) {
        const size_t part = got < scatter->iov[0].iov_len ? got : scatter->iov[0].iov_len;
        struct block *block = peer->filling;
        peer->filled += (uint32_t)part;
        got -= part;
        iov_at = 1;
        if (peer->filled == block->length) {
            peer->filling = NULL;
            deliver(peer, block);
        }
    }
    for (uint32_t i = 0; got > 0; i++, iov_at += 2) {
        if (got < WIRE_PIECE_HEADER_BYTES || !scatter_bind(peer, scatter, i))
            return scatter_straighten(peer, scatter, iov_at, 0, got);
        struct block *block = scatter->blocks[i];
        scatter->blocks[i] = NULL;
        got -= WIRE_PIECE_HEADER_BYTES;
        if (got < block->length) {
            peer->filling = block;
            peer->filled = (uint32_t)got;
            return ERROR_NONE;
        }
        const uint32_t length = block->length;
        got -= length;
        if (length < BLOCK_BYTES && got > 0) {
            /* A short last block: what follows lies in its memory. Delivered, the block
             * waits on the bus, unchanged until that has been copied; and it comes before
             * what follows. */
            deliver(peer, block);
            return scatter_straighten(peer, scatter, iov_at + 1, length, got);
        }
        deliver(peer, block);
    }
    return ERROR_NONE;
}

static enum error_code receive_scattered(struct peer *peer, size_t *ret_bytes)
{
    struct scatter scatter;
    *ret_bytes = 0;
    if (peer_manager_disk_is_behind(peer->manager)) {
        peer->manager->waits_for_disk = true;
        return ERROR_FULL;
    }
    scatter_prepare(peer, &scatter);
    if (scatter.iov_count == 0)
        return ERROR_FULL;
    enum error_code error =
        stream_readv(peer->stream, scatter.iov, scatter.iov_count, ret_bytes);
    if (error == ERROR_NONE)
        error = scatter_walk(peer, &scatter, *ret_bytes);
    /* Given back last first, so that the pool hands them out in the same order again. */
    for (uint32_t i = scatter.count; i-- > 0;)
        if (scatter.blocks[i] != NULL)
            block_pool_give(peer->manager->shared->config.pool, scatter.blocks[i]);
    return error;
}

static enum error_code receive_plain(struct peer *peer, size_t *ret_bytes)
{
    uint8_t *scratch = peer->manager->shared->scratch;
    const struct iovec iov = {scratch, 64u * 1024};
    const enum error_code error = stream_readv(peer->stream, &iov, 1, ret_bytes);
    return error != ERROR_NONE ? error : peer_feed(peer, scratch, *ret_bytes);
}

enum error_code peer_receive(struct peer *peer)
{
    size_t total = 0;
    peer->last_received_ns = loop_now_ns(peer->manager->loop);
    if (bus_length(peer->manager->config.responses) > NEWS_WAITING_MAX)
        return ERROR_NONE; /* it is still readable in the next turn */
    const uint32_t messages = peer->messages;
    while (total < TURN_BYTES && peer->messages - messages < TURN_MESSAGES &&
           !peer->dead) {
        size_t got = 0;
        const bool payload = peer->filling != NULL || peer->asked.length > 0;
        const bool aligned = peer->partial.length == 0 && peer->skip == 0;
        enum error_code error = payload && aligned ? receive_scattered(peer, &got)
                                                   : receive_plain(peer, &got);
        if (error == ERROR_FULL)
            peer_starve(peer);
        if (error == ERROR_AGAIN || error == ERROR_FULL)
            break;
        if (error != ERROR_NONE)
            return error;
        total += got;
        if (got < 64u * 1024)
            break; /* the socket is empty: spare the call that would say so */
    }
    if (peer->partial.length == 0)
        buffer_done(&peer->partial); /* an idle connection holds no buffers */
    return ERROR_NONE;
}
