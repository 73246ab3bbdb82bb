/* What the files are called, and under which name one lies where two names of the torrent
 * are one (T31). */
#include "disk/file_walk.h"
#include "disk/storage_private.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool add_suffix(struct storage_names *names, const char *suffix)
{
    const struct metainfo *metainfo = names->metainfo;
    names->unfinished = calloc(metainfo->file_count, sizeof *names->unfinished);
    bool added = names->unfinished != NULL;
    for (uint32_t i = 0; added && i < metainfo->file_count; i++)
        if (asprintf(&names->unfinished[i], "%s%s", metainfo->files[i].path, suffix) <
            0) {
            names->unfinished[i] = NULL;
            added = false;
        }
    return added;
}

struct storage_names *storage_names_new(struct metainfo *metainfo, const char *suffix)
{
    struct storage_names *names = calloc(1, sizeof *names);
    if (names == NULL)
        return NULL;
    names->metainfo = metainfo_ref(metainfo);
    if (path_twins_find(metainfo, &names->twins) == ERROR_NONE &&
        (suffix == NULL || add_suffix(names, suffix)))
        return names;
    storage_names_free(names);
    return NULL;
}

void storage_names_free(struct storage_names *names)
{
    if (names == NULL)
        return;
    for (uint32_t i = 0; names->unfinished != NULL && i < names->metainfo->file_count;
         i++)
        free(names->unfinished[i]);
    free(names->unfinished);
    metainfo_free(names->metainfo);
    path_twins_free(names->twins);
    free(names);
}

const struct metainfo *storage_named(const struct storage *storage)
{
    return atomic_load(&storage->names)->metainfo;
}

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
        const int fd = file_walk_open(dir_fd, first, FILE_WALK_MAKE);
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
    const struct storage_names *names = atomic_load(&storage->names);
    const struct metainfo_file *files = names->metainfo->files;
    const struct path_twin *twin = path_twins_of(names->twins, file);
    bool are_one;
    if (file == parts_index(storage))
        return storage->parts_name;
    if (twin == NULL)
        return storage_has_forms(storage, file)
                   ? storage_path_of_form(storage, names, dir_fd, file, create)
                   : files[file].path;
    const uint32_t at = (uint32_t)(twin - names->twins->twins);
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
