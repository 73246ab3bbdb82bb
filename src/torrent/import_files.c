#include "torrent/import_files.h"

#include "base/clock.h"
#include "disk/file_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TIME_SLACK_S 2 /* a client's clock ticks in seconds, and a disk's in two */

static int open_dir(const char *dir)
{
    return open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static bool is_there(int dir_fd, const char *path)
{
    return file_stamp_at(dir_fd, path).size != UINT64_MAX;
}

static char *unfinished_path(const char *suffix, const char *path)
{
    char *longer;
    return suffix != NULL && asprintf(&longer, "%s%s", path, suffix) >= 0 ? longer : NULL;
}

static bool is_there_unfinished(int dir_fd, const char *suffix, const char *path)
{
    char *longer = unfinished_path(suffix, path);
    const bool there =
        longer != NULL && !is_there(dir_fd, path) && is_there(dir_fd, longer);
    free(longer);
    return there;
}

static bool has_any(int dir_fd, const char *suffix, const struct metainfo *metainfo)
{
    for (uint32_t i = 0; i < metainfo->file_count; i++) {
        const struct metainfo_file *file = &metainfo->files[i];
        if (!file->pad && file->length > 0 &&
            (is_there(dir_fd, file->path) ||
             is_there_unfinished(dir_fd, suffix, file->path)))
            return true;
    }
    return false;
}

const char *import_files_dir(const char *suffix, const struct metainfo *metainfo,
                             const struct imported *imported)
{
    const char *found = NULL;
    for (int i = 0; i < IMPORTED_DIRS && imported->dirs[i] != NULL && found == NULL;
         i++) {
        const int dir_fd = open_dir(imported->dirs[i]);
        if (dir_fd < 0)
            continue;
        if (has_any(dir_fd, suffix, metainfo))
            found = imported->dirs[i];
        close(dir_fd);
    }
    return found != NULL ? found : imported->dirs[0];
}

/* Nothing is replaced, where the system promises that; elsewhere it was not there a
 * moment ago. */
static void rename_finished(int dir_fd, const char *suffix, const char *path)
{
    const char *from, *to;
    char *longer = unfinished_path(suffix, path);
    const int parent =
        longer != NULL ? file_walk_parent(dir_fd, longer, false, &from) : -1;
    if (parent >= 0) {
        to = path + (from - longer);
        if (syscall(SYS_renameat2, parent, from, parent, to, RENAME_NOREPLACE) != 0 &&
            (errno == EINVAL || errno == ENOSYS))
            (void)renameat(parent, from, parent, to);
        (void)fsync(parent);
        close(parent);
    }
    free(longer);
}

uint32_t import_files_unfinished(const char *suffix, const struct metainfo *metainfo,
                                 const char *dir, bool rename)
{
    uint32_t count = 0;
    const int dir_fd = suffix != NULL ? open_dir(dir) : -1;
    for (uint32_t i = 0; dir_fd >= 0 && i < metainfo->file_count; i++) {
        const struct metainfo_file *file = &metainfo->files[i];
        if (file->pad || !is_there_unfinished(dir_fd, suffix, file->path))
            continue;
        count++;
        if (rename)
            rename_finished(dir_fd, suffix, file->path);
    }
    if (dir_fd >= 0)
        close(dir_fd);
    return count;
}

struct file_stamp *import_files_stamps(const struct metainfo *metainfo, const char *dir)
{
    const struct file_stamp nothing = {.size = UINT64_MAX};
    struct file_stamp *stamps = calloc(metainfo->file_count, sizeof *stamps);
    const int dir_fd = open_dir(dir);
    for (uint32_t i = 0; stamps != NULL && i < metainfo->file_count; i++)
        stamps[i] = dir_fd >= 0 && !metainfo->files[i].pad
                        ? file_stamp_at(dir_fd, metainfo->files[i].path)
                        : nothing;
    if (dir_fd >= 0)
        close(dir_fd);
    return stamps;
}

void import_files_drop_uncertain(struct imported *imported, int64_t booted_s)
{
    struct bitfield *uncertain = &imported->uncertain;
    if (uncertain->count == 0 || imported->uncertain_s >= booted_s)
        return;
    for (uint32_t piece = bitfield_next_set(uncertain, 0); piece < uncertain->size;
         piece = bitfield_next_set(uncertain, piece + 1))
        bitfield_clear(&imported->have, piece);
    imported->unverified = true;
}

/* How long the file must be for what is claimed of it; 0: nothing is. */
static uint64_t claimed_bytes(const struct metainfo *metainfo,
                              const struct bitfield *have,
                              const struct metainfo_file *file)
{
    const uint64_t file_end = file->offset + file->length;
    const uint32_t first = (uint32_t)(file->offset / metainfo->piece_bytes);
    for (uint32_t piece = (uint32_t)((file_end - 1) / metainfo->piece_bytes) + 1;
         piece-- > first;) {
        const uint64_t end = (uint64_t)piece * metainfo->piece_bytes +
                             metainfo_piece_length(metainfo, piece);
        if (bitfield_get(have, piece))
            return (end < file_end ? end : file_end) - file->offset;
    }
    return 0;
}

static bool fits_time(const struct imported *imported, uint32_t file, int64_t mtime_ns)
{
    const int64_t then_s =
        imported->times_s != NULL ? imported->times_s[file] : IMPORTED_TIME_UNTOLD;
    const int64_t now_s = mtime_ns / (int64_t)NS_PER_S;
    if (then_s == IMPORTED_TIME_UNTOLD)
        return true;
    if (then_s == IMPORTED_TIME_UNSURE)
        return false;
    return imported->exact_times ? now_s == then_s : now_s - TIME_SLACK_S <= then_s;
}

enum import_note import_files_compare(const struct metainfo *metainfo,
                                      const struct imported *imported,
                                      const struct file_stamp *stamps, uint32_t *ret_file)
{
    for (uint32_t i = 0; i < metainfo->file_count; i++) {
        const struct metainfo_file *file = &metainfo->files[i];
        if (file->pad || file->length == 0)
            continue;
        const uint64_t least = claimed_bytes(metainfo, &imported->have, file);
        if (least == 0)
            continue;
        *ret_file = i;
        if (stamps[i].size == UINT64_MAX)
            return IMPORT_NOTE_MISSING;
        if (stamps[i].size < least || stamps[i].size > file->length ||
            !fits_time(imported, i, stamps[i].mtime_ns))
            return IMPORT_NOTE_CHANGED;
    }
    return IMPORT_NOTE_NONE;
}

enum import_note import_files_sync(const struct metainfo *metainfo,
                                   const struct imported *imported, const char *dir,
                                   uint32_t *ret_file)
{
    enum import_note note = IMPORT_NOTE_NONE;
    const int dir_fd = open_dir(dir);
    for (uint32_t i = 0; i < metainfo->file_count && note == IMPORT_NOTE_NONE; i++) {
        const struct metainfo_file *file = &metainfo->files[i];
        if (file->pad || file->length == 0 ||
            claimed_bytes(metainfo, &imported->have, file) == 0)
            continue;
        const int fd =
            dir_fd >= 0 ? file_walk_open(dir_fd, file->path, FILE_WALK_READ) : -1;
        if (fd < 0 || (fdatasync(fd) != 0 && errno != EINVAL && errno != EROFS)) {
            *ret_file = i;
            note = IMPORT_NOTE_UNREADABLE;
        }
        if (fd >= 0)
            close(fd);
    }
    if (dir_fd >= 0)
        close(dir_fd);
    return note;
}
