/*
 * The session as the interface, headless mode and the tests see it: read-only
 * looks at torrents, and commands that change them. It owns what all torrents
 * share: listening sockets, the block pool, the workers, the saved state, the
 * event bus. Several sessions can live in one process on one loop.
 *
 * Looks copy into the caller's records; texts in them live until the next turn of
 * the loop. Everything that came from outside is already sanitised UTF-8.
 * Loop thread only.
 */
#ifndef BTTUI_TORRENT_SESSION_H
#define BTTUI_TORRENT_SESSION_H

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "bus/bus.h"
#include "bus/message.h"
#include "loop/loop.h"
#include "torrent/settings.h"

#include <stdbool.h>
#include <stdint.h>

struct session;
struct net; /* net/net.h: real or virtual sockets */

/* What files get before their bytes come. */
enum preallocation { PREALLOCATE_NONE, PREALLOCATE_SPARSE, PREALLOCATE_FULL };

struct session_config {
    struct loop *loop; /* not owned */
    struct net *net;   /* not owned */
    const struct random_source *random;
    struct log *log; /* not owned; may be NULL */
    const char *download_dir;
    const char *incomplete_dir; /* where new ones are until complete; NULL: there */
    const char *state_dir;      /* NULL: nothing is kept (demo, tests) */
    uint16_t port;              /* 0: any */
    const char *bind;           /* address or interface; NULL: all */
    uint64_t max_down, max_up;  /* bytes/s; 0: none */
    uint64_t turtle_down, turtle_up;
    const char *turtle_schedule; /* torrent/schedule.h; NULL: none */
    struct seed_goal goal;
    uint32_t max_peers; /* per torrent; 0: 200 */
    /* At a time; 0: as many as there are. */
    uint32_t active_downloads, active_seeds, active_checks;
    uint32_t workers;   /* 0: as many as cores */
    bool hold_workers;  /* no thread before session_begin */
    size_t pool_bytes;  /* 0: 64 MiB */
    bool incoming;      /* listen at all */
    bool verify_writes; /* what was written is read back before it counts */
    unsigned names;     /* enum metainfo_names, or-ed: for torrents to be added */
    enum preallocation preallocate;
    bool sequential; /* those fetch their pieces in order */
    bool first_last; /* and the first and last of each file before the others */
};

/* On failure *ret_session stays and MESSAGE (MESSAGE_SIZE bytes) tells people why. */
#define SESSION_MESSAGE_SIZE 512
enum error_code session_new(const struct session_config *config,
                            struct session **ret_session,
                            char message[SESSION_MESSAGE_SIZE]) MUST_CHECK;
/* Starts workers that were held; what was asked of the disk until now waited for them.
 * Fails if the system has no thread for them. */
enum error_code session_begin(struct session *session) MUST_CHECK;
/* After session_stop's callback, or at once (then nothing is told or saved). */
void session_free(struct session *session);
/* Stops all torrents, tells trackers (<= 3 s), saves state; then calls DONE once. */
void session_stop(struct session *session, void (*done)(void *context), void *context);
/* Adds the torrents of the state directory. */
enum error_code session_restore(struct session *session,
                                char message[SESSION_MESSAGE_SIZE]);

struct event_bus *session_events(struct session *session);
struct log *session_log(struct session *session);
struct block_pool *session_pool(struct session *session);

/* ---- adding and removing ---- */
struct add_options {
    const char *download_dir; /* NULL: the session's */
    bool paused;
    bool sequential, first_last;
    bool super_seed;
    const char *select;          /* --select; NULL: all */
    const char *label;           /* as label_read gives it; NULL: none */
    const struct netaddr *peers; /* --peer */
    uint32_t peer_count;
};
/* Reads and parses the .torrent file at PATH (HOSTILE.md T). ERROR_EXISTS: *ret_id is the
 * one there is; ERROR_INVALID: the --select list is wrong; ERROR_REFUSED: by policy.
 * MESSAGE names the file and what is wrong. */
enum error_code session_add_file(struct session *session, const char *path,
                                 const struct add_options *options,
                                 struct torrent_id *ret_id,
                                 char message[SESSION_MESSAGE_SIZE]) MUST_CHECK;
enum error_code session_add_bytes(struct session *session, const uint8_t *bytes,
                                  size_t length, const struct add_options *options,
                                  struct torrent_id *ret_id,
                                  char message[SESSION_MESSAGE_SIZE]) MUST_CHECK;
