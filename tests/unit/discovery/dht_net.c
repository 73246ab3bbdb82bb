#include "tests/unit/discovery/dht_net.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DELAY_NS (20 * NS_PER_MS)
#define FAKES    8u

struct dht_net_packet {
    uint64_t at_ns, order;
    struct netaddr from, to;
    size_t length;
    uint8_t bytes[];
};

void dht_net_init(struct dht_net *net, uint64_t seed)
{
    memset(net, 0, sizeof *net);
    net->now_ns = 1000 * NS_PER_S;
    random_seeded_init(&net->random, seed);
}

void dht_net_done(struct dht_net *net)
{
    for (uint32_t i = 0; i < net->count; i++) {
        dht_free(net->nodes[i]->dht);
        free(net->nodes[i]);
    }
    for (uint32_t i = 0; i < net->packet_count; i++)
        free(net->packets[i]);
    free(net->packets);
}

/* ---- packets ---- */

static bool is_before(const struct dht_net_packet *a, const struct dht_net_packet *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

static void swap(struct dht_net *net, uint32_t a, uint32_t b)
{
    struct dht_net_packet *packet = net->packets[a];
    net->packets[a] = net->packets[b];
    net->packets[b] = packet;
}

static void push(struct dht_net *net, struct dht_net_packet *packet)
{
    if (net->packet_count == net->packet_capacity) {
        net->packet_capacity = net->packet_capacity == 0 ? 64 : net->packet_capacity * 2;
        net->packets = realloc(net->packets, net->packet_capacity * sizeof *net->packets);
        ck_assert_ptr_nonnull(net->packets);
    }
    uint32_t at = net->packet_count++;
    net->packets[at] = packet;
    for (; at > 0 && is_before(packet, net->packets[(at - 1) / 2]); at = (at - 1) / 2)
        swap(net, at, (at - 1) / 2);
}

static struct dht_net_packet *pop(struct dht_net *net)
{
    struct dht_net_packet *packet = net->packets[0];
    net->packets[0] = net->packets[--net->packet_count];
    for (uint32_t at = 0, child; (child = 2 * at + 1) < net->packet_count; at = child) {
        if (child + 1 < net->packet_count &&
            is_before(net->packets[child + 1], net->packets[child]))
            child++;
        if (!is_before(net->packets[child], net->packets[at]))
            break;
        swap(net, at, child);
    }
    return packet;
}

void dht_net_send(struct dht_net *net, const struct netaddr *from,
                  const struct netaddr *to, const uint8_t *bytes, size_t length,
                  uint64_t delay_ns)
{
    struct dht_net_packet *packet = malloc(sizeof *packet + length);
    ck_assert_ptr_nonnull(packet);
    *packet = (struct dht_net_packet){.at_ns = net->now_ns + delay_ns,
                                      .order = net->order++,
                                      .from = *from,
                                      .to = *to,
                                      .length = length};
    memcpy(packet->bytes, bytes, length);
    push(net, packet);
}

static enum error_code send_packet(void *context, const struct netaddr *to,
                                   const uint8_t *bytes, size_t length)
{
    struct dht_net_node *node = context;
    if (node->refuse != ERROR_NONE)
        return node->refuse;
    node->sent++;
    node->sent_bytes += length;
    if (node->net->on_sent != NULL)
        node->net->on_sent(node, to, bytes, length);
    if (random_below(&node->net->random.source, 100) >= node->net->loss_percent)
        dht_net_send(node->net, &node->address, to, bytes, length, node->delay_ns);
    return ERROR_NONE;
}

/* ---- nodes ---- */

static void on_peers(void *context, const struct info_hash *hash,
                     const struct netaddr *from, const struct netaddr *peers,
                     uint32_t count)
{
    struct dht_net_node *node = context;
    (void)hash;
    (void)from;
    if (node->found_count == 0)
        node->first_found_ns = node->net->now_ns;
    for (uint32_t i = 0; i < count && node->found_count < DHT_NET_FOUND_MOST; i++)
        node->found[node->found_count++] = peers[i];
}

static void on_searched(void *context, const struct info_hash *hash)
{
    (void)hash;
    ((struct dht_net_node *)context)->searched++;
}

struct dht_net_node *dht_net_add(struct dht_net *net, const char *address,
                                 enum dht_net_kind kind)
{
    struct dht_net_node *node = calloc(1, sizeof *node);
    ck_assert(node != NULL && net->count < DHT_NET_MOST);
    net->nodes[net->count++] = node;
    node->net = net;
    node->kind = kind;
    node->delay_ns = DELAY_NS;
    ck_assert_int_eq(netaddr_parse(address, 6881, &node->address), ERROR_NONE);
    node->id = dht_id_for(&node->address, &net->random.source);
    const struct dht_config config = {
        .family = (enum netaddr_family)node->address.family,
        .random = &net->random.source,
        .now_ns = net->now_ns,
        .send = send_packet,
        .on_peers = on_peers,
        .on_searched = on_searched,
        .context = node,
    };
    node->dht = kind == DHT_NET_HONEST ? dht_new(&config) : NULL;
    return node;
}

void dht_net_add_many(struct dht_net *net, uint32_t count, uint64_t gap_ns)
{
    char text[40];
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t number = net->count;
        snprintf(text, sizeof text, "%u.%u.%u.7:6881", 20 + number % 100, number / 100,
                 number % 250);
        struct dht_net_node *node = dht_net_add(net, text, DHT_NET_HONEST);
        node->delay_ns = (5 + random_below(&net->random.source, 60)) * NS_PER_MS;
        if (number > 0)
            dht_add_start(node->dht, &net->nodes[0]->address, true, false);
        dht_net_run(net, gap_ns);
    }
}

