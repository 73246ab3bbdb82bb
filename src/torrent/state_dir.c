#include "torrent/state_dir.h"

#include "base/i18n.h"
#include "disk/file_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int make_parents(const char *path)
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
        if (mkdir(part, 0700) == 0)
            file_walk_sync_parent(part);
        else if (errno != EEXIST && errno != EROFS && errno != EISDIR &&
                 (errno != EACCES || path[i] == '\0'))
            return -1;
        part[i] = path[i];
    }
    return 0;
}

static void holder_pid(int lock_fd, char ret_text[32])
{
    const ssize_t got = pread(lock_fd, ret_text, 31, 0);
    ret_text[got > 0 ? got : 0] = '\0';
    ret_text[strspn(ret_text, "0123456789")] = '\0';
}

static enum error_code take_lock(struct state_dir *dir, char *message,
                                 size_t message_size)
{
    dir->lock_fd =
        openat(dir->fd, "lock",
               O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
    if (dir->lock_fd < 0 && (errno == EROFS || errno == EACCES)) {
        dir->read_only = true; /* runs without keeping anything */
        return ERROR_NONE;
    }
    if (dir->lock_fd < 0) {
        snprintf(message, message_size, _("%s/lock: %s"), dir->path, strerror(errno));
        return error_from_errno(errno);
    }
    if (flock(dir->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        char pid[32];
        if (errno != EWOULDBLOCK)
            return ERROR_NONE; /* a file system without locks: go on unguarded */
        holder_pid(dir->lock_fd, pid);
        if (pid[0] == '\0')
            strcpy(pid, "?");
        snprintf(message, message_size,
                 _("another bttui (process %s) uses %s; end it, or give this one its own "
                   "--state-dir"),
                 pid, dir->path);
        return ERROR_EXISTS;
    }
    dir->locked = true;
    char text[32];
    const int length = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(dir->lock_fd, 0) != 0 ||
        pwrite(dir->lock_fd, text, (size_t)length, 0) != length)
        dir->read_only = false; /* the number only serves messages */
    return ERROR_NONE;
}

static enum error_code check_mode(struct state_dir *dir, char *message,
                                  size_t message_size)
{
    struct stat status;
    if (fstat(dir->fd, &status) != 0)
        return error_from_errno(errno);
    if ((status.st_mode & S_IWOTH) == 0)
        return ERROR_NONE;
    snprintf(
        message, message_size,
        _("%s may be written to by everybody: make it yours alone (chmod 700), or give "
          "another --state-dir"),
        dir->path);
    return ERROR_ACCESS;
}

/* What a kill left half written (disk/state_file.h: beside the file, until it is whole).
 * Without the lock it may be somebody's who is at it. */
static void sweep(const struct state_dir *dir, const char *name)
{
    const int fd = openat(dir->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *entries = fd >= 0 ? fdopendir(fd) : NULL;
    if (entries == NULL) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        const size_t length = strlen(entry->d_name);
        if (length > 4 && strcmp(entry->d_name + length - 4, ".new") == 0)
            unlinkat(fd, entry->d_name, 0);
    }
    closedir(entries);
}

static enum error_code open_dir(const char *path, struct state_dir *ret_dir,
                                char *message, size_t message_size)
{
    struct state_dir dir = {.fd = -1, .lock_fd = -1};
    enum error_code error = ERROR_NONE;
    if (make_parents(path) == 0)
        dir.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir.fd < 0) {
        snprintf(message, message_size, _("cannot use the state directory %s: %s"), path,
                 strerror(errno));
        return error_from_errno(errno);
    }
    dir.path = realpath(path, NULL);
    if (dir.path == NULL)
        error = ERROR_MEMORY;
    if (error == ERROR_NONE)
        error = check_mode(&dir, message, message_size);
    if (error == ERROR_NONE)
        error = take_lock(&dir, message, message_size);
    if (error != ERROR_NONE) {
        state_dir_close(&dir);
        return error;
    }
    if (!dir.read_only && ((mkdirat(dir.fd, "torrents", 0700) != 0 && errno != EEXIST) ||
                           (mkdirat(dir.fd, "resume", 0700) != 0 && errno != EEXIST)))
        dir.read_only = true;
    if (!dir.read_only && fsync(dir.fd) != 0) /* the new directories */
        dir.read_only = errno == EROFS;
    if (dir.locked && !dir.read_only) {
        sweep(&dir, "torrents");
        sweep(&dir, "resume");
    }
    *ret_dir = dir;
    return ERROR_NONE;
}

enum error_code state_dir_open(const char *path, struct state_dir *ret_dir, char *message,
                               size_t message_size)
{
    const mode_t mask = umask(077); /* the user's is for the user's own files (S28) */
    const enum error_code error = open_dir(path, ret_dir, message, message_size);
    umask(mask);
    return error;
}

void state_dir_close(struct state_dir *dir)
{
    if (dir->lock_fd >= 0)
        close(dir->lock_fd);
    if (dir->fd >= 0)
        close(dir->fd);
    free(dir->path);
    *dir = (struct state_dir){.fd = -1, .lock_fd = -1};
}
