/*
 * Every message of bttui. A message is a tag and a union with one named struct a
 * type; message_done frees what it holds, by a switch without default so that the
 * compiler lists what was forgotten. Torrents and peers are named by id with a
 * generation, never by pointer: the receiver looks up and shrugs if it is gone.
 *
 *   piece request    Torrent Manager -> Peer Manager -> Peer
 *   piece response   Peer -> Peer Manager -> Torrent Manager
 *   disk request     Torrent Manager -> Disk Manager (threads)
 *   disk response    Disk Manager -> Session -> Torrent Manager
 *   discovery        trackers -> Torrent Manager
 *   event            everyone -> views, headless, log, resume
 */
#ifndef BTTUI_BUS_MESSAGE_H
#define BTTUI_BUS_MESSAGE_H

#include "base/bitfield.h"
#include "base/block_pool.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/netaddr.h"

#include <stdbool.h>
#include <stdint.h>

struct torrent_id {
    uint32_t index;
    uint32_t generation; /* 0: nobody */
};
struct peer_id_ref {
    uint32_t index;
    uint32_t generation; /* 0: nobody */
};

/* Places from here on are web seeds', not peers'. */
#define PEER_INDEX_WEBSEEDS 0x10000u
static inline bool peer_is_webseed(struct peer_id_ref ref)
{
    return ref.index >= PEER_INDEX_WEBSEEDS;
}

/* A block as the wire names it. */
struct block_ref {
    uint32_t piece;
    uint32_t begin;
    uint32_t length;
};

enum peer_source { /* where we know an address from */
                   PEER_SOURCE_TRACKER,
                   PEER_SOURCE_INCOMING,
                   PEER_SOURCE_MANUAL,
                   PEER_SOURCE_RESUME,
                   PEER_SOURCE_DHT,
                   PEER_SOURCE_PEX,
                   PEER_SOURCE_LSD,
                   PEER_SOURCE_WEB, /* BEP 19: the torrent names it */
                   PEER_SOURCE_COUNT
};
enum peer_transport { /* what carries a connection */
                      PEER_TRANSPORT_TCP,
                      PEER_TRANSPORT_UTP,  /* BEP 29 */
                      PEER_TRANSPORT_HTTP, /* a web seed: BEP 19 */
                      PEER_TRANSPORT_COUNT
};
enum peer_encryption { /* how it is hidden from who carries it (MSE/PE) */
                       PEER_ENCRYPTION_NONE,
                       PEER_ENCRYPTION_HEADER, /* the handshake; then all is plain */
                       PEER_ENCRYPTION_RC4,    /* all of it */
                       PEER_ENCRYPTION_TLS,    /* a web seed's */
                       PEER_ENCRYPTION_COUNT
};
enum peer_status {
    PEER_STATUS_BLOCKED,
    PEER_STATUS_INACTIVE,
    PEER_STATUS_ACTIVE,
    PEER_STATUS_DOWNLOADING
};

/* Why a peer went or is refused: for logs, the Peers view and JSON. */
#define PEER_REASON_LIST(X)                                                              \
    X(NONE, "", "")                                                                      \
    X(PAUSED, "paused", N_("paused by you"))                                             \
    X(BANNED_DATA, "bad-data", N_("banned: sent bad data"))                              \
    X(BANNED_USER, "banned", N_("banned by you"))                                        \
    X(FILTERED, "filtered", N_("on the blocklist"))                                      \
    X(CLIENT, "client", N_("its client is not wanted"))                                  \
    X(LEECH, "leech", N_("took much and gave nothing"))                                  \
    X(KICKED, "kicked", N_("disconnected by you"))                                       \
    X(CLOSED, "closed", N_("closed by the peer"))                                        \
    X(CONNECT_FAILED, "connect-failed", N_("could not connect"))                         \
    X(TIMEOUT, "timeout", N_("timed out"))                                               \
    X(PROTOCOL, "protocol", N_("broke the protocol"))                                    \
    X(WRONG_TORRENT, "wrong-torrent", N_("serves another torrent"))                      \
    X(SELF, "self", N_("is ourselves"))                                                  \
    X(DUPLICATE, "duplicate", N_("connected twice"))                                     \
    X(BOTH_SEEDS, "both-seeds", N_("both sides are complete"))                           \
    X(TOO_MANY, "too-many", N_("too many connections"))                                  \
    X(STOPPED, "stopped", N_("torrent stopped"))                                         \
    X(SYSTEM, "system", N_("a system error"))                                            \
    X(OFFLINE, "offline", N_("we are cut off"))                                          \
    X(PRIVATE, "private", N_("no tracker of this private torrent named it"))
