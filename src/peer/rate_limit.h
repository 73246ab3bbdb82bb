/*
 * A token bucket for bytes on the loop's clock: refilled when looked at, to the byte, at
 * most 100 ms (and at least one block) deep, empty at first. 0 means no limit. A download
 * limit paces requests, not reads; an upload limit paces the blocks that are sent. Loop
 * thread.
 */
#ifndef BTTUI_PEER_RATE_LIMIT_H
#define BTTUI_PEER_RATE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct rate_limit {
    uint64_t bytes_per_s; /* 0: none */
    int64_t tokens;
    uint64_t filled_ns;
    uint64_t parts; /* of a byte, in 1,000,000,000ths */
};

void rate_limit_set(struct rate_limit *limit, uint64_t bytes_per_s, uint64_t now_ns);
/* How many bytes may go now; INT64_MAX without a limit. May be <= 0. */
int64_t rate_limit_room(struct rate_limit *limit, uint64_t now_ns);
/* How long until BYTES may go, as far as can be said: at most 4 s. 0: now. */
uint64_t rate_limit_wait_ns(struct rate_limit *limit, int64_t bytes, uint64_t now_ns);
void rate_limit_spend(struct rate_limit *limit, uint64_t bytes);
/* The same for what goes in any case: it never takes more than the depth away, so that a
 * flood of it is forgotten soon after. */
void rate_limit_note(struct rate_limit *limit, uint64_t bytes);
/* What was spent did not go. */
void rate_limit_refund(struct rate_limit *limit, uint64_t bytes);

#endif
