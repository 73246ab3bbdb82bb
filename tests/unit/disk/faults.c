#include "tests/unit/disk/faults.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define KINDS  (FAULT_FLIP + 1)
#define HOUR_S 3600

static struct {
    atomic_int from, count, error;
    atomic_uint calls;
} faults[KINDS];
static atomic_uint dribble_bytes, dribbled, cached_bytes;
static atomic_ulong last_synced;
static atomic_bool is_fat;

void fault_set(enum fault_call call, int from, int count, int errno_value)
{
    atomic_store(&faults[call].from, (int)atomic_load(&faults[call].calls) + from);
    atomic_store(&faults[call].count, count);
    atomic_store(&faults[call].error, errno_value);
}

void fault_dribble(unsigned bytes)
{
    atomic_store(&dribble_bytes, bytes);
}

void fault_cached(unsigned bytes)
{
    atomic_store(&cached_bytes, bytes);
}

void fault_fat(bool fat)
{
    atomic_store(&is_fat, fat);
}

void fault_clear(void)
{
    atomic_store(&is_fat, false);
    for (int i = 0; i < KINDS; i++) {
        atomic_store(&faults[i].calls, 0);
        atomic_store(&faults[i].count, 0);
    }
    atomic_store(&dribble_bytes, 0);
    atomic_store(&cached_bytes, 0);
}

unsigned fault_calls(enum fault_call call)
{
    return atomic_load(&faults[call].calls);
}

unsigned long fault_last_synced(void)
{
    return atomic_load(&last_synced);
}

static bool fails(enum fault_call call)
{
    const int number = (int)atomic_fetch_add(&faults[call].calls, 1) + 1;
    const int from = atomic_load(&faults[call].from);
    const int count = atomic_load(&faults[call].count);
    if (count == 0 || number < from || number - from >= count)
        return false;
    errno = atomic_load(&faults[call].error);
    return true;
}

/* How much of LENGTH this call may move; -1: interrupted. */
static long dribble(size_t length)
{
    const unsigned most = atomic_load(&dribble_bytes);
    if (most == 0)
        return (long)length;
    if (atomic_fetch_add(&dribbled, 1) % 2 == 0) {
        errno = EINTR;
        return -1;
    }
    return length < most ? (long)length : (long)most;
}

ssize_t __real_pwritev64(int fd, const struct iovec *iov, int count, off_t offset);
ssize_t __wrap_pwritev64(int fd, const struct iovec *iov, int count, off_t offset);
ssize_t __wrap_pwritev64(int fd, const struct iovec *iov, int count, off_t offset)
{
    if (fails(FAULT_WRITE))
        return -1;
    if (atomic_load(&dribble_bytes) == 0)
        return __real_pwritev64(fd, iov, count, offset);
    const long length = dribble(iov[0].iov_len);
    const struct iovec part = {iov[0].iov_base, (size_t)length};
    return length < 0 ? -1 : __real_pwritev64(fd, &part, 1, offset);
}

ssize_t __real_pread64(int fd, void *bytes, size_t length, off_t offset);
ssize_t __wrap_pread64(int fd, void *bytes, size_t length, off_t offset);
ssize_t __wrap_pread64(int fd, void *bytes, size_t length, off_t offset)
{
    if (fails(FAULT_READ))
        return -1;
    const long part = dribble(length);
    const ssize_t got = part < 0 ? -1 : __real_pread64(fd, bytes, (size_t)part, offset);
    if (got > 0 && fails(FAULT_FLIP))
        *(unsigned char *)bytes ^= 1;
    return got;
}

ssize_t __real_preadv64(int fd, const struct iovec *iov, int count, off_t offset);
ssize_t __wrap_preadv64(int fd, const struct iovec *iov, int count, off_t offset);
ssize_t __wrap_preadv64(int fd, const struct iovec *iov, int count, off_t offset)
{
    if (fails(FAULT_READ))
        return -1;
    if (atomic_load(&dribble_bytes) == 0)
        return __real_preadv64(fd, iov, count, offset);
    const long length = dribble(iov[0].iov_len);
    const struct iovec part = {iov[0].iov_base, (size_t)length};
    return length < 0 ? -1 : __real_preadv64(fd, &part, 1, offset);
}

