/* Queries of others are answered, as far as that can do nobody harm: no answer is longer
 * than three times its query, or 400 bytes if that is more (D8). Scrapes (BEP 33), which
 * take more, are answered only where the node that asks has answered us before, so that
 * a forged sender gains nothing. */
#include "discovery/dht_private.h"

#include <string.h>

#define REPLY_LEAST     400u
#define REPLY_FACTOR    3u
#define NODE4_BYTES     26u
#define NODE6_BYTES     38u
#define FRAME_BYTES     150u /* an answer without nodes, values and samples */
#define SAMPLES_MOST    5u
#define VALUES_MOST     24u
#define SAMPLE_INTERVAL 21600u

struct answer {
    struct dht_reply reply;
    size_t room; /* bytes that are left */
    struct dht_contact nodes4[DHT_CLOSEST], nodes6[DHT_CLOSEST];
    struct netaddr values[VALUES_MOST];
    struct dht_id samples[SAMPLES_MOST];
    uint8_t token[DHT_TOKEN_BYTES];
    uint8_t bloom_seeds[DHT_BLOOM_BYTES], bloom_peers[DHT_BLOOM_BYTES];
};

static uint32_t that_fit(const struct answer *answer, size_t bytes, uint32_t most)
{
    const size_t fit = answer->room / bytes;
    return fit < most ? (uint32_t)fit : most;
}

static const struct dht_table *table_of(const struct dht *dht, enum netaddr_family family)
{
    if (dht->config.family == family)
        return dht->table;
    return dht->pair != NULL ? dht->pair->table : NULL;
}

static void add_nodes(const struct dht *dht, const struct dht_message *query,
                      struct answer *answer)
{
    const unsigned own = dht->config.family == NETADDR_V4 ? DHT_WANT_V4 : DHT_WANT_V6;
    const unsigned want = query->want != 0 ? query->want : own;
    const struct dht_table *table4 = table_of(dht, NETADDR_V4);
    const struct dht_table *table6 = table_of(dht, NETADDR_V6);
    const bool both = want == (DHT_WANT_V4 | DHT_WANT_V6);
    if (want & DHT_WANT_V4 && table4 != NULL) {
        answer->reply.nodes4 = answer->nodes4;
        answer->reply.node4_count = dht_table_closest(
            table4, &query->target,
            that_fit(answer, NODE4_BYTES, both ? DHT_CLOSEST / 2 : DHT_CLOSEST),
            answer->nodes4);
        answer->room -= answer->reply.node4_count * NODE4_BYTES;
    }
    if (want & DHT_WANT_V6 && table6 != NULL) {
        answer->reply.nodes6 = answer->nodes6;
        answer->reply.node6_count =
            dht_table_closest(table6, &query->target,
                              that_fit(answer, NODE6_BYTES, DHT_CLOSEST), answer->nodes6);
        answer->room -= answer->reply.node6_count * NODE6_BYTES;
    }
}

static void add_values(struct dht *dht, uint64_t now_ns, const struct dht_message *query,
                       struct answer *answer)
{
    const size_t bytes = dht->config.family == NETADDR_V4 ? 8 : 21;
    const size_t for_nodes = 2 * NODE4_BYTES;
    const size_t room = answer->room > for_nodes ? answer->room - for_nodes : 0;
    const uint32_t most =
        room / bytes < VALUES_MOST ? (uint32_t)(room / bytes) : VALUES_MOST;
    answer->reply.values = answer->values;
    answer->reply.value_count =
        dht_store_peers(dht->store, &query->target, now_ns, answer->values, most);
    answer->room -= answer->reply.value_count * bytes;
}

