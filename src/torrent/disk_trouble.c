/* A disk that fails: what it means for a torrent, said so that people know what to do
 * (HOSTILE.md S1-S8, S10, S11). */
#include "base/i18n.h"
#include "disk/disk_manager.h"
#include "peer/peer_manager.h"
#include "piece/piece_manager.h"
#include "torrent/activity_private.h"
#include "torrent/keep_private.h"
#include "torrent/place_private.h"
#include "torrent/session_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DISK_RETRY_NS     (30 * NS_PER_S)
#define READ_FAILURES_MAX 3u
#define MISREADS_MAX      3u

static const char *advice(enum error_code code, int errno_value, bool confined)
{
    switch ((int)code) {
    case ERROR_DISK_FULL:
        /* L10N: %s is a file. */
        return errno_value == EFBIG
                   ? N_("%s: the file system takes no file as large as this; choose "
                        "another download directory")
                   : N_("%s: no space left on the disk; make room: it is tried again "
                        "every 30 seconds");
    case ERROR_READ_ONLY:
        return N_("%s: the file system is read-only; make it writable: it is tried again "
                  "every 30 seconds");
    case ERROR_ACCESS:
        if (confined)
            return N_("%s: permission denied; make it writable for you, then resume the "
                      "torrent; if it came back after the start, start bttui again: the "
                      "sandbox reaches only what was there then");
        return N_("%s: permission denied; make it writable for you, then resume the "
                  "torrent");
    case ERROR_NOT_FOUND:
        return N_("%s: the file or its directory is missing; bring it back, then resume "
                  "the torrent: without it, resuming downloads it again");
    case ERROR_TRUNCATED:
        return N_("%s: the file is shorter than it was; resuming the torrent downloads "
                  "what is missing again");
    case ERROR_NAME:
        return N_("%s: the file system takes no such name; choose another download "
                  "directory, or add the torrent anew with --portable-names");
    case ERROR_CORRUPT:
        return N_(
            "%s: time and again it reads back other than it was written; the disk or "
            "the memory fails: look after them, then resume the torrent");
    case ERROR_TORN:
        return N_("%s: the torrent's hashes of versions 1 and 2 contradict each other "
                  "here; whoever made it made a mistake, and it cannot be completed");
    case ERROR_NOT_REGULAR:
        return N_("%s: a link, a directory or a device stands in the place of the file; "
                  "move it away, then resume the torrent");
    default:
        return NULL;
    }
}

static void describe(const struct torrent *torrent, const struct storage_error *error,
                     char *text, size_t size)
{
    char parts[STORAGE_PARTS_NAME_SIZE];
    storage_parts_name(&torrent->hash, parts);
    const char *file = error->file < torrent->meta->file_count
                           ? metainfo_file_path(torrent->meta, error->file)
                           : parts;
    const char *format =
        advice(error->code, error->errno_value, torrent->session->files_confined);
    char shown[120];
    snprintf(shown, sizeof shown, "%.115s", file);
    if (format != NULL) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(text, size, _(format), shown);
#pragma GCC diagnostic pop
    } else {
        snprintf(text, size, _("%s: %s; look after the disk, then resume the torrent"),
                 shown,
                 error->errno_value != 0 ? strerror(error->errno_value)
                                         : error_text(error->code));
    }
}

void torrent_fail_on_disk(struct torrent *torrent, const struct storage_error *error)
{
    char text[400];
    describe(torrent, error, text, sizeof text);
    torrent_fail(torrent, error->code, text);
    const bool passes = (error->code == ERROR_DISK_FULL && error->errno_value != EFBIG) ||
                        error->code == ERROR_READ_ONLY || error->code == ERROR_MEMORY;
    if (passes)
        loop_timer_set_in(torrent->session->loop, &torrent->disk_retry, DISK_RETRY_NS);
}

void torrent_check_failed(struct torrent *torrent)
{
    torrent->unchecked = true;
    torrent->phase = TORRENT_PHASE_READY;
    torrent_fail(torrent, ERROR_MEMORY, error_text(ERROR_MEMORY));
    loop_timer_set_in(torrent->session->loop, &torrent->disk_retry, DISK_RETRY_NS);
}

/* Empty files could not be made: nothing is to be hashed for that. */
static void make_empty_files(struct torrent *torrent)
{
    torrent_halt(torrent);
    torrent_check_some(torrent, NULL);
}

void torrent_forgive_disk(struct torrent *torrent)
{
    const bool lost_files = torrent->missing;
    torrent->error = ERROR_NONE;
    torrent->read_failures = torrent->misreads = 0;
    torrent->missing = false;
    loop_timer_cancel(torrent->session->loop, &torrent->disk_retry);
    session_changed(torrent, CHANGED_STATE);
    if (lost_files &&
        (torrent_rename_again(torrent) || torrent_finish_move_again(torrent)))
        return;
    if (torrent->phase != TORRENT_PHASE_READY || torrent->move != TORRENT_MOVE_NONE)
        return;
    torrent_settle_again(torrent);
    if (torrent->unallocated)
        torrent_preallocate(torrent);
    if (lost_files || torrent->unchecked) {
        bitfield_done(&torrent->resume.have);
        torrent_check(torrent);
    } else if (torrent->empties_missing) {
        make_empty_files(torrent);
    } else {
        peer_manager_wake_idle(torrent->peers);
        session_run_soon(torrent);
    }
}

