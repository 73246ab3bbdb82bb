/* What peer/'s own files share; nobody else includes this. */
#ifndef BTTUI_PEER_PEER_PRIVATE_H
#define BTTUI_PEER_PEER_PRIVATE_H

#include "peer/allowed_fast.h"
#include "peer/choker.h"
#include "peer/pace.h"
#include "peer/peer_manager.h"
#include "peer/seed_order.h"

#define HASH_NONFATAL_OOM 1 /* then the new element's hh.tbl is NULL */
#include <uthash.h>

#define RECEIVE_BLOCKS_MAX 16u
#define SCRATCH_BYTES      ((RECEIVE_BLOCKS_MAX + 1) * (BLOCK_BYTES + WIRE_PIECE_HEADER_BYTES))
#define REQUESTS_MAX       2048u
/* Per turn and descriptor, each way, so that one fast peer does not starve the others. */
#define TURN_BYTES         (256u * 1024)
#define UPLOAD_BURST_FIRST 4u
#define SHOWN_AT_ONCE      2u  /* pieces, by a super-seed */
#define UPLOAD_BLOCKS_MAX  16u /* read for one peer and not yet sent */

/* A queue of block names, oldest first. */
struct ref_queue {
    struct block_ref *refs;
    uint32_t head, length, capacity;
};
enum error_code ref_queue_push(struct ref_queue *queue, const struct block_ref *ref);
bool ref_queue_pop(struct ref_queue *queue, struct block_ref *ret_ref);
/* The oldest, which stays. */
bool ref_queue_first(const struct ref_queue *queue, struct block_ref *ret_ref);
/* Removes the first equal one; mostly it is the oldest. */
bool ref_queue_remove(struct ref_queue *queue, const struct block_ref *ref);
/* The one with AT before it, which stays or is taken out; AT < length. O(1), O(AT). */
const struct block_ref *ref_queue_at(const struct ref_queue *queue, uint32_t at);
void ref_queue_take(struct ref_queue *queue, uint32_t at);
/* Whether one of any length stands at REF's place. */
bool ref_queue_has_place(const struct ref_queue *queue, const struct block_ref *ref);
void ref_queue_done(struct ref_queue *queue);

/* How much to ask for (PERFORMANCE.md, "Requests"). */
struct window {
    uint32_t blocks;     /* may be outstanding */
    uint32_t reqq;       /* the peer's own limit */
    bool growing;        /* slow start: triples per round trip, ahead of any TCP's */
    uint64_t rate;       /* bytes/s, best of late */
    uint64_t latency_ns; /* smallest request-to-first-byte of late; 0: not known */
    uint64_t latency_at_ns;
    uint64_t smooth_ns, variance_ns; /* of the latencies seen (as RFC 6298 has them) */
    uint64_t sample_ns, sample_bytes;
    uint64_t first_request_ns; /* of a batch put to an idle peer; 0: answered */
};
void window_init(struct window *window);
void window_on_request(struct window *window, bool was_idle, uint64_t now_ns);
void window_on_block(struct window *window, uint32_t bytes, uint64_t now_ns);
/* After a stall, or for one that unchokes and chokes without giving anything. */
void window_collapse(struct window *window);
/* Without payload for this long, a peer that owes some has stalled. */
uint64_t window_stall_ns(const struct window *window);

struct peer {
    struct peer_manager *manager;
    struct stream *stream;
    uint32_t place; /* in manager->known */
    struct peer_id_ref ref;
    struct loop_timer timer; /* whatever this peer waits for next */
    uint64_t connected_at_ns;
    bool connected, handshaken, incoming, fast, extended;
    bool hot;  /* polled in each turn */
    bool dead; /* closed; freed at the end of the run */
    uint8_t handshake[WIRE_HANDSHAKE_BYTES];
    uint32_t handshake_bytes;
    uint8_t peer_id[20];
    char client[WIRE_CLIENT_SIZE];

    bool am_interested, am_choking, peer_interested, unchoked, optimistic, snubbed,
        paused;
    bool got_pieces; /* bitfield, have all or have none came, or a have in their stead */
    bool is_seed;
    bool upload_only; /* it says so: it wants nothing (BEP 21) */
    bool hidden;      /* it is not told all we have (BEP 16) */
    struct {
        uint32_t piece;
        bool is_shown;
        uint64_t got_ns; /* when it had got it; 0: not yet */
    } shown[SHOWN_AT_ONCE];
    uint32_t told_to; /* all below it, at the end */
    bool has_bits;    /* bits is made; a seed costs none */
    struct bitfield bits;
    uint64_t slot_changed_ns;
    uint64_t
        presumed_until_ns; /* it has not said yet whether it wants something; 0: has */

