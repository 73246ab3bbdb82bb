/*
 * Who may download from us (BEP 3's tit-for-tat): a pure function from what each peer
 * does to who is unchoked, run every ten seconds and whenever somebody new wants
 * something.
 */
#ifndef BTTUI_PEER_CHOKER_H
#define BTTUI_PEER_CHOKER_H

#include "base/clock.h"

#include <stdbool.h>
#include <stdint.h>

#define CHOKER_PERIOD_NS     (10 * NS_PER_S)
#define CHOKER_OPTIMISTIC_NS (30 * NS_PER_S)

struct choker_peer {
    bool interested;         /* it wants something */
    bool snubbed;            /* it owes us data for a minute */
    bool blocked;            /* paused by the user: never unchoked */
    uint64_t given;          /* bytes/s it gives us; while seeding: bytes/s it takes */
    uint64_t unchoked_at_ns; /* when it last got or lost a slot; 0: never had one */
    bool unchoked;           /* in: now; out: from now on */
    bool optimistic;         /* in and out */
};

struct choker {
    uint64_t optimistic_since_ns;
};

/* Decides for COUNT peers and SLOTS regular slots plus one optimistic. */
void choker_run(struct choker *choker, struct choker_peer *peers, uint32_t count,
                uint32_t slots, bool seeding, uint64_t now_ns,
                const struct random_source *random);

#endif
