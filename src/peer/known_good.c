/* Whom another session had better call: those who were there, by where they listen. */

#include "peer/peer_manager_private.h"

#include <stdlib.h>

#define HEARSAY_FAILS_MAX 3u /* of one that an earlier session told of */

struct good {
    struct netaddr address;
    bool connected;
    uint8_t fails;
};

/* What nobody proved, such as another peer's word, is not carried on. */
static bool has_proved_itself(const struct known *known)
{
    return known->has_id ||
           (known->source == PEER_SOURCE_RESUME && known->fails < HEARSAY_FAILS_MAX);
}

static bool is_connected(const struct known *known)
{
    return known->peer != NULL && !known->peer->dead && known->peer->handshaken;
}

static bool is_a_seed(const struct known *known)
{
    const struct peer *peer = known->peer;
    return is_connected(known) ? peer->is_seed || peer->upload_only : known->is_seed;
}

static bool is_good(const struct peer_manager *manager, const struct known *known)
{
    if (known->address.family == NETADDR_NONE || known->is_self || known->banned ||
        !has_proved_itself(known) || known_is_refused(manager, known))
        return false;
    return !manager->complete || !is_a_seed(known);
}

/* False: it called us, and has not told where it can be called. */
static bool find_address(const struct known *known, struct netaddr *ret_address)
{
    *ret_address = known->address;
    if (!known->dialable)
        ret_address->port = known->listen_port;
    return ret_address->port != 0;
}

static uint32_t collect(const struct peer_manager *manager, struct good *ret_good)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < manager->known_count; i++) {
        const struct known *known = &manager->known[i];
        struct good *good = &ret_good[count];
        if (!is_good(manager, known) || !find_address(known, &good->address) ||
            peer_shared_is_banned(manager->shared, &good->address) ||
            peer_shared_is_filtered(manager->shared, &good->address))
            continue;
        good->connected = is_connected(known);
        good->fails = known->fails;
        count++;
    }
    return count;
}

static int by_promise(const void *one, const void *other)
{
    const struct good *a = one, *b = other;
    if (a->connected != b->connected)
        return a->connected ? -1 : 1;
    if (a->fails != b->fails)
        return a->fails < b->fails ? -1 : 1;
    return netaddr_compare(&a->address, &b->address);
}

static bool is_listed(const struct netaddr *addresses, uint32_t count,
                      const struct netaddr *address)
{
    for (uint32_t i = 0; i < count; i++)
        if (netaddr_equal(&addresses[i], address))
            return true;
    return false;
}

uint32_t peer_manager_list_good(const struct peer_manager *manager,
                                struct netaddr *ret_addresses, uint32_t capacity)
{
    struct good *good = calloc(manager->known_count + 1u, sizeof *good);
    uint32_t count = 0;
    if (good == NULL)
        return 0;
    const uint32_t all = collect(manager, good);
    qsort(good, all, sizeof *good, by_promise);
    for (uint32_t i = 0; i < all && count < capacity; i++)
        if (!is_listed(ret_addresses, count, &good[i].address))
            ret_addresses[count++] = good[i].address;
    free(good);
    return count;
}
