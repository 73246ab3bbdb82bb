#include "disk/storage.h"

#include "disk/file_cache.h"
#include "disk/file_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define IOV_COUNT 256

struct storage {
    atomic_uint references;
    struct file_cache *cache;
    struct metainfo *metainfo;
    char *dir;
    pthread_rwlock_t life; /* read: files are being made; write: deleting begins */
    bool deleted;          /* under LIFE */
    pthread_mutex_t mutex; /* guards what follows */
    bool dir_seen;
    dev_t dir_device;
    ino_t dir_inode;
    bool *dirty; /* a file: written since the last sync */
    uint32_t dirty_count;
    struct file_stamp *stamps;
};

struct storage *storage_new(struct file_cache *cache, struct metainfo *metainfo,
                            const char *dir)
{
    struct storage *storage = calloc(1, sizeof *storage);
    if (storage == NULL)
        return NULL;
    atomic_init(&storage->references, 1);
    pthread_mutex_init(&storage->mutex, NULL);
    pthread_rwlock_init(&storage->life, NULL);
    storage->cache = cache;
    storage->metainfo = metainfo_ref(metainfo);
    storage->dir = strdup(dir);
    storage->dirty = calloc(metainfo->file_count, sizeof *storage->dirty);
    storage->stamps = calloc(metainfo->file_count, sizeof *storage->stamps);
    if (storage->dir == NULL || storage->dirty == NULL || storage->stamps == NULL) {
        storage_unref(storage);
        return NULL;
    }
    return storage;
}

struct storage *storage_ref(struct storage *storage)
{
    atomic_fetch_add(&storage->references, 1);
    return storage;
}

void storage_unref(struct storage *storage)
{
    if (storage == NULL || atomic_fetch_sub(&storage->references, 1) != 1)
        return;
    file_cache_drop(storage->cache, storage);
    pthread_mutex_destroy(&storage->mutex);
    pthread_rwlock_destroy(&storage->life);
    metainfo_free(storage->metainfo);
    free(storage->dir);
    free(storage->dirty);
    free(storage->stamps);
    free(storage);
}

const struct metainfo *storage_metainfo(const struct storage *storage)
{
    return storage->metainfo;
}

static enum error_code fail(struct storage_error *ret_error, uint32_t file,
                            int errno_value)
{
    const enum error_code code = error_from_errno(errno_value);
    if (ret_error != NULL)
        *ret_error = (struct storage_error){code, errno_value, file};
    return code;
}

/* The download directory itself is the user's choice: links are followed. It is opened
 * anew each time a file is, so that an idle torrent holds no descriptor. */
static bool is_same_dir(struct storage *storage, int fd)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return false;
    pthread_mutex_lock(&storage->mutex);
    const bool same = !storage->dir_seen || (storage->dir_device == status.st_dev &&
                                             storage->dir_inode == status.st_ino);
    if (!storage->dir_seen) {
        storage->dir_device = status.st_dev;
        storage->dir_inode = status.st_ino;
        storage->dir_seen = true;
    }
    pthread_mutex_unlock(&storage->mutex);
    return same;
}

static bool dir_was_seen(struct storage *storage)
{
    pthread_mutex_lock(&storage->mutex);
    const bool seen = storage->dir_seen;
    pthread_mutex_unlock(&storage->mutex);
    return seen;
}

static int open_dir(struct storage *storage, bool create)
{
    const int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
    int fd = open(storage->dir, flags);
    if (fd < 0 && errno == ENOENT && create) {
        if (!dir_was_seen(storage) && file_walk_make_dirs(storage->dir) != 0)
            return -1;
        fd = open(storage->dir, flags); /* another worker may have made it meanwhile */
    }
    if (fd >= 0 && !is_same_dir(storage, fd)) {
        close(fd);
        errno = ESTALE;
        return -1;
    }
    return fd;
}

void storage_begin_anew(struct storage *storage)
{
    pthread_mutex_lock(&storage->mutex);
    storage->dir_seen = false;
    pthread_mutex_unlock(&storage->mutex);
    file_cache_retire(storage->cache, storage);
}

