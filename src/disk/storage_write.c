#include "disk/storage_private.h"

#include <errno.h>
#include <sys/uio.h>

#define IOV_COUNT 256

/* A place in a chain of blocks. */
struct chain_cursor {
    const struct block *block;
    uint32_t at;
};

static int gather(struct chain_cursor *cursor, uint64_t length, struct iovec *iov)
{
    int count = 0;
    while (length > 0 && count < IOV_COUNT && cursor->block != NULL) {
        const uint64_t rest = cursor->block->length - cursor->at;
        const size_t take = (size_t)(rest < length ? rest : length);
        iov[count++] = (struct iovec){cursor->block->bytes + cursor->at, take};
        length -= take;
        cursor->at += (uint32_t)take;
        if (cursor->at == cursor->block->length)
            *cursor = (struct chain_cursor){cursor->block->next, 0};
    }
    return count;
}

static void chain_skip(struct chain_cursor *cursor, uint64_t length)
{
    while (length > 0 && cursor->block != NULL) {
        const uint64_t rest = cursor->block->length - cursor->at;
        if (length < rest) {
            cursor->at += (uint32_t)length;
            return;
        }
        length -= rest;
        *cursor = (struct chain_cursor){cursor->block->next, 0};
    }
}

/* Writes the segment whole, whatever is short or interrupted on the way; errno or 0. */
static int write_segment(int fd, const struct segment *segment,
                         struct chain_cursor cursor)
{
    uint64_t done = 0;
    bool again = true; /* a failing device gets one more try (S4) */
    while (done < segment->length) {
        struct iovec iov[IOV_COUNT];
        struct chain_cursor next = cursor;
        const int count = gather(&next, segment->length - done, iov);
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
    uint64_t offset = storage_offset_of(storage, piece, begin), left = 0;
    for (const struct block *block = chain; block != NULL; block = block->next)
        left += block->length;
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
