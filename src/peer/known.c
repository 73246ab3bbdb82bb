/* The addresses a torrent knows, and who is dialled when. */
#include "peer/peer_private.h"

#include <stdlib.h>
#include <string.h>

#define HALF_OPEN_MAX     200u
#define HALF_OPEN_NET_MAX 8u /* of one public /24 or /48 */
#define HOST_MAX          4u /* connections with one public address */
#define DIAL_BURST        50u
#define DIAL_FEW          5u /* when there are peers enough not to hurry */
#define DIAL_ENOUGH       30u
#define DIAL_PAUSE_NS     (NS_PER_S / 2)
#define DIAL_FULL_NS      (5 * NS_PER_S)
#define RETRY_NS          (15 * NS_PER_S)
#define FAILS_MAX         8u
#define KICKED_NS         (300 * NS_PER_S)
#define STAYED_NS         (60 * NS_PER_S) /* a connection that did some good */

/* ---- the table ---- */

/* Nothing about it needs remembering, and nobody is connected. */
static bool is_worthless(const struct known *known)
{
    return known->peer == NULL && !known->paused && !known->banned && !known->is_self &&
           known->source != PEER_SOURCE_MANUAL;
}

/* Room in a full table: the one that failed most often. */
static uint32_t evict(const struct peer_manager *manager)
{
    uint32_t worst = UINT32_MAX;
    for (uint32_t i = 0; i < manager->known_count; i++) {
        const struct known *known = &manager->known[i];
        if (is_worthless(known) && known->fails > 0 &&
            (worst == UINT32_MAX || known->fails > manager->known[worst].fails))
            worst = i;
    }
    return worst;
}

static enum error_code grow(struct peer_manager *manager)
{
    if (manager->known_count < manager->known_capacity)
        return ERROR_NONE;
    const uint32_t capacity =
        manager->known_capacity == 0 ? 8 : manager->known_capacity * 2;
    struct known *table = realloc(manager->known, capacity * sizeof *table);
    if (table == NULL)
        return ERROR_MEMORY;
    memset(table + manager->known_capacity, 0,
           (capacity - manager->known_capacity) * sizeof *table);
    manager->known = table;
    manager->known_capacity = capacity;
    return ERROR_NONE;
}

/* Told of again: from a better source it may be dialled, and the user's wish comes first.
 */
static void refresh(struct known *known, enum peer_source source)
{
    known->forget = false;
    if (source == PEER_SOURCE_INCOMING)
        return;
    known->dialable = !known->is_self;
    if (source == PEER_SOURCE_MANUAL) {
        known->source = source;
        known->fails = 0;
        known->next_try_ns = 0;
    }
}

uint32_t known_add(struct peer_manager *manager, const struct netaddr *address,
                   enum peer_source source)
{
    uint32_t place = UINT32_MAX;
    for (uint32_t i = 0; i < manager->known_count; i++) {
        struct known *known = &manager->known[i];
        if (known->address.family == NETADDR_NONE && known->peer == NULL) {
            place = i;
        } else if (netaddr_equal(&known->address, address)) {
            refresh(known, source);
            return i;
        }
    }
    if (place == UINT32_MAX && manager->known_count == KNOWN_MAX)
        place = evict(manager);
    else if (place == UINT32_MAX && grow(manager) == ERROR_NONE)
        place = manager->known_count++;
    if (place == UINT32_MAX)
        return UINT32_MAX;
    /* A new generation: what was said of the address before does not concern this one. */
    const uint32_t generation = manager->known[place].generation + 1;
    manager->known[place] = (struct known){
        .address = *address,
        .source = source,
        .generation = generation,
        .born = generation,
        .dialable = source != PEER_SOURCE_INCOMING,
    };
    return place;
}

