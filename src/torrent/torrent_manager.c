/* What arrives on a torrent's buses, and whom it concerns. */
#include "base/i18n.h"
#include "torrent/torrent.h"

#include <stdio.h>

#define PICK_MAX 256u
#define RETRY_NS (NS_PER_S / 4)

void torrent_post_peers(struct torrent *torrent, struct message *request)
{
    request->torrent = torrent->id;
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
    if (room == message->u.room.blocks)
        torrent_update_interest(torrent, message->peer);
    if (room > 0 && peer_manager_unchokes_us(torrent->peers, message->peer))
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

static void answer_wanted(struct torrent *torrent, struct peer_id_ref peer,
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
        answer_wanted(torrent, message->peer, message->u.block_data.block, ERROR_MEMORY);
}

/* ---- the response bus ---- */

static void handle_response(struct torrent *torrent, struct message *message)
{
    switch ((int)message->type) {
    case PEER_HANDSHAKEN:
        torrent_on_handshaken(torrent, message);
        break;
    case PEER_GONE:
        torrent_on_gone(torrent, message);
        break;
    case PEER_HAS_PIECES:
    case PEER_HAS_PIECE:
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
        if (message->type == PEER_REJECTED)
            piece_manager_refused(torrent->pieces, message->peer, &message->u.block);
        else
            piece_manager_released(torrent->pieces, message->peer, &message->u.block);
        /* Offered again with the retry, not at once: what comes back for lack of memory
         * would do so without end. */
        torrent->generation_seen = piece_manager_generation(torrent->pieces);
        break;
    case PEER_STALLED:
    case PEER_SNUBBED:
        piece_manager_peer_stalled(torrent->pieces, message->peer);
        break;
    case PEER_WANTED:
        on_wanted(torrent, message);
        break;
    default:
        message_done(message, torrent->session->pool);
        break;
    }
}

static void handle_discovery(struct torrent *torrent, struct message *message)
{
    if (message->type == DISCOVERY_PEERS) {
        for (uint32_t i = 0; i < message->u.peers.count; i++) {
            struct message connect = {.type = PEER_CONNECT};
            connect.u.candidate.address = message->u.peers.addresses[i];
            connect.u.candidate.source = message->u.peers.source;
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
        while (bus_take(torrent->responses, &message))
            handle_response(torrent, &message);
    }
    look_after_books(torrent);
    const bool more = peer_manager_run(torrent->peers);
    return more || bus_length(torrent->responses) > 0;
}

/* ---- the disk ---- */

static void ban(struct torrent *torrent, const struct piece_guilty *guilty)
{
    struct message request = {.type = PEER_BAN, .peer = guilty->peer};
    const struct message event = {
        .type = EVENT_BAN,
        .torrent = torrent->id,
        .peer = guilty->peer,
        .u.peer_news = {guilty->address, PEER_STATUS_BLOCKED, PEER_REASON_BANNED_DATA},
    };
    char address[NETADDR_TEXT_SIZE];
    request.u.gone.reason = PEER_REASON_BANNED_DATA;
    request.u.gone.address = guilty->address;
    event_bus_post(torrent->session->events, &event);
    log_write(torrent->session->log, LOG_LEVEL_WARNING, "%s: banned %s, piece %u was bad",
              torrent->display_name, netaddr_format(&guilty->address, address),
              guilty->piece);
    torrent_post_peers(torrent, &request);
}

static void on_verified(struct torrent *torrent, struct message *message)
{
    struct piece_guilty guilty[PIECE_GUILTY_MAX];
    const uint32_t piece = message->u.verified.piece;
    const bool ok = message->type == DISK_VERIFIED;
    block_pool_give_chain(torrent->session->pool, message->u.verified.chain);
    message->u.verified.chain = NULL;
    const uint32_t count =
        ok ? piece_manager_verified(torrent->pieces, piece,
                                    message->u.verified.block_sha1s, guilty)
           : piece_manager_failed(torrent->pieces, piece, message->u.verified.block_sha1s,
                                  guilty);
    for (uint32_t i = 0; i < count; i++)
        ban(torrent, &guilty[i]);
    const struct message event = {
        .type = EVENT_PIECE,
        .torrent = torrent->id,
        .u.verified = {.piece = piece, .ok = ok},
    };
    event_bus_post(torrent->session->events, &event);
    session_changed(torrent, CHANGED_PIECES | CHANGED_PROGRESS | CHANGED_FILES);
    if (!ok)
        return;
    torrent->misreads = 0;
    /* A check that runs meanwhile may have looked at the piece before it was written. */
    if (torrent->phase == TORRENT_PHASE_CHECKING && torrent->resume.have.size > 0)
        bitfield_set(&torrent->resume.have, piece);
    struct message have = {.type = PEER_HAVE, .u.piece.piece = piece};
    torrent_post_peers(torrent, &have);
    torrent_check_complete(torrent);
    torrent_claims_changed(torrent);
}

void torrent_check_complete(struct torrent *torrent)
{
    struct piece_counts counts;
    piece_manager_get_counts(torrent->pieces, &counts);
    if (counts.wanted_left > 0 || torrent->complete)
        return;
    torrent->complete = true;
    torrent_note_seeding(torrent);
    session_queue_soon(torrent->session); /* a seed from now on */
    session_share_pool(torrent->session);
    const bool whole = bitfield_full(piece_manager_have(torrent->pieces));
    torrent_lose_interest(torrent);
    peer_manager_set_complete(torrent->peers, whole);
    peer_manager_set_upload_only(torrent->peers, true);
    if (torrent->phase != TORRENT_PHASE_READY)
        return; /* it was complete from the start */
    torrent->completed_wall_s = clock_wall_s(loop_clock(torrent->session->loop));
    if (whole)
        tracker_manager_completed(torrent->trackers);
    torrent->completed_untold = torrent_go_home(torrent);
    if (!torrent->completed_untold)
        session_event(torrent, EVENT_COMPLETED, 0);
    session_changed(torrent, CHANGED_STATE | CHANGED_PROGRESS);
}

void torrent_on_disk(struct torrent *torrent, struct message *message)
{
    switch ((int)message->type) {
    case DISK_VERIFIED:
    case DISK_FAILED_HASH:
        on_verified(torrent, message);
        torrent_save_if_waiting(torrent);
        break;
    case DISK_HAS_READ:
        torrent_on_read(torrent, message);
        answer_wanted(torrent, message->peer, message->u.read.chain,
                      message->u.read.error);
        message->u.read.chain = NULL;
        break;
    case DISK_ERROR:
        torrent_on_write_failed(torrent, message);
        torrent_save_if_waiting(torrent);
        break;
    case DISK_MOVING:
        torrent_on_moving(torrent, message);
        break;
    case DISK_CHECKED_RANGE:
        torrent_on_checked_range(torrent, message);
        break;
    case DISK_CHECKED:
        torrent_on_checked(torrent, message);
        break;
    case DISK_SYNCED:
        torrent_on_synced(torrent, message);
        break;
    case DISK_JOB_DONE:
        if (message->u.job.job->request == DISK_SETTLE)
            torrent_on_settled(torrent, message);
        else if (message->u.job.job->request == DISK_ALLOCATE)
            torrent_on_allocated(torrent, message);
        else if (message->u.job.job->request == DISK_MOVE)
            torrent_on_moved(torrent, message);
        else
            torrent_on_saved(torrent, message);
        break;
    default:
        break;
    }
    session_run_soon(torrent);
}
