/* Bans outlast the session: they are saved soon after one is made, and at the end. */
#include "base/i18n.h"
#include "disk/disk_manager.h"
#include "disk/state_file.h"
#include "torrent/ban_list.h"
#include "torrent/keep_private.h"
#include "torrent/session_private.h"

#include <stdlib.h>
#include <string.h>

#define SAVE_SOON_NS (2 * NS_PER_S) /* several of a poisoned piece are saved together */

static int64_t now_s(const struct session *session)
{
    return (int64_t)clock_wall_s(loop_clock(session->loop));
}

static bool is_kept(const struct session *session)
{
    return session->state.fd >= 0 && !session->state.read_only;
}

void session_load_bans(struct session *session)
{
    uint8_t *bytes;
    size_t length;
    struct peer_ban *bans;
    uint32_t count;
    if (session->state.fd < 0)
        return;
    enum error_code error =
        state_file_load(session->state.fd, "bans",
                        (size_t)PEER_BANS_MAX * BAN_LIST_RECORD_BYTES, &bytes, &length);
    if (error == ERROR_NOT_FOUND)
        return;
    if (error == ERROR_NONE) {
        error = ban_list_decode(bytes, length, now_s(session), &bans, &count);
        free(bytes);
    }
    for (uint32_t i = 0; error == ERROR_NONE && i < count; i++)
        error = peer_shared_restore_ban(session->peers, &bans[i]);
    if (error != ERROR_NONE)
        log_write(session->log, LOG_LEVEL_WARNING, "the list of bans was lost: %s",
                  error_text(error));
    else
        free(bans);
}

static struct disk_job *make_job(struct session *session)
{
    struct buffer buffer;
    struct disk_job *job = disk_job_new();
    const uint32_t most = peer_shared_bans(session->peers, NULL, 0);
    struct peer_ban *bans = calloc(most + 1u, sizeof *bans);
    buffer_init(&buffer, (size_t)PEER_BANS_MAX * BAN_LIST_RECORD_BYTES);
    enum error_code error = job != NULL && bans != NULL ? ERROR_NONE : ERROR_MEMORY;
    if (error == ERROR_NONE) {
        const uint32_t count = peer_shared_bans(session->peers, bans, most);
        error = ban_list_encode(bans, count < most ? count : most, &buffer);
    }
    free(bans);
    if (error == ERROR_NONE) {
        job->dir_fd = session->state.fd;
        job->name = strdup("bans");
        job->length = buffer.length;
        job->bytes = malloc(buffer.length + 1);
        error = job->name != NULL && job->bytes != NULL ? ERROR_NONE : ERROR_MEMORY;
    }
    if (error == ERROR_NONE && buffer.length > 0)
        memcpy(job->bytes, buffer.bytes, buffer.length);
    buffer_done(&buffer);
    if (error == ERROR_NONE)
        return job;
    disk_job_free(job);
    return NULL;
}

void session_save_bans(struct session *session)
{
    const struct torrent_id nobody = {0, 0};
    if (!session->bans_dirty || !is_kept(session))
        return;
    session->bans_dirty = false;
    loop_timer_cancel(session->loop, &session->bans_timer);
    struct disk_job *job = make_job(session);
    if (job == NULL ||
        session_post_job(session, DISK_SAVE_RESUME, nobody, job) != ERROR_NONE)
        log_write(session->log, LOG_LEVEL_WARNING, "the list of bans was not kept");
}

static void on_bans_timer(void *context)
{
    session_save_bans(context);
}

void session_init_bans(struct session *session)
{
    loop_timer_init(&session->bans_timer, on_bans_timer, session);
}

void session_bans_changed(void *context)
{
    struct session *session = context;
    session->bans_dirty = true;
    if (is_kept(session) && !loop_timer_is_set(&session->bans_timer))
        loop_timer_set_in(session->loop, &session->bans_timer, SAVE_SOON_NS);
}
