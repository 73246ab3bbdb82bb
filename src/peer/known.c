/* The addresses a torrent knows, and when each may be dialled again. */

#include "peer/extension_private.h"

#include <stdlib.h>
#include <string.h>

#define RETRY_NS       (15 * NS_PER_S)
#define FAILS_MAX      8u
#define ALONE_RETRY_NS (30 * NS_PER_S)
#define ALONE_NS       (600 * NS_PER_S)
#define KICKED_NS      (300 * NS_PER_S)
#define PEX_TELLER_MAX 200u /* candidates that one peer has named (X19) */
#define PEX_ALL_MAX    1000u
#define PEX_FAILS_MAX  3u              /* of one that nobody else names */
#define STAYED_NS      (60 * NS_PER_S) /* a connection that did some good */

/* ---- the table ---- */

bool known_is_noted(const struct known *known)
{
    return known->paused || known->put_last || known->limits != NULL;
}

/* Nothing about it needs remembering, and nobody is connected. */
static bool is_worthless(const struct known *known)
{
    return known->peer == NULL && known->rival == NULL && !known_is_noted(known) &&
           !known->banned && !known->is_self && known->source != PEER_SOURCE_MANUAL;
}

void known_clear(struct peer_manager *manager, struct known *known)
{
    peer_limits_free(known->limits, manager->loop);
    known->limits = NULL;
    crossing_drop(known);
    known->address.family = NETADDR_NONE;
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

bool known_is_hearsay(enum peer_source source)
{
    return source == PEER_SOURCE_PEX || source == PEER_SOURCE_DHT;
}

/* Told of again: from a better source it may be dialled, and the user's wish comes first.
 * Whom others name too is no longer what one peer says. */
static void refresh(struct known *known, enum peer_source source)
{
    known->forget = false;
    if (source == PEER_SOURCE_INCOMING)
        return;
    known->dialable = !known->is_self;
    known->told_by_tracker |= source == PEER_SOURCE_TRACKER;
    if (known_is_hearsay(known->source) && source != PEER_SOURCE_PEX &&
        source != PEER_SOURCE_RESUME &&
        (!known_is_hearsay(source) || known->source == PEER_SOURCE_PEX)) {
        known->source = source;
        known->teller = (struct netaddr){0};
        if (!known->has_id)
            known->is_seed = false; /* or so one peer said */
    }
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
        .told_by_tracker = source == PEER_SOURCE_TRACKER,
    };
    return place;
}

/* ---- what peers say (PEX) ---- */

/* Whether TELLER may still name ADDRESS, which is not known. */
static bool pex_has_room(const struct peer_manager *manager,
                         const struct netaddr *address, const struct netaddr *teller)
{
    const bool is_public = netaddr_scope(address) == NETADDR_SCOPE_PUBLIC;
    uint32_t of_teller = 0, of_all = 0;
    for (uint32_t i = 0; i < manager->known_count; i++) {
        const struct known *known = &manager->known[i];
        if (known->address.family == NETADDR_NONE || known->source != PEER_SOURCE_PEX)
            continue;
        const bool same_teller = netaddr_equal(&known->teller, teller);
        of_all += known->peer == NULL;
        of_teller += same_teller && known->peer == NULL;
        if (same_teller && is_public && netaddr_same_host(&known->address, address))
            return false;
    }
    return of_teller < PEX_TELLER_MAX && of_all < PEX_ALL_MAX;
}

struct known *known_at(const struct peer_manager *manager, const struct netaddr *address)
{
    for (uint32_t i = 0; i < manager->known_count; i++)
        if (netaddr_equal(&manager->known[i].address, address))
            return &manager->known[i];
    return NULL;
}

