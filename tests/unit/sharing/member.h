/*
 * A swarm on virtual time and a virtual network: members that are each a Peer Manager and
 * a Piece Manager, with a stand-in for the Torrent Manager between them and a disk that
 * takes no time. The payload is nothing; what is looked at is who gets how much of whom,
 * and when. Member 0 has everything. Each knows all others from the start, and addresses
 * where nobody is.
 */
#ifndef BTTUI_TESTS_SHARING_MEMBER_H
#define BTTUI_TESTS_SHARING_MEMBER_H

#include "peer/incoming.h"
#include "peer/peer_manager.h"
#include "piece/piece_manager.h"
#include "tests/lib/world.h"

#define MEMBERS_MAX 40u

struct member {
    struct party *party;
    uint32_t number;
    bool rides_free; /* shows nothing and gives nothing */
    const struct net *net;
    struct block_pool *pool;
    struct peer_shared *shared;
    struct incoming *incoming;
    struct listener *listener;
    struct bus *requests, *responses;
    struct peer_manager *peers;
    struct piece_manager *pieces;
    struct bitfield nothing;                        /* what one that rides free shows */
    struct peer_id_ref interested[MEMBERS_MAX * 4]; /* by place; generation 0: not */
    uint32_t generation_seen;
    bool starving;
    struct loop_timer retry;
    struct loop_hook hook;
    uint64_t first_ns; /* when the first block came; 0: not yet */
    uint64_t done_ns;  /* when it had everything; 0: not yet */
};

struct party {
    struct world world;
    struct member members[MEMBERS_MAX];
    uint32_t count;
    uint32_t pieces, piece_bytes;
    struct info_hash hash;
    uint64_t began_ns;
};

struct party_plan {
    uint32_t members; /* with the seeds */
    uint32_t seeds;   /* the first of them have everything; 0: one */
    uint32_t lead_s;  /* and are there so much earlier than the others */
    uint32_t silent;  /* addresses that do not answer at all, and */
    uint32_t closed;  /* that refuse: each knows them before all others */
    uint32_t riders;  /* the last of them ride free */
    uint64_t
        trickle; /* bytes/s that they give after all, and show what they have; 0: none */
    uint32_t pieces, piece_bytes;
    uint64_t latency_ns;  /* one way; 0: 1 ms */
    uint64_t uplink;      /* bytes/s of each member; 0: any */
    uint64_t seed_uplink; /* of member 0 */
    bool limited;         /* each knows its own and keeps to it; else its line does */
    bool super_seed;      /* member 0 (BEP 16) */
    uint64_t dice;
};

/* Makes them all and lets them meet. */
void party_begin(struct party *party, const struct party_plan *plan);
/* Runs until all have everything, or for LIMIT_S. True: all have. */
bool party_run(struct party *party, uint32_t limit_s);
/* The same until the last member has its first block. */
bool party_run_to_first(struct party *party, uint32_t limit_s);
/* Nonzero: blocks or streams were left behind. */
int party_end(struct party *party);

/* Seconds until it had everything. */
double member_seconds(const struct member *member);
/* Until its first block. */
double member_first_seconds(const struct member *member);
/* How often it has sent the whole. */
double member_copies(const struct member *member);

#endif