/* ---- liars ---- */

static void fake_nodes(struct dht_net_node *liar, const struct dht_message *query,
                       struct dht_contact nodes[FAKES])
{
    for (uint32_t i = 0; i < FAKES; i++) {
        nodes[i].id = dht_id_random_near(
            &query->target, 100 + random_below(&liar->net->random.source, 59),
            &liar->net->random.source);
        nodes[i].address = (struct netaddr){.family = NETADDR_V4, .port = 6881};
        random_fill(&liar->net->random.source, nodes[i].address.bytes, 4);
        nodes[i].address.bytes[0] = 90;
    }
}

static void lie(struct dht_net_node *liar, const struct netaddr *from,
                const uint8_t *bytes, size_t length)
{
    struct dht_message query;
    struct dht_contact nodes[FAKES];
    struct buffer out;
    if (dht_message_parse(bytes, length, &query) != ERROR_NONE || query.kind != DHT_QUERY)
        return;
    if (liar->net->on_liar != NULL) {
        liar->net->on_liar(liar, from, &query);
        return;
    }
    fake_nodes(liar, &query, nodes);
    const struct dht_reply reply = {.to = &query,
                                    .id = liar->id,
                                    .observed = *from,
                                    .nodes4 = nodes,
                                    .node4_count = FAKES};
    buffer_init(&out, DHT_MESSAGE_MAX);
    ck_assert_int_eq(dht_write_reply(&reply, &out), ERROR_NONE);
    dht_net_send(liar->net, &liar->address, from, out.bytes, out.length, liar->delay_ns);
    buffer_done(&out);
}

/* ---- time ---- */

static void deliver(struct dht_net *net, const struct dht_net_packet *packet)
{
    for (uint32_t i = 0; i < net->count; i++) {
        struct dht_net_node *node = net->nodes[i];
        if (!netaddr_equal(&node->address, &packet->to))
            continue;
        node->received++;
        if (node->dht != NULL)
            dht_receive(node->dht, net->now_ns, &packet->from, packet->bytes,
                        packet->length);
        else if (node->kind == DHT_NET_LIAR)
            lie(node, &packet->from, packet->bytes, packet->length);
        return;
    }
}

static struct dht_net_node *next_node(const struct dht_net *net, uint64_t *ret_ns)
{
    struct dht_net_node *next = NULL;
    *ret_ns = UINT64_MAX;
    for (uint32_t i = 0; i < net->count; i++) {
        const struct dht *dht = net->nodes[i]->dht;
        if (dht == NULL || dht_next_ns(dht) >= *ret_ns)
            continue;
        *ret_ns = dht_next_ns(dht);
        next = net->nodes[i];
    }
    return next;
}

void dht_net_run(struct dht_net *net, uint64_t for_ns)
{
    const uint64_t end_ns = net->now_ns + for_ns;
    uint32_t idle_turns = 0;
    for (;;) {
        uint64_t node_ns;
        struct dht_net_node *node = next_node(net, &node_ns);
        const uint64_t packet_ns =
            net->packet_count > 0 ? net->packets[0]->at_ns : UINT64_MAX;
        const uint64_t at_ns = node_ns < packet_ns ? node_ns : packet_ns;
        if (at_ns > end_ns)
            break;
        /* A node whose time does not move on would wake the program for ever. */
        idle_turns = at_ns > net->now_ns ? 0 : idle_turns + 1;
        ck_assert_uint_lt(idle_turns, 100000);
        if (at_ns > net->now_ns)
            net->now_ns = at_ns;
        if (node_ns < packet_ns) {
            dht_run(node->dht, net->now_ns);
            continue;
        }
        struct dht_net_packet *packet = pop(net);
        deliver(net, packet);
        free(packet);
    }
    net->now_ns = end_ns;
}

/* ---- torrents ---- */

struct info_hash dht_net_hash(uint32_t number)
{
    struct info_hash hash;
    digest_sha1(&number, sizeof number, hash.bytes);
    return hash;
}

void dht_net_search(struct dht_net_node *node, uint32_t hash, uint16_t port)
{
    const struct dht_search_config config = {.hash = dht_net_hash(hash), .port = port};
    ck_assert_int_eq(dht_search(node->dht, node->net->now_ns, &config), ERROR_NONE);
}

struct dht_search_look dht_net_look(const struct dht_net_node *node, uint32_t hash)
{
    struct dht_search_look look;
    const struct info_hash wanted = dht_net_hash(hash);
    ck_assert(dht_search_get(node->dht, &wanted, &look));
    return look;
}
