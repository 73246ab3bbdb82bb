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

enum error_code storage_write(struct storage *storage, uint32_t piece, uint32_t begin,
                              const struct block *chain, struct storage_error *ret_error)
{
    struct chain_cursor cursor = {chain, 0};
    uint64_t offset = storage_offset_of(storage, piece, begin);
    uint64_t left = chain_bytes(chain);
    while (left > 0) {
        const struct segment segment = storage_segment_at(storage, offset, left);
        if (!segment.pad) {
            const int fd = storage_acquire(storage, segment.file, true);
            if (fd < 0)
                return storage_fail(ret_error, segment.file, errno);
            storage_mark_dirty(storage, segment.file);
            const int error = write_segment(fd, &segment, cursor);
            storage_release(storage, fd);
            if (error != 0)
                return storage_fail(ret_error, segment.file, error);
        }
        chain_skip(&cursor, segment.length);
        offset += segment.length;
        left -= segment.length;
    }
    return ERROR_NONE;
}

void storage_found(struct storage *storage, uint32_t piece, uint32_t length)
{
    uint64_t offset = storage_offset_of(storage, piece, 0), left = length;
    while (left > 0) {
        const struct segment segment = storage_segment_at(storage, offset, left);
        if (!segment.pad)
            storage_mark_dirty(storage, segment.file);
        offset += segment.length;
        left -= segment.length;
    }
}