struct known *known_named(const struct peer_manager *manager, struct peer_id_ref ref)
{
    if (ref.index >= manager->known_count)
        return NULL;
    struct known *known = &manager->known[ref.index];
    return known->address.family != NETADDR_NONE && ref.generation >= known->born &&
                   ref.generation <= known->generation
               ? known
               : NULL;
}

/* ---- when a connection is over ---- */

void known_on_gone(struct peer_manager *manager, struct known *known,
                   const struct peer *peer, enum peer_reason reason)
{
    const uint64_t now_ns = loop_now_ns(manager->loop);
    const bool stayed = peer->handshaken && (peer->downloaded + peer->uploaded > 0 ||
                                             now_ns - peer->connected_at_ns >= STAYED_NS);
    known->last_reason = reason;
    if (reason == PEER_REASON_SELF)
        known->is_self = true;
    if (peer->handshaken)
        known->is_seed = peer->is_seed;
    if (known->is_self)
        known->dialable = false;
    if (stayed)
        known->fails = 0;
    else if (known->fails < FAILS_MAX)
        known->fails++;
    if (reason == PEER_REASON_PROTOCOL && known->fails < FAILS_MAX - 2)
        known->fails += 2;
    const uint64_t wait_ns = RETRY_NS << known->fails;
    known->next_try_ns =
        now_ns +
        (reason == PEER_REASON_KICKED && wait_ns < KICKED_NS ? KICKED_NS : wait_ns);
    /* Those we left ourselves are not to blame: a torrent that goes on finds them at
     * once. */
    if (reason == PEER_REASON_STOPPED)
        known->next_try_ns = now_ns;
    if (!known->dialable && !known->paused && !known->banned && !known->is_self)
        known->forget = true; /* once its PEER_GONE has been looked at */
}

/* ---- who is who ---- */

bool known_is_connected_otherwise(const struct peer_manager *manager,
                                  const struct netaddr *address)
{
    for (uint32_t i = 0; i < manager->known_count; i++) {
        const struct known *known = &manager->known[i];
        if (known->peer != NULL && !known->peer->dead && known->listen_port != 0 &&
            known->listen_port == address->port &&
            netaddr_same_host(&known->address, address))
            return true;
    }
    return false;
}

void known_inherit(struct peer_manager *manager, struct peer *peer)
{
    struct known *mine = &manager->known[peer->place];
    for (uint32_t i = 0; i < manager->known_count; i++) {
        struct known *known = &manager->known[i];
        if (known == mine || known->peer != NULL || !known->paused ||
            known->address.family == NETADDR_NONE ||
            !netaddr_same_host(&known->address, &mine->address))
            continue;
        const bool same_id =
            known->has_id && memcmp(known->peer_id, peer->peer_id, 20) == 0;
        const bool same_port =
            mine->listen_port != 0 && (known->address.port == mine->listen_port ||
                                       known->listen_port == mine->listen_port);
        if (!same_id && !same_port)
            continue;
        mine->paused = peer->paused = true;
        known->paused = false;
        if (!known->dialable)
            known->address.family = NETADDR_NONE;
    }
}

/* ---- dialling ---- */

static bool is_candidate(const struct peer_manager *manager, const struct known *known)
{
    return known->address.family != NETADDR_NONE && known->dialable &&
           known->peer == NULL && !known->banned && !known->paused &&
           !(manager->complete && known->is_seed) &&
           !peer_shared_is_banned(manager->shared, &known->address) &&
           !known_is_connected_otherwise(manager, &known->address);
}

static bool same_net(const struct netaddr *a, const struct netaddr *b)
{
    return a->family == b->family &&
           memcmp(a->bytes, b->bytes, a->family == NETADDR_V4 ? 3 : 6) == 0;
}

bool known_host_has_room(const struct peer_manager *manager,
                         const struct netaddr *address)
{
    uint32_t host = 0, net = 0;
    if (netaddr_scope(address) != NETADDR_SCOPE_PUBLIC)
        return true;
    for (uint32_t i = 0; i < manager->known_count; i++) {
        const struct known *known = &manager->known[i];
        if (known->peer == NULL || known->peer->dead)
            continue;
        host += netaddr_same_host(&known->address, address);
        net += !known->peer->connected && same_net(&known->address, address);
    }
    return host < HOST_MAX && net < HALF_OPEN_NET_MAX;
}

