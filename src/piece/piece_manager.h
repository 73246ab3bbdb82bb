/*
 * What a torrent has, lacks and asks for: which peer is asked for which block, what has
 * arrived and from whom, when a run of blocks can go to the disk, and who spoiled a piece
 * that failed its hash. It knows no sockets, files or messages: the Torrent Manager calls
 * it on the loop thread for every arriving message and carries out what it answers. It
 * sends nothing itself; the one thing it calls is config.cancel.
 *
 * Costs: a HAVE, a block, a lost request are O(1) (a seed's first piece taken back is as
 * a bitfield that joins); a pick is O(1) for each block and
 * bounded for each new piece; a bitfield that joins or leaves about 1 ms per million
 * pieces. Memory about 3.5 bytes a piece, and the pieces on their way.
 *
 * The life of a block here:
 *
 *   missing -> requested (1 to 3 owners) -> arrived (its struct block is owned here)
 *           -> handed over by piece_manager_next_run (the disk's until the piece's end)
 *
 * and of a piece: missing -> active (blocks as above) -> verifying (its last run is
 * handed over) -> piece_manager_verified, _failed or _disk_error.
 *
 * A peer that is unknown or whose generation has passed is shrugged off everywhere. A
 * peer's pieces are kept by peer/ and passed in: BITS, or NULL with IS_SEED (it has all)
 * or without (it has none).
 */
#ifndef BTTUI_PIECE_PIECE_MANAGER_H
#define BTTUI_PIECE_PIECE_MANAGER_H

#include "base/bitfield.h"
#include "base/block_pool.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/netaddr.h"
#include "base/piece_tails.h"
#include "bus/message.h"

#include <stdbool.h>
#include <stdint.h>

struct piece_manager;

struct piece_manager_config {
    uint64_t total_bytes; /* > 0 */
    uint32_t piece_bytes; /* > 0 */
    uint32_t piece_count; /* exactly ceil(total_bytes / piece_bytes), without tails */
    /* The pieces that are shorter, all of them; TOTAL_BYTES is what all pieces come to.
     * Stays the caller's, unchanged. NULL: the last one alone may be. */
    const struct piece_tail *tails;
    uint32_t tail_count;
    uint8_t peer_id[20]; /* ours, as the others see it */
    const struct clock *clock;
    const struct random_source *random;
    struct block_pool *pool; /* where dropped blocks go; not owned */
    /* Blocks of the pool that pieces under way may take; 0: all of it. At least one piece
     * is always under way, however large. */
    uint32_t budget_blocks;
    /* Tell this peer that BLOCK is not needed any more (PEER_CANCEL). Called from inside
     * on_block, has_piece, set_priority, relieve, set_have; must not call back in here.
     * May be NULL.
     */
    void (*cancel)(void *context, struct peer_id_ref peer, const struct block_ref *block);
    void *context;
};

/* Nothing is had, everything is wanted at PIECE_PRIORITY_NORMAL. ERROR_INVALID when the
 * sizes contradict each other, ERROR_MEMORY. */
enum error_code piece_manager_new(const struct piece_manager_config *config,
                                  struct piece_manager **ret_manager) MUST_CHECK;
/* Gives the blocks it owns back to the pool. NULL is fine. */
void piece_manager_free(struct piece_manager *manager);

/* Another share of the pool, from the next pick on. */
void piece_manager_set_budget(struct piece_manager *manager, uint32_t budget_blocks);

/* ---- sizes ---- */
uint32_t piece_manager_piece_bytes(const struct piece_manager *manager, uint32_t piece);
uint32_t piece_manager_block_count(const struct piece_manager *manager, uint32_t piece);
/* Whether the ref names a block of this torrent exactly. */
bool piece_manager_is_block(const struct piece_manager *manager,
                            const struct block_ref *block);

/* ---- what is wanted and had ---- */
#define PIECE_PRIORITY_NONE   0 /* not wanted */
#define PIECE_PRIORITY_LOW    1
#define PIECE_PRIORITY_NORMAL 4
#define PIECE_PRIORITY_HIGH   7
/* 0…255, higher first. A piece under way that becomes unwanted is dropped, unless the
 * disk has runs of it already: then it is finished. */
