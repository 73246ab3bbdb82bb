/*
 * Moving a torrent's files to another directory. They are first put together, by links or
 * copies, in a hidden directory of their own there, ".INFOHASH.moving": that is all a
 * kill can leave behind, and the old place is as it was. When somebody has noted that the
 * new place counts, one rename gives the files their names, and the old ones go.
 */
#include "disk/file_walk.h"
#include "disk/storage_move_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define STAGE_SIZE  (INFO_HASH_HEX_SIZE + 9)
#define DIRECTORY   (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#define STAGE_FLAGS (DIRECTORY | O_NOFOLLOW)

static void stage_name(const struct storage *storage, char ret_name[STAGE_SIZE])
{
    char hex[INFO_HASH_HEX_SIZE];
    info_hash_hex(&storage->metainfo->hash, hex);
    snprintf(ret_name, STAGE_SIZE, ".%s.moving", hex);
}

/* The file is what has the torrent's name, and may have the suffix. */
static bool is_alone(const struct storage *storage)
{
    return !storage->metainfo->multi_file && storage_has_forms(storage, 0);
}

void storage_cancel_move(struct storage *storage)
{
    atomic_store(&storage->move_cancelled, true);
}

/* ---- the copy ---- */

static void measure(struct storage_moving *moving)
{
    struct stat status;
    const char *path;
    for (uint32_t i = 0; i <= parts_index(moving->storage); i++)
        if (storage_move_find(moving, i, &path, &status))
            moving->total += (uint64_t)status.st_blocks * 512;
}

static bool is_taken(int dir_fd, const char *name)
{
    struct stat status;
    return fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Nothing that is there is touched, and it is told before anything is copied. */
static int open_places(struct storage_moving *moving, const char *dir)
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
    return is_taken(moving->to, storage_named(storage)->name) ||
                   is_taken(moving->to, storage->parts_name) ||
                   (is_alone(storage) &&
                    is_taken(moving->to, storage_unfinished_path(storage, 0)))
               ? EEXIST
               : 0;
}

static int open_stage(struct storage_moving *moving)
{
    char name[STAGE_SIZE];
    stage_name(moving->storage, name);
    if (mkdirat(moving->to, name, 0777) != 0)
        return errno;
    moving->stage = openat(moving->to, name, STAGE_FLAGS);
    return moving->stage < 0 ? errno : 0;
}

static void close_places(const struct storage_moving *moving)
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
    struct storage_moving moving = {storage, -1, -1, -1, progress, NULL, 0, 0, false};
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
        error = storage_move_bring(&moving, file = i);
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

static void delete_both(const struct storage *storage, int stage, uint32_t file)
{
    const char *unfinished = storage_unfinished_path(storage, file);
    (void)storage_delete_file(stage, storage_move_path(storage, file));
    if (unfinished != NULL)
        (void)storage_delete_file(stage, unfinished);
}

void storage_move_abandon(struct storage *storage, const char *dir)
{
    char name[STAGE_SIZE];
    const int to = open(dir, DIRECTORY);
    stage_name(storage, name);
    const int stage = to < 0 ? -1 : openat(to, name, STAGE_FLAGS);
    for (uint32_t i = 0; stage >= 0 && i <= parts_index(storage); i++)
        if (storage_is_of_ours(storage, i))
            delete_both(storage, stage, i);
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
    return storage_rename_entry(from, name, to, name);
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
    const char *top =
        is_alone(storage) && is_taken(stage, storage_unfinished_path(storage, 0))
            ? storage_unfinished_path(storage, 0)
            : storage_named(storage)->name;
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
        if (storage_is_of_ours(storage, i))
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