enum peer_reason {
#define X(name, word, text) PEER_REASON_##name,
    PEER_REASON_LIST(X)
#undef X
        PEER_REASON_COUNT
};

/* One entry for each bit of EVENT_*_CHANGED.what. */
enum changed {
    CHANGED_STATE = 1 << 0,    /* state, error or reason */
    CHANGED_PROGRESS = 1 << 1, /* bytes, rates, ratio */
    CHANGED_PEERS = 1 << 2,
    CHANGED_PIECES = 1 << 3,
    CHANGED_FILES = 1 << 4,
    CHANGED_TRACKERS = 1 << 5,
    CHANGED_LIMITS = 1 << 6,
    CHANGED_LIST = 1 << 7, /* a torrent was added, moved or removed */
    CHANGED_ALL = (1 << 8) - 1
};

enum message_type {
    /* ---- piece request ---- */
    PEER_REQUEST,      /* block: ask this peer for it. Full: the picker takes it back */
    PEER_CANCEL,       /* block */
    PEER_SEND,         /* block_data: answer to PEER_WANTED; holds the chain */
    PEER_REJECT,       /* block: answer to PEER_WANTED that cannot be served */
    PEER_HAVE,         /* piece: we have it; to every peer that lacks it (peer ignored) */
    PEER_INTEREST,     /* flag: we are (not) interested in this peer */
    PEER_CONNECT,      /* candidate: an address to know and dial when there is room */
    PEER_PAUSE,        /* peer */
    PEER_RESUME,       /* peer */
    PEER_PUT_LAST,     /* flag: (no longer) behind all others, both ways */
    PEER_LIMIT,        /* limits: of this peer, within its torrent's */
    PEER_DISCONNECT,   /* gone: reason */
    PEER_BAN,          /* gone: reason; the address key too */
    PEER_ASK_METADATA, /* metadata: ask this peer for a piece of the info dictionary */
    PEER_ASK_HASHES,   /* hashes: ask this peer for some of a tree (BEP 52) */
    PEER_SEND_HASHES,  /* hashes: the answer to PEER_HASHES_WANTED, the request first;
                          that alone: it is refused */

    /* ---- piece response ---- */
    PEER_CONNECTED,   /* peer: TCP is up */
    PEER_HANDSHAKEN,  /* peer: ids exchanged, messages flow */
    PEER_GONE,        /* gone: all requests with it are void */
    PEER_HAS_PIECE,   /* piece, and which change */
    PEER_LACKS_PIECE, /* the same: it had it, and has it no longer (BEP 54) */
    PEER_HAS_PIECES,  /* peer: its bitfield is new (read by peer_manager_bitfield) */
    PEER_CHOKED_US,   /* peer: without BEP 6 all requests with it are void */
    PEER_UNCHOKED_US,
    PEER_UPLOAD_ONLY,   /* flag: it wants nothing (BEP 21), or something again */
    PEER_IDLE,          /* room: how many more blocks it would take now */
    PEER_BLOCK_ARRIVED, /* block_data: holds the block */
    PEER_REJECTED,      /* block: will not come: the peer said so, or choked us */
    PEER_RETURNED,      /* block: comes back for a reason of ours: a pause, no memory */
    PEER_STALLED,  /* peer: no payload for its time-out; offer its blocks elsewhere */
    PEER_SNUBBED,  /* peer: 60 s without payload */
    PEER_WANTED,   /* block_data: requests from the peer, already validated: a chain to
                      fill, end to end in one piece; holds it */
    PEER_UNWANTED, /* block: the peer cancelled it */
    PEER_METADATA_OFFERED, /* metadata: of so many bytes, as it says */
    PEER_METADATA_ARRIVED, /* metadata: a piece that was asked for; holds its bytes */
    PEER_METADATA_REFUSED, /* metadata: a piece will not come from this peer */
    PEER_HASHES_ARRIVED, /* hashes: some that were asked for, and the request before them
                          */
    PEER_HASHES_REFUSED, /* hashes: what was asked for will not come from this peer */
    PEER_HASHES_WANTED,  /* hashes: a request for leaves; each is to be answered */
    PEER_MISBEHAVED,     /* gone: reason; counted by the Torrent Manager */
    PEER_STATUS_CHANGED, /* status: looked at once a second and when it was told to */

