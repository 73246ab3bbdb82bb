/* What each message of a peer means (BEP 3, 6), and what is too much of it. */

#include "peer/extension_private.h"
#include "peer/upload_private.h"

#include <stdlib.h>
#include <string.h>

#define BAD_REQUESTS_MAX 50u
#define DHT_TOLD_NS      (60 * NS_PER_S)
#define UNKNOWN_MAX      32u
#define SERVED_MOST      3u /* times one block is served within SERVED_NS */
#define SERVED_NS        (60 * NS_PER_S)
#define BOGUS_REFS_MOST  4096u /* looked up a second */
#define CHOKED_GRACE_NS  (2 * NS_PER_S)
#define CROSSING_MOST_NS (60 * NS_PER_S)
#define REFUSALS_MOST    8u
#define REFUSAL_NS       NS_PER_S /* within this they count once */

void peer_drop_requests(struct peer *peer)
{
    struct block_ref ref;
    while (ref_queue_pop(&peer->asked, &ref)) {
        peer_post_block(peer, PEER_REJECTED, &ref);
        pace_refund(peer, PACE_DOWN, ref.length);
        peer->cancelled++;
    }
}

static enum error_code on_choke(struct peer *peer, bool choke)
{
    if (peer->unchoked == !choke)
        return ERROR_NONE;
    peer->unchoked = !choke;
    peer_note_giver(peer);
    peer_post_type(peer, choke ? PEER_CHOKED_US : PEER_UNCHOKED_US);
    /* With BEP 6 each request is answered by itself; without it a choke voids them all.
     */
    if (choke && !peer->fast)
        peer_drop_requests(peer);
    /* One that takes it back before it gave anything has to earn its window again. */
    if (choke && peer->downloaded == peer->given_at_unchoke)
        window_collapse(&peer->window);
    if (!choke) {
        peer->given_at_unchoke = peer->downloaded;
        peer->idle_posted = peer->idle_posted && !peer->idle_choked;
        peer_update_idle(peer);
    }
    peer_note_status(peer, PEER_REASON_NONE);
    return ERROR_NONE;
}

static enum error_code on_interest(struct peer *peer, bool interested)
{
    const bool presumed = peer->presumed_until_ns != 0;
    peer->presumed_until_ns = 0;
    if (peer->peer_interested == interested && !presumed)
        return ERROR_NONE;
    peer->peer_interested = interested;
    peer_manager_choke_soon(peer->manager);
    return ERROR_NONE;
}

static struct block_ref ref_of(const uint8_t *body)
{
    return (struct block_ref){be32_get(body), be32_get(body + 4), be32_get(body + 8)};
}

static enum error_code refuse(struct peer *peer, const struct block_ref *ref)
{
    peer_flush_soon(peer);
    return peer->fast ? wire_put_block(&peer->out, WIRE_REJECT, ref) : ERROR_NONE;
}

/* Inside the torrent, and of a piece we have (P19). */
static bool can_be_served(const struct peer *peer, const struct block_ref *ref)
{
    const struct peer_manager_config *config = &peer->manager->config;
    if (ref->length == 0 || ref->length > BLOCK_BYTES)
        return false;
    const uint64_t begin = (uint64_t)ref->piece * config->metainfo.piece_bytes;
    const uint64_t left = config->metainfo.total_bytes - begin;
    const uint64_t piece_bytes =
        left < config->metainfo.piece_bytes ? left : config->metainfo.piece_bytes;
    return ref->begin < piece_bytes && ref->length <= piece_bytes - ref->begin &&
           bitfield_get(config->metainfo.have, ref->piece);
}

