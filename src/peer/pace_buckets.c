/* The buckets on a peer's way, and what goes through them. */
#include "peer/peer_manager_private.h"

/* Timers fire on a grid, so that many small waits are one wake-up. */
#define PACE_NS (20 * NS_PER_MS)
/* A whole block goes when there is room for half of one: on average for all of it. */
#define LEAST_ROOM ((int64_t)BLOCK_BYTES / 2)

struct pace_torrent *pace_torrent_of(const struct peer *peer, enum pace_way way)
{
    return &peer->manager->pace[way];
}

struct pace_own *pace_own_of(const struct peer *peer, enum pace_way way)
{
    struct peer_limits *limits = peer->manager->known[peer->place].limits;
    return limits != NULL ? &limits->ways[way] : NULL;
}

bool pace_has_room(struct pace_bucket *bucket, uint64_t now_ns)
{
    return rate_limit_room(&bucket->limit, now_ns) >= LEAST_ROOM;
}

void pace_wait_for(struct pace_bucket *bucket, struct loop *loop)
{
    const uint64_t now_ns = loop_now_ns(loop);
    if (loop_timer_is_set(&bucket->timer))
        return;
    const uint64_t at_ns =
        now_ns + rate_limit_wait_ns(&bucket->limit, LEAST_ROOM, now_ns);
    loop_timer_set(loop, &bucket->timer, (at_ns / PACE_NS + 1) * PACE_NS);
}

void pace_set_limit(struct pace_bucket *bucket, struct loop *loop, uint64_t bytes_per_s)
{
    if (bucket->limit.bytes_per_s == bytes_per_s)
        return;
    rate_limit_set(&bucket->limit, bytes_per_s, loop_now_ns(loop));
    if (loop_timer_is_set(&bucket->timer))
        loop_timer_set_in(loop, &bucket->timer, 0);
}

uint64_t pace_limit(const struct pace_torrent *torrent)
{
    const uint64_t own = torrent->bucket.limit.bytes_per_s;
    const uint64_t all = torrent->session->bucket.limit.bytes_per_s;
    return own == 0 || (all != 0 && all < own) ? all : own;
}

bool pace_is_limited(const struct peer *peer, enum pace_way way)
{
    const struct pace_torrent *torrent = pace_torrent_of(peer, way);
    const struct pace_own *own = pace_own_of(peer, way);
    return pace_limit(torrent) != 0 ||
           (own != NULL && own->bucket.limit.bytes_per_s != 0);
}

/* A slow one waits most of the time, a fast one is seldom seen waiting. */
bool pace_is_held(const struct peer *peer)
{
    const struct pace_own *own = pace_own_of(peer, PACE_UP);
    return own != NULL && own->bucket.limit.bytes_per_s != 0 &&
           (peer->pace[PACE_UP].state == PACE_PARKED ||
            peer->up_rate >= own->bucket.limit.bytes_per_s / 10 * 9);
}

static void in_all(struct peer *peer, enum pace_way way, uint64_t bytes,
                   void (*change)(struct rate_limit *limit, uint64_t bytes))
{
    struct pace_torrent *torrent = pace_torrent_of(peer, way);
    struct pace_own *own = pace_own_of(peer, way);
    change(&torrent->session->bucket.limit, bytes);
    change(&torrent->bucket.limit, bytes);
    if (own != NULL)
        change(&own->bucket.limit, bytes);
}

void pace_spend(struct peer *peer, enum pace_way way, uint64_t bytes)
{
    in_all(peer, way, bytes, rate_limit_spend);
}

void pace_refund(struct peer *peer, enum pace_way way, uint64_t bytes)
{
    in_all(peer, way, bytes, rate_limit_refund);
}

void pace_note(struct peer *peer, enum pace_way way, uint64_t bytes)
{
    in_all(peer, way, bytes, rate_limit_note);
}
