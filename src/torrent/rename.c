/*
 * A torrent, or a file or directory of it, gets another name while it runs. The resume
 * data have the new names, and which of them may not have reached the disk, before the
 * disk has them: a kill in between leaves one rename(2) to be done at the next start.
 *
 *   SAVING -> AT_WORK
 *
 * SAVING waits for the resume data, AT_WORK for the disk. Nothing is saved in AT_WORK;
 * what is transferred goes on. WAITING: at the start, for a directory that is away.
 */
#include "base/i18n.h"
#include "base/text.h"
#include "disk/disk_manager.h"
#include "piece/piece_manager.h"
#include "torrent/commands.h"
#include "torrent/keep_private.h"
#include "torrent/place_private.h"
#include "torrent/session_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_CELLS 60
#define NAME_SIZE  300

/* As a name may be shown. */
static const char *shown(const char *path, char ret_text[NAME_SIZE])
{
    const char *slash = strrchr(path, '/');
    text_clean(text_untrusted(slash != NULL ? slash + 1 : path), NAME_CELLS, ret_text,
               NAME_SIZE);
    return ret_text;
}

/* It is over, however it went. */
static void rename_over(struct torrent *torrent)
{
    torrent->rename = TORRENT_RENAME_NONE;
    torrent_forget_rename(torrent);
    if (torrent->phase == TORRENT_PHASE_STOPPING)
        return;
    torrent_claims_changed(torrent);
    (void)torrent_move_home(torrent); /* it may have become complete meanwhile */
    session_changed(torrent, CHANGED_STATE | CHANGED_FILES | CHANGED_PROGRESS);
}

void torrent_forget_rename(struct torrent *torrent)
{
    metainfo_free(torrent->renamed);
    free(torrent->renamed_from);
    free(torrent->renamed_to);
    torrent->renamed = NULL;
    torrent->renamed_from = torrent->renamed_to = NULL;
}

static void give_up(struct torrent *torrent, const char *why)
{
    char old_name[NAME_SIZE], name[NAME_SIZE];
    session_warn(torrent->session, torrent->id,
                 /* L10N: a torrent, a name, another name, and why */
                 _("%s: “%s” was not renamed to “%s”: %s"), torrent->display_name,
                 shown(torrent->renamed_from, old_name), shown(torrent->renamed_to, name),
                 why);
    rename_over(torrent);
}

/* ---- the disk ---- */

static void post(struct torrent *torrent, bool again)
{
    struct disk_job *job = disk_job_new();
    torrent->rename = TORRENT_RENAME_AT_WORK;
    if (job != NULL) {
        const struct bitfield *have =
            again ? &torrent->resume.have : piece_manager_have(torrent->pieces);
        job->metainfo = metainfo_ref(torrent->renamed);
        job->from = strdup(torrent->renamed_from);
        job->name = strdup(torrent->renamed_to);
        job->cookie = 1;
        job->again = again;
        job->may_be_away = have->count == 0;
        if (job->from == NULL || job->name == NULL)
            disk_job_free(job);
        else if (session_post_job(torrent->session, DISK_RENAME, torrent->id, job) ==
                 ERROR_NONE)
            return;
    }
    give_up(torrent, error_text(ERROR_MEMORY));
}

/* What the disk says is true from now on. */
static void take_names(struct torrent *torrent)
{
    char text[4096];
    text_clean(text_untrusted(torrent->renamed->name), 500, text, sizeof text);
    char *name = strdup(text);
    if (name != NULL) { /* else it is shown under the old one until the next start */
        free(torrent->display_name);
        torrent->display_name = name;
    }
    metainfo_free(torrent->former_meta);
    torrent->former_meta = torrent->meta;
    torrent->meta = torrent->renamed;
    torrent->renamed = NULL;
    torrent->names_epoch++;
    free(torrent->root);
    torrent->root = NULL;
}

static const char *why_not(const struct storage_error *error)
{
    switch ((int)error->code) {
    case ERROR_EXISTS:
        return _("something of that name is there already");
    case ERROR_NOT_REGULAR:
        return _("what is there under the old name is nothing of this torrent");
    case ERROR_SYSTEM:
        return error->errno_value != 0 ? strerror(error->errno_value)
                                       : error_text(error->code);
    default:
        return error_text(error->code);
    }
}