ssize_t __real_preadv64v2(int fd, const struct iovec *iov, int count, off_t offset,
                          int flags);
ssize_t __wrap_preadv64v2(int fd, const struct iovec *iov, int count, off_t offset,
                          int flags);
ssize_t __wrap_preadv64v2(int fd, const struct iovec *iov, int count, off_t offset,
                          int flags)
{
    if (fails(FAULT_CACHED))
        return -1;
    /* What of a file is in memory is the system's choice; here, all is. */
    const ssize_t got = __real_preadv64v2(fd, iov, count, offset, flags & ~RWF_NOWAIT);
    const ssize_t most = (ssize_t)atomic_load(&cached_bytes);
    return most > 0 && got > most ? most : got;
}

int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
int __wrap_fdatasync(int fd)
{
    return fails(FAULT_DATASYNC) ? -1 : __real_fdatasync(fd);
}

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
    struct stat status;
    if (fails(FAULT_SYNC))
        return -1;
    if (fstat(fd, &status) == 0)
        atomic_store(&last_synced, (unsigned long)status.st_ino);
    return __real_fsync(fd);
}

int __real_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags);
int __wrap_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags);
int __wrap_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
    return fails(FAULT_LINK) ? -1 : __real_linkat(from_fd, from, to_fd, to, flags);
}

int __real_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    return fails(FAULT_RENAME) ? -1 : __real_renameat(from_fd, from, to_fd, to);
}

int __real_syncfs(int fd);
int __wrap_syncfs(int fd);
int __wrap_syncfs(int fd)
{
    return fails(FAULT_SYNCFS) ? -1 : __real_syncfs(fd);
}

int __real_sync_file_range(int fd, off_t begin, off_t length, unsigned flags);
int __wrap_sync_file_range(int fd, off_t begin, off_t length, unsigned flags);
int __wrap_sync_file_range(int fd, off_t begin, off_t length, unsigned flags)
{
    return fails(FAULT_RANGE) ? -1 : __real_sync_file_range(fd, begin, length, flags);
}

/* ---- a FAT disk ---- */

static const char *fat_name(const char *name, char folded[PATH_MAX])
{
    size_t at = 0;
    if (!atomic_load(&is_fat))
        return name;
    for (; name[at] != '\0' && at < PATH_MAX - 1; at++)
        folded[at] = (char)tolower((unsigned char)name[at]);
    folded[at] = '\0';
    return folded;
}

int __real_openat64(int dir_fd, const char *name, int flags, ...);
int __wrap_openat64(int dir_fd, const char *name, int flags, ...);
int __wrap_openat64(int dir_fd, const char *name, int flags, ...)
{
    char folded[PATH_MAX];
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return __real_openat64(dir_fd, fat_name(name, folded), flags, mode);
}

int __real_fstatat64(int dir_fd, const char *name, struct stat *status, int flags);
int __wrap_fstatat64(int dir_fd, const char *name, struct stat *status, int flags);
int __wrap_fstatat64(int dir_fd, const char *name, struct stat *status, int flags)
{
    char folded[PATH_MAX];
    const int result = __real_fstatat64(dir_fd, fat_name(name, folded), status, flags);
    if (result == 0 && atomic_load(&is_fat)) {
        if (status->st_mtim.tv_sec > time(NULL) - HOUR_S)
            status->st_mtim.tv_sec += HOUR_S; /* not over, and be the machine slow */
        status->st_mtim.tv_nsec = 0;
        status->st_mtim.tv_sec -= status->st_mtim.tv_sec % 2;
    }
    return result;
}

int __real_mkdirat(int dir_fd, const char *name, mode_t mode);
int __wrap_mkdirat(int dir_fd, const char *name, mode_t mode);
int __wrap_mkdirat(int dir_fd, const char *name, mode_t mode)
{
    char folded[PATH_MAX];
    return __real_mkdirat(dir_fd, fat_name(name, folded), mode);
}

int __real_unlinkat(int dir_fd, const char *name, int flags);
int __wrap_unlinkat(int dir_fd, const char *name, int flags);
int __wrap_unlinkat(int dir_fd, const char *name, int flags)
{
    char folded[PATH_MAX];
    return __real_unlinkat(dir_fd, fat_name(name, folded), flags);
}
