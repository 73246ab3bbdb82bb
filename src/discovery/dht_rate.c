#include "discovery/dht_rate.h"

#include "base/clock.h"

#include <stdlib.h>

#define WINDOW_NS   (10 * NS_PER_S)
#define SILENCE_NS  (300 * NS_PER_S)
#define HOSTS_FIRST 20u
#define QUERY_BYTES 150u /* a long one */

struct host {
    struct netaddr who;
    uint64_t window_ns; /* when it began */
    uint64_t seen_ns, failed_ns, silent_until_ns;
    uint32_t queries; /* in the window */
    bool failed;
};

struct dht_rate {
    struct host *hosts;
    uint32_t count, capacity;
    uint64_t bytes, filled_ns; /* what may be sent, as of then */
};

struct dht_rate *dht_rate_new(uint64_t now_ns)
{
    struct dht_rate *rate = calloc(1, sizeof *rate);
    if (rate == NULL)
        return NULL;
    rate->bytes = DHT_RATE_BURST_BYTES;
    rate->filled_ns = now_ns;
    return rate;
}

void dht_rate_free(struct dht_rate *rate)
{
    if (rate == NULL)
        return;
    free(rate->hosts);
    free(rate);
}

static struct host *longest_silent(struct dht_rate *rate)
{
    struct host *oldest = &rate->hosts[0];
    for (uint32_t i = 1; i < rate->count; i++)
        if (rate->hosts[i].seen_ns < oldest->seen_ns)
            oldest = &rate->hosts[i];
    return oldest;
}

static struct host *new_host(struct dht_rate *rate)
{
    if (rate->count == rate->capacity && rate->capacity < DHT_RATE_HOSTS_MOST) {
        uint32_t capacity = rate->capacity == 0 ? HOSTS_FIRST : rate->capacity * 2;
        if (capacity > DHT_RATE_HOSTS_MOST)
            capacity = DHT_RATE_HOSTS_MOST;
        struct host *hosts = realloc(rate->hosts, capacity * sizeof *hosts);
        if (hosts != NULL) {
            rate->hosts = hosts;
            rate->capacity = capacity;
        }
    }
    if (rate->count < rate->capacity)
        return &rate->hosts[rate->count++];
    return rate->count > 0 ? longest_silent(rate) : NULL;
}

static struct host *host_of(struct dht_rate *rate, const struct netaddr *from,
                            uint64_t now_ns)
{
    struct netaddr who = *from;
    if (netaddr_scope(&who) == NETADDR_SCOPE_PUBLIC)
        who = netaddr_ban_key(&who);
    for (uint32_t i = 0; i < rate->count; i++)
        if (netaddr_equal(&rate->hosts[i].who, &who))
            return &rate->hosts[i];
    struct host *host = new_host(rate);
    if (host != NULL)
        *host = (struct host){.who = who, .window_ns = now_ns};
    return host;
}

bool dht_rate_may_answer(struct dht_rate *rate, const struct netaddr *from,
                         uint64_t now_ns)
{
    struct host *host = host_of(rate, from, now_ns);
    if (host == NULL)
        return false;
    host->seen_ns = now_ns;
    if (now_ns < host->silent_until_ns)
        return false;
    if (now_ns - host->window_ns >= WINDOW_NS) {
        host->window_ns = now_ns;
        host->queries = 0;
    }
    if (++host->queries <= DHT_RATE_QUERIES)
        return true;
    host->silent_until_ns = now_ns + SILENCE_NS;
    return false;
}

bool dht_rate_may_fail(struct dht_rate *rate, const struct netaddr *from, uint64_t now_ns)
{
    struct host *host = host_of(rate, from, now_ns);
    if (host == NULL || (host->failed && now_ns - host->failed_ns < NS_PER_S))
        return false;
    host->failed = true;
    host->failed_ns = now_ns;
    return true;
}

static void fill(struct dht_rate *rate, uint64_t now_ns)
{
    const uint64_t ns_per_byte = NS_PER_S / DHT_RATE_BYTES_PER_S;
    const uint64_t bytes = (now_ns - rate->filled_ns) / ns_per_byte;
    rate->filled_ns += bytes * ns_per_byte;
    rate->bytes += bytes;
    if (rate->bytes > DHT_RATE_BURST_BYTES)
        rate->bytes = DHT_RATE_BURST_BYTES;
}

bool dht_rate_may_send(struct dht_rate *rate, size_t bytes, size_t kept, uint64_t now_ns)
{
    fill(rate, now_ns);
    if (rate->bytes < kept + bytes)
        return false;
    rate->bytes -= bytes;
    return true;
}

uint64_t dht_rate_ready_ns(const struct dht_rate *rate, size_t kept, uint64_t now_ns)
{
    const uint64_t ns_per_byte = NS_PER_S / DHT_RATE_BYTES_PER_S;
    const size_t needed = kept + QUERY_BYTES;
    return rate->bytes >= needed ? now_ns
                                 : rate->filled_ns + (needed - rate->bytes) * ns_per_byte;
}
