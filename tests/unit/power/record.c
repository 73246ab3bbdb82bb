/* The calls that change files, made and then noted. Only success changes something. */
#include "tests/unit/power/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* ---- faults ---- */

static struct {
    int count, error;
    char part[64];
} faults[POWER_CALL_SYNC + 1];

void power_fail(enum power_call call, const char *part, int fault_count, int errno_value)
{
    faults[call].count = fault_count;
    faults[call].error = errno_value;
    snprintf(faults[call].part, sizeof faults[call].part, "%s", part);
}

static bool fails(enum power_call call, int fd)
{
    char link[64], path[4096];
    if (faults[call].count == 0)
        return false;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t length = readlink(link, path, sizeof path - 1);
    path[length > 0 ? length : 0] = '\0';
    if (strstr(path, faults[call].part) == NULL)
        return false;
    faults[call].count -= faults[call].count > 0;
    errno = faults[call].error;
    return true;
}

ssize_t __real_pread64(int fd, void *bytes, size_t length, off_t offset);
ssize_t __wrap_pread64(int fd, void *bytes, size_t length, off_t offset);
ssize_t __wrap_pread64(int fd, void *bytes, size_t length, off_t offset)
{
    const bool fault = fails(POWER_CALL_READ, fd);
    if (fault && errno != 0)
        return -1;
    const ssize_t got = __real_pread64(fd, bytes, length, offset);
    if (fault && got > 0)
        *(unsigned char *)bytes ^= 1;
    return got;
}

ssize_t __real_preadv64(int fd, const struct iovec *iov, int count, off_t offset);
ssize_t __wrap_preadv64(int fd, const struct iovec *iov, int count, off_t offset);
ssize_t __wrap_preadv64(int fd, const struct iovec *iov, int count, off_t offset)
{
    return fails(POWER_CALL_READ, fd) ? -1 : __real_preadv64(fd, iov, count, offset);
}

ssize_t __real_preadv64v2(int fd, const struct iovec *iov, int count, off_t offset,
                          int flags);
ssize_t __wrap_preadv64v2(int fd, const struct iovec *iov, int count, off_t offset,
                          int flags);
ssize_t __wrap_preadv64v2(int fd, const struct iovec *iov, int count, off_t offset,
                          int flags)
{
    /* The look into the page cache: a worker tries again, and meets the fault. */
    if (faults[POWER_CALL_READ].count == 0)
        return __real_preadv64v2(fd, iov, count, offset, flags);
    errno = EAGAIN;
    return -1;
}

/* ---- changes ---- */

/* The directory that holds the last name of PATH; false: not below the root. */
static bool parent_of(int dir_fd, const char *path, ino_t *ret_dir, const char **ret_name)
{
    char parent[4096];
    struct stat status;
    const char *slash = strrchr(path, '/');
    if (!journal_is_on() || !journal_has(dir_fd, path) || strlen(path) >= sizeof parent)
        return false;
    const size_t length = slash == NULL ? 0 : (size_t)(slash - path);
    memcpy(parent, path, length);
    parent[length] = '\0';
    if (fstatat(dir_fd, length == 0 ? "." : parent, &status, 0) != 0)
        return false;
    *ret_dir = status.st_ino;
    *ret_name = slash == NULL ? path : slash + 1;
    return true;
}

static void note_new(int dir_fd, const char *path, bool is_dir)
{
    struct stat status;
    ino_t dir;
    const char *name;
    if (!parent_of(dir_fd, path, &dir, &name) ||
        fstatat(dir_fd, path, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return;
    if (!is_dir)
        journal_keep(dir_fd, path, status.st_ino);
    journal_note(ACT_NAME, dir, name, NULL, status.st_ino, is_dir);
}

int __real_openat64(int fd, const char *path, int flags, ...);
int __wrap_openat64(int fd, const char *path, int flags, ...);
int __wrap_openat64(int fd, const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    const bool is_new = (flags & O_CREAT) != 0 && journal_is_on() &&
                        faccessat(fd, path, F_OK, AT_SYMLINK_NOFOLLOW) != 0;
    const int result = __real_openat64(fd, path, flags, mode);
    if (result >= 0 && is_new)
        note_new(fd, path, false);
    else if (result >= 0 && (flags & O_TRUNC) != 0)
        journal_note_data(ACT_TRUNCATE, result, NULL, 0, 0);
    return result;
}

int __real_mkdirat(int fd, const char *path, mode_t mode);
int __wrap_mkdirat(int fd, const char *path, mode_t mode);
int __wrap_mkdirat(int fd, const char *path, mode_t mode)
{
    const int result = __real_mkdirat(fd, path, mode);
    if (result == 0)
        note_new(fd, path, true);
    return result;
}

int __real_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode)
{
    const int result = __real_mkdir(path, mode);
    if (result == 0)
        note_new(AT_FDCWD, path, true);
    return result;
}

int __real_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags);
int __wrap_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags);
int __wrap_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
    struct stat status;
    ino_t dir;
    const char *name;
    const int result = __real_linkat(from_fd, from, to_fd, to, flags);
    if (result == 0 && parent_of(to_fd, to, &dir, &name) &&
        fstatat(to_fd, to, &status, AT_SYMLINK_NOFOLLOW) == 0)
        journal_note(ACT_NAME, dir, name, NULL, status.st_ino, false);
    return result;
}

