/*
 * The Peer Manager of one torrent: the addresses it knows, the connections it holds, who
 * is unchoked. It takes the piece request bus and fills the piece response bus
 * (bus/message.h tells which messages); it knows nothing of pieces but our bitfield,
 * which it reads for its own handshakes. Blocks that arrive and leave travel by
 * ownership.
 *
 * A peer is named by the place of its address in the table; the generation is new with
 * each connection. Loop thread.
 */
#ifndef BTTUI_PEER_PEER_MANAGER_H
#define BTTUI_PEER_PEER_MANAGER_H

#include "base/bitfield.h"
#include "base/block_pool.h"
#include "base/log.h"
#include "bus/bus.h"
#include "meta/metainfo.h"
#include "net/encryption.h"
#include "net/net.h"
#include "peer/allowed_fast.h"
#include "peer/blocklist.h"
#include "peer/refuse.h"
#include "peer/wire.h"

#include <stdbool.h>
#include <stdint.h>

/* What all torrents of a session share. */
struct peer_shared;
struct peer_shared_config {
    struct loop *loop;
    const struct net *net;
    struct utp *utp; /* net/utp.h; NULL: peers are called by TCP alone */
    const struct random_source *random;
    struct log *log;
    struct block_pool *pool;
    uint32_t max_connections; /* 0: 500 */
    bool pex; /* of torrents that are not private, peers tell each other of peers */
    bool
        holepunch_relay; /* and are told by us to call each other, if they ask (BEP 55) */
    /* There is a new ban; not called for restored ones. May be NULL. */
    void (*on_ban)(void *context);
    /* A peer has a DHT node at ADDRESS, its own host's; once a minute at most. */
    void (*on_dht_node)(void *context, const struct netaddr *address);
    void *context;
};
struct peer_shared *peer_shared_new(const struct peer_shared_config *config);
void peer_shared_free(struct peer_shared *shared); /* after all managers */
void peer_shared_set_limits(struct peer_shared *shared, uint64_t max_down,
                            uint64_t max_up);
/* Which connections are opened and let in from now on (net/encryption.h; at first
 * ENCRYPTION_ALLOW). Those there are stay. */
void peer_shared_set_encryption(struct peer_shared *shared, enum encryption_mode mode);
void peer_shared_set_port(struct peer_shared *shared, uint16_t port);
/* Of our DHT node, which peers are told of; 0: there is none. */
void peer_shared_set_dht_port(struct peer_shared *shared, uint16_t port);
/* Our addresses or routes have changed, or we have slept: what could not be reached
 * before is tried again within 10 s. */
void peer_shared_network_changed(struct peer_shared *shared);
/* The sockets of before are of no use any more: closes all connections. */
void peer_shared_network_lost(struct peer_shared *shared);
/* Bans hold for every torrent, and close the connections there are with REASON. The key
 * is netaddr_ban_key's; on loopback and in private networks the port counts too. */
bool peer_shared_is_banned(const struct peer_shared *shared,
                           const struct netaddr *address);
enum error_code peer_shared_ban(struct peer_shared *shared, const struct netaddr *address,
                                enum peer_reason reason);
/* Takes LIST over: who is on it is neither called nor let in, in all torrents, and those
 * connected are closed. */
void peer_shared_set_blocklist(struct peer_shared *shared, struct blocklist *list);
bool peer_shared_is_filtered(const struct peer_shared *shared,
                             const struct netaddr *address);
/* Ranges of the blocklist, and callers it kept out. */
void peer_shared_get_filtered(const struct peer_shared *shared, uint32_t *ret_ranges,
                              uint64_t *ret_refused);
/* RULES, copied, hold from now on, also for those connected; refusals by rules of before
 * are forgotten. On failure all stays as it was. */
enum error_code peer_shared_set_rules(struct peer_shared *shared,
                                      const struct peer_rules *rules) MUST_CHECK;
/* Bans as they are kept from one session to the next. ADDRESS: their key. With more than
 * PEER_BANS_MAX the oldest goes. */
#define PEER_BANS_MAX 20000u
struct peer_ban {
    struct netaddr address;
    enum peer_reason reason;
    int64_t since_s; /* wall clock */
};
/* At most CAPACITY are written, oldest first. Returns how many there are. */
uint32_t peer_shared_bans(const struct peer_shared *shared, struct peer_ban *ret_bans,
                          uint32_t capacity);
/* Closes nothing: before any torrent is added. */
enum error_code peer_shared_restore_ban(struct peer_shared *shared,
                                        const struct peer_ban *ban) MUST_CHECK;

