/* Lookups under way: who is asked, and what becomes of them. */
#include "discovery/dht_private.h"

#define FEW_NODES      8u
#define BEGIN_MOST     16u
#define RESTORED_FIRST 32u

struct dht_run *dht_find_run(struct dht *dht, uint32_t serial)
{
    for (uint32_t i = 0; serial != 0 && i < dht->run_count; i++)
        if (dht->runs[i].serial == serial)
            return &dht->runs[i];
    return NULL;
}

/* The nearest of those known the last time. */
static void add_restored(const struct dht *dht, struct dht_lookup *lookup)
{
    const struct dht_id *target = dht_lookup_target(lookup);
    struct dht_contact nearest[RESTORED_FIRST];
    uint32_t count = 0;
    for (uint32_t i = 0; i < dht->restored_count; i++) {
        uint32_t at = count;
        while (at > 0 &&
               dht_id_compare(target, &dht->restored[i].id, &nearest[at - 1].id) < 0)
            at--;
        if (at == RESTORED_FIRST)
            continue;
        count += count < RESTORED_FIRST;
        for (uint32_t j = count - 1; j > at; j--)
            nearest[j] = nearest[j - 1];
        nearest[at] = dht->restored[i];
    }
    for (uint32_t i = 0; i < count; i++)
        dht_lookup_start(lookup, &nearest[i], 0);
}

static void add_beginning(struct dht *dht, struct dht_lookup *lookup)
{
    struct dht_contact nodes[BEGIN_MOST];
    const uint32_t count =
        dht_table_closest(dht->table, dht_lookup_target(lookup), BEGIN_MOST, nodes);
    for (uint32_t i = 0; i < count; i++)
        dht_lookup_start(lookup, &nodes[i],
                         dht_table_rtt_ns(dht->table, &nodes[i].address));
    if (count >= FEW_NODES)
        return;
    add_restored(dht, lookup);
    for (uint32_t i = 0; i < dht->start_count; i++)
        dht_lookup_start_at(lookup, &dht->starts[i].address);
}

uint32_t dht_begin_run(struct dht *dht, uint64_t now_ns, const struct dht_id *target,
                       enum dht_purpose purpose)
{
    if (dht->run_count == DHT_LOOKUPS_MOST)
        return 0;
    struct dht_lookup *lookup = dht_lookup_new(&dht->id, target, now_ns);
    if (lookup == NULL)
        return 0;
    dht->serial += dht->serial == UINT32_MAX ? 2 : 1;
    dht->runs[dht->run_count++] =
        (struct dht_run){.lookup = lookup, .purpose = purpose, .serial = dht->serial};
    add_beginning(dht, lookup);
    return dht->serial;
}

static unsigned want_of(const struct dht *dht)
{
    const unsigned both = DHT_WANT_V4 | DHT_WANT_V6;
    return dht->pair != NULL && dht_table_good(dht->pair->table) < FEW_NODES ? both : 0;
}

static void advance(struct dht *dht, uint64_t now_ns, struct dht_run *run)
{
    struct dht_next next;
    while (dht_lookup_next(run->lookup, now_ns, dht->usual_ns, &next, &run->next_ns)) {
        struct dht_query query = {
            .method = run->purpose == DHT_FOR_PEERS ? DHT_GET_PEERS : DHT_FIND_NODE,
            .target = *dht_lookup_target(run->lookup),
            .want = want_of(dht),
        };
        const enum error_code error =
            dht_send_query(dht, now_ns, &query, &next.contact, next.has_id, run->serial);
        if (error == ERROR_NONE)
            continue;
        dht_lookup_unsent(run->lookup, &next.contact.address);
        run->next_ns = error == ERROR_OFFLINE
                           ? dht->stop_until_ns
                           : dht_rate_ready_ns(dht->rate, DHT_KEPT_LOOKUP, now_ns);
        /* Too many are without an answer: the next one, or its failing, leads on. */
        if (run->next_ns <= now_ns)
            run->next_ns = now_ns + NS_PER_S / 10;
        return;
    }
}

static void finish(struct dht *dht, uint64_t now_ns, uint32_t at)
{
    const struct dht_run run = dht->runs[at];
    dht->runs[at] = dht->runs[--dht->run_count];
    if (run.purpose == DHT_FOR_PEERS)
        dht_search_on_done(dht, now_ns, run.lookup);
    else if (run.purpose == DHT_FOR_BOOTSTRAP)
        dht_bootstrap_on_done(dht, now_ns);
    dht_lookup_free(run.lookup);
}

void dht_advance_runs(struct dht *dht, uint64_t now_ns)
{
    for (uint32_t i = dht->run_count; i-- > 0;) {
        advance(dht, now_ns, &dht->runs[i]);
        if (dht_lookup_is_done(dht->runs[i].lookup, now_ns))
            finish(dht, now_ns, i);
    }
}
