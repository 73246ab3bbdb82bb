#include "peer/pace.h"

#include "peer/upload_private.h"

#include <stdlib.h>
#include <utlist.h>

static uint64_t now_of(const struct peer *peer)
{
    return loop_now_ns(peer->manager->loop);
}

/* Blocks that may go now, in its part where several wait; at least 1. */
static uint32_t part_of(const struct peer *peer, enum pace_way way, bool share)
{
    const uint64_t now_ns = now_of(peer);
    struct pace_torrent *torrent = pace_torrent_of(peer, way);
    struct pace_session *session = torrent->session;
    struct pace_own *own = pace_own_of(peer, way);
    int64_t room = rate_limit_room(&session->bucket.limit, now_ns);
    if (share && session->waiting > 0)
        room /= session->waiting;
    int64_t other = rate_limit_room(&torrent->bucket.limit, now_ns);
    if (share && torrent->count > 0)
        other /= torrent->count;
    room = other < room ? other : room;
    other = own != NULL ? rate_limit_room(&own->bucket.limit, now_ns) : room;
    room = (other < room ? other : room) / (int64_t)BLOCK_BYTES;
    return room < 1 ? 1 : room < REQUESTS_MAX ? (uint32_t)room : REQUESTS_MAX;
}

/* ---- lists ---- */

static void list(struct pace_torrent *torrent)
{
    struct pace_session *session = torrent->session;
    if (torrent->listed || torrent->count == 0)
        return;
    torrent->listed = true;
    torrent->turns = torrent->count;
    session->waiting += torrent->count;
    DL_APPEND(session->torrents, torrent);
}

static void unlist(struct pace_torrent *torrent)
{
    struct pace_session *session = torrent->session;
    if (!torrent->listed)
        return;
    torrent->listed = false;
    session->waiting -= torrent->count;
    DL_DELETE(session->torrents, torrent);
    if (session->torrents == NULL)
        loop_timer_cancel(session->loop, &session->bucket.timer);
}

/* Waits for the first bucket on its way that has no room. */
static void queue(struct peer *peer, enum pace_way way)
{
    struct pace_place *place = &peer->pace[way];
    struct pace_torrent *torrent = pace_torrent_of(peer, way);
    struct pace_session *session = torrent->session;
    struct pace_own *own = pace_own_of(peer, way);
    if (own != NULL && !pace_has_room(&own->bucket, now_of(peer))) {
        place->state = PACE_PARKED;
        own->peer = peer;
        pace_wait_for(&own->bucket, session->loop);
        return;
    }
    place->state = PACE_QUEUED;
    place->turn = 0;
    torrent->count++;
    session->waiting += torrent->listed;
    DL_APPEND2(torrent->peers, peer, pace[way].prev, pace[way].next);
    if (!torrent->listed && !pace_has_room(&torrent->bucket, now_of(peer))) {
        pace_wait_for(&torrent->bucket, session->loop);
        return;
    }
    list(torrent);
    pace_wait_for(&session->bucket, session->loop);
}

static void leave_queue(struct peer *peer, enum pace_way way)
{
    struct pace_torrent *torrent = pace_torrent_of(peer, way);
    peer->pace[way].state = PACE_OUT;
    DL_DELETE2(torrent->peers, peer, pace[way].prev, pace[way].next);
    if (torrent->count == 1) {
        unlist(torrent);
        loop_timer_cancel(torrent->session->loop, &torrent->bucket.timer);
    }
    torrent->count--;
    torrent->session->waiting -= torrent->listed;
}

static void unpark(struct pace_own *own, struct loop *loop)
{
    own->peer->pace[own->way].state = PACE_OUT;
    own->peer = NULL;
    loop_timer_cancel(loop, &own->bucket.timer);
}

