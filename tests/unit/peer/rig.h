/*
 * A Peer Manager on virtual time and a virtual network, with a stand-in for the Torrent
 * Manager that notes what is posted and answers as it is told. Our host is 10.0.0.1, its
 * port 6881. No Check in here: fuzz targets use it too.
 */
#ifndef BTTUI_TESTS_PEER_RIG_H
#define BTTUI_TESTS_PEER_RIG_H

#include "peer/incoming.h"
#include "peer/peer_manager.h"
#include "tests/lib/script_peer.h"
#include "tests/lib/world.h"

#define RIG_TYPES 64

struct rig_config {
    uint32_t pieces;      /* 0: 8 */
    uint32_t piece_bytes; /* 0: 32 KiB */
    uint32_t last_bytes;  /* of the last piece; 0: as the others */
    bool have_all;
    bool pex;
    bool utp;   /* peers are called by it, too */
    bool relay; /* of meetings (BEP 55) */
    bool is_private;
    bool awaits; /* the metainfo, until peer_manager_set_metainfo */
    const uint8_t *info;
    size_t info_bytes;
    uint32_t max_peers, max_connections;
    uint64_t pool_bytes; /* 0: 16 MiB */
    /* Its v2 half, or all of it; outlives the rig. Its `hash` is not looked at. */
    const struct metainfo *v2;
};

struct rig {
    struct world world;
    struct rig_config config;
    struct block_pool *pool;
    struct peer_shared *shared;
    struct incoming *incoming;
    struct listener *listener;
    const struct net *net;
    struct udp_port *udp; /* NULL: without uTP */
    struct utp *utp;
    struct bus *requests, *responses;
    struct peer_manager *manager;
    struct bitfield have;
    struct info_hash hash;
    struct loop_hook hook;

    bool behind;       /* is the disk */
    bool serve;        /* answers PEER_WANTED with the blocks */
    bool fail;         /* answers PEER_WANTED with refusals */
    uint32_t readable; /* how many blocks read_now will find in memory */
    uint32_t read;     /* blocks read by read_now */
    uint32_t read_this_turn, read_most;
    const uint8_t *lowest, *highest; /* where they lay */
    uint32_t wanted;                 /* blocks in PEER_WANTED */
    bool fetch;    /* answers PEER_IDLE with requests, round and round */
    bool interest; /* wants every peer that has handshaken */
    bool stalled;  /* takes nothing of what is posted */
    uint32_t next_block;

    uint32_t count[RIG_TYPES];
    struct message last[RIG_TYPES];
    struct peer_id_ref peer; /* the last that was connected */
    uint64_t block_bytes;    /* of PEER_BLOCK_ARRIVED */
    uint32_t wrong_blocks;   /* whose bytes are not script_payload's */
    uint32_t dht_nodes;      /* that peers told of */
    struct netaddr dht_node; /* the last */
    struct buffer story;     /* what was posted, as text; not PEER_IDLE */
    struct bus *other_requests, *other_responses;
};

void rig_init(struct rig *rig, const struct rig_config *config);
/* Ends everything; nonzero: blocks, streams or timers were left behind. */
int rig_done(struct rig *rig);
void rig_run(struct rig *rig, uint64_t for_ns);

/* What its config makes of it. */
struct peer_metainfo rig_metainfo(const struct rig *rig);

/* A second torrent of the session, with eight pieces; what is posted to other_requests
 * is for it. Ended before rig_done. */
struct peer_manager *rig_other_torrent(struct rig *rig);
void rig_end_other(struct rig *rig, struct peer_manager *other);

/* Posts to the Peer Manager. */
void rig_connect(struct rig *rig, const char *address, enum peer_source source);
/* The same of one that was found by the v2 hash of a hybrid. */
void rig_connect_v2(struct rig *rig, const char *address, enum peer_source source);
void rig_post(struct rig *rig, enum message_type type, struct peer_id_ref peer);
void rig_post_gone(struct rig *rig, enum message_type type, struct peer_id_ref peer,
                   enum peer_reason reason);
void rig_post_block(struct rig *rig, enum message_type type, struct peer_id_ref peer,
                    uint32_t piece, uint32_t begin, uint32_t length);
void rig_post_limits(struct rig *rig, struct peer_id_ref peer, uint64_t down,
                     uint64_t up);
void rig_post_interest(struct rig *rig, struct peer_id_ref peer, bool on);
void rig_forget(struct rig *rig); /* counts and story so far */

/* What a peer of this torrent says first; ID fills its peer id. */
struct script_hello rig_hello(const struct rig *rig, char id, bool fast, bool extended);
struct netaddr rig_address(const char *text);
/* The row of the peer at ADDRESS; false: not known. */
bool rig_row(const struct rig *rig, const char *address, struct peer_row *ret_row);

#endif
