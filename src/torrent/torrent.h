/*
 * The Torrent Manager: the hub of one torrent. It alone knows the Peer, Piece, Disk and
 * Tracker Managers, which know nothing of each other: it drains their buses and passes on
 * what one has to say to another. Only torrent/ includes this. Loop thread.
 */
#ifndef BTTUI_TORRENT_TORRENT_H
#define BTTUI_TORRENT_TORRENT_H

#include "bus/bus.h"
#include "discovery/tracker_manager.h"
#include "disk/disk_manager.h"
#include "meta/metainfo.h"
#include "peer/incoming.h"
#include "peer/peer_manager.h"
#include "piece/piece_manager.h"
#include "torrent/history.h"
#include "torrent/label_rule.h"
#include "torrent/resume.h"
#include "torrent/schedule.h"
#include "torrent/session.h"
#include "torrent/settings.h"
#include "torrent/state_dir.h"

#define HASH_NONFATAL_OOM 1 /* then the new element's hh.tbl is NULL */
#include <uthash.h>

/* What the Torrent Manager notes of a peer, by the place of its address. */
struct torrent_peer {
    uint32_t generation; /* 0: nobody */
    bool interested;     /* we are */
    bool joined;         /* known to the Piece Manager */
};

enum torrent_phase {
    TORRENT_PHASE_STARTING, /* looking at the files */
    TORRENT_PHASE_CHECKING,
    TORRENT_PHASE_READY,
    TORRENT_PHASE_STOPPING,
    TORRENT_PHASE_STOPPED
};

enum torrent_move { /* move.c */
                    TORRENT_MOVE_NONE,
                    TORRENT_MOVE_SAVING,
                    TORRENT_MOVE_COPYING,
                    TORRENT_MOVE_SWITCHING,
                    TORRENT_MOVE_FINISHING
};

struct torrent {
    UT_hash_handle hh; /* by info-hash */
    struct session *session;
    struct torrent_id id;
    struct metainfo *meta;
    struct info_hash hash;
    char *download_dir;
    char *final_dir; /* where it is moved when it is complete; NULL: it is there */
    char *root;      /* download_path_root's, made when first asked for */
    char *display_name, *comment, *creator; /* sanitised */

    struct bus *requests, *responses, *discovery;
    struct peer_manager *peers;
    struct piece_manager *pieces;
    struct tracker_manager *trackers;
    bool opened; /* with the Disk Manager */

    enum torrent_phase phase;
    struct torrent_settings settings;
    bool running; /* peers and trackers are started */
    bool complete;
    bool is_seeding;           /* both */
    uint64_t seeding_since_ns; /* on the clock that stands still in sleep */
    uint64_t seeded_ns;        /* in this session, before that */
    bool check_waits;          /* for its turn to be hashed */
    uint64_t moved_ns;         /* when it last got data, or was started */
    bool queued_to_run;        /* on the session's list */
    struct torrent *run_next;
    bool *unwanted;     /* files; NULL: all are wanted */
    int8_t *priorities; /* of files: -1, 0, 1; NULL: all 0 */
    enum torrent_move move;
    enum torrent_move saved_move; /* when the save under way, or the last, began */
    char *move_dir;               /* to where; SWITCHING, FINISHING: from where */
    bool move_taken_up;           /* what a kill had left */
    bool completed_untold; /* EVENT_COMPLETED follows when it is where it belongs */
    uint64_t move_done, move_total; /* bytes */
    bool unallocated;               /* files have not got their sizes yet */
    bool prioritised;               /* not all pieces are wanted alike */
    bool unsettled;                 /* the disk has not followed that yet */

    enum error_code error;  /* NONE: all well */
    bool missing;           /* its files are gone: nothing is made anew unasked (S16) */
    bool empties_missing;   /* empty files could not be made */
    bool unchecked;         /* a check could not be made: what is there is not known */
    uint32_t read_failures; /* in a row */
    uint32_t misreads;      /* in a row: pieces read back other than written (S26) */
    char error_text[400];
    char reason_text[200]; /* of the last look */
    uint32_t check_done, check_found;

    struct torrent_peer *noted;
    uint32_t noted_capacity;
    uint32_t
        generation_seen;     /* of the Piece Manager, when idle peers were last offered */
    bool starving;           /* a peer with room got nothing */
    struct loop_timer retry; /* offers again: end-game is a matter of time */
    struct loop_timer disk_retry;

