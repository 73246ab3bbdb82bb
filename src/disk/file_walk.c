#include "disk/file_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int step(int dir_fd, const char *name, bool create)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(dir_fd, name, flags);
    if (fd < 0 && errno == ENOENT && create &&
        (mkdirat(dir_fd, name, 0777) == 0 || errno == EEXIST))
        fd = openat(dir_fd, name, flags);
    return fd;
}

int file_walk_parent(int dir_fd, const char *path, bool create, const char **ret_name)
{
    char name[NAME_MAX + 1];
    int fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 0);
    for (const char *slash; fd >= 0 && (slash = strchr(path, '/')) != NULL;
         path = slash + 1) {
        const size_t length = (size_t)(slash - path);
        if (length >= sizeof name) {
            close(fd);
            errno = ENAMETOOLONG;
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
    *ret_name = path;
    return fd;
}

int file_walk_open(int dir_fd, const char *path, bool create)
{
    const char *name;
    struct stat status;
    const int parent = file_walk_parent(dir_fd, path, create, &name);
    if (parent < 0)
        return -1;
    int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
    int fd = openat(parent, name, flags | (create ? O_CREAT : 0), 0666);
    if (fd < 0 && !create && (errno == EACCES || errno == EROFS))
        fd = openat(parent, name,
                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    int saved = errno;
    close(parent);
    if (fd >= 0 && (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))) {
        close(fd);
        fd = -1;
        saved = EISDIR; /* a directory, FIFO, device … stands in the way */
    }
    errno = saved;
    return fd;
}
