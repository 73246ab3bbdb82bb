/* One connection, and what comes and goes on it. */
#ifndef BTTUI_PEER_PEER_PRIVATE_H
#define BTTUI_PEER_PEER_PRIVATE_H

#include "net/mse_stream.h"
#include "peer/choker.h"
#include "peer/pace.h"
#include "peer/peer_manager.h"
#include "peer/requests_private.h"

#define RECEIVE_BLOCKS_MAX 16u
#define SCRATCH_BYTES      ((RECEIVE_BLOCKS_MAX + 1) * (BLOCK_BYTES + WIRE_PIECE_HEADER_BYTES))
/* Per turn and descriptor, each way, so that one fast peer does not starve the others. */
#define TURN_BYTES         (256u * 1024)
#define UPLOAD_BURST_FIRST 4u
#define SHOWN_AT_ONCE      2u  /* pieces, by a super-seed */
#define UPLOAD_BLOCKS_MAX  16u /* read for one peer and not yet sent */

struct known;

struct peer {
    struct peer_manager *manager;
    struct stream *stream;
    uint32_t place; /* in manager->known */
    struct peer_id_ref ref;
    struct loop_timer timer; /* whatever this peer waits for next */
    uint64_t connected_at_ns;
    bool connected, handshaken, incoming, fast, extended;
    bool punched; /* a relay told both of us to call each other (BEP 55) */
    bool hot;     /* polled in each turn */
    bool dead;    /* closed; freed at the end of the run */
    uint8_t handshake[WIRE_HANDSHAKE_BYTES];
    uint32_t handshake_bytes;
    uint8_t peer_id[20];
    char client[WIRE_CLIENT_SIZE];

