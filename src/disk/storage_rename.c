/*
 * Renaming a torrent's files, or one of its directories, where they are: one rename(2),
 * which a kill leaves done or not done. Descriptors that are open stay good, so nothing
 * that is read or written notices.
 */
#include "disk/file_walk.h"
#include "disk/storage_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool look_at(int dir_fd, const char *name, struct stat *ret_status)
{
    return fstatat(dir_fd, name, ret_status, AT_SYMLINK_NOFOLLOW) == 0;
}

int storage_rename_entry(int from, const char *old_name, int to, const char *name)
{
    struct stat status;
    if (renameat2(from, old_name, to, name, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return errno;
    if (look_at(to, name, &status)) /* as well as such a file system can tell */
        return EEXIST;
    return renameat(from, old_name, to, name) != 0 ? errno : 0;
}

/* Both names are those of one thing: the file system ignores case, or normalises. A file
 * may have two names in truth, too. */
static bool is_alias(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
           (S_ISDIR(a->st_mode) || a->st_nlink == 1);
}

static int rename_in(int parent, const char *old_name, const char *name, bool again)
{
    struct stat old_status, status;
    const bool there = look_at(parent, old_name, &old_status);
    const bool taken = look_at(parent, name, &status);
    if (!there)
        return taken && !again ? EEXIST : 0;
    if (!S_ISREG(old_status.st_mode) && !S_ISDIR(old_status.st_mode))
        return EISDIR; /* a link, a device: nothing of ours */
    int error = EEXIST;
    if (!taken)
        error = storage_rename_entry(parent, old_name, parent, name);
    else if (is_alias(&old_status, &status))
        error = renameat(parent, old_name, parent, name) != 0 ? errno : 0;
    if (error != 0)
        return error == EINVAL ? EILSEQ : error; /* FAT takes no ':' */
    error = storage_sync_dir(parent);
    if (error != 0)
        (void)storage_rename_entry(parent, name, parent, old_name);
    return error;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

int storage_rename_path(int dir_fd, const char *from, const char *to)
{
    const char *old_name;
    const int parent = file_walk_parent(dir_fd, from, false, &old_name);
    if (parent < 0)
        return errno;
    const int error = storage_rename_entry(parent, old_name, parent, last_part(to));
    close(parent);
    return error;
}

/* LAYOUT is held for writing. */
static int rename_below(int dir_fd, const char *from, const char *to, bool again)
{
    const char *old_name;
    const char *name = last_part(to);
    const int parent = file_walk_parent(dir_fd, from, false, &old_name);
    if (parent < 0)
        return errno == ENOENT ? 0 : errno; /* nothing of ours is there yet */
    const int error = rename_in(parent, old_name, name, again);
    close(parent);
    return error;
}

/* LAYOUT is held for writing: nobody looks at the former ones but one. */
static void take_names(struct storage *storage, struct storage_names *names)
{
    storage_names_free(storage->former_names);
    storage->former_names = atomic_load(&storage->names);
    atomic_store(&storage->names, names);
    pthread_mutex_lock(&storage->mutex);
    for (uint32_t i = 0; names->twins != NULL && i < names->twins->count; i++)
        storage->twin_states[i] = TWIN_UNKNOWN;
    pthread_mutex_unlock(&storage->mutex);
}

/* A file that is not complete is called so with the suffix. LAYOUT is held for writing.
 */
static int rename_unfinished(struct storage *storage, int dir_fd, const char *from,
                             const char *to, bool again)
{
    const struct storage_names *names = atomic_load(&storage->names);
    char *new_path = NULL;
    int error = 0;
    for (uint32_t i = 0; names->unfinished != NULL && i < storage->metainfo->file_count;
         i++) {
        if (strcmp(names->metainfo->files[i].path, from) != 0)
            continue;
        if (asprintf(&new_path, "%s%s", to, storage->suffix) < 0)
            return ENOMEM;
        error = rename_below(dir_fd, names->unfinished[i], new_path, again);
        free(new_path);
        break;
    }
    return error;
}

/* LAYOUT is held for writing. */
static int rename_on_disk(struct storage *storage, const char *from, const char *to,
                          bool again, bool may_be_away)
{
    pthread_rwlock_rdlock(&storage->life);
    int error = storage->deleted ? ECANCELED : storage->moving ? EBUSY : 0;
    const int dir_fd = error == 0 ? storage_open_dir(storage, false) : -1;
    if (dir_fd >= 0) {
        error = rename_below(dir_fd, from, to, again);
        if (error == 0)
            error = rename_unfinished(storage, dir_fd, from, to, again);
        close(dir_fd);
    } else if (error == 0) {
        error = errno == ENOENT && may_be_away ? 0 : errno;
    }
    pthread_rwlock_unlock(&storage->life);
    return error;
}

enum error_code storage_rename(struct storage *storage, struct metainfo *metainfo,
                               const char *from, const char *to, bool again,
                               bool may_be_away, struct storage_error *ret_error)
{
    struct storage_names *names = storage_names_new(metainfo, storage->suffix);
    if (names == NULL)
        return storage_fail(ret_error, 0, ENOMEM);
    pthread_rwlock_wrlock(&storage->layout);
    const int error = rename_on_disk(storage, from, to, again, may_be_away);
    if (error == 0)
        take_names(storage, names);
    else
        storage_names_free(names);
    pthread_rwlock_unlock(&storage->layout);
    return error != 0 ? storage_fail(ret_error, 0, error) : ERROR_NONE;
}
