#include "app/demo_dir.h"

#include "base/i18n.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define PREFIX    "bttui-demo-"
#define STALE_MAX 64

static const char *base_dir(void)
{
    const char *base = getenv("TMPDIR");
    return base != NULL && base[0] != '\0' ? base : "/tmp";
}

/* ---- removing ---- */

static int remove_entry(const char *path, const struct stat *status, int kind,
                        struct FTW *at)
{
    (void)status;
    (void)at;
    /* Not remove(3): the sandbox refuses to unlink a directory before its kind is asked.
     */
    if (kind == FTW_DP || kind == FTW_D || kind == FTW_DNR)
        rmdir(path);
    else
        unlink(path);
    return 0; /* one that will not go must not keep the others */
}

/* With one descriptor, or with none if it is empty: the lack of them may be why it goes.
 */
static void remove_tree(const char *path)
{
    if (nftw(path, remove_entry, 1, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) != 0)
        rmdir(path);
}

/* The process named in it is dead, and nobody holds its lock: numbers are given to new
 * processes again, and containers count for themselves. */
static bool is_stale(const char *path, const char *name)
{
    char digits[16], lock[PATH_MAX + 8];
    struct stat status;
    uint64_t pid;
    const char *from = name + sizeof PREFIX - 1;
    const size_t length = strspn(from, "0123456789");
    if (length == 0 || length >= sizeof digits || from[length] != '-' ||
        strlen(from + length + 1) != 6)
        return false;
    memcpy(digits, from, length);
    digits[length] = '\0';
    if (!text_parse_u64(digits, 2, INT_MAX, &pid) || kill((pid_t)pid, 0) == 0 ||
        errno != ESRCH)
        return false;
    if (lstat(path, &status) != 0 || !S_ISDIR(status.st_mode) ||
        status.st_uid != geteuid() || (status.st_mode & 077) != 0)
        return false;
    snprintf(lock, sizeof lock, "%s/lock", path);
    const int fd = open(lock, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT;
    const bool free_now = flock(fd, LOCK_EX | LOCK_NB) == 0;
    close(fd);
    return free_now;
}

static void remove_stale(const char *base)
{
    char path[PATH_MAX];
    DIR *entries = opendir(base);
    const struct dirent *entry;
    int removed = 0;
    while (entries != NULL && removed < STALE_MAX && (entry = readdir(entries)) != NULL) {
        if (strncmp(entry->d_name, PREFIX, sizeof PREFIX - 1) != 0 ||
            (size_t)snprintf(path, sizeof path, "%s/%s", base, entry->d_name) >=
                sizeof path ||
            !is_stale(path, entry->d_name))
            continue;
        remove_tree(path);
        removed++;
    }
    if (entries != NULL)
        closedir(entries);
}

/* ---- making ---- */

static bool has_room(const char *path, uint64_t needed_bytes)
{
    struct statvfs status;
    if (statvfs(path, &status) != 0)
        return true; /* not known: writing will tell */
    return (uint64_t)status.f_bavail * status.f_frsize >= needed_bytes;
}

static enum error_code take_lock(struct demo_dir *dir)
{
    char lock[PATH_MAX + 8];
    snprintf(lock, sizeof lock, "%s/lock", dir->path);
    dir->lock_fd = open(lock, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (dir->lock_fd < 0)
        return error_from_errno(errno);
    /* A file system without locks: the process's number must do. */
    return flock(dir->lock_fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK
               ? ERROR_NONE
               : ERROR_EXISTS;
}

enum error_code demo_dir_make(struct demo_dir *ret_dir, uint64_t needed_bytes,
                              char *message, size_t message_size)
{
    const char *base = base_dir();
    char number[TEXT_NUMBER_SIZE];
    *ret_dir = (struct demo_dir){.lock_fd = -1};
    remove_stale(base);
    if (!has_room(base, needed_bytes)) {
        snprintf(message, message_size,
                 _("the demo needs %s of free space in %s; set TMPDIR to another place"),
                 text_bytes(needed_bytes, number), base);
        return ERROR_DISK_FULL;
    }
    const int length = snprintf(ret_dir->path, sizeof ret_dir->path, "%s/%s%ld-XXXXXX",
                                base, PREFIX, (long)getpid());
    enum error_code error = ERROR_NONE;
    if (length < 0 || (size_t)length >= sizeof ret_dir->path) {
        error = ERROR_LIMIT;
        ret_dir->path[0] = '\0';
    } else if (mkdtemp(ret_dir->path) == NULL) {
        error = error_from_errno(errno);
        ret_dir->path[0] = '\0';
    } else {
        error = take_lock(ret_dir);
    }
    if (error != ERROR_NONE) {
        snprintf(message, message_size, _("cannot make a directory in %s: %s"), base,
                 error_text(error));
        demo_dir_done(ret_dir);
    }
    return error;
}

enum error_code demo_dir_sub(const struct demo_dir *dir, const char *name, char *ret_path)
{
    const int length = snprintf(ret_path, PATH_MAX, "%s/%s", dir->path, name);
    if (length < 0 || length >= PATH_MAX)
        return ERROR_LIMIT;
    return mkdir(ret_path, 0700) == 0 ? ERROR_NONE : error_from_errno(errno);
}

void demo_dir_done(struct demo_dir *dir)
{
    if (dir->lock_fd >= 0)
        close(dir->lock_fd);
    if (dir->path[0] != '\0')
        remove_tree(dir->path);
    *dir = (struct demo_dir){.lock_fd = -1};
}
