#include "disk/file_cache.h"
#include "disk/storage_private.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static enum error_code read_segment(int fd, const struct segment *segment, uint8_t *bytes,
                                    uint32_t file, struct storage_error *ret_error)
{
    uint64_t done = 0;
    while (done < segment->length) {
        const ssize_t got = pread(fd, bytes + done, (size_t)(segment->length - done),
                                  (off_t)(segment->offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return storage_fail(ret_error, file, errno);
        if (got == 0) {
            if (ret_error != NULL)
                *ret_error = (struct storage_error){ERROR_TRUNCATED, 0, file};
            return ERROR_TRUNCATED;
        }
        done += (uint64_t)got;
    }
    return ERROR_NONE;
}

enum error_code storage_read(struct storage *storage, uint32_t piece, uint32_t begin,
                             uint8_t *bytes, uint32_t length,
                             struct storage_error *ret_error)
{
    uint64_t offset = storage_offset_of(storage, piece, begin), left = length;
    while (left > 0) {
        const struct segment segment = storage_segment_at(storage, offset, left);
        if (segment.pad) {
            memset(bytes, 0, (size_t)segment.length);
        } else {
            const int fd = storage_acquire(storage, segment.file, false);
            if (fd < 0)
                return storage_fail(ret_error, segment.file, errno);
            const enum error_code error =
                read_segment(fd, &segment, bytes, segment.file, ret_error);
            storage_release(storage, fd);
            if (error != ERROR_NONE)
                return error;
        }
        bytes += segment.length;
        offset += segment.length;
        left -= segment.length;
    }
    return ERROR_NONE;
}

enum error_code storage_read_cached(struct storage *storage, uint32_t piece,
                                    uint32_t begin, uint8_t *bytes, uint32_t length)
{
#ifdef RWF_NOWAIT
    const struct segment segment =
        storage_segment_at(storage, storage_offset_of(storage, piece, begin), length);
    if (segment.pad || segment.length < length)
        return ERROR_AGAIN; /* across files: rare, a worker does it */
    const int fd = file_cache_pin(storage->cache, storage, segment.file, false);
    if (fd < 0)
        return ERROR_AGAIN;
    const struct iovec iov = {bytes, length};
    const ssize_t got = preadv2(fd, &iov, 1, (off_t)segment.offset, RWF_NOWAIT);
    storage_release(storage, fd);
    return got == (ssize_t)length ? ERROR_NONE : ERROR_AGAIN;
#else
    (void)storage, (void)piece, (void)begin, (void)bytes, (void)length;
    return ERROR_AGAIN;
#endif
}

static bool is_hole(int fd, const struct segment *segment)
{
    struct stat status;
    const uint64_t end = segment->offset + segment->length;
    if (fstat(fd, &status) != 0 || (uint64_t)status.st_size < end)
        return false;
    const off_t data = lseek(fd, (off_t)segment->offset, SEEK_DATA);
    return data < 0 ? errno == ENXIO : (uint64_t)data >= end;
}

bool storage_is_hole(struct storage *storage, uint32_t piece, uint32_t length)
{
    uint64_t offset = storage_offset_of(storage, piece, 0), left = length;
    while (left > 0) {
        const struct segment segment = storage_segment_at(storage, offset, left);
        if (!segment.pad) {
            const int fd = storage_acquire(storage, segment.file, false);
            if (fd < 0)
                return false;
            const bool hole = is_hole(fd, &segment);
            storage_release(storage, fd);
            if (!hole)
                return false;
        }
        offset += segment.length;
        left -= segment.length;
    }
    return true;
}
