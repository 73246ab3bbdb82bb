/*
 * A torrent's data move to another directory. What a kill may find is kept with the
 * resume data before it is on the disk: first that there may be half a copy, then that
 * the new place counts and the old one is to be cleaned.
 *
 *   SAVING -> COPYING -> SWITCHING -> FINISHING
 *
 * SAVING and SWITCHING wait for the resume data, the others for the disk. Nothing is
 * transferred meanwhile.
 */
#include "base/i18n.h"
#include "disk/disk_manager.h"
#include "torrent/activity_private.h"
#include "torrent/commands.h"
#include "torrent/download_path.h"
#include "torrent/keep_private.h"
#include "torrent/place_private.h"
#include "torrent/session_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void post_step(struct torrent *torrent, enum disk_move_step step, const char *from,
                      const char *dir);

/* It runs again, where it is. */
static void move_over(struct torrent *torrent)
{
    torrent->move = TORRENT_MOVE_NONE;
    free(torrent->move_dir);
    torrent->move_dir = NULL;
    if (torrent->phase == TORRENT_PHASE_STOPPING)
        return;
    if (torrent->completed_untold)
        session_event(torrent, EVENT_COMPLETED, 0);
    torrent->completed_untold = false;
    torrent_claims_changed(torrent);
    torrent_settle_again(torrent);
    (void)torrent_settle_forms(torrent);
    torrent_start(torrent);
    session_changed(torrent, CHANGED_STATE);
}

static void give_up(struct torrent *torrent, const char *why)
{
    char text[300];
    snprintf(text, sizeof text, "%s", why);
    session_warn(torrent->session, torrent->id, _("%s: was not moved to %s: %s"),
                 torrent->display_name, torrent->move_dir, text);
    move_over(torrent);
}

static const char *why_not(const struct torrent *torrent,
                           const struct storage_error *error)
{
    switch ((int)error->code) {
    case ERROR_EXISTS:
        return _("something of that name is there already");
    case ERROR_DISK_FULL:
        return _("there is not enough space");
    case ERROR_ACCESS:
        return torrent->session->files_confined
                   ? _("permission denied; the sandbox lets in only directories that "
                       "--move-dir or --download-dir named at the start")
                   : error_text(error->code);
    case ERROR_SYSTEM:
        return error->errno_value != 0 ? strerror(error->errno_value)
                                       : error_text(error->code);
    default:
        return error_text(error->code);
    }
}

static void swap_places(struct torrent *torrent)
{
    char *dir = torrent->download_dir;
    torrent->download_dir = torrent->move_dir;
    torrent->move_dir = dir;
    free(torrent->root);
    torrent->root = NULL;
}

/* The new place does not count after all. */
static void go_back(struct torrent *torrent, const char *why)
{
    swap_places(torrent);
    post_step(torrent, DISK_MOVE_GIVE_UP, NULL, torrent->move_dir);
    give_up(torrent, why);
}

static void post_step(struct torrent *torrent, enum disk_move_step step, const char *from,
                      const char *dir)
{
    struct disk_job *job = disk_job_new();
    if (job != NULL) {
        job->step = step;
        job->name = strdup(dir);
        job->from = from != NULL ? strdup(from) : NULL;
        job->cookie = step + 1u;
        if (job->name != NULL && (from == NULL || job->from != NULL)) {
            if (session_post_job(torrent->session, DISK_MOVE, torrent->id, job) ==
                ERROR_NONE)
                return;
        } else {
            disk_job_free(job);
        }
    }
    if (step == DISK_MOVE_COPY)
        give_up(torrent, error_text(ERROR_MEMORY));
    else if (step == DISK_MOVE_FINISH)
        go_back(torrent, error_text(ERROR_MEMORY));
}

/* ---- the state is saved ---- */

static bool waits_for_state(const struct torrent *torrent)
{
    return torrent->move == TORRENT_MOVE_SAVING ||
           torrent->move == TORRENT_MOVE_SWITCHING;
}