static void note_failure(struct known *known, uint64_t now_ns)
{
    if (known->fails < FAILS_MAX)
        known->fails++;
    known->next_try_ns = now_ns + (RETRY_NS << known->fails);
    known->last_reason = PEER_REASON_CONNECT_FAILED;
}

/* ERROR_FULL, ERROR_MEMORY: it is our own fault, and the next would fail too. */
static enum error_code dial(struct peer_manager *manager, uint32_t place, uint64_t now_ns)
{
    struct known *known = &manager->known[place];
    const struct net *net = manager->shared->config.net;
    struct stream *stream;
    const enum error_code error =
        net->connect(net->context, manager->loop, &known->address, &stream);
    if (error == ERROR_FULL || error == ERROR_MEMORY)
        return error;
    if (error != ERROR_NONE) {
        note_failure(known, now_ns);
        return ERROR_NONE;
    }
    manager->half_open++;
    manager->shared->half_open++;
    if (peer_new(manager, place, stream, false) != NULL)
        return ERROR_NONE;
    manager->half_open--;
    manager->shared->half_open--;
    stream_close(stream);
    return ERROR_MEMORY;
}

/* Over no cap: of the torrent (then its own peers' ends wake the dialler), or of all. */
bool known_torrent_has_room(const struct peer_manager *manager)
{
    return manager->connected + manager->half_open < manager->config.max_peers;
}

bool known_session_has_room(const struct peer_shared *shared)
{
    return shared->half_open < HALF_OPEN_MAX &&
           shared->connections + shared->half_open < shared->config.max_connections;
}

static void dial_again(struct peer_manager *manager, uint64_t now_ns)
{
    uint64_t at_ns = UINT64_MAX;
    if (!known_torrent_has_room(manager))
        return;
    for (uint32_t i = 0; i < manager->known_count; i++) {
        const struct known *known = &manager->known[i];
        if (known->next_try_ns < at_ns && is_candidate(manager, known))
            at_ns = known->next_try_ns;
    }
    if (at_ns == UINT64_MAX)
        return;
    const uint64_t pause_ns =
        known_session_has_room(manager->shared) ? DIAL_PAUSE_NS : DIAL_FULL_NS;
    peer_manager_dial_soon(manager,
                           at_ns > now_ns + pause_ns ? at_ns - now_ns : pause_ns);
}

void known_dial(struct peer_manager *manager)
{
    const uint64_t now_ns = loop_now_ns(manager->loop);
    uint32_t budget = manager->connected < DIAL_ENOUGH ? DIAL_BURST : DIAL_FEW;
    if (!manager->running)
        return;
    for (uint32_t i = 0; i < manager->known_count && budget > 0; i++) {
        if (!known_torrent_has_room(manager) || !known_session_has_room(manager->shared))
            break;
        const uint32_t place = manager->dial_from++ % manager->known_count;
        const struct known *known = &manager->known[place];
        if (known->next_try_ns > now_ns || !is_candidate(manager, known) ||
            !known_host_has_room(manager, &known->address))
            continue;
        if (dial(manager, place, now_ns) != ERROR_NONE) {
            peer_manager_dial_soon(manager, DIAL_FULL_NS);
            return;
        }
        budget--;
    }
    dial_again(manager, now_ns);
}

bool known_has_candidate(const struct peer_manager *manager)
{
    const uint64_t now_ns = loop_now_ns(manager->loop);
    for (uint32_t i = 0; i < manager->known_count; i++)
        if (manager->known[i].next_try_ns <= now_ns &&
            is_candidate(manager, &manager->known[i]))
            return true;
    return false;
}
