/*
 * As what others see us (BEP 42): an address is believed when at least ten voices say so,
 * each from another /24 (IPv6 /64), and most of all. Pure. Loop thread.
 */
#ifndef BTTUI_DISCOVERY_DHT_VOTES_H
#define BTTUI_DISCOVERY_DHT_VOTES_H

#include "base/netaddr.h"

#define DHT_VOTES_NEEDED 10u
#define DHT_VOTES_MOST   32u

struct dht_votes {
    struct {
        struct netaddr voter, seen_as;
    } votes[DHT_VOTES_MOST]; /* the oldest is replaced */
    uint32_t count, next;
};
/* Its last word counts. */
void dht_votes_add(struct dht_votes *votes, const struct netaddr *voter,
                   const struct netaddr *seen_as);
/* Port 0. False: it is not known. */
bool dht_votes_result(const struct dht_votes *votes, struct netaddr *ret_address);

#endif