static void save(struct torrent *torrent)
{
    torrent->claims_dirty = true;
    torrent->settled = false;
    torrent_save(torrent, false);
}

void torrent_move_saved(struct torrent *torrent, bool saved)
{
    if (!waits_for_state(torrent) || torrent->phase == TORRENT_PHASE_STOPPING)
        return;
    if (!saved) {
        const char *why = _("the state cannot be saved");
        if (torrent->move == TORRENT_MOVE_SWITCHING)
            go_back(torrent, why);
        else
            give_up(torrent, why);
    } else if (torrent->saved_move != torrent->move) {
        save(torrent); /* what was saved is from before */
    } else if (torrent->move == TORRENT_MOVE_SAVING) {
        torrent->move = TORRENT_MOVE_COPYING;
        post_step(torrent, DISK_MOVE_COPY, NULL, torrent->move_dir);
    } else {
        torrent->move = TORRENT_MOVE_FINISHING;
        post_step(torrent, DISK_MOVE_FINISH, torrent->move_dir, torrent->download_dir);
    }
}

/* ---- the disk answers ---- */

static void on_copied(struct torrent *torrent, const struct disk_job *job,
                      enum error_code error)
{
    if (torrent->move != TORRENT_MOVE_COPYING)
        return;
    if (torrent->phase == TORRENT_PHASE_STOPPING)
        return; /* what is left there is cleaned up at the next start */
    if (error == ERROR_CANCELLED) {
        move_over(torrent);
    } else if (error != ERROR_NONE) {
        give_up(torrent, why_not(torrent, &job->error));
    } else {
        torrent->move = TORRENT_MOVE_SWITCHING;
        swap_places(torrent);
        save(torrent);
    }
}

static void on_finished(struct torrent *torrent, const struct disk_job *job,
                        enum error_code error)
{
    if (torrent->move != TORRENT_MOVE_FINISHING)
        return;
    const bool starts = torrent->phase == TORRENT_PHASE_STARTING;
    const bool stops = torrent->phase == TORRENT_PHASE_STOPPING;
    if (error != ERROR_NONE && error != ERROR_NOT_FOUND) {
        go_back(torrent, why_not(torrent, &job->error));
    } else if (error == ERROR_NONE) {
        log_write(torrent->session->log, LOG_LEVEL_INFO, "%s: moved to %s",
                  torrent->display_name, torrent->download_dir);
        if (torrent->final_dir != NULL &&
            strcmp(torrent->final_dir, torrent->download_dir) == 0) {
            free(torrent->final_dir);
            torrent->final_dir = NULL;
        }
        move_over(torrent);
    }
    if (stops)
        torrent_save(torrent, true);
    else if (starts)
        torrent_begin(torrent);
}

/* What an earlier life left is gone. */
static void on_abandoned(struct torrent *torrent)
{
    free(torrent->resume.moving_to);
    torrent->resume.moving_to = NULL;
    if (torrent->phase == TORRENT_PHASE_READY)
        torrent_claims_changed(torrent);
}

void torrent_on_moved(struct torrent *torrent, const struct message *response)
{
    const struct disk_job *job = response->u.job.job;
    if (job->step == DISK_MOVE_COPY)
        on_copied(torrent, job, response->u.job.error);
    else if (job->step == DISK_MOVE_FINISH)
        on_finished(torrent, job, response->u.job.error);
    else if (job->step == DISK_MOVE_ABANDON)
        on_abandoned(torrent);
}

void torrent_on_moving(struct torrent *torrent, const struct message *response)
{
    torrent->move_done = response->u.moving.done;
    torrent->move_total = response->u.moving.total;
    session_changed(torrent, CHANGED_STATE | CHANGED_PROGRESS);
}

/* ---- beginning and ending ---- */

static void begin(struct torrent *torrent, char *dir)
{
    torrent->move = TORRENT_MOVE_SAVING;
    torrent->saved_move = TORRENT_MOVE_NONE;
    torrent->move_dir = dir;
    torrent->move_done = torrent->move_total = 0;
    torrent_halt(torrent);
    save(torrent);
    session_changed(torrent, CHANGED_STATE);
}

