#include "disk/file_cache.h"
#include "disk/storage_private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define AHEAD_BYTES (1u << 20)

/* Most reads have one vector, and pread(2) need not copy it in first. */
static ssize_t read_some(int fd, const struct iovec *iov, int count, uint64_t offset)
{
    return count == 1 ? pread(fd, iov[0].iov_base, iov[0].iov_len, (off_t)offset)
                      : preadv(fd, iov, count, (off_t)offset);
}

static enum error_code read_segment(int fd, const struct segment *segment,
                                    struct chain_cursor cursor,
                                    struct storage_error *ret_error)
{
    uint64_t done = 0;
    while (done < segment->length) {
        struct iovec iov[CHAIN_IOV_COUNT];
        struct chain_cursor next = cursor;
        const int count = chain_gather(&next, segment->length - done, iov);
        const ssize_t got = read_some(fd, iov, count, segment->offset + done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return storage_fail(ret_error, segment->file, errno);
        if (got == 0) {
            if (ret_error != NULL)
                *ret_error = (struct storage_error){ERROR_TRUNCATED, 0, segment->file};
            return ERROR_TRUNCATED;
        }
        chain_skip(&cursor, (uint64_t)got);
        done += (uint64_t)got;
    }
    return ERROR_NONE;
}

static void fill_with_zeros(struct chain_cursor cursor, uint64_t length)
{
    struct iovec iov[CHAIN_IOV_COUNT];
    while (length > 0) {
        const int count = chain_gather(&cursor, length, iov);
        for (int i = 0; i < count; i++) {
            memset(iov[i].iov_base, 0, iov[i].iov_len);
            length -= iov[i].iov_len;
        }
    }
}

/* LAYOUT is held. */
static enum error_code read_from_place(struct storage *storage,
                                       const struct segment *segment,
                                       struct chain_cursor cursor,
                                       struct storage_error *ret_error)
{
    if (segment->pad) {
        fill_with_zeros(cursor, segment->length);
        return ERROR_NONE;
    }
    if (segment->lost)
        return storage_fail(ret_error, segment->file, ENOENT);
    const int fd = storage_acquire(storage, segment->file, false);
    if (fd < 0)
        return storage_fail(ret_error, segment->file, errno);
    const enum error_code error = read_segment(fd, segment, cursor, ret_error);
    storage_release(storage, fd);
    return error;
}

enum error_code storage_read_chain(struct storage *storage, const struct block *chain,
                                   struct storage_error *ret_error)
{
    struct chain_cursor cursor = {chain, 0};
    uint64_t offset = storage_offset_of(storage, chain->piece, chain->begin);
    uint64_t left = chain_bytes(chain);
    while (left > 0) {
        pthread_rwlock_rdlock(&storage->layout);
        const struct segment segment = storage_segment_at(storage, offset, left);
        const enum error_code error =
            read_from_place(storage, &segment, cursor, ret_error);
        pthread_rwlock_unlock(&storage->layout);
        if (error != ERROR_NONE)
            return error;
        chain_skip(&cursor, segment.length);
        offset += segment.length;
        left -= segment.length;
    }
    return ERROR_NONE;
}

enum error_code storage_read(struct storage *storage, uint32_t piece, uint32_t begin,
                             uint8_t *bytes, uint32_t length,
                             struct storage_error *ret_error)
{
    const struct block whole = {
        .bytes = bytes, .piece = piece, .begin = begin, .length = length};
    return storage_read_chain(storage, &whole, ret_error);
}

#ifdef RWF_NOWAIT
static uint32_t whole_blocks(const struct block *chain, uint64_t bytes)
{
    uint32_t count = 0;
    for (; chain != NULL && chain->length <= bytes; chain = chain->next, count++)
        bytes -= chain->length;
    return count;
}

uint32_t storage_read_cached(struct storage *storage, const struct block *chain)
{
    struct iovec iov[CHAIN_IOV_COUNT];
    struct chain_cursor cursor = {chain, 0};
    if (pthread_rwlock_tryrdlock(&storage->layout) != 0)
        return 0;
    const struct segment segment = storage_segment_at(
        storage, storage_offset_of(storage, chain->piece, chain->begin),
        chain_bytes(chain));
    const int fd = segment.pad || segment.lost
                       ? -1
                       : file_cache_pin_nowait(storage->cache, storage, segment.file);
    pthread_rwlock_unlock(&storage->layout);
    if (fd < 0)
        return 0;
    const int count = chain_gather(&cursor, segment.length, iov);
    const ssize_t got = preadv2(fd, iov, count, (off_t)segment.offset, RWF_NOWAIT);
    if (got < 0 && (errno == EOPNOTSUPP || errno == ENOSYS))
        file_cache_note_waits(storage->cache, fd);
    storage_release(storage, fd);
    return got > 0 ? whole_blocks(chain, (uint64_t)got) : 0;
}
#else
uint32_t storage_read_cached(struct storage *storage, const struct block *chain)
{
    (void)storage, (void)chain;
    return 0;
}
#endif

void storage_read_ahead(struct storage *storage, uint32_t piece, uint32_t begin)
{
    const uint32_t rest = metainfo_piece_length(storage->metainfo, piece) - begin;
    if (rest == 0)
        return;
    pthread_rwlock_rdlock(&storage->layout);
    const struct segment segment =
        storage_segment_at(storage, storage_offset_of(storage, piece, begin),
                           rest < AHEAD_BYTES ? rest : AHEAD_BYTES);
    const int fd = segment.pad || segment.lost
                       ? -1
                       : file_cache_pin(storage->cache, storage, segment.file, false);
    pthread_rwlock_unlock(&storage->layout);
    if (fd < 0)
        return;
    posix_fadvise(fd, (off_t)segment.offset, (off_t)segment.length, POSIX_FADV_WILLNEED);
    storage_release(storage, fd);
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

/* LAYOUT is held. */
static bool segment_is_hole(struct storage *storage, const struct segment *segment)
{
    if (segment->pad)
        return true;
    const int fd = segment->lost ? -1 : storage_acquire(storage, segment->file, false);
    if (fd < 0)
        return false;
    const bool hole = is_hole(fd, segment);
    storage_release(storage, fd);
    return hole;
}

bool storage_is_hole(struct storage *storage, uint32_t piece, uint32_t length)
{
    uint64_t offset = storage_offset_of(storage, piece, 0), left = length;
    bool hole = true;
    pthread_rwlock_rdlock(&storage->layout);
    while (left > 0 && hole) {
        const struct segment segment = storage_segment_at(storage, offset, left);
        hole = segment_is_hole(storage, &segment);
        offset += segment.length;
        left -= segment.length;
    }
    pthread_rwlock_unlock(&storage->layout);
    return hole;
}
