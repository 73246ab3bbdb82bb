/* What the files of the DHT's store share. */
#ifndef BTTUI_DISCOVERY_DHT_STORE_PRIVATE_H
#define BTTUI_DISCOVERY_DHT_STORE_PRIVATE_H

#include "discovery/dht_store.h"

#define HASH_NONFATAL_OOM 1 /* then the new element's hh.tbl is NULL */
#include <uthash.h>

#define DHT_SECRET_BYTES 32u

struct dht_stored {
    struct netaddr address;
    uint64_t until_ns;
    bool seed;
};

struct dht_stored_hash { /* in the table's order: the one longest unused is first */
    UT_hash_handle hh;
    struct dht_id hash;
    struct dht_stored *peers; /* owned */
    uint32_t count, capacity;
};

struct dht_store {
    const struct random_source *random;
    struct dht_stored_hash *hashes;
    uint8_t secrets[2][DHT_SECRET_BYTES]; /* today's and the one before */
    uint64_t secret_ns;
};

#endif
