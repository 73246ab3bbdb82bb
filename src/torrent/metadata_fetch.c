#include "torrent/metadata_fetch.h"

#include "base/clock.h"
#include "torrent/metadata_fetch_private.h"

#include <stdlib.h>
#include <string.h>

#define PIPELINE_MAX 4u             /* pieces asked of one peer */
#define REST_NS      (5 * NS_PER_S) /* of one that did not answer; doubled each time */
#define REST_DOUBLES 5u

struct metadata_fetch *metadata_fetch_new(const struct metadata_fetch_config *config)
{
    struct metadata_fetch *fetch = calloc(1, sizeof *fetch);
    if (fetch == NULL)
        return NULL;
    fetch->config = *config;
    fetch->done = METADATA_GROUPS_MAX;
    return fetch;
}

static void group_forget(struct metadata_group *group)
{
    free(group->bytes);
    free(group->have);
    group->bytes = NULL;
    group->have = NULL;
    group->have_count = 0;
}

void metadata_fetch_free(struct metadata_fetch *fetch)
{
    if (fetch == NULL)
        return;
    for (uint32_t i = 0; i < METADATA_GROUPS_MAX; i++)
        group_forget(&fetch->groups[i]);
    for (uint32_t i = 0; i < fetch->peer_count; i++)
        free(fetch->peers[i]);
    free(fetch->peers);
    free(fetch);
}

/* ---- who offers what ---- */

static uint32_t find(const struct metadata_fetch *fetch, struct peer_id_ref ref)
{
    for (uint32_t i = 0; i < fetch->peer_count; i++)
        if (fetch->peers[i]->ref.index == ref.index &&
            fetch->peers[i]->ref.generation == ref.generation)
            return i;
    return METADATA_NOBODY;
}

static uint32_t members(const struct metadata_fetch *fetch, uint32_t group)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < fetch->peer_count; i++)
        count += fetch->peers[i]->group == group && !fetch->peers[i]->lied;
    return count;
}

/* A group without anybody gives its place up when another is needed. */
static uint32_t group_of(struct metadata_fetch *fetch, uint32_t total)
{
    uint32_t place = METADATA_GROUPS_MAX;
    for (uint32_t i = 0; i < METADATA_GROUPS_MAX; i++) {
        if (fetch->groups[i].total == total)
            return i;
        if (place == METADATA_GROUPS_MAX &&
            (fetch->groups[i].total == 0 || members(fetch, i) == 0))
            place = i;
    }
    if (place == METADATA_GROUPS_MAX)
        return METADATA_GROUPS_MAX;
    group_forget(&fetch->groups[place]);
    fetch->groups[place] = (struct metadata_group){
        .total = total, .pieces = metadata_piece_count(total), .alone = METADATA_NOBODY};
    return place;
}

static bool make_room(struct metadata_fetch *fetch)
{
    if (fetch->peer_count < fetch->peer_capacity)
        return true;
    const uint32_t capacity = fetch->peer_capacity == 0 ? 8 : fetch->peer_capacity * 2;
    struct metadata_peer **peers =
        realloc(fetch->peers, capacity * sizeof(struct metadata_peer *));
    if (peers == NULL)
        return false;
    fetch->peers = peers;
    fetch->peer_capacity = capacity;
    return true;
}

void metadata_fetch_offer(struct metadata_fetch *fetch, struct peer_id_ref ref,
                          int64_t total, bool one_by_one)
{
    if (total <= 0 || total > METADATA_MAX_BYTES || find(fetch, ref) != METADATA_NOBODY ||
        !make_room(fetch))
        return;
    const uint32_t group = group_of(fetch, (uint32_t)total);
    struct metadata_peer *peer =
        group < METADATA_GROUPS_MAX ? calloc(1, sizeof *peer) : NULL;
    if (peer == NULL)
        return;
    peer->ref = ref;
    peer->group = group;
    peer->pipeline = one_by_one ? 1 : PIPELINE_MAX;
    fetch->peers[fetch->peer_count++] = peer;
}

/* What the one that was to prove itself has given counts no more without it. */
static void leave_alone(struct metadata_fetch *fetch, uint32_t place)
{
    struct metadata_group *group = &fetch->groups[fetch->peers[place]->group];
    if (group->alone != place)
        return;
    group->alone = METADATA_NOBODY;
    group_forget(group);
}

void metadata_fetch_gone(struct metadata_fetch *fetch, struct peer_id_ref ref)
{
    const uint32_t place = find(fetch, ref), last = fetch->peer_count - 1;
    if (place == METADATA_NOBODY)
        return;
    leave_alone(fetch, place);
    free(fetch->peers[place]);
    fetch->peers[place] = fetch->peers[last];
    fetch->peer_count--;
    for (uint32_t i = 0; i < METADATA_GROUPS_MAX; i++)
        if (fetch->groups[i].alone == last)
            fetch->groups[i].alone = place;
}

static void give_up(struct metadata_peer *peer)
{
    memset(peer->asked, 0, sizeof peer->asked);
    peer->asked_count = 0;
}

void metadata_fetch_rest(struct metadata_fetch *fetch, uint32_t place, uint64_t now_ns)
{
    struct metadata_peer *peer = fetch->peers[place];
    give_up(peer);
    peer->rest_until_ns = now_ns + (REST_NS << peer->rests);
    if (peer->rests < REST_DOUBLES)
        peer->rests++;
    leave_alone(fetch, place);
}

/* ---- what comes ---- */

