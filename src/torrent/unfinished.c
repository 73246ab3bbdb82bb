/*
 * Files have a suffix until they are complete. Which name one has is seen on the disk
 * (disk/storage_forms.c); here it is told which are complete: after a check, with each
 * checkpoint, and before it is said that the torrent is. A torrent keeps the suffix it
 * was added with.
 */
#include "base/i18n.h"
#include "disk/disk_manager.h"
#include "meta/path_suffix.h"
#include "piece/piece_manager.h"
#include "torrent/place_private.h"
#include "torrent/session_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool torrent_suffix_fits(const struct torrent *torrent, const struct metainfo *meta)
{
    bool fits = true;
    return torrent->suffix == NULL ||
           (path_suffix_fits(meta, torrent->suffix, &fits) == ERROR_NONE && fits);
}

enum error_code torrent_begin_suffix(struct torrent *torrent, const struct resume *resume)
{
    bool fits = false;
    const char *suffix =
        resume != NULL ? resume->suffix : torrent->session->config.incomplete_suffix;
    if (suffix == NULL || !path_suffix_is_usable(suffix))
        return ERROR_NONE;
    enum error_code error = path_suffix_fits(torrent->meta, suffix, &fits);
    if (error != ERROR_NONE || !fits)
        return error;
    torrent->suffix = strdup(suffix);
    torrent->whole = calloc(torrent->meta->file_count, sizeof *torrent->whole);
    if (torrent->suffix == NULL || torrent->whole == NULL)
        return ERROR_MEMORY;
    return disk_manager_set_suffix(torrent->session->disk, torrent->id, suffix);
}

static bool is_whole(const struct metainfo *meta, const struct metainfo_file *file,
                     const struct bitfield *have)
{
    if (file->length == 0)
        return true;
    const uint64_t end = file->offset + file->length - 1;
    return bitfield_next_clear(have, (uint32_t)(file->offset / meta->piece_bytes)) >
           (uint32_t)(end / meta->piece_bytes);
}

/* Whether it is other files than before. */
static bool find_whole(struct torrent *torrent)
{
    const struct bitfield *have = piece_manager_have(torrent->pieces);
    bool changed = false;
    for (uint32_t i = 0; i < torrent->meta->file_count; i++) {
        const bool whole = is_whole(torrent->meta, &torrent->meta->files[i], have);
        changed |= torrent->whole[i] != whole;
        torrent->whole[i] = whole;
    }
    return changed;
}

static bool post(struct torrent *torrent)
{
    struct disk_job *job = disk_job_new();
    torrent->forms_due = false;
    if (job == NULL)
        return false; /* the next checkpoint may do */
    job->only_forms = true;
    torrent->forms_under_way =
        session_post_job(torrent->session, DISK_SETTLE, torrent->id, job) == ERROR_NONE;
    return torrent->forms_under_way;
}

bool torrent_settle_forms(struct torrent *torrent)
{
    if (torrent->suffix == NULL || torrent->missing || torrent->unchecked)
        return false;
    const bool first = torrent->phase == TORRENT_PHASE_READY && !torrent->forms_known;
    if (!find_whole(torrent) && !first && !torrent->forms_due)
        return torrent->forms_under_way;
    torrent->forms_known |= first;
    disk_manager_set_whole(torrent->session->disk, torrent->id, torrent->whole);
    if (!torrent->forms_under_way && torrent->move == TORRENT_MOVE_NONE)
        return post(torrent);
    torrent->forms_due = true;
    return torrent->forms_under_way;
}

static void warn(struct torrent *torrent, const struct storage_error *error)
{
    const char *path = error->file < torrent->meta->file_count
                           ? metainfo_file_path(torrent->meta, error->file)
                           : "";
    session_warn(torrent->session, torrent->id,
                 /* L10N: a torrent, a file, a suffix, and why */
                 _("%s: %s could not be given its name without or with %s: %s"),
                 torrent->display_name, path, torrent->suffix, error_text(error->code));
}

void torrent_on_forms_settled(struct torrent *torrent, const struct message *response)
{
    const enum error_code error = response->u.job.error;
    torrent->forms_under_way = false;
    if (error == ERROR_CANCELLED)
        torrent->forms_due = true; /* it moves: again when that is over */
    else if (error != ERROR_NONE)
        warn(torrent, &response->u.job.job->error);
    if (torrent->phase != TORRENT_PHASE_READY)
        return;
    if (torrent->forms_due && torrent->move == TORRENT_MOVE_NONE && post(torrent))
        return;
    if (torrent->names_first && torrent->complete)
        torrent_tell_complete(torrent);
    else
        (void)torrent_move_home(torrent);
    torrent->names_first = false;
    session_changed(torrent, CHANGED_STATE | CHANGED_PROGRESS);
}
