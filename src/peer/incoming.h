/*
 * Connections that others open to us: their handshake is read here, under an absolute
 * deadline and a cap on how many may wait, before anything is sent; then the torrent they
 * ask for takes them over (HOSTILE.md P1, P2, P6, P38). Loop thread.
 */
#ifndef BTTUI_PEER_INCOMING_H
#define BTTUI_PEER_INCOMING_H

#include "peer/peer_manager.h"

struct incoming;
/* Finds the running torrent, or NULL. */
typedef struct peer_manager *incoming_lookup(void *context, const struct info_hash *hash);

struct incoming *incoming_new(struct loop *loop, incoming_lookup *lookup, void *context);
void incoming_free(struct incoming *incoming);
/* How many may wait for their handshake, at most 256; then the oldest goes. */
void incoming_set_most(struct incoming *incoming, uint32_t most);
/* A net_on_accept: CONTEXT is the struct incoming. */
void incoming_accept(void *context, struct stream *stream, const struct netaddr *from);

#endif
