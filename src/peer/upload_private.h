/* What peers are given: which blocks, when, and to whom although it is choked. */
#ifndef BTTUI_PEER_UPLOAD_PRIVATE_H
#define BTTUI_PEER_UPLOAD_PRIVATE_H

#include "peer/allowed_fast.h"
#include "peer/peer_manager_private.h"

/* How often each block was served of late: one slot a hash of its name. */
#define SERVED_SLOTS 64u
struct served {
    uint64_t since_ns;
    struct {
        struct block_ref ref;
        uint32_t count;
    } slots[SERVED_SLOTS];
};

/* upload.c */
/* Reads for it what may be read now: blocks are queued, or PEER_WANTED is posted. */
void peer_serve(struct peer *peer);
/* The same while its socket is full: only what the disk takes long for. */
void peer_serve_ahead(struct peer *peer);
/* The same at the end of this turn, and sends. */
void peer_serve_soon(struct peer *peer);
/* At most MOST blocks; true: it could do with more. */
bool peer_serve_share(struct peer *peer, uint32_t most);
/* How many its next turn of the limited uplink lets it have; what is less than one is
 * saved up. */
uint32_t peer_turn(struct peer *peer);
/* BLOCKS went out in one call; ALL: and that was everything. */
void peer_note_sent(struct peer *peer, uint32_t blocks, bool all);

/* slots.c */
/* A quarter of a piece at least, when we had not everything. */
bool peer_gave(const struct peer *peer);

/* seed_order.c */
/* Which of its requests, by their place, is served next. False: none for now; the timer
 * serves it again. */
bool peer_choose_request(struct peer *peer, uint32_t *ret_at);
void peer_manager_measure_uplink(struct peer_manager *manager, uint64_t now_ns);
void peer_manager_on_hold(void *manager);

/* super_seed.c */
/* Whether it has begun or ended: seeds have come, or we are complete. */
void super_seed_update(struct peer_manager *manager);
void super_seed_on_pieces(struct peer *peer); /* its first ones are told */
void super_seed_on_have(struct peer *peer, uint32_t piece);
void super_seed_on_lacks(struct peer *peer, uint32_t piece);
void super_seed_tick(struct peer *peer, uint64_t now_ns);

/* allowed_fast.c */
/* It wants something and stays choked: one that is starting is told, once, what it may
 * fetch nevertheless. */
enum error_code peer_allow_fast(struct peer *peer) MUST_CHECK;
/* The same for PIECE, which we have from now on. */
enum error_code peer_allow_fast_too(struct peer *peer, uint32_t piece) MUST_CHECK;
/* Whether it may ask for PIECE though it is choked. */
bool peer_is_given(const struct peer *peer, uint32_t piece);
/* It asks for a block of such a piece. Choked ones get what can be spared, the others are
 * refused; ERROR_PROTOCOL: it has asked far too often. */
enum error_code peer_on_given_request(struct peer *peer, const struct block_ref *ref,
                                      bool *ret_serve) MUST_CHECK;
enum error_code peer_on_allowed_fast(struct peer *peer, uint32_t piece) MUST_CHECK;
/* True: it had allowed PIECE, and it does no more. */
bool peer_disallow_fast(struct peer *peer, uint32_t piece);
/* Whether it may be asked for PIECE, or for anything, now. */
bool peer_may_be_asked_for(const struct peer *peer, uint32_t piece);
bool peer_may_be_asked(const struct peer *peer);
/* Those of the pieces it allows that it has and we lack; returns how many. */
uint32_t peer_allowed_pieces(const struct peer *peer,
                             uint32_t ret_pieces[ALLOWED_FAST_MOST]);

#endif