void pace_forget(struct peer *peer)
{
    for (int way = 0; way < PACE_WAYS; way++) {
        struct pace_place *place = &peer->pace[way];
        if (place->state == PACE_QUEUED)
            leave_queue(peer, (enum pace_way)way);
        else if (place->state == PACE_PARKED)
            unpark(pace_own_of(peer, (enum pace_way)way), peer->manager->loop);
        else if (place->state == PACE_OFFERED)
            DL_DELETE2(peer->manager->offered, peer, pace[way].prev, pace[way].next);
        place->state = PACE_OUT;
    }
    /* What it was asked for will not come. */
    pace_refund(peer, PACE_DOWN,
                peer->pace[PACE_DOWN].promised +
                    (uint64_t)peer->asked.length * BLOCK_BYTES);
    peer->pace[PACE_DOWN].promised = 0;
}

/* ---- down: offers ---- */

static void offer(struct peer *peer, uint32_t most)
{
    const uint32_t blocks = peer_offer_room(peer, most);
    if (blocks == 0)
        return; /* it comes back when it has room again */
    struct pace_place *place = &peer->pace[PACE_DOWN];
    place->state = PACE_OFFERED;
    place->promised = blocks * BLOCK_BYTES;
    pace_spend(peer, PACE_DOWN, place->promised);
    DL_APPEND2(peer->manager->offered, peer, pace[PACE_DOWN].prev, pace[PACE_DOWN].next);
}

void pace_request(struct peer *peer, uint32_t bytes)
{
    struct pace_place *place = &peer->pace[PACE_DOWN];
    if (place->promised < BLOCK_BYTES) {
        pace_spend(peer, PACE_DOWN, bytes);
        return;
    }
    place->promised -= BLOCK_BYTES;
    pace_refund(peer, PACE_DOWN, BLOCK_BYTES - bytes);
}

/* There is more room than when the timer was set. */
static void wait_anew(struct pace_bucket *bucket, struct loop *loop)
{
    if (!loop_timer_is_set(&bucket->timer))
        return;
    loop_timer_cancel(loop, &bucket->timer);
    pace_wait_for(bucket, loop);
}

static void give_back(struct peer *peer, uint32_t bytes)
{
    struct pace_torrent *torrent = pace_torrent_of(peer, PACE_DOWN);
    pace_refund(peer, PACE_DOWN, bytes);
    wait_anew(&torrent->bucket, peer->manager->loop);
    wait_anew(&torrent->session->bucket, peer->manager->loop);
}

void pace_settle(struct peer_manager *manager)
{
    struct peer *offered = manager->offered;
    manager->offered = NULL; /* what is offered from here on is for the next time */
    while (offered != NULL) {
        struct peer *peer = offered;
        struct pace_place *place = &peer->pace[PACE_DOWN];
        const uint32_t left = place->promised;
        DL_DELETE2(offered, peer, pace[PACE_DOWN].prev, pace[PACE_DOWN].next);
        place->state = PACE_OUT;
        place->promised = 0;
        if (left == 0)
            peer_update_idle(peer);
        else
            give_back(peer, left);
    }
}

/* ---- serving those who wait ---- */

/* One more turn of TORRENT is over, and maybe the round of its peers. */
static void end_turn(struct pace_torrent *torrent)
{
    struct pace_session *session = torrent->session;
    if (!torrent->listed || --torrent->turns > 0)
        return;
    torrent->turns = torrent->count;
    DL_DELETE(session->torrents, torrent);
    DL_APPEND(session->torrents, torrent);
}

static void serve_up(struct pace_torrent *torrent, struct peer *peer)
{
    struct pace_place *place = &peer->pace[PACE_UP];
    uint32_t blocks = part_of(peer, PACE_UP, false);
    if (place->turn == 0)
        place->turn = peer_turn(peer);
    if (blocks > place->turn)
        blocks = place->turn;
    place->turn -= blocks;
    const bool more = peer_serve_share(peer, blocks);
    if (peer->sending != NULL)
        peer_flush_soon(peer);
    if (!more) {
        leave_queue(peer, PACE_UP);
        end_turn(torrent);
    } else if (place->turn == 0) {
        DL_DELETE2(torrent->peers, peer, pace[PACE_UP].prev, pace[PACE_UP].next);
        DL_APPEND2(torrent->peers, peer, pace[PACE_UP].prev, pace[PACE_UP].next);
        end_turn(torrent);
    }
}

