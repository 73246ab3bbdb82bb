/* Which files are wanted, and which before others: what follows for pieces, peers and the
 * disk. */
#include "base/i18n.h"
#include "base/text.h"
#include "disk/disk_manager.h"
#include "peer/peer_manager.h"
#include "piece/piece_manager.h"
#include "torrent/activity_private.h"
#include "torrent/awaited_private.h"
#include "torrent/commands.h"
#include "torrent/file_select.h"
#include "torrent/keep_private.h"
#include "torrent/place_private.h"
#include "torrent/session_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a list of files ---- */

static const char *path_of(void *context, uint32_t file)
{
    return metainfo_file_path(context, file);
}

static void complain(const char *option, enum error_code error, const char *item,
                     char *message)
{
    char shown[128];
    const struct untrusted raw = {item, strcspn(item, ",")};
    text_clean(raw, 60, shown, sizeof shown);
    if (error == ERROR_NOT_FOUND)
        /* L10N: the first %s is an option, such as --select */
        snprintf(message, SESSION_MESSAGE_SIZE, _("%s: “%s” names no file of it"), option,
                 shown);
    else
        snprintf(message, SESSION_MESSAGE_SIZE,
                 /* L10N: the first %s is an option, such as --select */
                 _("%s: “%s” is neither a number, a range nor a pattern"), option, shown);
}

/* A flag for each file: whether LIST names it. */
static enum error_code read_list(struct metainfo *meta, const char *option,
                                 const char *list, bool **ret_flags, char *message)
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
        complain(option, error, item, message);
        free(flags);
        return ERROR_INVALID;
    }
    *ret_flags = flags;
    return ERROR_NONE;
}

enum error_code files_read_selection(struct metainfo *meta, const char *list,
                                     bool **ret_unwanted,
                                     char message[SESSION_MESSAGE_SIZE])
{
    bool *flags;
    const enum error_code error = read_list(meta, "--select", list, &flags, message);
    if (error != ERROR_NONE)
        return error;
    for (uint32_t i = 0; i < meta->file_count; i++)
        flags[i] = !flags[i];
    *ret_unwanted = flags;
    return ERROR_NONE;
}

/* ---- pieces ---- */

/* The ends of a file are worth so much more, never as much as a file of the next level.
 */
#define ENDS_BONUS 2

static bool any_unwanted(const struct torrent *torrent)
{
    for (uint32_t i = 0; torrent->unwanted != NULL && i < torrent->meta->file_count; i++)
        if (torrent->unwanted[i])
            return true;
    return false;
}

/* Padding is wanted only with all the rest: then the torrent is whole. */
static uint8_t level_of(const struct torrent *torrent, uint32_t file, bool all)
{
    static const uint8_t levels[] = {PIECE_PRIORITY_LOW, PIECE_PRIORITY_NORMAL,
                                     PIECE_PRIORITY_HIGH};
    if (torrent->meta->files[file].pad)
        return all ? PIECE_PRIORITY_LOW : PIECE_PRIORITY_NONE;
    if (torrent->unwanted != NULL && torrent->unwanted[file])
        return PIECE_PRIORITY_NONE;
    return levels[torrent->priorities != NULL ? torrent->priorities[file] + 1 : 1];
}

static void raise(uint8_t *level, uint8_t to)
{
    if (*level < to)
        *level = to;
}

/* A piece is as important as the most important of its files. */
static void add_file(const struct torrent *torrent, uint32_t number, bool all,
                     uint8_t *levels)
{
    const struct metainfo_file *file = &torrent->meta->files[number];
    const uint32_t piece_bytes = torrent->meta->piece_bytes;
    const uint8_t level = level_of(torrent, number, all);
    if (level == PIECE_PRIORITY_NONE || file->length == 0)
        return;
    const uint32_t first = (uint32_t)(file->offset / piece_bytes);
    const uint32_t last = (uint32_t)((file->offset + file->length - 1) / piece_bytes);
    for (uint32_t piece = first; piece <= last; piece++)
        raise(&levels[piece], level);
    if (!torrent->settings.first_last || file->pad)
        return;
    raise(&levels[first], level + ENDS_BONUS);
    raise(&levels[last], level + ENDS_BONUS);
}

