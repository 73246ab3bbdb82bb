/* The managers and buses that a torrent is made of, and what they ask of it. */
#include "disk/disk_manager.h"
#include "peer/peer_manager.h"
#include "peer/webseed_manager.h"
#include "piece/piece_manager.h"
#include "torrent/place_private.h"
#include "torrent/session_private.h"

#include <string.h>

#define BUS_CAPACITY ((size_t)1 << 20)

static void on_posted(void *context)
{
    session_run_soon(context);
}

static void on_cancel(void *context, struct peer_id_ref peer,
                      const struct block_ref *block)
{
    struct message message = {.type = PEER_CANCEL, .peer = peer, .u.block = *block};
    torrent_post_peers(context, &message);
}

enum error_code torrent_make_pieces(struct torrent *torrent)
{
    const struct session *session = torrent->session;
    struct piece_manager_config config = {
        .total_bytes = metainfo_fetched_bytes(torrent->meta),
        .piece_bytes = torrent->meta->piece_bytes,
        .piece_count = torrent->meta->piece_count,
        .tails = torrent->meta->tails,
        .tail_count = torrent->meta->tail_count,
        .clock = loop_clock(session->loop),
        .random = session->config.random,
        .pool = session->pool,
        .budget_blocks = block_pool_total(session->pool) / 4 * 3,
        .cancel = on_cancel,
        .context = torrent,
    };
    memcpy(config.peer_id, session->peer_id, sizeof config.peer_id);
    return piece_manager_new(&config, &torrent->pieces);
}

static uint32_t read_now(void *context, struct block *chain)
{
    const struct torrent *torrent = context;
    session_tick_soon(torrent->session);
    return disk_manager_read_now(torrent->session->disk, torrent->id, chain);
}

#define DISK_QUEUE_BYTES (UINT64_C(16) << 20)

static bool disk_is_behind(void *context)
{
    const struct torrent *torrent = context;
    return disk_manager_queued_bytes(torrent->session->disk) > DISK_QUEUE_BYTES;
}

struct peer_metainfo torrent_peer_metainfo(const struct torrent *torrent)
{
    const struct metainfo *meta = torrent->meta;
    return (struct peer_metainfo){
        .piece_count = meta->piece_count,
        .piece_bytes = meta->piece_bytes,
        .total_bytes = meta->total_bytes,
        .have = piece_manager_have(torrent->pieces),
        .is_private = meta->is_private,
        .info = meta->info,
        .info_bytes = meta->info_bytes,
        .v2 = metainfo_has_v2(meta) ? metainfo_own(meta) : NULL,
    };
}

enum error_code torrent_make_peers(struct torrent *torrent)
{
    const struct session *session = torrent->session;
    struct peer_manager_config config = {
        .shared = session->peers,
        .requests = torrent->requests,
        .responses = torrent->responses,
        .torrent = torrent->id,
        .hash = torrent->hash,
        .metainfo = torrent_peer_metainfo(torrent),
        .max_peers = session->config.max_peers,
        .read_now = read_now,
        .disk_is_behind = disk_is_behind,
        .run_soon = on_posted,
        .context = torrent,
    };
    memcpy(config.peer_id, session->peer_id, sizeof config.peer_id);
    torrent->peers = peer_manager_new(&config);
    return torrent->peers != NULL ? ERROR_NONE : ERROR_MEMORY;
}

enum error_code torrent_make_webseeds(struct torrent *torrent)
{
    const struct session *session = torrent->session;
    const struct webseed_manager_config config = {
        .loop = session->loop,
        .http = session->files_http,
        .log = session->log,
        .pool = session->pool,
        .meta = torrent->meta,
        .peers = torrent->peers,
        .responses = torrent->responses,
        .torrent = torrent->id,
        .disk_is_behind = disk_is_behind,
        .run_soon = on_posted,
        .context = torrent,
    };
    torrent->webseeds = webseed_manager_new(&config);
    return torrent->webseeds != NULL ? ERROR_NONE : ERROR_MEMORY;
}

enum error_code torrent_make_buses(struct torrent *torrent)
{
    torrent->requests = bus_new(BUS_CAPACITY);
    torrent->responses = bus_new(BUS_CAPACITY);
    torrent->discovery = bus_new(BUS_CAPACITY);
    if (torrent->requests == NULL || torrent->responses == NULL ||
        torrent->discovery == NULL)
        return ERROR_MEMORY;
    bus_set_notify(torrent->requests, on_posted, torrent);
    bus_set_notify(torrent->responses, on_posted, torrent);
    bus_set_notify(torrent->discovery, on_posted, torrent);
    return ERROR_NONE;
}

void torrent_set_up_parts(struct torrent *torrent)
{
    const struct torrent_settings *settings = &torrent->settings;
    piece_manager_set_sequential(torrent->pieces, settings->sequential);
    peer_manager_set_super_seed(torrent->peers, settings->super_seed);
    torrent_apply_wanted(torrent);
    peer_manager_set_limits(torrent->peers, settings->max_down, settings->max_up);
}
