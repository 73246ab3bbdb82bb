#include "payload.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/digest.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void must(enum error_code error)
{
    if (error != ERROR_NONE) {
        fprintf(stderr, "bench: %s\n", error_text(error));
        exit(1);
    }
}

void payload_init(struct payload *payload, uint64_t bytes, uint32_t piece_bytes)
{
    struct random_seeded random;
    memset(payload, 0, sizeof *payload);
    payload->bytes = bytes;
    payload->piece_bytes = piece_bytes;
    payload->pieces = (uint32_t)((bytes + piece_bytes - 1) / piece_bytes);
    payload->noise = malloc(PAYLOAD_PERIOD + BLOCK);
    if (payload->noise == NULL)
        must(ERROR_MEMORY);
    random_seeded_init(&random, 1);
    random_fill(&random.source, payload->noise,
                bytes < PAYLOAD_PERIOD ? (size_t)bytes : PAYLOAD_PERIOD);
    memcpy(payload->noise + PAYLOAD_PERIOD, payload->noise, BLOCK);
}

const uint8_t *payload_at(const struct payload *payload, uint64_t offset)
{
    return payload->noise + offset % PAYLOAD_PERIOD;
}

void payload_piece_hash(const struct payload *payload, uint32_t piece, uint8_t hash[20])
{
    const uint64_t begin = (uint64_t)piece * payload->piece_bytes;
    uint64_t length = payload->bytes - begin;
    if (length > payload->piece_bytes)
        length = payload->piece_bytes;
    digest_sha1(payload_at(payload, begin), (size_t)length, hash);
}

static void write_file(const char *path, const struct buffer *info)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL || fputs("d4:info", file) < 0 ||
        fwrite(info->bytes, 1, info->length, file) != info->length ||
        fputs("e", file) < 0 || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
}

/* Whole pieces repeat themselves, and so do their hashes. */
static void append_hashes(const struct payload *payload, struct buffer *info)
{
    const uint32_t period = PAYLOAD_PERIOD / payload->piece_bytes;
    const size_t first = info->length;
    uint8_t hash[SHA1_BYTES];
    must(buffer_reserve(info, (size_t)payload->pieces * sizeof hash));
    for (uint32_t piece = 0; piece < payload->pieces; piece++) {
        if (piece < period || piece == payload->pieces - 1)
            payload_piece_hash(payload, piece, hash);
        else
            memcpy(hash, info->bytes + first + (piece - period) * sizeof hash,
                   sizeof hash);
        must(buffer_append(info, hash, sizeof hash));
    }
}

void payload_make_torrent(struct payload *payload, const char *name, const char *path)
{
    struct buffer info;
    buffer_init(&info, 64u << 20);
    must(buffer_printf(&info,
                       "d6:lengthi%llue4:name%zu:%s12:piece lengthi%ue6:pieces%zu:",
                       (unsigned long long)payload->bytes, strlen(name), name,
                       payload->piece_bytes, (size_t)payload->pieces * SHA1_BYTES));
    append_hashes(payload, &info);
    must(buffer_append_text(&info, "e"));
    digest_sha1(info.bytes, info.length, payload->info_hash);
    if (path != NULL)
        write_file(path, &info);
    buffer_done(&info);
}

void payload_write(const struct payload *payload, const char *path)
{
    const int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0666);
    for (uint64_t at = 0; fd >= 0 && at < payload->bytes;) {
        const uint64_t left = payload->bytes - at;
        const size_t part = left < PAYLOAD_PERIOD ? (size_t)left : PAYLOAD_PERIOD;
        const ssize_t wrote = pwrite(fd, payload->noise, part, (off_t)at);
        if (wrote != (ssize_t)part)
            break;
        at += part;
    }
    if (fd < 0 || lseek(fd, 0, SEEK_END) != (off_t)payload->bytes || close(fd) < 0) {
        perror(path);
        exit(1);
    }
}
