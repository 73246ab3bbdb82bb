/* What peers say of their pieces before we know how many there are (HOSTILE.md P15, P18):
 * a bitfield is kept as it is, and judged when the metainfo has come. */

#include "peer/extension_private.h"

#include <stdlib.h>
#include <string.h>

#define HAVE_ALONE_MAX 32768u /* pieces of one that has sent no bitfield */

bool peer_awaits_metainfo(const struct peer *peer)
{
    return peer->manager->config.metainfo.piece_count == 0;
}

/* The last one counts: aria2 sends it again instead of many HAVEs. */
enum error_code early_pieces(struct peer *peer, const uint8_t *body, uint32_t length)
{
    if (peer->is_seed)
        return ERROR_NONE;
    uint8_t *bytes = malloc(length + 1u);
    if (bytes == NULL)
        return ERROR_MEMORY;
    memcpy(bytes, body, length);
    free(peer->early);
    peer->early = bytes;
    peer->early_bytes = length;
    peer->early_is_told = true;
    peer->got_pieces = true;
    return ERROR_NONE;
}

enum error_code early_have(struct peer *peer, uint32_t piece)
{
    peer->got_pieces = true;
    if (peer->is_seed)
        return ERROR_NONE;
    if (peer->early == NULL) {
        peer->early = calloc(HAVE_ALONE_MAX / 8, 1);
        peer->early_bytes = peer->early != NULL ? HAVE_ALONE_MAX / 8 : 0;
    }
    if (piece / 8 < peer->early_bytes)
        peer->early[piece / 8] |= (uint8_t)(0x80 >> piece % 8);
    return ERROR_NONE;
}

/* Of one that has all there is no bit to take out: it rejects what it is asked for. */
void early_lacks(struct peer *peer, uint32_t piece)
{
    if (piece / 8 < peer->early_bytes)
        peer->early[piece / 8] &= (uint8_t) ~(0x80 >> piece % 8);
}

/* Bits of HAVEs alone are as many as they are; of what lies past the end nothing is
 * believed. */
static enum error_code fit_haves(struct peer *peer, uint32_t piece_count)
{
    const uint32_t length = (uint32_t)bitfield_wire_bytes(piece_count);
    uint8_t *bytes = calloc(length, 1);
    if (bytes == NULL)
        return ERROR_MEMORY;
    memcpy(bytes, peer->early, length < peer->early_bytes ? length : peer->early_bytes);
    if (piece_count % 8 != 0)
        bytes[length - 1] &= (uint8_t)(0xff << (8 - piece_count % 8));
    free(peer->early);
    peer->early = bytes;
    peer->early_bytes = length;
    return ERROR_NONE;
}

static void judge(struct peer *peer, uint32_t piece_count)
{
    enum error_code error = ERROR_NONE;
    if (peer->is_seed) {
        peer_post_type(peer, PEER_HAS_PIECES);
        return;
    }
    if (peer->early == NULL)
        return;
    if (!peer->early_is_told)
        error = fit_haves(peer, piece_count);
    if (error == ERROR_NONE)
        error = peer->early_bytes == bitfield_wire_bytes(piece_count)
                    ? peer_take_bitfield(peer, peer->early, peer->early_bytes)
                    : ERROR_PROTOCOL;
    free(peer->early);
    peer->early = NULL;
    peer->early_bytes = 0;
    if (error != ERROR_NONE)
        peer_close(peer, peer_reason_of(error), error);
}

/* How else than by the tracker. */
static bool is_a_stranger(const struct known *known)
{
    return !known->told_by_tracker &&
           (known->source == PEER_SOURCE_DHT || known->source == PEER_SOURCE_PEX ||
            known->source == PEER_SOURCE_LSD || known->source == PEER_SOURCE_RESUME);
}

/* BEP 27: how else they were found was no mistake until now. */
static void forget_strangers(struct peer_manager *manager)
{
    for (uint32_t i = 0; i < manager->known_count; i++) {
        struct known *known = &manager->known[i];
        if (known->address.family == NETADDR_NONE || !is_a_stranger(known))
            continue;
        known->dialable = false;
        if (known->peer == NULL)
            known_clear(manager, known);
        else if (!known->peer->dead)
            peer_close(known->peer, PEER_REASON_PRIVATE, ERROR_REFUSED);
    }
}

void peer_manager_set_private(struct peer_manager *manager)
{
    manager->config.metainfo.is_private = true;
    forget_strangers(manager);
}

void peer_manager_set_hash(struct peer_manager *manager, const struct info_hash *hash)
{
    const bool is_other = !info_hash_equal(&manager->config.hash, hash);
    manager->config.hash = *hash;
    for (uint32_t i = 0; is_other && i < manager->known_count; i++) {
        manager->known[i].by_v2 = true; /* which was the only one until now */
        manager->known[i].found_by_v1 = false;
    }
}

void peer_manager_set_metainfo(struct peer_manager *manager,
                               const struct peer_metainfo *metainfo)
{
    manager->config.metainfo = *metainfo;
    if (metainfo->is_private)
        forget_strangers(manager);
    for (uint32_t i = 0; i < manager->known_count; i++) {
        struct peer *peer = manager->known[i].peer;
        if (peer == NULL || peer->dead || !peer->handshaken)
            continue;
        judge(peer, metainfo->piece_count);
        if (!peer->dead)
            peer_flush_or_close(peer, peer_say_extension(peer));
    }
}