int __real_unlinkat(int fd, const char *path, int flags);
int __wrap_unlinkat(int fd, const char *path, int flags);
int __wrap_unlinkat(int fd, const char *path, int flags)
{
    ino_t dir;
    const char *name;
    const bool ours = parent_of(fd, path, &dir, &name);
    const int result = __real_unlinkat(fd, path, flags);
    if (result == 0 && ours)
        journal_note(ACT_UNNAME, dir, name, NULL, 0, false);
    return result;
}

int __real_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    ino_t dir, dir_to;
    const char *name, *name_to;
    const bool ours =
        parent_of(from_fd, from, &dir, &name) && parent_of(to_fd, to, &dir_to, &name_to);
    const int result = __real_renameat(from_fd, from, to_fd, to);
    if (result == 0 && ours)
        journal_note(ACT_MOVE, dir, name, name_to, 0, false);
    return result;
}

ssize_t __real_pwritev64(int fd, const struct iovec *iov, int count, off_t offset);
ssize_t __wrap_pwritev64(int fd, const struct iovec *iov, int count, off_t offset);
ssize_t __wrap_pwritev64(int fd, const struct iovec *iov, int count, off_t offset)
{
    if (fails(POWER_CALL_WRITE, fd))
        return -1;
    const ssize_t wrote = __real_pwritev64(fd, iov, count, offset);
    uint64_t left = wrote > 0 ? (uint64_t)wrote : 0, at = (uint64_t)offset;
    for (int i = 0; i < count && left > 0; i++) {
        const size_t part = iov[i].iov_len < left ? iov[i].iov_len : (size_t)left;
        journal_note_data(ACT_WRITE, fd, iov[i].iov_base, part, at);
        at += part;
        left -= part;
    }
    return wrote;
}

ssize_t __real_write(int fd, const void *bytes, size_t length);
ssize_t __wrap_write(int fd, const void *bytes, size_t length);
ssize_t __wrap_write(int fd, const void *bytes, size_t length)
{
    const off_t at = journal_is_on() ? lseek(fd, 0, SEEK_CUR) : -1;
    const ssize_t wrote = __real_write(fd, bytes, length);
    if (wrote > 0 && at >= 0)
        journal_note_data(ACT_WRITE, fd, bytes, (size_t)wrote, (uint64_t)at);
    return wrote;
}

ssize_t __real_pwrite64(int fd, const void *bytes, size_t length, off_t offset);
ssize_t __wrap_pwrite64(int fd, const void *bytes, size_t length, off_t offset);
ssize_t __wrap_pwrite64(int fd, const void *bytes, size_t length, off_t offset)
{
    const ssize_t wrote = __real_pwrite64(fd, bytes, length, offset);
    if (wrote > 0)
        journal_note_data(ACT_WRITE, fd, bytes, (size_t)wrote, (uint64_t)offset);
    return wrote;
}

int __real_ftruncate64(int fd, off_t length);
int __wrap_ftruncate64(int fd, off_t length);
int __wrap_ftruncate64(int fd, off_t length)
{
    const int result = __real_ftruncate64(fd, length);
    if (result == 0)
        journal_note_data(ACT_TRUNCATE, fd, NULL, 0, (uint64_t)length);
    return result;
}

/* The disk of these tests is this memory: nothing waits for the real one. */

int __wrap_fdatasync(int fd);
int __wrap_fdatasync(int fd)
{
    if (fails(POWER_CALL_SYNC, fd))
        return -1;
    journal_note_data(ACT_SYNC, fd, NULL, 0, 0);
    return 0;
}

int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
    journal_note_data(ACT_SYNC, fd, NULL, 0, 0);
    return 0;
}

int __wrap_syncfs(int fd);
int __wrap_syncfs(int fd)
{
    journal_note_data(ACT_SYNC_ALL, fd, NULL, 0, 0);
    return 0;
}