    /* What keeps it: it goes on the saved list when its .torrent is durable. */
    bool kept, keep_failed;
    uint8_t *unkept; /* the .torrent, until then; NULL: on its way */
    size_t unkept_bytes;
    struct resume resume;    /* as loaded; then the totals of before */
    struct bitfield claimed; /* by the resume data as they were loaded, until others are
                                saved */
    bool clean_waits;    /* the clean save: for what the disk is to say of whole pieces */
    bool choice_unsaved; /* where its files are, and which are wanted */
    struct bitfield to_hash;
    bool claims_dirty, sync_under_way; /* under way: until the state is saved */
    bool settled; /* the state on disk is that of a clean end, and nothing has changed */
    bool state_failed;        /* the last save of state failed, and that was said */
    struct bitfield durable;  /* what was synced and claimed last */
    struct bitfield claiming; /* what the sync under way will have made durable */
    struct loop_timer checkpoint;
    bool trackers_done, disk_done;

    struct history history;
    double added_wall_s, completed_wall_s;
};

struct session {
    struct session_config config;
    struct loop *loop;
    struct log *log;
    struct block_pool *pool;
    struct disk_manager *disk;
    struct peer_shared *peers;
    struct incoming *incoming;
    struct http *http;
    struct tracker_turns *turns;
    struct event_bus *events;
    struct state_dir state;
    struct listener *listeners[2];
    struct net_watch *net_watch; /* NULL: the system does not tell */
    struct loop_gap gap;
    uint32_t bound_epoch; /* as net->bound told last */
    bool cut_off;         /* so did it that nothing can be sent */
    uint16_t port;
    bool incoming_seen;
    const struct saved_torrent
        *restoring;   /* the saved list is being read: whose turn it is */
    bool list_lost;   /* it is damaged: torrents come back by their files' names */
    bool list_failed; /* the last save of it did */
    bool list_unread; /* it is there, but could not be read: it is not replaced */
    bool bans_dirty;
    struct loop_timer bans_timer; /* they are saved when it fires */
    struct loop_timer list_timer; /* and the list */
    struct loop_timer keep_timer; /* and .torrents that could not be */
    uint32_t keeping;             /* .torrents on their way */
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
    struct torrent *by_hash;
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

    bool stopping;
    void (*stopped)(void *context);
    void *stopped_context;
    struct loop_timer stop_timer;
};

/* torrent_new.c */
enum error_code torrent_new(struct session *session, struct metainfo *meta,
                            const struct add_options *options,
                            const struct resume *resume, struct torrent **ret_torrent);
void torrent_free(struct torrent *torrent);
/* What is set reaches the Piece and Peer Managers. */
void torrent_set_up_parts(struct torrent *torrent);

/* torrent.c: life */
/* Peers and trackers: torrent_start asks. */
void torrent_run_now(struct torrent *torrent);
void torrent_halt(struct torrent *torrent); /* and off again */
/* For good; session_torrent_stopped follows. */
void torrent_stop(struct torrent *torrent);
void torrent_fail(struct torrent *torrent, enum error_code error, const char *text);
/* What is set takes effect. */
void torrent_apply_settings(struct torrent *torrent);
bool torrent_is_downloading(const struct torrent *torrent);

/* files.c */
/* The flags of LIST turned round, malloc'd. ERROR_INVALID: MESSAGE says what is wrong. */
enum error_code files_read_selection(struct metainfo *meta, const char *list,
                                     bool **ret_unwanted,
                                     char message[SESSION_MESSAGE_SIZE]) MUST_CHECK;
void torrent_apply_wanted(struct torrent *torrent);
/* What could not be done is tried again. */
void torrent_settle_again(struct torrent *torrent);
/* If it is asked for, and there is something to fetch. */
void torrent_preallocate(struct torrent *torrent);
void torrent_on_allocated(struct torrent *torrent, const struct message *response);
void torrent_on_settled(struct torrent *torrent, const struct message *response);

/* move.c */
/* Another directory is chosen for new torrents only until they are complete. True: it is
 * on its way. */
