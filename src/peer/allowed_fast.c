#include "peer/allowed_fast.h"

#include "peer/upload_private.h"

#include <stdlib.h>
#include <string.h>

#define ASKED_TIMES 3u /* a piece; more often is an attack on our uplink */
/* All that the choked ones of a torrent are sent: two sets, and a part of the rest. */
#define SENT_SETS 2u
#define SENT_MOST (UINT64_C(32) << 20) /* however large the pieces */
#define SENT_PART 16u

static bool is_among(const uint32_t *pieces, uint32_t count, uint32_t piece,
                     uint32_t *ret_at)
{
    uint32_t at = 0;
    while (at < count && pieces[at] != piece)
        at++;
    *ret_at = at;
    return at < count;
}

/* Which bytes say where it comes from; the others are 0. */
static size_t network_of(const struct netaddr *address, uint8_t ret_bytes[16])
{
    memset(ret_bytes, 0, 16);
    if (address->family == NETADDR_V4) {
        memcpy(ret_bytes, address->bytes, 3);
        return 4;
    }
    memcpy(ret_bytes, address->bytes, 8);
    return 16;
}

uint32_t allowed_fast_set(const struct netaddr *address, const struct info_hash *hash,
                          uint32_t pieces, uint32_t most, uint32_t *ret_pieces)
{
    uint8_t seed[16 + SHA1_BYTES], digest[SHA1_BYTES];
    const size_t network = network_of(address, seed);
    uint32_t count = 0, at;
    if (most > pieces)
        most = pieces;
    memcpy(seed + network, hash->bytes, SHA1_BYTES);
    digest_sha1(seed, network + SHA1_BYTES, digest);
    while (count < most) {
        for (uint32_t i = 0; i < SHA1_BYTES && count < most; i += 4) {
            const uint32_t piece = be32_get(digest + i) % pieces;
            if (!is_among(ret_pieces, count, piece, &at))
                ret_pieces[count++] = piece;
        }
        digest_sha1(digest, sizeof digest, digest);
    }
    return count;
}

static enum error_code make_books(struct peer *peer)
{
    if (peer->allowed == NULL)
        peer->allowed = calloc(1, sizeof *peer->allowed);
    return peer->allowed != NULL ? ERROR_NONE : ERROR_MEMORY;
}

/* ---- what it may fetch of us ---- */

static bool is_starting(const struct peer *peer)
{
    return !peer->is_seed && (!peer->has_bits || peer->bits.count <= ALLOWED_FAST_PIECES);
}

static enum error_code tell(struct peer *peer, uint32_t piece)
{
    if (peer_has_piece(peer, piece) ||
        !bitfield_get(peer->manager->config.metainfo.have, piece))
        return ERROR_NONE;
    peer_flush_soon(peer);
    return wire_put_index(&peer->out, WIRE_ALLOWED_FAST, piece);
}

enum error_code peer_allow_fast(struct peer *peer)
{
    const struct peer_manager_config *config = &peer->manager->config;
    if (!peer->fast || !peer->got_pieces || peer_awaits_metainfo(peer) || peer->hidden ||
        !is_starting(peer) || (peer->allowed != NULL && peer->allowed->given_count > 0))
        return ERROR_NONE;
    enum error_code error = make_books(peer);
    if (error != ERROR_NONE)
        return error;
    struct allowed_fast *allowed = peer->allowed;
    allowed->given_count = allowed_fast_set(&peer->stream->remote, &config->hash,
                                            config->metainfo.piece_count,
                                            ALLOWED_FAST_PIECES, allowed->given);
    for (uint32_t i = 0; i < allowed->given_count && error == ERROR_NONE; i++)
        error = tell(peer, allowed->given[i]);
    return error;
}

enum error_code peer_allow_fast_too(struct peer *peer, uint32_t piece)
{
    const struct allowed_fast *allowed = peer->allowed;
    uint32_t at;
    return allowed != NULL && is_starting(peer) &&
                   is_among(allowed->given, allowed->given_count, piece, &at)
               ? tell(peer, piece)
               : ERROR_NONE;
}

bool peer_is_given(const struct peer *peer, uint32_t piece)
{
    const struct allowed_fast *allowed = peer->allowed;
    uint32_t at;
    return allowed != NULL && !peer->paused &&
           is_among(allowed->given, allowed->given_count, piece, &at);
}

/* Not while others wait for the uplink, nor more than a part of what they get. */
static bool can_be_spared(const struct peer_manager *manager)
{
    const uint64_t sets =
        (uint64_t)SENT_SETS * ALLOWED_FAST_PIECES * manager->config.metainfo.piece_bytes;
    return !pace_is_awaited(&manager->pace[PACE_UP]) &&
           manager->given_choked <
               (sets < SENT_MOST ? sets : SENT_MOST) + manager->uploaded / SENT_PART;
}

enum error_code peer_on_given_request(struct peer *peer, const struct block_ref *ref,
                                      bool *ret_serve)
{
    struct peer_manager *manager = peer->manager;
    struct allowed_fast *allowed = peer->allowed;
    const uint32_t blocks = (manager->config.metainfo.piece_bytes - 1) / BLOCK_BYTES + 1;
    uint32_t at;
    if (!is_among(allowed->given, allowed->given_count, ref->piece, &at) ||
        ++allowed->given_blocks[at] > (uint64_t)ASKED_TIMES * blocks)
        return ERROR_PROTOCOL;
    *ret_serve = is_starting(peer) && can_be_spared(manager);
    if (*ret_serve)
        manager->given_choked += ref->length;
    return ERROR_NONE;
}

/* ---- what we may fetch of it ---- */

enum error_code peer_on_allowed_fast(struct peer *peer, uint32_t piece)
{
    const enum error_code error = make_books(peer);
    struct allowed_fast *allowed = peer->allowed;
    uint32_t at;
    if (error != ERROR_NONE)
        return error;
    if (++allowed->messages > ALLOWED_FAST_MOST)
        return ERROR_PROTOCOL;
    if (!is_among(allowed->got, allowed->got_count, piece, &at))
        allowed->got[allowed->got_count++] = piece;
    peer_note_giver(peer);
    return ERROR_NONE;
}

bool peer_disallow_fast(struct peer *peer, uint32_t piece)
{
    struct allowed_fast *allowed = peer->allowed;
    uint32_t at;
    if (allowed == NULL || !is_among(allowed->got, allowed->got_count, piece, &at))
        return false;
    allowed->got[at] = allowed->got[--allowed->got_count];
    peer_note_giver(peer);
    return true;
}

bool peer_may_be_asked_for(const struct peer *peer, uint32_t piece)
{
    const struct allowed_fast *allowed = peer->allowed;
    uint32_t at;
    return peer->unchoked ||
           (allowed != NULL && is_among(allowed->got, allowed->got_count, piece, &at));
}

uint32_t peer_allowed_pieces(const struct peer *peer,
                             uint32_t ret_pieces[ALLOWED_FAST_MOST])
{
    const struct allowed_fast *allowed = peer->allowed;
    uint32_t count = 0;
    for (uint32_t i = 0; allowed != NULL && i < allowed->got_count; i++)
        if (peer_has_piece(peer, allowed->got[i]) &&
            !bitfield_get(peer->manager->config.metainfo.have, allowed->got[i]))
            ret_pieces[count++] = allowed->got[i];
    return count;
}

bool peer_may_be_asked(const struct peer *peer)
{
    uint32_t pieces[ALLOWED_FAST_MOST];
    return peer->unchoked || peer_allowed_pieces(peer, pieces) > 0;
}
