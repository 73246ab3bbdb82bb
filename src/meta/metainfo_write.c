#include "meta/metainfo_write.h"

#include "meta/bencode.h"
#include "meta/metainfo_write_private.h"

#include <stdio.h>
#include <string.h>

#define GOOD_PIECES       2000u
#define MANY_PIECES       1000000u /* their hashes are 20 MB */
#define USUAL_PIECE_BYTES (UINT32_C(16) << 20)

void writer_mark(struct writer *writer, char mark)
{
    if (writer->error == ERROR_NONE)
        writer->error = buffer_append_u8(writer->buffer, (uint8_t)mark);
}

void writer_bytes(struct writer *writer, const void *bytes, size_t length)
{
    if (writer->error == ERROR_NONE)
        writer->error = bencode_put_string(writer->buffer, bytes, length);
}

void writer_text(struct writer *writer, const char *text)
{
    writer_bytes(writer, text, strlen(text));
}

void writer_integer(struct writer *writer, const char *key, uint64_t value)
{
    writer_text(writer, key);
    if (writer->error == ERROR_NONE)
        writer->error = bencode_put_integer(writer->buffer, (int64_t)value);
}

/* ---- info: keys in the order of their bytes ---- */

static void put_path(struct writer *writer, const char *path)
{
    writer_text(writer, "path");
    writer_mark(writer, 'l');
    for (;;) {
        const size_t part = strcspn(path, "/");
        writer_bytes(writer, path, part);
        if (path[part] == '\0')
            break;
        path += part + 1;
    }
    writer_mark(writer, 'e');
}

/* BEP 47: so that the next file begins at a piece; the last one has it, too, where there
 * are several: so do others, and the info-hash is the same. */
static void put_padding(struct writer *writer, uint64_t length)
{
    char path[32];
    writer_mark(writer, 'd');
    writer_text(writer, "attr");
    writer_text(writer, "p");
    writer_integer(writer, "length", length);
    snprintf(path, sizeof path, ".pad/%llu", (unsigned long long)length);
    put_path(writer, path);
    writer_mark(writer, 'e');
}

static void put_files(struct writer *writer, const struct metainfo_plan *plan)
{
    writer_text(writer, "files");
    writer_mark(writer, 'l');
    for (uint32_t i = 0; i < plan->file_count; i++) {
        const uint64_t over = plan->files[i].length % plan->piece_bytes;
        writer_mark(writer, 'd');
        writer_integer(writer, "length", plan->files[i].length);
        put_path(writer, plan->files[i].path);
        writer_mark(writer, 'e');
        if (plan->format == METAINFO_HYBRID && over > 0 && plan->file_count > 1)
            put_padding(writer, plan->piece_bytes - over);
    }
    writer_mark(writer, 'e');
}

