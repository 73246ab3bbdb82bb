/*
 * Claims made durable: data are synced first, then the resume file says which pieces are
 * there; at most five seconds after a piece was verified (HOSTILE.md, "resume
 * checkpoint").
 */
#include "base/i18n.h"
#include "disk/disk_manager.h"
#include "peer/peer_manager.h"
#include "piece/piece_manager.h"
#include "torrent/activity_private.h"
#include "torrent/keep_private.h"
#include "torrent/place_private.h"
#include "torrent/session_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECKPOINT_NS  (5 * NS_PER_S)
#define STATE_RETRY_NS (30 * NS_PER_S)

/* What the cookie of a job says: whose it is. */
enum { COOKIE_LOOK = 0, COOKIE_RUNNING = 1, COOKIE_CLEAN = 2, COOKIE_CHOICE = 3 };

static bool keeps_state(const struct session *session)
{
    return session->state.fd >= 0 && !session->state.read_only;
}

void torrent_claims_changed(struct torrent *torrent)
{
    if (torrent->session->state.fd < 0)
        return; /* nothing is kept, so nothing is claimed */
    torrent->claims_dirty = true;
    torrent->settled = false;
    if (torrent->complete) /* nothing more will come: nothing to wait for */
        loop_timer_set_in(torrent->session->loop, &torrent->checkpoint, 0);
    else if (!loop_timer_is_set(&torrent->checkpoint))
        loop_timer_set_in(torrent->session->loop, &torrent->checkpoint, CHECKPOINT_NS);
}

/* What is there is known, so that it can be claimed. */
static bool can_claim(const struct torrent *torrent)
{
    return torrent->phase == TORRENT_PHASE_READY && !torrent->missing &&
           !torrent->unchecked;
}

void torrent_choice_changed(struct torrent *torrent)
{
    if (!keeps_state(torrent->session))
        return;
    torrent->choice_unsaved = true;
    if (can_claim(torrent))
        torrent_claims_changed(torrent);
    loop_timer_set_in(torrent->session->loop, &torrent->checkpoint, 0);
}

void torrent_checkpoint(struct torrent *torrent)
{
    if (can_claim(torrent))
        torrent_save(torrent, false);
    else if (torrent->choice_unsaved || torrent_link_has_news_of_peers(torrent))
        torrent_save_choice(torrent);
}

/* The end of a checkpoint, however it went: on with what waited for it. */
static void checkpoint_over(struct torrent *torrent, bool clean)
{
    torrent->sync_under_way = false;
    if (torrent->phase == TORRENT_PHASE_STOPPING && !clean) {
        torrent_save(torrent, true); /* one was under way when the end came */
    } else if (torrent->phase == TORRENT_PHASE_STOPPING) {
        torrent->disk_done = true;
        session_torrent_stopped(torrent);
    } else if (torrent->claims_dirty) {
        torrent_claims_changed(torrent);
        if (torrent->choice_unsaved)
            torrent_choice_changed(torrent);
    }
    if (torrent->is_seeding)
        session_goals_soon(torrent->session);
    session_changed(torrent, CHANGED_STATE);
}

void torrent_save(struct torrent *torrent, bool clean)
{
    if (torrent->sync_under_way || torrent->missing || torrent->unchecked ||
        torrent->move == TORRENT_MOVE_FINISHING ||
        torrent->rename == TORRENT_RENAME_AT_WORK)
        return; /* what became dirty meanwhile is saved after it */
    /* After a clean end nothing but what it claims is looked for. */
    torrent->clean_waits = clean && piece_manager_is_verifying(torrent->pieces);
    if (torrent->clean_waits)
        return;
    struct disk_job *job = disk_job_new();
    const struct bitfield *have = piece_manager_have(torrent->pieces);
    struct message request = {.type = DISK_SYNC, .torrent = torrent->id};
    bitfield_done(&torrent->claiming);
    torrent->sync_under_way = true;
    torrent->saved_move = torrent->move;
    torrent->claims_dirty = false;
    request.u.job.job = job;
    if (job != NULL)
        job->cookie = clean ? COOKIE_CLEAN : COOKIE_RUNNING;
    if (job != NULL && bitfield_copy(&torrent->claiming, have) == ERROR_NONE &&
        disk_manager_post(torrent->session->disk, &request) == ERROR_NONE)
        return;
    disk_job_free(job); /* out of memory: a later one may do */
    torrent->claims_dirty = !clean;
    checkpoint_over(torrent, clean);
}

