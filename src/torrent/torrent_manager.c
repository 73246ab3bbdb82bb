/* What arrives on a torrent's buses, and whom it concerns. */
#include "base/i18n.h"
#include "discovery/tracker_manager.h"
#include "disk/disk_manager.h"
#include "peer/webseed_manager.h"
#include "piece/piece_manager.h"
#include "torrent/awaited_private.h"
#include "torrent/hashes_private.h"
#include "torrent/session_private.h"

#include <stdio.h>

#define PICK_MAX 256u
#define RETRY_NS (NS_PER_S / 4)

void torrent_post_peers(struct torrent *torrent, struct message *request)
{
    request->torrent = torrent->id;
    if (peer_is_webseed(request->peer)) {
        webseed_manager_take(torrent->webseeds, request);
        return;
    }
    if (bus_post(torrent->requests, request) == ERROR_NONE)
        return;
    if (request->type == PEER_REQUEST)
        piece_manager_released(torrent->pieces, request->peer, &request->u.block);
    message_done(request, torrent->session->pool);
}

static void post_to(struct torrent *torrent, enum message_type type,
                    struct peer_id_ref peer, const struct block_ref *block)
{
    struct message message = {.type = type, .peer = peer};
    if (block != NULL)
        message.u.block = *block;
    torrent_post_peers(torrent, &message);
}

/* ---- down ---- */

static void retry_soon(struct torrent *torrent)
{
    torrent->starving = true;
    if (!loop_timer_is_set(&torrent->retry))
        loop_timer_set_in(torrent->session->loop, &torrent->retry, RETRY_NS);
}

/* One that chokes us may be asked for what it allows us nevertheless (BEP 6). */
static uint32_t pick(struct torrent *torrent, struct peer_id_ref peer, uint32_t room,
                     struct block_ref *ret_blocks)
{
    uint32_t pieces[ALLOWED_FAST_MOST];
    bool is_seed;
    if (peer_is_webseed(peer))
        return torrent_pick_for_webseed(torrent, peer, room, ret_blocks);
    const struct bitfield *bits = peer_manager_bitfield(torrent->peers, peer, &is_seed);
    if (peer_manager_unchokes_us(torrent->peers, peer))
        return piece_manager_pick(torrent->pieces, peer, bits, is_seed,
                                  peer_manager_rate(torrent->peers, peer), room,
                                  ret_blocks);
    const uint32_t count = peer_manager_allowed(torrent->peers, peer, pieces);
    return piece_manager_pick_of(torrent->pieces, peer, bits, is_seed, pieces, count,
                                 room, ret_blocks);
}

static void on_idle(struct torrent *torrent, const struct message *message)
{
    struct block_ref blocks[PICK_MAX];
    uint32_t room = message->u.room.blocks;
    if (torrent->error != ERROR_NONE || torrent->phase != TORRENT_PHASE_READY)
        return; /* asked again when that is over */
    while (room > 0) {
        const uint32_t most = room < PICK_MAX ? room : PICK_MAX;
        const uint32_t count = pick(torrent, message->peer, most, blocks);
        for (uint32_t i = 0; i < count; i++)
            post_to(torrent, PEER_REQUEST, message->peer, &blocks[i]);
        room -= count;
        if (count < most)
            break;
    }
    const bool is_web = peer_is_webseed(message->peer);
    if (room == message->u.room.blocks && !is_web)
        torrent_update_interest(torrent, message->peer);
    if (room > 0 && (is_web || peer_manager_unchokes_us(torrent->peers, message->peer)))
        retry_soon(torrent);
}

static void on_block(struct torrent *torrent, struct message *message)
{
    struct block *block = message->u.block_data.block;
    const enum piece_arrival arrival =
        piece_manager_on_block(torrent->pieces, message->peer, block);
    if (arrival != PIECE_ARRIVAL_ACCEPTED)
        block_pool_give(torrent->session->pool, block);
    session_tick_soon(torrent->session);
}

