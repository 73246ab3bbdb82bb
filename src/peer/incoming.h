/*
 * Connections that others open to us: their handshake is read here, under an absolute
 * deadline and a cap on how many may wait, before anything is sent; then the torrent they
 * ask for takes them over (HOSTILE.md P1, P2, P6, P38). Hidden ones (MSE/PE) are told
 * from plain ones by their first bytes, and are answered a few a second (E10): the
 * arithmetic costs us more than random bytes cost them. Loop thread.
 */
#ifndef BTTUI_PEER_INCOMING_H
#define BTTUI_PEER_INCOMING_H

#include "peer/peer_manager.h"

struct incoming;
/* Finds the running torrent, or NULL. */
typedef struct peer_manager *incoming_lookup(void *context, const struct info_hash *hash);
/* The same by what mse_obfuscate makes of its info-hash, or of one of two. */
typedef struct peer_manager *incoming_find(void *context,
                                           const uint8_t obfuscated[SHA1_BYTES],
                                           struct info_hash *ret_hash);

/* SHARED outlives it, and says what is let in (peer_shared_set_encryption). */
struct incoming *incoming_new(struct peer_shared *shared, incoming_lookup *lookup,
                              incoming_find *find, void *context);
void incoming_free(struct incoming *incoming);
/* How many may wait for their handshake, at most 256; then the oldest goes. */
void incoming_set_most(struct incoming *incoming, uint32_t most);
/* A net_on_accept: CONTEXT is the struct incoming. */
void incoming_accept(void *context, struct stream *stream, const struct netaddr *from);

#endif
