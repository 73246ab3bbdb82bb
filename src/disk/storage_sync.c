#include "base/clock.h"
#include "disk/file_walk.h"
#include "disk/storage_private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COARSE_S 2 /* FAT counts so */

struct file_stamp file_stamp_of(const struct stat *status)
{
    return (struct file_stamp){
        .size = (uint64_t)status->st_size,
        .mtime_ns =
            (int64_t)status->st_mtim.tv_sec * (int64_t)NS_PER_S + status->st_mtim.tv_nsec,
        .device = (uint64_t)status->st_dev,
        .inode = (uint64_t)status->st_ino,
    };
}

struct file_stamp file_stamp_at(int dir_fd, const char *path)
{
    struct file_stamp stamp = {.size = UINT64_MAX};
    struct stat status;
    const char *name;
    const int parent = dir_fd < 0 ? -1 : file_walk_parent(dir_fd, path, false, &name);
    if (parent < 0)
        return stamp;
    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISREG(status.st_mode))
        stamp = file_stamp_of(&status);
    close(parent);
    return stamp;
}

/* Files are made by the system's clock. */
static struct file_stamp believed(struct file_stamp stamp)
{
    const int64_t at_s = stamp.mtime_ns / (int64_t)NS_PER_S;
    const bool is_coarse = stamp.mtime_ns % (COARSE_S * (int64_t)NS_PER_S) == 0;
    if (stamp.size != UINT64_MAX && is_coarse &&
        clock_wall_s(&clock_system) <= (double)(at_s + COARSE_S))
        stamp.mtime_ns = FILE_STAMP_UNSURE;
    return stamp;
}

struct file_stamp storage_look_at(struct storage *storage, int dir_fd, uint32_t file)
{
    return file_stamp_at(dir_fd, storage_path(storage, dir_fd, file, false));
}

/* Whether it is there. */
static bool stat_file(struct storage *storage, int dir_fd, uint32_t file)
{
    pthread_rwlock_rdlock(&storage->layout);
    const struct file_stamp stamp = believed(storage_look_at(storage, dir_fd, file));
    pthread_rwlock_unlock(&storage->layout);
    pthread_mutex_lock(&storage->mutex);
    storage->stamps[file] = stamp;
    storage->known[file] |= stamp.size != UINT64_MAX;
    pthread_mutex_unlock(&storage->mutex);
    return stamp.size != UINT64_MAX;
}

void storage_stat_all(struct storage *storage)
{
    const int dir_fd = storage_open_dir(storage, false);
    for (uint32_t i = 0; i <= parts_index(storage); i++)
        stat_file(storage, dir_fd, i);
    if (dir_fd >= 0)
        close(dir_fd);
}

static uint64_t size_seen(struct storage *storage, uint32_t file)
{
    pthread_mutex_lock(&storage->mutex);
    const uint64_t size = storage->stamps[file].size;
    pthread_mutex_unlock(&storage->mutex);
    return size == UINT64_MAX ? 0 : size;
}

bool storage_was_there(struct storage *storage, uint32_t piece, uint32_t length)
{
    uint64_t offset = storage_offset_of(storage, piece, 0), left = length;
    bool there = true;
    pthread_rwlock_rdlock(&storage->layout);
    while (left > 0 && there) {
        const struct segment segment = storage_segment_at(storage, offset, left);
        there = segment.pad || (!segment.lost && size_seen(storage, segment.file) >=
                                                     segment.offset + segment.length);
        offset += segment.length;
        left -= segment.length;
    }
    pthread_rwlock_unlock(&storage->layout);
    return there;
}

bool storage_take_dirty(struct storage *storage, uint32_t file)
{
    pthread_mutex_lock(&storage->mutex);
    const bool dirty = storage->dirty[file];
    storage->dirty_count -= dirty;
    storage->dirty[file] = false;
    pthread_mutex_unlock(&storage->mutex);
    return dirty;
}

static bool is_clean(struct storage *storage)
{
    pthread_mutex_lock(&storage->mutex);
    const bool clean = storage->dirty_count == 0;
    pthread_mutex_unlock(&storage->mutex);
    return clean;
}

static int open_to_sync(struct storage *storage, uint32_t file)
{
    pthread_rwlock_rdlock(&storage->layout);
    const int fd = storage_acquire(storage, file, false);
    const int error = errno;
    pthread_rwlock_unlock(&storage->layout);
    errno = error;
    return fd;
}

