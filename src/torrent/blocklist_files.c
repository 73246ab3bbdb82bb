/* Blocklists from files, plain or gzip, at the start: the one time when reading may
 * wait. */
#include "base/i18n.h"
#include "base/text.h"
#include "peer/blocklist.h"
#include "peer/peer_manager.h"
#include "torrent/session_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define BUFFER_BYTES   65536u
#define LINE_BYTES_MAX 4096u
#define FILE_BYTES_MAX (UINT64_C(512) << 20) /* unpacked */

/* What came of a file's lines so far. */
struct reading {
    struct blocklist *list;
    char line[LINE_BYTES_MAX];
    size_t length;
    bool too_long; /* the line: it is passed over */
    uint64_t bytes;
    uint32_t strange; /* lines */
};

static enum error_code end_line(struct reading *reading)
{
    enum error_code error = ERROR_INVALID;
    if (!reading->too_long)
        error = blocklist_add_line(reading->list, reading->line, reading->length);
    reading->strange += error == ERROR_INVALID;
    reading->length = 0;
    reading->too_long = false;
    return error == ERROR_INVALID ? ERROR_NONE : error;
}

static enum error_code take_bytes(struct reading *reading, const char *bytes,
                                  size_t length)
{
    enum error_code error = ERROR_NONE;
    reading->bytes += length;
    if (reading->bytes > FILE_BYTES_MAX)
        return ERROR_LIMIT;
    for (size_t i = 0; i < length && error == ERROR_NONE; i++) {
        if (bytes[i] == '\n')
            error = end_line(reading);
        else if (reading->length < LINE_BYTES_MAX)
            reading->line[reading->length++] = bytes[i];
        else
            reading->too_long = true;
    }
    return error;
}

static enum error_code read_all(gzFile file, struct reading *reading)
{
    char buffer[BUFFER_BYTES];
    enum error_code error = ERROR_NONE;
    int got = 0;
    while (error == ERROR_NONE && (got = gzread(file, buffer, sizeof buffer)) > 0)
        error = take_bytes(reading, buffer, (size_t)got);
    if (error != ERROR_NONE)
        return error;
    /* A file that was cut gives what it has, and then no error but at its end. */
    int zlib_error = Z_OK;
    gzerror(file, &zlib_error);
    if (got < 0 || zlib_error == Z_BUF_ERROR || zlib_error == Z_DATA_ERROR)
        return ERROR_CORRUPT;
    return reading->length > 0 || reading->too_long ? end_line(reading) : ERROR_NONE;
}

/* Regular files only: a FIFO in its place would hold the start up for ever. */
static gzFile open_file(const char *path, const char **ret_why)
{
    struct stat status;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    *ret_why = strerror(errno);
    if (fd < 0)
        return NULL;
    if (fstat(fd, &status) == 0 && !S_ISREG(status.st_mode)) {
        *ret_why = error_text(ERROR_NOT_REGULAR);
        close(fd);
        return NULL;
    }
    gzFile file = gzdopen(fd, "rb");
    *ret_why = error_text(ERROR_MEMORY);
    if (file == NULL)
        close(fd);
    return file;
}

static enum error_code read_file(struct session *session, const char *path,
                                 struct blocklist *list, const char **ret_why)
{
    gzFile file = open_file(path, ret_why);
    if (file == NULL)
        return ERROR_ACCESS;
    struct reading *reading = calloc(1, sizeof *reading);
    enum error_code error = ERROR_MEMORY;
    if (reading != NULL) {
        reading->list = list;
        error = read_all(file, reading);
        if (reading->strange > 0)
            log_write(session->log, LOG_LEVEL_WARNING,
                      "%s: %u lines are no ranges of addresses", path, reading->strange);
    }
    free(reading);
    gzclose(file);
    *ret_why = error_text(error);
    return error;
}

enum error_code session_read_blocklists(struct session *session, const char *const *paths,
                                        uint32_t count,
                                        char message[SESSION_MESSAGE_SIZE])
{
    struct blocklist *list = blocklist_new();
    const char *why = error_text(ERROR_MEMORY);
    enum error_code error = list == NULL ? ERROR_MEMORY : ERROR_NONE;
    const char *path = count > 0 ? paths[0] : "";
    for (uint32_t i = 0; i < count && error == ERROR_NONE; i++) {
        path = paths[i];
        error = read_file(session, path, list, &why);
    }
    if (error == ERROR_NONE) {
        blocklist_seal(list);
        if (blocklist_count(list) == 0) {
            error = ERROR_INVALID;
            why = _("it holds no range of addresses: .dat, .p2p and CIDR lines are "
                    "understood, and all that packed by gzip");
        }
    }
    if (error != ERROR_NONE) {
        char name[160];
        text_clean(text_untrusted(path), 150, name, sizeof name);
        snprintf(message, SESSION_MESSAGE_SIZE, "%s: %s", name, why);
        blocklist_free(list);
        return error;
    }
    log_write(session->log, LOG_LEVEL_INFO, "blocklist: %u ranges of addresses",
              blocklist_count(list));
    peer_shared_set_blocklist(session->peers, list);
    return ERROR_NONE;
}