/* Takes it off the list; EVENT_TORRENT_REMOVED follows. */
void session_remove(struct session *session, struct torrent_id id, bool with_data);

/* ---- the session at a glance ---- */
struct session_info {
    uint32_t torrents;
    uint64_t down_rate, up_rate; /* payload bytes/s */
    uint64_t max_down, max_up;   /* that hold now; 0: none */
    bool turtle;                 /* they are turtle mode's */
    int64_t
        turtle_next_s; /* when its schedule changes that (wall clock); INT64_MAX: never */
    uint64_t downloaded, uploaded; /* payload bytes of this session */
    uint32_t peers;                /* connected */
    uint16_t port;                 /* 0: not listening */
    bool incoming_seen;            /* somebody reached our port */
    uint64_t
        free_bytes; /* on the download directory's file system; UINT64_MAX: unknown */
    const char *download_dir;
    const char *state_dir; /* NULL: nothing is kept */
    uint32_t blocklist;    /* ranges of addresses; 0: there is none */
    uint64_t blocked;      /* callers it kept out */
    const char *sandbox;   /* what the process was confined to, a sentence; "" */
    const char *bound;     /* what all traffic is tied to; NULL: nothing */
    const char *trouble;   /* why nothing can be sent, a sentence; NULL: it can */
};
void session_get_info(struct session *session, struct session_info *ret_info);
/* Who is on these lists (peer/blocklist.h has the formats; gzip too) is neither called
 * nor let in. Reads the files at once: before the loop runs. MESSAGE names the file and
 * what is wrong; then nothing has changed. */
enum error_code session_read_blocklists(struct session *session, const char *const *paths,
                                        uint32_t count,
                                        char message[SESSION_MESSAGE_SIZE]) MUST_CHECK;
/* The process was confined: TEXT says to what, and is copied; FILES says whether only
 * some files can be reached, which errors then name as a cause. */
