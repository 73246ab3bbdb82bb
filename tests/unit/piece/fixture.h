/* One Piece Manager on a virtual clock, and what it was asked and told. */
#ifndef BTTUI_TESTS_PIECE_FIXTURE_H
#define BTTUI_TESTS_PIECE_FIXTURE_H

#include "piece/piece_manager.h"

extern struct clock_virtual now;
extern struct block_pool *pool;
extern struct piece_manager *manager;
extern struct block_ref asked[4096]; /* by the last pick */
extern struct peer_id_ref cancelled_peer[4096];
extern struct block_ref cancelled[4096];
extern uint32_t cancel_count;
extern const uint8_t its_id[20]; /* of a peer whose id does not matter */

void given(uint64_t total_bytes, uint32_t piece_bytes, uint32_t budget);
void finished(void); /* all blocks must be back */
struct peer_id_ref given_seed(uint32_t index);
void given_first_pieces(uint32_t count);                              /* we have them */
uint32_t pick(struct peer_id_ref peer, uint64_t rate, uint32_t room); /* of a seed */
enum piece_arrival arrive(struct peer_id_ref peer, struct block_ref ref);
/* The next run's blocks; checks that it begins at FIRST. 0: no run. */
uint32_t take_run(uint32_t first, struct piece_run *ret_run);
struct piece_counts counts(void);

#endif
