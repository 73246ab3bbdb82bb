/* One file on its way to another directory: as a link, or copied where there are none. */
#include "disk/file_walk.h"
#include "disk/storage_move_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#define COPY_BYTES (1u << 20)

const char *storage_move_path(const struct storage *storage, uint32_t file)
{
    return file == parts_index(storage) ? storage->parts_name
                                        : storage_named(storage)->files[file].path;
}

const char *storage_unfinished_path(const struct storage *storage, uint32_t file)
{
    return storage_has_forms(storage, file)
               ? atomic_load(&storage->names)->unfinished[file]
               : NULL;
}

bool storage_is_of_ours(const struct storage *storage, uint32_t file)
{
    return file == parts_index(storage) || !storage->metainfo->files[file].pad;
}

bool storage_move_find(const struct storage_moving *moving, uint32_t file,
                       const char **ret_path, struct stat *ret_status)
{
    const char *name;
    if (moving->from < 0 || !storage_is_of_ours(moving->storage, file))
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

static int tell(struct storage_moving *moving, uint64_t bytes)
{
    moving->done += bytes;
    if (moving->progress != NULL)
        moving->progress->tell(moving->progress->context, moving->done, moving->total);
    return atomic_load(&moving->storage->move_cancelled) ? ECANCELED : 0;
}

static int copy_part(struct storage_moving *moving, int in, int out, uint64_t at,
                     uint64_t end)
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
static int copy_bytes(struct storage_moving *moving, int in, int out, uint64_t size)
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

static int copy_file(struct storage_moving *moving, const char *path, int parent,
                     const char *name, uint64_t size)
{
    const int in = file_walk_open(moving->from, path, FILE_WALK_READ);
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

static int link_file(const struct storage_moving *moving, const char *path, int parent,
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

static int has_room(struct storage_moving *moving)
{
    struct statvfs status;
    if (moving->buffer == NULL && (moving->buffer = malloc(COPY_BYTES)) == NULL)
        return ENOMEM;
    if (fstatvfs(moving->to, &status) != 0)
        return errno;
    return (uint64_t)status.f_bavail * status.f_frsize < moving->total ? ENOSPC : 0;
}

int storage_move_bring(struct storage_moving *moving, uint32_t file)
{
    struct stat status;
    const char *path, *name;
    if (!storage_move_find(moving, file, &path, &status))
        return 0;
    const char *to = storage_is_unfinished(moving->storage, file)
                         ? storage_unfinished_path(moving->storage, file)
                         : storage_move_path(moving->storage, file);
    const int parent = file_walk_parent(moving->stage, to, true, &name);
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
