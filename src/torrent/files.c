/* Which files are wanted: what follows for pieces, peers and the disk. */
#include "base/i18n.h"
#include "base/text.h"
#include "torrent/file_select.h"
#include "torrent/torrent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a list of files ---- */

static const char *path_of(void *context, uint32_t file)
{
    return metainfo_file_path(context, file);
}

static void complain(enum error_code error, const char *item, char *message)
{
    char shown[128];
    const struct untrusted raw = {item, strcspn(item, ",")};
    text_clean(raw, 60, shown, sizeof shown);
    if (error == ERROR_NOT_FOUND)
        snprintf(message, SESSION_MESSAGE_SIZE, _("--select: “%s” names no file of it"),
                 shown);
    else
        snprintf(message, SESSION_MESSAGE_SIZE,
                 _("--select: “%s” is neither a number, a range nor a pattern"), shown);
}

enum error_code files_read_selection(struct metainfo *meta, const char *list,
                                     bool **ret_unwanted,
                                     char message[SESSION_MESSAGE_SIZE])
{
    const struct file_select files = {meta->file_count, path_of, meta};
    const char *item = "";
    bool *flags = calloc(meta->file_count, sizeof *flags);
    if (flags == NULL) {
        snprintf(message, SESSION_MESSAGE_SIZE, "%s", error_text(ERROR_MEMORY));
        return ERROR_MEMORY;
    }
    const enum error_code error = file_select_apply(&files, list, flags, &item);
    if (error != ERROR_NONE) {
        complain(error, item, message);
        free(flags);
        return ERROR_INVALID;
    }
    for (uint32_t i = 0; i < meta->file_count; i++)
        flags[i] = !flags[i];
    *ret_unwanted = flags;
    return ERROR_NONE;
}

/* ---- pieces ---- */

/* A piece is wanted when one of its files is. */
void torrent_apply_wanted(struct torrent *torrent)
{
    const struct metainfo *meta = torrent->meta;
    if (torrent->unwanted == NULL)
        return;
    struct bitfield wanted;
    if (bitfield_init(&wanted, meta->piece_count) != ERROR_NONE)
        return;
    for (uint32_t i = 0; i < meta->file_count; i++) {
        const struct metainfo_file *file = &meta->files[i];
        if (torrent->unwanted[i] || file->pad || file->length == 0)
            continue;
        const uint32_t last =
            (uint32_t)((file->offset + file->length - 1) / meta->piece_bytes);
        for (uint32_t p = (uint32_t)(file->offset / meta->piece_bytes); p <= last; p++)
            bitfield_set(&wanted, p);
    }
    for (uint32_t p = 0; p < meta->piece_count; p++)
        piece_manager_set_priority(torrent->pieces, p,
                                   bitfield_get(&wanted, p) ? PIECE_PRIORITY_NORMAL
                                                            : PIECE_PRIORITY_NONE);
    bitfield_done(&wanted);
}

/* ---- the disk ---- */

/* Until it is done, files are where they were, and what comes for them goes there. */
static void settle(struct torrent *torrent)
{
    struct disk_job *job = disk_job_new();
    torrent->unsettled = true;
    if (job == NULL ||
        session_post_job(torrent->session, DISK_SETTLE, torrent->id, job) != ERROR_NONE)
        torrent_fail_on_disk(torrent, &(struct storage_error){ERROR_MEMORY, 0, 0});
}

void torrent_settle_again(struct torrent *torrent)
{
    if (torrent->unsettled)
        settle(torrent);
}

void torrent_on_settled(struct torrent *torrent, const struct message *response)
{
    if (response->u.job.error == ERROR_NONE)
        torrent->unsettled = false;
    else if (response->u.job.error != ERROR_CANCELLED)
        torrent_on_sync_failed(torrent, &response->u.job.job->error);
}

/* ---- choosing ---- */

/* There is something to fetch again, or nothing more. */
static void look_for_end(struct torrent *torrent)
{
    struct piece_counts counts;
    piece_manager_get_counts(torrent->pieces, &counts);
    if (torrent->phase != TORRENT_PHASE_READY)
        return; /* known when it is */
    if (counts.wanted_left == 0) {
        torrent_check_complete(torrent);
    } else if (torrent->complete) {
        torrent->complete = false;
        torrent_note_seeding(torrent);
        peer_manager_set_complete(torrent->peers, false);
        session_queue_soon(torrent->session);
        session_share_pool(torrent->session);
        torrent_start(torrent);
    }
    torrent_seek_interest(torrent);
    peer_manager_wake_idle(torrent->peers);
}

static void choice_changed(struct torrent *torrent)
{
    disk_manager_set_unwanted(torrent->session->disk, torrent->id, torrent->unwanted);
    settle(torrent);
    torrent_apply_wanted(torrent);
    look_for_end(torrent);
    torrent_claims_changed(torrent); /* the choice is kept */
    session_changed(torrent,
                    CHANGED_FILES | CHANGED_PIECES | CHANGED_PROGRESS | CHANGED_STATE);
}

void torrent_set_files_wanted(struct session *session, struct torrent_id id,
                              const uint32_t *files, uint32_t count, bool wanted)
{
    struct torrent *torrent = session_torrent(session, id);
    if (torrent == NULL)
        return;
    if (torrent->unwanted == NULL)
        torrent->unwanted = calloc(torrent->meta->file_count, sizeof *torrent->unwanted);
    if (torrent->unwanted == NULL)
        return;
    for (uint32_t i = 0; i < count; i++)
        if (files[i] < torrent->meta->file_count)
            torrent->unwanted[files[i]] = !wanted;
    choice_changed(torrent);
}

void torrent_set_file_wanted(struct session *session, struct torrent_id id, uint32_t file,
                             bool wanted)
{
    torrent_set_files_wanted(session, id, &file, 1, wanted);
}

enum error_code torrent_select(struct session *session, struct torrent_id id,
                               const char *list, char message[SESSION_MESSAGE_SIZE])
{
    struct torrent *torrent = session_torrent(session, id);
    bool *unwanted;
    message[0] = '\0';
    if (torrent == NULL)
        return ERROR_NOT_FOUND;
    const enum error_code error =
        files_read_selection(torrent->meta, list, &unwanted, message);
    if (error != ERROR_NONE)
        return error;
    free(torrent->unwanted);
    torrent->unwanted = unwanted;
    choice_changed(torrent);
    return ERROR_NONE;
}
