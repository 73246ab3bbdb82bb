#include "discovery/dht_found.h"

#include "discovery/dht_id.h"

#include <stdlib.h>

#define PORT_LEAST 1024u

void dht_found_done(struct dht_found *found)
{
    free(found->addresses);
    free(found->at_ns);
    *found = (struct dht_found){0};
}

static void forget_old(struct dht_found *found, uint64_t now_ns)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < found->count; i++) {
        if (now_ns - found->at_ns[i] >= DHT_FOUND_NS)
            continue;
        found->addresses[kept] = found->addresses[i];
        found->at_ns[kept++] = found->at_ns[i];
    }
    found->count = kept;
}

static bool make_room(struct dht_found *found)
{
    if (found->count < found->capacity)
        return true;
    if (found->capacity >= DHT_FOUND_MOST)
        return false;
    uint32_t capacity = found->capacity == 0 ? 16 : found->capacity * 2;
    capacity = capacity < DHT_FOUND_MOST ? capacity : DHT_FOUND_MOST;
    struct netaddr *addresses =
        realloc(found->addresses, capacity * sizeof *found->addresses);
    if (addresses != NULL)
        found->addresses = addresses;
    uint64_t *at_ns = realloc(found->at_ns, capacity * sizeof *found->at_ns);
    if (at_ns != NULL)
        found->at_ns = at_ns;
    if (addresses == NULL || at_ns == NULL)
        return false;
    found->capacity = capacity;
    return true;
}

bool dht_found_take(struct dht_found *found, const struct netaddr *from,
                    const struct netaddr *peer, uint64_t now_ns)
{
    const bool is_public = netaddr_scope(peer) == NETADDR_SCOPE_PUBLIC;
    uint32_t net = 0;
    if (peer->port < PORT_LEAST || !netaddr_may_nominate(from, peer))
        return false;
    if (found->count == found->capacity)
        forget_old(found, now_ns);
    for (uint32_t i = 0; i < found->count; i++) {
        const struct netaddr *other = &found->addresses[i];
        if (now_ns - found->at_ns[i] >= DHT_FOUND_NS)
            continue;
        if (netaddr_equal(other, peer) || (is_public && netaddr_same_host(other, peer)))
            return false;
        net += dht_same_block(other, peer);
    }
    if (net >= DHT_FOUND_NET || !make_room(found))
        return false;
    found->addresses[found->count] = *peer;
    found->at_ns[found->count++] = now_ns;
    return true;
}