static void put_pieces(struct writer *writer, const struct metainfo_plan *plan)
{
    const size_t length = (size_t)plan->piece_count * SHA1_BYTES;
    writer_text(writer, "pieces");
    if (plan->piece_hashes != NULL) {
        writer_bytes(writer, plan->piece_hashes, length);
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
    const bool has_v1 = plan->format != METAINFO_V2, has_v2 = plan->format != METAINFO_V1;
    writer_text(writer, "info");
    writer_mark(writer, 'd');
    if (has_v2)
        writer_file_tree(writer, plan);
    if (has_v1 && plan->multi_file)
        put_files(writer, plan);
    else if (has_v1)
        writer_integer(writer, "length", plan->files[0].length);
    if (has_v2)
        writer_integer(writer, "meta version", 2);
    writer_text(writer, "name");
    writer_text(writer, plan->name);
    writer_integer(writer, "piece length", plan->piece_bytes);
    if (has_v1)
        put_pieces(writer, plan);
    if (plan->is_private)
        writer_integer(writer, "private", 1);
    if (plan->source != NULL) {
        writer_text(writer, "source");
        writer_text(writer, plan->source);
    }
    writer_mark(writer, 'e');
}

/* ---- what stands around it ---- */

static void put_tiers(struct writer *writer, const struct metainfo_plan *plan)
{
    writer_text(writer, "announce-list");
    writer_mark(writer, 'l');
    for (uint32_t i = 0; i < plan->tracker_count; i++) {
        const uint32_t tier = plan->trackers[i].tier;
        if (i == 0 || tier != plan->trackers[i - 1].tier)
            writer_mark(writer, 'l');
        writer_text(writer, plan->trackers[i].url);
        if (i + 1 == plan->tracker_count || tier != plan->trackers[i + 1].tier)
            writer_mark(writer, 'e');
    }
    writer_mark(writer, 'e');
}

static void put_trackers(struct writer *writer, const struct metainfo_plan *plan)
{
    if (plan->tracker_count > 0) {
        writer_text(writer, "announce");
        writer_text(writer, plan->trackers[0].url);
    }
    if (plan->tracker_count > 1)
        put_tiers(writer, plan);
}

/* BEP 19: one stands alone, several in a list. */
static void put_webseeds(struct writer *writer, const struct metainfo_plan *plan)
{
    writer_text(writer, "url-list");
    if (plan->webseed_count > 1)
        writer_mark(writer, 'l');
    for (uint32_t i = 0; i < plan->webseed_count; i++)
        writer_text(writer, plan->webseeds[i]);
    if (plan->webseed_count > 1)
        writer_mark(writer, 'e');
}

enum error_code metainfo_write(const struct metainfo_plan *plan, struct buffer *buffer)
{
    struct writer writer = {buffer, ERROR_NONE};
    writer_mark(&writer, 'd');
    put_trackers(&writer, plan);
    if (plan->comment != NULL) {
        writer_text(&writer, "comment");
        writer_text(&writer, plan->comment);
    }
    if (plan->created_s >= 0)
        writer_integer(&writer, "creation date", (uint64_t)plan->created_s);
    put_info(&writer, plan);
    if (plan->format != METAINFO_V1 && plan->piece_roots != NULL)
        writer_piece_layers(&writer, plan);
    if (plan->webseed_count > 0)
        put_webseeds(&writer, plan);
    writer_mark(&writer, 'e');
    return writer.error;
}

struct parts {
    const uint8_t *info;
    size_t info_bytes;
    const struct metainfo *metainfo; /* with ROOTS of its pieces; NULL: no layers */
    const uint8_t *roots;
};

static enum error_code write_parts(const struct metainfo *around,
                                   const struct parts *parts, struct buffer *buffer)
{
    struct writer writer = {buffer, ERROR_NONE};
    const struct metainfo_plan plan = {.trackers = around->trackers,
                                       .tracker_count = around->tracker_count,
                                       .webseeds = (const char *const *)around->webseeds,
                                       .webseed_count = around->webseed_count};
    writer_mark(&writer, 'd');
    put_trackers(&writer, &plan);
    writer_text(&writer, "info");
    if (writer.error == ERROR_NONE)
        writer.error = buffer_append(buffer, parts->info, parts->info_bytes);
    if (parts->metainfo != NULL)
        writer_layers_of(&writer, parts->metainfo, parts->roots);
    if (plan.webseed_count > 0)
        put_webseeds(&writer, &plan);
    writer_mark(&writer, 'e');
    return writer.error;
}

enum error_code metainfo_write_around(const struct metainfo *around, const uint8_t *info,
                                      size_t length, struct buffer *buffer)
{
    const struct parts parts = {info, length, NULL, NULL};
    return write_parts(around, &parts, buffer);
}

enum error_code metainfo_write_layered(const struct metainfo *around,
                                       const struct metainfo *metainfo,
                                       const uint8_t *roots, struct buffer *buffer)
{
    const struct parts parts = {metainfo->info, metainfo->info_bytes, metainfo, roots};
    return write_parts(around, &parts, buffer);
}

/* ---- reading back ---- */

static bool is_file_as_planned(const struct metainfo *metainfo, uint32_t number,
                               const struct metainfo_plan *plan, uint32_t planned)
{
    const char *path = plan->multi_file ? plan->files[planned].path : plan->name;
    return metainfo->files[number].length == plan->files[planned].length &&
           strcmp(metainfo_file_path(metainfo, number), path) == 0;
}

/* Padding is the hybrid's own. */
static uint32_t next_file(const struct metainfo *metainfo,
                          const struct metainfo_plan *plan, uint32_t number)
{
    while (plan->format == METAINFO_HYBRID && number < metainfo->file_count &&
           metainfo->files[number].pad)
        number++;
    return number;
}

/* The first that is not; file_count: all are. */
static uint32_t first_other_file(const struct metainfo *metainfo,
                                 const struct metainfo_plan *plan)
{
    uint32_t planned = 0, number = next_file(metainfo, plan, 0);
    for (; planned < plan->file_count && number < metainfo->file_count; planned++) {
        if (metainfo->files[number].pad ||
            !is_file_as_planned(metainfo, number, plan, planned))
            return planned;
        number = next_file(metainfo, plan, number + 1);
    }
    return planned;
}

static bool has_as_many_files(const struct metainfo *metainfo,
                              const struct metainfo_plan *plan)
{
    uint32_t count = 0;
    for (uint32_t i = next_file(metainfo, plan, 0); i < metainfo->file_count;
         i = next_file(metainfo, plan, i + 1))
        count++;
    return count == plan->file_count;
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
    const bool has_v1 = plan->format != METAINFO_V2, has_v2 = plan->format != METAINFO_V1;
    if (metainfo->piece_bytes != plan->piece_bytes ||
        metainfo->piece_count != plan->piece_count || metainfo->v2_only == has_v1 ||
        metainfo_has_v2(metainfo) != has_v2)
        return false;
    if (has_v1 && plan->piece_hashes != NULL &&
        memcmp(metainfo->piece_hashes, plan->piece_hashes,
               (size_t)plan->piece_count * SHA1_BYTES) != 0)
        return false;
    return !has_v2 || plan->piece_roots == NULL ||
           memcmp(metainfo->piece_roots, plan->piece_roots,
                  (size_t)plan->piece_count * SHA256_BYTES) == 0;
}

bool metainfo_is_as_planned(const struct metainfo *metainfo,
                            const struct metainfo_plan *plan, uint32_t *ret_file)
{
    *ret_file = plan->file_count;
    if (!has_as_many_files(metainfo, plan) || metainfo->multi_file != plan->multi_file ||
        strcmp(metainfo->name, plan->name) != 0)
        return false;
    *ret_file = first_other_file(metainfo, plan);
    return *ret_file == plan->file_count && metainfo->is_private == plan->is_private &&
           metainfo->created_s == (plan->created_s < 0 ? 0 : plan->created_s) &&
           strcmp(metainfo->comment, plan->comment != NULL ? plan->comment : "") == 0 &&
           are_urls_as_planned(metainfo, plan) && are_hashes_as_planned(metainfo, plan);
}

uint64_t metainfo_plan_pieces(const struct metainfo_plan *plan)
{
    uint64_t pieces = 0, bytes = 0;
    for (uint32_t i = 0; i < plan->file_count && pieces <= METAINFO_MAX_PIECES; i++) {
        bytes += plan->files[i].length;
        if (plan->format != METAINFO_V1) {
            pieces += (bytes + plan->piece_bytes - 1) / plan->piece_bytes;
            bytes = 0;
        }
    }
    return pieces + (bytes + plan->piece_bytes - 1) / plan->piece_bytes;
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
