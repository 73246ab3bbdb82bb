/*
 * The inside of the Piece Manager, for its own files: piece_manager.c (life, wants,
 * peers), piece_pick.c (asking), piece_arrive.c (blocks and runs), piece_proof.c (which
 * blocks were wrong), piece_look.c (for people), piece_move.c (changes of mind),
 * endgame.c.
 */
#ifndef BTTUI_PIECE_PIECE_PRIVATE_H
#define BTTUI_PIECE_PIECE_PRIVATE_H

#include "piece/endgame.h"
#include "piece/picker.h"
#include "piece/piece_manager.h"
#include "piece/roster.h"
#include "piece/smart_ban.h"

struct piece_copies {
    double copies;
    uint32_t unavailable;
    uint32_t avail_generation;
    uint64_t counted_ns;
    bool is_counted;
};

struct piece_manager {
    struct piece_manager_config config;
    struct picker picker;
    struct active_table table;
    struct roster roster;
    struct endgame endgame;
    struct smart_ban *ban;
    struct bitfield failed; /* failed their hash last time; size 0 until one does */
    struct piece_counts counts;
    struct piece_copies copies;
    uint32_t budget;         /* blocks */
    uint32_t generation;     /* something became free for idle peers */
    uint64_t tight_until_ns; /* the pool was dry: no new pieces */
    uint64_t duplicates;     /* blocks that arrived twice */
    bool in_endgame;
    bool leechers_changed; /* who came, went or became a seed: shares are to be made anew
                            */
};

static inline uint64_t piece_now_ns(const struct piece_manager *manager)
{
    return clock_now_ns(manager->config.clock);
}
static inline bool piece_peer_has(const struct bitfield *bits, bool is_seed,
                                  uint32_t piece)
{
    return is_seed || (bits != NULL && bitfield_get(bits, piece));
}
/* A piece that may not wait in the pool until it is complete: it is written in runs. */
static inline bool piece_is_giant(const struct piece_manager *manager,
                                  const struct active *active)
{
    return active->block_count > manager->budget / 2;
}
/* Bytes of one block; the last of a piece may be short. */
uint32_t piece_block_bytes(const struct piece_manager *manager, uint32_t piece,
                           uint32_t block);

/* Has or lacks PIECE from now on, and all counts with it. */
void piece_set_have(struct piece_manager *manager, uint32_t piece, bool have);
/* Tells the picker who else is fetching, if that has changed. */
void piece_update_shares(struct piece_manager *manager);
/* All requests with PEER are void, and pieces it fetched alone are anybody's. */
void piece_release_all(struct piece_manager *manager, struct piece_peer *peer);
/* PEER gave requests back or lets them lie: a piece it fetches alone does not wait. */
void piece_on_refusal(struct piece_manager *manager, struct piece_peer *peer);
/* How much longer a piece that failed, or that a suspect fetches, is left to its one peer
 * when HELPER could bring it: a proof is worth some waiting, but not at the hands of one
 * that trickles. */
uint64_t piece_patience_ns(const struct piece_manager *manager,
                           const struct piece_peer *helper);
/* It is on the list of those with a run for the disk, or not. */
void piece_update_ready(struct piece_manager *manager, struct active *active);
/* It failed, and is fetched again as a whole. */
void piece_drop_failed(struct piece_manager *manager, struct active *active);
/* Nothing more is expected of them, whether they are disconnected or not. */
uint32_t piece_name_guilty(struct piece_manager *manager, uint32_t piece,
                           struct smart_ban_verdict *verdict,
                           struct piece_guilty *ret_guilty);
/* A stalled peer delivered: its blocks are its own again. */
void piece_revive(struct piece_manager *manager, struct piece_peer *peer);
/* Tells the peer of REQUEST that it is not needed and forgets it. */
void piece_cancel_request(struct piece_manager *manager, struct request *request);
/* Cancels what is outstanding, gives its data back and closes it; free again. */
void piece_drop(struct piece_manager *manager, struct active *active);
/* PEER has PIECE, too, from now on: it may be the better one to ask (piece_move.c). */
void piece_turned_up(struct piece_manager *manager, const struct piece_peer *peer,
                     uint32_t piece);
/* Asks PEER for BLOCK; its ref, or false when out of memory. */
bool piece_ask(struct piece_manager *manager, struct active *active, uint32_t block,
               struct piece_peer *peer, struct block_ref *ret_block);

#endif