void piece_manager_set_priority(struct piece_manager *manager, uint32_t piece,
                                uint8_t priority);
uint8_t piece_manager_priority(const struct piece_manager *manager, uint32_t piece);
/* Pieces in order instead of the rarest first. */
void piece_manager_set_sequential(struct piece_manager *manager, bool sequential);

/* Replaces what we have (after a check; HAVE of piece_count bits, copied) and drops every
 * piece under way. The disk must hold no run of this torrent. */
void piece_manager_set_have(struct piece_manager *manager, const struct bitfield *have);
/* What of the books of blocks does not hold, in a few words for a bug report; NULL: all
 * is well. From then on everything is to be dropped, and piece_manager_set_have makes it
 * right again (HOSTILE.md O28). */
const char *piece_manager_broken(const struct piece_manager *manager);
/* Valid until piece_manager_free; changes with the pieces. */
const struct bitfield *piece_manager_have(const struct piece_manager *manager);

struct piece_counts {
    uint32_t have;         /* pieces */
    uint32_t wanted;       /* pieces of priority > 0, had or not */
    uint32_t wanted_left;  /* of those, the ones we lack; 0: done */
    uint64_t have_bytes;   /* verified */
    uint64_t wanted_bytes; /* of wanted pieces */
    uint64_t wanted_left_bytes;
    uint64_t duplicate_bytes; /* arrived twice or unwanted */
    uint64_t failed_bytes;    /* of pieces that failed their hash */
};
void piece_manager_get_counts(const struct piece_manager *manager,
                              struct piece_counts *ret_counts);

/* ---- peers ---- */
/* Before anything else about a peer. ADDRESS is who is banned if it sends bad data, also
 * after it has gone; PEER_ID what it called itself. ERROR_LIMIT, ERROR_MEMORY: it is not
 * known then. */
enum error_code piece_manager_peer_joined(struct piece_manager *manager,
                                          struct peer_id_ref peer,
                                          const struct netaddr *address,
                                          const uint8_t peer_id[20]) MUST_CHECK;
/* Its first BITFIELD, HAVE ALL or HAVE NONE; at most once a peer takes effect. CHANGE is
 * the number of the last change of them that they show already. */
void piece_manager_has_pieces(struct piece_manager *manager, struct peer_id_ref peer,
                              const struct bitfield *bits, bool is_seed, uint32_t change);
/* It has one more, or one less, by the change of that number: what has_pieces has counted
 * is not counted again. */
void piece_manager_has_piece(struct piece_manager *manager, struct peer_id_ref peer,
                             uint32_t piece, uint32_t change);
void piece_manager_lacks_piece(struct piece_manager *manager, struct peer_id_ref peer,
                               uint32_t piece, uint32_t change);
/* It wants nothing (any more): it is no leecher, and has no part in what they share. */
void piece_manager_set_upload_only(struct piece_manager *manager, struct peer_id_ref peer,
                                   bool on);
/* It is gone: its requests are void, its pieces are no longer available. BITS as it was
 * last. */
void piece_manager_peer_gone(struct piece_manager *manager, struct peer_id_ref peer,
                             const struct bitfield *bits, bool is_seed);
/* All requests with it are void (it choked us, was paused). */
void piece_manager_peer_lost(struct piece_manager *manager, struct peer_id_ref peer);
/* No payload for its time-out: its blocks are offered elsewhere; if one comes after all
 * it is welcome. Ends with its next block. */
void piece_manager_peer_stalled(struct piece_manager *manager, struct peer_id_ref peer);
/* One request is void: never sent, or taken back. */
void piece_manager_released(struct piece_manager *manager, struct peer_id_ref peer,
                            const struct block_ref *block);
/* The same, by the peer's own will: one that does so time and again and gives nothing is
 * asked ever more rarely. */
void piece_manager_refused(struct piece_manager *manager, struct peer_id_ref peer,
                           const struct block_ref *block);

/*
 * Whether the peer has a piece we want and lack. O(1) mostly: a piece that is the reason
 * is remembered, and looked for again only when it has been got. Ask after has_pieces,
 * after has_piece while not interested, and when a pick gave nothing or on a slow timer
 * for the peers we are interested in.
 */
