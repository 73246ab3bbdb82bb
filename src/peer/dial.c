/* Who is dialled when. */
#include "net/race.h"
#include "peer/peer_manager_private.h"

#include <string.h>

#define HALF_OPEN_MAX     200u
#define HALF_OPEN_NET_MAX 8u /* of one public /24 or /48 */
#define HOST_MAX          4u /* connections with one public address */
#define DIAL_BURST        50u
#define DIAL_FEW          5u /* when there are peers enough not to hurry */
#define DIAL_ENOUGH       30u
#define DIAL_PAUSE_NS     (NS_PER_S / 2)
#define DIAL_FULL_NS      (5 * NS_PER_S)
#define TROUBLE_POINTS    8u
#define TROUBLE_NS        (5 * NS_PER_S)
#define TROUBLE_MOST_NS   (30 * NS_PER_S)
#define CHANGED_MOST_MS   10000u

/* ---- dialling ---- */

static bool is_candidate(const struct peer_manager *manager, const struct known *known)
{
    return known->address.family != NETADDR_NONE && known->dialable &&
           known->peer == NULL && !known->banned && !known->paused &&
           !(manager->upload_only && known->is_seed) &&
           !peer_shared_is_banned(manager->shared, &known->address) &&
           !peer_shared_is_filtered(manager->shared, &known->address) &&
           !known_is_refused(manager, known) &&
           !known_is_connected_otherwise(manager, &known->address);
}

static bool same_net(const struct netaddr *a, const struct netaddr *b)
{
    const struct netaddr one = netaddr_net_key(a), other = netaddr_net_key(b);
    return netaddr_equal(&one, &other);
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

/* ---- trouble of our own ---- */

static struct local_trouble *trouble_with(struct peer_shared *shared,
                                          const struct netaddr *address)
{
    return &shared->trouble[address->family == NETADDR_V6];
}

/* No network, no address, or a firewall that lets nobody out: it is no use asking for one
 * peer after the other. A firewall may mean just a few. */
static void note_trouble(struct local_trouble *trouble, uint32_t points, uint64_t now_ns)
{
    trouble->points += points;
    if (trouble->points < TROUBLE_POINTS)
        return;
    const uint64_t pause_ns = TROUBLE_NS << trouble->rounds;
    trouble->points = 0;
    trouble->until_ns =
        now_ns + (pause_ns < TROUBLE_MOST_NS ? pause_ns : TROUBLE_MOST_NS);
    trouble->rounds += pause_ns < TROUBLE_MOST_NS;
}

uint64_t known_ready_ns(const struct peer_manager *manager, const struct known *known)
{
    const uint64_t until_ns = trouble_with(manager->shared, &known->address)->until_ns;
    return known->next_try_ns > until_ns ? known->next_try_ns : until_ns;
}

void known_network_changed(struct peer_manager *manager)
{
    const uint64_t now_ns = loop_now_ns(manager->loop);
    for (uint32_t i = 0; i < manager->known_count; i++) {
        struct known *known = &manager->known[i];
        const uint64_t at_ns =
            now_ns +
            random_below(manager->shared->config.random, CHANGED_MOST_MS) * NS_PER_MS;
        if (known->next_try_ns > at_ns && known->last_reason != PEER_REASON_KICKED)
            known->next_try_ns = at_ns;
    }
    if (manager->running)
        peer_manager_dial_soon(manager, 0);
}

void known_seek_seeds(struct peer_manager *manager)
{
    for (uint32_t i = 0; i < manager->known_count; i++) {
        struct known *known = &manager->known[i];
        if (known->is_seed && known->last_reason != PEER_REASON_KICKED)
            known->next_try_ns = 0;
    }
    if (manager->running)
        peer_manager_dial_soon(manager, 0);
}

/* ---- connecting ---- */

/* Not ERROR_NONE: it is our own fault, and the next would fail too. */
static enum error_code dial(struct peer_manager *manager, uint32_t place, uint64_t now_ns,
                            bool punching)
{
    struct known *known = &manager->known[place];
    const struct race_config race = {
        .loop = manager->loop,
        .net = manager->shared->config.net,
        .utp = manager->shared->config.utp,
        .tcp = !punching,
        .utp_first = known->by_utp,
        .utp_insists = punching,
    };
    struct stream *stream;
    const enum error_code error = race_connect(&race, &known->address, &stream);
    struct local_trouble *trouble = trouble_with(manager->shared, &known->address);
    if (error == ERROR_FULL || error == ERROR_MEMORY)
        return error;
    if (error == ERROR_OFFLINE) { /* no fault of the peer's */
        note_trouble(trouble, TROUBLE_POINTS, now_ns);
        return ERROR_NONE;
    }
    if (error != ERROR_NONE) {
        if (error == ERROR_ACCESS)
            note_trouble(trouble, 1, now_ns);
        known_note_failure(manager, known);
        return ERROR_NONE;
    }
    *trouble = (struct local_trouble){0};
    manager->half_open++;
    manager->shared->half_open++;
    const struct info_hash hash = known_call_hash(manager, known);
    struct stream *used = hide_call(manager, known, &hash, stream);
    if (used != NULL)
        stream = used;
    struct peer *peer = used != NULL ? peer_new(manager, place, stream, false) : NULL;
    if (peer != NULL) {
        peer->punched = punching;
        peer->v2 = !info_hash_equal(&hash, &manager->config.hash);
        return ERROR_NONE;
    }
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
        const uint64_t known_ns = known_ready_ns(manager, known);
        if (known_ns < at_ns && is_candidate(manager, known))
            at_ns = known_ns;
    }
    if (at_ns == UINT64_MAX)
        return;
    const uint64_t pause_ns =
        known_session_has_room(manager->shared) ? DIAL_PAUSE_NS : DIAL_FULL_NS;
    peer_manager_dial_soon(manager,
                           at_ns > now_ns + pause_ns ? at_ns - now_ns : pause_ns);
}

