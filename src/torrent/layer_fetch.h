/*
 * The piece layers of a v2 or hybrid torrent whose info dictionary came alone (BEP 52):
 * which hashes to ask for, of whom, and what has come of them. Each request is for at
 * most 512 pieces of one file and is proved up to the file's root, so that every answer
 * is judged by itself and shows who lies (HOSTILE.md X16). Several peers are asked at a
 * time, each for a few parts and no faster than others answer; one that does not answer
 * within five seconds, or refuses, makes room for the next. Pure: the clock is the
 * caller's; any thread, one at a time.
 */
#ifndef BTTUI_TORRENT_LAYER_FETCH_H
#define BTTUI_TORRENT_LAYER_FETCH_H

#include "bus/message.h"
#include "meta/hash_tree.h"

struct layer_fetch;
/* METAINFO has v2, no piece_roots, and outlives it. NULL: out of memory. */
struct layer_fetch *layer_fetch_new(const struct metainfo *metainfo);
void layer_fetch_free(struct layer_fetch *fetch);

/* PEER takes hash requests. */
void layer_fetch_offer(struct layer_fetch *fetch, struct peer_id_ref peer);
void layer_fetch_gone(struct layer_fetch *fetch, struct peer_id_ref peer);

struct layer_ask {
    struct peer_id_ref peer;
    struct hash_request request;
};
/* The next request, and of whom: to be called until it is false, whenever something was
 * told and when the time of layer_fetch_due_ns has come. */
bool layer_fetch_next(struct layer_fetch *fetch, uint64_t now_ns,
                      struct layer_ask *ret_ask);
/* When there may be something to ask for though nothing was told; UINT64_MAX: never. */
uint64_t layer_fetch_due_ns(const struct layer_fetch *fetch, uint64_t now_ns);

enum layer_verdict {
    LAYER_VERDICT_FINE,  /* taken, or of no use any more */
    LAYER_VERDICT_WRONG, /* they do not lead to the file's root: PEER lies, and is asked
                            no more */
    LAYER_VERDICT_DONE   /* with these all are there: layer_fetch_roots */
};
/* What PEER was asked for, now or earlier: HASHES are as many as REQUEST has, and uncles.
 */
enum layer_verdict layer_fetch_arrived(struct layer_fetch *fetch, struct peer_id_ref peer,
                                       const struct hash_request *request,
                                       const uint8_t *hashes, uint64_t now_ns);
void layer_fetch_refused(struct layer_fetch *fetch, struct peer_id_ref peer,
                         const struct hash_request *request, uint64_t now_ns);
/* After DONE: those of all pieces of files that have several, SHA256_BYTES each, at the
 * piece's place; of files with the same root, those of the one that metainfo_find_root
 * finds. */
const uint8_t *layer_fetch_roots(const struct layer_fetch *fetch);

/* For people: peers that may be asked, parts that are here and all there are. */
struct layer_progress {
    uint32_t peers, parts_have, parts;
};
void layer_fetch_get_progress(const struct layer_fetch *fetch,
                              struct layer_progress *ret_progress);

#endif
