/* A network of DHT nodes in the process, on time of its own: packets take a while, some
 * are lost, some nodes are silent or lie. The same seed gives the same run. */
#ifndef BTTUI_TESTS_DISCOVERY_DHT_NET_H
#define BTTUI_TESTS_DISCOVERY_DHT_NET_H

#include "discovery/dht.h"
#include "discovery/dht_message.h"

#define DHT_NET_MOST       600u
#define DHT_NET_FOUND_MOST 512u

struct dht_net;

enum dht_net_kind { DHT_NET_HONEST, DHT_NET_SILENT, DHT_NET_LIAR };

struct dht_net_node {
    struct dht_net *net;
    struct dht *dht; /* NULL: silent, or a liar */
    struct netaddr address;
    enum dht_net_kind kind;
    struct dht_id id;       /* a liar's */
    uint64_t delay_ns;      /* of what it sends */
    enum error_code refuse; /* what sending fails with */
    struct netaddr found[DHT_NET_FOUND_MOST];
    uint32_t found_count, searched;
    uint64_t first_found_ns;
    uint64_t sent, sent_bytes, received;
};

struct dht_net_packet;

struct dht_net {
    uint64_t now_ns;
    struct random_seeded random;
    uint32_t loss_percent;
    struct dht_net_node *nodes[DHT_NET_MOST];
    uint32_t count;
    struct dht_net_packet **packets; /* a heap by time */
    uint32_t packet_count, packet_capacity;
    uint64_t order;
    /* What a liar answers: NULL: fake nodes ever closer to the target. */
    void (*on_liar)(struct dht_net_node *liar, const struct netaddr *from,
                    const struct dht_message *query);
    /* Sees all that is sent; may be NULL. */
    void (*on_sent)(struct dht_net_node *from, const struct netaddr *to,
                    const uint8_t *bytes, size_t length);
};

void dht_net_init(struct dht_net *net, uint64_t seed);
void dht_net_done(struct dht_net *net);
struct dht_net_node *dht_net_add(struct dht_net *net, const char *address,
                                 enum dht_net_kind kind);
/* COUNT honest nodes, each in a network of its own in public space, who know the first
 * node there is. Nodes come one after the other, GAP_NS apart. */
void dht_net_add_many(struct dht_net *net, uint32_t count, uint64_t gap_ns);
void dht_net_run(struct dht_net *net, uint64_t for_ns);
/* A packet from nowhere in particular. */
void dht_net_send(struct dht_net *net, const struct netaddr *from,
                  const struct netaddr *to, const uint8_t *bytes, size_t length,
                  uint64_t delay_ns);
/* Looks for HASH, announcing PORT. */
void dht_net_search(struct dht_net_node *node, uint32_t hash, uint16_t port);
struct info_hash dht_net_hash(uint32_t number);
struct dht_search_look dht_net_look(const struct dht_net_node *node, uint32_t hash);

#endif
