/* Queries go out, and wait for their answers. */
#include "discovery/dht_private.h"

#include <string.h>

#define STOP_NS      (5 * NS_PER_S)
#define STOP_MOST_NS (300 * NS_PER_S)

bool dht_is_stopped(const struct dht *dht, uint64_t now_ns)
{
    return now_ns < dht->stop_until_ns;
}

/* No network, or a firewall of our own: it is no use trying again and again. */
static void stop(struct dht *dht, uint64_t now_ns)
{
    const uint64_t pause_ns = STOP_NS << dht->stops;
    dht->stop_until_ns = now_ns + (pause_ns < STOP_MOST_NS ? pause_ns : STOP_MOST_NS);
    dht->stops += pause_ns < STOP_MOST_NS;
}

enum error_code dht_send_out(struct dht *dht, uint64_t now_ns, const struct netaddr *to,
                             size_t kept)
{
    if (dht_is_stopped(dht, now_ns))
        return ERROR_OFFLINE;
    if (!dht_rate_may_send(dht->rate, dht->out.length, kept, now_ns))
        return ERROR_AGAIN;
    const enum error_code error =
        dht->config.send(dht->config.context, to, dht->out.bytes, dht->out.length);
    if (error == ERROR_NONE || error == ERROR_AGAIN) {
        dht->stops = 0;
        return ERROR_NONE; /* or it was lost, as others are on their way */
    }
    stop(dht, now_ns);
    return ERROR_OFFLINE;
}

static struct dht_pending *find(struct dht *dht, uint16_t transaction)
{
    for (uint32_t i = 0; i < dht->pending_count; i++)
        if (dht->pending[i].transaction == transaction)
            return &dht->pending[i];
    return NULL;
}

static uint16_t new_transaction(struct dht *dht)
{
    uint16_t transaction;
    do
        random_fill(dht->config.random, &transaction, sizeof transaction);
    while (find(dht, transaction) != NULL);
    return transaction;
}

enum error_code dht_send_query(struct dht *dht, uint64_t now_ns, struct dht_query *query,
                               const struct dht_contact *contact, bool has_id,
                               uint32_t run)
{
    if (dht->pending_count == DHT_PENDING_MOST)
        return ERROR_AGAIN;
    query->transaction = new_transaction(dht);
    query->id = dht->id;
    query->read_only = dht->config.read_only;
    enum error_code error = dht_write_query(query, &dht->out);
    if (error == ERROR_NONE)
        error = dht_send_out(dht, now_ns, &contact->address,
                             run != 0 ? DHT_KEPT_LOOKUP : DHT_KEPT_NONE);
    if (error != ERROR_NONE)
        return error;
    dht->pending[dht->pending_count++] = (struct dht_pending){
        .transaction = query->transaction,
        .method = query->method,
        .to = contact->address,
        .id = contact->id,
        .has_id = has_id,
        .target = query->target,
        .sent_ns = now_ns,
        .run = run,
    };
    return ERROR_NONE;
}

enum error_code dht_send_ping(struct dht *dht, uint64_t now_ns,
                              const struct dht_contact *contact, bool has_id)
{
    struct dht_query query = {.method = DHT_PING};
    return dht_send_query(dht, now_ns, &query, contact, has_id, 0);
}

static void remove_at(struct dht *dht, uint32_t at)
{
    dht->pending[at] = dht->pending[--dht->pending_count];
}

bool dht_take_pending(struct dht *dht, const struct netaddr *from,
                      const struct dht_message *answer, struct dht_pending *ret_pending)
{
    if (answer->transaction_length != 2)
        return false;
    struct dht_pending *pending = find(dht, be16_get(answer->transaction));
    if (pending == NULL || !netaddr_equal(&pending->to, from))
        return false;
    *ret_pending = *pending;
    remove_at(dht, (uint32_t)(pending - dht->pending));
    return true;
}

void dht_expire(struct dht *dht, uint64_t now_ns)
{
    for (uint32_t i = dht->pending_count; i-- > 0;) {
        const struct dht_pending pending = dht->pending[i];
        if (now_ns - pending.sent_ns < DHT_ANSWER_NS)
            continue;
        remove_at(dht, i);
        struct dht_run *run = dht_find_run(dht, pending.run);
        if (run != NULL)
            dht_lookup_failed(run->lookup, &pending.to);
        dht_table_failed(dht->table, &pending.to);
    }
}
