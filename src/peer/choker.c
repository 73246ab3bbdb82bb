#include "peer/choker.h"

#include <stddef.h>

#define STARVING_BYTES_PER_S 2048u
#define HOLD_PERIODS         12u
#define QUANTUM_LEAST        (BLOCK_BYTES / 16)
#define OPTIMISTIC_PART      5u /* one in so many of all */
#define WAIT_WEIGHT          3u /* BEP 3: new ones are three times as likely */

static bool may_have_slot(const struct choker_peer *peer)
{
    return peer->interested && !peer->blocked;
}

/* Seeding: in the middle of its turn. */
static bool is_in_turn(const struct choker_peer *peer, const struct choker_rules *rules)
{
    return peer->unchoked && rules->now_ns - peer->unchoked_at_ns < CHOKER_TURN_NS &&
           (peer->quota == 0 || peer->served < peer->quota);
}

/* Seeding: how long it has waited, or had its slot. */
static uint64_t seed_waited(const struct choker_peer *peer,
                            const struct choker_rules *rules)
{
    if (peer->unchoked_at_ns == 0)
        return UINT64_MAX; /* it never had one */
    return rules->now_ns - peer->unchoked_at_ns;
}

static bool is_better(const struct choker_peer *a, const struct choker_peer *b,
                      const struct choker_rules *rules)
{
    if (!rules->whole) {
        const bool a_has = a->unchoked && !a->optimistic;
        const bool b_has = b->unchoked && !b->optimistic;
        if (a_has != b_has)
            return a_has;
    }
    if (rules->seeding) {
        if (a->gave != b->gave)
            return a->gave;
        const bool a_kept = is_in_turn(a, rules), b_kept = is_in_turn(b, rules);
        if (a_kept != b_kept)
            return a_kept;
        if (a->unchoked != b->unchoked)
            return !a->unchoked;
        return seed_waited(a, rules) > seed_waited(b, rules);
    }
    return a->given != b->given ? a->given > b->given : a->gave && !b->gave;
}

struct chosen {
    struct choker_peer *peers[CHOKER_SLOTS_MOST];
    uint32_t count, most;
};

/* The place in CHOSEN of one from the same public host, or its count. */
static uint32_t same_host(const struct chosen *chosen, const struct choker_peer *peer)
{
    uint32_t at = 0;
    while (at < chosen->count &&
           (peer->host == 0 || chosen->peers[at]->host != peer->host))
        at++;
    return at;
}

static void drop(struct chosen *chosen, uint32_t at)
{
    chosen->count--;
    for (; at < chosen->count; at++)
        chosen->peers[at] = chosen->peers[at + 1];
}

/* Insertion into a short sorted list: slots are few, so this is O(count) in practice. */
static void consider(struct chosen *chosen, struct choker_peer *peer,
                     const struct choker_rules *rules)
{
    const uint32_t twin = same_host(chosen, peer);
    if (twin < chosen->count) {
        if (!is_better(peer, chosen->peers[twin], rules))
            return;
        drop(chosen, twin);
    }
    if (chosen->count == chosen->most) {
        if (!is_better(peer, chosen->peers[chosen->count - 1], rules))
            return;
        chosen->count--;
    }
    uint32_t at = chosen->count++;
    for (; at > 0 && is_better(peer, chosen->peers[at - 1], rules); at--)
        chosen->peers[at] = chosen->peers[at - 1];
    chosen->peers[at] = peer;
}

static bool keeps_optimistic(const struct choker *choker,
                             const struct choker_rules *rules)
{
    return choker->optimistic_since_ns != 0 &&
           (!rules->whole ||
            rules->now_ns - choker->optimistic_since_ns < CHOKER_OPTIMISTIC_NS);
}

/* New ones have to get something before they can give, and one that gave back what it got
 * may do so again: their waiting counts three times that of one that took and gave
 * nothing. */
static uint64_t waited(const struct choker_peer *peer, uint64_t now_ns)
{
    if (peer->unchoked_at_ns == 0)
        return (now_ns - peer->came_at_ns + 1) * WAIT_WEIGHT;
    return (now_ns - peer->unchoked_at_ns) * (peer->gives ? WAIT_WEIGHT : 1);
}

/* Who has waited longest for a slot. */
static struct choker_peer *longest_waiting(struct choker_peer *peers, uint32_t count,
                                           const struct chosen *chosen,
                                           const struct choker_rules *rules)
{
    struct choker_peer *best = NULL;
    uint64_t longest = 0;
    uint32_t ties = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct choker_peer *peer = &peers[i];
        if (peer->unchoked || !may_have_slot(peer) ||
            same_host(chosen, peer) < chosen->count)
            continue;
        const uint64_t own = peer->put_last ? 0 : waited(peer, rules->now_ns) + 1;
        if (best == NULL || own > longest) {
            best = peer;
            longest = own;
            ties = 1;
        } else if (own == longest && random_below(rules->random, ++ties) == 0) {
            best = peer;
        }
    }
    return best;
}

