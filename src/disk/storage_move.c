/*
 * Moving a torrent's files to another directory. They are first put together, by links or
 * copies, in a hidden directory of their own there, ".INFOHASH.moving": that is all a
 * kill can leave behind, and the old place is as it was. When somebody has noted that the
 * new place counts, one rename gives the files their names, and the old ones go.
 */
#include "disk/file_walk.h"
#include "disk/storage_private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define COPY_BYTES  (1u << 20)
#define STAGE_SIZE  (INFO_HASH_HEX_SIZE + 9)
#define DIRECTORY   (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#define STAGE_FLAGS (DIRECTORY | O_NOFOLLOW)

struct moving {
    struct storage *storage;
    int from, to, stage; /* directories; FROM -1: it was never made */
    const struct storage_progress *progress;
    uint8_t *buffer;
    uint64_t done, total; /* bytes */
    bool copies;          /* links cannot be had */
};

static void stage_name(const struct storage *storage, char ret_name[STAGE_SIZE])
{
    char hex[INFO_HASH_HEX_SIZE];
    info_hash_hex(&storage->metainfo->hash, hex);
    snprintf(ret_name, STAGE_SIZE, ".%s.moving", hex);
}

/* How FILE, or the parts file, is called in the new place. */
static const char *new_path(const struct storage *storage, uint32_t file)
{
    return file == parts_index(storage) ? storage->parts_name
                                        : storage->metainfo->files[file].path;
}

static bool is_of_ours(const struct storage *storage, uint32_t file)
{
    return file == parts_index(storage) || !storage->metainfo->files[file].pad;
}

void storage_cancel_move(struct storage *storage)
{
    atomic_store(&storage->move_cancelled, true);
}

/* ---- one file ---- */

/* Where FILE is now. False: nowhere, or what is there is no file. */
static bool find_old(const struct moving *moving, uint32_t file, const char **ret_path,
                     struct stat *ret_status)
{
    const char *name;
    if (moving->from < 0 || !is_of_ours(moving->storage, file))
        return false;
    *ret_path = storage_path(moving->storage, moving->from, file, false);
    const int parent = file_walk_parent(moving->from, *ret_path, false, &name);
    if (parent < 0)
        return false;
    const bool there = fstatat(parent, name, ret_status, AT_SYMLINK_NOFOLLOW) == 0 &&
                       S_ISREG(ret_status->st_mode);
    close(parent);
    return there;
}

static int tell(struct moving *moving, uint64_t bytes)
{
    moving->done += bytes;
    if (moving->progress != NULL)
        moving->progress->tell(moving->progress->context, moving->done, moving->total);
    return atomic_load(&moving->storage->move_cancelled) ? ECANCELED : 0;
}

