/* What is asked of a peer, and how much of it at a time: requests.c. */
#ifndef BTTUI_PEER_REQUESTS_PRIVATE_H
#define BTTUI_PEER_REQUESTS_PRIVATE_H

#include "base/error.h"
#include "bus/message.h"

#define REQUESTS_MAX 2048u

/* A queue of block names, oldest first. */
struct ref_queue {
    struct block_ref *refs;
    uint32_t head, length, capacity;
};
enum error_code ref_queue_push(struct ref_queue *queue, const struct block_ref *ref);
bool ref_queue_pop(struct ref_queue *queue, struct block_ref *ret_ref);
/* The oldest, which stays. */
bool ref_queue_first(const struct ref_queue *queue, struct block_ref *ret_ref);
/* Removes the first equal one; mostly it is the oldest. */
bool ref_queue_remove(struct ref_queue *queue, const struct block_ref *ref);
/* The one with AT before it, which stays or is taken out; AT < length. O(1), O(AT). */
const struct block_ref *ref_queue_at(const struct ref_queue *queue, uint32_t at);
void ref_queue_take(struct ref_queue *queue, uint32_t at);
/* Whether one of any length stands at REF's place. */
bool ref_queue_has_place(const struct ref_queue *queue, const struct block_ref *ref);
void ref_queue_done(struct ref_queue *queue);

/* How much to ask for (PERFORMANCE.md, "Requests"). */
struct window {
    uint32_t blocks;     /* may be outstanding */
    uint32_t reqq;       /* the peer's own limit */
    bool growing;        /* slow start: triples per round trip, ahead of any TCP's */
    uint64_t rate;       /* bytes/s, best of late */
    uint64_t latency_ns; /* smallest request-to-first-byte of late; 0: not known */
    uint64_t latency_at_ns;
    uint64_t smooth_ns, variance_ns; /* of the latencies seen (as RFC 6298 has them) */
    uint64_t sample_ns, sample_bytes;
    uint64_t first_request_ns; /* of a batch put to an idle peer; 0: answered */
};
void window_init(struct window *window);
void window_on_request(struct window *window, bool was_idle, uint64_t now_ns);
void window_on_block(struct window *window, uint32_t bytes, uint64_t now_ns);
/* After a stall, or for one that unchokes and chokes without giving anything. */
void window_collapse(struct window *window);
/* Without payload for this long, a peer that owes some has stalled. */
uint64_t window_stall_ns(const struct window *window);

#endif