static void serve_next(struct pace_torrent *torrent)
{
    const enum pace_way way = torrent->session->way;
    struct peer *peer = torrent->peers;
    struct pace_own *own = pace_own_of(peer, way);
    if (own != NULL && !pace_has_room(&own->bucket, now_of(peer))) {
        leave_queue(peer, way);
        queue(peer, way);
        end_turn(torrent);
    } else if (way == PACE_UP) {
        serve_up(torrent, peer);
    } else {
        const uint32_t part = part_of(peer, way, true);
        leave_queue(peer, way);
        offer(peer, part);
        end_turn(torrent);
    }
}

static void serve(struct pace_session *session)
{
    const uint64_t now_ns = loop_now_ns(session->loop);
    while (session->torrents != NULL && pace_has_room(&session->bucket, now_ns)) {
        struct pace_torrent *torrent = session->torrents;
        if (pace_has_room(&torrent->bucket, now_ns)) {
            serve_next(torrent);
        } else {
            unlist(torrent);
            pace_wait_for(&torrent->bucket, session->loop);
        }
    }
    if (session->torrents != NULL)
        pace_wait_for(&session->bucket, session->loop);
}

bool pace_is_awaited(const struct pace_torrent *torrent)
{
    return torrent->session->torrents != NULL || torrent->peers != NULL;
}

/* Where nobody else waits, and there is room, it need not wait either. */
static bool may_go(const struct peer *peer, enum pace_way way)
{
    const uint64_t now_ns = now_of(peer);
    struct pace_torrent *torrent = pace_torrent_of(peer, way);
    struct pace_own *own = pace_own_of(peer, way);
    return !pace_is_awaited(torrent) &&
           pace_has_room(&torrent->session->bucket, now_ns) &&
           pace_has_room(&torrent->bucket, now_ns) &&
           (own == NULL || pace_has_room(&own->bucket, now_ns));
}

void pace_wait(struct peer *peer, enum pace_way way)
{
    if (peer->pace[way].state != PACE_OUT)
        return;
    if (!may_go(peer, way))
        queue(peer, way);
    else if (way == PACE_DOWN)
        offer(peer, part_of(peer, way, false));
    else if (peer_serve_share(peer, part_of(peer, way, false)))
        queue(peer, way);
}

/* ---- life ---- */

static void on_session_room(void *context)
{
    serve(context);
}

static void on_torrent_room(void *context)
{
    struct pace_torrent *torrent = context;
    list(torrent);
    serve(torrent->session);
}

static void on_own_room(void *context)
{
    struct pace_own *own = context;
    struct peer *peer = own->peer;
    unpark(own, peer->manager->loop);
    pace_wait(peer, own->way);
    if (peer->sending != NULL)
        peer_flush_soon(peer);
}

void pace_session_init(struct pace_session *session, struct loop *loop, enum pace_way way)
{
    session->loop = loop;
    session->way = way;
    loop_timer_init(&session->bucket.timer, on_session_room, session);
}

void pace_session_done(struct pace_session *session)
{
    loop_timer_cancel(session->loop, &session->bucket.timer);
}

void pace_torrent_init(struct pace_torrent *torrent, struct pace_session *session)
{
    torrent->session = session;
    loop_timer_init(&torrent->bucket.timer, on_torrent_room, torrent);
}

struct peer_limits *peer_limits_new(void)
{
    struct peer_limits *limits = calloc(1, sizeof *limits);
    for (int way = 0; limits != NULL && way < PACE_WAYS; way++) {
        struct pace_own *own = &limits->ways[way];
        own->way = (enum pace_way)way;
        loop_timer_init(&own->bucket.timer, on_own_room, own);
    }
    return limits;
}

void peer_limits_free(struct peer_limits *limits, struct loop *loop)
{
    for (int way = 0; limits != NULL && way < PACE_WAYS; way++)
        loop_timer_cancel(loop, &limits->ways[way].bucket.timer);
    free(limits);
}
