/*
 * Rate limits as a chain: a block goes when the buckets of its peer, of its torrent and
 * of the session all have room, each way by itself; protocol messages pass, and are
 * counted. Who finds no room waits for the bucket that has none, and holds up nobody who
 * waits for another: a peer for its own, a torrent with all its peers for the torrent's,
 * the torrents for the session's. Peers of a torrent are served in turn, and torrents in
 * turn with as many turns as they have peers waiting, so that nobody starves. Each step
 * costs the same however many wait; without a limit, or with nobody waiting, no timer is
 * set. Only peer/ includes this. Loop thread.
 */
#ifndef BTTUI_PEER_PACE_H
#define BTTUI_PEER_PACE_H

#include "loop/loop.h"
#include "peer/rate_limit.h"

struct peer;
struct peer_manager;

enum pace_way { PACE_DOWN, PACE_UP, PACE_WAYS };

struct pace_bucket {
    struct rate_limit limit;
    struct loop_timer timer; /* when there will be room, while somebody waits for that */
};

struct pace_torrent;
struct pace_session {
    struct pace_bucket bucket;
    struct loop *loop;
    enum pace_way way;
    struct pace_torrent
        *torrents;    /* whose peers wait for the session's bucket, in turn */
    uint32_t waiting; /* their peers */
};

struct pace_torrent {
    struct pace_bucket bucket;
    struct pace_session *session;
    struct peer *peers; /* that wait for this bucket or the session's, in turn */
    uint32_t count;
    uint32_t turns; /* of its peers, until the next torrent's */
    bool listed;    /* among the session's */
    struct pace_torrent *prev, *next;
};

/* A peer's own limits, made when there are some. They outlast the connection. */
struct pace_own {
    struct pace_bucket bucket;
    struct peer *peer; /* who waits for this bucket */
    enum pace_way way;
};
struct peer_limits {
    struct pace_own ways[PACE_WAYS];
};

enum pace_state {
    PACE_OUT,
    PACE_QUEUED,  /* on its torrent's list */
    PACE_PARKED,  /* waits for its own bucket */
    PACE_OFFERED, /* may ask for `promised` bytes; on its manager's list */
};
/* A peer's place, each way. */
struct pace_place {
    struct peer *prev, *next;
    uint32_t promised;
    uint32_t turn; /* blocks left of its turn of the uplink */
    enum pace_state state;
};

void pace_session_init(struct pace_session *session, struct loop *loop,
                       enum pace_way way);
void pace_session_done(struct pace_session *session);
void pace_torrent_init(struct pace_torrent *torrent, struct pace_session *session);

/* A new limit holds at once, also for those that wait. */
void pace_set_limit(struct pace_bucket *bucket, struct loop *loop, uint64_t bytes_per_s);
struct peer_limits *peer_limits_new(void); /* NULL: out of memory */
void peer_limits_free(struct peer_limits *limits, struct loop *loop);

/* What is on the way of PEER: its torrent's, and its own (NULL: none). */
struct pace_torrent *pace_torrent_of(const struct peer *peer, enum pace_way way);
struct pace_own *pace_own_of(const struct peer *peer, enum pace_way way);
/* For a block, on average. */
bool pace_has_room(struct pace_bucket *bucket, uint64_t now_ns);
/* Sets its timer, unless it is set. */
void pace_wait_for(struct pace_bucket *bucket, struct loop *loop);
/* The narrower of its own limit and the session's, bytes/s; 0: none. */
uint64_t pace_limit(const struct pace_torrent *torrent);
/* Whether somebody waits for its bucket or the session's. */
bool pace_is_awaited(const struct pace_torrent *torrent);
/* Whether any bucket on its way has a limit. */
bool pace_is_limited(const struct peer *peer, enum pace_way way);
/* Whether PEER sends nearly as much as its own limit lets it. */
bool pace_is_held(const struct peer *peer);
/* It could ask for or send something: it does, or waits for its turn. */
void pace_wait(struct peer *peer, enum pace_way way);
/* It is closed: what it held goes back. */
void pace_forget(struct peer *peer);

void pace_spend(struct peer *peer, enum pace_way way, uint64_t bytes);
void pace_refund(struct peer *peer, enum pace_way way, uint64_t bytes);
/* Protocol messages. */
void pace_note(struct peer *peer, enum pace_way way, uint64_t bytes);
/* A block is asked for, as offered or not. */
void pace_request(struct peer *peer, uint32_t bytes);
/* Offers made before have been answered: what was not taken goes back, and who took all
 * waits for more. */
void pace_settle(struct peer_manager *manager);

#endif
