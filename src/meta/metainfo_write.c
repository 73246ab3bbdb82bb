#include "meta/metainfo_write.h"

#include "meta/bencode.h"

#include <string.h>

#define GOOD_PIECES       2000u
#define MANY_PIECES       1000000u /* their hashes are 20 MB */
#define USUAL_PIECE_BYTES (UINT32_C(16) << 20)

/* The first error stays; what comes after it is not written. */
struct writer {
    struct buffer *buffer;
    enum error_code error;
};

static void put_mark(struct writer *writer, char mark)
{
    if (writer->error == ERROR_NONE)
        writer->error = buffer_append_u8(writer->buffer, (uint8_t)mark);
}

static void put_bytes(struct writer *writer, const void *bytes, size_t length)
{
    if (writer->error == ERROR_NONE)
        writer->error = bencode_put_string(writer->buffer, bytes, length);
}

static void put_text(struct writer *writer, const char *text)
{
    put_bytes(writer, text, strlen(text));
}

static void put_integer(struct writer *writer, const char *key, uint64_t value)
{
    put_text(writer, key);
    if (writer->error == ERROR_NONE)
        writer->error = bencode_put_integer(writer->buffer, (int64_t)value);
}

/* ---- info: keys in the order of their bytes ---- */

static void put_path(struct writer *writer, const char *path)
{
    put_text(writer, "path");
    put_mark(writer, 'l');
    for (;;) {
        const size_t part = strcspn(path, "/");
        put_bytes(writer, path, part);
        if (path[part] == '\0')
            break;
        path += part + 1;
    }
    put_mark(writer, 'e');
}

static void put_files(struct writer *writer, const struct metainfo_plan *plan)
{
    put_text(writer, "files");
    put_mark(writer, 'l');
    for (uint32_t i = 0; i < plan->file_count; i++) {
        put_mark(writer, 'd');
        put_integer(writer, "length", plan->files[i].length);
        put_path(writer, plan->files[i].path);
        put_mark(writer, 'e');
    }
    put_mark(writer, 'e');
}

static void put_pieces(struct writer *writer, const struct metainfo_plan *plan)
{
    const size_t length = (size_t)plan->piece_count * SHA1_BYTES;
    put_text(writer, "pieces");
    if (plan->piece_hashes != NULL) {
        put_bytes(writer, plan->piece_hashes, length);
        return;
    }
    if (writer->error == ERROR_NONE)
        writer->error = buffer_printf(writer->buffer, "%zu:", length);
    if (writer->error == ERROR_NONE)
        writer->error = buffer_reserve(writer->buffer, length);
    if (writer->error != ERROR_NONE)
        return;
    memset(writer->buffer->bytes + writer->buffer->length, 0, length);
    writer->buffer->length += length;
}

static void put_info(struct writer *writer, const struct metainfo_plan *plan)
{
    put_text(writer, "info");
    put_mark(writer, 'd');
    if (plan->multi_file)
        put_files(writer, plan);
    else
        put_integer(writer, "length", plan->files[0].length);
    put_text(writer, "name");
    put_text(writer, plan->name);
    put_integer(writer, "piece length", plan->piece_bytes);
    put_pieces(writer, plan);
    if (plan->is_private)
        put_integer(writer, "private", 1);
    if (plan->source != NULL) {
        put_text(writer, "source");
        put_text(writer, plan->source);
    }
    put_mark(writer, 'e');
}

/* ---- what stands around it ---- */

static void put_tiers(struct writer *writer, const struct metainfo_plan *plan)
{
    put_text(writer, "announce-list");
    put_mark(writer, 'l');
    for (uint32_t i = 0; i < plan->tracker_count; i++) {
        const uint32_t tier = plan->trackers[i].tier;
        if (i == 0 || tier != plan->trackers[i - 1].tier)
            put_mark(writer, 'l');
        put_text(writer, plan->trackers[i].url);
        if (i + 1 == plan->tracker_count || tier != plan->trackers[i + 1].tier)
            put_mark(writer, 'e');
    }
    put_mark(writer, 'e');
}

