/*
 * The routing table of a DHT node (BEP 5): nodes that have answered us, more of them the
 * nearer they are to our own id. Only an answer lets a node in; in public address space
 * one a host, and one an IPv4 /24 (IPv6 /64) in a bucket, so that nobody fills it from
 * one place; whoever answers is never put out for somebody new. Loop thread.
 */
#ifndef BTTUI_DISCOVERY_DHT_TABLE_H
#define BTTUI_DISCOVERY_DHT_TABLE_H

#include "discovery/dht_id.h"

#define DHT_CLOSEST  8u               /* k */
#define DHT_FRESH_NS (900 * NS_PER_S) /* a node is good for, a bucket fresh */

struct dht_table;
/* NULL: out of memory. */
struct dht_table *dht_table_new(const struct dht_id *own);
void dht_table_free(struct dht_table *table);

/* We have another id: all nodes find their places anew. */
void dht_table_set_own(struct dht_table *table, const struct dht_id *own);

/* It answered a query of ours after RTT_NS. True: it is in the table, or stands by. */
bool dht_table_answered(struct dht_table *table, const struct dht_contact *contact,
                        uint64_t now_ns, uint64_t rtt_ns);
/* It did not answer; after the second time another takes its place. */
void dht_table_failed(struct dht_table *table, const struct netaddr *address);
/* It asked us something. True: there may be room for it, should it answer us. */
bool dht_table_asked(struct dht_table *table, const struct dht_contact *contact,
                     uint64_t now_ns);

/* The COUNT nearest to TARGET that answer, nearest first; those whose ids fit their
 * addresses (BEP 42) before all others. Returns how many were written. */
uint32_t dht_table_closest(const struct dht_table *table, const struct dht_id *target,
                           uint32_t count, struct dht_contact *ret_contacts);
/* How long it takes to answer; 0: not known. */
uint64_t dht_table_rtt_ns(const struct dht_table *table, const struct netaddr *address);

/* How many answer, as far as we know. */
uint32_t dht_table_good(const struct dht_table *table);
/* All of those, at most CAPACITY. */
uint32_t dht_table_all(const struct dht_table *table, struct dht_contact *ret_contacts,
                       uint32_t capacity);

/* Who has not been heard of for DHT_FRESH_NS and is to be asked again, which counts as
 * having been asked now. False: nobody, before *ret_next_ns. */
bool dht_table_next_stale(struct dht_table *table, uint64_t now_ns,
                          struct dht_contact *ret_contact, uint64_t *ret_next_ns);
/* An id to look for, so that a bucket where nothing has happened for DHT_FRESH_NS is
 * filled. False as above. */
bool dht_table_next_refresh(struct dht_table *table, uint64_t now_ns,
                            const struct random_source *random, struct dht_id *ret_target,
                            uint64_t *ret_next_ns);

#endif
