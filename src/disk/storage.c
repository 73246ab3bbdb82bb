#include "disk/file_cache.h"
#include "disk/file_walk.h"
#include "disk/storage_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool find_names(struct storage *storage)
{
    struct storage_names *names = storage_names_new(storage->metainfo, NULL);
    atomic_init(&storage->names, names);
    if (names == NULL || names->twins == NULL)
        return names != NULL;
    storage->twin_states = calloc(names->twins->count, sizeof *storage->twin_states);
    return storage->twin_states != NULL;
}

/* Who changes the layout is not kept waiting by ever new readers. */
static void init_layout_lock(struct storage *storage)
{
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes,
                                  PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&storage->layout, &attributes);
    pthread_rwlockattr_destroy(&attributes);
}

struct storage *storage_new(struct file_cache *cache, struct metainfo *metainfo,
                            const char *dir)
{
    char parts[STORAGE_PARTS_NAME_SIZE];
    struct storage *storage = calloc(1, sizeof *storage);
    if (storage == NULL)
        return NULL;
    storage_parts_name(&metainfo->hash, parts);
    atomic_init(&storage->references, 1);
    pthread_mutex_init(&storage->mutex, NULL);
    pthread_rwlock_init(&storage->life, NULL);
    init_layout_lock(storage);
    storage->cache = cache;
    storage->metainfo = metainfo_ref(metainfo);
    storage->dir = strdup(dir);
    storage->parts_name = strdup(parts);
    storage->dirty = calloc(metainfo->file_count + 1u, sizeof *storage->dirty);
    storage->known = calloc(metainfo->file_count + 1u, sizeof *storage->known);
    storage->entered = calloc(metainfo->file_count + 1u, sizeof *storage->entered);
    storage->stamps = calloc(metainfo->file_count + 1u, sizeof *storage->stamps);
    storage->unwanted = calloc(metainfo->file_count, sizeof *storage->unwanted);
    if (storage->dir == NULL || storage->parts_name == NULL || storage->dirty == NULL ||
        storage->known == NULL || storage->entered == NULL || storage->stamps == NULL ||
        storage->unwanted == NULL || !find_names(storage)) {
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
    pthread_rwlock_destroy(&storage->layout);
    metainfo_free(storage->metainfo);
    storage_names_free(atomic_load(&storage->names));
    storage_names_free(storage->former_names);
    free(storage->twin_states);
    for (uint32_t i = 0; i < storage->former_dir_count; i++)
        free(storage->former_dirs[i]);
    free(storage->former_dirs);
    free(storage->dir);
    free(storage->parts_name);
    free(storage->apart);
    free(storage->shared);
    free((void *)storage->unwanted);
    free((void *)storage->whole);
    free(storage->forms);
    free(storage->suffix);
    free(storage->dirty);
    free(storage->known);
    free(storage->entered);
    free(storage->stamps);
    free(storage);
}

const struct metainfo *storage_metainfo(const struct storage *storage)
{
    return storage->metainfo;
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

static const char *dir_of(struct storage *storage)
{
    pthread_mutex_lock(&storage->mutex);
    const char *dir = storage->dir;
    pthread_mutex_unlock(&storage->mutex);
    return dir;
}

bool storage_set_dir(struct storage *storage, const char *dir)
{
    char *copy = strdup(dir);
    char **former =
        realloc(storage->former_dirs, (storage->former_dir_count + 1u) * sizeof(char *));
    if (former != NULL)
        storage->former_dirs = former;
    if (former == NULL || copy == NULL) {
        free(copy);
        return false;
    }
    pthread_mutex_lock(&storage->mutex);
    storage->former_dirs[storage->former_dir_count++] = storage->dir;
    storage->dir = copy;
    pthread_mutex_unlock(&storage->mutex);
    storage_begin_anew(storage);
    return true;
}

int storage_open_dir(struct storage *storage, bool create)
{
    const int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
    const char *dir = dir_of(storage);
    int fd = open(dir, flags);
    if (fd < 0 && errno == ENOENT && create) {
        if (!dir_was_seen(storage) && file_walk_make_dirs(dir) != 0)
            return -1;
        fd = open(dir, flags); /* another worker may have made it meanwhile */
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
    memset(storage->known, 0,
           (storage->metainfo->file_count + 1u) * sizeof *storage->known);
    memset(storage->entered, 0,
           (storage->metainfo->file_count + 1u) * sizeof *storage->entered);
    if (storage->forms != NULL)
        memset(storage->forms, 0, storage->metainfo->file_count * sizeof *storage->forms);
    const struct path_twins *twins = atomic_load(&storage->names)->twins;
    for (uint32_t i = 0; twins != NULL && i < twins->count; i++)
        storage->twin_states[i] = TWIN_UNKNOWN;
    pthread_mutex_unlock(&storage->mutex);
    file_cache_retire(storage->cache, storage);
}

void storage_close_retired(struct storage *storage)
{
    file_cache_sweep(storage->cache);
}

void storage_set_known(struct storage *storage, uint32_t file, bool known)
{
    pthread_mutex_lock(&storage->mutex);
    storage->known[file] = known;
    pthread_mutex_unlock(&storage->mutex);
}

static bool is_known(struct storage *storage, uint32_t file)
{
    pthread_mutex_lock(&storage->mutex);
    const bool known = storage->known[file];
    pthread_mutex_unlock(&storage->mutex);
    return known;
}

static int open_file(struct storage *storage, uint32_t file, bool write)
{
    const enum file_walk_way way = !write                    ? FILE_WALK_READ
                                   : is_known(storage, file) ? FILE_WALK_WRITE
                                                             : FILE_WALK_MAKE;
    const int dir_fd = storage_open_dir(storage, write);
    if (dir_fd < 0)
        return -1;
    const int fd =
        file_walk_open(dir_fd, storage_path(storage, dir_fd, file, write), way);
    if (fd >= 0 && write)
        storage_set_known(storage, file, true);
    /* The walk has looked at the words: what is invalid still is so to the file system
     * (FAT takes no ':'). */
    const int saved = fd < 0 && errno == EINVAL ? EILSEQ : errno;
    close(dir_fd);
    errno = saved;
    return fd;
}

int storage_acquire(struct storage *storage, uint32_t file, bool write)
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

void storage_release(struct storage *storage, int fd)
{
    file_cache_unpin(storage->cache, fd);
}

enum error_code storage_fail(struct storage_error *ret_error, uint32_t file,
                             int errno_value)
{
    const enum error_code code = error_from_errno(errno_value);
    if (ret_error != NULL)
        *ret_error = (struct storage_error){code, errno_value, file};
    return code;
}

void storage_mark_dirty(struct storage *storage, uint32_t file)
{
    pthread_mutex_lock(&storage->mutex);
    storage->dirty_count += !storage->dirty[file];
    storage->dirty[file] = true;
    pthread_mutex_unlock(&storage->mutex);
}

/* Between the end of a v2 file and the next piece: in no file, and read as zeros. */
static struct segment gap_at(const struct storage *storage, uint32_t file,
                             uint64_t offset, uint64_t left)
{
    const uint32_t piece_bytes = storage->metainfo->piece_bytes;
    const uint64_t rest = piece_bytes - offset % piece_bytes;
    return (struct segment){file, 0, rest < left ? rest : left, true, false};
}

struct segment storage_segment_at(const struct storage *storage, uint64_t offset,
                                  uint64_t left)
{
    const uint32_t file = metainfo_file_at(storage->metainfo, offset);
    const struct metainfo_file *record = &storage->metainfo->files[file];
    const uint64_t in_file = offset - record->offset;
    if (in_file >= record->length)
        return gap_at(storage, file, offset, left);
    const uint64_t rest = record->length - in_file;
    const struct segment segment = {file, in_file, rest < left ? rest : left, record->pad,
                                    false};
    return storage->apart != NULL && storage->apart[file]
               ? storage_segment_apart(storage, offset, segment)
               : segment;
}

uint64_t storage_offset_of(const struct storage *storage, uint32_t piece, uint32_t begin)
{
    return (uint64_t)piece * storage->metainfo->piece_bytes + begin;
}

enum error_code storage_create_empty(struct storage *storage,
                                     struct storage_error *ret_error)
{
    for (uint32_t i = 0; i < storage->metainfo->file_count; i++) {
        const struct metainfo_file *file = &storage->metainfo->files[i];
        if (file->length > 0 || file->pad || atomic_load(&storage->unwanted[i]))
            continue;
        pthread_rwlock_rdlock(&storage->layout);
        const int fd = storage_acquire(storage, i, true);
        const int error = fd < 0 ? errno : 0;
        pthread_rwlock_unlock(&storage->layout);
        if (error != 0)
            return storage_fail(ret_error, i, error);
        storage_release(storage, fd);
    }
    return ERROR_NONE;
}

void storage_close_files(struct storage *storage)
{
    file_cache_drop(storage->cache, storage);
}
