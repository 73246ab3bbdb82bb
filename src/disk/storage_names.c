/* Under which name a file lies where two names of the torrent are one (T31). */
#include "disk/file_walk.h"
#include "disk/storage_private.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool look_at(int dir_fd, const char *path, struct stat *ret_status)
{
    const char *name;
    const int parent = file_walk_parent(dir_fd, path, false, &name);
    if (parent < 0)
        return false;
    const bool there = fstatat(parent, name, ret_status, AT_SYMLINK_NOFOLLOW) == 0;
    close(parent);
    return there;
}

static void unmake(int dir_fd, const char *path)
{
    const char *name;
    const int parent = file_walk_parent(dir_fd, path, false, &name);
    if (parent < 0)
        return;
    (void)unlinkat(parent, name, 0); /* an empty file more, at worst */
    close(parent);
}

/* Whether the names are one is known when the first is there, which is made for that, and
 * stays if KEEP. */
static bool find_out(int dir_fd, const char *first, const char *path, bool create,
                     bool keep, bool *ret_are_one)
{
    struct stat a, b;
    bool there = look_at(dir_fd, first, &a), made = false;
    if (!there && create) {
        const int fd = file_walk_open(dir_fd, first, true);
        if (fd >= 0)
            close(fd);
        there = made = look_at(dir_fd, first, &a);
    }
    *ret_are_one = there && look_at(dir_fd, path, &b) && a.st_dev == b.st_dev &&
                   a.st_ino == b.st_ino;
    if (made && !keep)
        unmake(dir_fd, first);
    return there;
}

const char *storage_path(struct storage *storage, int dir_fd, uint32_t file, bool create)
{
    const struct metainfo_file *files = storage->metainfo->files;
    const struct path_twin *twin = path_twins_of(storage->twins, file);
    bool are_one;
    if (file == parts_index(storage))
        return storage->parts_name;
    if (twin == NULL)
        return files[file].path;
    const uint32_t at = (uint32_t)(twin - storage->twins->twins);
    pthread_mutex_lock(&storage->mutex);
    const enum twin_state known = storage->twin_states[at];
    pthread_mutex_unlock(&storage->mutex);
    if (known != TWIN_UNKNOWN)
        return known == TWIN_SAME ? twin->name : files[file].path;
    if (find_out(dir_fd, files[twin->first].path, files[file].path, create,
                 !atomic_load(&storage->unwanted[twin->first]), &are_one)) {
        pthread_mutex_lock(&storage->mutex);
        storage->twin_states[at] = are_one ? TWIN_SAME : TWIN_OTHER;
        pthread_mutex_unlock(&storage->mutex);
    }
    return are_one ? twin->name : files[file].path;
}
