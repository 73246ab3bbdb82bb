#include "discovery/dht_table.h"

#include "discovery/dht_table_private.h"

#include <stdlib.h>
#include <string.h>

#define FAILURES_MOST  2u /* then somebody else is taken */
#define FAILURES_ALONE 6u /* then it goes in any case */

/* Far from us there are many to choose from, and a lookup there saves a step. */
static uint32_t capacity_of(uint32_t index)
{
    return index == 0 ? DHT_BUCKET_MOST : index < 3 ? 16 : DHT_CLOSEST;
}

struct dht_table *dht_table_new(const struct dht_id *own)
{
    struct dht_table *table = calloc(1, sizeof *table);
    if (table == NULL)
        return NULL;
    table->own = *own;
    table->buckets[0] = calloc(1, sizeof *table->buckets[0]);
    if (table->buckets[0] == NULL) {
        free(table);
        return NULL;
    }
    table->count = 1;
    return table;
}

void dht_table_free(struct dht_table *table)
{
    if (table == NULL)
        return;
    for (uint32_t i = 0; i < table->count; i++)
        free(table->buckets[i]);
    free(table);
}

static uint32_t index_of(const struct dht_table *table, const struct dht_id *id)
{
    const uint32_t shared = dht_id_shared_bits(&table->own, id);
    return shared < table->count ? shared : table->count - 1;
}

static bool is_public(const struct netaddr *address)
{
    return netaddr_scope(address) == NETADDR_SCOPE_PUBLIC;
}

static void remove_at(struct dht_bucket *bucket, uint32_t at)
{
    bucket->nodes[at] = bucket->nodes[--bucket->count];
}

/* ---- who stands by ---- */

static bool is_better(const struct dht_node *a, const struct dht_node *b)
{
    if (a->fits != b->fits)
        return a->fits;
    return a->heard_ns > b->heard_ns;
}

static bool shares_block(const struct dht_bucket *bucket, const struct netaddr *address)
{
    for (uint32_t i = 0; i < bucket->count; i++)
        if (dht_same_block(&bucket->nodes[i].contact.address, address))
            return true;
    return false;
}

static bool stand_by(struct dht_bucket *bucket, const struct dht_node *node)
{
    uint32_t worst = 0;
    for (uint32_t i = 0; i < bucket->stand_by_count; i++) {
        struct dht_node *other = &bucket->stand_by[i];
        if (netaddr_equal(&other->contact.address, &node->contact.address) ||
            dht_same_block(&other->contact.address, &node->contact.address)) {
            *other = *node;
            return true;
        }
        if (is_better(&bucket->stand_by[worst], other))
            worst = i;
    }
    if (bucket->stand_by_count < DHT_STAND_BY_MOST) {
        bucket->stand_by[bucket->stand_by_count++] = *node;
        return true;
    }
    if (!is_better(node, &bucket->stand_by[worst]))
        return false;
    bucket->stand_by[worst] = *node;
    return true;
}

/* False: there is nobody. */
static bool take_stand_by(struct dht_bucket *bucket, struct dht_node *ret_node)
{
    uint32_t best = UINT32_MAX;
    for (uint32_t i = 0; i < bucket->stand_by_count; i++)
        if (!shares_block(bucket, &bucket->stand_by[i].contact.address) &&
            (best == UINT32_MAX ||
             is_better(&bucket->stand_by[i], &bucket->stand_by[best])))
            best = i;
    if (best == UINT32_MAX)
        return false;
    *ret_node = bucket->stand_by[best];
    bucket->stand_by[best] = bucket->stand_by[--bucket->stand_by_count];
    return true;
}

/* ---- letting in ---- */

/* The last bucket is divided: those nearer to us get one of their own. */
static bool divide(struct dht_table *table)
{
    if (table->count == DHT_BUCKETS_MOST)
        return false;
    struct dht_bucket *from = table->buckets[table->count - 1];
    struct dht_bucket *into = calloc(1, sizeof *into);
    if (into == NULL)
        return false;
    const uint32_t shared = table->count - 1;
    into->changed_ns = from->changed_ns;
    table->buckets[table->count++] = into;
    for (uint32_t i = from->count; i-- > 0;) {
        const struct dht_node node = from->nodes[i];
        if (dht_id_shared_bits(&table->own, &node.contact.id) <= shared)
            continue;
        remove_at(from, i);
        if (into->count < capacity_of(table->count - 1))
            into->nodes[into->count++] = node;
        else
            stand_by(into, &node);
    }
    return true;
}

/* One that has failed makes room; the one that failed most. */
static bool replace_failing(struct dht_bucket *bucket, const struct dht_node *node)
{
    uint32_t worst = 0;
    for (uint32_t i = 1; i < bucket->count; i++)
        if (bucket->nodes[i].failures > bucket->nodes[worst].failures)
            worst = i;
    if (bucket->count == 0 || bucket->nodes[worst].failures == 0)
        return false;
    bucket->nodes[worst] = *node;
    return true;
}

