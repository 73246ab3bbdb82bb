/* Which piece of the metadata is asked for next, and of whom. */
#include "base/clock.h"
#include "torrent/metadata_fetch_private.h"

#define PARALLEL_MAX 3u /* peers asked at a time */
#define ANSWER_NS    (5 * NS_PER_S)

/* X12: those that do not answer make room. */
static void rest_the_silent(struct metadata_fetch *fetch, uint64_t now_ns)
{
    for (uint32_t i = 0; i < fetch->peer_count; i++)
        if (fetch->peers[i]->asked_count > 0 &&
            now_ns - fetch->peers[i]->asked_ns >= ANSWER_NS)
            metadata_fetch_rest(fetch, i, now_ns);
}

/* Those that are being asked: never more than PARALLEL_MAX. */
struct busy {
    const struct metadata_peer *peers[PARALLEL_MAX];
    uint32_t count;
};

static struct busy find_busy(const struct metadata_fetch *fetch)
{
    struct busy busy = {.count = 0};
    for (uint32_t i = 0; i < fetch->peer_count && busy.count < PARALLEL_MAX; i++)
        if (fetch->peers[i]->asked_count > 0)
            busy.peers[busy.count++] = fetch->peers[i];
    return busy;
}

static bool is_asked_for(const struct busy *busy, uint32_t group, uint32_t piece)
{
    for (uint32_t i = 0; i < busy->count; i++)
        if (busy->peers[i]->group == group && busy->peers[i]->asked[piece])
            return true;
    return false;
}

static uint32_t count_busy(const struct busy *busy, uint32_t group)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < busy->count; i++)
        count += busy->peers[i]->group == group;
    return count;
}

/* The first that is missing and nobody was asked for. */
static uint32_t next_piece(const struct metadata_fetch *fetch, const struct busy *busy,
                           uint32_t number)
{
    const struct metadata_group *group = &fetch->groups[number];
    for (uint32_t piece = 0; piece < group->pieces; piece++)
        if ((group->have == NULL || !group->have[piece]) &&
            !is_asked_for(busy, number, piece))
            return piece;
    return METADATA_NOBODY;
}

static bool may_be_asked(const struct metadata_fetch *fetch, uint32_t place,
                         uint64_t now_ns)
{
    const struct metadata_peer *peer = fetch->peers[place];
    const uint32_t alone = fetch->groups[peer->group].alone;
    return !peer->lied && peer->asked_count < peer->pipeline &&
           now_ns >= peer->rest_until_ns && (alone == METADATA_NOBODY || alone == place);
}

/* Of a group: one who is being asked already, up to the pipeline, but a new one first
 * while there is room for it; of the new, the one that has failed least. */
static uint32_t choose_peer(const struct metadata_fetch *fetch, uint32_t group,
                            bool may_begin, uint64_t now_ns)
{
    uint32_t best = METADATA_NOBODY;
    for (uint32_t i = 0; i < fetch->peer_count; i++) {
        const struct metadata_peer *peer = fetch->peers[i];
        if (peer->group != group || !may_be_asked(fetch, i, now_ns) ||
            (peer->asked_count == 0 && !may_begin))
            continue;
        const struct metadata_peer *other =
            best != METADATA_NOBODY ? fetch->peers[best] : NULL;
        if (other == NULL || peer->asked_count < other->asked_count ||
            (peer->asked_count == other->asked_count && peer->rests < other->rests))
            best = i;
    }
    return best;
}

/* A group that has something to do and somebody to do it; those with fewer at work come
 * first, so that a crowd of one mind does not keep the others waiting. */
static bool choose(struct metadata_fetch *fetch, uint64_t now_ns, uint32_t *ret_peer,
                   uint32_t *ret_piece)
{
    const struct busy busy = find_busy(fetch);
    const bool may_begin = busy.count < PARALLEL_MAX;
    uint32_t least = UINT32_MAX;
    for (uint32_t i = 0; i < METADATA_GROUPS_MAX; i++) {
        const uint32_t group = (fetch->turn + i) % METADATA_GROUPS_MAX;
        if (fetch->groups[group].total == 0)
            continue;
        const uint32_t piece = next_piece(fetch, &busy, group);
        const uint32_t peer = piece != METADATA_NOBODY
                                  ? choose_peer(fetch, group, may_begin, now_ns)
                                  : METADATA_NOBODY;
        const uint32_t asked = count_busy(&busy, group);
        if (peer == METADATA_NOBODY || asked >= least)
            continue;
        least = asked;
        *ret_peer = peer;
        *ret_piece = piece;
    }
    return least != UINT32_MAX;
}

bool metadata_fetch_next(struct metadata_fetch *fetch, uint64_t now_ns,
                         struct metadata_ask *ret_ask)
{
    uint32_t place, piece;
    if (fetch->done < METADATA_GROUPS_MAX)
        return false;
    rest_the_silent(fetch, now_ns);
    if (!choose(fetch, now_ns, &place, &piece))
        return false;
    struct metadata_peer *peer = fetch->peers[place];
    struct metadata_group *group = &fetch->groups[peer->group];
    if (group->failures > 0 && group->alone == METADATA_NOBODY)
        group->alone = place;
    fetch->turn = (peer->group + 1) % METADATA_GROUPS_MAX;
    if (peer->asked_count++ == 0)
        peer->asked_ns = now_ns;
    peer->asked[piece] = true;
    *ret_ask = (struct metadata_ask){peer->ref, piece};
    return true;
}

/* One that has rested enough and is not asked waits for the others: it is told of them.
 */
static uint64_t due_of(const struct metadata_peer *peer, uint64_t now_ns)
{
    if (peer->lied)
        return UINT64_MAX;
    if (peer->asked_count > 0)
        return peer->asked_ns + ANSWER_NS;
    return peer->rest_until_ns > now_ns ? peer->rest_until_ns : UINT64_MAX;
}

uint64_t metadata_fetch_due_ns(const struct metadata_fetch *fetch, uint64_t now_ns)
{
    uint64_t due_ns = UINT64_MAX;
    for (uint32_t i = 0; i < fetch->peer_count && fetch->done == METADATA_GROUPS_MAX;
         i++) {
        const uint64_t at_ns = due_of(fetch->peers[i], now_ns);
        if (at_ns < due_ns)
            due_ns = at_ns;
    }
    return due_ns;
}
