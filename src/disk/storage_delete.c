#include "disk/file_cache.h"
#include "disk/file_walk.h"
#include "disk/storage_private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

enum error_code storage_delete_file(int dir_fd, const char *path)
{
    struct stat status;
    const char *name;
    const int parent = file_walk_parent(dir_fd, path, false, &name);
    if (parent < 0)
        return ERROR_NONE; /* nothing of ours is there */
    const bool ours = fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
                      S_ISREG(status.st_mode);
    const int error = ours && unlinkat(parent, name, 0) != 0 ? errno : 0;
    close(parent);
    remove_empty_dirs(dir_fd, path);
    return error_from_errno(error);
}

enum error_code storage_delete(struct storage *storage, struct storage_error *ret_error)
{
    struct storage_error result = {ERROR_NONE, 0, 0};
    pthread_rwlock_wrlock(&storage->life);
    storage->deleted = true;
    pthread_rwlock_unlock(&storage->life);
    const int dir_fd = storage_open_dir(storage, false);
    file_cache_drop(storage->cache, storage);
    /* Those with a twin before them first: it takes both to see whether they are one. */
    pthread_rwlock_rdlock(&storage->layout); /* it may be about to be renamed */
    for (uint32_t i = parts_index(storage) + 1u; dir_fd >= 0 && i-- > 0;) {
        if (i < parts_index(storage) && storage->metainfo->files[i].pad)
            continue;
        const enum error_code error =
            storage_delete_file(dir_fd, storage_path(storage, dir_fd, i, false));
        if (error != ERROR_NONE)
            result = (struct storage_error){error, 0, i};
    }
    pthread_rwlock_unlock(&storage->layout);
    if (dir_fd >= 0)
        close(dir_fd);
    if (result.code != ERROR_NONE && ret_error != NULL)
        *ret_error = result;
    return result.code;
}