/* What is known of a torrent beside its info-hash. */
struct peer_metainfo {
    uint32_t piece_count; /* 0: nothing is known yet */
    uint32_t piece_bytes;
    uint64_t total_bytes;
    const struct bitfield *have; /* ours; read only, outlives the manager */
    bool is_private;     /* peers come from trackers alone (BEP 27): our DHT node is
                            none of their business, nor theirs of ours */
    const uint8_t *info; /* its info dictionary, for those who ask (BEP 9) */
    size_t info_bytes;   /* more than 16 MiB are not given */
    /* Of a v2 or hybrid torrent: what its hash trees are read from; outlives the manager.
     * NULL: it is spoken v1 alone. */
    const struct metainfo *v2;
};

struct peer_manager;
struct peer_manager_config {
    struct peer_shared *shared;
    struct bus *requests;  /* drained by peer_manager_run */
    struct bus *responses; /* filled */
    struct torrent_id torrent;
    struct info_hash hash;
    uint8_t peer_id[20];
    struct peer_metainfo metainfo;
    uint32_t max_peers; /* 0: 200 */
    /* Fills, without ever waiting, as many blocks of CHAIN as can be had at once, and
     * returns how many, counted from the first; the others are asked for by PEER_WANTED.
     * CHAIN's blocks lie end to end in one piece. NULL: all are asked for. */
    uint32_t (*read_now)(void *context, struct block *chain);
    /* Whether more waits for the disk than it is given to hold: payload is left in the
     * sockets until it has caught up. NULL: never. */
    bool (*disk_is_behind)(void *context);
    /* There is work for peer_manager_run in this turn of the loop. NULL: it is run in
     * each turn anyway. Never called from inside it. */
    void (*run_soon)(void *context);
    void *context;
};
struct peer_manager *peer_manager_new(const struct peer_manager_config *config);
void peer_manager_free(struct peer_manager *manager);

/* The metainfo has come. What peers said of their pieces before that is judged now: who
 * said what cannot be is closed, the others post PEER_HAS_PIECES. Of a private torrent
 * those go whom no tracker named. */
void peer_manager_set_metainfo(struct peer_manager *manager,
                               const struct peer_metainfo *metainfo);

/* The metadata say so, though they are not complete yet (BEP 27): those go whom no
 * tracker named, and nothing is told of it any more but to trackers. */
void peer_manager_set_private(struct peer_manager *manager);

/* The torrent is a hybrid, and was known by its v2 hash alone: HASH is that of its v1
 * half, which others are called by from now on. */
void peer_manager_set_hash(struct peer_manager *manager, const struct info_hash *hash);

/* The same torrent, with the hash trees that were not known before: hash requests are
 * answered from V2, which outlives the manager. */
void peer_manager_set_trees(struct peer_manager *manager, const struct metainfo *v2);

/* Bytes/s, 0: none; within the session's limits. */
void peer_manager_set_limits(struct peer_manager *manager, uint64_t max_down,
                             uint64_t max_up);

void peer_manager_start(struct peer_manager *manager);
/* Closes all connections (PEER_GONE for each) and dials no more. */
void peer_manager_stop(struct peer_manager *manager);
/* Drains the request bus and sends what waits. True if more is left. */
bool peer_manager_run(struct peer_manager *manager);
/* A piece that peers were told of is not ours any more: those who take lt_donthave are
 * told. */
void peer_manager_lost_piece(struct peer_manager *manager, uint32_t piece);
/* We have everything: seeds are let go, choking changes its mind, and we are upload-only;
 * else we are not. */
void peer_manager_set_complete(struct peer_manager *manager, bool complete);
/* We want nothing more, though we may not have everything: peers are told (BEP 21), and
 * those that want nothing either are the first to make room. */
void peer_manager_set_upload_only(struct peer_manager *manager, bool on);
/* Who connects from now on is shown two pieces at a time, while we have everything and
 * nobody else does (BEP 16). */
void peer_manager_set_super_seed(struct peer_manager *manager, bool on);
bool peer_manager_is_super_seeding(const struct peer_manager *manager);
/* 0: 200. What is connected stays; when there is more room now, it is dialled for. */
void peer_manager_set_max_peers(struct peer_manager *manager, uint32_t max_peers);
/* Blocks may be free again: peers with room post PEER_IDLE. */
void peer_manager_wake_idle(struct peer_manager *manager);
/* The same for one peer: there may be something for it now. */
void peer_manager_wake_peer(struct peer_manager *manager, struct peer_id_ref peer);

