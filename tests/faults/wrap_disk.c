/* The calls that reach a disk. */
#include "tests/faults/wrap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

FAULT_WRAP(int, -1, fdatasync, (int fd), (fd), "fdatasync", NULL, fd, true)
FAULT_WRAP(int, -1, fsync, (int fd), (fd), "fsync", NULL, fd, true)
FAULT_WRAP(int, -1, syncfs, (int fd), (fd), "syncfs", NULL, fd, true)
FAULT_WRAP(int, -1, sync_file_range, (int fd, off_t begin, off_t length, unsigned flags),
           (fd, begin, length, flags), "sync_file_range", NULL, fd, false)
FAULT_WRAP(int, -1, renameat, (int from_fd, const char *from, int to_fd, const char *to),
           (from_fd, from, to_fd, to), "renameat", to, -1, true)
FAULT_WRAP(int, -1, renameat2,
           (int from_fd, const char *from, int to_fd, const char *to, unsigned flags),
           (from_fd, from, to_fd, to, flags), "renameat2", to, -1, true)
FAULT_WRAP(int, -1, linkat,
           (int from_fd, const char *from, int to_fd, const char *to, int flags),
           (from_fd, from, to_fd, to, flags), "linkat", to, -1, true)
FAULT_WRAP(int, -1, unlinkat, (int fd, const char *path, int flags), (fd, path, flags),
           "unlinkat", path, -1, true)
FAULT_WRAP(int, -1, mkdirat, (int fd, const char *path, mode_t mode), (fd, path, mode),
           "mkdirat", path, -1, true)
FAULT_WRAP(int, -1, mkdir, (const char *path, mode_t mode), (path, mode), "mkdir", path,
           -1, true)
FAULT_WRAP(int, -1, ftruncate64, (int fd, off_t length), (fd, length), "ftruncate", NULL,
           fd, true)
FAULT_WRAP(int, -1, fstat64, (int fd, struct stat *status), (fd, status), "fstat", NULL,
           fd, false)
FAULT_WRAP(int, -1, fstatat64, (int fd, const char *path, struct stat *status, int flags),
           (fd, path, status, flags), "fstatat", path, -1, false)
FAULT_WRAP(int, -1, statvfs64, (const char *path, struct statvfs *status), (path, status),
           "statvfs", path, -1, false)
FAULT_WRAP(int, -1, flock, (int fd, int operation), (fd, operation), "flock", NULL, fd,
           false)

ssize_t __real_read(int fd, void *bytes, size_t length);

static bool is_regular(int fd)
{
    struct stat status;
    return fd > STDERR_FILENO && __real_fstat64(fd, &status) == 0 &&
           S_ISREG(status.st_mode);
}

int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
    const struct fault_call call = {"close", NULL, fd, false};
    const bool hit = fault_hits(&call);
    const int saved = errno;
    const int result = __real_close(fd); /* in any case: Linux does that, too */
    if (!hit)
        return result;
    errno = saved;
    return -1;
}

static bool would_change(int fd, const char *path, int flags)
{
    return (flags & O_TRUNC) != 0 ||
           ((flags & O_CREAT) != 0 &&
            faccessat(fd, path, F_OK, AT_SYMLINK_NOFOLLOW) != 0);
}

int __real_openat64(int fd, const char *path, int flags, ...);
int __wrap_openat64(int fd, const char *path, int flags, ...);
int __wrap_openat64(int fd, const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    const struct fault_call call = {"openat", path, -1, would_change(fd, path, flags)};
    return fault_hits(&call) ? -1 : __real_openat64(fd, path, flags, mode);
}

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    const struct fault_call call = {"open", path, -1,
                                    would_change(AT_FDCWD, path, flags)};
    return fault_hits(&call) ? -1 : __real_open64(path, flags, mode);
}

/* ---- transfers ---- */

ssize_t __real_pwritev64(int fd, const struct iovec *iov, int count, off_t offset);
ssize_t __wrap_pwritev64(int fd, const struct iovec *iov, int count, off_t offset);
ssize_t __wrap_pwritev64(int fd, const struct iovec *iov, int count, off_t offset)
{
    const struct fault_call call = {"pwritev", NULL, fd, true};
    if (fault_tears(&call)) {
        const int half = count > 1 ? count / 2 : 1;
        if (__real_pwritev64(fd, iov, half, offset) >= 0)
            fault_die();
    }
    if (fault_hits(&call))
        return -1;
    const size_t part = fault_share(iov[0].iov_len, false);
    if (part == iov[0].iov_len)
        return __real_pwritev64(fd, iov, count, offset);
    const struct iovec first = {iov[0].iov_base, part};
    return part == 0 ? -1 : __real_pwritev64(fd, &first, 1, offset);
}