bool torrent_move_home(struct torrent *torrent);
/* At the start: cleans up what a kill has left. True: torrent_begin follows by itself. */
bool torrent_take_up_move(struct torrent *torrent);
/* The new place was away, and may be back. True: torrent_begin follows by itself. */
bool torrent_finish_move_again(struct torrent *torrent);
void torrent_stop_move(struct torrent *torrent);  /* the session ends */
void torrent_leave_move(struct torrent *torrent); /* the torrent is removed */
/* The resume data were saved, or could not be. */
void torrent_move_saved(struct torrent *torrent, bool saved);
void torrent_on_moved(struct torrent *torrent, const struct message *response);
void torrent_on_moving(struct torrent *torrent, const struct message *response);

/* session_add.c */
/* Where a new torrent for DIR goes first; NULL: there. What is there is not left alone.
 */
const char *session_first_dir(const struct session *session, const struct metainfo *meta,
                              const char *dir);
/* Whether META's files may lie in DIR (T39, T47): no torrent but EXCEPT (or NULL) has
 * them. MESSAGE says which rule forbids it. */
enum error_code session_check_place(struct session *session, const struct metainfo *meta,
                                    const char *dir, const struct torrent *except,
                                    char message[SESSION_MESSAGE_SIZE]) MUST_CHECK;

/* torrent_manager.c: messages */
bool torrent_run(struct torrent *torrent); /* true: more is left */
void torrent_on_disk(struct torrent *torrent, struct message *response);
void torrent_post_peers(struct torrent *torrent, struct message *request);
void torrent_check_complete(struct torrent *torrent);

/* checking.c: STARTING, CHECKING, then READY. What claims cannot be trusted is hashed;
 * the torrent starts, if it may, once it is known what is there. */
/* Compares the claims with the files as they are now (torrent_on_synced goes on). */
void torrent_begin(struct torrent *torrent);
/* Hashes what is in to_hash, which it takes; all if that is empty. Makes empty files. */
void torrent_check(struct torrent *torrent);
/* Its turn has come. */
void torrent_check_now(struct torrent *torrent);
/* Hashes what we have but is not in TRUSTED (NULL: all is trusted), and makes empty
 * files. */
void torrent_check_some(struct torrent *torrent, const struct bitfield *trusted);
void torrent_on_checked_range(struct torrent *torrent, const struct message *message);
/* Takes what was found over into the Piece Manager; its bits may be changed. */
void torrent_on_checked(struct torrent *torrent, struct message *message);

/* peer_notes.c: who has joined, whom we are interested in */
/* PEER_INTEREST if it has something we want, or no longer, and has not been told yet. */
void torrent_update_interest(struct torrent *torrent, struct peer_id_ref ref);
void torrent_seek_interest(struct torrent *torrent); /* what we want is another */
void torrent_lose_interest(struct torrent *torrent); /* in all: we have what we want */
/* EVENT_PEER; nothing of one whose address is gone. */
void torrent_report_peer(struct torrent *torrent, struct peer_id_ref ref,
                         enum peer_status status, enum peer_reason reason);
/* PEER_HANDSHAKEN: it joins the Piece Manager, or is disconnected for want of memory. */
void torrent_on_handshaken(struct torrent *torrent, const struct message *message);
void torrent_on_gone(struct torrent *torrent, const struct message *message);
/* PEER_HAS_PIECES, PEER_HAS_PIECE */
void torrent_on_pieces(struct torrent *torrent, const struct message *message);

/* reason.c: INFO is filled but for its reason; the text lives until the next call. */
const char *torrent_reason(struct torrent *torrent, const struct torrent_info *info);

/* checkpoint.c: resume data */
void torrent_claims_changed(struct torrent *torrent);
/* What is kept beside the claims (files, trackers): saved at once, with what is known of
 * the claims. */
void torrent_choice_changed(struct torrent *torrent);
/* With the claims as they were loaded, whatever has become of them. */
void torrent_save_choice(struct torrent *torrent);
void torrent_checkpoint(struct torrent *torrent); /* the timer's */
/* The disk has said whether a piece is right. */
void torrent_save_if_waiting(struct torrent *torrent);
void torrent_save(struct torrent *torrent, bool clean);
void torrent_on_synced(struct torrent *torrent, struct message *response);
void torrent_on_saved(struct torrent *torrent, const struct message *response);

/* keep.c: what is added is not forgotten */
void session_init_keeping(struct session *session);
/* Writes the .torrent, then has the list name it. */
void torrent_keep(struct torrent *torrent, const uint8_t *bytes, size_t length);
void session_keep_again(struct session *session); /* those that failed */
void session_on_kept(struct session *session, const struct message *response);

