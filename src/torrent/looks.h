/*
 * Looks at a session and its torrents, which change nothing: they copy into the caller's
 * records; texts in them live until the next turn of the loop. Everything that came from
 * outside is already sanitised UTF-8. Loop thread only.
 */
#ifndef BTTUI_TORRENT_LOOKS_H
#define BTTUI_TORRENT_LOOKS_H

#include "base/digest.h"
#include "base/netaddr.h"
#include "bus/message.h"
#include "torrent/settings.h"

#include <stdbool.h>
#include <stdint.h>

struct session; /* torrent/session.h */

/* ---- the session at a glance ---- */
enum port_mapping {
    PORT_UNMAPPED, /* nobody is or can be asked */
    PORT_ASKING,
    PORT_SILENT,        /* the gateway does not answer */
    PORT_REFUSED,       /* it does, with no */
    PORT_MAPPED,        /* it sends on what comes to it for that port */
    PORT_MAPPED_INSIDE, /* the same, but is itself behind another router */
    PORT_MAPPING_COUNT
};
/* For programs: "none", "asking", "silent", "refused", "mapped", "inside". */
const char *port_mapping_word(enum port_mapping mapping);
struct session_info {
    uint32_t torrents;
    uint64_t down_rate, up_rate; /* payload bytes/s */
    uint64_t max_down, max_up;   /* that hold now; 0: none */
    bool turtle;                 /* they are turtle mode's */
    int64_t
        turtle_next_s; /* when its schedule changes that (wall clock); INT64_MAX: never */
    uint64_t downloaded, uploaded;  /* payload bytes of this session */
    uint32_t peers;                 /* connected */
    uint16_t port;                  /* 0: not listening */
    bool incoming_seen;             /* somebody reached our port */
    enum port_mapping port_mapping; /* what the gateway makes of it */
    uint16_t external_port;         /* the gateway's, when mapped */
    const char *port_text;          /* the same, a sentence; "": nobody is asked */
    uint32_t dht_nodes;             /* that answer; UINT32_MAX: there is no DHT */
    uint64_t
        free_bytes; /* on the download directory's file system; UINT64_MAX: unknown */
    const char *download_dir;
    const char *state_dir; /* NULL: nothing is kept */
    uint32_t blocklist;    /* ranges of addresses; 0: there is none */
    uint64_t blocked;      /* callers it kept out */
    const char *sandbox;   /* what the process was confined to, a sentence; "" */
    const char *bound;     /* what all traffic is tied to; NULL: nothing */
    const char *trouble;   /* why nothing can be sent, a sentence; NULL: it can */
    const char *no_udp;    /* why no datagram can be, a sentence; NULL: they can */
};
void session_get_info(struct session *session, struct session_info *ret_info);
/* Up to now, with this session. */
void session_get_totals(const struct session *session, struct session_totals *ret_totals);

/* Ids in list order. session_at: generation 0 past the end. */
uint32_t session_count(const struct session *session);
struct torrent_id session_at(const struct session *session, uint32_t position);

/* ---- one torrent; all give false (and leave RET) when the id is gone ---- */
enum torrent_state {
    TORRENT_STATE_CHECKING,
    TORRENT_STATE_METADATA,
    TORRENT_STATE_QUEUED,
    TORRENT_STATE_DOWNLOADING,
    TORRENT_STATE_SEEDING,
    TORRENT_STATE_PAUSED,
    TORRENT_STATE_ERROR,
    TORRENT_STATE_COUNT
};
/* The contract's words: "checking", "downloading" … */
const char *torrent_state_word(enum torrent_state state);
/* The same for people, translated. */
const char *torrent_state_text(enum torrent_state state);

