#include "app/demo_data.h"

#include "base/digest.h"
#include "config.h"
#include "meta/bencode.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CREATED_S     INT64_C(1767225600) /* 2026-01-01: the same torrent at every start */
#define PATH_SIZE     512
#define WRITE_AT_ONCE ((size_t)64 << 10)

/* ---- content ---- */

static uint64_t file_bytes(const struct demo_file *file)
{
    return file->text != NULL ? strlen(file->text) : file->bytes;
}

uint64_t demo_data_bytes(const struct demo_torrent_plan *plan)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < plan->file_count; i++)
        bytes += file_bytes(&plan->files[i]);
    return bytes;
}

/* splitmix64's finaliser: a counter becomes noise, at any offset alike. */
static uint64_t mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static uint64_t name_key(const char *name)
{
    uint64_t key = 0;
    for (; *name != '\0'; name++)
        key = mix(key ^ (uint8_t)*name);
    return key;
}

static void fill_noise(uint64_t key, uint64_t offset, uint8_t *bytes, size_t length)
{
    while (length > 0) {
        const uint64_t word = mix(key ^ offset / 8);
        const size_t skip = offset % 8;
        const size_t part = length < 8 - skip ? length : 8 - skip;
        memcpy(bytes, (const uint8_t *)&word + skip, part);
        bytes += part;
        offset += part;
        length -= part;
    }
}

void demo_data_fill(const struct demo_torrent_plan *plan, uint64_t offset, uint8_t *bytes,
                    size_t length)
{
    const uint64_t key = name_key(plan->name);
    uint64_t begin = 0;
    fill_noise(key, offset, bytes, length);
    for (uint32_t i = 0; i < plan->file_count; i++) {
        const struct demo_file *file = &plan->files[i];
        const uint64_t end = begin + file_bytes(file);
        const uint64_t from = offset > begin ? offset : begin;
        const uint64_t to = offset + length < end ? offset + length : end;
        if (file->text != NULL && from < to)
            memcpy(bytes + (from - offset), file->text + (from - begin), to - from);
        begin = end;
    }
}

/* ---- the .torrent file ---- */

static enum error_code put_path(struct buffer *out, const char *path)
{
    enum error_code error = buffer_append_u8(out, 'l');
    while (error == ERROR_NONE) {
        const size_t length = strcspn(path, "/");
        error = bencode_put_string(out, path, length);
        if (path[length] == '\0')
            break;
        path += length + 1;
    }
    return error == ERROR_NONE ? buffer_append_u8(out, 'e') : error;
}

static enum error_code put_files(struct buffer *out, const struct demo_torrent_plan *plan)
{
    enum error_code error = bencode_put_text(out, "files");
    if (error == ERROR_NONE)
        error = buffer_append_u8(out, 'l');
    for (uint32_t i = 0; i < plan->file_count && error == ERROR_NONE; i++) {
        error = buffer_append_text(out, "d6:length");
        if (error == ERROR_NONE)
            error = bencode_put_integer(out, (int64_t)file_bytes(&plan->files[i]));
        if (error == ERROR_NONE)
            error = bencode_put_text(out, "path");
        if (error == ERROR_NONE)
            error = put_path(out, plan->files[i].path);
        if (error == ERROR_NONE)
            error = buffer_append_u8(out, 'e');
    }
    return error == ERROR_NONE ? buffer_append_u8(out, 'e') : error;
}

static enum error_code put_pieces(struct buffer *out,
                                  const struct demo_torrent_plan *plan)
{
    const uint64_t total = demo_data_bytes(plan);
    const uint64_t count = (total + plan->piece_bytes - 1) / plan->piece_bytes;
    uint8_t *piece = malloc(plan->piece_bytes);
    enum error_code error = piece != NULL ? ERROR_NONE : ERROR_MEMORY;
    if (error == ERROR_NONE)
        error =
            buffer_printf(out, "6:pieces%llu:", (unsigned long long)count * SHA1_BYTES);
    for (uint64_t at = 0; at < total && error == ERROR_NONE; at += plan->piece_bytes) {
        const uint64_t left = total - at;
        const size_t length =
            left < plan->piece_bytes ? (size_t)left : (size_t)plan->piece_bytes;
        uint8_t sha1[SHA1_BYTES];
        demo_data_fill(plan, at, piece, length);
        digest_sha1(piece, length, sha1);
        error = buffer_append(out, sha1, sizeof sha1);
    }
    free(piece);
    return error;
}

