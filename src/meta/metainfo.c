#include "meta/metainfo.h"

#include "base/i18n.h"
#include "base/merkle.h"
#include "meta/metainfo_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES_MAX 4096

enum error_code metainfo_fail(struct metainfo_error *error, enum error_code code,
                              const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    error->code = code;
    return code;
}

static enum error_code read_piece_bytes(struct metainfo *metainfo,
                                        struct bencode_value info,
                                        struct metainfo_error *error)
{
    int64_t piece_bytes;
    if (!bencode_get_integer(info, "piece length", &piece_bytes) || piece_bytes <= 0)
        return metainfo_fail(error, ERROR_RANGE,
                             _("piece length is missing or not a positive number"));
    if (piece_bytes > METAINFO_MAX_PIECE_BYTES)
        return metainfo_fail(error, ERROR_LIMIT, _("piece length: over 256 MiB"));
    if (metainfo_has_v2(metainfo) &&
        (piece_bytes < MERKLE_LEAF_BYTES || (piece_bytes & (piece_bytes - 1)) != 0))
        return metainfo_fail(error, ERROR_RANGE,
                             _("piece length: %lld is not a power of two of at least "
                               "16 KiB, as version 2 asks for"),
                             (long long)piece_bytes);
    metainfo->piece_bytes = (uint32_t)piece_bytes;
    return ERROR_NONE;
}

static enum error_code count_pieces(struct metainfo *metainfo,
                                    struct metainfo_error *error)
{
    const uint64_t wanted =
        (metainfo->total_bytes + metainfo->piece_bytes - 1) / metainfo->piece_bytes;
    if (wanted > METAINFO_MAX_PIECES)
        return metainfo_fail(error, ERROR_LIMIT, _("more than %u pieces"),
                             METAINFO_MAX_PIECES);
    metainfo->piece_count = (uint32_t)wanted;
    return ERROR_NONE;
}

static enum error_code read_pieces(struct metainfo *metainfo, struct bencode_value info,
                                   struct metainfo_error *error)
{
    const char *bytes;
    size_t length;
    if (!bencode_get_string(info, "pieces", &bytes, &length))
        return metainfo_fail(error, ERROR_MISSING,
                             _("pieces is missing or not a string"));
    if (length % SHA1_BYTES != 0)
        return metainfo_fail(error, ERROR_RANGE,
                             _("pieces: %zu bytes is not a multiple of 20"), length);
    const enum error_code code = count_pieces(metainfo, error);
    if (code != ERROR_NONE)
        return code;
    if (length / SHA1_BYTES != metainfo->piece_count)
        return metainfo_fail(error, ERROR_RANGE, _("pieces: %zu hashes for %llu pieces"),
                             length / SHA1_BYTES,
                             (unsigned long long)metainfo->piece_count);
    const uint8_t *span = bencode_span(info, &(size_t){0});
    metainfo->piece_hashes = metainfo->info + ((const uint8_t *)bytes - span);
    return ERROR_NONE;
}

static enum error_code keep_info(struct metainfo *metainfo, struct bencode_value info)
{
    size_t length;
    const uint8_t *bytes = bencode_span(info, &length);
    metainfo->info = malloc(length);
    if (metainfo->info == NULL)
        return ERROR_MEMORY;
    memcpy(metainfo->info, bytes, length);
    metainfo->info_bytes = length;
    return ERROR_NONE;
}

static char *copy_text(struct bencode_value dict, const char *key, const char *utf8_key)
{
    const char *bytes = "";
    size_t length = 0;
    if (metainfo_best_string(dict, key, utf8_key, &bytes, &length) &&
        length > TEXT_BYTES_MAX)
        length = TEXT_BYTES_MAX;
    char *text = calloc(1, length + 1);
    if (text != NULL)
        memcpy(text, bytes, length);
    return text;
}

/* Before all else: what a later version says may mean anything (BEP 52, T43). */
static enum error_code check_version(struct metainfo *metainfo, struct bencode_value info,
                                     struct metainfo_error *error)
{
    int64_t version = 1;
    const bool told = bencode_exists(bencode_get(info, "meta version"));
    const bool has_v1 = bencode_exists(bencode_get(info, "pieces")) ||
                        bencode_exists(bencode_get(info, "files")) ||
                        bencode_exists(bencode_get(info, "length"));
    const bool has_tree = bencode_exists(bencode_get(info, "file tree"));
    if (told && !bencode_get_integer(info, "meta version", &version))
        return metainfo_fail(error, ERROR_TYPE, _("meta version is not a number"));
    if (told && version != 1 && version != 2)
        return metainfo_fail(error, ERROR_UNSUPPORTED, _("unknown meta version %lld"),
                             (long long)version);
    if (version == 2 && !has_tree)
        return metainfo_fail(error, ERROR_MISSING,
                             _("it is of version 2, but there is no file tree in it"));
    if (version == 1 && has_tree && !has_v1)
        return metainfo_fail(error, ERROR_MISSING,
                             _("there is a file tree in it, but no meta version"));
    metainfo->hybrid = has_v1 && version == 2;
    metainfo->v2_only = !has_v1 && version == 2;
    return ERROR_NONE;
}