void torrent_save_if_waiting(struct torrent *torrent)
{
    if (torrent->clean_waits)
        torrent_save(torrent, true);
}

static enum error_code note_unwanted(const struct torrent *torrent,
                                     struct bitfield *ret_bits)
{
    const uint32_t count = torrent->meta->file_count;
    const enum error_code error = bitfield_init(ret_bits, count);
    for (uint32_t i = 0; error == ERROR_NONE && i < count; i++)
        if (torrent->unwanted[i])
            bitfield_set(ret_bits, i);
    return error;
}

/* S3: the download goes on; a restart looks at the files again. */
static void state_not_saved(struct torrent *torrent, enum error_code error)
{
    loop_timer_set_in(torrent->session->loop, &torrent->checkpoint, STATE_RETRY_NS);
    if (torrent->state_failed)
        return;
    torrent->state_failed = true;
    session_warn(torrent->session, torrent->id,
                 _("%s: its state cannot be saved in %s: %s; the download goes on, and a "
                   "restart checks the files again"),
                 torrent->display_name, torrent->session->state.path, error_text(error));
}

/* HAVE, STAMPS and PEERS of RESUME are set, and whether it is clean. */
static enum error_code encode(struct torrent *torrent, struct resume *resume,
                              struct buffer *buffer)
{
    struct peer_counts counts;
    peer_manager_get_counts(torrent->peers, &counts);
    resume->hash = torrent->hash;
    resume->paused = torrent->settings.paused;
    resume->portable_names = torrent->meta->portable_names;
    resume->priorities = torrent->priorities;
    resume->downloaded = torrent->resume.downloaded + counts.downloaded;
    resume->uploaded = torrent->resume.uploaded + counts.uploaded;
    resume->seeded_s = torrent_seeded_s(torrent);
    resume->added_s = (int64_t)torrent->added_wall_s;
    resume->completed_s = (int64_t)torrent->completed_wall_s;
    resume->download_dir = torrent->download_dir;
    resume->trackers_added = torrent->resume.trackers_added;
    resume->trackers_removed = torrent->resume.trackers_removed;
    resume->final_dir = torrent->final_dir;
    resume->suffix = torrent->suffix;
    resume->renamed_from = torrent->renamed_from;
    resume->renamed_to = torrent->renamed_to;
    if (torrent->move > TORRENT_MOVE_COPYING)
        resume->moved_from = torrent->move_dir;
    else if (torrent->move != TORRENT_MOVE_NONE)
        resume->moving_to = torrent->move_dir;
    else
        resume->moving_to = torrent->resume.moving_to;
    enum error_code error = ERROR_NONE;
    if (torrent->unwanted != NULL)
        error = note_unwanted(torrent, &resume->unwanted);
    if (error == ERROR_NONE)
        error = metainfo_given_of(torrent_is_renaming(torrent) ? torrent->renamed
                                                               : torrent->meta,
                                  &resume->given);
    if (error == ERROR_NONE)
        error = resume_encode(resume, torrent->meta->file_count, buffer);
    bitfield_done(&resume->unwanted);
    metainfo_given_done(&resume->given);
    return error;
}

