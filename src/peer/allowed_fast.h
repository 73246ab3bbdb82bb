/*
 * Allowed Fast (BEP 6): a few pieces that a peer which has next to nothing may fetch
 * while it is choked, so that it soon has something to give. Which ones they are follows
 * from its network and the info-hash: who comes back, or comes from next door, is given
 * the same again. Here are the books of both sides; what is done by them is in
 * allowed_fast.c.
 */
#ifndef BTTUI_PEER_ALLOWED_FAST_H
#define BTTUI_PEER_ALLOWED_FAST_H

#include "base/digest.h"
#include "base/netaddr.h"

#include <stdint.h>

#define ALLOWED_FAST_PIECES                                                              \
    10u                       /* given to one; who has more is not starting any more     \
                               */
#define ALLOWED_FAST_MOST 48u /* messages from one; more ends the connection */

struct allowed_fast {
    uint32_t given[ALLOWED_FAST_PIECES]; /* it may ask for these */
    uint32_t
        given_blocks[ALLOWED_FAST_PIECES]; /* and asked for so many of each, choked */
    uint32_t given_count;
    uint32_t got[ALLOWED_FAST_MOST]; /* we may ask for these, each once */
    uint32_t got_count;
    uint32_t messages;
};

/* The first MOST pieces of the canonical set of who comes from ADDRESS, or all PIECES if
 * they are fewer; returns how many. IPv4 goes by /24, as BEP 6 has it, IPv6 by /64. */
uint32_t allowed_fast_set(const struct netaddr *address, const struct info_hash *hash,
                          uint32_t pieces, uint32_t most, uint32_t *ret_pieces);

#endif