    bool am_interested, am_choking, peer_interested, unchoked, optimistic, snubbed,
        paused;
    bool put_last;   /* by the user: asked a block at a time, and never a regular slot */
    bool got_pieces; /* bitfield, have all or have none came, or a have in their stead */
    bool is_seed;
    bool takes_back,
        took_back;             /* pieces it had told of: ever; when it last told of any */
    uint32_t times_taken_back; /* this second */
    uint32_t piece_changes;    /* told of, after its first pieces; counted */
    bool v2;                   /* hashes may be asked for (BEP 52) */
    uint32_t hash_requests;    /* of its, this second */
    uint32_t wants_leaves;     /* requests for some that were not answered yet */
    struct hash_talk *hash_talk; /* made with the first request of ours */
    bool upload_only;            /* it says so: it wants nothing (BEP 21) */
    bool hidden;                 /* it is not told all we have (BEP 16) */
    struct {
        uint32_t piece;
        bool is_shown;
        uint64_t got_ns; /* when it had got it; 0: not yet */
    } shown[SHOWN_AT_ONCE];
    uint32_t told_to; /* all below it, at the end */
    uint8_t *early;   /* its pieces before the metainfo came, as on the wire */
    uint32_t early_bytes;
    bool early_is_told; /* as a bitfield, which must be as long as there are pieces */
    bool has_bits;      /* bits is made; a seed costs none */
    struct bitfield bits;
    uint64_t slot_changed_ns;
    uint64_t
        presumed_until_ns; /* it has not said yet whether it wants something; 0: has */
    uint64_t dht_told_ns;  /* when it last told of its DHT node; 0: never */

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
    bool starved;    /* stopped reading: no block was free */
    bool stall_told; /* PEER_STALLED was posted, and nothing has come since */
    uint64_t last_payload_ns, last_received_ns;
    /* The clockwork's notes: does payload come, does the message that has begun get on?
     */
    uint64_t payload_seen, downloaded_seen, progress_at_ns;
    uint32_t messages, messages_seen; /* begun `piece`s and whole others */
    uint32_t unrequested, mismatched; /* payload nobody, or not quite so, asked for */
    uint32_t unknown, unknown_extended, extension_handshakes;
    uint32_t offered; /* 1 << enum wire_extended, or-ed: in our last handshake */
    uint8_t their_numbers[WIRE_EXTENDED_COUNT]; /* by enum wire_extended; 0: not taken */
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
    uint32_t may_cross;             /* requests, its last choke */
    struct served *served;          /* made with the first request */
    struct metadata_talk *metadata; /* made when the info dictionary is asked for */
    struct pex_talk *pex;           /* made when either has told of peers */
    struct holepunch_talk *punches; /* made when either has spoken of a meeting */
    struct allowed_fast *allowed;   /* made when there is something to note */
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

/* peer.c */
enum peer_reason peer_reason_of(enum error_code error);
struct peer *peer_new(struct peer_manager *manager, uint32_t place, struct stream *stream,
                      bool incoming);
void peer_begin(struct peer *peer); /* connected: says hello */
void peer_close(struct peer *peer, enum peer_reason reason, enum error_code error);
void peer_free(struct peer *peer);

/* handshake.c */
/* The hash that KNOWN is called by. */
struct info_hash known_call_hash(const struct peer_manager *manager,
                                 const struct known *known);
/* It was found by that hash of a hybrid: who was found by its v2 hash alone may know no
 * other, and the others take both (BEP 52). */
void known_note_hash(struct known *known, enum peer_source source, bool by_v2);
/* PEER, which was called, is gone: the next call is by the other hash if that may be why.
 */
void known_turn_hash(struct peer_manager *manager, struct known *known,
                     const struct peer *peer, enum peer_reason reason);
enum error_code peer_send_handshake(struct peer *peer);
enum error_code peer_receive_handshake(struct peer *peer);

/* receive.c: errors mean the connection must go. */
enum error_code peer_receive(struct peer *peer);
enum error_code peer_feed(struct peer *peer, const uint8_t *bytes, size_t length);

/* messages.c: a whole message (not `piece`) was received. */
enum error_code peer_on_message(struct peer *peer, uint8_t id, const uint8_t *body,
                                uint32_t length);
enum error_code peer_on_handshake(struct peer *peer,
                                  const struct wire_handshake *handshake);
/* Unchokes us, claims pieces, and time and again gives none (P41); asked whenever it has
 * refused something. */
bool peer_is_lying(struct peer *peer);
void peer_drop_requests(struct peer *peer); /* PEER_REJECTED for each */

/* pieces.c */
enum error_code peer_on_have(struct peer *peer, uint32_t piece) MUST_CHECK;
enum error_code peer_on_pieces(struct peer *peer, uint8_t id, const uint8_t *body,
                               uint32_t length) MUST_CHECK;
/* It has PIECE, which there is, no longer. */
enum error_code peer_on_lacks(struct peer *peer, uint32_t piece) MUST_CHECK;
/* Its first bitfield, which it had sent before. */
enum error_code peer_take_bitfield(struct peer *peer, const uint8_t *bytes,
                                   uint32_t length) MUST_CHECK;
bool peer_has_piece(const struct peer *peer, uint32_t piece);

/* early.c */
bool peer_awaits_metainfo(const struct peer *peer);
enum error_code early_pieces(struct peer *peer, const uint8_t *body,
                             uint32_t length) MUST_CHECK;
enum error_code early_have(struct peer *peer, uint32_t piece) MUST_CHECK;
void early_lacks(struct peer *peer, uint32_t piece);

/* offer.c */
void peer_update_idle(struct peer *peer);
/* Whether it gives us anything may have changed. */
void peer_note_giver(struct peer *peer);
/* Posts PEER_IDLE for at most MOST blocks; how many it was, 0: it has no room. */
uint32_t peer_offer_room(struct peer *peer, uint32_t most);
void peer_pause(struct peer *peer, bool pause);
void peer_put_last(struct peer *peer, bool last);
void peer_note_status(struct peer *peer, enum peer_reason reason);
void peer_set_choking(struct peer *peer, bool choking);
void peer_starve(struct peer *peer);
void peer_feed_again(struct peer *peer, bool may_read);
enum peer_status peer_status(const struct peer *peer);

/* clockwork.c */
/* Payload moves: its socket is looked at in each turn, until a second passes without. */
void peer_warm(struct peer *peer);
void peer_tick(struct peer *peer, uint64_t now_ns);

/* send.c */
enum error_code peer_send(struct peer *peer);
void peer_flush_soon(struct peer *peer);
void peer_send_done(struct peer *peer); /* gives its blocks back */
void peer_queue_block(struct peer *peer, struct block *block);
/* Takes a block out again whose sending has not begun; NULL REF: all of them that it may
 * not have while it is choked. Each is refused if BEP 6 asks for it. */
bool peer_unqueue_blocks(struct peer *peer, const struct block_ref *ref);

#endif
