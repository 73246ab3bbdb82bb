#include "peer/choker.h"

#include <stddef.h>

static bool may_have_slot(const struct choker_peer *peer)
{
    return peer->interested && !peer->blocked;
}

/* Leeching: who gives most. Seeding: who has waited longest, so that everybody is served
 * in turn; a slot once given is kept for one minute. */
static bool is_better(const struct choker_peer *a, const struct choker_peer *b,
                      bool seeding, uint64_t now_ns)
{
    if (seeding) {
        const bool a_kept = a->unchoked && now_ns - a->unchoked_at_ns < 60 * NS_PER_S;
        const bool b_kept = b->unchoked && now_ns - b->unchoked_at_ns < 60 * NS_PER_S;
        if (a_kept != b_kept)
            return a_kept;
        if (a->unchoked != b->unchoked)
            return !a->unchoked;
        return a->unchoked_at_ns < b->unchoked_at_ns;
    }
    if (a->snubbed != b->snubbed)
        return b->snubbed;
    return a->given > b->given;
}

static void pick_optimistic(struct choker *choker, struct choker_peer *peers,
                            uint32_t count, uint64_t now_ns,
                            const struct random_source *random)
{
    struct choker_peer *best = NULL;
    const bool keep = now_ns - choker->optimistic_since_ns < CHOKER_OPTIMISTIC_NS &&
                      choker->optimistic_since_ns != 0;
    uint32_t ties = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct choker_peer *peer = &peers[i];
        const bool was = peer->optimistic;
        peer->optimistic = false;
        if (peer->unchoked || !may_have_slot(peer))
            continue;
        if (keep && was) {
            best = peer;
            break;
        }
        /* The longest without a slot, which the newest are by having had none. */
        if (best == NULL || peer->unchoked_at_ns < best->unchoked_at_ns) {
            best = peer;
            ties = 1;
        } else if (peer->unchoked_at_ns == best->unchoked_at_ns &&
                   random_below(random, ++ties) == 0) {
            best = peer;
        }
    }
    if (best == NULL)
        return;
    if (!keep)
        choker->optimistic_since_ns = now_ns;
    best->optimistic = best->unchoked = true;
}

void choker_run(struct choker *choker, struct choker_peer *peers, uint32_t count,
                uint32_t slots, bool seeding, uint64_t now_ns,
                const struct random_source *random)
{
    struct choker_peer *chosen[64];
    uint32_t taken = 0;
    if (slots > 64)
        slots = 64;
    /* Insertion into a short sorted list: slots are few, so this is O(count) in practice.
     */
    for (uint32_t i = 0; i < count; i++) {
        struct choker_peer *peer = &peers[i];
        if (!may_have_slot(peer) || (!seeding && peer->snubbed))
            continue;
        uint32_t at = taken < slots ? taken++ : slots;
        if (at == slots &&
            (slots == 0 || !is_better(peer, chosen[slots - 1], seeding, now_ns)))
            continue;
        if (at == slots)
            at--;
        while (at > 0 && is_better(peer, chosen[at - 1], seeding, now_ns)) {
            chosen[at] = chosen[at - 1];
            at--;
        }
        chosen[at] = peer;
    }
    for (uint32_t i = 0; i < count; i++)
        peers[i].unchoked = false;
    for (uint32_t i = 0; i < taken; i++)
        chosen[i]->unchoked = true;
    pick_optimistic(choker, peers, count, now_ns, random);
}
