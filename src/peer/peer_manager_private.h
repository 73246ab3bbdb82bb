/* The Peer Manager of a torrent from inside, and what all of a session share. */
#ifndef BTTUI_PEER_PEER_MANAGER_PRIVATE_H
#define BTTUI_PEER_PEER_MANAGER_PRIVATE_H

#include "peer/known_private.h"
#include "peer/net_tries.h"
#include "peer/peer_private.h"
#include "peer/priority.h"
#include "peer/seed_order.h"

#define HASH_NONFATAL_OOM 1 /* then the new element's hh.tbl is NULL */
#include <uthash.h>

struct ban {
    UT_hash_handle hh;
    struct netaddr key;
    enum peer_reason reason;
    int64_t since_s; /* wall clock */
};

/* Connecting fails for reasons of our own, and is not tried for a while. */
struct local_trouble {
    uint32_t points, rounds;
    uint64_t until_ns;
};

struct peer_shared {
    struct peer_shared_config config;
    struct ban *bans;
    struct blocklist *blocklist; /* NULL: none */
    uint64_t filtered;           /* callers it kept out */
    char **refused_clients;      /* globs; owned, and each of them */
    uint32_t refused_count;
    uint64_t leech_bytes; /* of struct peer_rules */
    struct pace_session pace[PACE_WAYS];
    struct loop_gap gap;
    struct peer_manager *managers; /* all there are */
    uint32_t connections, half_open;
    struct local_trouble trouble[2]; /* IPv4, IPv6 */
    struct priority_own own[2];      /* the same */
    uint64_t met_ns;                 /* when a good connection last ended; 0: none has */
    uint16_t port, dht_port;         /* 0: none */
    enum encryption_mode encryption;
    struct net_tries *tries;
    struct mse_kit *kit; /* of the hidden connections */
    uint8_t *scratch;    /* where the rare mixed reads are straightened out */
};

struct peer_manager {
    struct peer_manager_config config;
    struct peer_shared *shared;
    struct peer_manager *next_manager, *prev_manager;
    struct loop *loop;
    struct known *known;
    uint32_t known_count, known_capacity;
    uint32_t connected, half_open, seeds;
    bool running, complete, upload_only;
    bool super_seed, super_seeding, super_over; /* set; at it; it was, for good */
    uint16_t *seen;      /* how often each piece was shown or turned up, while at it */
    bool waits_for_disk; /* some are starved for that */
    bool in_run; /* peer_manager_run is at work: what is queued now it still sees */
    struct peer *flush_list;
    struct peer *givers;  /* those that unchoke us or allow us pieces */
    uint32_t pex_changes; /* of whom there is to tell of; counted */
    uint32_t pex_found;
    uint64_t pex_heard_ns; /* 0: never */
    uint32_t wakes;        /* how often all of them were asked again for their room */
    struct loop_timer choke_timer; /* a wish that came too soon after the last */
    uint32_t *news;                /* pieces that were not told of yet */
    uint32_t news_count;
    uint64_t news_told_ns; /* 0: never */
    struct loop_timer news_timer;
    struct peer *dead_list;
    struct loop_timer tick; /* once a second while there are peers */
    struct loop_timer dial_timer;
    struct loop_timer feed_timer; /* the pool was dry: looks whether it still is */
    struct pace_torrent pace[PACE_WAYS];
    struct peer *offered; /* bytes, by pace.c, in this run */
    struct choker choker;
    uint32_t slots_used;
    struct seed_order *order; /* NULL: not needed yet */
    struct loop_timer hold_timer;
    uint64_t up_rate, measured_at_ns, measured_base; /* bytes/s, of the last second */
    uint64_t choked_at_ns, choke_at_ns, adapted_at_ns, uploaded_before;
    bool choke_now;
    uint64_t downloaded, uploaded, wasted;
    uint64_t given_choked; /* bytes accepted to be sent to choked peers */
    uint64_t shed_at_ns;   /* a useless peer last made room */
    bool dial_turn;        /* the last made room for one who came */
    uint64_t sought_at_ns; /* somebody last made room for one to dial */
};

/* peer_manager.c */
void peer_post(struct peer *peer, struct message *message);
void peer_post_type(struct peer *peer, enum message_type type);
void peer_post_block(struct peer *peer, enum message_type type,
                     const struct block_ref *block);
struct peer *peer_manager_find(const struct peer_manager *manager,
                               struct peer_id_ref ref);
void peer_manager_peer_gone(struct peer_manager *manager, struct peer *peer,
                            enum peer_reason reason, enum error_code error);
void peer_manager_dial_soon(struct peer_manager *manager, uint64_t in_ns);
void peer_manager_choke_soon(struct peer_manager *manager);
void peer_manager_run_soon(struct peer_manager *manager);
void peer_manager_close_all(struct peer_manager *manager, enum peer_reason reason,
                            enum error_code error);
/* The next look at silences comes when what has arrived until now was read. */
void peer_manager_put_off_tick(struct peer_manager *manager);
/* The pool keeps a share for receiving that uploads leave alone. */
bool peer_manager_may_upload(const struct peer_manager *manager);
/* Payload stays in the sockets while it is (HOSTILE.md S19, S20). */
bool peer_manager_disk_is_behind(const struct peer_manager *manager);
/* Reads and uploads that wait for blocks, or for the disk, go on when they can. */
void peer_manager_feed_soon(struct peer_manager *manager);

void peer_manager_choke(struct peer_manager *manager); /* what is due of it */
void peer_manager_close_banned(struct peer_manager *manager, enum peer_reason reason);
/* The blocklist is new: closes those on it, and calls those that are not any more. */
void peer_manager_refilter(struct peer_manager *manager);

/* peer_shared.c */
/* What stands for a peer's host: on loopback and in private networks many peers share
 * one, and there the port counts too. No padding is left unset. */
struct netaddr peer_key(const struct netaddr *address);

/* commands.c */
void peer_manager_handle(struct peer_manager *manager, struct message *message);

/* Sends what was put; ERROR: it did not fit, and the peer cannot be kept. */
void peer_flush_or_close(struct peer *peer, enum error_code error);

/* news.c */
void news_init(struct peer_manager *manager);
void news_done(struct peer_manager *manager);
/* PIECE is ours now: whoever lacks it is told, soon. */
void news_add(struct peer_manager *manager, uint32_t piece);

#endif
