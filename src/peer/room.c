/*
 * Who goes when all places are taken. A peer that has done nothing for a minute has had
 * its chance: the one that did so for longest goes, one at a time. One that never did
 * anything is on trial: after ten seconds it goes as soon as somebody else is there, the
 * one that BEP 40 puts last first; so does one that is upload-only like us. So idle
 * peers, however many, cannot keep a useful one out, while those that stay are not
 * stirred up by others coming and going.
 */
#include "peer/peer_manager_private.h"

#define USELESS_NS  (60 * NS_PER_S)
#define TRIAL_NS    (10 * NS_PER_S)
#define PROMISED_NS (20 * NS_PER_S) /* one that unchoked us may yet send something */
#define SHED_IN_NS  (2 * NS_PER_S)  /* useless ones, for those who come */
#define SHED_OUT_NS (20 * NS_PER_S) /* for those we may dial */
#define HUNGRY_NS   (2 * NS_PER_S)  /* the same, while nobody sends anything */

static bool may_go(const struct peer *peer)
{
    return peer != NULL && !peer->dead && peer->handshaken && !peer->paused;
}

static bool is_useless(const struct peer *peer, uint64_t now_ns)
{
    return peer->useful_at_ns != 0 && now_ns - peer->useful_at_ns >= USELESS_NS;
}

static struct peer *least_useful(const struct peer_manager *manager, uint64_t now_ns)
{
    struct peer *least = NULL;
    for (uint32_t i = 0; i < manager->known_count; i++) {
        struct peer *peer = manager->known[i].peer;
        if (may_go(peer) && is_useless(peer, now_ns) &&
            (least == NULL || peer->useful_at_ns < least->useful_at_ns))
            least = peer;
    }
    return least;
}

/* BEP 21: neither of us wants anything. */
static bool is_pointless(const struct peer *peer)
{
    return peer->manager->upload_only && (peer->is_seed || peer->upload_only);
}

/* Neither has it done anything nor is it about to. */
static bool has_failed_trial(const struct peer *peer, uint64_t now_ns)
{
    if (is_pointless(peer))
        return true;
    const uint64_t trial_ns =
        peer->unchoked && peer->am_interested ? PROMISED_NS : TRIAL_NS;
    const bool is_served = !peer->am_choking && peer->peer_interested;
    return peer->downloaded + peer->uploaded == 0 && peer->filling == NULL &&
           !is_served && now_ns - peer->connected_at_ns >= trial_ns;
}

static struct peer *last_on_trial(const struct peer_manager *manager, uint64_t now_ns)
{
    struct peer *last = NULL;
    uint32_t lowest = 0;
    const struct own_addresses own = peer_own_addresses(manager);
    for (uint32_t i = 0; i < manager->known_count; i++) {
        struct peer *peer = manager->known[i].peer;
        if (!may_go(peer) || !has_failed_trial(peer, now_ns))
            continue;
        const uint32_t priority = known_priority(&own, &manager->known[i]);
        if (last == NULL || priority < lowest) {
            last = peer;
            lowest = priority;
        }
    }
    return last;
}

/* One of MANAGER's own. */
static bool shed(struct peer_manager *manager, uint64_t pause_ns, bool trials)
{
    const uint64_t now_ns = loop_now_ns(manager->loop);
    struct peer *peer = NULL;
    if (manager->shed_at_ns == 0 || now_ns - manager->shed_at_ns >= pause_ns)
        peer = least_useful(manager, now_ns);
    if (peer != NULL)
        manager->shed_at_ns = now_ns;
    else if (trials)
        peer = last_on_trial(manager, now_ns);
    if (peer == NULL)
        return false;
    peer_close(peer, PEER_REASON_TOO_MANY, ERROR_NONE);
    return true;
}

/* Of any torrent, when it is the session that is full. */
static bool shed_of_all(struct peer_shared *shared, uint64_t pause_ns)
{
    struct peer_manager *manager = shared->managers;
    while (manager != NULL && !shed(manager, pause_ns, true))
        manager = manager->next_manager;
    return manager != NULL;
}

static bool is_hungry(const struct peer_manager *manager)
{
    for (uint32_t i = 0; i < manager->known_count; i++) {
        const struct peer *peer = manager->known[i].peer;
        if (peer != NULL && !peer->dead && peer->down_rate > 0)
            return false;
    }
    return !manager->upload_only;
}

bool room_seek(struct peer_manager *manager)
{
    const uint64_t now_ns = loop_now_ns(manager->loop);
    const bool torrent_is_full = !known_torrent_has_room(manager);
    if (!manager->running ||
        (!torrent_is_full && known_session_has_room(manager->shared)))
        return false;
    const bool hungry = is_hungry(manager);
    const uint64_t pause_ns = hungry ? HUNGRY_NS : SHED_OUT_NS;
    const bool is_due = now_ns - manager->sought_at_ns >= pause_ns;
    if (!(is_due || (hungry && manager->dial_turn)) || !known_has_candidate(manager))
        return false;
    const bool found = torrent_is_full || !hungry
                           ? shed(manager, pause_ns, hungry)
                           : shed_of_all(manager->shared, pause_ns);
    if (found) {
        manager->sought_at_ns = now_ns;
        manager->dial_turn = false;
    }
    return found;
}

/* However many come, while we are hungry every other place is for one to dial. */
bool room_make(struct peer_manager *manager)
{
    if (room_seek(manager)) {
        known_dial(manager);
        return false;
    }
    const bool found = manager->connected >= manager->config.max_peers
                           ? shed(manager, SHED_IN_NS, true)
                           : shed_of_all(manager->shared, SHED_IN_NS);
    manager->dial_turn |= found;
    return found;
}