void session_set_sandbox(struct session *session, const char *text, bool files);

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
    struct info_hash hash;
    const char *name;
    const char *label; /* "": none */
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
    PEER_FLAG_HANDSHAKEN = 1 << 11
};
struct peer_info {
    struct peer_id_ref ref;
    struct netaddr address;
    enum peer_source source;
    enum peer_status status;
    enum peer_reason reason; /* why blocked; NONE otherwise */
    uint32_t flags;          /* enum peer_flags, or-ed */
    const char *client;      /* "Transmission 3.00", "" if not known */
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

/* Rates of the last seconds, newest last: one sample a second, at most SESSION_HISTORY.
 * ID with generation 0: the whole session. Returns how many were written. */
#define SESSION_HISTORY 3600
uint32_t torrent_get_history(struct session *session, struct torrent_id id,
                             uint32_t *ret_down, uint32_t *ret_up, uint32_t capacity);

/* Where its data are: a file, or the directory of its files. The caller frees it. NULL:
 * it is gone, or out of memory. */
char *torrent_get_path(struct session *session, struct torrent_id id);

/* ---- commands; an id that is gone is ignored ---- */
void torrent_pause(struct session *session, struct torrent_id id);
void torrent_resume(struct session *session, struct torrent_id id);
/* Starts it whatever the queue says, paused or not; or lets it queue again. */
void torrent_force(struct session *session, struct torrent_id id, bool forced);
void torrent_verify(struct session *session, struct torrent_id id);
void torrent_announce(struct session *session, struct torrent_id id);
/* One more tracker, behind the others; kept, as is what is removed. ERROR_INVALID: no
 * address of a tracker; ERROR_EXISTS; ERROR_FULL. */
enum error_code torrent_add_tracker(struct session *session, struct torrent_id id,
                                    const char *url) MUST_CHECK;
void torrent_remove_tracker(struct session *session, struct torrent_id id,
                            uint32_t tracker); /* its id */
void torrent_set_sequential(struct session *session, struct torrent_id id,
                            bool sequential);
void torrent_set_first_last(struct session *session, struct torrent_id id,
                            bool first_last);
/* LABEL as label_read gives it; "": none. */
void torrent_set_label(struct session *session, struct torrent_id id, const char *label);
/* Shows each peer two pieces at a time while nobody else has everything (BEP 16). */
void torrent_set_super_seed(struct session *session, struct torrent_id id, bool on);
void torrent_set_file_wanted(struct session *session, struct torrent_id id, uint32_t file,
                             bool wanted);
/* The same for COUNT files at once. */
void torrent_set_files_wanted(struct session *session, struct torrent_id id,
                              const uint32_t *files, uint32_t count, bool wanted);
/* COUNT files come earlier (BY 1) or later (-1) than others: high, normal, low. */
void torrent_step_files_priority(struct session *session, struct torrent_id id,
                                 const uint32_t *files, uint32_t count, int by);
/* The files that LIST names (--priority) get PRIORITY: -1, 0 or 1. ERROR_INVALID: MESSAGE
 * says what is wrong with it. */
enum error_code torrent_set_priority(struct session *session, struct torrent_id id,
                                     const char *list, int priority,
                                     char message[SESSION_MESSAGE_SIZE]) MUST_CHECK;
/* Moves its data to DIR while others run; its own transfers wait. What is there is never
 * replaced; a kill at any moment leaves one place whole. ERROR_AGAIN: not now;
 * ERROR_REFUSED: by policy. MESSAGE says why. What fails later is a warning. */
enum error_code torrent_move_data(struct session *session, struct torrent_id id,
                                  const char *dir,
                                  char message[SESSION_MESSAGE_SIZE]) MUST_CHECK;
/* As if it had not begun; too late when all is copied. */
void torrent_cancel_move(struct session *session, struct torrent_id id);
/* Wants the files that LIST names (--select), and no others. ERROR_INVALID: MESSAGE says
 * what is wrong with it. */
enum error_code torrent_select(struct session *session, struct torrent_id id,
                               const char *list,
                               char message[SESSION_MESSAGE_SIZE]) MUST_CHECK;
void torrent_add_peer(struct session *session, struct torrent_id id,
                      const struct netaddr *address);
void torrent_pause_peer(struct session *session, struct torrent_id id,
                        struct peer_id_ref peer);
void torrent_resume_peer(struct session *session, struct torrent_id id,
                         struct peer_id_ref peer);
void torrent_kick_peer(struct session *session, struct torrent_id id,
                       struct peer_id_ref peer);
void torrent_ban_peer(struct session *session, struct torrent_id id,
                      struct peer_id_ref peer);
/* Bytes/s, 0: none; within the torrent's limits. Like a pause they hold for this session,
 * also when the peer comes back. */
void torrent_limit_peer(struct session *session, struct torrent_id id,
                        struct peer_id_ref peer, uint64_t max_down, uint64_t max_up);
/* Moves it up (-1) or down (+1) in the list. */
void torrent_move(struct session *session, struct torrent_id id, int by);
/* Those that hold now: turtle mode's while that is on. */
void session_set_limits(struct session *session, uint64_t max_down, uint64_t max_up);
/* By hand: holds until the schedule's next change. */
void session_set_turtle(struct session *session, bool on);
/* NULL: none. What it says holds at once. False: it is none, and the last one stays. */
bool session_set_schedule(struct session *session, const char *text);
/* What holds for the torrents of some labels (torrent/label_rule.h), at once; those that
 * are none are left out. Without memory for them all stays as it was. */
void session_set_label_rules(struct session *session, const char *const *texts,
                             uint32_t count);
/* Who is refused for what it is or does (peer/refuse.h), at once: globs on clients'
 * names; bytes taken without giving, 0: whatever. Without memory all stays as it was. */
void session_set_refusals(struct session *session, const char *const *clients,
                          uint32_t count, uint64_t leech_bytes);
/* As in the config. Connections there are stay when it becomes less. */
void session_set_max_peers(struct session *session, uint32_t max_peers);
/* As in the config, for torrents added from then on. */
void session_set_adding(struct session *session, unsigned names, bool sequential,
                        bool first_last);

/* ---- settings: read, change, set; they take effect at once and are kept ---- */
bool torrent_get_settings(const struct session *session, struct torrent_id id,
                          struct torrent_settings *ret_settings);
void torrent_set_settings(struct session *session, struct torrent_id id,
                          const struct torrent_settings *settings);
void session_get_settings(const struct session *session,
                          struct session_settings *ret_settings);
void session_set_settings(struct session *session,
                          const struct session_settings *settings);
/* What is configured has become CONFIGURED: what differs from before takes effect, the
 * rest stays as it was chosen since. */
void session_configure(struct session *session,
                       const struct session_settings *configured);
/* Up to now, with this session. */
void session_get_totals(const struct session *session, struct session_totals *ret_totals);
/* How the view called NAME looks, in printable ASCII that only the interface understands;
 * NULL: nothing is kept. The text lives until the next set. */
const char *session_get_look(const struct session *session, const char *name);
void session_set_look(struct session *session, const char *name, const char *text);

#endif
