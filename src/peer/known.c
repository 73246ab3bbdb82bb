/* The addresses a torrent knows, and who is dialled when. */
#include "peer/peer_private.h"

#include <stdlib.h>

#define HALF_OPEN_MAX 200u
#define DIAL_BURST    50u
#define DIAL_PAUSE_NS (NS_PER_S / 2)

uint32_t known_add(struct peer_manager *manager, const struct netaddr *address,
                   enum peer_source source)
{
    uint32_t place = UINT32_MAX;
    for (uint32_t i = 0; i < manager->known_count; i++) {
        struct known *known = &manager->known[i];
        if (known->address.family == NETADDR_NONE)
            place = i;
        else if (netaddr_equal(&known->address, address))
            return i;
    }
    if (place == UINT32_MAX && manager->known_count == KNOWN_MAX)
        return UINT32_MAX;
    if (place == UINT32_MAX && manager->known_count == manager->known_capacity) {
        const uint32_t capacity =
            manager->known_capacity == 0 ? 8 : manager->known_capacity * 2;
        struct known *table = realloc(manager->known, capacity * sizeof *table);
        if (table == NULL)
            return UINT32_MAX;
        manager->known = table;
        manager->known_capacity = capacity;
    }
    const bool fresh = place == UINT32_MAX;
    if (fresh)
        place = manager->known_count++;
    const uint32_t generation = fresh ? 0 : manager->known[place].generation;
    manager->known[place] = (struct known){
        .address = *address,
        .source = source,
        .generation = generation,
        .dialable = source != PEER_SOURCE_INCOMING,
    };
    return place;
}

static bool may_dial(const struct peer_manager *manager, const struct known *known,
                     uint64_t now_ns)
{
    return known->address.family != NETADDR_NONE && known->dialable &&
           known->peer == NULL && !known->banned && known->next_try_ns <= now_ns &&
           !peer_shared_is_banned(manager->shared, &known->address);
}

static void note_failure(struct known *known, uint64_t now_ns)
{
    if (known->fails < 8)
        known->fails++;
    known->next_try_ns = now_ns + (5 * NS_PER_S << known->fails);
    known->last_reason = PEER_REASON_CONNECT_FAILED;
}

static void dial(struct peer_manager *manager, uint32_t place, uint64_t now_ns)
{
    struct known *known = &manager->known[place];
    const struct net *net = manager->shared->config.net;
    struct stream *stream;
    if (net->connect(net->context, manager->loop, &known->address, &stream) !=
        ERROR_NONE) {
        note_failure(known, now_ns);
        return;
    }
    manager->half_open++;
    manager->shared->half_open++;
    if (peer_new(manager, place, stream, false) == NULL) {
        manager->half_open--;
        manager->shared->half_open--;
        stream_close(stream);
        note_failure(known, now_ns);
    }
}

static uint64_t next_try(const struct peer_manager *manager)
{
    uint64_t at_ns = UINT64_MAX;
    for (uint32_t i = 0; i < manager->known_count; i++) {
        const struct known *known = &manager->known[i];
        if (known->dialable && known->peer == NULL && !known->banned &&
            known->next_try_ns < at_ns)
            at_ns = known->next_try_ns;
    }
    return at_ns;
}

void known_dial(struct peer_manager *manager)
{
    const uint64_t now_ns = loop_now_ns(manager->loop);
    const struct peer_shared *shared = manager->shared;
    const uint32_t max_peers = manager->config.max_peers;
    uint32_t budget = DIAL_BURST;
    if (!manager->running)
        return;
    for (uint32_t i = 0; i < manager->known_count && budget > 0; i++) {
        const uint32_t place = manager->dial_from++ % manager->known_count;
        if (manager->connected + manager->half_open >= max_peers ||
            shared->half_open >= HALF_OPEN_MAX ||
            shared->connections + shared->half_open >= shared->config.max_connections)
            break;
        if (may_dial(manager, &manager->known[place], now_ns)) {
            dial(manager, place, now_ns);
            budget--;
        }
    }
    const uint64_t at_ns = next_try(manager);
    if (at_ns != UINT64_MAX)
        peer_manager_dial_soon(manager, at_ns > now_ns + DIAL_PAUSE_NS ? at_ns - now_ns
                                                                       : DIAL_PAUSE_NS);
}
