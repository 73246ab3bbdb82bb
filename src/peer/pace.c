/*
 * Peers that wait for a rate limit: each limit has one queue over all torrents, served
 * in turn as bytes trickle in, so that nobody starves. Without a limit nobody waits.
 */
#include "peer/peer_private.h"

#include <utlist.h>

#define PACE_NS (20 * NS_PER_MS)

static uint64_t now_of(const struct peer_shared *shared)
{
    return loop_now_ns(shared->config.loop);
}

static uint64_t later(uint64_t in_ns)
{
    return in_ns > PACE_NS ? in_ns : PACE_NS;
}

static void arm(struct peer_shared *shared)
{
    uint64_t in_ns = UINT64_MAX;
    if (shared->waits_down != NULL)
        in_ns = later(rate_limit_wait_ns(&shared->down, BLOCK_BYTES / 2, now_of(shared)));
    if (shared->waits_up != NULL) {
        const uint64_t up_ns = later(rate_limit_wait_ns(&shared->up, 1, now_of(shared)));
        in_ns = up_ns < in_ns ? up_ns : in_ns;
    }
    if (in_ns != UINT64_MAX && !loop_timer_is_set(&shared->pace))
        loop_timer_set_in(shared->config.loop, &shared->pace, in_ns);
}

void pace_wait_down(struct peer *peer)
{
    struct peer_shared *shared = peer->manager->shared;
    if (peer->waits_down)
        return;
    peer->waits_down = true;
    shared->waits_down_count++;
    DL_APPEND2(shared->waits_down, peer, down_prev, down_next);
    arm(shared);
}

void pace_wait_up(struct peer *peer)
{
    struct peer_shared *shared = peer->manager->shared;
    if (peer->waits_up)
        return;
    peer->waits_up = true;
    DL_APPEND2(shared->waits_up, peer, up_prev, up_next);
    arm(shared);
}

static void leave_down(struct peer *peer)
{
    struct peer_shared *shared = peer->manager->shared;
    if (!peer->waits_down)
        return;
    peer->waits_down = false;
    shared->waits_down_count--;
    DL_DELETE2(shared->waits_down, peer, down_prev, down_next);
}

static void leave_up(struct peer *peer)
{
    if (!peer->waits_up)
        return;
    peer->waits_up = false;
    DL_DELETE2(peer->manager->shared->waits_up, peer, up_prev, up_next);
}

void pace_forget(struct peer *peer)
{
    leave_down(peer);
    leave_up(peer);
}

/* Each that has room is offered its part of what may be asked for now. */
static void serve_down(struct peer_shared *shared)
{
    uint32_t turns = shared->waits_down_count;
    int64_t room = rate_limit_room(&shared->down, now_of(shared));
    while (turns > 0 && shared->waits_down != NULL && room >= (int64_t)BLOCK_BYTES / 2) {
        struct peer *peer = shared->waits_down;
        uint64_t part =
            room == INT64_MAX ? REQUESTS_MAX : (uint64_t)room / BLOCK_BYTES / turns;
        if (part == 0)
            part = 1;
        turns--;
        leave_down(peer);
        const uint32_t offered =
            peer_offer_room(peer, part < REQUESTS_MAX ? (uint32_t)part : REQUESTS_MAX);
        if (offered == 0)
            continue; /* it comes back when it has room again */
        if (room != INT64_MAX)
            room -= (int64_t)offered * BLOCK_BYTES;
        pace_wait_down(peer);
    }
}

static void serve_up(struct peer_shared *shared)
{
    while (shared->waits_up != NULL && rate_limit_room(&shared->up, now_of(shared)) > 0) {
        struct peer *peer = shared->waits_up;
        leave_up(peer);
        if (peer_serve_share(peer))
            pace_wait_up(peer);
    }
}

void pace_run(void *context)
{
    struct peer_shared *shared = context;
    serve_down(shared);
    serve_up(shared);
    arm(shared);
}
