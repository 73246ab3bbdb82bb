#include "payload.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    random_fill(&random.source, payload->noise, PAYLOAD_PERIOD);
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

void payload_make_torrent(struct payload *payload, const char *name, const char *path)
{
    struct buffer info;
    uint8_t hash[20];
    buffer_init(&info, 64u << 20);
    must(buffer_printf(&info,
                       "d6:lengthi%llue4:name%zu:%s12:piece lengthi%ue6:pieces%zu:",
                       (unsigned long long)payload->bytes, strlen(name), name,
                       payload->piece_bytes, (size_t)payload->pieces * sizeof hash));
    for (uint32_t piece = 0; piece < payload->pieces; piece++) {
        payload_piece_hash(payload, piece, hash);
        must(buffer_append(&info, hash, sizeof hash));
    }
    must(buffer_append_text(&info, "e"));
    digest_sha1(info.bytes, info.length, payload->info_hash);
    if (path != NULL)
        write_file(path, &info);
    buffer_done(&info);
}