    /* ---- disk request ---- */
    DISK_CHECK,       /* job: hash what is there (whole torrent or the bits set in it) */
    DISK_HASH,        /* run: the next blocks of a piece in order; the last one says so */
    DISK_DROP_PIECE,  /* run: forget a piece begun by DISK_HASH; blocks come back */
    DISK_READ,        /* read: into the chain's blocks; holds it */
    DISK_SYNC,        /* job: fdatasync all files written since the last */
    DISK_SAVE_RESUME, /* job: write a state file durably */
    DISK_SETTLE,      /* job: files were chosen anew: they are made, or kept aside */
    DISK_ALLOCATE,    /* job: the wanted files get their sizes */
    DISK_MOVE,        /* job: a step of moving the files to another directory */
    DISK_RENAME,      /* job: a file or directory of the torrent is called otherwise */
    DISK_RELEASE,     /* job: close the torrent's files */
    DISK_DELETE,      /* job: delete the torrent's own files */
    DISK_FORGET_STATE, /* job: remove a state file, both generations */
    DISK_SPACE,        /* job: how much is free where the job's name says */
    DISK_LEAVES,       /* job: what the blocks of some pieces hash to (BEP 52) */

    /* ---- disk response ---- */
    DISK_MOVING,        /* moving: how far a copy has come */
    DISK_CHECKED_RANGE, /* checked: pieces found (progress) */
    DISK_CHECKED,       /* checked: the whole check is over */
    DISK_VERIFIED,      /* verified: hashed right and written; blocks come back */
    DISK_FAILED_HASH, /* verified: hashed wrong, nothing claimed; digests of the blocks */
    DISK_ERROR,       /* disk_error: read or write failed; blocks come back */
    DISK_HAS_READ,    /* read: of a DISK_READ that failed each block by itself */
    DISK_BLOCKS_BACK, /* run: blocks the workers are done with */
    DISK_SYNCED,      /* job */
    DISK_JOB_DONE, /* job: of the types above without an answer of their own; error says
                      how */

    /* ---- discovery ---- */
    DISCOVERY_PEERS, /* peers: addresses found; holds the array */
    DISCOVERY_ANNOUNCED /* announced: a tracker's answer or failure */,

    /* ---- event: merge = merges with its twin in the queue ---- */
    EVENT_TORRENT_CHANGED, /* changed (merge: bits are or-ed) */
    EVENT_SESSION_CHANGED, /* changed (merge) */
    EVENT_TORRENT_ADDED,   /* torrent */
    EVENT_TORRENT_GIVEN,   /* torrent: it was to be added, and is there already */
    EVENT_TORRENT_REMOVED, /* torrent */
    EVENT_FETCHED,         /* fetched: what a URL led to; torrent: what it is now */
    EVENT_LISTENING,       /* piece.piece: the port */
    EVENT_PORT_MAPPING,    /* piece.piece: the port; whether it is mapped has changed */
    EVENT_METADATA,        /* torrent */
    EVENT_CHECKED,         /* piece.piece: how many pieces are there */
    EVENT_PIECE,           /* verified.piece, verified.ok */
    EVENT_COMPLETED,       /* torrent */
    EVENT_PEER,            /* peer_news: a status change */
    EVENT_BAN,             /* peer_news */
    EVENT_TRACKER,         /* announced */
    EVENT_CHECKPOINT,      /* piece.piece: pieces claimed by the resume file */
    EVENT_WARNING,         /* text */
    EVENT_ERROR,           /* text */
    EVENT_STOPPED          /* torrent: trackers told, files closed */
};

struct disk_piece; /* disk/: a piece on its way through a worker */
struct disk_job;   /* disk/: arguments and results of a rare job */

