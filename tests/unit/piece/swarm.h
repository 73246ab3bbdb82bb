/*
 * A swarm on virtual time around one Piece Manager: peers with a rate, a latency and
 * habits, a disk that hashes at once. It counts what the tests are about: time, waste,
 * who is banned. Data are stood for by a mark on each block: 0 is right, anything else is
 * one of its deliverer's lies.
 */
#ifndef BTTUI_TESTS_PIECE_SWARM_H
#define BTTUI_TESTS_PIECE_SWARM_H

#include "piece/piece_manager.h"

#define SWARM_PEERS_MAX 64u
#define SWARM_QUEUE_MAX 2048u

struct swarm_request {
    struct block_ref block;
    uint64_t ready_ns;  /* it has reached the peer */
    uint64_t cancel_ns; /* so has its cancel; UINT64_MAX: none */
};

struct swarm_peer {
    /* Set by the test before swarm_run. */
    bool is_here;
    bool is_seed;
    uint64_t rate; /* bytes/s */
    uint64_t latency_ns;
    uint32_t lies_permille;   /* of its blocks */
    uint64_t silent_after_ns; /* 0: never */
    bool rejects;             /* everything, at once */
    struct bitfield bits;
    /* Kept here. */
    struct peer_id_ref ref;
    struct netaddr address;
    struct swarm_request queue[SWARM_QUEUE_MAX];
    uint32_t queued;
    uint64_t credit;
    uint64_t delivered, delivered_ns;
    uint64_t measured_rate;
    bool is_banned, is_stalled;
};

struct swarm {
    struct clock_virtual clock;
    struct random_seeded random;
    struct block_pool *pool;
    struct piece_manager *manager;
    struct piece_manager_config config;
    struct swarm_peer *peers; /* SWARM_PEERS_MAX */
    uint32_t peer_count;
    uint64_t started_ns;
    uint64_t blocks;     /* accepted */
    uint64_t duplicates; /* blocks received for nothing */
    uint64_t failed_pieces;
    uint32_t order[4096]; /* pieces as they were verified */
    uint32_t order_count;
    struct block *held[4096]; /* by the disk, of a piece not complete */
};

void swarm_init(struct swarm *swarm, uint64_t total_bytes, uint32_t piece_bytes,
                uint64_t seed);
void swarm_done(struct swarm *swarm);
/* Its index. The peer has everything (a seed) or nothing yet: set bits before
 * swarm_start. */
uint32_t swarm_add(struct swarm *swarm, uint64_t rate, uint64_t latency_ns, bool is_seed);
/* Runs until complete or for LIMIT_S. True: complete. */
bool swarm_run(struct swarm *swarm, uint32_t limit_s);
double swarm_seconds(const struct swarm *swarm);

#endif
