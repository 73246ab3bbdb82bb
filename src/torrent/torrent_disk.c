/* What the disk answers: pieces that are right or wrong, what was read, jobs that are
 * done; and what it means that the last piece is there. */
#include "disk/disk_manager.h"
#include "peer/peer_manager.h"
#include "piece/piece_manager.h"
#include "torrent/activity_private.h"
#include "torrent/hashes_private.h"
#include "torrent/keep_private.h"
#include "torrent/network_private.h"
#include "torrent/place_private.h"
#include "torrent/session_private.h"

static void on_verified(struct torrent *torrent, struct message *message)
{
    const uint32_t piece = message->u.verified.piece;
    const bool ok = message->type == DISK_VERIFIED;
    torrent_judge_piece(torrent, message);
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
    session_dht_follow(torrent);
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
        torrent_tell_trackers_complete(torrent);
    torrent->names_first = torrent_settle_forms(torrent);
    if (!torrent->names_first)
        torrent_tell_complete(torrent);
    session_changed(torrent, CHANGED_STATE | CHANGED_PROGRESS);
}

void torrent_tell_complete(struct torrent *torrent)
{
    torrent->completed_untold = torrent_go_home(torrent);
    if (!torrent->completed_untold)
        session_event(torrent, EVENT_COMPLETED, 0);
}

static void on_job_done(struct torrent *torrent, const struct message *message)
{
    const struct disk_job *job = message->u.job.job;
    switch ((int)job->request) {
    case DISK_SETTLE:
        if (job->only_forms)
            torrent_on_forms_settled(torrent, message);
        else
            torrent_on_settled(torrent, message);
        break;
    case DISK_ALLOCATE:
        torrent_on_allocated(torrent, message);
        break;
    case DISK_MOVE:
        torrent_on_moved(torrent, message);
        break;
    case DISK_LEAVES:
        torrent_on_leaves(torrent, message);
        break;
    case DISK_RENAME:
        torrent_on_renamed(torrent, message);
        break;
    default:
        torrent_on_saved(torrent, message);
        break;
    }
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
        torrent_answer_wanted(torrent, message->peer, message->u.read.chain,
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
        on_job_done(torrent, message);
        break;
    default:
        break;
    }
    session_run_soon(torrent);
}
