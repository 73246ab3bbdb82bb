/* Any file is refused in words, or makes a record whose parts agree with each other. */
#include "base/text.h"
#include "meta/metainfo.h"
#include "meta/path_name.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void must(bool right)
{
    if (!right)
        abort();
}

/* Relative, without "." or ".." or empty components, no control character. */
static bool is_safe(const char *path)
{
    if (!text_is_valid_utf8(path, strlen(path)) || strlen(path) > PATH_BYTES)
        return false;
    for (const char *at = path;; at++) {
        const size_t part = strcspn(at, "/");
        if (part == 0 || (part == 1 && at[0] == '.') ||
            (part == 2 && at[0] == '.' && at[1] == '.'))
            return false;
        for (size_t i = 0; i < part; i++)
            if ((unsigned char)at[i] < 0x20 || at[i] == 0x7f)
                return false;
        at += part;
        if (*at == '\0')
            return true;
    }
}

static void look_at_files(const struct metainfo *metainfo)
{
    uint64_t offset = 0, payload = 0;
    for (uint32_t i = 0; i < metainfo->file_count; i++) {
        const struct metainfo_file *file = &metainfo->files[i];
        if (metainfo->v2_only && offset % metainfo->piece_bytes > 0)
            offset += metainfo->piece_bytes - offset % metainfo->piece_bytes;
        must(file->offset == offset && is_safe(file->path));
        must(metainfo_file_path(metainfo, i)[0] != '\0');
        if (file->length > 0)
            must(metainfo_file_at(metainfo, offset) == i);
        offset += file->length;
        payload += file->pad ? 0 : file->length;
    }
    must(payload == metainfo->payload_bytes && payload > 0);
    must(metainfo->v2_only ? (uint64_t)metainfo->piece_count * metainfo->piece_bytes ==
                                 metainfo->total_bytes
                           : offset == metainfo->total_bytes);
    must(metainfo->files[metainfo_file_at(metainfo, offset)].length > 0);
}

static void look_at_pieces(const struct metainfo *metainfo)
{
    uint64_t bytes = 0, fetched = 0;
    for (uint32_t i = 0; i < metainfo->piece_count; i++) {
        const uint32_t length = metainfo_piece_length(metainfo, i);
        const uint32_t tail =
            metainfo->tails == NULL
                ? length
                : piece_tails_find(metainfo->tails, metainfo->tail_count, i,
                                   metainfo->piece_bytes);
        must(tail > 0 && tail <= length && length <= metainfo->piece_bytes);
        bytes += length;
        fetched += tail;
    }
    must(fetched == metainfo_fetched_bytes(metainfo));
    must(bytes == (metainfo->v2_only ? metainfo->payload_bytes : metainfo->total_bytes));
    for (uint32_t i = 1; i < metainfo->tail_count; i++)
        must(metainfo->tails[i - 1].piece < metainfo->tails[i].piece);
}

static void look_at_roots(const struct metainfo *metainfo)
{
    uint32_t file;
    must((metainfo->piece_roots != NULL) == metainfo_has_v2(metainfo));
    must((metainfo->piece_hashes == NULL) == metainfo->v2_only);
    for (uint32_t i = 0; i < metainfo->file_count && metainfo_has_v2(metainfo); i++) {
        const uint8_t *root = metainfo->file_roots + (size_t)i * SHA256_BYTES;
        if (metainfo->files[i].length == 0 || metainfo->files[i].pad)
            continue;
        must(metainfo->files[i].offset % metainfo->piece_bytes == 0);
        must(metainfo_find_root(metainfo, root, &file) &&
             metainfo->files[file].length == metainfo->files[i].length);
    }
}

static void look_at(const struct metainfo *metainfo)
{
    look_at_files(metainfo);
    look_at_pieces(metainfo);
    look_at_roots(metainfo);
    for (uint32_t i = 0; i < metainfo->tracker_count; i++)
        must(metainfo_url_is_usable(metainfo->trackers[i].url,
                                    strlen(metainfo->trackers[i].url), true));
}

static void check_warnings(const struct metainfo *metainfo)
{
    for (unsigned bit = 1; bit != 0; bit <<= 1)
        if ((metainfo->warnings & bit) != 0)
            must(strcmp(metainfo_warning_text((enum metainfo_warning)bit), "?") != 0);
}

/* Made portable, the names are as safe as before, and are left alone by a second time. */
static void rename_all(struct metainfo *metainfo)
{
    struct metainfo_error error;
    const bool was_strict =
        metainfo_set_names(metainfo, METAINFO_NAMES_STRICT, &error) == ERROR_NONE;
    must(was_strict == (error.message[0] == '\0'));
    if (metainfo_set_names(metainfo, METAINFO_NAMES_PORTABLE, &error) != ERROR_NONE) {
        must(error.message[0] != '\0');
        return;
    }
    look_at(metainfo);
    const uint32_t renamed = metainfo->renamed_file;
    must(metainfo_set_names(metainfo, METAINFO_NAMES_PORTABLE, &error) == ERROR_NONE);
    must(metainfo->renamed_file == renamed);
    if (metainfo_set_names(metainfo, METAINFO_NAMES_STRICT, &error) == ERROR_NONE)
        must(was_strict && renamed == metainfo->file_count);
}

/* What lacks its piece layers and nothing else has files and pieces all the same. */
static void look_at_what_may_lack_layers(const uint8_t *bytes, size_t length)
{
    struct metainfo *metainfo;
    struct metainfo_error error;
    if (metainfo_parse_leniently(bytes, length, METAINFO_WITHOUT_LAYERS, &metainfo,
                                 &error) != ERROR_NONE)
        return;
    must(metainfo_has_v2(metainfo));
    look_at_files(metainfo);
    look_at_pieces(metainfo);
    metainfo_free(metainfo);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct metainfo *metainfo;
    struct metainfo_error error;
    if (metainfo_parse(bytes, length, &metainfo, &error) != ERROR_NONE) {
        must(error.message[0] != '\0');
        look_at_what_may_lack_layers(bytes, length);
        return 0;
    }
    look_at(metainfo);
    check_warnings(metainfo);
    rename_all(metainfo);
    metainfo_free(metainfo_ref(metainfo));
    metainfo_free(metainfo);
    return 0;
}
