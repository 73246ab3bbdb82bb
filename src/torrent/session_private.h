/*
 * The session from inside: what all torrents share, and what they have in common. Loop
 * thread.
 */
#ifndef BTTUI_TORRENT_SESSION_PRIVATE_H
#define BTTUI_TORRENT_SESSION_PRIVATE_H

#include "torrent/schedule.h"
#include "torrent/state_dir.h"
#include "torrent/torrent.h"

struct disk_job;
struct magnet;

struct session {
    struct session_config config;
    struct loop *loop;
    struct log *log;
    struct block_pool *pool;
    struct disk_manager *disk;
    struct peer_shared *peers;
    struct incoming *incoming;
    /* Bytes whose leaves peers may have asked for in the second that began then. */
    uint64_t leaves_ns, leaf_bytes;
    struct udp_port *udp;            /* of uTP and DHT */
    struct session_dht *dht;         /* NULL: there is none */
    struct utp *utp;                 /* NULL: left out */
    struct session_lsd *lsd;         /* NULL: there is none */
    struct session_portmap *portmap; /* NULL: no port is mapped */
    struct http *http;               /* of trackers */
    struct http *files_http;         /* of web seeds, which would take all their places */
    struct tracker_turns *turns;
    struct event_bus *events;
    struct state_dir state;
    struct listener *listeners[2];
    struct net_watch *net_watch; /* NULL: the system does not tell */
    struct loop_gap gap;
    uint32_t bound_epoch; /* as net->bound told last */
    bool cut_off;         /* so did it that nothing can be sent */
    char trouble[256];    /* why, as the user was told last; "": he was not */
    char no_udp[256];     /* the same of datagrams alone */
    uint16_t port;
    bool incoming_seen;
    const struct saved_torrent
        *restoring;   /* the saved list is being read: whose turn it is */
    bool list_lost;   /* it is damaged: torrents come back by their files' names */
    bool list_failed; /* the last save of it did */
    bool list_unread; /* it is there, but could not be read: it is not replaced */
    bool bans_dirty;
    struct loop_timer bans_timer;  /* they are saved when it fires */
    struct loop_timer list_timer;  /* and the list */
    struct loop_timer keep_timer;  /* and .torrents that could not be */
    struct loop_timer peers_timer; /* and whom torrents know */
    uint32_t keeping;              /* .torrents on their way */
    bool files_confined;
    char sandbox_text[200];
    uint8_t peer_id[20];
    char *download_dir;
    struct session_settings settings, configured;
    struct label_rule *label_rules; /* owned */
    uint32_t label_rule_count;
    struct loop_timer goal_timer; /* the nearest goal of seeding by time */
    struct schedule schedule;     /* of turtle mode */
    struct loop_timer turtle_timer;
    int64_t turtle_next_s; /* when it fires, on the wall clock */
    double clock_offset_s; /* of the wall clock, when that was worked out */
    struct saved_look looks[SAVED_LOOKS];
    struct session_totals totals_before; /* of the sessions before this one */
    uint64_t begun_ns, totals_saved_ns;

    struct torrent **slots; /* by id.index */
    uint32_t *generations;
    uint32_t slot_count;
    struct torrent_id *order;
    uint32_t count;
    struct torrent_hash *by_hash, *by_obfuscated;
    struct saved_torrent
        *waiting; /* on the saved list, but could not be restored this time */
    uint32_t waiting_count, waiting_capacity;
    struct info_hash *gone; /* whose state goes with the next list; owned */
    uint32_t gone_count, gone_capacity;

    bool queue_strict;
    bool queue_due; /* who may be active is to be looked at anew */
    struct loop_timer queue_timer;
    bool share_due; /* the pool is to be shared anew */
    struct torrent *run_list;
    struct loop_hook hook;
    struct loop_timer tick;
    struct history history;
    uint64_t gone_down, gone_up; /* of removed torrents */
    uint64_t free_bytes;         /* as of the last look */
    bool looking_for_space;
    uint32_t jobs; /* of session_post_job, not answered yet */
    uint64_t free_looked_ns;

    struct session_fetch *fetches; /* by URL, the oldest first */
    uint32_t fetch_number;         /* of the newest */

    bool stopping;
    void (*stopped)(void *context);
    void *stopped_context;
    struct loop_timer stop_timer;
    uint64_t stop_ns; /* what it is set to */
};

/* session.c */
struct torrent *session_torrent(const struct session *session, struct torrent_id id);
struct peer_manager *session_lookup(void *session, const struct info_hash *hash);
struct peer_manager *session_find(void *session, const uint8_t obfuscated[SHA1_BYTES],
                                  struct info_hash *ret_hash);
/* Running or not; NULL: none has it. */
struct torrent *session_by_hash(const struct session *session,
                                const struct info_hash *hash);
/* Another than EXCEPT with a hash of META's, NULL: none has one. While the saved list is
 * read: one that stands there by the same hash. */
struct torrent *session_twin(const struct session *session, const struct metainfo *meta,
                             const struct torrent *except);
/* Into the tables that those look into, by the hashes of its metainfo that nobody has
 * there yet; and out of them. */
enum error_code session_enlist(struct torrent *torrent) MUST_CHECK;
void session_unlist(struct torrent *torrent);

void session_begin_turns(struct session *session);
void session_run_soon(struct torrent *torrent);
void session_unqueue(struct torrent *torrent); /* it is about to be freed */
void session_changed(struct torrent *torrent, uint32_t what);
void session_event(struct torrent *torrent, enum message_type type, uint32_t number);
void session_torrent_stopped(struct torrent *torrent);
void session_check_stopped(struct session *session); /* what it waits for may be over */
void session_tick_soon(struct session *session);
/* Who downloads has changed: the pool is shared anew before the next of them runs, once
 * for however many changed. */
void session_share_pool(struct session *session);
/* A job on state files or on data to delete: a stop waits for it. Frees JOB on failure.
 */
enum error_code session_post_job(struct session *session, enum message_type type,
                                 struct torrent_id id, struct disk_job *job);
/* EVENT_WARNING and a line in the log. */
void session_warn(struct session *session, struct torrent_id id, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* settings.h takes effect; SETTINGS are what the session has from now on. */
void session_apply_settings(struct session *session,
                            const struct session_settings *settings);

/* session_fetch.c: ends all, without a word. */
void session_end_fetches(struct session *session);

/* session_magnet.c */
/* One whose link is kept, at PATH. ERROR_NOT_FOUND: it is not. */
enum error_code session_restore_link(struct session *session, const char *path,
                                     char message[SESSION_MESSAGE_SIZE]) MUST_CHECK;

/* session_add.c */
/* The end of all ways to add: META, taken over, is in the list; MAGNET: what it was made
 * of if it is awaited, else NULL. */
enum error_code session_add_metainfo(struct session *session, struct metainfo *meta,
                                     const struct magnet *magnet,
                                     const struct add_options *options,
                                     struct torrent_id *ret_id) MUST_CHECK;
/* Where a new torrent for DIR goes first; NULL: there. What is there is not left alone.
 */
const char *session_first_dir(const struct session *session, const struct metainfo *meta,
                              const char *dir);
/* Whether META's files may lie in DIR (T39, T47): no torrent but EXCEPT (or NULL) has
 * them. MESSAGE says which rule forbids it. */
enum error_code session_check_place(struct session *session, const struct metainfo *meta,
                                    const char *dir, const struct torrent *except,
                                    char message[SESSION_MESSAGE_SIZE]) MUST_CHECK;

#endif
