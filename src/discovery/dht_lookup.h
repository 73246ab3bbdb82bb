/*
 * One lookup in the DHT: who is asked next on the way to the nodes nearest to an id.
 * At most 8 unanswered queries at a time, one that takes longer than its node used to
 * no longer counted; three ways that share no node, so that no liar sees all of it; at
 * most 200 queries and 60 s, whatever comes back. Pure: it sends nothing. Loop thread.
 */
#ifndef BTTUI_DISCOVERY_DHT_LOOKUP_H
#define BTTUI_DISCOVERY_DHT_LOOKUP_H

#include "discovery/dht_message.h"
#include "discovery/dht_table.h"

#define DHT_ALPHA        8u
#define DHT_WAYS         3u
#define DHT_QUERIES_MOST 200u
#define DHT_LOOKUP_NS    (60 * NS_PER_S)

struct dht_lookup;
/* NULL: out of memory. */
struct dht_lookup *dht_lookup_new(const struct dht_id *own, const struct dht_id *target,
                                  uint64_t now_ns);
void dht_lookup_free(struct dht_lookup *lookup);
const struct dht_id *dht_lookup_target(const struct dht_lookup *lookup);

/* A node to begin with; RTT_NS as the table has it, 0: not known. */
void dht_lookup_start(struct dht_lookup *lookup, const struct dht_contact *contact,
                      uint64_t rtt_ns);
/* An address to begin with, whose id is not known yet. */
void dht_lookup_start_at(struct dht_lookup *lookup, const struct netaddr *address);

struct dht_next {
    struct dht_contact contact;
    bool has_id; /* known who should answer */
};
/* Who is to be asked now, and counts as asked from now on; USUAL_NS: how long an answer
 * takes when nothing is known of the node. False: nobody now; *ret_next_ns is when to ask
 * again, unless an answer comes first. */
bool dht_lookup_next(struct dht_lookup *lookup, uint64_t now_ns, uint64_t usual_ns,
                     struct dht_next *ret_next, uint64_t *ret_next_ns);
/* It could not be sent: as if it had not been asked. */
void dht_lookup_unsent(struct dht_lookup *lookup, const struct netaddr *to);
/* ADDRESS has answered, with nodes that have passed the rules of scope. */
void dht_lookup_answered(struct dht_lookup *lookup, const struct netaddr *address,
                         const struct dht_message *answer);
void dht_lookup_failed(struct dht_lookup *lookup, const struct netaddr *address);
/* Nobody is left to ask, or the limits are reached. */
bool dht_lookup_is_done(const struct dht_lookup *lookup, uint64_t now_ns);

uint32_t dht_lookup_queries(const struct dht_lookup *lookup);
uint32_t dht_lookup_answers(const struct dht_lookup *lookup);
/* The nearest that answered: 8 at most, nearest first, and at most 4 whose ids do not fit
 * their addresses; for announces, with the tokens they gave. */
struct dht_announcee {
    struct dht_contact contact;
    uint8_t token[DHT_TOKEN_MAX];
    uint8_t token_length; /* 0: it gave none */
};
uint32_t dht_lookup_result(const struct dht_lookup *lookup,
                           struct dht_announcee ret_nodes[DHT_CLOSEST]);

#endif
