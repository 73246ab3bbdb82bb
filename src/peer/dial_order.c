/* In which order those are dialled who may be. Each source has its turns, each peer who
 * tells of others (PEX) being one: ten thousand addresses from one of them hold up nobody
 * else's (X19). */

#include "peer/peer_manager_private.h"

#include <stdlib.h>

struct dial_turn {
    uint32_t place;
    uint32_t turn; /* of its source: 0 is the first */
    uint32_t priority;
    uint32_t chance; /* settles whose of several is first */
    const struct known *known;
};

/* As far as can be told without looking at the others. */
static bool may_be_dialled(const struct peer_manager *manager, const struct known *known,
                           uint64_t now_ns)
{
    return known->address.family != NETADDR_NONE && known->dialable &&
           known->peer == NULL && !known->banned && !known->paused &&
           known_ready_ns(manager, known) <= now_ns;
}

static int compare_sources(const struct known *a, const struct known *b)
{
    if (a->source != b->source)
        return a->source < b->source ? -1 : 1;
    return netaddr_compare(&a->teller, &b->teller);
}

static struct netaddr own_address(const struct peer_manager *manager,
                                  enum netaddr_family family)
{
    const struct peer_shared *shared = manager->shared;
    const struct net *net = shared->config.net;
    struct netaddr own = shared->own[family == NETADDR_V6].agreed;
    if (own.family == NETADDR_NONE && !net->own_address(net->context, family, &own))
        own = (struct netaddr){.family = (uint8_t)family};
    own.port = shared->port;
    return own;
}

struct own_addresses peer_own_addresses(const struct peer_manager *manager)
{
    return (struct own_addresses){own_address(manager, NETADDR_V4),
                                  own_address(manager, NETADDR_V6)};
}

uint32_t known_priority(const struct own_addresses *own, const struct known *known)
{
    struct netaddr listens = known->address;
    if (known->listen_port != 0)
        listens.port = known->listen_port;
    return priority_of(known->address.family == NETADDR_V6 ? &own->v6 : &own->v4,
                       &listens);
}

/* Of one source, those that failed least, and of those whom BEP 40 has first. */
static int by_source(const void *one, const void *other)
{
    const struct dial_turn *a = one, *b = other;
    const int sources = compare_sources(a->known, b->known);
    if (sources != 0)
        return sources;
    if (a->known->fails != b->known->fails)
        return a->known->fails < b->known->fails ? -1 : 1;
    if (a->priority != b->priority)
        return a->priority > b->priority ? -1 : 1;
    return a->place < b->place ? -1 : 1;
}

/* The user's wish comes first. */
static int by_turn(const void *one, const void *other)
{
    const struct dial_turn *a = one, *b = other;
    const bool a_is_wish = a->known->source == PEER_SOURCE_MANUAL;
    const bool b_is_wish = b->known->source == PEER_SOURCE_MANUAL;
    if (a_is_wish != b_is_wish)
        return a_is_wish ? -1 : 1;
    if (a->turn != b->turn)
        return a->turn < b->turn ? -1 : 1;
    if (a->chance != b->chance)
        return a->chance < b->chance ? -1 : 1;
    return a->place < b->place ? -1 : 1;
}

static void give_turns(const struct peer_manager *manager, struct dial_turn *turns,
                       uint32_t count)
{
    qsort(turns, count, sizeof *turns, by_source);
    for (uint32_t i = 0; i < count; i++) {
        const bool same =
            i > 0 && compare_sources(turns[i - 1].known, turns[i].known) == 0;
        turns[i].turn = same ? turns[i - 1].turn + 1 : 0;
        turns[i].chance = same ? turns[i - 1].chance
                               : random_below(manager->shared->config.random, UINT32_MAX);
    }
    qsort(turns, count, sizeof *turns, by_turn);
}

uint32_t known_order(const struct peer_manager *manager, uint64_t now_ns,
                     uint32_t *ret_places)
{
    struct dial_turn *turns = calloc(manager->known_count, sizeof *turns);
    uint32_t count = 0;
    if (turns == NULL)
        return 0;
    const struct own_addresses own = peer_own_addresses(manager);
    for (uint32_t i = 0; i < manager->known_count; i++)
        if (may_be_dialled(manager, &manager->known[i], now_ns))
            turns[count++] =
                (struct dial_turn){.place = i,
                                   .priority = known_priority(&own, &manager->known[i]),
                                   .known = &manager->known[i]};
    give_turns(manager, turns, count);
    for (uint32_t i = 0; i < count; i++)
        ret_places[i] = turns[i].place;
    free(turns);
    return count;
}
