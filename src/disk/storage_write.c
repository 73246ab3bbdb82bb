#include "disk/storage_private.h"

#include <errno.h>

/* Writes the segment whole, whatever is short or interrupted on the way; errno or 0. */
static int write_segment(int fd, const struct segment *segment,
                         struct chain_cursor cursor)
{
    uint64_t done = 0;
    bool again = true; /* a failing device gets one more try (S4) */
    while (done < segment->length) {
        struct iovec iov[CHAIN_IOV_COUNT];
        struct chain_cursor next = cursor;
        const int count = chain_gather(&next, segment->length - done, iov);
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

/* LAYOUT is held. */
static enum error_code write_to_place(struct storage *storage,
                                      const struct segment *segment,
                                      struct chain_cursor cursor,
                                      struct storage_error *ret_error)
{
    if (segment->pad)
        return ERROR_NONE;
    const int fd = storage_acquire(storage, segment->file, true);
    const int way_error = fd < 0 ? errno : 0;
    if (fd >= 0 || way_error == ENOENT) /* the sync tells what else went with it */
        storage_mark_dirty(storage, segment->file);
    if (fd < 0)
        return storage_fail(ret_error, segment->file, way_error);
    const int error = write_segment(fd, segment, cursor);
    storage_release(storage, fd);
    return error != 0 ? storage_fail(ret_error, segment->file, error) : ERROR_NONE;
}

/* What was on its way when its file became wanted may come before storage_settle. */
static enum error_code make_place(struct storage *storage, uint32_t file,
                                  struct storage_error *ret_error)
{
    if (!atomic_load(&storage->unwanted[file]))
        return storage_bring_in(storage, file, ret_error);
    if (ret_error != NULL)
        *ret_error = (struct storage_error){ERROR_CANCELLED, 0, file};
    return ERROR_CANCELLED;
}

enum error_code storage_write(struct storage *storage, uint32_t piece, uint32_t begin,
                              const struct block *chain, struct storage_error *ret_error)
{
    struct chain_cursor cursor = {chain, 0};
    uint64_t offset = storage_offset_of(storage, piece, begin);
    uint64_t left = chain_bytes(chain);
    while (left > 0) {
        pthread_rwlock_rdlock(&storage->layout);
        const struct segment segment = storage_segment_at(storage, offset, left);
        enum error_code error =
            storage->moving ? storage_fail(ret_error, segment.file, ECANCELED)
            : segment.lost  ? ERROR_NONE
                            : write_to_place(storage, &segment, cursor, ret_error);
        pthread_rwlock_unlock(&storage->layout);
        if (error == ERROR_NONE && segment.lost)
            error = make_place(storage, segment.file, ret_error);
        if (error != ERROR_NONE)
            return error;
        if (segment.lost)
            continue;
        chain_skip(&cursor, segment.length);
        offset += segment.length;
        left -= segment.length;
    }
    return ERROR_NONE;
}

void storage_found(struct storage *storage, uint32_t piece, uint32_t length)
{
    uint64_t offset = storage_offset_of(storage, piece, 0), left = length;
    pthread_rwlock_rdlock(&storage->layout);
    while (left > 0) {
        const struct segment segment = storage_segment_at(storage, offset, left);
        if (!segment.pad && !segment.lost)
            storage_mark_dirty(storage, segment.file);
        offset += segment.length;
        left -= segment.length;
    }
    pthread_rwlock_unlock(&storage->layout);
}