enum error_code torrent_move_data(struct session *session, struct torrent_id id,
                                  const char *dir, char message[SESSION_MESSAGE_SIZE])
{
    struct torrent *torrent = session_torrent(session, id);
    message[0] = '\0';
    if (torrent == NULL)
        return ERROR_NOT_FOUND;
    if (torrent->phase != TORRENT_PHASE_READY || torrent->move != TORRENT_MOVE_NONE ||
        torrent_is_renaming(torrent) || torrent->missing || torrent->unchecked) {
        snprintf(message, SESSION_MESSAGE_SIZE,
                 _("%s: cannot be moved now: it is being looked at, moved, or missing"),
                 torrent->display_name);
        return ERROR_AGAIN;
    }
    const enum error_code error =
        session_check_place(session, torrent->meta, dir, torrent, message);
    char *path = error == ERROR_NONE ? download_path_absolute(dir) : NULL;
    if (path == NULL)
        return error != ERROR_NONE ? error : ERROR_MEMORY;
    free(torrent->final_dir);
    torrent->final_dir = NULL;
    begin(torrent, path);
    return ERROR_NONE;
}

void torrent_cancel_move(struct session *session, struct torrent_id id)
{
    struct torrent *torrent = session_torrent(session, id);
    if (torrent == NULL)
        return;
    if (torrent->move == TORRENT_MOVE_SAVING)
        move_over(torrent);
    else if (torrent->move == TORRENT_MOVE_COPYING)
        disk_manager_cancel_move(session->disk, id);
}

bool torrent_move_home(struct torrent *torrent)
{
    if (torrent->final_dir == NULL || !torrent->complete ||
        torrent->phase != TORRENT_PHASE_READY || torrent->move != TORRENT_MOVE_NONE ||
        torrent_is_renaming(torrent) || torrent->missing || torrent->unchecked)
        return false;
    char *path = strdup(torrent->final_dir);
    if (path != NULL)
        begin(torrent, path);
    return path != NULL;
}

void torrent_stop_move(struct torrent *torrent)
{
    if (torrent->move == TORRENT_MOVE_SAVING)
        move_over(torrent);
    else if (torrent->move == TORRENT_MOVE_COPYING)
        disk_manager_cancel_move(torrent->session->disk, torrent->id);
}

void torrent_leave_move(struct torrent *torrent)
{
    if (torrent->move == TORRENT_MOVE_COPYING)
        disk_manager_cancel_move(torrent->session->disk, torrent->id);
    else if (torrent->move == TORRENT_MOVE_SWITCHING)
        post_step(torrent, DISK_MOVE_GIVE_UP, NULL, torrent->download_dir);
}

bool torrent_finish_move_again(struct torrent *torrent)
{
    if (torrent->move != TORRENT_MOVE_FINISHING || torrent->phase != TORRENT_PHASE_READY)
        return false;
    torrent->phase = TORRENT_PHASE_STARTING;
    post_step(torrent, DISK_MOVE_FINISH, torrent->move_dir, torrent->download_dir);
    return true;
}

bool torrent_take_up_move(struct torrent *torrent)
{
    if (torrent->resume.moving_to != NULL && !torrent->move_taken_up) {
        torrent->claims_dirty = true; /* it is not to be cleaned up for ever */
        post_step(torrent, DISK_MOVE_ABANDON, NULL, torrent->resume.moving_to);
    }
    torrent->move_taken_up = true;
    if (torrent->resume.moved_from == NULL)
        return false;
    torrent->claims_dirty = true;
    torrent->move = TORRENT_MOVE_FINISHING;
    torrent->move_dir = torrent->resume.moved_from;
    torrent->resume.moved_from = NULL;
    torrent->phase = TORRENT_PHASE_STARTING;
    post_step(torrent, DISK_MOVE_FINISH, torrent->move_dir, torrent->download_dir);
    return torrent->move == TORRENT_MOVE_FINISHING;
}
