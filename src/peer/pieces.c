/* What a peer tells of its pieces (BEP 3, 6, 54). */
#include "peer/upload_private.h"

#define LATER_PIECES_MAX 65536u
#define TAKEN_BACK_MOST  64u /* times a second that it changes its mind */

bool peer_has_piece(const struct peer *peer, uint32_t piece)
{
    return peer->is_seed || (peer->has_bits && bitfield_get(&peer->bits, piece));
}

/* Numbered, so that what is in the bits already is not counted again. */
static void post_change(struct peer *peer, enum message_type type, uint32_t piece)
{
    struct message message = {.type = type};
    message.u.piece.piece = piece;
    message.u.piece.change = ++peer->piece_changes;
    peer_post(peer, &message);
}

static enum error_code become_seed(struct peer *peer)
{
    if (peer->has_bits && !peer->takes_back) {
        bitfield_done(&peer->bits);
        peer->has_bits = false;
    }
    if (!peer->is_seed)
        peer->manager->seeds++;
    peer->is_seed = true;
    super_seed_update(peer->manager);
    return ERROR_NONE;
}

/* Those of a seed, too, if it is to lack some from now on. */
static enum error_code make_bits(struct peer *peer)
{
    if (peer->has_bits)
        return ERROR_NONE;
    const enum error_code error =
        bitfield_init(&peer->bits, peer->manager->config.metainfo.piece_count);
    peer->has_bits = error == ERROR_NONE;
    if (peer->has_bits && peer->is_seed)
        bitfield_set_all(&peer->bits);
    return error;
}

static void drop_if_both_complete(struct peer *peer)
{
    if (peer->is_seed && peer->manager->complete)
        peer_close(peer, PEER_REASON_BOTH_SEEDS, ERROR_NONE);
}

enum error_code peer_on_have(struct peer *peer, uint32_t piece)
{
    if (peer_awaits_metainfo(peer))
        return early_have(peer, piece);
    if (piece >= peer->manager->config.metainfo.piece_count)
        return ERROR_PROTOCOL;
    peer->got_pieces = true; /* without a bitfield it had nothing before */
    if (peer->is_seed)
        return ERROR_NONE;
    const enum error_code error = make_bits(peer);
    if (error != ERROR_NONE || !bitfield_set(&peer->bits, piece))
        return error;
    peer->took_back = false;
    post_change(peer, PEER_HAS_PIECE, piece);
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
    enum error_code error =
        bitfield_init(&bits, peer->manager->config.metainfo.piece_count);
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
        error = peer_on_have(peer, piece);
    bitfield_done(&bits);
    return error;
}

enum error_code peer_on_pieces(struct peer *peer, uint8_t id, const uint8_t *body,
                               uint32_t length)
{
    if (id == WIRE_BITFIELD && peer_awaits_metainfo(peer))
        return early_pieces(peer, body, length);
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

enum error_code peer_take_bitfield(struct peer *peer, const uint8_t *bytes,
                                   uint32_t length)
{
    peer->got_pieces = false; /* it counts as the first */
    return peer_on_pieces(peer, WIRE_BITFIELD, bytes, length);
}

/* ---- what it has no longer ---- */

static void drop_requests_of(struct peer *peer, uint32_t piece)
{
    uint32_t at = 0;
    while (at < peer->asked.length) {
        const struct block_ref ref = *ref_queue_at(&peer->asked, at);
        if (ref.piece != piece) {
            at++;
            continue;
        }
        ref_queue_take(&peer->asked, at);
        peer_post_block(peer, PEER_REJECTED, &ref);
        pace_refund(peer, PACE_DOWN, ref.length);
        peer->cancelled++;
    }
}

/* One that says now this, now that is worked for no longer: each time may cost a look at
 * all of its pieces. Any number of them in a row counts once. */
static bool changes_its_mind_too_often(struct peer *peer)
{
    peer->times_taken_back += !peer->took_back;
    peer->took_back = true;
    return peer->times_taken_back > TAKEN_BACK_MOST;
}

enum error_code peer_on_lacks(struct peer *peer, uint32_t piece)
{
    if (!peer_has_piece(peer, piece))
        return ERROR_NONE;
    peer->takes_back = true; /* the bits are kept from now on, even of a seed */
    const enum error_code error = make_bits(peer);
    if (error != ERROR_NONE)
        return error;
    if (changes_its_mind_too_often(peer))
        return ERROR_PROTOCOL;
    peer->manager->seeds -= peer->is_seed;
    peer->is_seed = false;
    bitfield_clear(&peer->bits, piece);
    super_seed_on_lacks(peer, piece);
    const uint32_t asked = peer->asked.length;
    drop_requests_of(peer, piece);
    post_change(peer, PEER_LACKS_PIECE, piece);
    if (peer->asked.length == asked)
        return ERROR_NONE;
    if (peer_is_lying(peer))
        return ERROR_PROTOCOL;
    peer_update_idle(peer);
    return ERROR_NONE;
}