/* Strangers' words may make us call a network now and then, and no more (X20, D13). One
 * that was met there is no stranger. */
static bool may_try_net(struct peer_manager *manager, struct known *known,
                        uint64_t now_ns)
{
    if (known->has_id || !known_is_hearsay(known->source))
        return true;
    const uint64_t at_ns =
        net_tries_take(manager->shared->tries, &known->address, now_ns);
    if (at_ns != 0)
        known->next_try_ns = at_ns;
    return at_ns == 0;
}

/* True: it is being called. */
static bool dial_one(struct peer_manager *manager, uint32_t place, uint64_t now_ns,
                     enum error_code *ret_error)
{
    struct known *known = &manager->known[place];
    if (known_ready_ns(manager, known) > now_ns || !is_candidate(manager, known) ||
        !known_host_has_room(manager, &known->address) ||
        !may_try_net(manager, known, now_ns))
        return false;
    *ret_error = dial(manager, place, now_ns, false);
    return true;
}

bool known_dial_punching(struct peer_manager *manager, uint32_t place)
{
    const uint64_t now_ns = loop_now_ns(manager->loop);
    struct known *known = &manager->known[place];
    if (!manager->running || !known_torrent_has_room(manager) ||
        !known_session_has_room(manager->shared) || !is_candidate(manager, known) ||
        trouble_with(manager->shared, &known->address)->until_ns > now_ns ||
        !known_host_has_room(manager, &known->address) ||
        !may_try_net(manager, known, now_ns))
        return false;
    known->punched_ns = now_ns;
    return dial(manager, place, now_ns, true) == ERROR_NONE && known->peer != NULL;
}

void known_dial(struct peer_manager *manager)
{
    const uint64_t now_ns = loop_now_ns(manager->loop);
    uint32_t budget = manager->connected < DIAL_ENOUGH ? DIAL_BURST : DIAL_FEW;
    uint32_t places[KNOWN_MAX];
    enum error_code error = ERROR_NONE;
    if (!manager->running || !known_torrent_has_room(manager))
        return;
    const uint32_t count = known_session_has_room(manager->shared)
                               ? known_order(manager, now_ns, places)
                               : 0;
    for (uint32_t i = 0; i < count && budget > 0 && error == ERROR_NONE; i++) {
        if (!known_torrent_has_room(manager) || !known_session_has_room(manager->shared))
            break;
        budget -= dial_one(manager, places[i], now_ns, &error);
    }
    if (error != ERROR_NONE)
        peer_manager_dial_soon(manager, DIAL_FULL_NS);
    else
        dial_again(manager, now_ns);
}

bool known_has_candidate(const struct peer_manager *manager)
{
    const uint64_t now_ns = loop_now_ns(manager->loop);
    for (uint32_t i = 0; i < manager->known_count; i++)
        if (known_ready_ns(manager, &manager->known[i]) <= now_ns &&
            is_candidate(manager, &manager->known[i]))
            return true;
    return false;
}
