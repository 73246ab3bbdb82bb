/*
 * The info dictionary of a torrent known by its hash alone (BEP 9), put together of what
 * peers say it is (HOSTILE.md X9 to X12). Peers that claim different sizes are different
 * groups; at most three peers are asked at a time, of all groups in turn, one that does
 * not answer within five seconds makes room for the next. What is whole is held against
 * the hash: if it is not right, the group begins anew with one peer at a time, so that it
 * shows who lies. Pure: the clock is the caller's; any thread, one at a time.
 */
#ifndef BTTUI_TORRENT_METADATA_FETCH_H
#define BTTUI_TORRENT_METADATA_FETCH_H

#include "base/digest.h"
#include "bus/message.h"

#include <stdbool.h>
#include <stdint.h>

struct metadata_fetch_config {
    bool has_v1, has_v2; /* those that the dictionary must have; one at least */
    struct info_hash hash;
    uint8_t hash_v2[SHA256_BYTES];
};

struct metadata_fetch;
struct metadata_fetch *metadata_fetch_new(const struct metadata_fetch_config *config);
void metadata_fetch_free(struct metadata_fetch *fetch);

/* PEER says that the dictionary has TOTAL bytes; of one that cannot be nothing is kept.
 * ONE_BY_ONE: it is asked for a piece when it has answered for the last. */
void metadata_fetch_offer(struct metadata_fetch *fetch, struct peer_id_ref peer,
                          int64_t total, bool one_by_one);
void metadata_fetch_gone(struct metadata_fetch *fetch, struct peer_id_ref peer);

struct metadata_ask {
    struct peer_id_ref peer;
    uint32_t piece;
};
/* The next piece to ask for, and of whom: to be called until it is false, whenever
 * something was told and when the time of metadata_fetch_due_ns has come. */
bool metadata_fetch_next(struct metadata_fetch *fetch, uint64_t now_ns,
                         struct metadata_ask *ret_ask);
/* When there may be something to ask for though nothing was told; UINT64_MAX: never. */
uint64_t metadata_fetch_due_ns(const struct metadata_fetch *fetch, uint64_t now_ns);

enum metadata_verdict {
    METADATA_VERDICT_FINE,   /* taken, or of no use any more */
    METADATA_VERDICT_STRIKE, /* such a piece cannot be */
    METADATA_VERDICT_WRONG,  /* with it the whole was there, and is not right */
    METADATA_VERDICT_DONE    /* with it the whole is there: metadata_fetch_take */
};
/* A piece that PEER was asked for, now or earlier. */
struct metadata_piece {
    uint32_t number, length;
    const uint8_t *bytes; /* copied */
    int64_t total;        /* of the whole, as told beside them; 0: it was not */
};
enum metadata_verdict metadata_fetch_arrived(struct metadata_fetch *fetch,
                                             struct peer_id_ref peer,
                                             const struct metadata_piece *piece,
                                             uint64_t now_ns);
void metadata_fetch_refused(struct metadata_fetch *fetch, struct peer_id_ref peer,
                            uint32_t piece, uint64_t now_ns);
/* After WRONG: who gave all of it; false: several did. */
bool metadata_fetch_liar(const struct metadata_fetch *fetch,
                         struct peer_id_ref *ret_peer);
/* After DONE: the dictionary, the caller's to free. */
uint8_t *metadata_fetch_take(struct metadata_fetch *fetch, size_t *ret_length);

/* For people: peers that offer it, pieces that are here and all there are of the group
 * that is farthest; 0: not known. */
struct metadata_progress {
    uint32_t peers, pieces_have, pieces;
};
void metadata_fetch_get_progress(const struct metadata_fetch *fetch,
                                 struct metadata_progress *ret_progress);

#endif
