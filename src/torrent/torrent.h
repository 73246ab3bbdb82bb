/*
 * The Torrent Manager: the hub of one torrent. It alone knows the Peer, Piece, Disk and
 * Tracker Managers, which know nothing of each other: it drains their buses and passes on
 * what one has to say to another. Only torrent/ includes this. What it keeps, where its
 * files lie, what it still has to learn, who is active and the session around it are in
 * headers of their own, NAME_private.h. Loop thread.
 */
#ifndef BTTUI_TORRENT_TORRENT_H
#define BTTUI_TORRENT_TORRENT_H

#include "bus/message.h"
#include "disk/storage.h"
#include "loop/loop.h"
#include "meta/metainfo.h"
#include "torrent/history.h"
#include "torrent/resume.h"
#include "torrent/session.h"
#include "torrent/settings.h"

#define HASH_NONFATAL_OOM 1 /* then the new element's hh.tbl is NULL */
#include <uthash.h>

struct block_ref;
struct peer_row;
struct torrent_info;

/* What the Torrent Manager notes of a peer, by the place of its address. */
struct torrent_peer {
    uint32_t generation;   /* 0: nobody */
    bool interested;       /* we are */
    bool joined;           /* known to the Piece Manager */
    uint8_t strikes;       /* pieces of metadata that cannot be */
    uint8_t leaf_refusals; /* times it did not tell the hashes of a piece's blocks */
};

enum torrent_phase {
    TORRENT_PHASE_STARTING, /* looking at the files */
    TORRENT_PHASE_METADATA, /* known by its hash alone; peers are asked for the rest */
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

enum torrent_rename { /* rename.c */
                      TORRENT_RENAME_NONE,
                      TORRENT_RENAME_SAVING,
                      TORRENT_RENAME_AT_WORK,
                      TORRENT_RENAME_WAITING
};

/* What a torrent is asked for by. */
struct torrent_hash {
    UT_hash_handle hh; /* by info-hash */
    struct info_hash hash;
    UT_hash_handle hh_obfuscated; /* by what MSE/PE makes of it */
    uint8_t obfuscated[SHA1_BYTES];
    struct torrent *torrent;
};

struct torrent {
    struct torrent_hash hashes[2]; /* a hybrid has two */
    uint32_t hash_count;
    struct session *session;
    struct torrent_id id;
    struct metainfo *meta;   /* `awaited` until it has come */
    struct awaited *awaited; /* metadata.c; NULL: it has come */
    struct layers *layers;   /* layers.c; NULL: the piece layers are not asked for */
    struct metainfo *layered_meta;     /* META as others are answered from, when the piece
                                          layers of a hybrid came late; NULL: META is */
    struct leaf_service *leaf_service; /* leaves.c; NULL: nobody has asked */
    struct blames *blames;             /* blame.c; NULL: no piece waits */
    struct info_hash hash;
    struct info_hash kept_hash; /* which its state is named by: it was added by that, and
                                   a hybrid may have been by its v2 hash */
    char *download_dir;
    char *final_dir; /* where it is moved when it is complete; NULL: it is there */
    char *root;      /* download_path_root's, made when first asked for */
    char *display_name, *comment, *creator; /* sanitised */

    struct bus *requests, *responses, *discovery;
    struct peer_manager *peers;
    struct webseed_manager *webseeds;
    struct piece_manager *pieces;
    struct tracker_manager *trackers;
    struct tracker_manager *second_trackers; /* the same ones, asked by a hybrid's other
                                                hash for peers alone; NULL: it is none */
    uint32_t trackers_stopping;
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
    enum torrent_rename rename;
    bool rename_saved;               /* the save under way has it */
    struct metainfo *renamed;        /* META as it will be */
    char *renamed_from, *renamed_to; /* below the directory */
    struct metainfo *former_meta;    /* a view may still look at its names */
    uint32_t names_epoch;            /* counts renames */
    char *suffix;                    /* of files that are not complete; NULL: none */
    bool *whole;                     /* a file is complete; NULL without a suffix */
    bool forms_known;                /* the disk was told once */
    bool forms_under_way, forms_due; /* it is told, or is to be again */
    bool names_first; /* EVENT_COMPLETED, and a move, follow when that is done */
    bool unallocated; /* files have not got their sizes yet */
    bool prioritised; /* not all pieces are wanted alike */
    bool unsettled;   /* the disk has not followed that yet */

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
    bool unkept_is_link;     /* it is a magnet link, and what was said with it */
    bool has_kept_link;      /* its file is to go when the .torrent is kept */
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
    bool peers_unsaved;       /* somebody has shaken hands since the state was saved */
    uint8_t saved_peers[SHA1_BYTES]; /* a digest of whom that names */
    struct loop_timer checkpoint;
    bool trackers_done, disk_done;