static void hand_runs_to_disk(struct torrent *torrent)
{
    struct piece_run run;
    while (piece_manager_next_run(torrent->pieces, &run)) {
        struct message request = {
            .type = DISK_HASH,
            .torrent = torrent->id,
            .u.run = {.chain = run.chain,
                      .piece = run.piece,
                      .last = run.last,
                      .want_digests = run.want_digests,
                      .write_now = run.write_now},
        };
        if (disk_manager_post(torrent->session->disk, &request) != ERROR_NONE) {
            message_done(&request, torrent->session->pool);
            piece_manager_disk_error(torrent->pieces, run.piece);
        }
    }
}

/* ---- up ---- */

void torrent_answer_wanted(struct torrent *torrent, struct peer_id_ref peer,
                           struct block *chain, enum error_code error)
{
    struct message message = {.type = PEER_SEND, .peer = peer};
    if (error == ERROR_NONE) {
        message.u.block_data.block = chain;
        torrent_post_peers(torrent, &message);
        return;
    }
    for (const struct block *block = chain; block != NULL; block = block->next) {
        const struct block_ref ref = {block->piece, block->begin, block->length};
        post_to(torrent, PEER_REJECT, peer, &ref);
    }
    block_pool_give_chain(torrent->session->pool, chain);
}

static void on_wanted(struct torrent *torrent, const struct message *message)
{
    session_tick_soon(torrent->session);
    const struct message request = {
        .type = DISK_READ,
        .torrent = torrent->id,
        .peer = message->peer,
        .u.read.chain = message->u.block_data.block,
    };
    if (disk_manager_post(torrent->session->disk, &request) != ERROR_NONE)
        torrent_answer_wanted(torrent, message->peer, message->u.block_data.block,
                              ERROR_MEMORY);
}

/* ---- the response bus ---- */

/* It comes back from PEER, which refused it, or for a reason of ours. */
static void on_returned(struct torrent *torrent, const struct message *message)
{
    if (message->type == PEER_REJECTED)
        piece_manager_refused(torrent->pieces, message->peer, &message->u.block);
    else
        piece_manager_released(torrent->pieces, message->peer, &message->u.block);
    /* Offered again with the retry, not at once: what comes back for lack of memory would
     * do so without end. */
    torrent->generation_seen = piece_manager_generation(torrent->pieces);
}

/* What peers tell of the torrent itself, and ask of it. */
static void on_metadata_and_hashes(struct torrent *torrent, struct message *message)
{
    switch ((int)message->type) {
    case PEER_METADATA_OFFERED:
    case PEER_METADATA_ARRIVED:
    case PEER_METADATA_REFUSED:
        torrent_on_metadata(torrent, message);
        break;
    case PEER_HASHES_WANTED:
        torrent_on_hashes_wanted(torrent, message);
        break;
    case PEER_HASHES_ARRIVED:
    case PEER_HASHES_REFUSED:
        if (!torrent_on_leaf_hashes(torrent, message))
            torrent_on_hashes(torrent, message);
        break;
    default:
        break;
    }
    message_done(message, torrent->session->pool);
}

static void handle_response(struct torrent *torrent, struct message *message)
{
    if (torrent_on_webseed(torrent, message))
        return;
    switch ((int)message->type) {
    case PEER_HANDSHAKEN:
        torrent_on_handshaken(torrent, message);
        break;
    case PEER_GONE:
        torrent_on_gone(torrent, message);
        break;
    case PEER_HAS_PIECES:
    case PEER_HAS_PIECE:
    case PEER_LACKS_PIECE:
        torrent_on_pieces(torrent, message);
        break;
    case PEER_UPLOAD_ONLY:
        piece_manager_set_upload_only(torrent->pieces, message->peer, message->u.flag.on);
        break;
    case PEER_CHOKED_US:
    case PEER_UNCHOKED_US:
        session_changed(torrent, CHANGED_PEERS);
        break;
    case PEER_STATUS_CHANGED:
        torrent_report_peer(torrent, message->peer, message->u.status.status,
                            message->u.status.reason);
        session_changed(torrent, CHANGED_PEERS);
        break;
    case PEER_IDLE:
        on_idle(torrent, message);
        break;
    case PEER_BLOCK_ARRIVED:
        on_block(torrent, message);
        break;
    case PEER_REJECTED:
    case PEER_RETURNED:
        on_returned(torrent, message);
        break;
    case PEER_STALLED:
    case PEER_SNUBBED:
        piece_manager_peer_stalled(torrent->pieces, message->peer);
        break;
    case PEER_WANTED:
        on_wanted(torrent, message);
        break;
    default:
        on_metadata_and_hashes(torrent, message);
        break;
    }
}

