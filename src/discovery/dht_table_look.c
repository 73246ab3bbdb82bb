/* What the routing table tells: who is near to an id, who answers, who is to be asked
 * again. */
#include "discovery/dht_table_private.h"

#include <string.h>

/* Keeps the COUNT nearest in order. */
static uint32_t take_in_order(const struct dht_id *target, const struct dht_contact *one,
                              struct dht_contact *contacts, uint32_t have, uint32_t count)
{
    uint32_t at = have;
    while (at > 0 && dht_id_compare(target, &one->id, &contacts[at - 1].id) < 0)
        at--;
    if (at == count)
        return have;
    const uint32_t last = have < count ? have : count - 1;
    memmove(&contacts[at + 1], &contacts[at], (last - at) * sizeof *contacts);
    contacts[at] = *one;
    return last + 1;
}

static uint32_t closest_of(const struct dht_table *table, const struct dht_id *target,
                           bool fits, uint32_t count, struct dht_contact *ret_contacts)
{
    uint32_t have = 0;
    for (uint32_t b = 0; count > 0 && b < table->count; b++)
        for (uint32_t i = 0; i < table->buckets[b]->count; i++) {
            const struct dht_node *node = &table->buckets[b]->nodes[i];
            if (node->failures == 0 && node->fits == fits)
                have = take_in_order(target, &node->contact, ret_contacts, have, count);
        }
    return have;
}

uint32_t dht_table_closest(const struct dht_table *table, const struct dht_id *target,
                           uint32_t count, struct dht_contact *ret_contacts)
{
    const uint32_t have = closest_of(table, target, true, count, ret_contacts);
    return have + closest_of(table, target, false, count - have, ret_contacts + have);
}

uint32_t dht_table_good(const struct dht_table *table)
{
    uint32_t good = 0;
    for (uint32_t b = 0; b < table->count; b++)
        for (uint32_t i = 0; i < table->buckets[b]->count; i++)
            good += table->buckets[b]->nodes[i].failures == 0;
    return good;
}

uint32_t dht_table_all(const struct dht_table *table, struct dht_contact *ret_contacts,
                       uint32_t capacity)
{
    uint32_t written = 0;
    /* From the nearest bucket on: those are the hardest to find again. */
    for (uint32_t b = table->count; b-- > 0;)
        for (uint32_t i = 0; i < table->buckets[b]->count && written < capacity; i++)
            if (table->buckets[b]->nodes[i].failures == 0)
                ret_contacts[written++] = table->buckets[b]->nodes[i].contact;
    return written;
}

/* ---- keeping it fresh ---- */

static uint64_t stale_at_ns(const struct dht_node *node)
{
    const uint64_t since_ns =
        node->heard_ns > node->asked_ns ? node->heard_ns : node->asked_ns;
    return since_ns + DHT_FRESH_NS;
}

bool dht_table_next_stale(struct dht_table *table, uint64_t now_ns,
                          struct dht_contact *ret_contact, uint64_t *ret_next_ns)
{
    uint64_t next_ns = UINT64_MAX;
    for (uint32_t b = 0; b < table->count; b++)
        for (uint32_t i = 0; i < table->buckets[b]->count; i++) {
            struct dht_node *node = &table->buckets[b]->nodes[i];
            const uint64_t at_ns = stale_at_ns(node);
            if (at_ns <= now_ns) {
                node->asked_ns = now_ns;
                *ret_contact = node->contact;
                return true;
            }
            next_ns = at_ns < next_ns ? at_ns : next_ns;
        }
    *ret_next_ns = next_ns;
    return false;
}

bool dht_table_next_refresh(struct dht_table *table, uint64_t now_ns,
                            const struct random_source *random, struct dht_id *ret_target,
                            uint64_t *ret_next_ns)
{
    uint64_t next_ns = UINT64_MAX;
    for (uint32_t b = 0; b < table->count; b++) {
        struct dht_bucket *bucket = table->buckets[b];
        const uint64_t at_ns = bucket->changed_ns + DHT_FRESH_NS;
        if (at_ns <= now_ns) {
            bucket->changed_ns = now_ns;
            *ret_target = dht_id_random_near(&table->own, b, random);
            return true;
        }
        next_ns = at_ns < next_ns ? at_ns : next_ns;
    }
    *ret_next_ns = next_ns;
    return false;
}