static void warn_of_misread(struct torrent *torrent, uint32_t piece)
{
    session_warn(torrent->session, torrent->id,
                 _("%s: piece %u reads back other than it was written and is fetched "
                   "again; look after the disk of %s"),
                 torrent->display_name, piece, torrent->download_dir);
}

void torrent_on_write_failed(struct torrent *torrent, struct message *message)
{
    const struct storage_error error = {message->u.disk_error.error,
                                        message->u.disk_error.errno_value,
                                        message->u.disk_error.file};
    block_pool_give_chain(torrent->session->pool, message->u.disk_error.chain);
    message->u.disk_error.chain = NULL;
    piece_manager_disk_error(torrent->pieces, message->u.disk_error.piece);
    if (error.code == ERROR_CORRUPT && ++torrent->misreads < MISREADS_MAX)
        warn_of_misread(torrent, message->u.disk_error.piece);
    else if (error.code != ERROR_CANCELLED)
        torrent_fail_on_disk(torrent, &error);
    if (error.code == ERROR_NOT_FOUND) { /* and all that was in it */
        torrent->claims_dirty = true;
        torrent_checkpoint(torrent);
    }
}

static void lose_piece(struct torrent *torrent, uint32_t piece)
{
    piece_manager_lost_piece(torrent->pieces, piece);
    peer_manager_lost_piece(torrent->peers, piece);
    if (torrent->complete) {
        torrent->complete = false;
        torrent_note_seeding(torrent);
        peer_manager_set_complete(torrent->peers, false);
    }
    torrent_claims_changed(torrent);
}

void torrent_on_read(struct torrent *torrent, const struct message *message)
{
    const struct storage_error error = {
        message->u.read.error, message->u.read.errno_value, message->u.read.file};
    switch ((int)error.code) {
    case ERROR_NONE:
        torrent->read_failures = 0;
        break;
    case ERROR_CANCELLED:
        break;
    case ERROR_TRUNCATED:
    case ERROR_NOT_FOUND:
    case ERROR_NOT_REGULAR:
        lose_piece(torrent, message->u.read.chain->piece);
        torrent_fail_on_disk(torrent, &error);
        break;
    default:
        if (++torrent->read_failures >= READ_FAILURES_MAX)
            torrent_fail_on_disk(torrent, &error);
        break;
    }
}

static void clear_pieces_of(const struct metainfo *meta, uint32_t number,
                            struct bitfield *bits)
{
    const struct metainfo_file *file = &meta->files[number];
    if (file->length == 0)
        return;
    const uint32_t last =
        (uint32_t)((file->offset + file->length - 1) / meta->piece_bytes);
    for (uint32_t p = (uint32_t)(file->offset / meta->piece_bytes); p <= last; p++)
        bitfield_clear(bits, p);
}

/* What was written since the last good sync may not be what the disk holds, though memory
 * shows it: it is un-claimed and read back. */
/* Others may have gone with the one that is named. */
static void clear_pieces_of_missing(const struct torrent *torrent,
                                    const struct disk_job *job, struct bitfield *bits)
{
    for (uint32_t i = 0; job->stamps != NULL && i < job->stamp_count; i++)
        if (job->stamps[i].size == UINT64_MAX)
            clear_pieces_of(torrent->meta, i, bits);
}

void torrent_on_sync_failed(struct torrent *torrent, const struct disk_job *job)
{
    const struct storage_error *error = &job->error;
    struct bitfield trusted;
    const struct bitfield *have = piece_manager_have(torrent->pieces);
    torrent_fail_on_disk(torrent, error);
    if (torrent->move == TORRENT_MOVE_COPYING)
        disk_manager_cancel_move(torrent->session->disk, torrent->id);
    if (torrent->phase != TORRENT_PHASE_READY ||
        bitfield_init(&trusted, have->size) != ERROR_NONE)
        return;
    for (uint32_t piece = bitfield_next_set(&torrent->durable, 0);
         piece < torrent->durable.size;
         piece = bitfield_next_set(&torrent->durable, piece + 1))
        if (bitfield_get(have, piece))
            bitfield_set(&trusted, piece);
    if (error->file < torrent->meta->file_count)
        clear_pieces_of(torrent->meta, error->file, &trusted);
    clear_pieces_of_missing(torrent, job, &trusted);
    torrent_halt(torrent);
    torrent_check_some(torrent, &trusted);
    bitfield_done(&trusted);
}
