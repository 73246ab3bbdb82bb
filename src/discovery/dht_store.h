/*
 * What a DHT node keeps for others: the peers that were announced to it (at most 2,000
 * info-hashes, 500 peers each, 30 minutes), and the tokens it gives out before, which
 * only who asked from an address can give back from there. Loop thread.
 */
#ifndef BTTUI_DISCOVERY_DHT_STORE_H
#define BTTUI_DISCOVERY_DHT_STORE_H

#include "discovery/dht_message.h"

#define DHT_STORE_HASHES 2000u
#define DHT_STORE_PEERS  500u
#define DHT_STORE_NS     (1800 * NS_PER_S)
#define DHT_TOKEN_BYTES  8u
#define DHT_TOKEN_NS     (300 * NS_PER_S) /* a secret's turn; valid for two */

struct dht_store;
struct dht_store *dht_store_new(const struct random_source *random, uint64_t now_ns);
void dht_store_free(struct dht_store *store);

/* For whoever asks for HASH from the host of ADDRESS. */
void dht_store_token(struct dht_store *store, const struct netaddr *address,
                     const struct dht_id *hash, uint64_t now_ns,
                     uint8_t ret_token[DHT_TOKEN_BYTES]);
bool dht_store_token_is_good(struct dht_store *store, const struct netaddr *address,
                             const struct dht_id *hash, const uint8_t *token,
                             size_t length, uint64_t now_ns);

/* PEER has HASH. In public address space a host has one port. */
void dht_store_add(struct dht_store *store, const struct dht_id *hash,
                   const struct netaddr *peer, bool seed, uint64_t now_ns);
/* Some at random, at most CAPACITY. Returns how many were written. */
uint32_t dht_store_peers(struct dht_store *store, const struct dht_id *hash,
                         uint64_t now_ns, struct netaddr *ret_peers, uint32_t capacity);
/* Who is there, as BEP 33 has it. False: nobody is known. */
bool dht_store_blooms(struct dht_store *store, const struct dht_id *hash, uint64_t now_ns,
                      uint8_t ret_seeds[DHT_BLOOM_BYTES],
                      uint8_t ret_peers[DHT_BLOOM_BYTES]);
/* Some of the hashes at random; *ret_total: how many there are. */
uint32_t dht_store_samples(struct dht_store *store, uint64_t now_ns,
                           struct dht_id *ret_hashes, uint32_t capacity,
                           uint32_t *ret_total);

/* BEP 33: the host of ADDRESS is in it from now on. Pure. */
void dht_bloom_add(uint8_t bloom[DHT_BLOOM_BYTES], const struct netaddr *address);

#endif
