/*
 * When no block is free for an idle peer: which block that somebody else was asked for
 * would come sooner from it. Decided by the expected time of arrival: the owner's place
 * in its queue at the owner's rate against the end of the idle peer's own queue. The same
 * rule takes blocks from slow peers before the end, when they hold up everything else.
 */
#ifndef BTTUI_PIECE_ENDGAME_H
#define BTTUI_PIECE_ENDGAME_H

#include "bus/message.h"
#include "piece/roster.h"

#define ENDGAME_CANDIDATES 256u

struct piece_manager;

/* A block that arrives late, with when it is expected. */
struct endgame_candidate {
    uint64_t due_ns;
    uint32_t piece;
    uint32_t block;
};

struct endgame {
    struct endgame_candidate *latest; /* the latest first; room for all requests */
    uint32_t count;
    uint64_t looked_ns;
    uint64_t requested; /* what stood when it was looked at */
    bool has_looked;
};

/* Gives its memory back until it is needed again. */
void endgame_done(struct endgame *endgame);

/* Blocks worth a second (or third) request with PEER, at most ROOM, requested now. */
uint32_t endgame_pick(struct piece_manager *manager, struct piece_peer *peer,
                      const struct bitfield *bits, bool is_seed, uint32_t room,
                      struct block_ref *ret_blocks);

#endif
