/*
 * Which of the peers that the DHT names for one torrent are believed (D13): each once, no
 * port below 1024, one port a public host, and in 10 minutes at most 8 of a public /24,
 * so that nobody has us call whom he wants to harm. Pure. Loop thread.
 */
#ifndef BTTUI_DISCOVERY_DHT_FOUND_H
#define BTTUI_DISCOVERY_DHT_FOUND_H

#include "base/clock.h"
#include "base/netaddr.h"

#define DHT_FOUND_MOST 400u
#define DHT_FOUND_NS   (600 * NS_PER_S)
#define DHT_FOUND_NET  8u

struct dht_found {
    struct netaddr *addresses; /* owned; NULL: none yet */
    uint64_t *at_ns;
    uint32_t count, capacity;
};
void dht_found_done(struct dht_found *found);
/* A peer named by FROM. True: it is to be called. */
bool dht_found_take(struct dht_found *found, const struct netaddr *from,
                    const struct netaddr *peer, uint64_t now_ns);

#endif
