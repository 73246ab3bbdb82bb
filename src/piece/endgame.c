#include "piece/endgame.h"

#include "piece/piece_private.h"

#include <stdlib.h>

#define ENDGAME_LOOK_NS  (100 * NS_PER_MS) /* between two looks at all requests */
#define ENDGAME_MIN_NS   (50 * NS_PER_MS)  /* a smaller gain is not worth a request */
#define ENDGAME_LATE_NS  (2 * NS_PER_S)    /* mid-way, only blocks as late as this */
#define ENDGAME_FREE     4u                /* duplicates that are no waste yet */
#define ENDGAME_DOUBT_NS (250 * NS_PER_MS) /* for one that has given nothing yet */

/* How much sooner the new owner must be, and how late the block at least. */
struct endgame_rule {
    uint64_t percent; /* of the owner's time */
    uint64_t late_ns;
};

/* Of those asked for it, one that nothing is expected of: it has stalled, or has never
 * given anything to anybody here. NULL: there is none. */
static struct request *endgame_idler(const struct active_block *entry)
{
    struct request *idler = NULL;
    for (uint32_t i = 0; i < entry->owner_count; i++) {
        struct request *request = entry->owners[i];
        if (request->is_stalled)
            return request;
        if (request->peer->arrived_ns == 0)
            idler = request;
    }
    return idler;
}

static void endgame_rank(const struct roster_table *table)
{
    for (uint32_t i = 0; i < table->capacity; i++) {
        uint32_t rank = 0;
        if (table->peers[i] != NULL)
            for (struct request *request = table->peers[i]->requests.oldest;
                 request != NULL; request = request->next)
                request->rank = ++rank;
    }
}

/* Places of all requests in their peers' queues, and one candidate a block. */
static uint32_t endgame_collect(struct piece_manager *manager, uint64_t now_ns,
                                struct endgame_candidate *ret_all, uint32_t capacity)
{
    endgame_rank(&manager->roster.peers);
    endgame_rank(&manager->roster.webseeds);
    uint32_t count = 0;
    struct active *active, *next;
    HASH_ITER(hh, manager->table.by_piece, active, next)
    for (uint32_t i = active->handed;
         i < active->block_count && active->requested > 0 && count < capacity; i++) {
        const struct active_block *entry = &active->blocks[i];
        if (entry->state != ACTIVE_BLOCK_REQUESTED)
            continue;
        uint64_t soonest_ns = UINT64_MAX;
        for (uint32_t owner = 0; owner < entry->owner_count; owner++) {
            const struct request *request = entry->owners[owner];
            const uint64_t bytes = (uint64_t)request->rank * BLOCK_BYTES;
            const uint64_t takes_ns =
                bytes * NS_PER_S / roster_expected_rate(request->peer, now_ns);
            soonest_ns = takes_ns < soonest_ns ? takes_ns : soonest_ns;
        }
        if (entry->owner_count < ACTIVE_OWNERS_MAX || endgame_idler(entry) != NULL)
            ret_all[count++] = (struct endgame_candidate){
                .due_ns = now_ns + soonest_ns, .piece = active->piece, .block = i};
    }
    return count;
}

static int endgame_compare(const void *a, const void *b)
{
    const struct endgame_candidate *left = a, *right = b;
    return (left->due_ns < right->due_ns) - (left->due_ns > right->due_ns);
}

/* Looks at all requests, not more often than ENDGAME_LOOK_NS for all peers together,
 * unless half of what was requested has come. */
static void endgame_look(struct piece_manager *manager, uint64_t now_ns)
{
    struct endgame *endgame = &manager->endgame;
    const uint64_t requested = manager->table.requested;
    if (endgame->has_looked && now_ns - endgame->looked_ns < ENDGAME_LOOK_NS &&
        requested * 2 > endgame->requested && requested <= endgame->requested * 2)
        return;
    endgame->has_looked = true;
    endgame->looked_ns = now_ns;
    endgame->requested = requested;
    endgame->count = 0;
    struct endgame_candidate *all = realloc(endgame->latest, requested * sizeof *all);
    if (all == NULL)
        return;
    endgame->latest = all;
    const uint32_t count = endgame_collect(manager, now_ns, all, (uint32_t)requested);
    qsort(all, count, sizeof *all, endgame_compare);
    endgame->count = count < ENDGAME_CANDIDATES ? count : ENDGAME_CANDIDATES;
}

void endgame_done(struct endgame *endgame)
{
    free(endgame->latest);
    *endgame = (struct endgame){0};
}

/* Duplicates are bounded: the more of them came for nothing, the more must be gained.
 * While there is nothing else to ask for, somebody who has a block at hand is worth more
 * than a place in the queue of one whom all are asking. */
