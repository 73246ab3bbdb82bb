/*
 * Claims made durable: data are synced first, then the resume file says which pieces are
 * there; at most five seconds after a piece was verified (HOSTILE.md, "resume
 * checkpoint").
 */
#include "torrent/torrent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECKPOINT_NS (5 * NS_PER_S)

void torrent_claims_changed(struct torrent *torrent)
{
    torrent->claims_dirty = true;
    if (torrent->complete) /* nothing more will come: nothing to wait for */
        loop_timer_set_in(torrent->session->loop, &torrent->checkpoint, 0);
    else if (torrent->session->state.fd >= 0 && !loop_timer_is_set(&torrent->checkpoint))
        loop_timer_set_in(torrent->session->loop, &torrent->checkpoint, CHECKPOINT_NS);
}

void torrent_save(struct torrent *torrent, bool clean)
{
    if (torrent->sync_under_way)
        return; /* what became dirty meanwhile is saved after it */
    struct disk_job *job = disk_job_new();
    const struct bitfield *have = piece_manager_have(torrent->pieces);
    bitfield_done(&torrent->claiming);
    if (job == NULL || bitfield_copy(&torrent->claiming, have) != ERROR_NONE) {
        disk_job_free(job);
        return;
    }
    job->cookie = clean ? 2 : 1;
    const struct message request = {
        .type = DISK_SYNC, .torrent = torrent->id, .u.job.job = job};
    if (disk_manager_post(torrent->session->disk, &request) != ERROR_NONE) {
        disk_job_free(job);
        return;
    }
    torrent->claims_dirty = false;
    torrent->sync_under_way = true;
}

static struct disk_job *encode(struct torrent *torrent, struct disk_job *synced,
                               bool clean)
{
    struct peer_counts counts;
    struct buffer buffer;
    char hex[INFO_HASH_HEX_SIZE], name[80];
    struct disk_job *job = disk_job_new();
    peer_manager_get_counts(torrent->peers, &counts);
    const struct resume resume = {
        .hash = torrent->hash,
        .have = torrent->claiming,
        .stamps = synced->stamps,
        .clean = clean,
        .paused = torrent->paused,
        .sequential = torrent->sequential,
        .downloaded = torrent->resume.downloaded + counts.downloaded,
        .uploaded = torrent->resume.uploaded + counts.uploaded,
        .added_s = (int64_t)torrent->added_wall_s,
        .completed_s = (int64_t)torrent->completed_wall_s,
        .download_dir = torrent->download_dir,
    };
    buffer_init(&buffer, (size_t)64 << 20);
    info_hash_hex(&torrent->hash, hex);
    snprintf(name, sizeof name, "resume/%s", hex);
    if (job == NULL ||
        resume_encode(&resume, torrent->meta->file_count, &buffer) != ERROR_NONE ||
        (job->name = strdup(name)) == NULL) {
        buffer_done(&buffer);
        disk_job_free(job);
        return NULL;
    }
    job->dir_fd = torrent->session->state.fd;
    job->bytes = buffer.bytes;
    job->length = buffer.length;
    job->cookie = clean ? 2 : 1;
    return job;
}

static void compare_and_check(struct torrent *torrent, struct disk_job *job)
{
    struct bitfield to_hash;
    if (job->stamps == NULL ||
        resume_compare(&torrent->resume, torrent->meta, job->stamps,
                       &torrent->resume.have, &to_hash) != ERROR_NONE) {
        bitfield_done(&torrent->resume.have);
        torrent_check(torrent);
        return;
    }
    bitfield_done(&torrent->to_hash);
    torrent->to_hash = to_hash;
    torrent_check(torrent);
}

void torrent_on_synced(struct torrent *torrent, struct message *response)
{
    struct disk_job *job = response->u.job.job;
    struct session *session = torrent->session;
    if (torrent->phase == TORRENT_PHASE_STARTING) {
        compare_and_check(torrent, job);
        return;
    }
    torrent->sync_under_way = false;
    const bool clean = job->cookie == 2;
    struct disk_job *save = NULL;
    if (response->u.job.error != ERROR_NONE) {
        torrent->claims_dirty = true;
        torrent_fail(torrent, response->u.job.error, error_text(response->u.job.error));
    }
    if (response->u.job.error == ERROR_NONE && session->state.fd >= 0 &&
        !session->state.read_only)
        save = encode(torrent, job, clean);
    const struct message request = {
        .type = DISK_SAVE_RESUME, .torrent = torrent->id, .u.job.job = save};
    if (save != NULL && disk_manager_post(session->disk, &request) != ERROR_NONE) {
        disk_job_free(save);
        save = NULL;
    }
    if (save != NULL)
        session_event(torrent, EVENT_CHECKPOINT, torrent->claiming.count);
    if (torrent->phase == TORRENT_PHASE_STOPPING && !clean) {
        torrent_save(torrent, true); /* one was under way when the end came */
    } else if (torrent->phase == TORRENT_PHASE_STOPPING && save == NULL) {
        torrent->disk_done = true;
        session_torrent_stopped(torrent);
    } else if (torrent->claims_dirty && response->u.job.error == ERROR_NONE) {
        torrent_claims_changed(torrent);
    } else {
        session_changed(torrent, CHANGED_STATE);
    }
}
