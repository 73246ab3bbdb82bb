/* What each message of a peer means (BEP 3, 6), and what is too much of it. */
#include "peer/peer_private.h"

#include <stdlib.h>
#include <string.h>

#define BAD_REQUESTS_MAX 50u
#define UNKNOWN_MAX      32u
#define SERVED_MOST      3u /* times one block is served within SERVED_NS */
#define SERVED_NS        (60 * NS_PER_S)
#define BOGUS_REFS_MOST  4096u /* looked up a second */
#define CHOKED_GRACE_NS  (2 * NS_PER_S)
#define LATER_PIECES_MAX 65536u
#define REFUSALS_MOST    8u
#define REFUSAL_NS       NS_PER_S /* within this they count once */

bool peer_has_piece(const struct peer *peer, uint32_t piece)
{
    return peer->is_seed || (peer->has_bits && bitfield_get(&peer->bits, piece));
}

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

static enum error_code become_seed(struct peer *peer)
{
    if (peer->has_bits)
        bitfield_done(&peer->bits);
    peer->has_bits = false;
    if (!peer->is_seed)
        peer->manager->seeds++;
    peer->is_seed = true;
    super_seed_update(peer->manager);
    return ERROR_NONE;
}

static enum error_code make_bits(struct peer *peer)
{
    if (peer->has_bits || peer->is_seed)
        return ERROR_NONE;
    const enum error_code error =
        bitfield_init(&peer->bits, peer->manager->config.piece_count);
    peer->has_bits = error == ERROR_NONE;
    return error;
}

static void drop_if_both_complete(struct peer *peer)
{
    if (peer->is_seed && peer->manager->complete)
        peer_close(peer, PEER_REASON_BOTH_SEEDS, ERROR_NONE);
}

static enum error_code on_have(struct peer *peer, uint32_t piece)
{
    if (piece >= peer->manager->config.piece_count)
        return ERROR_PROTOCOL;
    peer->got_pieces = true; /* without a bitfield it had nothing before */
    const enum error_code error = make_bits(peer);
    if (error != ERROR_NONE || peer->is_seed || !bitfield_set(&peer->bits, piece))
        return error;
    struct message message = {.type = PEER_HAS_PIECE, .u.piece.piece = piece};
    peer_post(peer, &message);
    super_seed_on_have(peer, piece);
    if (peer->dead)
        return ERROR_NONE;
    if (bitfield_full(&peer->bits)) {
        become_seed(peer);
        drop_if_both_complete(peer);
    }
    return ERROR_NONE;
}

/* aria2 sends its bitfield again instead of many HAVEs: what is new in it is taken as
 * that. To take a piece back breaks the protocol, and so does more news than a peer can
 * have gathered since it last told. */
static enum error_code on_later_pieces(struct peer *peer, const uint8_t *body,
                                       uint32_t length)
{
    struct bitfield bits;
    enum error_code error = bitfield_init(&bits, peer->manager->config.piece_count);
    if (error != ERROR_NONE)
        return error;
    error = bitfield_load(&bits, body, length);
    const uint32_t before = peer->is_seed    ? bits.size
                            : peer->has_bits ? peer->bits.count
                                             : 0;
    uint32_t kept = 0;
    for (uint32_t piece = bitfield_next_set(&bits, 0); piece < bits.size;
         piece = bitfield_next_set(&bits, piece + 1))
        kept += peer_has_piece(peer, piece);
    if (error == ERROR_NONE && (kept < before || bits.count - before > LATER_PIECES_MAX))
        error = ERROR_PROTOCOL;
    for (uint32_t piece = bitfield_next_set(&bits, 0);
         error == ERROR_NONE && piece < bits.size && !peer->dead;
         piece = bitfield_next_set(&bits, piece + 1))
        error = on_have(peer, piece);
    bitfield_done(&bits);
    return error;
}

static enum error_code on_pieces(struct peer *peer, uint8_t id, const uint8_t *body,
                                 uint32_t length)
{
    if (peer->got_pieces && id == WIRE_BITFIELD)
        return on_later_pieces(peer, body, length);
    if (peer->got_pieces || (id != WIRE_BITFIELD && !peer->fast))
        return ERROR_PROTOCOL;
    peer->got_pieces = true;
    enum error_code error = ERROR_NONE;
    if (id == WIRE_HAVE_ALL) {
        become_seed(peer);
    } else if (id == WIRE_BITFIELD) {
        error = make_bits(peer);
        if (error == ERROR_NONE)
            error = bitfield_load(&peer->bits, body, length);
        if (error == ERROR_NONE && bitfield_full(&peer->bits))
            become_seed(peer);
    }
    if (error != ERROR_NONE)
        return error;
    peer_post_type(peer, PEER_HAS_PIECES);
    super_seed_on_pieces(peer);
    drop_if_both_complete(peer);
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
    const uint64_t begin = (uint64_t)ref->piece * config->piece_bytes;
    const uint64_t left = config->total_bytes - begin;
    const uint64_t piece_bytes = left < config->piece_bytes ? left : config->piece_bytes;
    return ref->begin < piece_bytes && ref->length <= piece_bytes - ref->begin &&
           bitfield_get(config->have, ref->piece);
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

static enum error_code on_request(struct peer *peer, const struct block_ref *ref)
{
    const uint64_t now_ns = loop_now_ns(peer->manager->loop);
    if (ref->piece >= peer->manager->config.piece_count ||
        ref->length > WIRE_REQUEST_MAX || ref->begin > UINT32_MAX - ref->length)
        return ERROR_PROTOCOL;
    if (!can_be_served(peer, ref))
        return bad_request(peer, ref);
    bool serve = true;
    enum error_code error = ERROR_NONE;
    if (peer->am_choking && peer_is_given(peer, ref->piece))
        error = peer_on_given_request(peer, ref, &serve);
    else if (peer->am_choking)
        return now_ns - peer->slot_changed_ns > CHOKED_GRACE_NS ? bad_request(peer, ref)
                                                                : refuse(peer, ref);
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
    if (ref->piece >= peer->manager->config.piece_count)
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

/* Unchokes us, claims pieces, and time and again gives none (P41). */
static bool is_lying(struct peer *peer)
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
        if (is_lying(peer))
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
    if (!peer->fast || piece >= peer->manager->config.piece_count)
        return ERROR_PROTOCOL;
    return id == WIRE_ALLOWED_FAST ? peer_on_allowed_fast(peer, piece) : ERROR_NONE;
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
        return on_have(peer, be32_get(body));
    case WIRE_BITFIELD:
    case WIRE_HAVE_ALL:
    case WIRE_HAVE_NONE:
        return on_pieces(peer, id, body, length);
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
        return ERROR_NONE; /* of its DHT node */
    default:
        return ++peer->unknown > UNKNOWN_MAX ? ERROR_PROTOCOL : ERROR_NONE;
    }
}
