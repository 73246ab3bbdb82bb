/*
 * Node ids of the DHT (BEP 5): how far one is from another, and whether an id fits the
 * address of its node (BEP 42). Pure; any thread.
 */
#ifndef BTTUI_DISCOVERY_DHT_ID_H
#define BTTUI_DISCOVERY_DHT_ID_H

#include "base/clock.h"
#include "base/netaddr.h"

#include <stdbool.h>
#include <stdint.h>

#define DHT_ID_BYTES 20
#define DHT_ID_BITS  160u

struct dht_id { /* of a node, or the info-hash that is looked for */
    uint8_t bytes[DHT_ID_BYTES];
};

struct dht_contact {
    struct dht_id id;
    struct netaddr address;
};

bool dht_id_equal(const struct dht_id *a, const struct dht_id *b);
/* < 0: A is nearer to TARGET than B; 0: they are the same. */
int dht_id_compare(const struct dht_id *target, const struct dht_id *a,
                   const struct dht_id *b);
/* How many leading bits they share; DHT_ID_BITS if they are the same. */
uint32_t dht_id_shared_bits(const struct dht_id *a, const struct dht_id *b);

/* An id that fits ADDRESS (BEP 42; family NONE: any). */
struct dht_id dht_id_for(const struct netaddr *address,
                         const struct random_source *random);
/* Whether a node at ADDRESS may have it. Outside public address space any id fits. */
bool dht_id_fits(const struct dht_id *id, const struct netaddr *address);
/* An id somewhere at random that shares exactly SHARED bits (< DHT_ID_BITS) with OWN. */
struct dht_id dht_id_random_near(const struct dht_id *own, uint32_t shared,
                                 const struct random_source *random);

/* One household or company: the IPv4 /24, the IPv6 /64. True only in public address
 * space, where each is worth one voice. */
bool dht_same_block(const struct netaddr *a, const struct netaddr *b);

#endif