static void on_get_peers(struct dht *dht, uint64_t now_ns, const struct netaddr *from,
                         const struct dht_message *query, struct answer *answer)
{
    dht_store_token(dht->store, from, &query->target, now_ns, answer->token);
    answer->reply.token = answer->token;
    answer->reply.token_length = DHT_TOKEN_BYTES;
    if (query->scrape && dht_table_rtt_ns(dht->table, from) != 0 &&
        dht_store_blooms(dht->store, &query->target, now_ns, answer->bloom_seeds,
                         answer->bloom_peers)) {
        answer->reply.bloom_seeds = answer->bloom_seeds;
        answer->reply.bloom_peers = answer->bloom_peers;
    }
    add_values(dht, now_ns, query, answer);
    add_nodes(dht, query, answer);
}

static void on_sample(struct dht *dht, uint64_t now_ns, const struct dht_message *query,
                      struct answer *answer)
{
    answer->reply.samples = answer->samples;
    answer->reply.sample_interval_s = SAMPLE_INTERVAL;
    answer->reply.sample_count = dht_store_samples(
        dht->store, now_ns, answer->samples, SAMPLES_MOST, &answer->reply.sample_total);
    answer->room -= answer->reply.sample_count * DHT_ID_BYTES;
    add_nodes(dht, query, answer);
}

static void fail(struct dht *dht, uint64_t now_ns, const struct netaddr *from,
                 const struct dht_message *query, enum dht_error error)
{
    if (dht_rate_may_fail(dht->rate, from, now_ns) &&
        dht_write_error(query, error, &dht->out) == ERROR_NONE)
        dht_send_out(dht, now_ns, from, DHT_KEPT_ANSWER);
}

/* False: it is no good, and that was said. */
static bool on_announce(struct dht *dht, uint64_t now_ns, const struct netaddr *from,
                        const struct dht_message *query)
{
    struct netaddr peer = *from;
    if (!query->implied_port)
        peer.port = query->port;
    if (peer.port == 0 ||
        !dht_store_token_is_good(dht->store, from, &query->target, query->token,
                                 query->token_length, now_ns)) {
        fail(dht, now_ns, from, query, DHT_ERROR_PROTOCOL);
        return false;
    }
    if (netaddr_port_is_abused(peer.port))
        return true;
    dht_store_add(dht->store, &query->target, &peer, query->seed, now_ns);
    dht_search_offer(dht, now_ns, from, &query->target, &peer);
    return true;
}

static void note_sender(struct dht *dht, uint64_t now_ns, const struct netaddr *from,
                        const struct dht_message *query)
{
    const struct dht_contact contact = {query->id, *from};
    if (!query->read_only && dht_table_asked(dht->table, &contact, now_ns))
        dht_queue_ping(dht, &contact);
}

void dht_on_query(struct dht *dht, uint64_t now_ns, const struct netaddr *from,
                  const struct dht_message *query, size_t length)
{
    const size_t limit =
        length * REPLY_FACTOR > REPLY_LEAST ? length * REPLY_FACTOR : REPLY_LEAST;
    struct answer answer = {.reply = {.to = query, .id = dht->id, .observed = *from},
                            .room = limit - FRAME_BYTES};
    if (!dht_rate_may_answer(dht->rate, from, now_ns))
        return;
    note_sender(dht, now_ns, from, query);
    switch (query->method) {
    case DHT_PING:
        break;
    case DHT_FIND_NODE:
        add_nodes(dht, query, &answer);
        break;
    case DHT_GET_PEERS:
        on_get_peers(dht, now_ns, from, query, &answer);
        break;
    case DHT_ANNOUNCE_PEER:
        if (!on_announce(dht, now_ns, from, query))
            return;
        break;
    case DHT_SAMPLE_INFOHASHES:
        on_sample(dht, now_ns, query, &answer);
        break;
    case DHT_UNKNOWN_METHOD:
        fail(dht, now_ns, from, query, DHT_ERROR_METHOD);
        return;
    }
    if (dht_write_reply(&answer.reply, &dht->out) == ERROR_NONE)
        dht_send_out(dht, now_ns, from, DHT_KEPT_ANSWER);
}