/* Takes over an accepted STREAM whose handshake was read. */
void peer_manager_incoming(struct peer_manager *manager, struct stream *stream,
                           const struct wire_handshake *handshake);

/* Its pieces: NULL if the peer is gone or told us of none; a seed has all (then they may
 * be NULL, too). */
const struct bitfield *peer_manager_bitfield(const struct peer_manager *manager,
                                             struct peer_id_ref peer, bool *ret_is_seed);
/* The number of the last change of them (PEER_HAS_PIECE, PEER_LACKS_PIECE) that they show
 * already; 0: none, or it is gone. */
uint32_t peer_manager_piece_changes(const struct peer_manager *manager,
                                    struct peer_id_ref peer);
bool peer_manager_unchokes_us(const struct peer_manager *manager,
                              struct peer_id_ref peer);
/* The pieces it has and we lack that it allows us though it chokes us (BEP 6); returns
 * how many. */
uint32_t peer_manager_allowed(const struct peer_manager *manager, struct peer_id_ref peer,
                              uint32_t ret_pieces[ALLOWED_FAST_MOST]);
/* Whether it takes hash requests (BEP 52): PEER_ASK_HASHES. */
bool peer_manager_takes_hash_requests(const struct peer_manager *manager,
                                      struct peer_id_ref peer);
/* A PEER_HASHES_WANTED of it is not answered, for want of memory. */
void peer_manager_leaves_unanswered(struct peer_manager *manager,
                                    struct peer_id_ref peer);
/* False if it is gone. */
bool peer_manager_address(const struct peer_manager *manager, struct peer_id_ref peer,
                          struct netaddr *ret_address);
/* What it called itself in its handshake; false if it is gone. */
bool peer_manager_peer_id(const struct peer_manager *manager, struct peer_id_ref peer,
                          uint8_t ret_peer_id[20]);
uint64_t peer_manager_rate(const struct peer_manager *manager, struct peer_id_ref peer);

struct peer_counts {
    uint32_t known, connected, seeds, half_open;
    uint64_t downloaded, uploaded; /* payload bytes since the manager was made */
    uint64_t wasted;               /* payload nobody had asked for */
};
void peer_manager_get_counts(const struct peer_manager *manager,
                             struct peer_counts *ret_counts);

/* Whom another session had better call: who shook hands, or was told of by a session
 * before this one and has not failed often since, by where they listen; those connected
 * first, then those that failed least. Once we have everything, no seeds. At most
 * CAPACITY are written; returns how many. */
uint32_t peer_manager_list_good(const struct peer_manager *manager,
                                struct netaddr *ret_addresses, uint32_t capacity);

/* Peer exchange (BEP 11). False: it is left out, or the torrent is private. */
struct pex_look {
    uint32_t peers;    /* that take part */
    uint32_t found;    /* addresses from them, so far */
    uint64_t heard_ns; /* when the last message came; UINT64_MAX: none has */
};
bool peer_manager_pex_look(const struct peer_manager *manager, struct pex_look *ret_look);

/* Whether somebody unchokes us who has what we need; walks only those that may. */
bool peer_manager_has_giver(const struct peer_manager *manager);

/* One row of the Peers view, in the terms of bus/message.h. */
struct peer_row {
    struct peer_id_ref ref;
    struct netaddr address;
    const char *url; /* of a web seed; NULL: it is a peer */
    enum peer_source source;
    enum peer_status status;
    enum peer_reason reason;
    enum peer_transport transport; /* of the connection, like encryption */
    enum peer_encryption encryption;
    bool connected, handshaken, incoming, fast, extended, seed;
    bool punched; /* met through a relay (BEP 55) */
    bool am_interested, unchoked_us, peer_interested, we_unchoke, optimistic, snubbed;
    bool put_last; /* by the user */
    const char *client;
    uint64_t down_rate, up_rate, downloaded, uploaded;
    uint64_t max_down, max_up; /* its own limits, bytes/s; 0: none */
    uint32_t pieces, requests_out, requests_in, latency_ms, bad_pieces;
    uint64_t connected_ns; /* how long; 0: not connected */
    uint64_t retry_ns;     /* until it is called again; 0: not known, or any moment */
};
/* Rows are numbered from 0; false: no such row. Free places are skipped by the caller
 * when family is NONE. */
uint32_t peer_manager_row_count(const struct peer_manager *manager);
bool peer_manager_row(const struct peer_manager *manager, uint32_t number,
                      struct peer_row *ret_row);

#endif
