/* A .torrent file into memory (HOSTILE.md T11, T48). */
#include "base/i18n.h"
#include "meta/metainfo_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum error_code read_all(int fd, size_t length, uint8_t **ret_bytes,
                                size_t *ret_length)
{
    uint8_t *bytes = malloc(length + 1);
    size_t got = 0;
    if (bytes == NULL)
        return ERROR_MEMORY;
    while (got < length) {
        const ssize_t more = read(fd, bytes + got, length - got);
        if (more < 0 && errno == EINTR)
            continue;
        if (more < 0) {
            free(bytes);
            return error_from_errno(errno);
        }
        if (more == 0)
            break; /* it became shorter: what is missing shows when it is parsed */
        got += (size_t)more;
    }
    *ret_bytes = bytes;
    *ret_length = got;
    return ERROR_NONE;
}

enum error_code metainfo_read_file(const char *path, uint8_t **ret_bytes,
                                   size_t *ret_length, struct metainfo_error *ret_error)
{
    struct stat status;
    enum error_code code = ERROR_NONE;
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 || fstat(fd, &status) != 0) {
        code = metainfo_fail(ret_error, error_from_errno(errno), "%s", strerror(errno));
    } else if (S_ISDIR(status.st_mode)) {
        code = metainfo_fail(ret_error, ERROR_NOT_REGULAR, _("is a directory"));
    } else if (!S_ISREG(status.st_mode)) {
        code = metainfo_fail(ret_error, ERROR_NOT_REGULAR, _("not a regular file"));
    } else if (status.st_size > (off_t)METAINFO_MAX_BYTES) {
        code =
            metainfo_fail(ret_error, ERROR_LIMIT,
                          _("%lld bytes is too large for a torrent file (limit: 32 MiB)"),
                          (long long)status.st_size);
    } else {
        code = read_all(fd, (size_t)status.st_size, ret_bytes, ret_length);
        if (code != ERROR_NONE)
            metainfo_fail(ret_error, code, "%s", error_text(code));
    }
    if (fd >= 0)
        close(fd);
    return code;
}
