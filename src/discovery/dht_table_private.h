/* How the routing table keeps its nodes. */
#ifndef BTTUI_DISCOVERY_DHT_TABLE_PRIVATE_H
#define BTTUI_DISCOVERY_DHT_TABLE_PRIVATE_H

#include "discovery/dht_table.h"

#define DHT_BUCKET_MOST   32u
#define DHT_STAND_BY_MOST 8u
#define DHT_BUCKETS_MOST  DHT_ID_BITS

struct dht_node {
    struct dht_contact contact;
    uint64_t heard_ns; /* when it answered last */
    uint64_t asked_ns; /* when it was to be asked last, for not having been heard */
    uint64_t rtt_ns;
    uint8_t failures; /* since it answered last */
    bool fits;        /* BEP 42 */
};

struct dht_bucket {
    struct dht_node nodes[DHT_BUCKET_MOST];
    struct dht_node stand_by[DHT_STAND_BY_MOST];
    uint32_t count, stand_by_count;
    uint64_t changed_ns;
};

struct dht_table {
    struct dht_id own;
    /* By how many bits are shared; the last one has all who share more. */
    struct dht_bucket *buckets[DHT_BUCKETS_MOST];
    uint32_t count;
};

#endif
