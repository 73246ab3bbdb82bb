/*
 * A torrent that was added is kept: its choice of files and its .torrent are made
 * durable, and only then does the saved list name it. What fails is tried again.
 */
#include "base/i18n.h"
#include "disk/disk_manager.h"
#include "torrent/awaited_private.h"
#include "torrent/keep_private.h"
#include "torrent/session_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEEP_RETRY_NS (30 * NS_PER_S)
#define LIST_NS       (1 * NS_PER_S) /* while many are on their way, a list so often */

static bool keeps_state(const struct session *session)
{
    return session->state.fd >= 0 && !session->state.read_only;
}

static void try_later(struct session *session)
{
    if (!loop_timer_is_set(&session->keep_timer))
        loop_timer_set_in(session->loop, &session->keep_timer, KEEP_RETRY_NS);
}

/* The .torrent, taken over from the torrent; it is given back if that fails. */
static struct disk_job *make_job(struct torrent *torrent)
{
    char hex[INFO_HASH_HEX_SIZE], name[80];
    struct disk_job *job = disk_job_new();
    if (job == NULL)
        return NULL;
    info_hash_hex(&torrent->kept_hash, hex);
    snprintf(name, sizeof name, "torrents/%s.%s", hex,
             torrent->unkept_is_link ? "magnet" : "torrent");
    job->raw = true;
    job->dir_fd = torrent->session->state.fd;
    job->name = strdup(name);
    if (job->name == NULL) {
        disk_job_free(job);
        return NULL;
    }
    job->bytes = torrent->unkept;
    job->length = torrent->unkept_bytes;
    torrent->unkept = NULL;
    return job;
}

static void take_back(struct torrent *torrent, struct disk_job *job)
{
    torrent->unkept = job->bytes;
    torrent->unkept_bytes = job->length;
    job->bytes = NULL;
    try_later(torrent->session);
}

static void post(struct torrent *torrent)
{
    struct session *session = torrent->session;
    struct disk_job *job = make_job(torrent);
    const struct message request = {
        .type = DISK_SAVE_RESUME, .torrent = torrent->id, .u.job.job = job};
    if (job == NULL) {
        try_later(session);
    } else if (disk_manager_post(session->disk, &request) != ERROR_NONE) {
        take_back(torrent, job);
        disk_job_free(job);
    } else {
        session->jobs++;
        session->keeping++;
    }
}

/* True: it is to be posted. What has not been kept until now is not worth it any more. */
static bool set_unkept(struct torrent *torrent, const uint8_t *bytes, size_t length,
                       bool is_link)
{
    if (!keeps_state(torrent->session))
        return false;
    free(torrent->unkept);
    torrent->unkept = malloc(length);
    if (torrent->unkept == NULL) {
        log_write(torrent->session->log, LOG_LEVEL_WARNING, "%s: not kept",
                  torrent->display_name);
        return false;
    }
    memcpy(torrent->unkept, bytes, length);
    torrent->unkept_bytes = length;
    torrent->unkept_is_link = is_link;
    return true;
}

void torrent_keep(struct torrent *torrent, const uint8_t *bytes, size_t length)
{
    if (!set_unkept(torrent, bytes, length, false))
        return;
    torrent_save_choice(torrent);
    post(torrent);
}

void torrent_keep_again(struct torrent *torrent, const uint8_t *bytes, size_t length)
{
    if (set_unkept(torrent, bytes, length, false))
        post(torrent);
}

void torrent_keep_link(struct torrent *torrent)
{
    struct buffer buffer;
    buffer_init(&buffer, (size_t)1 << 20);
    if (torrent_write_link(torrent, &buffer) != ERROR_NONE)
        log_write(torrent->session->log, LOG_LEVEL_WARNING, "%s: not kept",
                  torrent->display_name);
    else if (set_unkept(torrent, buffer.bytes, buffer.length, true))
        post(torrent);
    buffer_done(&buffer);
}

/* The .torrent is there: a restart goes by that. */
static void forget_link(struct torrent *torrent)
{
    char hex[INFO_HASH_HEX_SIZE];
    struct disk_job *job = disk_job_new();
    torrent->has_kept_link = false;
    if (job == NULL)
        return;
    info_hash_hex(&torrent->kept_hash, hex);
    job->dir_fd = torrent->session->state.fd;
    if (asprintf(&job->name, "torrents/%s.magnet", hex) < 0) {
        job->name = NULL;
        disk_job_free(job);
    } else if (session_post_job(torrent->session, DISK_FORGET_STATE, torrent->id, job) !=
               ERROR_NONE) {
        log_write(torrent->session->log, LOG_LEVEL_WARNING,
                  "a magnet link of before stays");
    }
}

void session_keep_again(struct session *session)
{
    loop_timer_cancel(session->loop, &session->keep_timer);
    for (uint32_t i = 0; i < session->count; i++) {
        struct torrent *torrent = session_torrent(session, session->order[i]);
        if (torrent->unkept != NULL)
            post(torrent);
    }
}

static void on_keep_timer(void *context)
{
    session_keep_again(context);
}

void session_init_keeping(struct session *session)
{
    loop_timer_init(&session->keep_timer, on_keep_timer, session);
}

static void kept(struct torrent *torrent, struct disk_job *job, enum error_code error)
{
    const bool is_link = strstr(job->name, ".magnet") != NULL;
    if (error == ERROR_NONE) {
        torrent->kept = true;
        if (is_link)
            torrent->has_kept_link = true;
        else if (torrent->has_kept_link)
            forget_link(torrent);
        return;
    }
    if (is_link == torrent->unkept_is_link && torrent->unkept == NULL)
        take_back(torrent, job); /* else there is something better by now */
    if (!torrent->keep_failed)
        session_warn(torrent->session, torrent->id, _("%s/%s cannot be saved: %s"),
                     torrent->session->state.path, job->name, error_text(error));
    torrent->keep_failed = true;
}

void session_on_kept(struct session *session, const struct message *response)
{
    struct torrent *torrent = session_torrent(session, response->torrent);
    session->keeping--;
    if (torrent != NULL)
        kept(torrent, response->u.job.job, response->u.job.error);
    if (session->keeping == 0 && session->stopping)
        session_save_list(session);
    else if (session->keeping == 0)
        session_save_list_soon(session);
    else if (!loop_timer_is_set(&session->list_timer))
        loop_timer_set_in(session->loop, &session->list_timer, LIST_NS);
}