void storage_close_retired(struct storage *storage)
{
    file_cache_sweep(storage->cache);
}

static int open_file(struct storage *storage, uint32_t file, bool write)
{
    const int dir_fd = open_dir(storage, write);
    if (dir_fd < 0)
        return -1;
    const int fd = file_walk_open(dir_fd, storage->metainfo->files[file].path, write);
    const int saved = errno;
    close(dir_fd);
    errno = saved;
    return fd;
}

/* A pinned descriptor, or -1 with errno. */
static int acquire(struct storage *storage, uint32_t file, bool write)
{
    int fd = file_cache_pin(storage->cache, storage, file, write);
    if (fd >= 0)
        return fd;
    pthread_rwlock_rdlock(&storage->life);
    if (storage->deleted)
        errno = ECANCELED;
    else
        fd = open_file(storage, file, write);
    if (fd >= 0)
        fd = file_cache_add(storage->cache, storage, file, write, fd);
    pthread_rwlock_unlock(&storage->life);
    return fd;
}

static void release(struct storage *storage, int fd)
{
    file_cache_unpin(storage->cache, fd);
}

/* ---- the part of a range that lies in one file ---- */

struct segment {
    uint32_t file;
    uint64_t offset; /* in the file */
    uint64_t length;
    bool pad;
};

static struct segment segment_at(const struct storage *storage, uint64_t offset,
                                 uint64_t left)
{
    const uint32_t file = metainfo_file_at(storage->metainfo, offset);
    const struct metainfo_file *record = &storage->metainfo->files[file];
    const uint64_t in_file = offset - record->offset;
    const uint64_t rest = record->length - in_file;
    return (struct segment){file, in_file, rest < left ? rest : left, record->pad};
}

static uint64_t offset_of(const struct storage *storage, uint32_t piece, uint32_t begin)
{
    return (uint64_t)piece * storage->metainfo->piece_bytes + begin;
}

/* ---- writing ---- */

/* A place in a chain of blocks. */
struct chain_cursor {
    const struct block *block;
    uint32_t at;
};

static int gather(struct chain_cursor *cursor, uint64_t length, struct iovec *iov)
{
    int count = 0;
    while (length > 0 && count < IOV_COUNT && cursor->block != NULL) {
        const uint64_t rest = cursor->block->length - cursor->at;
        const size_t take = (size_t)(rest < length ? rest : length);
        iov[count++] = (struct iovec){cursor->block->bytes + cursor->at, take};
        length -= take;
        cursor->at += (uint32_t)take;
        if (cursor->at == cursor->block->length)
            *cursor = (struct chain_cursor){cursor->block->next, 0};
    }
    return count;
}

static void chain_skip(struct chain_cursor *cursor, uint64_t length)
{
    while (length > 0 && cursor->block != NULL) {
        const uint64_t rest = cursor->block->length - cursor->at;
        if (length < rest) {
            cursor->at += (uint32_t)length;
            return;
        }
        length -= rest;
        *cursor = (struct chain_cursor){cursor->block->next, 0};
    }
}

/* Writes the segment whole, whatever is short or interrupted on the way; errno or 0. */
static int write_segment(int fd, const struct segment *segment,
                         struct chain_cursor cursor)
{
    uint64_t done = 0;
    bool again = true; /* a failing device gets one more try (S4) */
    while (done < segment->length) {
        struct iovec iov[IOV_COUNT];
        struct chain_cursor next = cursor;
        const int count = gather(&next, segment->length - done, iov);
        const ssize_t wrote = pwritev(fd, iov, count, (off_t)(segment->offset + done));
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0 && errno == EIO && again) {
            again = false;
            continue;
        }
        if (wrote <= 0)
            return wrote < 0 ? errno : EIO;
        chain_skip(&cursor, (uint64_t)wrote);
        done += (uint64_t)wrote;
    }
    return 0;
}