    /* receiving */
    struct buffer partial; /* the begin of a message whose rest has not come */
    struct block *filling; /* a payload block whose rest has not come */
    uint32_t filled;
    uint32_t skip; /* payload bytes to discard */
    struct ref_queue asked;
    uint32_t cancelled; /* of those that may still arrive */
    struct window window;
    bool idle_posted;
    bool idle_choked;    /* that was for what it allows us: an unchoke asks anew */
    uint32_t idle_wakes; /* the manager's `wakes` then: it counts until the next */
    bool gives;          /* it unchokes us or allows us pieces: it is in the list */
    struct peer *giver_prev, *giver_next;
    bool starved; /* stopped reading: no block was free */
    uint64_t last_payload_ns, last_received_ns;
    /* The clockwork's notes: does payload come, does the message that has begun get on?
     */
    uint64_t payload_seen, downloaded_seen, progress_at_ns;
    uint32_t messages, messages_seen; /* begun `piece`s and whole others */
    uint32_t unrequested, mismatched; /* payload nobody, or not quite so, asked for */
    uint32_t unknown, unknown_extended, extension_handshakes;
    uint32_t keepalives,
        keepalive_floods; /* in this second; seconds on end of too many */
    uint32_t bogus_refs;  /* cancels and rejects of nothing, this second */
    uint32_t
        refusals; /* in a row, of what it claims to have, and nothing given between */
    uint64_t refused_ns, given_at_refusal;
    uint64_t useful_at_ns; /* when payload last moved, either way */
    uint64_t extension_at_ns;
    uint64_t given_at_unchoke; /* `downloaded` when it last unchoked us */

    /* sending */
    struct buffer out; /* control messages */
    bool out_failed;   /* one that had to go did not fit */
    struct block *sending, **sending_tail;
    uint32_t sent; /* of the first block's header and bytes */
    uint32_t sending_count;
    struct ref_queue wanted; /* requests of the peer that nobody was asked for yet */
    uint32_t reads_out;      /* of them at the disk */
    uint32_t burst;          /* blocks its socket takes at once, as it seems */
    bool cold;               /* not all that was read last was in the page cache */
    uint32_t bad_requests;
    struct served *served;        /* made with the first request */
    struct allowed_fast *allowed; /* made when there is something to note */
    uint64_t unsent_since_ns;
    bool wants_write;   /* POLLOUT is watched */
    uint32_t news_seen; /* so many of the manager's news were in its bitfield */
    bool flush_queued;
    struct peer *flush_next;
    uint64_t last_sent_ns;

    uint64_t downloaded, uploaded;
    uint64_t down_rate, up_rate, rate_down_base, rate_up_base, rate_at_ns;
    uint64_t down_slow;          /* over 20 s, for the choker */
    bool held;                   /* by seed_order.c, until its timer fires */
    uint64_t held_since_ns;      /* 0: it was served since */
    uint32_t turns;              /* slots it was given */
    uint64_t uploaded_at_slot;   /* `uploaded` when its slot was given or taken */
    uint64_t downloaded_at_slot; /* `downloaded` when it was given its last one */
    uint32_t quantum, credit;    /* bytes a turn of the limited uplink; saved up */
    enum peer_status told_status;

    struct pace_place pace[PACE_WAYS];
};

/* How often each block was served of late: one slot a hash of its name. */
#define SERVED_SLOTS 64u
struct served {
    uint64_t since_ns;
    struct {
        struct block_ref ref;
        uint32_t count;
    } slots[SERVED_SLOTS];
};

/* An address we know; its place names the peer. */
struct known {
    struct netaddr address; /* family NONE: a free place */
    enum peer_source source;
    uint32_t generation; /* of the connection there is, or was last */
    uint32_t born;       /* the generation this address began with */
    uint8_t fails;
    bool paused, banned, dialable;
    bool is_self, is_seed; /* ourselves; wanted nothing when last seen */
    bool forget;           /* when its last connection is buried */
    bool has_id;
    uint8_t peer_id[20];  /* when last connected */
    uint16_t listen_port; /* where it says it listens; 0: not told */
    enum peer_reason last_reason;
    uint64_t next_try_ns;
    uint64_t refused_until_ns; /* by a rule; 0: it is not */
    struct peer *peer;
    struct peer_limits *limits; /* owned; NULL: it has none */
};

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
    uint64_t met_ns;                 /* when a good connection last ended; 0: none has */
    uint16_t port;
    uint8_t *scratch; /* where the rare mixed reads are straightened out */
};

#define KNOWN_MAX 2000u