static bool insert(struct dht_table *table, const struct dht_node *node)
{
    for (;;) {
        const uint32_t index = index_of(table, &node->contact.id);
        struct dht_bucket *bucket = table->buckets[index];
        if (shares_block(bucket, &node->contact.address))
            return false;
        /* A bucket that is to be divided keeps to the capacity it will have then. */
        if (bucket->count < capacity_of(index)) {
            bucket->nodes[bucket->count++] = *node;
            return true;
        }
        if (index == table->count - 1 && divide(table))
            continue;
        return replace_failing(bucket, node) || stand_by(bucket, node);
    }
}

/* Another node of the same id, or on the same host; NULL: there is none. */
static struct dht_node *rival(struct dht_table *table, const struct dht_contact *contact,
                              struct dht_bucket **ret_bucket)
{
    const bool alone = is_public(&contact->address);
    for (uint32_t b = 0; b < table->count; b++)
        for (uint32_t i = 0; i < table->buckets[b]->count; i++) {
            struct dht_node *node = &table->buckets[b]->nodes[i];
            *ret_bucket = table->buckets[b];
            if (dht_id_equal(&node->contact.id, &contact->id) ||
                netaddr_equal(&node->contact.address, &contact->address) ||
                (alone && netaddr_same_host(&node->contact.address, &contact->address)))
                return node;
        }
    return NULL;
}

static void note_answer(struct dht_node *node, uint64_t now_ns, uint64_t rtt_ns)
{
    node->heard_ns = now_ns;
    node->rtt_ns = node->rtt_ns == 0 ? rtt_ns : (node->rtt_ns * 3 + rtt_ns) / 4;
    node->failures = 0;
}

bool dht_table_answered(struct dht_table *table, const struct dht_contact *contact,
                        uint64_t now_ns, uint64_t rtt_ns)
{
    struct dht_bucket *bucket;
    if (dht_id_equal(&contact->id, &table->own))
        return false;
    struct dht_node *other = rival(table, contact, &bucket);
    if (other != NULL && netaddr_equal(&other->contact.address, &contact->address) &&
        dht_id_equal(&other->contact.id, &contact->id)) {
        note_answer(other, now_ns, rtt_ns);
        bucket->changed_ns = now_ns;
        return true;
    }
    if (other != NULL) {
        const bool moved = netaddr_equal(&other->contact.address, &contact->address);
        if (!moved && other->failures == 0)
            return false; /* who was there first, and answers, stays */
        remove_at(bucket, (uint32_t)(other - bucket->nodes));
    }
    struct dht_node node = {.contact = *contact,
                            .fits = dht_id_fits(&contact->id, &contact->address)};
    note_answer(&node, now_ns, rtt_ns);
    if (!insert(table, &node))
        return false;
    table->buckets[index_of(table, &contact->id)]->changed_ns = now_ns;
    return true;
}

static struct dht_node *find(const struct dht_table *table, const struct netaddr *address,
                             struct dht_bucket **ret_bucket)
{
    for (uint32_t b = 0; b < table->count; b++)
        for (uint32_t i = 0; i < table->buckets[b]->count; i++)
            if (netaddr_equal(&table->buckets[b]->nodes[i].contact.address, address)) {
                *ret_bucket = table->buckets[b];
                return &table->buckets[b]->nodes[i];
            }
    return NULL;
}

void dht_table_failed(struct dht_table *table, const struct netaddr *address)
{
    struct dht_bucket *bucket;
    struct dht_node *node = find(table, address, &bucket);
    struct dht_node next;
    if (node == NULL)
        return;
    node->failures++;
    if (node->failures < FAILURES_MOST)
        return;
    const uint32_t at = (uint32_t)(node - bucket->nodes);
    if (take_stand_by(bucket, &next))
        bucket->nodes[at] = next;
    else if (node->failures >= FAILURES_ALONE)
        remove_at(bucket, at);
}

bool dht_table_asked(struct dht_table *table, const struct dht_contact *contact,
                     uint64_t now_ns)
{
    struct dht_bucket *bucket;
    (void)now_ns;
    if (dht_id_equal(&contact->id, &table->own))
        return false;
    const struct dht_node *other = rival(table, contact, &bucket);
    if (other != NULL)
        return other->failures > 0;
    const uint32_t index = index_of(table, &contact->id);
    bucket = table->buckets[index];
    return !shares_block(bucket, &contact->address) &&
           (index == table->count - 1 || bucket->count < capacity_of(index) ||
            bucket->stand_by_count < DHT_STAND_BY_MOST);
}

void dht_table_set_own(struct dht_table *table, const struct dht_id *own)
{
    struct dht_bucket *old[DHT_BUCKETS_MOST];
    const uint32_t count = table->count;
    memcpy(old, table->buckets, sizeof old);
    table->own = *own;
    struct dht_bucket *first = calloc(1, sizeof *first);
    if (first == NULL)
        return; /* they stay where they are, and are found less well */
    table->buckets[0] = first;
    table->count = 1;
    for (uint32_t b = 0; b < count; b++) {
        for (uint32_t i = 0; i < old[b]->count; i++)
            insert(table, &old[b]->nodes[i]);
        free(old[b]);
    }
}

uint64_t dht_table_rtt_ns(const struct dht_table *table, const struct netaddr *address)
{
    struct dht_bucket *bucket;
    const struct dht_node *node = find(table, address, &bucket);
    return node != NULL ? node->rtt_ns : 0;
}