/* BEP 19: one stands alone, several in a list. */
static void put_webseeds(struct writer *writer, const struct metainfo_plan *plan)
{
    put_text(writer, "url-list");
    if (plan->webseed_count > 1)
        put_mark(writer, 'l');
    for (uint32_t i = 0; i < plan->webseed_count; i++)
        put_text(writer, plan->webseeds[i]);
    if (plan->webseed_count > 1)
        put_mark(writer, 'e');
}

enum error_code metainfo_write(const struct metainfo_plan *plan, struct buffer *buffer)
{
    struct writer writer = {buffer, ERROR_NONE};
    put_mark(&writer, 'd');
    if (plan->tracker_count > 0) {
        put_text(&writer, "announce");
        put_text(&writer, plan->trackers[0].url);
    }
    if (plan->tracker_count > 1)
        put_tiers(&writer, plan);
    if (plan->comment != NULL) {
        put_text(&writer, "comment");
        put_text(&writer, plan->comment);
    }
    if (plan->created_s >= 0)
        put_integer(&writer, "creation date", (uint64_t)plan->created_s);
    put_info(&writer, plan);
    if (plan->webseed_count > 0)
        put_webseeds(&writer, plan);
    put_mark(&writer, 'e');
    return writer.error;
}

/* ---- reading back ---- */

static bool is_file_as_planned(const struct metainfo *metainfo,
                               const struct metainfo_plan *plan, uint32_t file)
{
    const char *path = plan->multi_file ? plan->files[file].path : plan->name;
    return !metainfo->files[file].pad &&
           metainfo->files[file].length == plan->files[file].length &&
           strcmp(metainfo_file_path(metainfo, file), path) == 0;
}

static bool are_urls_as_planned(const struct metainfo *metainfo,
                                const struct metainfo_plan *plan)
{
    bool same = metainfo->tracker_count == plan->tracker_count &&
                metainfo->webseed_count == plan->webseed_count;
    for (uint32_t i = 0; same && i < plan->tracker_count; i++)
        same = metainfo->trackers[i].tier == plan->trackers[i].tier &&
               strcmp(metainfo->trackers[i].url, plan->trackers[i].url) == 0;
    for (uint32_t i = 0; same && i < plan->webseed_count; i++)
        same = strcmp(metainfo->webseeds[i], plan->webseeds[i]) == 0;
    return same;
}

static bool are_hashes_as_planned(const struct metainfo *metainfo,
                                  const struct metainfo_plan *plan)
{
    return metainfo->piece_bytes == plan->piece_bytes &&
           metainfo->piece_count == plan->piece_count &&
           (plan->piece_hashes == NULL ||
            memcmp(metainfo->piece_hashes, plan->piece_hashes,
                   (size_t)plan->piece_count * SHA1_BYTES) == 0);
}

bool metainfo_is_as_planned(const struct metainfo *metainfo,
                            const struct metainfo_plan *plan, uint32_t *ret_file)
{
    *ret_file = plan->file_count;
    if (metainfo->file_count != plan->file_count ||
        metainfo->multi_file != plan->multi_file ||
        strcmp(metainfo->name, plan->name) != 0)
        return false;
    for (uint32_t i = 0; i < plan->file_count; i++) {
        if (is_file_as_planned(metainfo, plan, i))
            continue;
        *ret_file = i;
        return false;
    }
    return metainfo->is_private == plan->is_private &&
           metainfo->created_s == (plan->created_s < 0 ? 0 : plan->created_s) &&
           strcmp(metainfo->comment, plan->comment != NULL ? plan->comment : "") == 0 &&
           are_urls_as_planned(metainfo, plan) && are_hashes_as_planned(metainfo, plan);
}

uint32_t metainfo_choose_piece_bytes(uint64_t total_bytes)
{
    uint32_t size = METAINFO_LEAST_PIECE_BYTES;
    while (size < USUAL_PIECE_BYTES && total_bytes > (uint64_t)GOOD_PIECES * size)
        size *= 2;
    while (size < METAINFO_MAX_PIECE_BYTES && total_bytes > (uint64_t)MANY_PIECES * size)
        size *= 2;
    return size;
}
