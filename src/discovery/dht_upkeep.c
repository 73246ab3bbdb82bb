/* The routing table is filled at the start, and kept fresh: nodes not heard of for long
 * are asked again, buckets where nothing happens are looked into. */
#include "discovery/dht_private.h"

#define BOOTSTRAP_NS      (5 * NS_PER_S)
#define BOOTSTRAP_MOST_NS (900 * NS_PER_S)
#define ENOUGH_NODES      4u
#define STALE_AT_ONCE     8u
#define PINGS_MOST        16u

void dht_queue_ping(struct dht *dht, const struct dht_contact *contact)
{
    for (uint32_t i = 0; i < dht->queue_count; i++)
        if (netaddr_equal(&dht->queue[i].address, &contact->address))
            return;
    if (dht->queue_count < DHT_QUEUE_MOST)
        dht->queue[dht->queue_count++] = *contact;
}

static uint32_t pings_under_way(const struct dht *dht)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < dht->pending_count; i++)
        count += dht->pending[i].method == DHT_PING;
    return count;
}

static void ping_queue(struct dht *dht, uint64_t now_ns)
{
    uint32_t room = PINGS_MOST;
    if (dht->queue_count == 0)
        return;
    const uint32_t under_way = pings_under_way(dht);
    room -= under_way < room ? under_way : room;
    while (dht->queue_count > 0 && room > 0) {
        const struct dht_contact contact = dht->queue[0];
        if (dht_send_ping(dht, now_ns, &contact, true) != ERROR_NONE)
            return;
        dht->queue[0] = dht->queue[--dht->queue_count];
        room--;
    }
}

static bool has_beginning(const struct dht *dht)
{
    return dht->start_count > 0 || dht->restored_count > 0 ||
           dht_table_good(dht->table) > 0;
}

static void bootstrap(struct dht *dht, uint64_t now_ns)
{
    if (now_ns < dht->bootstrap_ns || !has_beginning(dht))
        return;
    /* Its end says when it is tried again, if need be. */
    dht->bootstrap_ns = dht_begin_run(dht, now_ns, &dht->id, DHT_FOR_BOOTSTRAP) != 0
                            ? UINT64_MAX
                            : now_ns + BOOTSTRAP_NS;
}

static void plan_bootstrap(struct dht *dht, uint64_t now_ns)
{
    uint64_t pause_ns = BOOTSTRAP_NS << dht->bootstrap_tries;
    if (pause_ns >= BOOTSTRAP_MOST_NS)
        pause_ns = BOOTSTRAP_MOST_NS;
    else
        dht->bootstrap_tries++;
    dht->bootstrap_ns = now_ns + pause_ns;
}

void dht_bootstrap_on_done(struct dht *dht, uint64_t now_ns)
{
    if (dht_table_good(dht->table) < ENOUGH_NODES) {
        plan_bootstrap(dht, now_ns);
        return;
    }
    dht->bootstrap_tries = 0;
    dht->restored_count = 0; /* the table knows better from now on */
}

static void freshen(struct dht *dht, uint64_t now_ns)
{
    uint64_t stale_ns = now_ns + NS_PER_S, refresh_ns = stale_ns;
    struct dht_contact contact;
    struct dht_id target;
    if (now_ns < dht->upkeep_ns)
        return;
    for (uint32_t i = 0; i < STALE_AT_ONCE; i++)
        if (!dht_table_next_stale(dht->table, now_ns, &contact, &stale_ns) ||
            dht_send_ping(dht, now_ns, &contact, true) != ERROR_NONE)
            break;
    if (dht->had_nodes && dht_table_next_refresh(dht->table, now_ns, dht->config.random,
                                                 &target, &refresh_ns))
        dht_begin_run(dht, now_ns, &target, DHT_FOR_NODES);
    if (!dht->had_nodes)
        refresh_ns = UINT64_MAX;
    dht->upkeep_ns = stale_ns < refresh_ns ? stale_ns : refresh_ns;
}

/* All nodes are gone, or the first have come. */
static void note_nodes(struct dht *dht, uint64_t now_ns)
{
    const bool has_nodes = dht_table_good(dht->table) > 0;
    if (has_nodes == dht->had_nodes)
        return;
    dht->had_nodes = has_nodes;
    dht->upkeep_ns = now_ns;
    if (has_nodes)
        dht_search_on_nodes(dht, now_ns);
    else if (dht->bootstrap_ns == UINT64_MAX)
        plan_bootstrap(dht, now_ns);
}

void dht_upkeep(struct dht *dht, uint64_t now_ns)
{
    note_nodes(dht, now_ns);
    bootstrap(dht, now_ns);
    ping_queue(dht, now_ns);
    freshen(dht, now_ns);
}