bool known_add_told(struct peer_manager *manager, const struct netaddr *address,
                    const struct netaddr *teller, uint32_t *ret_place)
{
    if (known_at(manager, address) != NULL) {
        known_add(manager, address, PEER_SOURCE_PEX);
        return false;
    }
    if (!pex_has_room(manager, address, teller))
        return false;
    const uint32_t place = known_add(manager, address, PEER_SOURCE_PEX);
    if (place == UINT32_MAX)
        return false;
    manager->known[place].teller = *teller;
    *ret_place = place;
    return true;
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

/* When all were lost within a short time, it is the network that is gone and will come
 * back: those met before are then tried as often as it takes to notice that soon. */
static uint64_t retry_ns(const struct peer_shared *shared, const struct known *known,
                         uint64_t now_ns)
{
    const uint64_t wait_ns = RETRY_NS << known->fails;
    const bool alone = shared->connections == 0 && shared->met_ns != 0 &&
                       now_ns - shared->met_ns < ALONE_NS;
    return alone && known->has_id && wait_ns > ALONE_RETRY_NS ? ALONE_RETRY_NS : wait_ns;
}

void known_note_failure(struct peer_manager *manager, struct known *known)
{
    const uint64_t now_ns = loop_now_ns(manager->loop);
    if (known->fails < FAILS_MAX)
        known->fails++;
    known->next_try_ns = now_ns + retry_ns(manager->shared, known, now_ns);
    known->last_reason = PEER_REASON_CONNECT_FAILED;
}

bool known_is_of_no_use(const struct peer_manager *manager, const struct known *known)
{
    return !known->dialable && known->rival == NULL && !known_is_noted(known) &&
           !known->banned && !known->is_self && !known_is_refused(manager, known);
}

/* A call that a relay asked for, or that was given up for another, says nothing of
 * whether the peer can be called: were it counted, a relay could keep us from ever doing
 * that. */
static bool is_no_failure(const struct peer *peer, enum peer_reason reason)
{
    return !peer->incoming && !peer->connected &&
           (peer->punched || reason == PEER_REASON_DUPLICATE);
}

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
        known->is_seed = peer->is_seed || peer->upload_only;
    if (known->is_self)
        known->dialable = false;
    holepunch_on_failed(manager, known, peer);
    if (is_no_failure(peer, reason)) {
        known->next_try_ns = now_ns + retry_ns(manager->shared, known, now_ns);
        return;
    }
    if (hide_turn(manager, known, peer, reason)) {
        known->next_try_ns = now_ns;
        return;
    }
    known_turn_hash(manager, known, peer, reason);
    if (stayed) {
        known->fails = 0;
        manager->shared->met_ns = now_ns;
    } else if (known->fails < FAILS_MAX) {
        known->fails++;
    }
    if (reason == PEER_REASON_PROTOCOL && known->fails < FAILS_MAX - 2)
        known->fails += 2;
    const uint64_t wait_ns = retry_ns(manager->shared, known, now_ns);
    known->next_try_ns =
        now_ns +
        (reason == PEER_REASON_KICKED && wait_ns < KICKED_NS ? KICKED_NS : wait_ns);
    /* Those we left ourselves are not to blame: a torrent that goes on finds them at
     * once. */
    if (reason == PEER_REASON_STOPPED || reason == PEER_REASON_OFFLINE)
        known->next_try_ns = now_ns;
    if (known->source == PEER_SOURCE_PEX && !known->has_id &&
        known->fails >= PEX_FAILS_MAX)
        known->dialable = false; /* hearsay: it makes room for other */
    if (known_is_of_no_use(manager, known))
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

static void inherit(struct peer_manager *manager, struct known *from, struct peer *peer)
{
    struct known *to = &manager->known[peer->place];
    to->paused = peer->paused |= from->paused;
    from->paused = false;
    to->put_last = peer->put_last |= from->put_last;
    from->put_last = false;
    if (to->limits == NULL) {
        to->limits = from->limits;
        from->limits = NULL;
    }
    if (!from->dialable)
        known_clear(manager, from);
}

void known_inherit(struct peer_manager *manager, struct peer *peer)
{
    struct known *mine = &manager->known[peer->place];
    for (uint32_t i = 0; i < manager->known_count; i++) {
        struct known *known = &manager->known[i];
        if (known == mine || known->peer != NULL || !known_is_noted(known) ||
            known->address.family == NETADDR_NONE ||
            !netaddr_same_host(&known->address, &mine->address))
            continue;
        const bool same_id =
            known->has_id && memcmp(known->peer_id, peer->peer_id, 20) == 0;
        const bool same_port =
            mine->listen_port != 0 && (known->address.port == mine->listen_port ||
                                       known->listen_port == mine->listen_port);
        if (same_id || same_port)
            inherit(manager, known, peer);
    }
}