static struct endgame_rule endgame_rule(const struct piece_manager *manager)
{
    const uint64_t blocks = manager->config.total_bytes / BLOCK_BYTES;
    const uint64_t wasted =
        manager->duplicates > ENDGAME_FREE ? manager->duplicates - ENDGAME_FREE : 0;
    if (manager->picker.free_count > 0)
        return wasted * 250 > blocks /* 0.4 % */
                   ? (struct endgame_rule){.percent = 20, .late_ns = 5 * NS_PER_S}
                   : (struct endgame_rule){.percent = 33, .late_ns = ENDGAME_LATE_NS};
    if (wasted * 200 > blocks) /* 0.5 % */
        return (struct endgame_rule){.percent = 20, .late_ns = NS_PER_S};
    if (wasted * 400 > blocks) /* 0.25 % */
        return (struct endgame_rule){.percent = 33, .late_ns = 5 * ENDGAME_MIN_NS};
    return (struct endgame_rule){.percent = 67, .late_ns = ENDGAME_MIN_NS};
}

/* Nobody who was asked for it has ever given anything: what is asked for twice will
 * hardly come twice. */
static bool endgame_is_doubtful(const struct active_block *entry)
{
    for (uint32_t i = 0; i < entry->owner_count; i++)
        if (entry->owners[i]->peer->arrived_ns != 0)
            return false;
    return true;
}

static bool endgame_is_worth(const struct endgame_rule *rule, uint64_t owner_ns,
                             uint64_t ours_ns)
{
    return owner_ns >= rule->late_ns && ours_ns < owner_ns &&
           owner_ns - ours_ns >= ENDGAME_MIN_NS &&
           ours_ns / 100 < owner_ns / 10000 * rule->percent;
}

/* One that gives takes the place of one that does not. */
static bool endgame_has_place(const struct active_block *entry,
                              const struct piece_peer *peer)
{
    return entry->owner_count < ACTIVE_OWNERS_MAX ||
           (peer->arrived_ns != 0 && endgame_idler(entry) != NULL);
}

uint32_t endgame_pick(struct piece_manager *manager, struct piece_peer *peer,
                      const struct bitfield *bits, bool is_seed, uint32_t room,
                      struct block_ref *ret_blocks)
{
    const uint64_t now_ns = piece_now_ns(manager);
    if (now_ns < peer->endgame_ns || peer->is_stalled || manager->table.requested == 0)
        return 0;
    if (peer->arrived_ns == 0 && manager->roster.rate_sum > 0)
        return 0; /* those who are known to give have a block's few places */
    endgame_look(manager, now_ns);
    struct endgame *endgame = &manager->endgame;
    const struct endgame_rule usual = endgame_rule(manager);
    const struct endgame_rule doubt = {.percent = 67, .late_ns = ENDGAME_DOUBT_NS};
    const uint64_t rate = roster_expected_rate(peer, now_ns);
    const uint64_t patience_ns = piece_patience_ns(manager, peer);
    uint32_t count = 0;
    for (uint32_t i = 0; i < endgame->count && count < room; i++) {
        struct endgame_candidate *late = &endgame->latest[i];
        const uint64_t bytes = (uint64_t)(peer->requests.count + 1) * BLOCK_BYTES;
        const uint64_t owner_ns = late->due_ns > now_ns ? late->due_ns - now_ns : 0;
        const uint64_t ours_ns = bytes * NS_PER_S / rate;
        struct active *active = active_find(&manager->table, late->piece);
        if (active == NULL || !piece_peer_has(bits, is_seed, late->piece))
            continue;
        const struct active_block *entry = &active->blocks[late->block];
        const bool is_kept = active->is_retry && active->alone != NULL &&
                             active->alone->arrived_ns != 0 && owner_ns < patience_ns;
        if (entry->state != ACTIVE_BLOCK_REQUESTED || is_kept ||
            !endgame_has_place(entry, peer) ||
            active_owner(active, late->block, peer) != NULL ||
            !endgame_is_worth(endgame_is_doubtful(entry) ? &doubt : &usual, owner_ns,
                              ours_ns))
            continue;
        if (entry->owner_count >= ACTIVE_OWNERS_MAX)
            piece_cancel_request(manager, endgame_idler(entry));
        if (!piece_ask(manager, active, late->block, peer, &ret_blocks[count]))
            break;
        late->due_ns = now_ns + ours_ns;
        count++;
    }
    if (count == 0)
        peer->endgame_ns = now_ns + ENDGAME_LOOK_NS;
    return count;
}