bool piece_manager_is_interesting(struct piece_manager *manager, struct peer_id_ref peer,
                                  const struct bitfield *bits, bool is_seed);

/* ---- asking ---- */
/*
 * The best blocks to ask this peer for: at most ROOM, which counts from now as requested
 * from it. RATE is what it delivers (0: not known). Returns how many were written.
 * Fewer than ROOM: nothing else is to be had from it now; ask again when
 * piece_manager_generation changes, and every 250 ms or so (end-game is a matter of
 * time). Duplicates of end-game come only when nothing else is left.
 */
uint32_t piece_manager_pick(struct piece_manager *manager, struct peer_id_ref peer,
                            const struct bitfield *bits, bool is_seed,
                            uint64_t rate_bytes_per_s, uint32_t room,
                            struct block_ref *ret_blocks);
/* The same of COUNT named PIECES alone, tried in order: of a peer that chokes us and
 * allows us these (BEP 6). What is begun for it, it fetches alone; of what others fetch
 * alone, or what failed when last tried, it gets nothing, and nothing at all under
 * suspicion. */
uint32_t piece_manager_pick_of(struct piece_manager *manager, struct peer_id_ref peer,
                               const struct bitfield *bits, bool is_seed,
                               const uint32_t *pieces, uint32_t count, uint32_t room,
                               struct block_ref *ret_blocks);
/* Changes when idle peers should be offered blocks again: something became free. */
uint32_t piece_manager_generation(const struct piece_manager *manager);
/* Whether the last pick held duplicates of what others were asked for already. */
bool piece_manager_in_endgame(const struct piece_manager *manager);
/* Blocks requested and not here yet, each counted once. */
uint32_t piece_manager_requested_blocks(const struct piece_manager *manager);

/* ---- what arrives ---- */
enum piece_arrival {
    PIECE_ARRIVAL_ACCEPTED,  /* owned here now; look at piece_manager_next_run */
    PIECE_ARRIVAL_DUPLICATE, /* it is here already: waste, nobody's fault */
    PIECE_ARRIVAL_UNWANTED,  /* its piece is not under way (any more) */
    PIECE_ARRIVAL_BAD        /* no such block in this torrent */
};
/* BLOCK has piece, begin and length set. Unless ACCEPTED it stays the caller's. The
 * other peers asked for it are told by config.cancel before this returns. */
enum piece_arrival piece_manager_on_block(struct piece_manager *manager,
                                          struct peer_id_ref peer, struct block *block);

/* ---- to the disk ---- */
struct piece_run {
    uint32_t piece;
    struct block *chain; /* in order of begin, no gap after the run before */
    bool last;           /* with it the piece is complete: verify, then write */
    bool want_digests;   /* ask for the digest of each block of the piece */
    bool write_now;      /* the piece is too large to stay in the pool */
};
/* The next run that is ready; its blocks are the caller's. False: none. Pieces up to
 * 1 MiB come as one run, larger ones in runs of at least 16 blocks. Call until false
 * after each batch of arrivals. */
bool piece_manager_next_run(struct piece_manager *manager, struct piece_run *ret_run);

/* Who sent bad data beyond doubt; named even if gone by now. */
struct piece_guilty {
    struct peer_id_ref peer;
    struct netaddr address;
    uint32_t piece; /* whose hash told */
};
#define PIECE_GUILTY_MAX 32

/* The disk says so. BLOCK_SHA1S (SHA1_BYTES for each block, in order) or NULL. Returns
 * how many peers were found guilty, at most PIECE_GUILTY_MAX of them. A piece not
 * verifying is ignored. */
uint32_t piece_manager_verified(struct piece_manager *manager, uint32_t piece,
                                const uint8_t *block_sha1s,
                                struct piece_guilty ret_guilty[PIECE_GUILTY_MAX]);
uint32_t piece_manager_failed(struct piece_manager *manager, uint32_t piece,
                              const uint8_t *block_sha1s,
                              struct piece_guilty ret_guilty[PIECE_GUILTY_MAX]);
/* Instead of piece_manager_failed, where the right digests of the blocks can be had (BEP
 * 52): CHAIN, all that was handed over of a piece that fails, in order, stays here, and
 * nothing of it is asked for until one of the two below ends that. Whether it may be: it
 * is verifying, has several blocks, and not too much is held already. */
