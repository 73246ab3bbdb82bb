/*
 * Who may download from us (BEP 3's tit-for-tat): pure functions from what each peer does
 * to who is unchoked, and to how many may be. Ranked every ten seconds; whenever somebody
 * new wants something, only slots that are free are given.
 */
#ifndef BTTUI_PEER_CHOKER_H
#define BTTUI_PEER_CHOKER_H

#include "base/block_pool.h"
#include "base/clock.h"

#include <stdbool.h>
#include <stdint.h>

#define CHOKER_PERIOD_NS     (10 * NS_PER_S)
#define CHOKER_OPTIMISTIC_NS (30 * NS_PER_S)
#define CHOKER_TURN_NS       (60 * NS_PER_S) /* a slot's length while seeding */
#define CHOKER_SLOTS_FIRST   8u
#define CHOKER_SLOTS_LEAST   3u
#define CHOKER_SLOTS_MOST    64u

struct choker_peer {
    bool interested;         /* it wants something */
    bool snubbed;            /* it owes us data for a minute */
    bool blocked;            /* paused by the user: never unchoked */
    bool put_last;           /* by the user: at most the optimistic slot nobody wants */
    uint64_t given;          /* bytes/s it gives us, over the last 20 s */
    uint64_t served;         /* bytes it took in this turn of its slot */
    uint64_t quota;          /* and may take while seeding; 0: any number */
    uint32_t host;           /* peers of one public address share it; 0: counts alone */
    uint64_t unchoked_at_ns; /* when it last got or lost a slot; 0: never had one */
    uint64_t came_at_ns;     /* when it connected */
    bool gives;              /* it gave us something in its last slot, or since */
    bool gave;               /* or ever, more than a trial */
    bool unchoked;           /* in: now; out: from now on */
    bool optimistic;         /* in and out */
    uint32_t quantum; /* out, of choker_weigh: bytes a turn of the limited uplink */
};

struct choker {
    uint64_t optimistic_since_ns;
    uint32_t slots; /* regular ones; 0: CHOKER_SLOTS_FIRST */
    uint64_t rate_before;
    uint32_t hold;  /* periods until the number is tried again */
    uint32_t grown; /* by so many in the last period */
};

struct choker_rules {
    bool whole; /* rank all anew; else only free slots are given */
    /* In turns, who has waited longest first, instead of who gives most. With whom gave
     * us something when we had not everything come before all others, who have the slots
     * that those leave and the optimistic one: at the end of a swarm, when many have
     * become seeds, those who gave finish first, and nobody is left out for good.
     */
    bool seeding;
    uint64_t now_ns;
    const struct random_source *random;
};

/* Decides for COUNT peers: the regular slots, and one optimistic. One of a host. */
void choker_run(struct choker *choker, struct choker_peer *peers, uint32_t count,
                const struct choker_rules *rules);

/*
 * How those who are unchoked part a limited uplink that does not suffice for all (deficit
 * round-robin, its weights as in PropShare): a fifth is for the optimistic slot, the rest
 * goes by what each gave; alike where nobody gave anything, as while seeding. A turn is a
 * block on average, at most CHOKER_TURN_BLOCKS, and nobody's is nothing.
 */
#define CHOKER_TURN_BLOCKS 4u
void choker_weigh(struct choker_peer *peers, uint32_t count);

/* How the slots were used for a period. */
struct choker_use {
    uint32_t used;  /* regular and optimistic slots */
    uint32_t busy;  /* of them with data waiting */
    uint32_t held;  /* of them by a limit of the peer's own */
    uint64_t rate;  /* bytes/s, of all */
    uint64_t limit; /* bytes/s, 0 for none */
};
/* Once a period: one slot more while that makes us faster, and one more for each that its
 * peer's own limit holds, which leaves the line to others; one less when more do not make
 * us faster or when slots starve. */
void choker_adapt(struct choker *choker, const struct choker_use *use);

#endif