void torrent_apply_wanted(struct torrent *torrent)
{
    const struct metainfo *meta = torrent->meta;
    const bool all = !any_unwanted(torrent);
    const bool alike =
        all && torrent->priorities == NULL && !torrent->settings.first_last;
    if (alike && !torrent->prioritised)
        return;
    uint8_t *levels = calloc(meta->piece_count, sizeof *levels);
    if (levels == NULL)
        return;
    torrent->prioritised = !alike;
    for (uint32_t i = 0; i < meta->file_count; i++)
        add_file(torrent, i, all, levels);
    for (uint32_t piece = 0; piece < meta->piece_count; piece++)
        piece_manager_set_priority(torrent->pieces, piece,
                                   alike ? PIECE_PRIORITY_NORMAL : levels[piece]);
    free(levels);
}

/* ---- the disk ---- */

/* Until it is done, files are where they were, and what comes for them goes there. */
static void settle(struct torrent *torrent)
{
    torrent->unsettled = true;
    if (torrent->missing)
        return; /* nothing is made anew unasked (S16) */
    struct disk_job *job = disk_job_new();
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
    if (response->u.job.error == ERROR_NONE) {
        torrent->unsettled = false;
        torrent_preallocate(torrent);
    } else if (response->u.job.error != ERROR_CANCELLED) {
        torrent_on_sync_failed(torrent, response->u.job.job);
    }
}

void torrent_preallocate(struct torrent *torrent)
{
    const enum preallocation how = torrent->session->config.preallocate;
    if (how == PREALLOCATE_NONE || torrent->complete || torrent->error != ERROR_NONE ||
        torrent->phase != TORRENT_PHASE_READY || torrent->move != TORRENT_MOVE_NONE)
        return;
    struct disk_job *job = disk_job_new();
    if (job == NULL)
        return;
    job->full = how == PREALLOCATE_FULL;
    torrent->unallocated =
        session_post_job(torrent->session, DISK_ALLOCATE, torrent->id, job) == ERROR_NONE;
}

void torrent_on_allocated(struct torrent *torrent, const struct message *response)
{
    const enum error_code error = response->u.job.error;
    if (error == ERROR_NONE)
        torrent->unallocated = false;
    else if (error != ERROR_CANCELLED)
        torrent_fail_on_disk(torrent, &response->u.job.job->error);
    if (torrent->phase == TORRENT_PHASE_READY)
        torrent_claims_changed(torrent); /* the files look different */
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
    torrent_choice_changed(torrent);
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
    if (torrent->awaited != NULL)
        return torrent_select_later(torrent, list);
    const enum error_code error =
        files_read_selection(torrent->meta, list, &unwanted, message);
    if (error != ERROR_NONE)
        return error;
    free(torrent->unwanted);
    torrent->unwanted = unwanted;
    choice_changed(torrent);
    return ERROR_NONE;
}

/* ---- priorities ---- */

static bool has_priorities(struct torrent *torrent)
{
    if (torrent->priorities == NULL)
        torrent->priorities =
            calloc(torrent->meta->file_count, sizeof *torrent->priorities);
    return torrent->priorities != NULL;
}

static void priorities_changed(struct torrent *torrent)
{
    torrent_apply_wanted(torrent);
    peer_manager_wake_idle(torrent->peers);
    torrent_choice_changed(torrent);
    session_changed(torrent, CHANGED_FILES);
}

void torrent_step_files_priority(struct session *session, struct torrent_id id,
                                 const uint32_t *files, uint32_t count, int by)
{
    struct torrent *torrent = session_torrent(session, id);
    if (torrent == NULL || !has_priorities(torrent))
        return;
    for (uint32_t i = 0; i < count; i++) {
        if (files[i] >= torrent->meta->file_count)
            continue;
        const int level = torrent->priorities[files[i]] + by;
        torrent->priorities[files[i]] = (int8_t)(level < -1 ? -1 : level > 1 ? 1 : level);
    }
    priorities_changed(torrent);
}

enum error_code torrent_set_priority(struct session *session, struct torrent_id id,
                                     const char *list, int priority,
                                     char message[SESSION_MESSAGE_SIZE])
{
    struct torrent *torrent = session_torrent(session, id);
    bool *flags;
    message[0] = '\0';
    if (torrent == NULL)
        return ERROR_NOT_FOUND;
    const enum error_code error =
        read_list(torrent->meta, "--priority", list, &flags, message);
    if (error != ERROR_NONE)
        return error;
    const bool had = has_priorities(torrent);
    for (uint32_t i = 0; had && i < torrent->meta->file_count; i++)
        if (flags[i])
            torrent->priorities[i] = (int8_t)priority;
    free(flags);
    if (!had)
        return ERROR_MEMORY;
    priorities_changed(torrent);
    return ERROR_NONE;
}
