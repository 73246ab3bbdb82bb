/* What the files of the DHT's node share. */
#ifndef BTTUI_DISCOVERY_DHT_PRIVATE_H
#define BTTUI_DISCOVERY_DHT_PRIVATE_H

#include "discovery/dht.h"
#include "discovery/dht_found.h"
#include "discovery/dht_lookup.h"
#include "discovery/dht_rate.h"
#include "discovery/dht_store.h"
#include "discovery/dht_table.h"
#include "discovery/dht_votes.h"

#define HASH_NONFATAL_OOM 1 /* then the new element's hh.tbl is NULL */
#include <uthash.h>

#define DHT_PENDING_MOST 256u
#define DHT_LOOKUPS_MOST 8u
#define DHT_STARTS_MOST  32u
#define DHT_QUEUE_MOST   64u
#define DHT_ANSWER_NS    (5 * NS_PER_S) /* who has not answered by then has failed */

/* What stays for whom, of what may be sent: pings and announces come first, then lookups,
 * then answers. */
#define DHT_KEPT_NONE   ((size_t)0)
#define DHT_KEPT_LOOKUP ((size_t)DHT_RATE_BURST_BYTES / 16)
#define DHT_KEPT_ANSWER ((size_t)DHT_RATE_BURST_BYTES / 2)

struct dht_pending { /* a query that was not answered yet */
    uint16_t transaction;
    enum dht_method method;
    struct netaddr to;
    struct dht_id id; /* who should answer, if that is known */
    bool has_id;
    struct dht_id target;
    uint64_t sent_ns;
    uint32_t run; /* the lookup's serial; 0: none */
};

enum dht_purpose { DHT_FOR_NODES, DHT_FOR_BOOTSTRAP, DHT_FOR_PEERS };

struct dht_run { /* a lookup under way */
    struct dht_lookup *lookup;
    enum dht_purpose purpose;
    uint32_t serial;
    uint64_t next_ns; /* when somebody is to be asked, or is slow */
};

struct dht_search {
    UT_hash_handle hh; /* by config.hash */
    struct dht_search_config config;
    struct dht_found found;
    uint32_t run; /* serial; 0: none */
    uint32_t found_count, asked, announced;
    uint32_t tries; /* in a row that found nobody */
    bool reached_nobody;
    bool changed; /* the network, since the run began */
    uint64_t last_ns, next_ns;
};

struct dht_start {
    struct netaddr address;
    bool router;
};

struct dht {
    struct dht_config config;
    struct dht_id id;
    struct dht_table *table;
    struct dht_store *store;
    struct dht_rate *rate;
    struct dht_votes votes;
    struct netaddr seen_as;
    struct buffer out;
    struct dht *pair;

    struct dht_pending pending[DHT_PENDING_MOST];
    uint32_t pending_count;
    struct dht_run runs[DHT_LOOKUPS_MOST];
    uint32_t run_count, serial;
    struct dht_search *searches;
    uint64_t search_ns; /* the earliest that is due */

    struct dht_start starts[DHT_STARTS_MOST];
    uint32_t start_count;
    struct dht_contact restored[DHT_STATE_NODES];
    uint32_t restored_count;
    struct dht_contact queue[DHT_QUEUE_MOST]; /* to be pinged: may go in the table */
    uint32_t queue_count;
    uint32_t bootstrap_tries;
    uint64_t bootstrap_ns;
    uint64_t upkeep_ns; /* when the table is to be looked at */
    bool had_nodes;

    uint64_t usual_ns;      /* how long answers take */
    uint64_t stop_until_ns; /* nothing can be sent before */
    uint32_t stops;         /* in a row */
    uint64_t next_ns;
};

/* ---- dht_query.c: queries out ---- */
/* ERROR_AGAIN: not now, for the rate or for too many without an answer. ERROR_OFFLINE:
 * nothing can be sent. CONTACT's id is only meant if HAS_ID. */
enum error_code dht_send_query(struct dht *dht, uint64_t now_ns, struct dht_query *query,
                               const struct dht_contact *contact, bool has_id,
                               uint32_t run) MUST_CHECK;
enum error_code dht_send_ping(struct dht *dht, uint64_t now_ns,
                              const struct dht_contact *contact, bool has_id) MUST_CHECK;
/* What is in `out` goes to TO. */
enum error_code dht_send_out(struct dht *dht, uint64_t now_ns, const struct netaddr *to,
                             size_t kept);
bool dht_is_stopped(const struct dht *dht, uint64_t now_ns);
/* Takes what ANSWER belongs to off the list. False: to nothing. */
bool dht_take_pending(struct dht *dht, const struct netaddr *from,
                      const struct dht_message *answer, struct dht_pending *ret_pending);
void dht_expire(struct dht *dht, uint64_t now_ns);

/* ---- dht_answer.c: queries in ---- */
void dht_on_query(struct dht *dht, uint64_t now_ns, const struct netaddr *from,
                  const struct dht_message *query, size_t length);

/* ---- dht_response.c: answers in ---- */
void dht_on_response(struct dht *dht, uint64_t now_ns, const struct netaddr *from,
                     struct dht_message *answer);

/* ---- dht_run.c: lookups under way ---- */
struct dht_run *dht_find_run(struct dht *dht, uint32_t serial);
/* 0: there is no room or no memory. */
uint32_t dht_begin_run(struct dht *dht, uint64_t now_ns, const struct dht_id *target,
                       enum dht_purpose purpose);
/* Asks whom they may ask, and ends those that are done. */
void dht_advance_runs(struct dht *dht, uint64_t now_ns);

/* ---- dht_search.c ---- */
struct dht_search *dht_find_search(const struct dht *dht, const struct dht_id *hash);
void dht_begin_searches(struct dht *dht, uint64_t now_ns);
void dht_search_on_values(struct dht *dht, uint64_t now_ns, const struct netaddr *from,
                          const struct dht_pending *pending,
                          const struct dht_message *answer);
/* FROM names PEER of HASH, which we may be looking for. */
void dht_search_offer(struct dht *dht, uint64_t now_ns, const struct netaddr *from,
                      const struct dht_id *hash, const struct netaddr *peer);
/* Announces; LOOKUP is over. */
void dht_search_on_done(struct dht *dht, uint64_t now_ns,
                        const struct dht_lookup *lookup);
/* There are nodes now: those that reached nobody are tried again. */
void dht_search_on_nodes(struct dht *dht, uint64_t now_ns);
/* Our address may be another: all are announced anew, those of the last minute when it is
 * over. */
void dht_search_on_network(struct dht *dht, uint64_t now_ns);
void dht_free_searches(struct dht *dht);

/* ---- dht_upkeep.c ---- */
void dht_upkeep(struct dht *dht, uint64_t now_ns);
void dht_bootstrap_on_done(struct dht *dht, uint64_t now_ns);
/* To be pinged when there is room for it. */
void dht_queue_ping(struct dht *dht, const struct dht_contact *contact);

#endif