void torrent_on_renamed(struct torrent *torrent, const struct message *response)
{
    const struct storage_error *error = &response->u.job.job->error;
    const bool starts = torrent->phase == TORRENT_PHASE_STARTING;
    const bool waits = starts && response->u.job.error == ERROR_NOT_FOUND;
    if (torrent->rename != TORRENT_RENAME_AT_WORK)
        return;
    if (response->u.job.error == ERROR_NONE) {
        log_write(torrent->session->log, LOG_LEVEL_INFO, "%s: %s is now %s",
                  torrent->display_name, torrent->renamed_from, torrent->renamed_to);
        take_names(torrent);
        rename_over(torrent);
    } else if (waits) {
        torrent->rename = TORRENT_RENAME_WAITING;
    } else {
        give_up(torrent, why_not(error));
    }
    if (torrent->phase == TORRENT_PHASE_STOPPING && !torrent->disk_done)
        torrent_save(torrent, true);
    else if (starts)
        torrent_begin(torrent);
}

/* ---- the state is saved ---- */

static void save(struct torrent *torrent)
{
    torrent->claims_dirty = true;
    torrent->settled = false;
    torrent_save(torrent, false);
}

void torrent_rename_saved(struct torrent *torrent, bool saved)
{
    if (torrent->rename != TORRENT_RENAME_SAVING ||
        torrent->phase == TORRENT_PHASE_STOPPING)
        return;
    if (!saved)
        give_up(torrent, _("the state cannot be saved"));
    else if (!torrent->rename_saved && torrent->session->state.fd >= 0 &&
             !torrent->session->state.read_only)
        save(torrent); /* what was saved is from before */
    else
        post(torrent, false);
}

void torrent_stop_rename(struct torrent *torrent)
{
    if (torrent->rename == TORRENT_RENAME_SAVING)
        rename_over(torrent);
}

/* ---- what may be ---- */

static void refuse(const struct torrent *torrent, enum error_code error, const char *name,
                   char *message)
{
    char text[NAME_SIZE];
    const char *format =
        error == ERROR_NAME     ? _("%s: “%s” cannot be a file's name here")
        : error == ERROR_EXISTS ? _("%s: something else in it is called “%s”, or nearly")
        : error == ERROR_LIMIT ? _("%s: with “%s” in it, a path would be too long")
        : error == ERROR_REFUSED
            ? _("%s: names in it differ by no more than case or accents, so that only "
                "the whole torrent can be renamed, not to “%s”")
            : NULL;
    text_clean(text_untrusted(name), NAME_CELLS, text, sizeof text);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    if (format != NULL)
        snprintf(message, SESSION_MESSAGE_SIZE, format, torrent->display_name, text);
    else
        snprintf(message, SESSION_MESSAGE_SIZE, "%s: %s", torrent->display_name,
                 error_text(error));
#pragma GCC diagnostic pop
}

/* A torrent called as the files that are kept beside it are would be its own enemy. */
static bool is_reserved(const struct torrent *torrent, const char *name)
{
    char hex[INFO_HASH_HEX_SIZE];
    info_hash_hex(&torrent->hash, hex);
    return name[0] == '.' && strncmp(name + 1, hex, strlen(hex)) == 0;
}

static enum error_code check_places(struct torrent *torrent, const struct metainfo *meta,
                                    char *message)
{
    struct session *session = torrent->session;
    const enum error_code error =
        session_check_place(session, meta, torrent->download_dir, torrent, message);
    return error == ERROR_NONE && torrent->final_dir != NULL
               ? session_check_place(session, meta, torrent->final_dir, torrent, message)
               : error;
}

/* PATH below the torrent's name as one below the directory. */
static char *whole_path(const struct metainfo *meta, const char *path)
{
    char *whole;
    if (path[0] == '\0' || !meta->multi_file)
        return strdup(meta->name);
    return asprintf(&whole, "%s/%s", meta->name, path) >= 0 ? whole : NULL;
}

static enum error_code draft(struct torrent *torrent, const char *from, const char *name,
                             char *message)
{
    const bool is_root = strcmp(from, torrent->meta->name) == 0;
    enum error_code error =
        is_root && is_reserved(torrent, name)
            ? ERROR_NAME
            : metainfo_rename(torrent->meta, from, name, &torrent->renamed);
    if (error != ERROR_NONE) {
        refuse(torrent, error, name, message);
        return error;
    }
    error = check_places(torrent, torrent->renamed, message);
    if (error == ERROR_NONE && !torrent_suffix_fits(torrent, torrent->renamed)) {
        error = ERROR_EXISTS;
        refuse(torrent, error, name, message);
    }
    if (error == ERROR_NONE &&
        ((torrent->renamed_from = strdup(from)) == NULL ||
         (torrent->renamed_to = metainfo_sibling_path(from, name)) == NULL))
        error = ERROR_MEMORY;
    if (error != ERROR_NONE)
        torrent_forget_rename(torrent);
    return error;
}

