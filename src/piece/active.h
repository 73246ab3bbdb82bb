/*
 * The pieces under way, block by block: who is asked for what, since when, what has
 * arrived and from whom. It keeps the books; which block goes to whom is decided by
 * piece_manager, who is guilty by smart_ban.
 */
#ifndef BTTUI_PIECE_ACTIVE_H
#define BTTUI_PIECE_ACTIVE_H

#include "base/block_pool.h"
#include "piece/picker.h"
#include "piece/source.h"

#define HASH_NONFATAL_OOM 1 /* then the new element's hh.tbl is NULL */
#include <uthash.h>

#define ACTIVE_OWNERS_MAX 3u /* one, and two more in end-game */

struct active;
struct request_chunk;

enum active_block_state {
    ACTIVE_BLOCK_MISSING,   /* to be asked for; stalled owners may stand */
    ACTIVE_BLOCK_REQUESTED, /* at least one owner that is not stalled */
    ACTIVE_BLOCK_ARRIVED,   /* data is here */
    ACTIVE_BLOCK_HANDED     /* the disk has it */
};

/* One peer asked for one block. */
struct request {
    struct request *prev, *next; /* of the peer, oldest first */
    struct piece_peer *peer;
    struct active *active;
    uint64_t sent_ns;
    uint32_t block;
    uint32_t rank;   /* place in the peer's queue (endgame) */
    bool is_stalled; /* its peer is: the block is missing for everybody else */
};

struct active_block {
    struct block *data; /* ARRIVED */
    struct request *owners[ACTIVE_OWNERS_MAX];
    uint8_t owner_count;
    uint8_t state;
};

/* Where a piece with missing blocks waits for pickers. */
enum active_place {
    ACTIVE_PLACE_NONE,
    ACTIVE_PLACE_SHARED, /* anybody may take its blocks */
    ACTIVE_PLACE_ALONE   /* one peer has taken it on */
};

struct active {
    UT_hash_handle hh;
    struct active *open_prev, *open_next;   /* of its place */
    struct active *own_prev, *own_next;     /* of the peer that fetches it alone */
    struct active *ready_prev, *ready_next; /* has a run for the disk */
    uint32_t piece;
    uint32_t block_count;
    uint32_t missing; /* blocks of each state; they add up to block_count */
    uint32_t requested;
    uint32_t arrived;
    uint32_t handed;
    uint32_t hint;            /* no block before is missing */
    uint32_t prefix;          /* all blocks before have arrived or been handed */
    struct piece_peer *alone; /* fetches it, all on its own; NULL: shared */
    enum active_place place;
    bool is_ready;
    bool is_retry; /* it failed: one peer alone, so that the next failure is a proof */
    bool is_verifying; /* the disk has its last run */
    bool is_held; /* it failed, all blocks are here: which are wrong is not known yet */
    struct piece_source **from; /* for each block that has arrived */
    struct active_block blocks[];
};

struct active_table {
    struct active *by_piece; /* uthash, in the order of opening */
    struct active *shared;   /* open lists, see enum active_place */
    struct active *alone;
    struct active *ready;
    struct active *spare; /* closed ones, kept for their memory */
    uint32_t spare_count;
    uint32_t shared_count;
    uint32_t block_count_max; /* of any piece: the room in each */
    uint32_t count;
    uint64_t reserved; /* blocks of all pieces here: what they may take of the pool */
    uint64_t missing;
    uint64_t requested; /* blocks, each counted once */
    const char *broken; /* what of these books did not hold; NULL: all is well */
    struct request *free_requests;
    struct request_chunk *chunks;
};

/* A peer as the books see it: the rest is in roster.h. */
struct request_queue {
    struct request *oldest; /* utlist: oldest->prev is the newest */
    uint32_t count;
};

void active_table_init(struct active_table *table, uint32_t block_count_max);
/* All pieces must be closed. What is called with what cannot be does nothing but note it
 * in `broken`: nobody's bytes are worth the process (HOSTILE.md O28). */
void active_table_done(struct active_table *table);
/* Gives memory kept for later back; nothing while a piece is under way. */
void active_table_trim(struct active_table *table);
/* Nothing is under way: whatever the counts had become, they are right again. */
void active_table_begin_anew(struct active_table *table);

struct active *active_find(const struct active_table *table, uint32_t piece);
/* A new one, shared, all missing. NULL: out of memory. */
struct active *active_open(struct active_table *table, uint32_t piece,
                           uint32_t block_count);
/* Its requests must be gone; data still here goes to POOL. */
void active_close(struct active_table *table, struct active *active,
                  struct block_pool *pool);

/* Moves it to the open list where it belongs now: none without missing blocks. */
void active_place(struct active_table *table, struct active *active);
/* Who fetches it alone from now on; NULL: shared. */
void active_set_alone(struct active_table *table, struct active *active,
                      struct piece_peer *peer);

/* Asks PEER too. The block is missing or requested, with fewer than ACTIVE_OWNERS_MAX
 * owners, none of them PEER. False: out of memory. */
bool active_request(struct active_table *table, struct active *active, uint32_t block,
                    struct piece_peer *peer, uint64_t now_ns);
/* Forgets a request; the block is missing if nobody else is asked for it. */
void active_release(struct active_table *table, struct request *request);
struct request *active_owner(const struct active *active, uint32_t block,
                             const struct piece_peer *peer);
/* The peer stalled, or came back to life. */
void active_set_stalled(struct active_table *table, struct request *request,
                        bool is_stalled);

/* Takes the data of a missing or requested block; requests for it are released. False:
 * the books are broken, DATA is the caller's still. */
bool active_arrive(struct active_table *table, struct active *active, uint32_t block,
                   struct block *data, struct piece_source *from);
/* The opposite, for a block that is not handed: its data, now the caller's. */
struct block *active_unarrive(struct active_table *table, struct active *active,
                              uint32_t block);
/* The blocks from the cursor up to END as a chain, handed from now on. NULL: the books
 * are broken. */
struct block *active_hand(struct active_table *table, struct active *active,
                          uint32_t end);

/* The opposite, of CHAIN, which is all that was handed. */
void active_take_back(struct active_table *table, struct active *active,
                      struct block *chain);

/* The first missing block from *FROM on below END that PEER is not asked for (stalled);
 * block_count: none. */
uint32_t active_next_missing(struct active *active, uint32_t from, uint32_t end,
                             const struct piece_peer *peer);

#endif