static enum error_code put_info(struct buffer *out, const struct demo_torrent_plan *plan)
{
    enum error_code error = buffer_append_text(out, "4:infod");
    if (error == ERROR_NONE)
        error = put_files(out, plan);
    if (error == ERROR_NONE)
        error = bencode_put_text(out, "name");
    if (error == ERROR_NONE)
        error = bencode_put_text(out, plan->name);
    if (error == ERROR_NONE)
        error = buffer_printf(out, "12:piece lengthi%ue", plan->piece_bytes);
    if (error == ERROR_NONE)
        error = put_pieces(out, plan);
    return error == ERROR_NONE ? buffer_append_text(out, "7:privatei1ee") : error;
}

enum error_code demo_data_metainfo(const struct demo_torrent_plan *plan,
                                   uint16_t tracker_port, struct buffer *torrent)
{
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%u/announce", tracker_port);
    enum error_code error = buffer_append_text(torrent, "d8:announce");
    if (error == ERROR_NONE)
        error = bencode_put_text(torrent, url);
    if (error == ERROR_NONE)
        error = bencode_put_text(torrent, "comment");
    if (error == ERROR_NONE)
        error = bencode_put_text(torrent, plan->comment);
    if (error == ERROR_NONE)
        error =
            buffer_printf(torrent, "10:created by%zu:%s13:creation datei%llde",
                          strlen(PACKAGE_STRING), PACKAGE_STRING, (long long)CREATED_S);
    if (error == ERROR_NONE)
        error = put_info(torrent, plan);
    return error == ERROR_NONE ? buffer_append_u8(torrent, 'e') : error;
}

/* ---- files ---- */

static bool has_piece(uint32_t seed, uint64_t piece, int percent)
{
    return mix((uint64_t)seed << 32 ^ piece) % 100 < (unsigned)percent;
}

static int open_file(const struct demo_torrent_plan *plan, const char *dir,
                     const char *below)
{
    char path[PATH_SIZE];
    const size_t root = strlen(dir);
    const int length = snprintf(path, sizeof path, "%s/%s/%s", dir, plan->name, below);
    if (length < 0 || (size_t)length >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    for (char *at = strchr(path + root + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
        *at = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return -1;
        *at = '/';
    }
    return open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static enum error_code write_all(int fd, const uint8_t *bytes, size_t length,
                                 uint64_t offset)
{
    while (length > 0) {
        const ssize_t wrote = pwrite(fd, bytes, length, (off_t)offset);
        if (wrote < 0 && errno != EINTR)
            return error_from_errno(errno);
        if (wrote > 0) {
            bytes += wrote;
            offset += (uint64_t)wrote;
            length -= (size_t)wrote;
        }
    }
    return ERROR_NONE;
}

/* The part of the file that lies in the pieces picked; BEGIN: its offset in the torrent.
 */
static enum error_code write_file(const struct demo_torrent_plan *plan, int fd,
                                  uint64_t begin, uint64_t end, int percent,
                                  uint32_t seed)
{
    uint8_t *bytes = malloc(WRITE_AT_ONCE);
    enum error_code error = bytes != NULL ? ERROR_NONE : ERROR_MEMORY;
    uint64_t at = begin;
    while (at < end && error == ERROR_NONE) {
        const uint64_t piece = at / plan->piece_bytes;
        const uint64_t piece_end = (piece + 1) * plan->piece_bytes;
        uint64_t to = piece_end < end ? piece_end : end;
        if (to - at > WRITE_AT_ONCE)
            to = at + WRITE_AT_ONCE;
        if (has_piece(seed, piece, percent)) {
            demo_data_fill(plan, at, bytes, (size_t)(to - at));
            error = write_all(fd, bytes, (size_t)(to - at), at - begin);
        }
        at = to;
    }
    free(bytes);
    return error;
}

enum error_code demo_data_write(const struct demo_torrent_plan *plan, const char *dir,
                                int percent, uint32_t seed)
{
    enum error_code error = ERROR_NONE;
    uint64_t begin = 0;
    for (uint32_t i = 0; i < plan->file_count && error == ERROR_NONE; i++) {
        const uint64_t end = begin + file_bytes(&plan->files[i]);
        const int fd = open_file(plan, dir, plan->files[i].path);
        if (fd < 0)
            return error_from_errno(errno);
        error = write_file(plan, fd, begin, end, percent, seed);
        if (close(fd) != 0 && error == ERROR_NONE)
            error = error_from_errno(errno);
        begin = end;
    }
    return error;
}
