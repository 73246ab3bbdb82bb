/* Files get their sizes before their bytes come: as holes, or as space that is theirs. */
#include "disk/storage_private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int allocate(int fd, uint64_t length, bool full)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return errno;
    if (full && fallocate(fd, 0, 0, (off_t)length) == 0)
        return 0;
    if (full && errno != EOPNOTSUPP && errno != ENOSYS)
        return errno;
    if ((uint64_t)status.st_size >= length) /* what is too much is left alone */
        return 0;
    return ftruncate(fd, (off_t)length) != 0 ? errno : 0;
}

/* LAYOUT is held. */
static int allocate_file(struct storage *storage, uint32_t file, bool full)
{
    if (storage->moving)
        return ECANCELED;
    if (storage->apart != NULL && storage->apart[file])
        return 0; /* not settled yet */
    const int fd = storage_acquire(storage, file, true);
    if (fd < 0)
        return errno;
    const int error = allocate(fd, storage->metainfo->files[file].length, full);
    storage_mark_dirty(storage, file); /* it looks different now */
    storage_release(storage, fd);
    return error;
}

enum error_code storage_allocate(struct storage *storage, bool full,
                                 struct storage_error *ret_error)
{
    for (uint32_t i = 0; i < storage->metainfo->file_count; i++) {
        const struct metainfo_file *file = &storage->metainfo->files[i];
        if (file->pad || file->length == 0 || atomic_load(&storage->unwanted[i]))
            continue;
        pthread_rwlock_rdlock(&storage->layout);
        const int error = allocate_file(storage, i, full);
        pthread_rwlock_unlock(&storage->layout);
        if (error != 0)
            return storage_fail(ret_error, i, error);
    }
    return ERROR_NONE;
}
