/* Where the configuration file lies, and its bytes. */
#include "app/conf.h"
#include "app/options_private.h"
#include "base/i18n.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *conf_path(const struct options *options)
{
    const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    char *path = NULL;
    if (options->config != NULL)
        return strdup(options->config);
    if (base != NULL && base[0] == '/') {
        if (asprintf(&path, "%s/bttui/bttui.conf", base) < 0)
            return NULL;
    } else if (home != NULL && home[0] == '/') {
        if (asprintf(&path, "%s/.config/bttui/bttui.conf", home) < 0)
            return NULL;
    } else {
        return strdup("");
    }
    return path;
}

static bool complain(const char *path, const char *what, char *message)
{
    char name[OPTION_SHOWN_SIZE];
    snprintf(message, CONF_MESSAGE_SIZE, "%s: %s", option_shown(path, name), what);
    return false;
}

/* The sandbox knows files of the start; access() asks about permissions only. */
static void complain_of_opening(const char *path, char *message)
{
    const int error = errno;
    if (error == EACCES && access(path, R_OK) == 0)
        complain(path,
                 _("it was not there when bttui started, and the sandbox keeps it out; "
                   "start bttui again"),
                 message);
    else
        complain(path, strerror(error), message);
}

/* All of FD, with room for one byte more; it may have grown since it was measured. */
static bool read_bytes(int fd, const char *path, char **ret_bytes, size_t *ret_length,
                       char *message)
{
    size_t length = 0;
    char *bytes = malloc(CONF_BYTES_MAX + 1);
    if (bytes == NULL)
        return complain(path, error_text(ERROR_MEMORY), message);
    while (length <= CONF_BYTES_MAX) {
        const ssize_t got = read(fd, bytes + length, CONF_BYTES_MAX + 1 - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            *ret_bytes = bytes;
            *ret_length = length;
            if (got == 0)
                return true;
            complain(path, strerror(errno), message);
            break;
        }
        length += (size_t)got;
    }
    if (length > CONF_BYTES_MAX)
        complain(path, _("too large for a configuration file (limit: 1 MiB)"), message);
    free(bytes);
    return false;
}

bool conf_load(const char *path, bool named, struct conf *ret_conf,
               char message[CONF_MESSAGE_SIZE])
{
    struct stat status;
    char *bytes;
    size_t length;
    bool fine = false;
    if (path[0] == '\0' || strcmp(path, "/dev/null") == 0) {
        *ret_conf = (struct conf){0};
        return true;
    }
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 && !named && (errno == ENOENT || errno == ENOTDIR)) {
        *ret_conf = (struct conf){0};
        return true;
    }
    if (fd < 0)
        complain_of_opening(path, message);
    else if (fstat(fd, &status) != 0)
        complain(path, strerror(errno), message);
    else if (S_ISDIR(status.st_mode))
        complain(path, _("is a directory"), message);
    else if (!S_ISREG(status.st_mode))
        complain(path, error_text(ERROR_NOT_REGULAR), message);
    else
        fine = read_bytes(fd, path, &bytes, &length, message) &&
               conf_read(bytes, length, path, ret_conf, message);
    if (fd >= 0)
        close(fd);
    return fine;
}