static int sync_file(struct storage *storage, uint32_t file)
{
    const int fd = open_to_sync(storage, file);
    if (fd < 0)
        return errno;
    /* A file on a read-only file system was found, not written. */
    const int error = fdatasync(fd) != 0 && errno != EROFS && errno != EINVAL ? errno : 0;
    /* The kernel counts pages it failed to write as clean. Reading them back from the
     * disk, not from memory, is how the truth comes out. */
    if (error != 0)
        posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    storage_release(storage, fd);
    return error;
}

static int drop_cached(int fd, const struct segment *segment)
{
    const unsigned all =
        SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
    const off_t begin = (off_t)segment->offset, length = (off_t)segment->length;
    if (sync_file_range(fd, begin, length, all) != 0)
        return errno;
    posix_fadvise(fd, begin, length, POSIX_FADV_DONTNEED);
    return 0;
}

enum error_code storage_drop_cached(struct storage *storage, uint32_t piece,
                                    uint32_t length, struct storage_error *ret_error)
{
    uint64_t offset = storage_offset_of(storage, piece, 0), left = length;
    while (left > 0) {
        pthread_rwlock_rdlock(&storage->layout);
        const struct segment segment = storage_segment_at(storage, offset, left);
        const bool is_file = !segment.pad && !segment.lost;
        const int fd = is_file ? storage_acquire(storage, segment.file, true) : -1;
        int error = is_file && fd < 0 ? errno : 0;
        pthread_rwlock_unlock(&storage->layout);
        if (fd >= 0) {
            error = drop_cached(fd, &segment);
            storage_release(storage, fd);
        }
        if (error != 0)
            return storage_fail(ret_error, segment.file, error);
        offset += segment.length;
        left -= segment.length;
    }
    return ERROR_NONE;
}

/* ---- the way to a file ---- */

int storage_sync_dir(int path_fd)
{
    const int fd = openat(path_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == EACCES ? 0 : errno; /* it may be walked, not read */
    const int error = fsync(fd) != 0 && errno != EROFS && errno != EINVAL ? errno : 0;
    close(fd);
    return error;
}

/* Syncs the directories from the one that holds PATH up to DIR_FD; those that lead to
 * BEFORE as well (NULL: nothing) were synced for that. */
static int sync_way_to(int dir_fd, const char *path, const char *before)
{
    char part[PATH_MAX];
    if (strlen(path) >= sizeof part)
        return ENAMETOOLONG;
    strcpy(part, path);
    for (;;) {
        const char *name;
        char *slash = strrchr(part, '/');
        const size_t length = slash == NULL ? 0 : (size_t)(slash - part);
        if (before != NULL && strncmp(before, path, length) == 0 &&
            (length == 0 || before[length] == '/'))
            return 0;
        const int parent = file_walk_parent(dir_fd, part, false, &name);
        const int error = parent < 0 ? errno : storage_sync_dir(parent);
        if (parent >= 0)
            close(parent);
        if (error != 0 || slash == NULL)
            return error;
        *slash = '\0';
    }
}

static bool is_entered(struct storage *storage, uint32_t file)
{
    pthread_mutex_lock(&storage->mutex);
    const bool entered = storage->entered[file];
    pthread_mutex_unlock(&storage->mutex);
    return entered;
}

static void set_entered(struct storage *storage, uint32_t file)
{
    pthread_mutex_lock(&storage->mutex);
    storage->entered[file] = true;
    pthread_mutex_unlock(&storage->mutex);
}

/* A file that was made is found after a power loss only if its name was synced, too.
 * *BEFORE: the path of the last one this was done for. Files are renamed on this thread,
 * too, so that it is one still. */
static int enter_file(struct storage *storage, int dir_fd, uint32_t file,
                      const char **before)
{
    const char *path = storage_path(storage, dir_fd, file, false);
    if (is_entered(storage, file))
        return 0;
    const int error = sync_way_to(dir_fd, path, *before);
    if (error == 0) {
        set_entered(storage, file);
        *before = path;
    }
    return error;
}

/* ---- many files ---- */

/* Every fdatasync(2) costs the drive a flush of its cache, which for thousands of files
 * takes many seconds: then one syncfs(2) does it for all of them. */
#define SYNC_TOGETHER 64u

/* What the file's write-back came to, without another flush: syncfs(2) did not tell of
 * single files, nor of data at all before Linux 5.8. */
static int check_written(struct storage *storage, uint32_t file)
{
    const int fd = open_to_sync(storage, file);
    if (fd < 0)
        return errno;
    const int error =
        sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WAIT_BEFORE) != 0 ? errno : 0;
    if (error != 0)
        posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    storage_release(storage, fd);
    return error;
}