struct peer_manager {
    struct peer_manager_config config;
    struct peer_shared *shared;
    struct peer_manager *next_manager, *prev_manager;
    struct loop *loop;
    struct known *known;
    uint32_t known_count, known_capacity;
    uint32_t connected, half_open, seeds;
    uint32_t dial_from; /* round robin */
    bool running, complete, upload_only;
    bool super_seed, super_seeding, super_over; /* set; at it; it was, for good */
    uint16_t *seen;      /* how often each piece was shown or turned up, while at it */
    bool waits_for_disk; /* some are starved for that */
    bool in_run; /* peer_manager_run is at work: what is queued now it still sees */
    struct peer *flush_list;
    struct peer *givers; /* those that unchoke us or allow us pieces */
    uint32_t wakes;      /* how often all of them were asked again for their room */
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

/* receive.c: errors mean the connection must go. */
enum error_code peer_receive(struct peer *peer);
enum error_code peer_feed(struct peer *peer, const uint8_t *bytes, size_t length);
/* messages.c: a whole message (not `piece`) was received. */
enum error_code peer_on_message(struct peer *peer, uint8_t id, const uint8_t *body,
                                uint32_t length);
enum error_code peer_on_handshake(struct peer *peer,
                                  const struct wire_handshake *handshake);
void peer_drop_requests(struct peer *peer); /* PEER_REJECTED for each */
bool peer_has_piece(const struct peer *peer, uint32_t piece);

/* allowed_fast.c */
/* It wants something and stays choked: one that is starting is told, once, what it may
 * fetch nevertheless. */
enum error_code peer_allow_fast(struct peer *peer) MUST_CHECK;
/* The same for PIECE, which we have from now on. */
enum error_code peer_allow_fast_too(struct peer *peer, uint32_t piece) MUST_CHECK;
/* Whether it may ask for PIECE though it is choked. */
bool peer_is_given(const struct peer *peer, uint32_t piece);
/* It asks for a block of such a piece. Choked ones get what can be spared, the others are
 * refused; ERROR_PROTOCOL: it has asked far too often. */
enum error_code peer_on_given_request(struct peer *peer, const struct block_ref *ref,
                                      bool *ret_serve) MUST_CHECK;
enum error_code peer_on_allowed_fast(struct peer *peer, uint32_t piece) MUST_CHECK;
/* True: it had allowed PIECE, and it does no more. */
bool peer_disallow_fast(struct peer *peer, uint32_t piece);
/* Whether it may be asked for PIECE, or for anything, now. */
bool peer_may_be_asked_for(const struct peer *peer, uint32_t piece);
bool peer_may_be_asked(const struct peer *peer);
/* Those of the pieces it allows that it has and we lack; returns how many. */
uint32_t peer_allowed_pieces(const struct peer *peer,
                             uint32_t ret_pieces[ALLOWED_FAST_MOST]);

/* extension.c */
enum error_code peer_on_extended(struct peer *peer, const uint8_t *body, uint32_t length);
/* Our extension handshake, if it knows what that is. */
enum error_code peer_say_extension(struct peer *peer);

/* super_seed.c */
/* Whether it has begun or ended: seeds have come, or we are complete. */
void super_seed_update(struct peer_manager *manager);
void super_seed_on_pieces(struct peer *peer); /* its first ones are told */
void super_seed_on_have(struct peer *peer, uint32_t piece);
void super_seed_tick(struct peer *peer, uint64_t now_ns);

/* send.c */
enum error_code peer_send(struct peer *peer);
void peer_flush_soon(struct peer *peer);
void peer_send_done(struct peer *peer); /* gives its blocks back */
void peer_queue_block(struct peer *peer, struct block *block);
/* Takes a block out again whose sending has not begun; NULL REF: all of them that it may
 * not have while it is choked. Each is refused if BEP 6 asks for it. */
bool peer_unqueue_blocks(struct peer *peer, const struct block_ref *ref);

/* refuse.c */
/* Each true: it has been closed by such a rule. */
bool peer_refuse_by_client(struct peer *peer);
bool peer_refuse_again(struct peer *peer); /* as one that came back */
bool peer_refuse_by_deeds(struct peer *peer);
bool known_is_refused(const struct peer_manager *manager, const struct known *known);
/* One of whom nothing else is to be remembered is forgotten. */
void known_forget_refusal(struct peer_manager *manager, struct known *known);
void refuse_tick(struct peer_manager *manager, struct known *known);
void refuse_done(struct peer_shared *shared);

/* handshake.c */
enum error_code peer_send_handshake(struct peer *peer);
enum error_code peer_receive_handshake(struct peer *peer);

/* peer.c */
enum peer_reason peer_reason_of(enum error_code error);
struct peer *peer_new(struct peer_manager *manager, uint32_t place, struct stream *stream,
                      bool incoming);
void peer_begin(struct peer *peer); /* connected: says hello */
void peer_close(struct peer *peer, enum peer_reason reason, enum error_code error);
void peer_free(struct peer *peer);

/* offer.c */
void peer_update_idle(struct peer *peer);
/* Whether it gives us anything may have changed. */
void peer_note_giver(struct peer *peer);
/* Posts PEER_IDLE for at most MOST blocks; how many it was, 0: it has no room. */
uint32_t peer_offer_room(struct peer *peer, uint32_t most);
void peer_pause(struct peer *peer, bool pause);
void peer_note_status(struct peer *peer, enum peer_reason reason);
void peer_set_choking(struct peer *peer, bool choking);
void peer_starve(struct peer *peer);
void peer_feed_again(struct peer *peer, bool may_read);
enum peer_status peer_status(const struct peer *peer);

/* upload.c */
/* Reads for it what may be read now: blocks are queued, or PEER_WANTED is posted. */
void peer_serve(struct peer *peer);
/* The same while its socket is full: only what the disk takes long for. */
void peer_serve_ahead(struct peer *peer);
/* The same at the end of this turn, and sends. */
void peer_serve_soon(struct peer *peer);
/* At most MOST blocks; true: it could do with more. */
bool peer_serve_share(struct peer *peer, uint32_t most);
/* How many its next turn of the limited uplink lets it have; what is less than one is
 * saved up. */
uint32_t peer_turn(struct peer *peer);
/* BLOCKS went out in one call; ALL: and that was everything. */
void peer_note_sent(struct peer *peer, uint32_t blocks, bool all);

/* seed_order.c */
/* Which of its requests, by their place, is served next. False: none for now; the timer
 * serves it again. */
bool peer_choose_request(struct peer *peer, uint32_t *ret_at);
void peer_manager_measure_uplink(struct peer_manager *manager, uint64_t now_ns);
void peer_manager_on_hold(void *manager);

/* clockwork.c */
/* Payload moves: its socket is looked at in each turn, until a second passes without. */
void peer_warm(struct peer *peer);
void peer_tick(struct peer *peer, uint64_t now_ns);

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
/* The next look at silences comes when what has arrived until now was read. */
void peer_manager_close_all(struct peer_manager *manager, enum peer_reason reason,
                            enum error_code error);
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

/* commands.c */
void peer_manager_handle(struct peer_manager *manager, struct message *message);

/* Sends what was put; ERROR: it did not fit, and the peer cannot be kept. */
void peer_flush_or_close(struct peer *peer, enum error_code error);

/* news.c */
void news_init(struct peer_manager *manager);
void news_done(struct peer_manager *manager);
/* PIECE is ours now: whoever lacks it is told, soon. */
void news_add(struct peer_manager *manager, uint32_t piece);

/* known.c */
uint32_t known_add(struct peer_manager *manager, const struct netaddr *address,
                   enum peer_source source); /* UINT32_MAX: full or refused */
/* The address REF names, connected or not; NULL: another has its place now. */
struct known *known_named(const struct peer_manager *manager, struct peer_id_ref ref);
void known_on_gone(struct peer_manager *manager, struct known *known,
                   const struct peer *peer, enum peer_reason reason);
void known_note_failure(struct peer_manager *manager, struct known *known);
/* Whether somebody is connected who says to listen at ADDRESS. */
bool known_is_connected_otherwise(const struct peer_manager *manager,
                                  const struct netaddr *address);
/* Forgets the address. */
void known_clear(struct peer_manager *manager, struct known *known);
/* A pause and limits hold across reconnections: PEER takes them over from where it was
 * before. */
void known_inherit(struct peer_manager *manager, struct peer *peer);

/* dial.c */
/* What failed before may not fail now: all are tried again within seconds. */
void known_network_changed(struct peer_manager *manager);
/* Something is wanted again: those that had no reason to stay are tried at once. */
void known_seek_seeds(struct peer_manager *manager);
bool known_host_has_room(const struct peer_manager *manager,
                         const struct netaddr *address);
void known_dial(struct peer_manager *manager);
/* Below the caps: of the torrent, or of all. Dialled ones that have not answered count.
 */
bool known_torrent_has_room(const struct peer_manager *manager);
bool known_session_has_room(const struct peer_shared *shared);
/* Whether somebody is there to dial now. */
bool known_has_candidate(const struct peer_manager *manager);

/* room.c: who goes when all places are taken. */
/* For one who has come. False: nobody may be asked to go. */
bool room_make(struct peer_manager *manager);
/* For those who may be dialled, if it is time. True: dial at once, before somebody who
 * comes takes the place. */
bool room_seek(struct peer_manager *manager);

#endif