ssize_t __real_pread64(int fd, void *bytes, size_t length, off_t offset);
ssize_t __wrap_pread64(int fd, void *bytes, size_t length, off_t offset);
ssize_t __wrap_pread64(int fd, void *bytes, size_t length, off_t offset)
{
    const struct fault_call call = {"pread", NULL, fd, false};
    if (fault_hits(&call))
        return -1;
    const size_t part = fault_share(length, false);
    return part == 0 && length > 0 ? -1 : __real_pread64(fd, bytes, part, offset);
}

/* A run of blocks; to those who ask for faults it is a pread(2) like another. */
ssize_t __real_preadv64(int fd, const struct iovec *iov, int count, off_t offset);
ssize_t __wrap_preadv64(int fd, const struct iovec *iov, int count, off_t offset);
ssize_t __wrap_preadv64(int fd, const struct iovec *iov, int count, off_t offset)
{
    const struct fault_call call = {"pread", NULL, fd, false};
    if (fault_hits(&call))
        return -1;
    const size_t part = fault_share(iov[0].iov_len, false);
    if (part == iov[0].iov_len)
        return __real_preadv64(fd, iov, count, offset);
    const struct iovec first = {iov[0].iov_base, part};
    return part == 0 ? -1 : __real_preadv64(fd, &first, 1, offset);
}

ssize_t __real_pwrite64(int fd, const void *bytes, size_t length, off_t offset);
ssize_t __wrap_pwrite64(int fd, const void *bytes, size_t length, off_t offset);
ssize_t __wrap_pwrite64(int fd, const void *bytes, size_t length, off_t offset)
{
    const struct fault_call call = {"pwrite", NULL, fd, true};
    return fault_hits(&call) ? -1 : __real_pwrite64(fd, bytes, length, offset);
}

ssize_t __real_preadv64v2(int fd, const struct iovec *iov, int count, off_t offset,
                          int flags);
ssize_t __wrap_preadv64v2(int fd, const struct iovec *iov, int count, off_t offset,
                          int flags);
ssize_t __wrap_preadv64v2(int fd, const struct iovec *iov, int count, off_t offset,
                          int flags)
{
    const struct fault_call call = {"preadv2", NULL, fd, false};
    return fault_hits(&call) ? -1 : __real_preadv64v2(fd, iov, count, offset, flags);
}

ssize_t __real_write(int fd, const void *bytes, size_t length);
ssize_t __wrap_write(int fd, const void *bytes, size_t length);
ssize_t __wrap_write(int fd, const void *bytes, size_t length)
{
    const bool regular = is_regular(fd);
    const struct fault_call call = {"write", NULL, fd, regular};
    if (regular && fault_tears(&call) && __real_write(fd, bytes, length / 2) >= 0)
        fault_die();
    if (fault_hits(&call))
        return -1;
    const size_t part = regular ? fault_share(length, false) : length;
    return part == 0 && length > 0 ? -1 : __real_write(fd, bytes, part);
}

/* An eventfd or a signal's pipe is read whole or not at all: only files come in parts. */
static ssize_t read_part(int fd, void *bytes, size_t length)
{
    const struct fault_call call = {"read", NULL, fd, false};
    if (fault_hits(&call))
        return -1;
    const size_t part = is_regular(fd) ? fault_share(length, false) : length;
    return part == 0 && length > 0 ? -1 : __real_read(fd, bytes, part);
}

ssize_t __wrap_read(int fd, void *bytes, size_t length);
ssize_t __wrap_read(int fd, void *bytes, size_t length)
{
    return read_part(fd, bytes, length);
}

/* What a hardened build calls. */
ssize_t __wrap___read_chk(int fd, void *bytes, size_t length, size_t room);
ssize_t __wrap___read_chk(int fd, void *bytes, size_t length, size_t room)
{
    if (length > room)
        fault_die();
    return read_part(fd, bytes, length);
}
