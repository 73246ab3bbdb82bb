#include "disk/state_file_private.h"

#include "base/buffer.h"
#include "base/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* magic (8), version (4), length (8), SHA-1 of version, length and content (20) */
static const uint8_t magic[8] = {'b', 't', 't', 'u', 'i', '\r', '\n', 0x1a};
#define STATE_VERSION   1
#define NEWER_BYTES_MAX ((size_t)256 << 20)

static void image_digest(const uint8_t *header, const void *bytes, size_t length,
                         uint8_t ret_digest[SHA1_BYTES])
{
    uint8_t parts[12 + SHA1_BYTES];
    memcpy(parts, header + 8, 12);
    digest_sha1(bytes, length, parts + 12);
    digest_sha1(parts, sizeof parts, ret_digest);
}

void state_file_header(const void *bytes, size_t length,
                       uint8_t ret_header[STATE_FILE_HEADER_BYTES])
{
    memcpy(ret_header, magic, sizeof magic);
    be32_put(ret_header + 8, STATE_VERSION);
    be32_put(ret_header + 12, (uint32_t)((uint64_t)length >> 32));
    be32_put(ret_header + 16, (uint32_t)length);
    image_digest(ret_header, bytes, length, ret_header + 20);
}

enum error_code state_file_check(const uint8_t *image, size_t length,
                                 const uint8_t **ret_bytes, size_t *ret_length)
{
    uint8_t digest[SHA1_BYTES];
    if (length < STATE_FILE_HEADER_BYTES || memcmp(image, magic, sizeof magic) != 0)
        return ERROR_CORRUPT;
    const size_t content = length - STATE_FILE_HEADER_BYTES;
    if (((uint64_t)be32_get(image + 12) << 32 | be32_get(image + 16)) != content)
        return ERROR_CORRUPT;
    image_digest(image, image + STATE_FILE_HEADER_BYTES, content, digest);
    if (memcmp(digest, image + 20, sizeof digest) != 0)
        return ERROR_CORRUPT;
    if (be32_get(image + 8) > STATE_VERSION)
        return ERROR_UNSUPPORTED;
    *ret_bytes = image + STATE_FILE_HEADER_BYTES;
    *ret_length = content;
    return ERROR_NONE;
}

static enum error_code read_image(int dir_fd, const char *name, size_t max_bytes,
                                  uint8_t **ret_image, size_t *ret_length)
{
    struct stat status;
    const int fd =
        openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return error_from_errno(errno);
    enum error_code error = ERROR_CORRUPT;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
        (uint64_t)status.st_size <= (uint64_t)max_bytes + STATE_FILE_HEADER_BYTES) {
        const size_t length = (size_t)status.st_size;
        uint8_t *image = malloc(length + 1);
        error = image == NULL ? ERROR_MEMORY : ERROR_NONE;
        size_t got = 0;
        while (error == ERROR_NONE && got < length) {
            const ssize_t more = read(fd, image + got, length - got);
            if (more < 0 && errno == EINTR)
                continue;
            if (more <= 0)
                error = ERROR_CORRUPT;
            else
                got += (size_t)more;
        }
        if (error == ERROR_NONE) {
            *ret_image = image;
            *ret_length = length;
        } else {
            free(image);
        }
    }
    close(fd);
    return error;
}

static enum error_code load_one(int dir_fd, const char *name, size_t max_bytes,
                                uint8_t **ret_bytes, size_t *ret_length)
{
    uint8_t *image = NULL;
    const uint8_t *bytes;
    size_t length = 0;
    enum error_code error = read_image(dir_fd, name, max_bytes, &image, &length);
    if (error != ERROR_NONE)
        return error;
    error = state_file_check(image, length, &bytes, &length);
    if (error != ERROR_NONE) {
        free(image);
        return error;
    }
    memmove(image, bytes, length);
    *ret_bytes = image;
    *ret_length = length;
    return ERROR_NONE;
}

/* Only what looks newer at its first bytes is read whole to make sure. */
bool state_file_is_newer(int dir_fd, const char *name)
{
    uint8_t head[12] = {0}, *bytes;
    size_t length;
    const int fd =
        openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return false;
    const ssize_t got = read(fd, head, sizeof head);
    close(fd);
    return got == (ssize_t)sizeof head && memcmp(head, magic, sizeof magic) == 0 &&
           be32_get(head + 8) > STATE_VERSION &&
           load_one(dir_fd, name, NEWER_BYTES_MAX, &bytes, &length) == ERROR_UNSUPPORTED;
}

enum error_code state_file_load(int dir_fd, const char *name, size_t max_bytes,
                                uint8_t **ret_bytes, size_t *ret_length)
{
    char previous[NAME_MAX];
    const enum error_code error =
        load_one(dir_fd, name, max_bytes, ret_bytes, ret_length);
    if (error == ERROR_NONE || error == ERROR_UNSUPPORTED || error == ERROR_MEMORY)
        return error;
    snprintf(previous, sizeof previous, "%s.prev", name);
    const enum error_code second =
        load_one(dir_fd, previous, max_bytes, ret_bytes, ret_length);
    if (second == ERROR_NONE)
        return ERROR_NONE;
    return error == ERROR_NOT_FOUND && second == ERROR_NOT_FOUND ? ERROR_NOT_FOUND
                                                                 : ERROR_CORRUPT;
}

void state_file_remove(int dir_fd, const char *name)
{
    char previous[NAME_MAX];
    snprintf(previous, sizeof previous, "%s.prev", name);
    unlinkat(dir_fd, previous, 0);
    unlinkat(dir_fd, name, 0);
}
