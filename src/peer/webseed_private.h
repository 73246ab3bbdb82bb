/* The inside of the Webseed Manager: webseed_manager.c (who is asked, and when),
 * webseed_join.c (who may be), webseed_get.c (a run of blocks on its way),
 * webseed_look.c. */
#ifndef BTTUI_PEER_WEBSEED_PRIVATE_H
#define BTTUI_PEER_WEBSEED_PRIVATE_H

#include "peer/peer_private.h"
#include "peer/webseed_manager.h"
#include "peer/webseed_url.h"

#define WEBSEED_GETS 2u

/* A block of a run that is on its way. */
struct webseed_want {
    struct block_ref ref;
    bool cancelled; /* skipped when it comes */
};

/* A run of blocks that lie end to end, fetched file by file. */
struct webseed_get {
    struct webseed *seed;
    struct http_request *request; /* NULL: waits for blocks of the pool */
    struct webseed_want *wants;   /* NULL: nothing is on its way */
    uint32_t count, next;
    uint64_t at, end;     /* in the torrent */
    uint64_t request_end; /* of what the request brings, in the torrent */
    uint64_t first;       /* of the file, that the request asks for */
    uint32_t file;
    struct block *filling;
    uint32_t filled;
    bool answered;  /* the request's answer is the one asked for */
    bool is_broken; /* it is not */
    bool waits;     /* by our own will */
    uint64_t begun_ns, begun_at;
};

struct webseed {
    struct webseed_manager *manager;
    const char *url;
    struct peer_id_ref ref;
    bool joined;              /* the Piece Manager knows it */
    bool paused;              /* by the user */
    enum peer_reason refused; /* not asked any more; NONE: it is */
    struct bitfield bits;     /* what it has; size 0: all */
    bool *missing;            /* files it has not; NULL: it has all */
    struct ref_queue queue;   /* asked for, not on the way */
    struct webseed_get gets[WEBSEED_GETS];
    uint32_t last_piece; /* of the last block asked for; UINT32_MAX: none */
    bool hungry;         /* may have room, and has not said so */
    bool is_stalled;     /* PEER_STALLED was posted */
    uint32_t strikes;    /* wrong answers in a row */
    uint32_t failures;
    uint64_t retry_ns;            /* not before */
    uint64_t joined_ns, block_ns; /* the last block that came */
    uint64_t rate, shown_rate;    /* bytes/s, to be expected and of the last second */
    uint64_t downloaded, counted; /* bytes; as of the last second */
    struct netaddr from;
};

struct webseed_manager {
    struct webseed_manager_config config;
    struct webseed *seeds;
    uint32_t count;
    bool running;
    struct loop_timer tick;   /* each second while anything is on its way, and when one
                                 that failed is tried again */
    struct loop_timer resume; /* those that wait by our own will go on */
};

static inline uint64_t webseed_offset(const struct webseed_manager *manager,
                                      const struct block_ref *ref)
{
    return (uint64_t)ref->piece * manager->config.meta->piece_bytes + ref->begin;
}

/* NULL: it names none of them. */
static inline struct webseed *webseed_find(const struct webseed_manager *manager,
                                           struct peer_id_ref ref)
{
    const uint32_t number = ref.index - PEER_INDEX_WEBSEEDS;
    return peer_is_webseed(ref) && number < manager->count ? &manager->seeds[number]
                                                           : NULL;
}

/* Blocks that it was asked for and has not brought. */
static inline uint32_t webseed_outstanding(const struct webseed *seed)
{
    uint32_t blocks = seed->queue.length;
    for (uint32_t i = 0; i < WEBSEED_GETS; i++)
        blocks += seed->gets[i].count - seed->gets[i].next;
    return blocks;
}

/* webseed_join.c */
void webseed_post(struct webseed *seed, enum message_type type,
                  const struct block_ref *ref);
/* Posts what it has, unless that is nothing or cannot be worked out now. */
void webseed_join(struct webseed *seed);
/* Begins nothing anew: everything it was asked for is void. */
void webseed_leave(struct webseed *seed, enum peer_reason reason);
/* Something failed: it is left for a while, longer each time. WHY is for the log. */
void webseed_fail(struct webseed *seed, const char *why);
/* It is not asked any more. */
void webseed_refuse(struct webseed *seed, enum peer_reason reason);
/* It answered other than asked. */
void webseed_strike(struct webseed *seed, const char *why);
/* It has not got FILE. */
void webseed_lacks(struct webseed *seed, uint32_t file);

/* webseed_get.c */
/* Takes what it can of the queue. False: out of memory. */
bool webseed_get_begin(struct webseed_get *get, uint32_t most);
void webseed_get_end(struct webseed_get *get);
void webseed_get_go_on(struct webseed_get *get);
/* True: REF was on its way here. */
bool webseed_get_cancel(struct webseed_get *get, const struct block_ref *ref);

#endif