bool piece_manager_can_hold(const struct piece_manager *manager, uint32_t piece,
                            const struct block *chain);
/* It must be possible. Returns as piece_manager_failed. */
uint32_t piece_manager_hold(struct piece_manager *manager, uint32_t piece,
                            struct block *chain, const uint8_t *block_sha1s,
                            struct piece_guilty ret_guilty[PIECE_GUILTY_MAX]);
/* BLOCK_SHA1S, of the blocks that are held, should be RIGHT_SHA1S: blocks of others are
 * missing again, and who delivered them is guilty. Returns as piece_manager_failed; a
 * piece not held (any more) is ignored. */
uint32_t piece_manager_proved(struct piece_manager *manager, uint32_t piece,
                              const uint8_t *block_sha1s, const uint8_t *right_sha1s,
                              struct piece_guilty ret_guilty[PIECE_GUILTY_MAX]);
/* Nobody can tell: all of it is fetched again. */
void piece_manager_not_proved(struct piece_manager *manager, uint32_t piece);
/* The disk could not take it, at any stage: its blocks are gone, it is missing again.
 * Nobody's fault. Blocks of it that are still here go back to the pool. */
void piece_manager_disk_error(struct piece_manager *manager, uint32_t piece);
/* What the disk found without a download (a check of a few pieces, seeding's re-read). */
void piece_manager_found(struct piece_manager *manager, uint32_t piece);
void piece_manager_lost_piece(struct piece_manager *manager, uint32_t piece);

/* The pool ran dry: drops the least complete pieces under way until BLOCKS are back or
 * nothing is left to drop; of the last one the blocks furthest from the disk's cursor.
 * For a second after no further piece is begun. Returns how many blocks came back. */
uint32_t piece_manager_relieve(struct piece_manager *manager, uint32_t blocks);
/* A piece is whole and with the disk, which has not said yet whether it is right. */
bool piece_manager_is_verifying(const struct piece_manager *manager);
/* Drops every piece under way that is not verifying (torrent stopped); a piece whose
 * runs the disk has in part is named in RET_PIECES (DISK_DROP_PIECE them). Returns how
 * many were named; at most CAPACITY at a call, call again while it returns CAPACITY. */
uint32_t piece_manager_drop_all(struct piece_manager *manager, uint32_t *ret_pieces,
                                uint32_t capacity);

/* ---- for people ---- */
/* The same order as enum piece_state of torrent/looks.h. */
enum piece_phase {
    PIECE_PHASE_MISSING,
    PIECE_PHASE_NOT_WANTED,
    PIECE_PHASE_REQUESTED, /* asked for, nothing here yet */
    PIECE_PHASE_ARRIVING,  /* some blocks are here */
    PIECE_PHASE_VERIFYING,
    PIECE_PHASE_FAILED, /* failed its hash last time */
    PIECE_PHASE_HAVE
};
#define PIECE_PHASES (PIECE_PHASE_HAVE + 1)
enum piece_phase piece_manager_phase(const struct piece_manager *manager, uint32_t piece);
/* How many of COUNT pieces from FIRST are in each phase; clipped at the end. O(COUNT /
 * 64) and the pieces under way among them. */
void piece_manager_count_phases(const struct piece_manager *manager, uint32_t first,
                                uint32_t count, uint32_t ret_counts[PIECE_PHASES]);
/* Connected peers that have it, seeds included. */
uint32_t piece_manager_availability(const struct piece_manager *manager, uint32_t piece);
/* The least of COUNT > 0 pieces from FIRST; clipped at the end. O(COUNT). */
uint32_t piece_manager_least_availability(const struct piece_manager *manager,
                                          uint32_t first, uint32_t count);
struct piece_progress {
    uint32_t blocks, arrived, requested;
};
void piece_manager_get_progress(const struct piece_manager *manager, uint32_t piece,
                                struct piece_progress *ret_progress);
/* Complete copies among the connected peers (2.25: two, and a quarter of a third), and
 * how many wanted pieces nobody has. Counted in one pass at most twice a second. */
void piece_manager_get_copies(struct piece_manager *manager, double *ret_copies,
                              uint32_t *ret_unavailable);

#endif
