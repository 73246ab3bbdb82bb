/*
 * Files that carry a suffix until they are complete. Which of its two names a file has is
 * seen on the disk, where one without the suffix counts: so nothing about it can be lost,
 * and the one rename(2) that takes the suffix away is done or not done after a kill.
 */
#include "disk/storage_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum error_code storage_set_suffix(struct storage *storage, const char *suffix)
{
    const uint32_t count = storage->metainfo->file_count;
    storage->suffix = strdup(suffix);
    storage->forms = calloc(count, sizeof *storage->forms);
    storage->whole = calloc(count, sizeof *storage->whole);
    struct storage_names *names =
        storage->suffix != NULL
            ? storage_names_new(atomic_load(&storage->names)->metainfo, suffix)
            : NULL;
    if (storage->forms == NULL || storage->whole == NULL || names == NULL) {
        storage_names_free(names);
        return ERROR_MEMORY;
    }
    storage_names_free(atomic_load(&storage->names));
    atomic_store(&storage->names, names);
    return ERROR_NONE;
}

void storage_set_whole(struct storage *storage, const bool *whole)
{
    for (uint32_t i = 0; storage->whole != NULL && i < storage->metainfo->file_count; i++)
        atomic_store(&storage->whole[i], whole[i]);
}

bool storage_has_forms(const struct storage *storage, uint32_t file)
{
    return storage->forms != NULL && file != parts_index(storage) &&
           !storage->metainfo->files[file].pad &&
           storage->metainfo->files[file].length > 0;
}

static enum file_form known_form(struct storage *storage, uint32_t file)
{
    pthread_mutex_lock(&storage->mutex);
    const enum file_form form = storage->forms[file];
    pthread_mutex_unlock(&storage->mutex);
    return form;
}

static void note_form(struct storage *storage, uint32_t file, enum file_form form)
{
    pthread_mutex_lock(&storage->mutex);
    storage->forms[file] = form;
    pthread_mutex_unlock(&storage->mutex);
}

static bool is_there(int dir_fd, const char *path)
{
    return file_stamp_at(dir_fd, path).size != UINT64_MAX;
}

const char *storage_path_of_form(struct storage *storage,
                                 const struct storage_names *names, int dir_fd,
                                 uint32_t file, bool create)
{
    const char *bare = names->metainfo->files[file].path;
    const char *unfinished = names->unfinished[file];
    enum file_form form = known_form(storage, file);
    if (form == FILE_FORM_UNKNOWN) {
        form = is_there(dir_fd, bare)                   ? FILE_FORM_BARE
               : create || is_there(dir_fd, unfinished) ? FILE_FORM_UNFINISHED
                                                        : FILE_FORM_UNKNOWN;
        if (form != FILE_FORM_UNKNOWN)
            note_form(storage, file, form);
    }
    return form == FILE_FORM_BARE ? bare : unfinished;
}

bool storage_is_unfinished(struct storage *storage, uint32_t file)
{
    return storage_has_forms(storage, file) &&
           known_form(storage, file) == FILE_FORM_UNFINISHED;
}

/* What is there was seen when it was last looked at, or made since. */
static bool is_settled(struct storage *storage, uint32_t file)
{
    const enum file_form form = known_form(storage, file);
    return atomic_load(&storage->whole[file]) ? form == FILE_FORM_BARE
                                              : form != FILE_FORM_BARE;
}

/* LAYOUT is held for writing. */
static int settle_form(struct storage *storage, int dir_fd, uint32_t file)
{
    const struct storage_names *names = atomic_load(&storage->names);
    const char *paths[] = {
        [FILE_FORM_BARE] = names->metainfo->files[file].path,
        [FILE_FORM_UNFINISHED] = names->unfinished[file],
    };
    const bool whole = atomic_load(&storage->whole[file]);
    const enum file_form wanted = whole ? FILE_FORM_BARE : FILE_FORM_UNFINISHED;
    storage_path_of_form(storage, names, dir_fd, file, false);
    const enum file_form form = known_form(storage, file);
    if (form == FILE_FORM_UNKNOWN || form == wanted ||
        (!whole && atomic_load(&storage->unwanted[file])))
        return 0;
    const int error = storage_rename_path(dir_fd, paths[form], paths[wanted]);
    if (error == 0)
        note_form(storage, file, wanted);
    return error == ENOENT ? 0 : error; /* a file that is gone is told of elsewhere */
}

enum error_code storage_settle_forms(struct storage *storage,
                                     struct storage_error *ret_error)
{
    enum error_code result = ERROR_NONE;
    const int dir_fd = storage->forms != NULL ? storage_open_dir(storage, false) : -1;
    for (uint32_t i = 0; dir_fd >= 0 && i < storage->metainfo->file_count; i++) {
        if (!storage_has_forms(storage, i) || is_settled(storage, i))
            continue;
        pthread_rwlock_wrlock(&storage->layout); /* others get their turn between two */
        const int error = storage->moving ? ECANCELED : settle_form(storage, dir_fd, i);
        pthread_rwlock_unlock(&storage->layout);
        if (error != 0)
            result = storage_fail(ret_error, i, error);
    }
    if (dir_fd >= 0)
        close(dir_fd);
    return result;
}