static enum error_code post_save(struct torrent *torrent, struct resume *resume,
                                 uint64_t cookie)
{
    struct buffer buffer;
    char hex[INFO_HASH_HEX_SIZE], name[80];
    struct disk_job *job = disk_job_new();
    buffer_init(&buffer, (size_t)64 << 20);
    info_hash_hex(&torrent->kept_hash, hex);
    snprintf(name, sizeof name, "resume/%s", hex);
    resume->peers = torrent_known_peers(torrent, &resume->peer_count);
    if (job == NULL || encode(torrent, resume, &buffer) != ERROR_NONE ||
        (job->name = strdup(name)) == NULL) {
        buffer_done(&buffer);
        disk_job_free(job);
        free(resume->peers);
        return ERROR_MEMORY;
    }
    torrent->choice_unsaved = false;
    torrent_known_peers_saved(torrent, resume->peers, resume->peer_count);
    free(resume->peers);
    job->dir_fd = torrent->session->state.fd;
    job->bytes = buffer.bytes;
    job->length = buffer.length;
    job->cookie = cookie;
    return session_post_job(torrent->session, DISK_SAVE_RESUME, torrent->id, job);
}

/* Nothing has come since the clean end before this session, nor is partly there: what is
 * not claimed need not be looked for. */
static bool is_clean(const struct torrent *torrent, const struct disk_job *synced)
{
    struct peer_counts counts;
    peer_manager_get_counts(torrent->peers, &counts);
    return synced->cookie == COOKIE_CLEAN || (torrent->settled && counts.downloaded == 0);
}

static enum error_code post_claims(struct torrent *torrent, const struct disk_job *synced)
{
    torrent->rename_saved = torrent->rename == TORRENT_RENAME_SAVING;
    struct resume resume = {
        .have = torrent->claiming,
        .stamps = synced->stamps,
        .clean = is_clean(torrent, synced),
    };
    return post_save(torrent, &resume, synced->cookie);
}

static void choice_not_saved(struct torrent *torrent)
{
    torrent->choice_unsaved = true;
    loop_timer_set_in(torrent->session->loop, &torrent->checkpoint, STATE_RETRY_NS);
}

void torrent_save_choice(struct torrent *torrent)
{
    const bool known = torrent->claimed.size > 0;
    struct bitfield none = {0};
    if (!keeps_state(torrent->session))
        return;
    enum error_code error =
        known ? ERROR_NONE : bitfield_init(&none, torrent->meta->piece_count);
    struct resume resume = {
        .have = known ? torrent->claimed : none,
        .stamps = known ? torrent->resume.stamps : NULL,
        .clean = known && torrent->resume.clean,
    };
    if (error == ERROR_NONE)
        error = post_save(torrent, &resume, COOKIE_CHOICE);
    if (error != ERROR_NONE)
        choice_not_saved(torrent);
    bitfield_done(&none);
}

/* What may go on once the state is saved. */
static void end_waits(struct torrent *torrent, bool saved)
{
    torrent_move_saved(torrent, saved);
    torrent_rename_saved(torrent, saved);
}

void torrent_on_saved(struct torrent *torrent, const struct message *response)
{
    const struct disk_job *job = response->u.job.job;
    if (job->request != DISK_SAVE_RESUME || job->cookie == COOKIE_LOOK)
        return;
    if (job->cookie == COOKIE_CHOICE) {
        if (response->u.job.error != ERROR_NONE) {
            torrent->choice_unsaved = true;
            state_not_saved(torrent, response->u.job.error);
        }
        return;
    }
    if (response->u.job.error == ERROR_NONE) {
        bitfield_done(&torrent->durable);
        torrent->durable = torrent->claiming;
        torrent->claiming = (struct bitfield){0};
        bitfield_done(&torrent->claimed);
        torrent->state_failed = false;
        (void)torrent_settle_forms(torrent);
        session_event(torrent, EVENT_CHECKPOINT, torrent->durable.count);
    } else if (torrent->phase != TORRENT_PHASE_STOPPING) {
        torrent->choice_unsaved = true;
        state_not_saved(torrent, response->u.job.error);
    }
    checkpoint_over(torrent, job->cookie == COOKIE_CLEAN);
    end_waits(torrent, response->u.job.error == ERROR_NONE);
}