/* The same block over and over is an attack on our uplink (P24). */
static bool is_served_too_often(struct peer *peer, const struct block_ref *ref)
{
    const uint64_t now_ns = loop_now_ns(peer->manager->loop);
    if (peer->served != NULL && now_ns - peer->served->since_ns >= SERVED_NS) {
        free(peer->served);
        peer->served = NULL;
    }
    if (peer->served == NULL) {
        peer->served = calloc(1, sizeof *peer->served);
        if (peer->served == NULL)
            return false;
        peer->served->since_ns = now_ns;
    }
    const uint32_t slot = (ref->piece * 31 + ref->begin / BLOCK_BYTES) % SERVED_SLOTS;
    if (memcmp(&peer->served->slots[slot].ref, ref, sizeof *ref) != 0) {
        peer->served->slots[slot].ref = *ref;
        peer->served->slots[slot].count = 0;
    }
    if (peer->served->slots[slot].count >= SERVED_MOST)
        return true;
    peer->served->slots[slot].count++;
    return false;
}

static enum error_code bad_request(struct peer *peer, const struct block_ref *ref)
{
    return ++peer->bad_requests >= BAD_REQUESTS_MAX ? ERROR_PROTOCOL : refuse(peer, ref);
}

/* On a slow line a choke waits for long behind the blocks sent before it, and so may the
 * requests that it crosses. A client's queue full of them is no fault (P20). */
static bool knows_its_choke(struct peer *peer)
{
    const uint64_t choked_ns = loop_now_ns(peer->manager->loop) - peer->slot_changed_ns;
    if (choked_ns <= CHOKED_GRACE_NS)
        return false;
    if (choked_ns > CROSSING_MOST_NS || peer->may_cross == 0)
        return true;
    peer->may_cross--;
    return false;
}

static enum error_code on_request(struct peer *peer, const struct block_ref *ref)
{
    if (peer_awaits_metainfo(peer))
        return bad_request(peer, ref);
    if (ref->piece >= peer->manager->config.metainfo.piece_count ||
        ref->length > WIRE_REQUEST_MAX || ref->begin > UINT32_MAX - ref->length)
        return ERROR_PROTOCOL;
    if (!can_be_served(peer, ref))
        return bad_request(peer, ref);
    bool serve = true;
    enum error_code error = ERROR_NONE;
    if (peer->am_choking && peer_is_given(peer, ref->piece))
        error = peer_on_given_request(peer, ref, &serve);
    else if (peer->am_choking)
        return knows_its_choke(peer) ? bad_request(peer, ref) : refuse(peer, ref);
    if (error != ERROR_NONE)
        return error;
    if (!serve || peer->wanted.length >= WIRE_REQQ || is_served_too_often(peer, ref))
        return refuse(peer, ref);
    error = ref_queue_push(&peer->wanted, ref);
    peer_serve_soon(peer);
    return error;
}

/* With BEP 6 a cancelled request is answered too: by the block, or by a reject. */
static enum error_code on_cancel(struct peer *peer, const struct block_ref *ref)
{
    if (peer_awaits_metainfo(peer))
        return ERROR_NONE;
    if (ref->piece >= peer->manager->config.metainfo.piece_count)
        return ERROR_PROTOCOL;
    if (peer->bogus_refs >= BOGUS_REFS_MOST)
        return ERROR_NONE;
    if (peer->wanted.length > 0 && ref_queue_remove(&peer->wanted, ref))
        return refuse(peer, ref);
    if (!peer_unqueue_blocks(peer, ref))
        peer->bogus_refs++;
    else
        peer_flush_soon(peer);
    return ERROR_NONE;
}

bool peer_is_lying(struct peer *peer)
{
    const uint64_t now_ns = loop_now_ns(peer->manager->loop);
    if (!peer->unchoked ||
        (peer->refused_ns != 0 && now_ns - peer->refused_ns < REFUSAL_NS))
        return false;
    peer->refused_ns = now_ns;
    peer->refusals = peer->downloaded == peer->given_at_refusal ? peer->refusals + 1 : 1;
    peer->given_at_refusal = peer->downloaded;
    return peer->refusals >= REFUSALS_MOST;
}