/* BEP 52: what is hashed must be the one way to write it (T7). */
static enum error_code check_order(struct bencode_value info,
                                   struct metainfo_error *error)
{
    if (bencode_is_sorted(info))
        return ERROR_NONE;
    return metainfo_fail(error, ERROR_KEY_ORDER,
                         _("info: its keys are not sorted, as version 2 asks for"));
}

static enum error_code read_v1(struct metainfo *metainfo, struct bencode_value info,
                               struct metainfo_error *error)
{
    enum error_code code = metainfo_read_files(metainfo, info, error);
    if (code == ERROR_NONE)
        code = read_piece_bytes(metainfo, info, error);
    if (code == ERROR_NONE)
        code = read_pieces(metainfo, info, error);
    if (code == ERROR_NONE && metainfo->hybrid)
        code = metainfo_compare_halves(metainfo, info, error);
    return code;
}

static enum error_code read_v2(struct metainfo *metainfo, struct bencode_value info,
                               struct metainfo_error *error)
{
    enum error_code code = read_piece_bytes(metainfo, info, error);
    if (code == ERROR_NONE)
        code = metainfo_read_tree(metainfo, info, error);
    if (code == ERROR_NONE)
        code = count_pieces(metainfo, error);
    return code;
}

static void hash_info(struct metainfo *metainfo, struct bencode_value info)
{
    size_t length;
    const uint8_t *span = bencode_span(info, &length);
    if (metainfo_has_v2(metainfo))
        digest_sha256(span, length, metainfo->hash_v2);
    if (metainfo->v2_only)
        metainfo->hash = metainfo_short_hash_v2(metainfo);
    else
        digest_sha1(span, length, metainfo->hash.bytes);
}

static enum error_code read_info(struct metainfo *metainfo, struct bencode_value root,
                                 unsigned leave, struct metainfo_error *error)
{
    const struct bencode_value info = bencode_get(root, "info");
    int64_t number;
    if (!bencode_is(info, BENCODE_DICT))
        return metainfo_fail(error, ERROR_MISSING,
                             _("there is no info dictionary in it"));
    enum error_code code = keep_info(metainfo, info);
    if (code == ERROR_NONE)
        code = check_version(metainfo, info, error);
    hash_info(metainfo, info);
    if (code == ERROR_NONE && metainfo_has_v2(metainfo))
        code = check_order(info, error);
    if (code == ERROR_NONE)
        code = metainfo_read_name(metainfo, info, error);
    if (code == ERROR_NONE)
        code = metainfo->v2_only ? read_v2(metainfo, info, error)
                                 : read_v1(metainfo, info, error);
    if (code == ERROR_NONE && metainfo_has_v2(metainfo))
        code = metainfo_read_layers(metainfo, root, leave, error);
    if (code == ERROR_NONE)
        code = metainfo_find_tails(metainfo);
    metainfo->is_private = bencode_get_integer(info, "private", &number) && number == 1;
    return code;
}

static enum error_code read_top(struct metainfo *metainfo, const struct bencode *tree,
                                unsigned leave, struct metainfo_error *error)
{
    const struct bencode_value root = bencode_root(tree);
    if (!bencode_is(root, BENCODE_DICT))
        return metainfo_fail(error, ERROR_TYPE, _("it is not a dictionary"));
    if (tree->trailing)
        metainfo->warnings |= METAINFO_WARNING_TRAILING;
    if (tree->unsorted)
        metainfo->warnings |= METAINFO_WARNING_UNSORTED;
    enum error_code code = read_info(metainfo, root, leave, error);
    if (code == ERROR_NONE)
        code = metainfo_read_urls(metainfo, root);
    metainfo->comment = copy_text(root, "comment", "comment.utf-8");
    metainfo->creator = copy_text(root, "created by", "created by.utf-8");
    if (code == ERROR_NONE && (metainfo->comment == NULL || metainfo->creator == NULL))
        code = ERROR_MEMORY;
    if (!bencode_get_integer(root, "creation date", &metainfo->created_s) ||
        metainfo->created_s < 0)
        metainfo->created_s = 0;
    return code;
}

/* What people take for a torrent file most often, said plainly. */
static const char *known_stranger(const uint8_t *bytes, size_t length)
{
    if (length == 0)
        return _("the file is empty");
    if (bytes[0] == '<')
        return _("this is a web page or XML, not a torrent file");
    if (length >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b)
        return _("this is compressed with gzip; unpack it first");
    return NULL;
}

enum error_code metainfo_parse(const uint8_t *bytes, size_t length,
                               struct metainfo **ret_metainfo,
                               struct metainfo_error *ret_error)
{
    return metainfo_parse_leniently(bytes, length, 0, ret_metainfo, ret_error);
}