/* ---- the start: claims against what is there ---- */

/* FILE itself, not what is kept aside of it. */
static bool is_there(const struct disk_job *job, uint32_t file)
{
    const struct file_stamp *stamp = &job->stamps[file];
    return stamp->size != UINT64_MAX && (job->parts_stamp.size == UINT64_MAX ||
                                         stamp->inode != job->parts_stamp.inode ||
                                         stamp->device != job->parts_stamp.device);
}

static bool any_file_there(const struct torrent *torrent, const struct disk_job *job)
{
    for (uint32_t i = 0; i < job->stamp_count; i++)
        if (torrent->meta->files[i].length > 0 && is_there(job, i))
            return true;
    return false;
}

static void warn_of_longer_files(struct torrent *torrent, const struct disk_job *job)
{
    uint32_t longer = 0, first = 0;
    for (uint32_t i = job->stamp_count; i-- > 0;) {
        const struct metainfo_file *file = &torrent->meta->files[i];
        if (file->pad || !is_there(job, i) || job->stamps[i].size <= file->length)
            continue;
        longer++;
        first = i;
    }
    if (longer > 0)
        session_warn(torrent->session, torrent->id,
                     ngettext("%s: %u file is longer than it should be (%s); what is too "
                              "much is left alone",
                              "%s: %u files are longer than they should be (the first: "
                              "%s); what is too much is left alone",
                              longer),
                     torrent->display_name, longer,
                     metainfo_file_path(torrent->meta, first));
}

static void compare_and_check(struct torrent *torrent, const struct disk_job *job)
{
    struct bitfield to_hash;
    const uint32_t claimed = torrent->resume.have.count;
    if (job->stamps != NULL)
        warn_of_longer_files(torrent, job);
    if (job->stamps != NULL && torrent->resume.have.count > 0 &&
        !any_file_there(torrent, job)) {
        const struct storage_error gone = {ERROR_NOT_FOUND, 0, 0};
        torrent->missing = true;
        torrent->phase = TORRENT_PHASE_READY;
        torrent_fail_on_disk(torrent, &gone);
        return;
    }
    if (job->stamps == NULL ||
        resume_compare(&torrent->resume, torrent->meta, job->stamps,
                       &torrent->resume.have, &to_hash) != ERROR_NONE) {
        bitfield_done(&torrent->resume.have);
        torrent_check(torrent);
        return;
    }
    bitfield_done(&torrent->to_hash);
    torrent->to_hash = to_hash;
    torrent->settled = torrent->resume.clean && to_hash.count == 0 &&
                       torrent->resume.have.count == claimed && !torrent->claims_dirty;
    torrent_check(torrent);
}

void torrent_on_synced(struct torrent *torrent, struct message *response)
{
    struct disk_job *job = response->u.job.job;
    const bool clean = job->cookie == COOKIE_CLEAN;
    if (torrent->phase == TORRENT_PHASE_STARTING) {
        compare_and_check(torrent, job);
        if (job->settle_error.code != ERROR_NONE) {
            torrent->unsettled = true;
            torrent_fail_on_disk(torrent, &job->settle_error);
        }
        return;
    }
    if (job->cookie == COOKIE_LOOK)
        return; /* the end came meanwhile: nothing is known, what was claimed stays */
    if (response->u.job.error != ERROR_NONE) {
        torrent->claims_dirty = false;
        torrent_on_sync_failed(torrent, job);
        if (torrent->choice_unsaved)
            torrent_save_choice(torrent);
        checkpoint_over(torrent, true);
        end_waits(torrent, false);
    } else if (!keeps_state(torrent->session)) {
        checkpoint_over(torrent, clean);
        end_waits(torrent, true); /* nobody will ask */
    } else if (post_claims(torrent, job) != ERROR_NONE) {
        checkpoint_over(torrent, clean);
        end_waits(torrent, false);
    }
}