static void handle_discovery(struct torrent *torrent, struct message *message)
{
    const bool is_closed = torrent->meta->is_private &&
                           message->type == DISCOVERY_PEERS &&
                           message->u.peers.source != PEER_SOURCE_TRACKER;
    if (message->type == DISCOVERY_PEERS && !is_closed) {
        for (uint32_t i = 0; i < message->u.peers.count; i++) {
            struct message connect = {.type = PEER_CONNECT};
            connect.u.candidate.address = message->u.peers.addresses[i];
            connect.u.candidate.source = message->u.peers.source;
            connect.u.candidate.by_v2 =
                torrent->meta->hybrid &&
                !info_hash_equal(&message->u.peers.hash, &torrent->meta->hash);
            torrent_post_peers(torrent, &connect);
        }
    } else if (message->type == DISCOVERY_ANNOUNCED) {
        struct tracker_row row;
        const bool told =
            tracker_manager_row(torrent->trackers, message->u.announced.tracker, &row) &&
            row.phase != TRACKER_PHASE_WORKING && !message->u.announced.counts;
        const struct message event = {
            .type = EVENT_TRACKER,
            .torrent = torrent->id,
            .u.announced = {.tracker = message->u.announced.tracker,
                            .ok = message->u.announced.ok},
        };
        if (told)
            event_bus_post(torrent->session->events, &event);
        session_changed(torrent, CHANGED_TRACKERS);
    }
    message_done(message, torrent->session->pool);
}

/* A mistake of ours, that somebody's bytes may have brought to light, costs this torrent
 * its connections and a check, and nobody else anything (O28). */
static void look_after_books(struct torrent *torrent)
{
    char text[300];
    const char *broken = piece_manager_broken(torrent->pieces);
    if (broken == NULL || torrent->error != ERROR_NONE ||
        torrent->phase != TORRENT_PHASE_READY)
        return; /* a check makes them anew */
    snprintf(text, sizeof text,
             /* L10N: %s is not translated, for it is for a bug report. */
             _("a mistake in bttui (%s): please report it; resume the torrent to have it "
               "verified and go on"),
             broken);
    torrent->unchecked = true;
    torrent_fail(torrent, ERROR_INTERNAL, text);
    torrent_halt(torrent);
}

bool torrent_run(struct torrent *torrent)
{
    struct message message;
    webseed_manager_set_running(torrent->webseeds, torrent_wants_webseeds(torrent));
    while (bus_take(torrent->discovery, &message))
        handle_discovery(torrent, &message);
    while (bus_take(torrent->responses, &message))
        handle_response(torrent, &message);
    hand_runs_to_disk(torrent);
    const uint32_t generation = piece_manager_generation(torrent->pieces);
    if (torrent->starving && generation != torrent->generation_seen) {
        torrent->generation_seen = generation;
        torrent->starving = false;
        peer_manager_wake_idle(torrent->peers);
        webseed_manager_wake_idle(torrent->webseeds);
        while (bus_take(torrent->responses, &message))
            handle_response(torrent, &message);
    }
    look_after_books(torrent);
    webseed_manager_run(torrent->webseeds);
    const bool more = peer_manager_run(torrent->peers);
    return more || bus_length(torrent->responses) > 0;
}