enum error_code metainfo_parse_leniently(const uint8_t *bytes, size_t length,
                                         unsigned leave, struct metainfo **ret_metainfo,
                                         struct metainfo_error *ret_error)
{
    struct bencode tree;
    size_t offset = 0;
    *ret_error = (struct metainfo_error){0};
    enum error_code code =
        bencode_parse(bytes, length, &bencode_limits_metainfo, &tree, &offset);
    const char *stranger = code != ERROR_NONE ? known_stranger(bytes, length) : NULL;
    if (stranger != NULL)
        return metainfo_fail(ret_error, code, "%s", stranger);
    if (code != ERROR_NONE)
        return metainfo_fail(ret_error, code, _("%s (at byte %zu)"), error_text(code),
                             offset);
    struct metainfo *metainfo = calloc(1, sizeof *metainfo);
    code = metainfo == NULL ? ERROR_MEMORY : read_top(metainfo, &tree, leave, ret_error);
    bencode_done(&tree);
    if (code != ERROR_NONE) {
        metainfo_free(metainfo);
        if (ret_error->message[0] == '\0')
            return metainfo_fail(ret_error, code, "%s", error_text(code));
        return code;
    }
    *ret_metainfo = metainfo;
    return ERROR_NONE;
}

struct metainfo *metainfo_ref(struct metainfo *metainfo)
{
    atomic_fetch_add(&metainfo->more_references, 1);
    return metainfo;
}

void metainfo_free(struct metainfo *metainfo)
{
    if (metainfo == NULL || atomic_fetch_sub(&metainfo->more_references, 1) > 0)
        return;
    for (uint32_t i = 0; i < metainfo->file_count; i++)
        free(metainfo->files[i].path);
    free(metainfo->files);
    free(metainfo->name);
    if (metainfo->own != NULL) {
        metainfo_free(metainfo->own);
        free(metainfo);
        return;
    }
    for (uint32_t i = 0; i < metainfo->tracker_count; i++)
        free(metainfo->trackers[i].url);
    for (uint32_t i = 0; i < metainfo->webseed_count; i++)
        free(metainfo->webseeds[i]);
    free(metainfo->trackers);
    free(metainfo->webseeds);
    free(metainfo->info);
    free(metainfo->tails);
    free(metainfo->file_roots);
    free(metainfo->piece_roots);
    free(metainfo->chunk_roots);
    free(metainfo->files_by_root);
    free(metainfo->comment);
    free(metainfo->creator);
    free(metainfo);
}

const char *metainfo_warning_text(enum metainfo_warning warning)
{
    switch (warning) {
    case METAINFO_WARNING_TRAILING:
        return _("bytes stand after its end; they are ignored");
    case METAINFO_WARNING_UNSORTED:
        return _("its keys are not sorted");
    case METAINFO_WARNING_RENAMED:
        return _("names that cannot stand on a disk were changed");
    case METAINFO_WARNING_TRACKER:
        return _("a tracker's address cannot be used and was left out");
    case METAINFO_WARNING_SYMLINK:
        return _("it has symbolic links, which are not created");
    }
    return "?";
}

struct info_hash metainfo_short_hash_v2(const struct metainfo *metainfo)
{
    struct info_hash hash;
    memcpy(hash.bytes, metainfo->hash_v2, sizeof hash.bytes);
    return hash;
}

bool metainfo_has_hash(const struct metainfo *metainfo, const struct info_hash *hash)
{
    const struct info_hash short_v2 = metainfo_short_hash_v2(metainfo);
    return info_hash_equal(&metainfo->hash, hash) ||
           (metainfo->hybrid && info_hash_equal(&short_v2, hash));
}

uint32_t metainfo_piece_length(const struct metainfo *metainfo, uint32_t piece)
{
    if (metainfo->v2_only)
        return piece_tails_find(metainfo->tails, metainfo->tail_count, piece,
                                metainfo->piece_bytes);
    const uint64_t begin = (uint64_t)piece * metainfo->piece_bytes;
    const uint64_t left = metainfo->total_bytes - begin;
    return left < metainfo->piece_bytes ? (uint32_t)left : metainfo->piece_bytes;
}

uint32_t metainfo_file_at(const struct metainfo *metainfo, uint64_t offset)
{
    uint32_t low = 0, high = metainfo->file_count;
    while (high - low > 1) {
        const uint32_t middle = low + (high - low) / 2;
        if (metainfo->files[middle].offset <= offset)
            low = middle;
        else
            high = middle;
    }
    /* Empty files share their offset with the next; step back over those at the end. */
    while (low > 0 && metainfo->files[low].length == 0)
        low--;
    return low;
}

const char *metainfo_file_path(const struct metainfo *metainfo, uint32_t file)
{
    const char *path = metainfo->files[file].path;
    const size_t name = strlen(metainfo->name);
    if (metainfo->multi_file && strncmp(path, metainfo->name, name) == 0 &&
        path[name] == '/')
        return path + name + 1;
    return path;
}