void choker_run(struct choker *choker, struct choker_peer *peers, uint32_t count,
                const struct choker_rules *rules)
{
    struct chosen chosen = {.most =
                                choker->slots != 0 ? choker->slots : CHOKER_SLOTS_FIRST};
    struct choker_peer *optimistic = NULL;
    const bool keep = keeps_optimistic(choker, rules);
    for (uint32_t i = 0; i < count; i++) {
        struct choker_peer *peer = &peers[i];
        const bool is_over = rules->whole && rules->seeding && !is_in_turn(peer, rules);
        if (keep && peer->optimistic && peer->unchoked && may_have_slot(peer) &&
            !peer->put_last && !is_over)
            optimistic = peer;
        if (may_have_slot(peer) && !peer->put_last && (rules->seeding || !peer->snubbed))
            consider(&chosen, peer, rules);
    }
    for (uint32_t i = 0; i < count; i++)
        peers[i].unchoked = peers[i].optimistic = false;
    for (uint32_t i = 0; i < chosen.count; i++)
        chosen.peers[i]->unchoked = true;
    if (optimistic != NULL &&
        (optimistic->unchoked || same_host(&chosen, optimistic) < chosen.count))
        optimistic = NULL; /* it has earned a regular slot, or its host has one */
    if (optimistic == NULL) {
        optimistic = longest_waiting(peers, count, &chosen, rules);
        choker->optimistic_since_ns = optimistic != NULL ? rules->now_ns : 0;
    }
    if (optimistic != NULL)
        optimistic->optimistic = optimistic->unchoked = true;
}

/* Bytes of a round in which all have BLOCK_BYTES on average. */
static uint64_t portion(const struct choker_peer *peer, uint64_t round,
                        bool has_optimistic, uint64_t given)
{
    const uint64_t optimistic = has_optimistic ? round / OPTIMISTIC_PART : 0;
    if (given == 0)
        return BLOCK_BYTES;
    return peer->optimistic
               ? optimistic
               : (round - optimistic) / 1024 * peer->given / (given / 1024 + 1);
}

void choker_weigh(struct choker_peer *peers, uint32_t count)
{
    uint64_t given = 0, most = 0, round = 0;
    bool has_optimistic = false;
    for (uint32_t i = 0; i < count; i++) {
        if (!peers[i].unchoked)
            continue;
        round += BLOCK_BYTES;
        has_optimistic |= peers[i].optimistic;
        given += peers[i].optimistic ? 0 : peers[i].given;
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t own =
            peers[i].unchoked ? portion(&peers[i], round, has_optimistic, given) : 0;
        most = own > most ? own : most;
        peers[i].quantum = (uint32_t)own;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (most > CHOKER_TURN_BLOCKS * BLOCK_BYTES)
            peers[i].quantum = (uint32_t)((uint64_t)peers[i].quantum *
                                          CHOKER_TURN_BLOCKS * BLOCK_BYTES / most);
        if (peers[i].quantum < QUANTUM_LEAST)
            peers[i].quantum = QUANTUM_LEAST;
    }
}

void choker_adapt(struct choker *choker, const struct choker_use *use)
{
    if (choker->slots == 0)
        choker->slots = CHOKER_SLOTS_FIRST;
    const bool full =
        use->used > 0 && use->used >= choker->slots && use->busy == use->used;
    const bool starving = full && use->used > use->held &&
                          use->rate / (use->used - use->held) < STARVING_BYTES_PER_S;
    const bool saturated = use->limit != 0 && use->rate >= use->limit / 100 * 95;
    const uint32_t grown = choker->grown;
    const bool in_vain =
        grown > 0 && use->rate < choker->rate_before + choker->rate_before / 32;
    choker->grown = 0;
    if (choker->hold > 0)
        choker->hold--;
    if (starving || (in_vain && full)) {
        const uint32_t back = in_vain ? grown : 1;
        choker->slots = choker->slots > CHOKER_SLOTS_LEAST + back ? choker->slots - back
                                                                  : CHOKER_SLOTS_LEAST;
        choker->hold = HOLD_PERIODS;
    } else if (full && !saturated && choker->hold == 0 &&
               choker->slots < CHOKER_SLOTS_MOST) {
        const uint32_t room = CHOKER_SLOTS_MOST - choker->slots;
        choker->grown = 1 + use->held < room ? 1 + use->held : room;
        choker->slots += choker->grown;
    }
    choker->rate_before = use->rate;
}