/* queue.c: who is active */
/* If it may, now or when it is its turn: to check, download or seed. */
void torrent_start(struct torrent *torrent);
bool torrent_is_queued(const struct torrent *torrent);
struct queue_look {
    uint32_t active, limit; /* of its kind */
    bool checks, seeds;     /* the kind; neither: downloads */
};
void torrent_queue_look(const struct torrent *torrent, struct queue_look *ret_look);
void session_init_queue(struct session *session);
/* Looks at the list anew, this turn. */
void session_queue_soon(struct session *session);
/* And ends those that are too many now that settings have changed. */
void session_queue_anew(struct session *session);
void session_run_queue(struct session *session);

/* disk_trouble.c: a disk that fails */
void torrent_fail_on_disk(struct torrent *torrent, const struct storage_error *error);
/* There was no memory to look at the files: tried again later, all of them. */
void torrent_check_failed(struct torrent *torrent);
/* The user or a timer says that it may be well again. */
void torrent_forgive_disk(struct torrent *torrent);
void torrent_on_write_failed(struct torrent *torrent, struct message *message);
void torrent_on_read(struct torrent *torrent, const struct message *message);
void torrent_on_sync_failed(struct torrent *torrent, const struct storage_error *error);

/* bans.c: bans outlast the session */
void session_init_bans(struct session *session);
void session_load_bans(struct session *session);
void session_save_bans(struct session *session); /* those not saved yet */
void session_bans_changed(void *session);

/* session.c */
struct torrent *session_torrent(const struct session *session, struct torrent_id id);
struct peer_manager *session_lookup(void *session, const struct info_hash *hash);
/* goal.c */
/* What holds for it: its own, else its label's, else the session's. 0: none; the action
 * is one. */
struct seed_goal goal_of(const struct torrent *torrent);
uint64_t torrent_seeded_s(const struct torrent *torrent);
/* `running` or `complete` may have changed. */
void torrent_note_seeding(struct torrent *torrent);
/* It has a goal by time, and has come nearer to it. */
bool torrent_goal_keeps_time(const struct torrent *torrent);
void session_init_goals(struct session *session);
/* May take torrents off the list. */
void session_check_goals(struct session *session);
void session_goals_soon(struct session *session);

/* labels.c */
void session_free_label_rules(struct session *session);
/* That of its label; NULL: there is none. */
const struct label_rule *torrent_label_rule(const struct torrent *torrent);
/* It has become complete: to its label's directory, else to its final one. False: it is
 * not moved. */
bool torrent_go_home(struct torrent *torrent);

/* trackers.c: those of its resume data are added or removed. */
void torrent_take_trackers(struct torrent *torrent);

/* turtle.c */
void session_init_turtle(struct session *session);
/* The limits that hold now. */
void session_limits(const struct session *session, uint64_t *ret_down, uint64_t *ret_up);
/* They take effect. */
void session_apply_limits(struct session *session);
/* Whether the wall clock was set, now and then. */
void session_watch_clock(struct session *session);

void session_begin_turns(struct session *session);

/* session_network.c */
void session_watch_network(struct session *session);
void session_unwatch_network(struct session *session);
/* Warns of what is not as the user, who tied us to something, may think. */
void session_warn_of_bind(struct session *session);
/* Why nothing can be sent, a sentence for people; NULL: it can. */
const char *session_trouble(const struct session *session);
/* session_start.c: at the same port, on new sockets. */
void session_listen_again(struct session *session);
void session_run_soon(struct torrent *torrent);
void session_unqueue(struct torrent *torrent); /* it is about to be freed */
void session_changed(struct torrent *torrent, uint32_t what);
void session_event(struct torrent *torrent, enum message_type type, uint32_t number);
void session_torrent_stopped(struct torrent *torrent);
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

/* session_list.c */
#define LIST_COOKIE UINT64_MAX /* of the job that saves the list */
void session_on_list_saved(struct session *session, const struct disk_job *job,
                           enum error_code error);
void session_init_list(struct session *session);
void session_save_list(struct session *session);
/* When the loop comes to it: once for all that is added in a row. */
void session_save_list_soon(struct session *session);
void session_no_longer_waits(struct session *session, const struct info_hash *hash);

#endif
