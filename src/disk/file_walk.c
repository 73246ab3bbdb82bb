#include "disk/file_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool may_name(const char *name, size_t length)
{
    return length > 0 && !(length == 1 && name[0] == '.') &&
           !(length == 2 && name[0] == '.' && name[1] == '.');
}

/* O_PATH: a directory need not be readable to be walked. */
static int step(int dir_fd, const char *name, bool create)
{
    const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    struct stat status;
    int fd = openat(dir_fd, name, flags);
    if (fd < 0 && errno == ENOENT && create &&
        (mkdirat(dir_fd, name, 0777) == 0 || errno == EEXIST))
        fd = openat(dir_fd, name, flags);
    if (fd < 0 && errno == ENOTDIR)
        errno = fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
                        S_ISLNK(status.st_mode)
                    ? ELOOP
                    : ENOTDIR;
    return fd;
}

int file_walk_parent(int dir_fd, const char *path, bool create, const char **ret_name)
{
    char name[NAME_MAX + 1];
    int fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 0);
    for (const char *slash; fd >= 0 && (slash = strchr(path, '/')) != NULL;
         path = slash + 1) {
        const size_t length = (size_t)(slash - path);
        if (length >= sizeof name || !may_name(path, length)) {
            close(fd);
            errno = length >= sizeof name ? ENAMETOOLONG : EINVAL;
            return -1;
        }
        memcpy(name, path, length);
        name[length] = '\0';
        const int next = step(fd, name, create);
        const int saved = errno;
        close(fd);
        errno = saved;
        fd = next;
    }
    if (fd >= 0 && !may_name(path, strlen(path))) {
        close(fd);
        errno = EINVAL;
        return -1;
    }
    *ret_name = path;
    return fd;
}

/* O_NONBLOCK is for the opening alone: a FIFO or a device must not hold us there. */
static int only_regular(int fd)
{
    struct stat status;
    if (fd < 0)
        return -1;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK) == 0)
        return fd;
    close(fd);
    errno = EISDIR; /* a directory, FIFO, device … stands in the way */
    return -1;
}

int file_walk_open(int dir_fd, const char *path, enum file_walk_way way)
{
    const int ways[] = {O_RDONLY, O_RDWR, O_RDWR | O_CREAT};
    const int flags = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
    const char *name;
    const int parent = file_walk_parent(dir_fd, path, way == FILE_WALK_MAKE, &name);
    if (parent < 0)
        return -1;
    const int fd = only_regular(openat(parent, name, flags | ways[way], 0666));
    const int saved = errno;
    close(parent);
    errno = saved;
    return fd;
}

void file_walk_sync_parent(const char *path)
{
    char parent[PATH_MAX];
    const int length = snprintf(parent, sizeof parent, "%s/..", path);
    if (length < 0 || (size_t)length >= sizeof parent)
        return;
    const int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

int file_walk_make_dirs(const char *path)
{
    char part[PATH_MAX];
    const size_t length = strlen(path);
    if (length == 0 || length >= sizeof part) {
        errno = length == 0 ? ENOENT : ENAMETOOLONG;
        return -1;
    }
    memcpy(part, path, length + 1);
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        part[i] = '\0';
        /* Parents that cannot be made may be there all the same: the last one decides. */
        const bool made = mkdir(part, 0777) == 0;
        if (!made && errno != EEXIST && path[i] == '\0')
            return -1;
        if (made)
            file_walk_sync_parent(part);
        part[i] = path[i];
    }
    return 0;
}
