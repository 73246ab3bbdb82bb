/* Answers to our queries: who gave them is a node, and what it says is believed within
 * limits. */
#include "discovery/dht_private.h"

/* Others see us under another address than we thought (BEP 42): our id is to fit it. */
static void note_vote(struct dht *dht, const struct netaddr *from,
                      const struct dht_message *answer)
{
    struct netaddr seen_as;
    if (answer->observed.family != dht->config.family)
        return;
    dht_votes_add(&dht->votes, from, &answer->observed);
    if (!dht_votes_result(&dht->votes, &seen_as))
        return;
    dht->seen_as = seen_as;
    if (dht_id_fits(&dht->id, &seen_as))
        return;
    dht->id = dht_id_for(&seen_as, dht->config.random);
    dht_table_set_own(dht->table, &dht->id);
}

static bool is_believed(const struct dht *dht, const struct netaddr *from,
                        const struct dht_contact *node)
{
    return !dht_id_equal(&node->id, &dht->id) &&
           netaddr_may_nominate(from, &node->address) &&
           !netaddr_same_host(&node->address, &dht->seen_as);
}

/* Leaves those of our own family that may be asked. */
static void sort_nodes(struct dht *dht, const struct netaddr *from,
                       struct dht_message *answer)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < answer->node_count; i++) {
        const struct dht_contact *node = &answer->nodes[i];
        if (!is_believed(dht, from, node))
            continue;
        if (node->address.family == dht->config.family)
            answer->nodes[kept++] = *node;
        else if (dht->pair != NULL)
            dht_queue_ping(dht->pair, node);
    }
    answer->node_count = kept;
}

static void on_failure(struct dht *dht, const struct dht_pending *pending)
{
    struct dht_run *run = dht_find_run(dht, pending->run);
    if (run != NULL)
        dht_lookup_failed(run->lookup, &pending->to);
}

static void note_time(struct dht *dht, uint64_t took_ns)
{
    dht->usual_ns = (dht->usual_ns * 7 + took_ns) / 8;
}

static void go_on(struct dht *dht, uint64_t now_ns, const struct netaddr *from,
                  const struct dht_pending *pending, struct dht_message *answer)
{
    struct dht_run *run = dht_find_run(dht, pending->run);
    sort_nodes(dht, from, answer);
    if (run != NULL)
        dht_lookup_answered(run->lookup, from, answer);
    if (pending->method == DHT_GET_PEERS)
        dht_search_on_values(dht, now_ns, from, pending, answer);
    if (pending->method == DHT_ANNOUNCE_PEER) {
        struct dht_search *search = dht_find_search(dht, &pending->target);
        if (search != NULL)
            search->announced++;
    }
}

static bool is_router(const struct dht *dht, const struct netaddr *address)
{
    for (uint32_t i = 0; i < dht->start_count; i++)
        if (netaddr_equal(&dht->starts[i].address, address))
            return dht->starts[i].router;
    return false;
}

void dht_on_response(struct dht *dht, uint64_t now_ns, const struct netaddr *from,
                     struct dht_message *answer)
{
    struct dht_pending pending;
    if (!dht_take_pending(dht, from, answer, &pending))
        return;
    /* One that has another id than its own is nobody, nor is one that has ours. */
    if (answer->kind == DHT_ERROR || dht_id_equal(&answer->id, &dht->id) ||
        (pending.has_id && !dht_id_equal(&answer->id, &pending.id))) {
        if (answer->kind != DHT_ERROR)
            dht_table_failed(dht->table, from);
        on_failure(dht, &pending);
        return;
    }
    const struct dht_contact contact = {answer->id, *from};
    const uint64_t took_ns = now_ns > pending.sent_ns ? now_ns - pending.sent_ns : 1;
    note_time(dht, took_ns);
    if (!is_router(dht, from))
        dht_table_answered(dht->table, &contact, now_ns, took_ns);
    note_vote(dht, from, answer);
    go_on(dht, now_ns, from, &pending, answer);
}
