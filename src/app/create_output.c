/* The torrent file that `bttui create` makes: written aside, then given its name. */
#include "app/create_private.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h> /* RENAME_NOREPLACE, where the C library has it not */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ASIDE_SIZE  32
#define ASIDE_TRIES 10

static enum exit_status complain(const struct create_output *output,
                                 enum exit_status status, const char *what)
{
    char shown[512];
    text_clean(text_untrusted(output->path), 200, shown, sizeof shown);
    fprintf(stderr, "bttui: %s: %s\n", shown, what);
    return status;
}

/* ---- before ---- */

static bool set_path(struct create_output *output, const char *given, const char *name)
{
    const size_t size = strlen(given != NULL ? given : name) + sizeof ".torrent";
    output->path = malloc(size);
    if (output->path == NULL)
        return false;
    snprintf(output->path, size, "%s%s", given != NULL ? given : name,
             given != NULL ? "" : ".torrent");
    const char *slash = strrchr(output->path, '/');
    output->name = slash != NULL ? slash + 1 : output->path;
    output->dir = slash != NULL
                      ? strndup(output->path, (size_t)(slash - output->path) + 1)
                      : strdup(".");
    return output->dir != NULL;
}

static enum exit_status look_at(struct create_output *output, bool force)
{
    struct stat status;
    if (output->name[0] == '\0')
        return complain(output, EXIT_STATUS_USAGE, _("is a directory"));
    if (fstatat(output->dir_fd, output->name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? EXIT_STATUS_OK
                               : complain(output, EXIT_STATUS_FAILED, strerror(errno));
    if (S_ISDIR(status.st_mode))
        return complain(output, EXIT_STATUS_USAGE, _("is a directory"));
    if (!force)
        return complain(output, EXIT_STATUS_USAGE,
                        _("is there already; --force replaces it"));
    if (!S_ISREG(status.st_mode))
        return complain(output, EXIT_STATUS_USAGE, _("not a regular file"));
    output->is_there = true;
    output->device = status.st_dev;
    output->inode = status.st_ino;
    return EXIT_STATUS_OK;
}

enum exit_status create_output_open(struct create *create)
{
    struct create_output *output = &create->output;
    output->dir_fd = -1;
    if (!set_path(output, create->options->create.output, create->name)) {
        fprintf(stderr, "bttui: %s\n", error_text(ERROR_MEMORY));
        return EXIT_STATUS_FAILED;
    }
    output->dir_fd = open(output->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (output->dir_fd < 0)
        return complain(output, EXIT_STATUS_FAILED, strerror(errno));
    const enum exit_status status = look_at(output, create->options->create.force);
    if (status == EXIT_STATUS_OK && faccessat(output->dir_fd, ".", W_OK | X_OK, 0) != 0)
        return complain(output, EXIT_STATUS_FAILED, strerror(errno));
    return status;
}

void create_output_close(struct create_output *output)
{
    if (output->dir_fd >= 0)
        close(output->dir_fd);
    free(output->path);
    free(output->dir);
}

/* ---- writing ---- */

static int write_all(int fd, const uint8_t *bytes, size_t length)
{
    while (length > 0) {
        const ssize_t wrote = write(fd, bytes, length);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return wrote < 0 ? errno : ENOSPC;
        bytes += wrote;
        length -= (size_t)wrote;
    }
    return 0;
}

static int open_aside(const struct create_output *output, char ret_aside[ASIDE_SIZE])
{
    int fd = -1;
    for (int i = 0; i < ASIDE_TRIES && fd < 0; i++) {
        snprintf(ret_aside, ASIDE_SIZE, ".bttui-%08x.new", random_u32(&random_system));
        fd = openat(output->dir_fd, ret_aside,
                    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    return fd;
}

static int write_aside(const struct create_output *output, const struct buffer *torrent,
                       char ret_aside[ASIDE_SIZE])
{
    const int fd = open_aside(output, ret_aside);
    if (fd < 0)
        return errno;
    int error = write_all(fd, torrent->bytes, torrent->length);
    if (error == 0 && fsync(fd) != 0)
        error = errno;
    if (close(fd) != 0 && error == 0)
        error = errno;
    if (error != 0)
        unlinkat(output->dir_fd, ret_aside, 0);
    return error;
}

/* What came there meanwhile is not replaced, by the system's promise where it has one. */
static int rename_beside(const struct create_output *output, const char *aside)
{
    struct stat status;
    const int fd = output->dir_fd;
    if (syscall(SYS_renameat2, fd, aside, fd, output->name, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return errno;
    if (fstatat(fd, output->name, &status, AT_SYMLINK_NOFOLLOW) == 0)
        return EEXIST;
    return renameat(fd, aside, fd, output->name) == 0 ? 0 : errno;
}

static int put_in_place(const struct create_output *output, const char *aside,
                        bool replace)
{
    int error = 0;
    if (!replace)
        error = rename_beside(output, aside);
    else if (renameat(output->dir_fd, aside, output->dir_fd, output->name) != 0)
        error = errno;
    if (error != 0)
        unlinkat(output->dir_fd, aside, 0);
    else
        (void)fsync(output->dir_fd); /* as far as that can be had */
    return error;
}

enum exit_status create_output_write(const struct create *create,
                                     const struct buffer *torrent)
{
    char aside[ASIDE_SIZE];
    const struct create_output *output = &create->output;
    int error = write_aside(output, torrent, aside);
    if (error == 0)
        error = put_in_place(output, aside, create->options->create.force);
    if (error == EEXIST)
        return complain(output, EXIT_STATUS_USAGE,
                        _("is there already; --force replaces it"));
    return error == 0 ? EXIT_STATUS_OK
                      : complain(output, EXIT_STATUS_FAILED, strerror(error));
}