struct torrent_info {
    struct torrent_id id;
    struct info_hash hash;  /* of a torrent of version 2 alone the beginning of hash_v2 */
    const uint8_t *hash_v2; /* SHA256_BYTES; NULL: it is of version 1 alone */
    bool v2_only;
    const char *name;
    uint32_t names_epoch; /* another when files of it were renamed */
    const char *label;    /* "": none */
    const char *download_dir;
    const char *other_dir; /* to or from where it is moved, or will be; NULL: nowhere */
    bool moving;
    enum torrent_state state;
    const char *reason;      /* why it is as it is, a sentence for people; never NULL */
    uint64_t total_bytes;    /* of wanted files */
    uint64_t done_bytes;     /* verified, of wanted files */
    uint64_t checked_pieces; /* while checking */
    uint64_t down_rate, up_rate;
    uint64_t max_down, max_up;     /* the torrent's own limits; 0: none */
    uint64_t downloaded, uploaded; /* payload, over the torrent's life */
    uint64_t wasted, failed;       /* bytes: not needed; failed their hash */
    uint32_t pieces, pieces_have;
    uint32_t piece_bytes;
    uint32_t peers_connected, peers_known, seeds_connected;
    uint32_t seeds_tracker, leechers_tracker; /* UINT32_MAX: not known */
    uint64_t eta_s;                           /* UINT64_MAX: never */
    double added_wall_s, completed_wall_s;    /* 0: not yet */
    double created_wall_s;                    /* 0: not told */
    uint32_t files, trackers;
    uint64_t seeded_s;     /* over the torrent's life */
    struct seed_goal goal; /* that holds for it; 0: none */
    bool awaits_metadata;  /* nothing is known of it but its hash */
    bool is_private;
    bool sequential, first_last;
    bool super_seed, super_seeding; /* set; at work */
    /* What is verified is on disk for good. Without a state directory nothing is meant to
     * last, and no disk is waited for. */
    bool synced;
    const char *comment, *creator; /* "" if none */
    double availability;           /* distributed copies among the connected peers */
    uint32_t unavailable_pieces;   /* wanted, missing, and nobody connected has them */
};
bool torrent_get_info(struct session *session, struct torrent_id id,
                      struct torrent_info *ret_info);

enum peer_flags {
    PEER_FLAG_INTERESTED = 1 << 0,      /* we are interested in it */
    PEER_FLAG_UNCHOKED_US = 1 << 1,     /* it unchokes us */
    PEER_FLAG_PEER_INTERESTED = 1 << 2, /* it is interested in us */
    PEER_FLAG_WE_UNCHOKE = 1 << 3,
    PEER_FLAG_OPTIMISTIC = 1 << 4,
    PEER_FLAG_SNUBBED = 1 << 5,
    PEER_FLAG_INCOMING = 1 << 6,
    PEER_FLAG_FAST = 1 << 7,     /* BEP 6 */
    PEER_FLAG_EXTENDED = 1 << 8, /* BEP 10 */
    PEER_FLAG_SEED = 1 << 9,
    PEER_FLAG_CONNECTED = 1 << 10,
    PEER_FLAG_HANDSHAKEN = 1 << 11,
    PEER_FLAG_PUT_LAST = 1 << 12, /* by the user: torrent_put_peer_last */
    PEER_FLAG_PUNCHED = 1 << 13   /* another peer had us call each other (BEP 55) */
};
struct peer_info {
    struct peer_id_ref ref;
    struct netaddr address;
    const char *url; /* of a web seed, this turn; NULL: it is a peer */
    enum peer_source source;
    enum peer_status status;
    enum peer_reason reason;       /* why blocked; NONE otherwise */
    enum peer_transport transport; /* while connected, like encryption */
    enum peer_encryption encryption;
    uint32_t flags;     /* enum peer_flags, or-ed */
    const char *client; /* "Transmission 3.00", "" if not known */
    uint64_t down_rate, up_rate;
    uint64_t max_down, max_up; /* its own limits; 0: none */
    uint64_t downloaded, uploaded;
    uint32_t pieces_have;
    uint32_t requests_out, requests_in;
    uint32_t latency_ms;  /* request to first byte; 0: not known */
    uint64_t connected_s; /* since when; 0: not connected */
    uint64_t retry_s;     /* until it is called again; 0: not known, or any moment */
    uint32_t bad_pieces;
};
/* Known peers of a torrent, connected ones first; at most CAPACITY are written. Returns
 * how many there are. */
uint32_t torrent_get_peers(struct session *session, struct torrent_id id,
                           struct peer_info *ret_peers, uint32_t capacity);

enum piece_state {
    PIECE_STATE_MISSING,
    PIECE_STATE_NOT_WANTED,
    PIECE_STATE_REQUESTED, /* asked for, nothing here yet */
    PIECE_STATE_ARRIVING,  /* some blocks are here */
    PIECE_STATE_VERIFYING,
    PIECE_STATE_FAILED, /* failed its hash last time, being fetched again */
    PIECE_STATE_HAVE,
    PIECE_STATE_COUNT
};
/* States and availability (connected peers that have it, seeds included) of COUNT pieces
 * from FIRST. Either array may be NULL. Returns how many were written. */
