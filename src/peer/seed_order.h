/*
 * In which order a seed with a slow uplink serves what several leechers ask for: each
 * piece once before any twice. What one leecher has just been given it will pass on, so
 * that another who asks for the same is served something else first, and waits for a
 * moment if it asks for nothing else while the others do. Who has waited for a second at
 * most is served whatever it wants. A fast uplink, or one leecher, is served as it asks;
 * so are peers without BEP 6, some of which count on the order, and those who gave us
 * something while we had not everything. Loop thread.
 */
#ifndef BTTUI_PEER_SEED_ORDER_H
#define BTTUI_PEER_SEED_ORDER_H

#include "base/bitfield.h"
#include "bus/message.h"

#include <stdbool.h>
#include <stdint.h>

#define SEED_ORDER_SLOTS 1024u /* pieces given of late; one slot a hash of the number */

struct seed_order {
    struct bitfield once; /* what somebody was given a part of */
    struct {
        uint32_t piece;
        struct peer_id_ref whom;
        uint64_t at_ns; /* 0: nothing */
    } given[SEED_ORDER_SLOTS];
    uint64_t wanted_ns; /* when somebody was last given what nobody else had just got */
};

/* How good it is to give PIECE to WHOM: the lower, the better. */
enum seed_rank {
    SEED_RANK_FIRST, /* nobody has got anything of it but WHOM */
    SEED_RANK_COPY,  /* somebody got it, long ago */
    SEED_RANK_ECHO   /* somebody else has just got it */
};

struct seed_order *seed_order_new(uint32_t pieces); /* NULL: no memory */
void seed_order_free(struct seed_order *order);
/* FRESH_NS: for so long what was given counts as just given. */
enum seed_rank seed_order_rank(const struct seed_order *order, uint32_t piece,
                               struct peer_id_ref whom, uint64_t fresh_ns,
                               uint64_t now_ns);
void seed_order_note(struct seed_order *order, uint32_t piece, struct peer_id_ref whom,
                     uint64_t fresh_ns, uint64_t now_ns);

#endif
