/*
 * Sending: control messages first, then {header, block} x k, in one sendmsg(2). POLLOUT
 * is watched only after a short write.
 */

#include "peer/extension_private.h"
#include "peer/upload_private.h"

#include <string.h>

#define SEND_BLOCKS UPLOAD_BLOCKS_MAX

void peer_flush_soon(struct peer *peer)
{
    if (peer->flush_queued || peer->wants_write || peer->dead)
        return;
    peer->flush_queued = true;
    peer->flush_next = peer->manager->flush_list;
    peer->manager->flush_list = peer;
    peer_manager_run_soon(peer->manager);
}

void peer_queue_block(struct peer *peer, struct block *block)
{
    block->next = NULL;
    *peer->sending_tail = block;
    peer->sending_tail = &block->next;
    peer->sending_count++;
}

bool peer_unqueue_blocks(struct peer *peer, const struct block_ref *ref)
{
    struct block **at = &peer->sending;
    bool found = false;
    if (*at != NULL && peer->sent > 0)
        at = &(*at)->next; /* its begin is on its way: the rest must follow */
    while (*at != NULL) {
        struct block *block = *at;
        const struct block_ref own = {block->piece, block->begin, block->length};
        if (ref != NULL ? memcmp(ref, &own, sizeof own) != 0
                        : peer_is_given(peer, own.piece)) {
            at = &block->next;
            continue;
        }
        *at = block->next;
        peer->sending_count--;
        pace_refund(peer, PACE_UP, own.length);
        block_pool_give(peer->manager->shared->config.pool, block);
        /* Without room for the refusal the peer cannot be kept: peer_send finds out. */
        if (peer->fast && wire_put_block(&peer->out, WIRE_REJECT, &own) != ERROR_NONE)
            peer->out_failed = true;
        found = true;
    }
    peer->sending_tail = at;
    return found;
}

static uint32_t wire_bytes(const struct block *block)
{
    return WIRE_PIECE_HEADER_BYTES + block->length;
}

struct gather {
    struct iovec iov[2 * SEND_BLOCKS + 2];
    uint8_t headers[SEND_BLOCKS][WIRE_PIECE_HEADER_BYTES];
    int count;
    uint32_t blocks;
};

static void gather_block(struct gather *gather, const struct block *block, uint32_t from)
{
    const struct block_ref ref = {block->piece, block->begin, block->length};
    uint8_t *header = gather->headers[gather->blocks++];
    wire_piece_header(&ref, header);
    if (from < WIRE_PIECE_HEADER_BYTES) {
        gather->iov[gather->count++] =
            (struct iovec){header + from, WIRE_PIECE_HEADER_BYTES - from};
        from = WIRE_PIECE_HEADER_BYTES;
    }
    const uint32_t skip = from - WIRE_PIECE_HEADER_BYTES;
    gather->iov[gather->count++] =
        (struct iovec){block->bytes + skip, block->length - skip};
}

/* Control messages go before all blocks, but for one whose sending has begun. */
static void gather_all(struct peer *peer, struct gather *gather)
{
    const struct block *block = peer->sending;
    gather->count = 0;
    gather->blocks = 0;
    if (block != NULL && peer->sent > 0) {
        gather_block(gather, block, peer->sent);
        block = block->next;
    }
    if (peer->out.length > 0)
        gather->iov[gather->count++] = (struct iovec){peer->out.bytes, peer->out.length};
    for (; block != NULL && gather->blocks < SEND_BLOCKS; block = block->next)
        gather_block(gather, block, 0);
}

static size_t consume_block(struct peer *peer, size_t bytes)
{
    struct block *block = peer->sending;
    const size_t rest = wire_bytes(block) - peer->sent;
    if (bytes < rest) {
        peer->sent += (uint32_t)bytes;
        return bytes;
    }
    peer->sent = 0;
    peer->sending = block->next;
    if (peer->sending == NULL)
        peer->sending_tail = &peer->sending;
    peer->sending_count--;
    peer->uploaded += block->length;
    peer->manager->uploaded += block->length;
    peer_warm(peer);
    block_pool_give(peer->manager->shared->config.pool, block);
    return rest;
}

static void consume(struct peer *peer, size_t bytes)
{
    if (peer->sending != NULL && peer->sent > 0)
        bytes -= consume_block(peer, bytes);
    const size_t control = bytes < peer->out.length ? bytes : peer->out.length;
    buffer_consume(&peer->out, control);
    bytes -= control;
    pace_note(peer, PACE_UP, control);
    while (bytes > 0)
        bytes -= consume_block(peer, bytes);
    if (peer->out.length == 0)
        buffer_done(&peer->out);
}

/* One call. ERROR_AGAIN: not all of it went. */
static enum error_code send_some(struct peer *peer, size_t *ret_sent)
{
    struct gather gather;
    size_t offered = 0;
    const uint32_t before = peer->sending_count;
    gather_all(peer, &gather);
    for (int i = 0; i < gather.count; i++)
        offered += gather.iov[i].iov_len;
    const enum error_code error =
        stream_writev(peer->stream, gather.iov, gather.count, ret_sent);
    if (error != ERROR_NONE)
        return error;
    peer->last_sent_ns = loop_now_ns(peer->manager->loop);
    consume(peer, *ret_sent);
    if (gather.blocks > 0)
        peer_note_sent(peer, before - peer->sending_count, *ret_sent == offered);
    return *ret_sent < offered ? ERROR_AGAIN : ERROR_NONE;
}

/* Whether there is more to send at once, or to be read at once. What is at the disk is
 * not waited for here. */
static bool has_more(struct peer *peer)
{
    peer_serve_ahead(peer);
    return peer->out.length > 0 || peer->sending != NULL ||
           (!peer->cold && peer->wanted.length > 0);
}

/* One that has had its share of a turn goes on when its socket says that it has room. */
static enum error_code send_share(struct peer *peer)
{
    size_t total = 0;
    while (total < TURN_BYTES) {
        size_t sent = 0;
        enum error_code error = peer_serve_metadata(peer);
        if (error != ERROR_NONE)
            return error;
        peer_serve(peer);
        if (peer->out.length == 0 && peer->sending == NULL)
            return ERROR_NONE;
        error = send_some(peer, &sent);
        if (error != ERROR_NONE)
            return error;
        total += sent;
    }
    return has_more(peer) ? ERROR_AGAIN : ERROR_NONE;
}

enum error_code peer_send(struct peer *peer)
{
    enum error_code error = peer->out_failed ? ERROR_LIMIT : send_share(peer);
    peer->wants_write = error == ERROR_AGAIN;
    if (peer->wants_write)
        peer_serve_ahead(peer);
    stream_set_interest(peer->stream, !peer->starved, peer->wants_write);
    return error == ERROR_AGAIN ? ERROR_NONE : error;
}

void peer_send_done(struct peer *peer)
{
    block_pool_give_chain(peer->manager->shared->config.pool, peer->sending);
    peer->sending = NULL;
    peer->sending_tail = &peer->sending;
    peer->sending_count = 0;
    peer->sent = 0;
    buffer_done(&peer->out);
    ref_queue_done(&peer->wanted);
}
