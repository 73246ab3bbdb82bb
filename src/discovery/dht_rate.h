/*
 * How much a DHT node does for whom: 50 queries in 10 s for a host, then nothing for five
 * minutes; one error a second; 8,000 bytes/s to all together. Loop thread.
 */
#ifndef BTTUI_DISCOVERY_DHT_RATE_H
#define BTTUI_DISCOVERY_DHT_RATE_H

#include "base/netaddr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DHT_RATE_QUERIES     50u
#define DHT_RATE_BYTES_PER_S 8000u
#define DHT_RATE_BURST_BYTES 32000u
#define DHT_RATE_HOSTS_MOST  1024u

struct dht_rate;
struct dht_rate *dht_rate_new(uint64_t now_ns); /* NULL: out of memory */
void dht_rate_free(struct dht_rate *rate);

/* A query of FROM's is to be answered. Outside public address space each port is
 * somebody of its own. Of more hosts than are kept the one longest silent is forgotten.
 */
bool dht_rate_may_answer(struct dht_rate *rate, const struct netaddr *from,
                         uint64_t now_ns);
/* So is one with an error. */
bool dht_rate_may_fail(struct dht_rate *rate, const struct netaddr *from,
                       uint64_t now_ns);
/* BYTES may be sent, and count, for that leaves KEPT for what is more urgent. */
bool dht_rate_may_send(struct dht_rate *rate, size_t bytes, size_t kept, uint64_t now_ns);
/* When a query may be sent that leaves KEPT. */
uint64_t dht_rate_ready_ns(const struct dht_rate *rate, size_t kept, uint64_t now_ns);

#endif