static enum error_code sync_one_by_one(struct storage *storage, int dir_fd,
                                       struct storage_error *ret_error)
{
    enum error_code result = ERROR_NONE;
    const char *before = NULL;
    for (uint32_t i = 0; i <= parts_index(storage); i++) {
        if (!storage_take_dirty(storage, i))
            continue;
        int error = sync_file(storage, i);
        if (error == 0 && !stat_file(storage, dir_fd, i))
            error = ENOENT;
        if (error == 0)
            error = enter_file(storage, dir_fd, i, &before);
        if (error != 0)
            result = storage_fail(ret_error, i, error);
    }
    return result;
}

/* DIR_FD is but a path, which cannot be synced. */
static bool sync_file_system(int dir_fd, dev_t *ret_device)
{
    struct stat status;
    const int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = fd >= 0 && fstat(fd, &status) == 0 && syncfs(fd) == 0;
    if (synced)
        *ret_device = status.st_dev;
    if (fd >= 0)
        close(fd);
    return synced;
}

static bool lives_on(struct storage *storage, uint32_t file, dev_t device)
{
    pthread_mutex_lock(&storage->mutex);
    const bool lives = storage->stamps[file].device == device;
    pthread_mutex_unlock(&storage->mutex);
    return lives;
}

/* TAKEN has room for all files. One that lives on another file system, below a mount
 * point, is synced by itself. */
static enum error_code sync_together(struct storage *storage, int dir_fd, uint32_t *taken,
                                     struct storage_error *ret_error)
{
    enum error_code result = ERROR_NONE;
    uint32_t count = 0;
    dev_t device = 0;
    const char *before = NULL;
    for (uint32_t i = 0; i <= parts_index(storage); i++)
        if (storage_take_dirty(storage, i))
            taken[count++] = i;
    const bool synced = sync_file_system(dir_fd, &device);
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t file = taken[i];
        const bool there = stat_file(storage, dir_fd, file);
        const bool done = synced && lives_on(storage, file, device);
        int error = !there ? ENOENT
                    : done ? check_written(storage, file)
                           : sync_file(storage, file);
        if (error == 0 && done)
            set_entered(storage, file); /* names are part of the file system */
        else if (error == 0)
            error = enter_file(storage, dir_fd, file, &before);
        if (error != 0)
            result = storage_fail(ret_error, file, error);
    }
    return result;
}

static bool has_many_dirty(struct storage *storage)
{
    pthread_mutex_lock(&storage->mutex);
    const bool many = storage->dirty_count >= SYNC_TOGETHER;
    pthread_mutex_unlock(&storage->mutex);
    return many;
}

enum error_code storage_sync(struct storage *storage, struct storage_error *ret_error)
{
    const bool clean = is_clean(storage);
    if (clean && !storage_has_parts(storage))
        return ERROR_NONE;
    const int dir_fd = storage_open_dir(storage, false);
    if (dir_fd < 0 && errno == ENOENT && clean)
        return ERROR_NONE; /* nothing was written yet, nor the directory made */
    if (dir_fd < 0)
        return storage_fail(ret_error, 0, errno);
    uint32_t *taken = has_many_dirty(storage)
                          ? calloc(storage->metainfo->file_count + 1u, sizeof *taken)
                          : NULL;
    const enum error_code result = taken != NULL
                                       ? sync_together(storage, dir_fd, taken, ret_error)
                                       : sync_one_by_one(storage, dir_fd, ret_error);
    if (result == ERROR_NONE)
        storage_drop_parts(storage, dir_fd);
    free(taken);
    close(dir_fd);
    return result;
}

void storage_own_stamps(struct storage *storage, struct file_stamp *ret_stamps,
                        uint32_t count)
{
    pthread_mutex_lock(&storage->mutex);
    memcpy(ret_stamps, storage->stamps, count * sizeof *ret_stamps);
    pthread_mutex_unlock(&storage->mutex);
}

/* A file that is apart is there as far as the parts file is. */
void storage_stamps(struct storage *storage, struct file_stamp *ret_stamps,
                    uint32_t count)
{
    storage_own_stamps(storage, ret_stamps, count);
    pthread_rwlock_rdlock(&storage->layout);
    for (uint32_t i = 0; storage->apart != NULL && i < count; i++)
        if (storage->apart[i])
            ret_stamps[i] = storage_parts_stamp(storage);
    pthread_rwlock_unlock(&storage->layout);
}

struct file_stamp storage_parts_stamp(struct storage *storage)
{
    pthread_mutex_lock(&storage->mutex);
    const struct file_stamp stamp = storage->stamps[parts_index(storage)];
    pthread_mutex_unlock(&storage->mutex);
    return stamp;
}