static enum error_code on_rejected(struct peer *peer, const struct block_ref *ref)
{
    if (!peer->fast)
        return ERROR_PROTOCOL;
    if (peer->bogus_refs >= BOGUS_REFS_MOST)
        return ERROR_NONE;
    if (peer->asked.length > 0 && ref_queue_remove(&peer->asked, ref)) {
        /* To allow a piece is no promise to have time for it (BEP 6). */
        const bool favour = !peer->unchoked && peer_disallow_fast(peer, ref->piece);
        peer_post_block(peer, favour ? PEER_RETURNED : PEER_REJECTED, ref);
        pace_refund(peer, PACE_DOWN, ref->length);
        if (peer_is_lying(peer))
            return ERROR_PROTOCOL;
        peer_update_idle(peer);
        return ERROR_NONE;
    }
    peer->bogus_refs++;
    if (peer->cancelled > 0)
        peer->cancelled--;
    return ERROR_NONE;
}

static enum error_code on_fast_hint(struct peer *peer, uint8_t id, uint32_t piece)
{
    if (peer->fast && peer_awaits_metainfo(peer))
        return ERROR_NONE;
    if (!peer->fast || piece >= peer->manager->config.metainfo.piece_count)
        return ERROR_PROTOCOL;
    return id == WIRE_ALLOWED_FAST ? peer_on_allowed_fast(peer, piece) : ERROR_NONE;
}

/* Its DHT node (BEP 5): on its own host, whatever it would like us to ask (P45). */
static void on_dht_port(struct peer *peer, uint16_t port)
{
    const struct peer_shared *shared = peer->manager->shared;
    const uint64_t now_ns = loop_now_ns(peer->manager->loop);
    struct netaddr address = peer->stream->remote;
    if (port == 0 || peer->manager->config.metainfo.is_private ||
        shared->config.on_dht_node == NULL ||
        (peer->dht_told_ns != 0 && now_ns - peer->dht_told_ns < DHT_TOLD_NS))
        return;
    peer->dht_told_ns = now_ns;
    address.port = port;
    shared->config.on_dht_node(shared->config.context, &address);
}

enum error_code peer_on_message(struct peer *peer, uint8_t id, const uint8_t *body,
                                uint32_t length)
{
    struct block_ref ref;
    peer->messages++;
    switch (id) {
    case WIRE_CHOKE:
    case WIRE_UNCHOKE:
        return on_choke(peer, id == WIRE_CHOKE);
    case WIRE_INTERESTED:
    case WIRE_NOT_INTERESTED:
        return on_interest(peer, id == WIRE_INTERESTED);
    case WIRE_HAVE:
        return peer_on_have(peer, be32_get(body));
    case WIRE_BITFIELD:
    case WIRE_HAVE_ALL:
    case WIRE_HAVE_NONE:
        return peer_on_pieces(peer, id, body, length);
    case WIRE_REQUEST:
        ref = ref_of(body);
        return on_request(peer, &ref);
    case WIRE_CANCEL:
        ref = ref_of(body);
        return on_cancel(peer, &ref);
    case WIRE_REJECT:
        ref = ref_of(body);
        return on_rejected(peer, &ref);
    case WIRE_EXTENDED:
        return peer_on_extended(peer, body, length);
    case WIRE_SUGGEST:
    case WIRE_ALLOWED_FAST:
        return on_fast_hint(peer, id, be32_get(body));
    case WIRE_PORT:
        on_dht_port(peer, be16_get(body));
        return ERROR_NONE;
    case WIRE_HASH_REQUEST:
    case WIRE_HASHES:
    case WIRE_HASH_REJECT:
        if (peer->v2)
            return peer_on_hash_message(peer, id, body, length);
        return ++peer->unknown > UNKNOWN_MAX ? ERROR_PROTOCOL : ERROR_NONE;
    default:
        return ++peer->unknown > UNKNOWN_MAX ? ERROR_PROTOCOL : ERROR_NONE;
    }
}