static void mark_dirty(struct storage *storage, uint32_t file)
{
    pthread_mutex_lock(&storage->mutex);
    storage->dirty_count += !storage->dirty[file];
    storage->dirty[file] = true;
    pthread_mutex_unlock(&storage->mutex);
}

enum error_code storage_write(struct storage *storage, uint32_t piece, uint32_t begin,
                              const struct block *chain, struct storage_error *ret_error)
{
    struct chain_cursor cursor = {chain, 0};
    uint64_t offset = offset_of(storage, piece, begin), left = 0;
    for (const struct block *block = chain; block != NULL; block = block->next)
        left += block->length;
    while (left > 0) {
        const struct segment segment = segment_at(storage, offset, left);
        if (!segment.pad) {
            const int fd = acquire(storage, segment.file, true);
            if (fd < 0)
                return fail(ret_error, segment.file, errno);
            mark_dirty(storage, segment.file);
            const int error = write_segment(fd, &segment, cursor);
            release(storage, fd);
            if (error != 0)
                return fail(ret_error, segment.file, error);
        }
        chain_skip(&cursor, segment.length);
        offset += segment.length;
        left -= segment.length;
    }
    return ERROR_NONE;
}

/* ---- reading ---- */

static enum error_code read_segment(int fd, const struct segment *segment, uint8_t *bytes,
                                    uint32_t file, struct storage_error *ret_error)
{
    uint64_t done = 0;
    while (done < segment->length) {
        const ssize_t got = pread(fd, bytes + done, (size_t)(segment->length - done),
                                  (off_t)(segment->offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(ret_error, file, errno);
        if (got == 0) {
            if (ret_error != NULL)
                *ret_error = (struct storage_error){ERROR_TRUNCATED, 0, file};
            return ERROR_TRUNCATED;
        }
        done += (uint64_t)got;
    }
    return ERROR_NONE;
}

enum error_code storage_read(struct storage *storage, uint32_t piece, uint32_t begin,
                             uint8_t *bytes, uint32_t length,
                             struct storage_error *ret_error)
{
    uint64_t offset = offset_of(storage, piece, begin), left = length;
    while (left > 0) {
        const struct segment segment = segment_at(storage, offset, left);
        if (segment.pad) {
            memset(bytes, 0, (size_t)segment.length);
        } else {
            const int fd = acquire(storage, segment.file, false);
            if (fd < 0)
                return fail(ret_error, segment.file, errno);
            const enum error_code error =
                read_segment(fd, &segment, bytes, segment.file, ret_error);
            release(storage, fd);
            if (error != ERROR_NONE)
                return error;
        }
        bytes += segment.length;
        offset += segment.length;
        left -= segment.length;
    }
    return ERROR_NONE;
}

enum error_code storage_read_cached(struct storage *storage, uint32_t piece,
                                    uint32_t begin, uint8_t *bytes, uint32_t length)
{
#ifdef RWF_NOWAIT
    const struct segment segment =
        segment_at(storage, offset_of(storage, piece, begin), length);
    if (segment.pad || segment.length < length)
        return ERROR_AGAIN; /* across files: rare, a worker does it */
    const int fd = file_cache_pin(storage->cache, storage, segment.file, false);
    if (fd < 0)
        return ERROR_AGAIN;
    const struct iovec iov = {bytes, length};
    const ssize_t got = preadv2(fd, &iov, 1, (off_t)segment.offset, RWF_NOWAIT);
    release(storage, fd);
    return got == (ssize_t)length ? ERROR_NONE : ERROR_AGAIN;
#else
    (void)storage, (void)piece, (void)begin, (void)bytes, (void)length;
    return ERROR_AGAIN;
#endif
}

void storage_found(struct storage *storage, uint32_t piece, uint32_t length)
{
    uint64_t offset = offset_of(storage, piece, 0), left = length;
    while (left > 0) {
        const struct segment segment = segment_at(storage, offset, left);
        if (!segment.pad)
            mark_dirty(storage, segment.file);
        offset += segment.length;
        left -= segment.length;
    }
}

static bool is_hole(int fd, const struct segment *segment)
{
    struct stat status;
    const uint64_t end = segment->offset + segment->length;
    if (fstat(fd, &status) != 0 || (uint64_t)status.st_size < end)
        return false;
    const off_t data = lseek(fd, (off_t)segment->offset, SEEK_DATA);
    return data < 0 ? errno == ENXIO : (uint64_t)data >= end;
}

bool storage_is_hole(struct storage *storage, uint32_t piece, uint32_t length)
{
    uint64_t offset = offset_of(storage, piece, 0), left = length;
    while (left > 0) {
        const struct segment segment = segment_at(storage, offset, left);
        if (!segment.pad) {
            const int fd = acquire(storage, segment.file, false);
            if (fd < 0)
                return false;
            const bool hole = is_hole(fd, &segment);
            release(storage, fd);
            if (!hole)
                return false;
        }
        offset += segment.length;
        left -= segment.length;
    }
    return true;
}

/* ---- files as a whole ---- */

enum error_code storage_create_empty(struct storage *storage,
                                     struct storage_error *ret_error)
{
    for (uint32_t i = 0; i < storage->metainfo->file_count; i++) {
        const struct metainfo_file *file = &storage->metainfo->files[i];
        if (file->length > 0 || file->pad)
            continue;
        const int fd = acquire(storage, i, true);
        if (fd < 0)
            return fail(ret_error, i, errno);
        release(storage, fd);
    }
    return ERROR_NONE;
}

static struct file_stamp stamp_of(int dir_fd, const char *path)
{
    struct file_stamp stamp = {.size = UINT64_MAX};
    struct stat status;
    const char *name;
    const int parent = dir_fd < 0 ? -1 : file_walk_parent(dir_fd, path, false, &name);
    if (parent < 0)
        return stamp;
    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISREG(status.st_mode))
        stamp = (struct file_stamp){
            .size = (uint64_t)status.st_size,
            .mtime_ns =
                (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec,
            .device = (uint64_t)status.st_dev,
            .inode = (uint64_t)status.st_ino,
        };
    close(parent);
    return stamp;
}

/* Whether it is there. */
static bool stat_file(struct storage *storage, int dir_fd, uint32_t file)
{
    const struct file_stamp stamp = stamp_of(dir_fd, storage->metainfo->files[file].path);
    pthread_mutex_lock(&storage->mutex);
    storage->stamps[file] = stamp;
    pthread_mutex_unlock(&storage->mutex);
    return stamp.size != UINT64_MAX;
}

void storage_stat_all(struct storage *storage)
{
    const int dir_fd = open_dir(storage, false);
    for (uint32_t i = 0; i < storage->metainfo->file_count; i++)
        stat_file(storage, dir_fd, i);
    if (dir_fd >= 0)
        close(dir_fd);
}

static bool take_dirty(struct storage *storage, uint32_t file)
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

static int sync_file(struct storage *storage, uint32_t file)
{
    const int fd = acquire(storage, file, false);
    if (fd < 0)
        return errno;
    /* A file on a read-only file system was found, not written. */
    const int error = fdatasync(fd) != 0 && errno != EROFS && errno != EINVAL ? errno : 0;
    /* The kernel counts pages it failed to write as clean. Reading them back from the
     * disk, not from memory, is how the truth comes out. */
    if (error != 0)
        posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    release(storage, fd);
    return error;
}

/* Every fdatasync(2) costs the drive a flush of its cache, which for thousands of files
 * takes many seconds: then one syncfs(2) does it for all of them. */
#define SYNC_TOGETHER 64u

/* What the file's write-back came to, without another flush: syncfs(2) did not tell of
 * single files, nor of data at all before Linux 5.8. */
static int check_written(struct storage *storage, uint32_t file)
{
    const int fd = acquire(storage, file, false);
    if (fd < 0)
        return errno;
    const int error =
        sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WAIT_BEFORE) != 0 ? errno : 0;
    if (error != 0)
        posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    release(storage, fd);
    return error;
}

static enum error_code sync_one_by_one(struct storage *storage, int dir_fd,
                                       struct storage_error *ret_error)
{
    enum error_code result = ERROR_NONE;
    for (uint32_t i = 0; i < storage->metainfo->file_count; i++) {
        if (!take_dirty(storage, i))
            continue;
        const int error = sync_file(storage, i);
        if (error != 0)
            result = fail(ret_error, i, error);
        else if (!stat_file(storage, dir_fd, i))
            result = fail(ret_error, i, ENOENT);
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
    for (uint32_t i = 0; i < storage->metainfo->file_count; i++)
        if (take_dirty(storage, i))
            taken[count++] = i;
    const bool synced = sync_file_system(dir_fd, &device);
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t file = taken[i];
        const bool there = stat_file(storage, dir_fd, file);
        const bool done = synced && lives_on(storage, file, device);
        const int error = !there ? ENOENT
                          : done ? check_written(storage, file)
                                 : sync_file(storage, file);
        if (error != 0)
            result = fail(ret_error, file, error);
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
    if (is_clean(storage))
        return ERROR_NONE;
    const int dir_fd = open_dir(storage, false);
    if (dir_fd < 0)
        return fail(ret_error, 0, errno);
    uint32_t *taken = has_many_dirty(storage)
                          ? calloc(storage->metainfo->file_count, sizeof *taken)
                          : NULL;
    const enum error_code result = taken != NULL
                                       ? sync_together(storage, dir_fd, taken, ret_error)
                                       : sync_one_by_one(storage, dir_fd, ret_error);
    free(taken);
    close(dir_fd);
    return result;
}

void storage_stamps(struct storage *storage, struct file_stamp *ret_stamps,
                    uint32_t count)
{
    pthread_mutex_lock(&storage->mutex);
    memcpy(ret_stamps, storage->stamps, count * sizeof *ret_stamps);
    pthread_mutex_unlock(&storage->mutex);
}

void storage_close_files(struct storage *storage)
{
    file_cache_drop(storage->cache, storage);
}

/* Removes PATH's directories from the deepest up, as far as they are empty. */
static void remove_empty_dirs(int dir_fd, const char *path)
{
    char part[PATH_MAX];
    if (strlen(path) >= sizeof part)
        return;
    strcpy(part, path);
    for (char *slash; (slash = strrchr(part, '/')) != NULL;) {
        const char *name;
        *slash = '\0';
        const int parent = file_walk_parent(dir_fd, part, false, &name);
        const bool removed = parent >= 0 && unlinkat(parent, name, AT_REMOVEDIR) == 0;
        if (parent >= 0)
            close(parent);
        if (!removed)
            return;
    }
}

static enum error_code delete_file(int dir_fd, const struct metainfo_file *file)
{
    struct stat status;
    const char *name;
    const int parent =
        file->pad ? -1 : file_walk_parent(dir_fd, file->path, false, &name);
    if (parent < 0)
        return ERROR_NONE; /* nothing of ours is there */
    const bool ours = fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
                      S_ISREG(status.st_mode);
    const int error = ours && unlinkat(parent, name, 0) != 0 ? errno : 0;
    close(parent);
    remove_empty_dirs(dir_fd, file->path);
    return error_from_errno(error);
}

enum error_code storage_delete(struct storage *storage, struct storage_error *ret_error)
{
    struct storage_error result = {ERROR_NONE, 0, 0};
    pthread_rwlock_wrlock(&storage->life);
    storage->deleted = true;
    pthread_rwlock_unlock(&storage->life);
    const int dir_fd = open_dir(storage, false);
    file_cache_drop(storage->cache, storage);
    for (uint32_t i = 0; dir_fd >= 0 && i < storage->metainfo->file_count; i++) {
        const enum error_code error = delete_file(dir_fd, &storage->metainfo->files[i]);
        if (error != ERROR_NONE)
            result = (struct storage_error){error, 0, i};
    }
    if (dir_fd >= 0)
        close(dir_fd);
    if (result.code != ERROR_NONE && ret_error != NULL)
        *ret_error = result;
    return result.code;
}
