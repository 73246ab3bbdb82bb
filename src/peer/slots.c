/* Choking: what the choker is told of the peers, and what it decides for them. */

#include "peer/upload_private.h"

#include <stdlib.h>

#define SOON_NS            (NS_PER_S / 10) /* wishes within this are answered together */
#define QUOTA_PIECES       16u
#define QUOTA_FIRST_PIECES 2u
#define GAVE_PART          4u /* of a piece */
#define GAVE_LEAST         (2 * BLOCK_BYTES)

/* Peers of one public address share a number. */
static uint32_t host_of(const struct peer *peer, struct peer *const *who, uint32_t count)
{
    if (netaddr_scope(&peer->stream->remote) != NETADDR_SCOPE_PUBLIC)
        return 0;
    for (uint32_t i = 0; i < count; i++)
        if (netaddr_same_host(&peer->stream->remote, &who[i]->stream->remote))
            return i + 1;
    return count + 1;
}

static bool may_want(const struct peer *peer, uint64_t now_ns)
{
    return !peer->is_seed && !peer->upload_only &&
           (peer->peer_interested || peer->presumed_until_ns > now_ns);
}

/* Of a turn while seeding. The first is short: who has nothing to give is of no use to
 * the others. */
static uint64_t quota_of(const struct peer *peer)
{
    const uint32_t pieces = peer->turns > 1 ? QUOTA_PIECES : QUOTA_FIRST_PIECES;
    return (uint64_t)pieces * peer->manager->config.metainfo.piece_bytes;
}

bool peer_gave(const struct peer *peer)
{
    const uint32_t part = peer->manager->config.metainfo.piece_bytes / GAVE_PART;
    return peer->downloaded >= (part > GAVE_LEAST ? part : GAVE_LEAST);
}

static struct choker_peer describe(const struct peer *peer, uint64_t now_ns)
{
    return (struct choker_peer){
        .interested = may_want(peer, now_ns),
        .snubbed = peer->snubbed,
        .blocked = peer->paused,
        .put_last = peer->put_last,
        .given = peer->manager->complete ? 0 : peer->down_slow,
        .served = peer->uploaded - peer->uploaded_at_slot,
        .quota = quota_of(peer),
        .unchoked_at_ns = peer->slot_changed_ns,
        .came_at_ns = peer->connected_at_ns,
        .gives = peer->downloaded > peer->downloaded_at_slot,
        .gave = peer_gave(peer),
        .unchoked = !peer->am_choking,
        .optimistic = peer->optimistic,
    };
}

static void adapt(struct peer_manager *manager, struct peer *const *who, uint32_t count,
                  uint64_t now_ns)
{
    const uint64_t passed_ns = now_ns - manager->adapted_at_ns;
    struct choker_use use = {.limit = pace_limit(&manager->pace[PACE_UP])};
    for (uint32_t i = 0; i < count; i++) {
        if (who[i]->am_choking)
            continue;
        use.used++;
        use.busy += who[i]->wanted.length + who[i]->reads_out + who[i]->sending_count > 0;
        use.held += pace_is_held(who[i]);
    }
    if (manager->adapted_at_ns != 0 && passed_ns >= NS_PER_S) {
        use.rate = (manager->uploaded - manager->uploaded_before) * 1000 /
                   (passed_ns / NS_PER_MS);
        choker_adapt(&manager->choker, &use);
    }
    manager->adapted_at_ns = now_ns;
    manager->uploaded_before = manager->uploaded;
}

static void tell(struct peer *peer, const struct choker_peer *told)
{
    peer->optimistic = told->optimistic;
    peer->quantum = told->quantum;
    peer_set_choking(peer, !told->unchoked);
    if (peer->dead || !peer->am_choking || !peer->peer_interested || peer->paused)
        return;
    const enum error_code error = peer_allow_fast(peer);
    if (error != ERROR_NONE)
        peer_close(peer, peer_reason_of(error), error);
}

static void run_choker(struct peer_manager *manager, bool whole)
{
    const uint64_t now_ns = loop_now_ns(manager->loop);
    struct choker_peer *peers = calloc(manager->connected + 1u, sizeof *peers);
    struct peer **who = calloc(manager->connected + 1u, sizeof(struct peer *));
    uint32_t count = 0;
    for (uint32_t i = 0; peers != NULL && who != NULL && i < manager->known_count; i++) {
        struct peer *peer = manager->known[i].peer;
        if (peer == NULL || peer->dead || !peer->handshaken ||
            count == manager->connected)
            continue;
        peers[count] = describe(peer, now_ns);
        if (peers[count].interested)
            peers[count].host = host_of(peer, who, count);
        who[count++] = peer;
    }
    if (whole)
        adapt(manager, who, count, now_ns);
    const struct choker_rules rules = {
        .whole = whole,
        .seeding = manager->complete,
        .now_ns = now_ns,
        .random = manager->shared->config.random,
    };
    choker_run(&manager->choker, peers, count, &rules);
    choker_weigh(peers, count);
    manager->slots_used = 0;
    for (uint32_t i = 0; i < count; i++) {
        manager->slots_used += peers[i].unchoked;
        tell(who[i], &peers[i]);
    }
    if (manager->slots_used == 0) { /* an idle torrent keeps no books */
        seed_order_free(manager->order);
        manager->order = NULL;
    }
    free(peers);
    free(who);
    if (whole)
        manager->choked_at_ns = now_ns;
    manager->choke_at_ns = now_ns + SOON_NS;
}

void peer_manager_choke_soon(struct peer_manager *manager)
{
    manager->choke_now = true;
    if (manager->choke_at_ns <= loop_now_ns(manager->loop))
        peer_manager_run_soon(manager);
    else if (!loop_timer_is_set(&manager->choke_timer))
        loop_timer_set(manager->loop, &manager->choke_timer, manager->choke_at_ns);
}

void peer_manager_choke(struct peer_manager *manager)
{
    const uint64_t now_ns = loop_now_ns(manager->loop);
    if (!manager->running)
        return;
    if (now_ns - manager->choked_at_ns >= CHOKER_PERIOD_NS) {
        manager->choke_now = false;
        run_choker(manager, true);
    } else if (manager->choke_now && now_ns >= manager->choke_at_ns) {
        manager->choke_now = false;
        run_choker(manager, false);
    }
}