static int copy_part(struct moving *moving, int in, int out, uint64_t at, uint64_t end)
{
    while (at < end) {
        const size_t most = end - at < COPY_BYTES ? (size_t)(end - at) : COPY_BYTES;
        const ssize_t got = pread(in, moving->buffer, most, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? errno : EIO;
        for (ssize_t done = 0; done < got;) {
            const struct iovec part = {moving->buffer + done, (size_t)(got - done)};
            const ssize_t wrote = pwritev(out, &part, 1, (off_t)at + done);
            if (wrote < 0 && errno == EINTR)
                continue;
            if (wrote <= 0)
                return wrote < 0 ? errno : EIO;
            done += wrote;
        }
        at += (uint64_t)got;
        const int error = tell(moving, (uint64_t)got);
        if (error != 0)
            return error;
    }
    return 0;
}

/* Holes stay holes. */
static int copy_bytes(struct moving *moving, int in, int out, uint64_t size)
{
    int error = 0;
    for (off_t at = 0; error == 0 && (uint64_t)at < size;) {
        const off_t data = lseek(in, at, SEEK_DATA);
        if (data < 0)
            break; /* a hole to the end */
        const off_t hole = lseek(in, data, SEEK_HOLE);
        const uint64_t end = hole < 0 || (uint64_t)hole > size ? size : (uint64_t)hole;
        error = copy_part(moving, in, out, (uint64_t)data, end);
        at = (off_t)end;
    }
    return error != 0 ? error : ftruncate(out, (off_t)size) != 0 ? errno : 0;
}

static int check_copy(int out, uint64_t size)
{
    struct stat status;
    if (fdatasync(out) != 0 || fstat(out, &status) != 0)
        return errno;
    return (uint64_t)status.st_size == size ? 0 : EIO;
}

static int copy_file(struct moving *moving, const char *path, int parent,
                     const char *name, uint64_t size)
{
    const int in = file_walk_open(moving->from, path, false);
    const int out =
        in < 0 ? -1
               : openat(parent, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                        0666);
    int error = out < 0 ? errno : copy_bytes(moving, in, out, size);
    if (error == 0)
        error = check_copy(out, size);
    if (in >= 0)
        close(in);
    if (out >= 0 && close(out) != 0 && error == 0)
        error = errno;
    return error;
}

static int link_file(const struct moving *moving, const char *path, int parent,
                     const char *name)
{
    const char *old_name;
    const int old_parent = file_walk_parent(moving->from, path, false, &old_name);
    if (old_parent < 0)
        return errno;
    const int error = linkat(old_parent, old_name, parent, name, 0) != 0 ? errno : 0;
    close(old_parent);
    return error;
}

/* Another file system, one without links, or the sandbox. */
static bool has_no_links(int errno_value)
{
    return errno_value == EXDEV || errno_value == EPERM || errno_value == EOPNOTSUPP ||
           errno_value == EMLINK || errno_value == ENOSYS;
}

static int has_room(struct moving *moving)
{
    struct statvfs status;
    if (moving->buffer == NULL && (moving->buffer = malloc(COPY_BYTES)) == NULL)
        return ENOMEM;
    if (fstatvfs(moving->to, &status) != 0)
        return errno;
    return (uint64_t)status.f_bavail * status.f_frsize < moving->total ? ENOSPC : 0;
}

static int bring_file(struct moving *moving, uint32_t file)
{
    struct stat status;
    const char *path, *name;
    if (!find_old(moving, file, &path, &status))
        return 0;
    const int parent =
        file_walk_parent(moving->stage, new_path(moving->storage, file), true, &name);
    if (parent < 0)
        return errno;
    int error = moving->copies ? EXDEV : link_file(moving, path, parent, name);
    if (error == 0) {
        error = tell(moving, (uint64_t)status.st_blocks * 512);
    } else if (has_no_links(error)) {
        error = moving->copies ? 0 : has_room(moving);
        moving->copies = true;
        if (error == 0)
            error = copy_file(moving, path, parent, name, (uint64_t)status.st_size);
    }
    close(parent);
    return error;
}

/* ---- the copy ---- */

static void measure(struct moving *moving)
{
    struct stat status;
    const char *path;
    for (uint32_t i = 0; i <= parts_index(moving->storage); i++)
        if (find_old(moving, i, &path, &status))
            moving->total += (uint64_t)status.st_blocks * 512;
}

static bool is_taken(int dir_fd, const char *name)
{
    struct stat status;
    return fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Nothing that is there is touched, and it is told before anything is copied. */
static int open_places(struct moving *moving, const char *dir)
{
    struct stat from, to;
    const struct storage *storage = moving->storage;
    moving->from = storage_open_dir(moving->storage, false);
    if (moving->from < 0 && errno != ENOENT)
        return errno;
    if (file_walk_make_dirs(dir) != 0 || (moving->to = open(dir, DIRECTORY)) < 0)
        return errno;
    if (fstat(moving->to, &to) != 0)
        return errno;
    if (moving->from >= 0 && fstat(moving->from, &from) == 0 &&
        from.st_dev == to.st_dev && from.st_ino == to.st_ino)
        return EEXIST;
    return is_taken(moving->to, storage->metainfo->name) ||
                   is_taken(moving->to, storage->parts_name)
               ? EEXIST
               : 0;
}

static int open_stage(struct moving *moving)
{
    char name[STAGE_SIZE];
    stage_name(moving->storage, name);
    if (mkdirat(moving->to, name, 0777) != 0)
        return errno;
    moving->stage = openat(moving->to, name, STAGE_FLAGS);
    return moving->stage < 0 ? errno : 0;
}

static void close_places(const struct moving *moving)
{
    const int fds[] = {moving->from, moving->to, moving->stage};
    for (int i = 0; i < 3; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    free(moving->buffer);
}

/* From here on nothing is written; what was being written has been. */
static bool begin(struct storage *storage)
{
    pthread_rwlock_wrlock(&storage->layout);
    const bool begins = !storage->moving;
    storage->moving = true;
    pthread_rwlock_unlock(&storage->layout);
    return begins;
}

static void end(struct storage *storage)
{
    pthread_rwlock_wrlock(&storage->layout);
    storage->moving = false;
    atomic_store(&storage->move_cancelled, false);
    pthread_rwlock_unlock(&storage->layout);
}

enum error_code storage_move_copy(struct storage *storage, const char *dir,
                                  const struct storage_progress *progress,
                                  struct storage_error *ret_error)
{
    struct moving moving = {storage, -1, -1, -1, progress, NULL, 0, 0, false};
    uint32_t file = 0;
    if (!begin(storage))
        return storage_fail(ret_error, 0, EBUSY);
    storage_move_abandon(storage, dir);
    int error = open_places(&moving, dir);
    if (error == 0)
        error = open_stage(&moving);
    if (error == 0)
        measure(&moving);
    for (uint32_t i = 0; error == 0 && i <= parts_index(storage); i++)
        error = bring_file(&moving, file = i);
    if (error == 0 && syncfs(moving.stage) != 0) /* names; data that were copied are */
        error = errno;
    close_places(&moving);
    if (error == 0)
        return ERROR_NONE;
    if (moving.stage >= 0)
        storage_move_abandon(storage, dir);
    end(storage);
    return storage_fail(ret_error, file, error);
}

void storage_move_abandon(struct storage *storage, const char *dir)
{
    char name[STAGE_SIZE];
    const int to = open(dir, DIRECTORY);
    stage_name(storage, name);
    const int stage = to < 0 ? -1 : openat(to, name, STAGE_FLAGS);
    for (uint32_t i = 0; stage >= 0 && i <= parts_index(storage); i++)
        if (is_of_ours(storage, i))
            (void)storage_delete_file(stage, new_path(storage, i));
    if (stage >= 0) {
        close(stage);
        (void)unlinkat(to, name, AT_REMOVEDIR);
    }
    if (to >= 0)
        close(to);
}

void storage_move_give_up(struct storage *storage, const char *dir)
{
    storage_move_abandon(storage, dir);
    end(storage);
}

/* ---- the switch ---- */

static int rename_new(int from, int to, const char *name)
{
    if (renameat2(from, name, to, name, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return errno;
    if (is_taken(to, name)) /* as well as such a file system can tell */
        return EEXIST;
    return renameat(from, name, to, name) != 0 ? errno : 0;
}

/* A rename each for the files, which all are below one name, and for the parts: both, or
 * none. */
static int give_names(const struct storage *storage, int to)
{
    char name[STAGE_SIZE];
    stage_name(storage, name);
    const int stage = openat(to, name, STAGE_FLAGS);
    if (stage < 0)
        return errno == ENOENT ? 0 : errno; /* that was done before */
    const char *top = storage->metainfo->name;
    const int first = rename_new(stage, to, top);
    int error = first == 0 || first == ENOENT ? rename_new(stage, to, storage->parts_name)
                                              : first;
    if (error == ENOENT)
        error = 0;
    else if (error != 0 && first == 0)
        (void)rename_new(to, stage, top);
    close(stage);
    if (error == 0 && fsync(to) != 0)
        error = errno;
    if (error == 0)
        (void)unlinkat(to, name, AT_REMOVEDIR);
    return error;
}

/* LAYOUT is held for writing. */
static void delete_old(struct storage *storage, const char *from)
{
    const int fd = open(from, O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (uint32_t i = parts_index(storage) + 1u; fd >= 0 && i-- > 0;)
        if (is_of_ours(storage, i))
            (void)storage_delete_file(fd, storage_path(storage, fd, i, false));
    if (fd >= 0)
        close(fd);
}

enum error_code storage_move_finish(struct storage *storage, const char *from,
                                    const char *dir, struct storage_error *ret_error)
{
    pthread_rwlock_wrlock(&storage->layout);
    const int to = open(dir, DIRECTORY);
    const bool is_away = to < 0;
    int error = is_away ? errno : give_names(storage, to);
    if (error == 0)
        delete_old(storage, from);
    if (!is_away && !storage_set_dir(storage, error == 0 ? dir : from) && error == 0)
        error = ENOMEM;
    pthread_rwlock_unlock(&storage->layout);
    if (to >= 0)
        close(to);
    storage_close_retired(storage);
    end(storage);
    if (error == 0)
        storage_stat_all(storage);
    if (is_away && ret_error != NULL)
        *ret_error = (struct storage_error){ERROR_NOT_FOUND, error, 0};
    return is_away      ? ERROR_NOT_FOUND
           : error != 0 ? storage_fail(ret_error, 0, error)
                        : ERROR_NONE;
}
