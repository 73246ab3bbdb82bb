/*
 * Canonical peer priority (BEP 40): a number that both ends of a connection, and all of a
 * swarm, work out alike from the two addresses. Who has to choose takes the higher, so
 * that nobody can buy places by calling often. Pure.
 */
#ifndef BTTUI_PEER_PRIORITY_H
#define BTTUI_PEER_PRIORITY_H

#include "base/netaddr.h"

#include <stdint.h>

/* Of two of one family; else 0. The same whichever is OURS. */
uint32_t priority_of(const struct netaddr *ours, const struct netaddr *theirs);

/* Our address as others see it. One of them could say anything: two hosts have to agree.
 * Zeroed at first. */
struct priority_own {
    struct netaddr agreed;              /* family NONE: they have not yet */
    struct netaddr claimed, claimed_by; /* by the last who said something else */
};
void priority_note_own(struct priority_own *own, const struct netaddr *seen_as,
                       const struct netaddr *by);

#endif