static bool can_begin(const struct torrent *torrent)
{
    return torrent->phase == TORRENT_PHASE_READY && torrent->move == TORRENT_MOVE_NONE &&
           !torrent_is_renaming(torrent) && !torrent->missing && !torrent->unchecked;
}

enum error_code torrent_rename(struct session *session, struct torrent_id id,
                               const char *path, const char *name,
                               char message[SESSION_MESSAGE_SIZE])
{
    struct torrent *torrent = session_torrent(session, id);
    message[0] = '\0';
    if (torrent == NULL)
        return ERROR_NOT_FOUND;
    if (!can_begin(torrent)) {
        snprintf(message, SESSION_MESSAGE_SIZE,
                 _("%s: cannot be renamed now: it is being looked at, moved or renamed, "
                   "or missing"),
                 torrent->display_name);
        return ERROR_AGAIN;
    }
    char *from = whole_path(torrent->meta, path);
    if (from == NULL)
        return ERROR_MEMORY;
    const char *slash = strrchr(from, '/');
    if (strcmp(slash != NULL ? slash + 1 : from, name) == 0) {
        free(from);
        return ERROR_NONE; /* as it is */
    }
    const enum error_code error = draft(torrent, from, name, message);
    free(from);
    if (error != ERROR_NONE)
        return error;
    torrent->rename = TORRENT_RENAME_SAVING;
    torrent->rename_saved = false;
    save(torrent);
    session_changed(torrent, CHANGED_STATE);
    return ERROR_NONE;
}

/* ---- the start ---- */

void torrent_await_rename(struct torrent *torrent, struct metainfo *renamed)
{
    if (renamed == NULL)
        return;
    torrent->renamed = renamed;
    torrent->renamed_from = torrent->resume.renamed_from;
    torrent->renamed_to = torrent->resume.renamed_to;
    torrent->resume.renamed_from = torrent->resume.renamed_to = NULL;
}

bool torrent_take_up_rename(struct torrent *torrent)
{
    if (torrent->renamed == NULL || torrent->rename == TORRENT_RENAME_WAITING)
        return false;
    torrent->claims_dirty = true;
    torrent->phase = TORRENT_PHASE_STARTING;
    post(torrent, true);
    return torrent->rename == TORRENT_RENAME_AT_WORK;
}

bool torrent_rename_again(struct torrent *torrent)
{
    if (torrent->rename != TORRENT_RENAME_WAITING ||
        torrent->phase != TORRENT_PHASE_READY)
        return false;
    torrent->rename = TORRENT_RENAME_NONE;
    return torrent_take_up_rename(torrent);
}

/* RENAMED as it was before the last of its names was changed; NULL: that is not to be
 * known from RESUME. */
static struct metainfo *named_before(const struct resume *resume,
                                     struct metainfo *renamed)
{
    struct metainfo *before = NULL;
    if (resume->renamed_from == NULL || resume->renamed_to == NULL)
        return NULL;
    const char *slash = strrchr(resume->renamed_from, '/');
    const char *name = slash != NULL ? slash + 1 : resume->renamed_from;
    char *path = metainfo_sibling_path(resume->renamed_to, name);
    if (path == NULL || strcmp(path, resume->renamed_from) != 0 ||
        metainfo_rename(renamed, resume->renamed_to, name, &before) != ERROR_NONE)
        before = NULL;
    free(path);
    return before;
}

enum error_code torrent_find_names(const struct resume *resume, struct metainfo **meta,
                                   struct metainfo **ret_renamed)
{
    struct metainfo *renamed;
    const enum error_code error = metainfo_apply_given(*meta, &resume->given, &renamed);
    if (error != ERROR_NONE)
        return error;
    struct metainfo *before = named_before(resume, renamed);
    metainfo_free(*meta);
    *meta = before != NULL ? before : renamed;
    *ret_renamed = before != NULL ? renamed : NULL;
    return ERROR_NONE;
}