    struct history history;
    double added_wall_s, completed_wall_s;
};

/* torrent_new.c */
enum error_code torrent_new(struct session *session, struct metainfo *meta,
                            const struct add_options *options,
                            const struct resume *resume, struct torrent **ret_torrent);
void torrent_free(struct torrent *torrent);
/* The metainfo has come, and is taken over: its parts are made anew with it, its peers
 * stay. SELECT: --select; NULL: all files. On failure all is as it was, META is the
 * caller's, MESSAGE says why. */
enum error_code torrent_set_metainfo(struct torrent *torrent, struct metainfo *meta,
                                     const char *select,
                                     char message[SESSION_MESSAGE_SIZE]) MUST_CHECK;

/* torrent_parts.c: the buses and managers it is made of */
enum error_code torrent_make_buses(struct torrent *torrent) MUST_CHECK;
/* By its metainfo; the peers' manager looks at the pieces', the web seeds' at both. */
enum error_code torrent_make_pieces(struct torrent *torrent) MUST_CHECK;
enum error_code torrent_make_peers(struct torrent *torrent) MUST_CHECK;
enum error_code torrent_make_webseeds(struct torrent *torrent) MUST_CHECK;
/* What the Peer Manager is told of it. */
struct peer_metainfo torrent_peer_metainfo(const struct torrent *torrent);
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

/* torrent_manager.c: messages */
bool torrent_run(struct torrent *torrent); /* true: more is left */
void torrent_post_peers(struct torrent *torrent, struct message *request);
/* The blocks of CHAIN, which PEER wanted, go to it, or are refused if they could not be
 * read. */
void torrent_answer_wanted(struct torrent *torrent, struct peer_id_ref peer,
                           struct block *chain, enum error_code error);

/* torrent_disk.c: what the disk answers */
void torrent_on_disk(struct torrent *torrent, struct message *response);
void torrent_check_complete(struct torrent *torrent);
/* It has become complete, and its files are called as they should. */
void torrent_tell_complete(struct torrent *torrent);

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
/* All that had joined join the Piece Manager there is now. */
void torrent_join_again(struct torrent *torrent);
/* True: this one was too much. */
bool torrent_strike_peer(struct torrent *torrent, struct peer_id_ref ref);
/* It is proved that it lies: it is banned, and EVENT_BAN says so. */
void torrent_ban_liar(struct torrent *torrent, struct peer_id_ref ref);
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
/* PEER_HAS_PIECES, PEER_HAS_PIECE, PEER_LACKS_PIECE */
void torrent_on_pieces(struct torrent *torrent, const struct message *message);

/* reason.c: INFO is filled but for its reason; the text lives until the next call. */
const char *torrent_reason(struct torrent *torrent, const struct torrent_info *info);

/* disk_trouble.c: a disk that fails */
void torrent_fail_on_disk(struct torrent *torrent, const struct storage_error *error);
/* There was no memory to look at the files: tried again later, all of them. */
void torrent_check_failed(struct torrent *torrent);
/* The user or a timer says that it may be well again. */
void torrent_forgive_disk(struct torrent *torrent);
void torrent_on_write_failed(struct torrent *torrent, struct message *message);
void torrent_on_read(struct torrent *torrent, const struct message *message);
void torrent_on_sync_failed(struct torrent *torrent, const struct disk_job *job);

/* webseeds.c */
/* Of a peer or web seed; as peer_manager_bitfield and peer_manager_address. */
const struct bitfield *torrent_peer_bits(const struct torrent *torrent,
                                         struct peer_id_ref ref, bool *ret_is_seed);
bool torrent_peer_address(const struct torrent *torrent, struct peer_id_ref ref,
                          struct netaddr *ret_address);
/* Its row of the Peers view. False: there is no such peer any more. */
bool torrent_peer_row(const struct torrent *torrent, struct peer_id_ref ref,
                      struct peer_row *ret_row);
/* What is otherwise with a web seed than with a peer; false: nothing. */
bool torrent_on_webseed(struct torrent *torrent, const struct message *message);
uint32_t torrent_pick_for_webseed(struct torrent *torrent, struct peer_id_ref ref,
                                  uint32_t room, struct block_ref *ret_blocks);
bool torrent_wants_webseeds(const struct torrent *torrent);

/* trackers.c */
/* Those of its metainfo, asked by its hash, or by both. */
enum error_code torrent_make_trackers(struct torrent *torrent) MUST_CHECK;
/* Metadata have come: if they are a hybrid's, the trackers, which were ASKED_BY the hash
 * of a link, are asked by the other one, too. */
void torrent_ask_trackers_by_both(struct torrent *torrent,
                                  const struct info_hash *asked_by);
/* Who goes on to ask by the hash of TRACKERS, which are TORRENT's, when that leaves;
 * NULL: nobody. */
struct tracker_manager *torrent_tracker_heir(const struct torrent *torrent,
                                             const struct tracker_manager *trackers);
void torrent_tell_trackers_complete(struct torrent *torrent);
void torrent_announce_now(struct torrent *torrent); /* the user's wish */
void torrent_network_changed(struct torrent *torrent);
/* Others are to be told of another port. */
void torrent_port_changed(struct torrent *torrent, uint16_t port);
void torrent_network_lost(struct torrent *torrent, const char *message);
/* Those of its resume data are added or removed. */
void torrent_take_trackers(struct torrent *torrent);

#endif
