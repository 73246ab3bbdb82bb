/*
 * The web seeds of one torrent (BEP 19): servers that have its files, asked over HTTP for
 * runs of blocks as one asks a peer that is a seed and never chokes. They speak to the
 * Torrent Manager by the messages of peers, under indexes of their own (message.h), so
 * that the Piece Manager picks for them, and judges them, as for anybody else.
 *
 * Every byte of an answer is a stranger's: only 206 with exactly the range that was asked
 * for is taken (W1, W3). What fails is tried again ever later, what answers wrongly three
 * times, or sends data that fail their hash (W2), is not asked again in this session; a
 * file that is not there costs the web seed the pieces of that file alone (W6).
 *
 * The rates of the torrent and the session hold for them, too. Loop thread.
 */
#ifndef BTTUI_PEER_WEBSEED_MANAGER_H
#define BTTUI_PEER_WEBSEED_MANAGER_H

#include "meta/metainfo.h"
#include "net/http.h"
#include "peer/peer_manager.h"

struct webseed_manager;

struct webseed_manager_config {
    struct loop *loop;
    struct http *http;
    struct log *log;
    struct block_pool *pool;
    struct metainfo *meta;      /* a reference is taken */
    struct peer_manager *peers; /* whose limits and counts are shared; outlives it */
    struct bus *responses;      /* filled */
    struct torrent_id torrent;
    /* As in struct peer_manager_config. */
    bool (*disk_is_behind)(void *context);
    void (*run_soon)(void *context);
    void *context;
};
/* NULL: out of memory. */
struct webseed_manager *webseed_manager_new(const struct webseed_manager_config *config);
void webseed_manager_free(struct webseed_manager *manager); /* NULL is fine */

/* Whether there is anything to fetch. Off: all requests end, PEER_GONE for each. */
void webseed_manager_set_running(struct webseed_manager *manager, bool running);
/* Begins what can be begun, and sees to when that is looked at again: while nothing is on
 * its way, not before one that failed is tried again. Call after each run_soon and each
 * post, when PEER_GONE of before has been taken off the bus. */
void webseed_manager_run(struct webseed_manager *manager);
/* PEER_REQUEST, PEER_CANCEL, PEER_PAUSE, PEER_RESUME, PEER_DISCONNECT or PEER_BAN of a
 * web seed, and what does not concern it. Holds nothing. */
void webseed_manager_take(struct webseed_manager *manager, const struct message *message);
/* Blocks may be free again: those with room post PEER_IDLE. */
void webseed_manager_wake_idle(struct webseed_manager *manager);

/* As peer_manager_bitfield, also of one that has gone since. */
const struct bitfield *webseed_manager_bitfield(const struct webseed_manager *manager,
                                                struct peer_id_ref ref,
                                                bool *ret_is_seed);
uint64_t webseed_manager_rate(const struct webseed_manager *manager,
                              struct peer_id_ref ref);
/* Of the last block it was asked for; UINT32_MAX: none yet. */
uint32_t webseed_manager_last_piece(const struct webseed_manager *manager,
                                    struct peer_id_ref ref);
/* Who answered last; false: nobody yet. */
bool webseed_manager_address(const struct webseed_manager *manager,
                             struct peer_id_ref ref, struct netaddr *ret_address);
/* How many are asked now. */
uint32_t webseed_manager_connected(const struct webseed_manager *manager);
uint32_t webseed_manager_count(const struct webseed_manager *manager);
/* A row of the Peers view; NUMBER counts from 0. False: no such row. */
bool webseed_manager_row(const struct webseed_manager *manager, uint32_t number,
                         struct peer_row *ret_row);

#endif