static bool is_right(const struct metadata_fetch *fetch,
                     const struct metadata_group *group)
{
    uint8_t sha1[SHA1_BYTES], sha256[SHA256_BYTES];
    digest_sha1(group->bytes, group->total, sha1);
    if (fetch->config.has_v1 && memcmp(sha1, fetch->config.hash.bytes, SHA1_BYTES) != 0)
        return false;
    digest_sha256(group->bytes, group->total, sha256);
    return !fetch->config.has_v2 ||
           memcmp(sha256, fetch->config.hash_v2, SHA256_BYTES) == 0;
}

/* X11: one that gave all of it lies; of several it is not known which. */
static enum metadata_verdict begin_anew(struct metadata_fetch *fetch, uint32_t number)
{
    struct metadata_group *group = &fetch->groups[number];
    uint32_t givers = 0, giver = METADATA_NOBODY;
    group->failures++;
    group->alone = METADATA_NOBODY;
    group_forget(group);
    for (uint32_t i = 0; i < fetch->peer_count; i++) {
        struct metadata_peer *peer = fetch->peers[i];
        if (peer->group != number)
            continue;
        give_up(peer);
        givers += peer->gave;
        giver = peer->gave ? i : giver;
        peer->gave = false;
    }
    fetch->liar = (struct peer_id_ref){0, 0};
    if (givers == 1) {
        fetch->peers[giver]->lied = true;
        fetch->liar = fetch->peers[giver]->ref;
    }
    return METADATA_VERDICT_WRONG;
}

static bool make_bytes(struct metadata_group *group)
{
    if (group->bytes != NULL)
        return true;
    group->bytes = malloc(group->total);
    group->have = calloc(group->pieces, sizeof *group->have);
    if (group->bytes != NULL && group->have != NULL)
        return true;
    group_forget(group);
    return false;
}

static enum metadata_verdict take(struct metadata_fetch *fetch,
                                  struct metadata_peer *peer, uint32_t piece,
                                  const uint8_t *bytes, uint32_t length)
{
    struct metadata_group *group = &fetch->groups[peer->group];
    if (!make_bytes(group) || group->have[piece])
        return METADATA_VERDICT_FINE;
    memcpy(group->bytes + (size_t)piece * METADATA_PIECE_BYTES, bytes, length);
    group->have[piece] = true;
    peer->gave = true;
    if (++group->have_count < group->pieces)
        return METADATA_VERDICT_FINE;
    if (!is_right(fetch, group))
        return begin_anew(fetch, peer->group);
    fetch->done = peer->group;
    return METADATA_VERDICT_DONE;
}

static void answered(struct metadata_peer *peer, uint32_t piece, uint64_t now_ns)
{
    if (piece >= METADATA_MAX_PIECES || !peer->asked[piece])
        return;
    peer->asked[piece] = false;
    peer->asked_count--;
    peer->asked_ns = now_ns;
}

enum metadata_verdict metadata_fetch_arrived(struct metadata_fetch *fetch,
                                             struct peer_id_ref ref,
                                             const struct metadata_piece *piece,
                                             uint64_t now_ns)
{
    const uint32_t place = find(fetch, ref);
    if (place == METADATA_NOBODY || fetch->done < METADATA_GROUPS_MAX)
        return METADATA_VERDICT_FINE;
    struct metadata_peer *peer = fetch->peers[place];
    const struct metadata_group *group = &fetch->groups[peer->group];
    answered(peer, piece->number, now_ns);
    if (piece->number >= group->pieces ||
        piece->length != metadata_piece_length(group->total, piece->number) ||
        (piece->total != 0 && piece->total != group->total)) {
        metadata_fetch_rest(fetch, place, now_ns);
        return METADATA_VERDICT_STRIKE;
    }
    if (peer->lied || (group->alone != METADATA_NOBODY && group->alone != place))
        return METADATA_VERDICT_FINE; /* late, and it would blur who gave what */
    peer->rests = 0;
    return take(fetch, peer, piece->number, piece->bytes, piece->length);
}

void metadata_fetch_refused(struct metadata_fetch *fetch, struct peer_id_ref ref,
                            uint32_t piece, uint64_t now_ns)
{
    const uint32_t place = find(fetch, ref);
    if (place == METADATA_NOBODY)
        return;
    answered(fetch->peers[place], piece, now_ns);
    metadata_fetch_rest(fetch, place, now_ns);
}

bool metadata_fetch_liar(const struct metadata_fetch *fetch, struct peer_id_ref *ret_peer)
{
    if (fetch->liar.generation == 0)
        return false;
    *ret_peer = fetch->liar;
    return true;
}

uint8_t *metadata_fetch_take(struct metadata_fetch *fetch, size_t *ret_length)
{
    struct metadata_group *group = &fetch->groups[fetch->done];
    uint8_t *bytes = group->bytes;
    *ret_length = group->total;
    group->bytes = NULL;
    return bytes;
}

void metadata_fetch_get_progress(const struct metadata_fetch *fetch,
                                 struct metadata_progress *ret_progress)
{
    struct metadata_progress progress = {.peers = fetch->peer_count};
    for (uint32_t i = 0; i < METADATA_GROUPS_MAX; i++) {
        const struct metadata_group *group = &fetch->groups[i];
        if (group->total == 0 || members(fetch, i) == 0 ||
            (progress.pieces != 0 && group->have_count <= progress.pieces_have))
            continue;
        progress.pieces = group->pieces;
        progress.pieces_have = group->have_count;
    }
    *ret_progress = progress;
}