uint32_t torrent_get_pieces(struct session *session, struct torrent_id id, uint32_t first,
                            uint32_t count, uint8_t *ret_states,
                            uint16_t *ret_availability);
/* Pieces as the cells of a map: PER_CELL > 0 a cell, COUNT cells from piece FIRST on.
 * Costs little however many pieces a cell has: O(pieces / 64), and O(pieces) WITH_LEAST.
 * Returns how many were written. */
struct piece_cell {
    uint32_t pieces;                    /* in it: PER_CELL, fewer in the last */
    uint32_t states[PIECE_STATE_COUNT]; /* how many are in each */
    uint32_t least;                     /* availability of the rarest; 0 unless asked */
};
uint32_t torrent_get_piece_map(struct session *session, struct torrent_id id,
                               uint32_t first, uint32_t per_cell, uint32_t count,
                               bool with_least, struct piece_cell *ret_cells);
struct piece_info {
    uint32_t index;
    uint32_t bytes;
    enum piece_state state;
    uint32_t blocks, blocks_arrived, blocks_requested;
    uint32_t availability;
    uint32_t first_file, last_file; /* file indexes it touches */
};
bool torrent_get_piece(struct session *session, struct torrent_id id, uint32_t index,
                       struct piece_info *ret_piece);

struct file_info {
    const char *path; /* below the torrent's name, '/' between components */
    uint64_t bytes;
    uint64_t done_bytes;
    bool wanted;
    bool pad;     /* fills up a piece, is never written (BEP 47) */
    int priority; /* -1 low, 0 normal, 1 high */
};
uint32_t torrent_file_count(struct session *session, struct torrent_id id);
bool torrent_get_file(struct session *session, struct torrent_id id, uint32_t file,
                      struct file_info *ret_file);

enum tracker_state {
    TRACKER_STATE_IDLE, /* not asked yet */
    TRACKER_STATE_WORKING,
    TRACKER_STATE_OK,
    TRACKER_STATE_FAILED,
    TRACKER_STATE_DISABLED
};
struct tracker_info {
    const char *url; /* passkeys masked */
    uint32_t id;     /* in its torrent, for as long as that is in the list */
    uint32_t tier;
    enum tracker_state state;
    const char *message; /* the tracker's own words, or what failed; "" if nothing */
    uint32_t seeds, leechers, downloads; /* UINT32_MAX: not told */
    uint32_t peers_given;
    uint64_t next_s;   /* until the next announce; UINT64_MAX: none planned */
    uint64_t last_s;   /* since the last answer; UINT64_MAX: none yet */
    uint32_t failures; /* in a row */
};
uint32_t torrent_tracker_count(struct session *session, struct torrent_id id);
bool torrent_get_tracker(struct session *session, struct torrent_id id, uint32_t tracker,
                         struct tracker_info *ret_tracker);

/* How peers are found beside trackers. */
enum finder { FINDER_DHT, FINDER_LSD, FINDER_PEX, FINDER_COUNT };
struct finder_info {
    bool working;
    uint32_t nodes;       /* of the DHT, that answer; peers that take part in PEX */
    uint32_t peers_given; /* in the last answers; by PEX: so far */
    uint32_t announced;   /* to so many, the last time */
    uint64_t next_s;      /* until it is asked again; UINT64_MAX: not planned */
    uint64_t last_s;      /* since it was asked; UINT64_MAX: not yet */
    const char *trouble;  /* why it cannot be, a sentence; NULL: it can */
};
/* False: this torrent does not use it. */
bool torrent_get_finder(struct session *session, struct torrent_id id, enum finder finder,
                        struct finder_info *ret_info);

/* Rates of the last seconds, newest last: one sample a second, at most SESSION_HISTORY.
 * ID with generation 0: the whole session. Returns how many were written. */
#define SESSION_HISTORY 3600
uint32_t torrent_get_history(struct session *session, struct torrent_id id,
                             uint32_t *ret_down, uint32_t *ret_up, uint32_t capacity);

/* Where its data are: a file, with the suffix if it has that, or the directory of its
 * files. The caller frees it. NULL: it is gone, or out of memory. */
char *torrent_get_path(struct session *session, struct torrent_id id);
/* The last of that without a suffix: what torrent_rename changes. */
char *torrent_get_name(struct session *session, struct torrent_id id);

#endif
