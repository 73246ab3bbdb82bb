/*
 * The peers as the Piece Manager knows them, found by their reference in O(1).
 */
#ifndef BTTUI_PIECE_ROSTER_H
#define BTTUI_PIECE_ROSTER_H

#include "piece/active.h"

#define ROSTER_PEERS_MAX 60000u /* availability counts in 16 bits */

struct piece_peer {
    struct peer_id_ref ref;
    struct piece_source *source;
    uint64_t share_key;
    struct picker_view view;
    struct request_queue requests;
    struct active *own; /* open pieces it fetches alone */
    uint32_t
        own_count;    /* pieces it fetches alone, open or not, until they are verified */
    uint32_t told;    /* bits counted into the availability */
    uint32_t changes; /* of its pieces, up to this number, are in them */
    bool has_told;    /* HAVE ALL, HAVE NONE or a bitfield was counted */
    bool told_all;    /* counted as a seed */
    bool is_upload_only; /* it wants nothing (BEP 21) */
    bool is_stalled;
    uint64_t rate; /* bytes/s, as the last pick said */
    uint64_t joined_ns;
    uint64_t arrived_ns; /* its last block; 0: none yet */
    uint32_t refusals;   /* times in a row it was asked and gave nothing */
    uint64_t refused_ns; /* the last time */
    uint64_t endgame_ns; /* not before: nothing was found to duplicate */
};

struct roster_table {
    struct piece_peer **peers; /* NULL: nobody */
    uint32_t capacity;
};
struct roster {
    struct roster_table peers;    /* by ref.index */
    struct roster_table webseeds; /* from PEER_INDEX_WEBSEEDS on */
    uint32_t count;
    uint64_t rate_sum;
};

void roster_done(struct roster *roster);
/* ERROR_LIMIT: an index beyond all sense; ERROR_EXISTS: somebody is there. */
enum error_code roster_add(struct roster *roster, struct peer_id_ref ref,
                           const struct netaddr *address, uint64_t now_ns) MUST_CHECK;
void roster_remove(struct roster *roster, struct piece_peer *peer);
/* NULL: unknown, or of another generation. */
struct piece_peer *roster_find(const struct roster *roster, struct peer_id_ref ref);
void roster_set_rate(struct roster *roster, struct piece_peer *peer, uint64_t rate);

/* Requests with it came back, or lie there for too long: all that do so within a moment
 * count as one refusal, and those of a peer that gives something between them as none. */
void roster_note_refusal(struct piece_peer *peer, uint64_t now_ns);
/* Not before this time is one that refuses asked again; 0: at once. */
uint64_t roster_ask_again_ns(const struct piece_peer *peer);

/* Bytes/s that can be expected of it now: a peer that has been silent for long is as slow
 * as its silence says, whatever it did before. Never 0. */
uint64_t roster_expected_rate(const struct piece_peer *peer, uint64_t now_ns);

#endif
