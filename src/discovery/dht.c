#include "discovery/dht_private.h"

#include <stdlib.h>
#include <string.h>

#define USUAL_NS (NS_PER_S / 4) /* before anything is known */

/* ---- life ---- */

struct dht *dht_new(const struct dht_config *config)
{
    const struct netaddr unknown = {.family = NETADDR_NONE};
    struct dht *dht = calloc(1, sizeof *dht);
    if (dht == NULL)
        return NULL;
    dht->config = *config;
    dht->id = dht_id_for(&unknown, config->random);
    dht->table = dht_table_new(&dht->id);
    dht->store = dht_store_new(config->random, config->now_ns);
    dht->rate = dht_rate_new(config->now_ns);
    buffer_init(&dht->out, DHT_MESSAGE_MAX);
    dht->usual_ns = USUAL_NS;
    dht->search_ns = dht->upkeep_ns = UINT64_MAX;
    dht->bootstrap_ns = config->now_ns;
    dht->next_ns = config->now_ns;
    if (dht->table != NULL && dht->store != NULL && dht->rate != NULL)
        return dht;
    dht_free(dht);
    return NULL;
}

void dht_free(struct dht *dht)
{
    if (dht == NULL)
        return;
    if (dht->pair != NULL)
        dht->pair->pair = NULL;
    dht_free_searches(dht);
    for (uint32_t i = 0; i < dht->run_count; i++)
        dht_lookup_free(dht->runs[i].lookup);
    dht_table_free(dht->table);
    dht_store_free(dht->store);
    dht_rate_free(dht->rate);
    buffer_done(&dht->out);
    free(dht);
}

void dht_pair(struct dht *a, struct dht *b)
{
    a->pair = b;
    b->pair = a;
}

static void wake(struct dht *dht)
{
    if (dht->config.on_wake != NULL)
        dht->config.on_wake(dht->config.context);
}

/* ---- where to start from ---- */

void dht_add_start(struct dht *dht, const struct netaddr *address, bool trusted,
                   bool router)
{
    const struct netaddr user = {.family = NETADDR_NONE};
    if (address->family != dht->config.family || !netaddr_may_nominate(&user, address) ||
        (!trusted && netaddr_scope(address) != NETADDR_SCOPE_PUBLIC) ||
        dht->start_count == DHT_STARTS_MOST)
        return;
    for (uint32_t i = 0; i < dht->start_count; i++)
        if (netaddr_equal(&dht->starts[i].address, address))
            return;
    dht->starts[dht->start_count++] = (struct dht_start){*address, router};
    if (dht_table_good(dht->table) > 0)
        return;
    for (uint32_t i = 0; i < dht->run_count; i++) {
        dht_lookup_start_at(dht->runs[i].lookup, address);
        dht->runs[i].next_ns = 0;
    }
    if (dht->bootstrap_ns != UINT64_MAX)
        dht->bootstrap_ns = 0;
    dht->next_ns = 0;
    wake(dht);
}

void dht_restore(struct dht *dht, const struct dht_state_side *side)
{
    if (!side->there)
        return;
    dht->id = side->id;
    dht_table_set_own(dht->table, &dht->id);
    for (uint32_t i = 0; i < side->count; i++)
        if (side->nodes[i].address.family == dht->config.family)
            dht->restored[dht->restored_count++] = side->nodes[i];
}

void dht_save(const struct dht *dht, struct dht_state_side *ret_side)
{
    ret_side->there = true;
    ret_side->id = dht->id;
    ret_side->count = dht_table_all(dht->table, ret_side->nodes, DHT_STATE_NODES);
    if (ret_side->count > 0)
        return;
    /* Nobody was reached: those of the last time may be there the next time. */
    ret_side->count = dht->restored_count;
    memcpy(ret_side->nodes, dht->restored, sizeof ret_side->nodes);
}

/* ---- packets and time ---- */

static uint64_t earliest(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void work_out_next(struct dht *dht, uint64_t now_ns)
{
    uint64_t next_ns = dht->upkeep_ns;
    if (dht->bootstrap_ns != UINT64_MAX &&
        (dht->start_count > 0 || dht->restored_count > 0 || dht->had_nodes))
        next_ns = earliest(next_ns, dht->bootstrap_ns);
    if (dht->run_count < DHT_LOOKUPS_MOST)
        next_ns = earliest(next_ns, dht->search_ns);
    if (dht->queue_count > 0)
        next_ns = earliest(next_ns, dht_rate_ready_ns(dht->rate, 0, now_ns) + NS_PER_S);
    for (uint32_t i = 0; i < dht->run_count; i++)
        next_ns = earliest(next_ns, dht->runs[i].next_ns);
    next_ns = next_ns < dht->stop_until_ns ? dht->stop_until_ns : next_ns;
    for (uint32_t i = 0; i < dht->pending_count; i++)
        next_ns = earliest(next_ns, dht->pending[i].sent_ns + DHT_ANSWER_NS);
    dht->next_ns = next_ns;
}

void dht_run(struct dht *dht, uint64_t now_ns)
{
    dht_expire(dht, now_ns);
    if (!dht_is_stopped(dht, now_ns)) {
        dht_upkeep(dht, now_ns);
        dht_begin_searches(dht, now_ns);
        dht_advance_runs(dht, now_ns);
        dht_begin_searches(dht, now_ns); /* where others have ended */
    }
    work_out_next(dht, now_ns);
}

uint64_t dht_next_ns(const struct dht *dht)
{
    return dht->next_ns;
}

void dht_receive(struct dht *dht, uint64_t now_ns, const struct netaddr *from,
                 const uint8_t *bytes, size_t length)
{
    struct dht_message message;
    if (from->family != dht->config.family || from->port == 0 ||
        netaddr_scope(from) == NETADDR_SCOPE_INVALID ||
        dht_message_parse(bytes, length, &message) != ERROR_NONE)
        return;
    if (message.kind == DHT_QUERY)
        dht_on_query(dht, now_ns, from, &message, length);
    else
        dht_on_response(dht, now_ns, from, &message);
    dht_run(dht, now_ns);
    wake(dht);
}

void dht_ping(struct dht *dht, uint64_t now_ns, const struct netaddr *address)
{
    const struct netaddr user = {.family = NETADDR_NONE};
    const struct dht_contact contact = {.address = *address};
    if (address->family == dht->config.family && netaddr_may_nominate(&user, address) &&
        dht_table_rtt_ns(dht->table, address) == 0 &&
        dht_send_ping(dht, now_ns, &contact, false) == ERROR_NONE) {
        work_out_next(dht, now_ns);
        wake(dht);
    }
}

void dht_network_changed(struct dht *dht, uint64_t now_ns)
{
    dht->stop_until_ns = 0;
    dht->stops = 0;
    dht->votes = (struct dht_votes){0};
    dht->bootstrap_tries = 0;
    if (dht->bootstrap_ns != UINT64_MAX)
        dht->bootstrap_ns = now_ns;
    dht_search_on_network(dht, now_ns);
    dht_run(dht, now_ns);
    wake(dht);
}

void dht_get_look(const struct dht *dht, struct dht_look *ret_look)
{
    *ret_look = (struct dht_look){
        .id = dht->id,
        .nodes = dht_table_good(dht->table),
        .starts = dht->start_count,
        .lookups = dht->run_count,
        .bootstrap_ns = dht->bootstrap_ns,
        .stopped = dht->stops > 0,
        .seen_as = dht->seen_as,
    };
}
