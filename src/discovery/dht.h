/*
 * A node of the DHT (BEP 5), of one family: answers queries, keeps its routing table
 * filled and fresh, finds peers of torrents and announces them. It is a state machine:
 * packets and the time come in, packets go out through `send`. What it finds is told
 * through `on_peers`; it never stops for anything. Loop thread.
 */
#ifndef BTTUI_DISCOVERY_DHT_H
#define BTTUI_DISCOVERY_DHT_H

#include "base/digest.h"
#include "discovery/dht_id.h"
#include "discovery/dht_state.h"

#include <stddef.h>

struct dht;

struct dht_config {
    enum netaddr_family family;
    const struct random_source *random;
    bool read_only; /* nobody can reach us: others are not to keep us (BEP 43) */
    uint64_t now_ns;
    /* ERROR_AGAIN: the packet is lost. Others: nothing can be sent now. */
    enum error_code (*send)(void *context, const struct netaddr *to, const uint8_t *bytes,
                            size_t length);
    /* FROM has named COUNT peers of HASH, none of them named before lately; within the
     * rules of scope and in few numbers for a host and a network (D13). */
    void (*on_peers)(void *context, const struct info_hash *hash,
                     const struct netaddr *from, const struct netaddr *peers,
                     uint32_t count);
    /* A lookup for HASH is over; dht_search_look tells how it went. */
    void (*on_searched)(void *context, const struct info_hash *hash);
    /* dht_next_ns may be earlier than it was. Not from inside dht_run. */
    void (*on_wake)(void *context);
    void *context;
};
/* NULL: out of memory. */
struct dht *dht_new(const struct dht_config *config);
void dht_free(struct dht *dht);
/* Each tells of the other's nodes when asked (BEP 32), and finds some for it. Neither is
 * used after the other is freed. */
void dht_pair(struct dht *a, struct dht *b);

/* A node to start from. Only the user's word (TRUSTED) sends us anywhere: others, such as
 * a torrent's, have to be in public space. A well-known router (ROUTER) is used
 * only until there are others. */
void dht_add_start(struct dht *dht, const struct netaddr *address, bool trusted,
                   bool router);
/* What was kept the last time: our id, if there is no reason against it, and nodes. */
void dht_restore(struct dht *dht, const struct dht_state_side *side);
void dht_save(const struct dht *dht, struct dht_state_side *ret_side);

void dht_receive(struct dht *dht, uint64_t now_ns, const struct netaddr *from,
                 const uint8_t *bytes, size_t length);
/* Does what is due. */
void dht_run(struct dht *dht, uint64_t now_ns);
/* When dht_run is to be called next; UINT64_MAX: when something comes. */
uint64_t dht_next_ns(const struct dht *dht);

/* A peer says that it has a node there (the PORT message): it is asked. */
void dht_ping(struct dht *dht, uint64_t now_ns, const struct netaddr *address);
/* We are on another network, or have slept: what failed is tried again, and torrents are
 * announced anew, at most once a minute. */
void dht_network_changed(struct dht *dht, uint64_t now_ns);

/* ---- torrents ---- */
struct dht_search_config {
    struct info_hash hash;
    uint16_t port;     /* where peers reach us; 0: nowhere, and nothing is announced */
    bool implied_port; /* they reach us at the port our packets come from */
    bool seed;
};
/* Looks for peers at once, announces us, and does both again every 15 minutes. Does
 * nothing more than taking over what changed if it does so already. */
enum error_code dht_search(struct dht *dht, uint64_t now_ns,
                           const struct dht_search_config *config) MUST_CHECK;
void dht_search_end(struct dht *dht, const struct info_hash *hash);
/* Looks again at once (at most once a minute). */
void dht_search_again(struct dht *dht, uint64_t now_ns, const struct info_hash *hash);
struct dht_search_look {
    bool working;
    uint64_t last_ns, next_ns; /* UINT64_MAX: not yet; not planned */
    uint32_t found;            /* peers, in the last lookup or the one under way */
    uint32_t asked, announced; /* nodes, in the last lookup */
};
/* False: it is not looked for. */
bool dht_search_get(const struct dht *dht, const struct info_hash *hash,
                    struct dht_search_look *ret_look);

/* ---- the node ---- */
struct dht_look {
    struct dht_id id;
    uint32_t nodes;        /* that answer */
    uint32_t starts;       /* addresses to start from */
    uint32_t lookups;      /* under way */
    uint64_t bootstrap_ns; /* when it is tried again to find nodes; UINT64_MAX: no need */
    bool stopped;          /* nothing can be sent just now */
    struct netaddr seen_as; /* as many others see us; family NONE: not known */
};
void dht_get_look(const struct dht *dht, struct dht_look *ret_look);

#endif
