/*
 * Who delivered a block, as long as anybody asks: a peer, its active pieces and the
 * records of failed pieces share it, so that a peer that has gone can still be banned.
 */
#ifndef BTTUI_PIECE_SOURCE_H
#define BTTUI_PIECE_SOURCE_H

#include "base/netaddr.h"
#include "bus/message.h"

struct piece_source {
    struct netaddr address;
    struct peer_id_ref peer;
    uint32_t refs;
    bool on_parole; /* had a part in a piece that failed: is given whole pieces, alone */
    bool is_guilty; /* found to have sent bad data: nothing more is taken from it */
};

/* NULL: out of memory. Born with one reference. */
struct piece_source *source_new(struct peer_id_ref peer, const struct netaddr *address);
static inline struct piece_source *source_ref(struct piece_source *source)
{
    source->refs++;
    return source;
}
void source_unref(struct piece_source *source); /* NULL is fine */

#endif