struct message {
    enum message_type type;
    struct torrent_id torrent;
    struct peer_id_ref peer;
    union {
        struct block_ref block;
        struct {
            struct block *block; /* owned */
        } block_data;
        struct {
            uint32_t piece;
            uint32_t change; /* of a peer's pieces: its number, from 1 */
        } piece;
        struct {
            bool on;
        } flag;
        struct {
            uint32_t blocks;
        } room;
        struct {
            enum peer_reason reason;
            enum error_code error;
            struct netaddr address; /* PEER_BAN: whom; family NONE: the peer's */
        } gone;
        struct {
            enum peer_status status;
            enum peer_reason reason;
        } status;
        struct {
            uint64_t down, up; /* bytes/s; 0: none */
        } limits;
        struct {
            struct netaddr address;
            enum peer_source source;
            bool by_v2; /* it was found by a hybrid's v2 hash, and may know no other */
        } candidate;
        struct {
            uint8_t *bytes; /* owned, malloc */
            uint32_t piece;
            uint32_t length;
            int64_t total;   /* bytes of the whole, as the peer says */
            bool one_by_one; /* the peer is lost if a question waits behind another */
        } metadata;
        struct {
            uint8_t *bytes; /* owned, malloc; as on the wire (meta/hash_tree.h) */
            uint32_t length;
        } hashes;
        struct {
            struct netaddr *addresses; /* owned, malloc */
            uint32_t count;
            enum peer_source source;
            struct netaddr from;   /* who named them; family NONE: unknown */
            struct info_hash hash; /* which they were found by */
        } peers;
        struct {
            struct block *chain; /* owned; in order of begin */
            uint32_t piece;
            bool last;         /* the piece's last run: verify and write it */
            bool want_digests; /* answer with the digests of its blocks, right or wrong */
            bool write_now;    /* pool pressure: write what is hashed, verified later */
        } run;
        struct {
            struct block *chain;  /* owned: back to the pool */
            uint8_t *block_sha1s; /* owned, malloc; SHA1_BYTES a block, or NULL */
            uint32_t piece;
            bool ok;
        } verified;
        struct {
            struct block *chain; /* owned; end to end in one piece. All filled, or none */
            enum error_code error;
            int errno_value;
            uint32_t file; /* what the error is about */
        } read;
        struct {
            struct bitfield
                *have; /* owned, malloc + bitfield_init; only in DISK_CHECKED */
            uint32_t pieces_done; /* of the whole torrent, for progress */
            uint32_t pieces_found;
            enum error_code error;
            uint32_t file; /* what the error is about */
        } checked;
        struct {
            struct block *chain; /* owned: blocks of the failed write or read, or NULL */
            uint32_t piece;
            uint32_t file;
            enum error_code error;
            int errno_value;
            bool writing;
        } disk_error;
        struct {
            uint64_t done, total; /* bytes */
        } moving;
        struct {
            struct disk_job *job; /* owned; freed by disk_job_free */
            enum error_code error;
        } job;
        struct {
            uint32_t tracker; /* index in the torrent's tracker list */
            bool ok;
            bool counts; /* only its seeds, leechers and downloads are new */
        } announced;
        struct {
            uint32_t what; /* enum changed, or-ed */
        } changed;
        struct {
            struct netaddr address;
            enum peer_status status;
            enum peer_reason reason;
            bool connected; /* then what is below is known */
            enum peer_transport transport;
            enum peer_encryption encryption;
            enum peer_source source;
            bool punched; /* met through a relay (BEP 55) */
        } peer_news;
        struct {
            char *text; /* owned, malloc, sanitised UTF-8, translated */
            enum error_code error;
        } text;
        struct {
            uint32_t number;       /* session_fetch's */
            enum error_code error; /* EXISTS: the torrent was in the list already */
            char
                *text; /* what went wrong: owned, as above; NULL: nothing, or no memory */
        } fetched;
    } u;
};

/* Frees what MESSAGE holds; blocks go to POOL (loop thread), which may be NULL only
 * when no block can be in it. */
void message_done(struct message *message, struct block_pool *pool);
/* Whether two events are twins that merge into one; then INTO takes FROM's bits. */
bool message_merge(struct message *into, const struct message *from);

/* "bad-data" for machines; the translated sentence for people. */
const char *peer_reason_word(enum peer_reason reason);
const char *peer_reason_text(enum peer_reason reason);
const char *peer_status_word(enum peer_status status);
const char *peer_transport_word(enum peer_transport transport);
const char *peer_encryption_word(enum peer_encryption encryption);
const char *peer_source_word(enum peer_source source);

/* Set once by disk/ so that message_done can free jobs without knowing them. */
struct disk_job_base {
    void (*free_job)(struct disk_job *job);
};

#endif
