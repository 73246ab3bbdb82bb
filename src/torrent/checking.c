/* What is on disk is compared with what is claimed and hashed, before peers are let near
 * it. */
#include "base/i18n.h"
#include "disk/disk_manager.h"
#include "peer/peer_manager.h"
#include "piece/piece_manager.h"
#include "torrent/activity_private.h"
#include "torrent/keep_private.h"
#include "torrent/place_private.h"
#include "torrent/session_private.h"

#include <stdlib.h>

void torrent_begin(struct torrent *torrent)
{
    if (torrent_take_up_rename(torrent) || torrent_take_up_move(torrent))
        return;
    struct disk_job *job = disk_job_new();
    torrent->phase = TORRENT_PHASE_STARTING;
    if (job != NULL) {
        const struct message request = {
            .type = DISK_SYNC, .torrent = torrent->id, .u.job.job = job};
        job->stat_all = true;
        if (disk_manager_post(torrent->session->disk, &request) == ERROR_NONE)
            return; /* torrent_on_synced compares the claims with what is there */
        disk_job_free(job);
    }
    bitfield_done(&torrent->resume.have);
    torrent_check(torrent);
}

void torrent_check(struct torrent *torrent)
{
    torrent->unchecked = false;
    torrent->phase = TORRENT_PHASE_CHECKING;
    torrent->check_done = torrent->check_found = 0;
    torrent->check_waits = true;
    if (torrent->to_hash.size > 0 && torrent->to_hash.count == 0)
        torrent_check_now(torrent); /* nothing to wait for */
    else
        torrent_start(torrent);
    session_changed(torrent, CHANGED_STATE);
}

void torrent_check_now(struct torrent *torrent)
{
    struct disk_job *job = disk_job_new();
    torrent->check_waits = false;
    if (job == NULL) {
        torrent_check_failed(torrent);
        return;
    }
    job->create_empty = true;
    if (torrent->to_hash.size > 0) {
        job->pieces = calloc(1, sizeof *job->pieces);
        if (job->pieces != NULL)
            *job->pieces = torrent->to_hash;
        else
            bitfield_done(&torrent->to_hash);
        torrent->to_hash = (struct bitfield){0};
    }
    const struct message request = {
        .type = DISK_CHECK, .torrent = torrent->id, .u.job.job = job};
    if (disk_manager_post(torrent->session->disk, &request) != ERROR_NONE) {
        disk_job_free(job);
        torrent_check_failed(torrent);
    }
    session_changed(torrent, CHANGED_STATE);
}

void torrent_check_some(struct torrent *torrent, const struct bitfield *trusted)
{
    const struct bitfield *have = piece_manager_have(torrent->pieces);
    bitfield_done(&torrent->to_hash);
    bitfield_done(&torrent->resume.have);
    if (bitfield_init(&torrent->to_hash, have->size) != ERROR_NONE ||
        bitfield_copy(&torrent->resume.have, trusted != NULL ? trusted : have) !=
            ERROR_NONE) {
        bitfield_done(&torrent->to_hash); /* then all is hashed */
        torrent_check(torrent);
        return;
    }
    for (uint32_t piece = bitfield_next_set(have, 0); piece < have->size;
         piece = bitfield_next_set(have, piece + 1))
        if (!bitfield_get(&torrent->resume.have, piece))
            bitfield_set(&torrent->to_hash, piece);
    torrent_check(torrent);
}

void torrent_on_checked_range(struct torrent *torrent, const struct message *message)
{
    torrent->check_done = message->u.checked.pieces_done;
    torrent->check_found = message->u.checked.pieces_found;
    session_changed(torrent, CHANGED_PROGRESS | CHANGED_PIECES);
}

/* What was claimed and looked unchanged was not hashed again. */
static void add_trusted(const struct torrent *torrent, struct bitfield *found)
{
    const struct bitfield *trusted = &torrent->resume.have;
    for (uint32_t piece = bitfield_next_set(trusted, 0); piece < trusted->size;
         piece = bitfield_next_set(trusted, piece + 1))
        bitfield_set(found, piece);
}

/* Pieces that were right when they came: the disk's fault, or another program's, and no
 * peer's (P37). */
static void warn_of_lost(struct torrent *torrent, const struct bitfield *found)
{
    const struct bitfield *have = piece_manager_have(torrent->pieces);
    uint32_t lost = 0;
    for (uint32_t piece = bitfield_next_set(have, 0); piece < have->size;
         piece = bitfield_next_set(have, piece + 1))
        lost += !bitfield_get(found, piece);
    if (lost > 0)
        session_warn(torrent->session, torrent->id,
                     ngettext("%s: %u piece was changed on the disk after it had been "
                              "verified; it is downloaded again",
                              "%s: %u pieces were changed on the disk after they had "
                              "been verified; they are downloaded again",
                              lost),
                     torrent->display_name, lost);
}

/* A state that was saved by a clean end need not be saved again. */
static void claim(struct torrent *torrent, const struct bitfield *found)
{
    if (torrent->settled) { /* as it was saved */
        bitfield_done(&torrent->durable);
        if (bitfield_copy(&torrent->durable, found) != ERROR_NONE)
            torrent->settled = false;
    }
    if (!torrent->settled)
        torrent_claims_changed(torrent);
}

/* Those that were there before us, while the metainfo was awaited: they have not heard
 * what we have, and are told by a handshake. */
static void meet_peers(struct torrent *torrent, const struct bitfield *found)
{
    if (!torrent->running)
        return;
    if (found->count > 0) {
        peer_manager_stop(torrent->peers);
        peer_manager_start(torrent->peers);
    } else {
        torrent_seek_interest(torrent);
        peer_manager_wake_idle(torrent->peers);
    }
    session_run_soon(torrent);
}

static void go_on(struct torrent *torrent, const struct bitfield *found)
{
    session_event(torrent, EVENT_CHECKED, found->count);
    torrent->complete = false;
    torrent_check_complete(torrent);
    torrent_note_seeding(torrent);
    if (!torrent->complete) /* it may have been, before this check */
        peer_manager_set_complete(torrent->peers, false);
    torrent->phase = TORRENT_PHASE_READY;
    session_queue_soon(torrent->session);
    claim(torrent, found);
    if (!torrent_settle_forms(torrent))
        (void)torrent_move_home(torrent);
    torrent_preallocate(torrent);
    meet_peers(torrent, found);
    torrent_start(torrent);
    session_changed(torrent,
                    CHANGED_STATE | CHANGED_PROGRESS | CHANGED_PIECES | CHANGED_FILES);
}

void torrent_on_checked(struct torrent *torrent, struct message *message)
{
    struct bitfield *found = message->u.checked.have;
    const struct storage_error error = {message->u.checked.error, 0,
                                        message->u.checked.file};
    if (torrent->phase != TORRENT_PHASE_CHECKING)
        return;
    if (found == NULL || error.code == ERROR_MEMORY) {
        torrent_check_failed(torrent);
        return;
    }
    add_trusted(torrent, found);
    warn_of_lost(torrent, found);
    piece_manager_set_have(torrent->pieces, found);
    torrent_apply_wanted(torrent);
    torrent->empties_missing = error.code != ERROR_NONE && error.code != ERROR_CANCELLED;
    if (torrent->empties_missing)
        torrent_fail_on_disk(torrent, &error);
    go_on(torrent, found);
}
