/* The piece layers of a v2 torrent (BEP 52), which stand outside of its info dictionary:
 * each must lead to the root that the info dictionary has of its file. */
#include "base/i18n.h"
#include "base/merkle.h"
#include "meta/metainfo_private.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t *root_of(const struct metainfo *metainfo, uint32_t file)
{
    return metainfo->file_roots + (size_t)file * SHA256_BYTES;
}

static bool has_root(const struct metainfo *metainfo, uint32_t file)
{
    return metainfo->files[file].length > 0 && !metainfo->files[file].pad;
}

static uint32_t piece_count_of(const struct metainfo *metainfo, uint32_t file)
{
    return (uint32_t)((metainfo->files[file].length + metainfo->piece_bytes - 1) /
                      metainfo->piece_bytes);
}

static int compare_roots(const void *a, const void *b, void *context)
{
    const struct metainfo *metainfo = context;
    return memcmp(root_of(metainfo, *(const uint32_t *)a),
                  root_of(metainfo, *(const uint32_t *)b), SHA256_BYTES);
}

static enum error_code sort_roots(struct metainfo *metainfo)
{
    uint32_t count = 0, kept = 0;
    uint32_t *files = calloc(metainfo->file_count, sizeof *files);
    if (files == NULL)
        return ERROR_MEMORY;
    for (uint32_t i = 0; i < metainfo->file_count; i++)
        if (has_root(metainfo, i))
            files[count++] = i;
    qsort_r(files, count, sizeof *files, compare_roots, metainfo);
    for (uint32_t i = 0; i < count; i++)
        if (kept == 0 || compare_roots(&files[kept - 1], &files[i], metainfo) != 0)
            files[kept++] = files[i];
    metainfo->files_by_root = files;
    metainfo->rooted_count = kept;
    return ERROR_NONE;
}

/* The place of ROOT in files_by_root, or rooted_count. */
static uint32_t find_root(const struct metainfo *metainfo, const uint8_t *root)
{
    uint32_t low = 0, high = metainfo->rooted_count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const int order = memcmp(root_of(metainfo, metainfo->files_by_root[middle]), root,
                                 SHA256_BYTES);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return metainfo->rooted_count;
}

bool metainfo_find_root(const struct metainfo *metainfo, const uint8_t root[SHA256_BYTES],
                        uint32_t *ret_file)
{
    const uint32_t place = find_root(metainfo, root);
    if (place == metainfo->rooted_count)
        return false;
    *ret_file = metainfo->files_by_root[place];
    return true;
}

static enum error_code check_layer(const struct metainfo *metainfo, uint32_t file,
                                   const char *bytes, size_t length,
                                   struct metainfo_error *error)
{
    uint8_t root[SHA256_BYTES];
    const uint32_t pieces = piece_count_of(metainfo, file);
    if (length != (size_t)pieces * SHA256_BYTES)
        return metainfo_fail(error, ERROR_RANGE,
                             _("piece layers: %zu bytes for the %u pieces of file %u"),
                             length, pieces, file + 1);
    merkle_root((const uint8_t *)bytes, pieces,
                merkle_levels(metainfo->piece_bytes / MERKLE_LEAF_BYTES),
                merkle_levels(pieces), root);
    if (memcmp(root, root_of(metainfo, file), SHA256_BYTES) == 0)
        return ERROR_NONE;
    return metainfo_fail(error, ERROR_CORRUPT,
                         _("piece layers: those of file %u do not lead to its root"),
                         file + 1);
}

/* LAYERS: what stands there for each of files_by_root; NULL: nothing. */
static enum error_code read_dict(const struct metainfo *metainfo,
                                 struct bencode_value dict, const char **layers,
                                 struct metainfo_error *error)
{
    for (struct bencode_value key = bencode_first(dict); bencode_exists(key);) {
        const char *root, *bytes;
        size_t root_length, length;
        const struct bencode_value value = bencode_next(dict, key);
        bencode_string(key, &root, &root_length);
        const uint32_t place = root_length == SHA256_BYTES
                                   ? find_root(metainfo, (const uint8_t *)root)
                                   : metainfo->rooted_count;
        const uint32_t file =
            place < metainfo->rooted_count ? metainfo->files_by_root[place] : 0;
        if (place == metainfo->rooted_count || piece_count_of(metainfo, file) < 2)
            return metainfo_fail(error, ERROR_RANGE,
                                 _("piece layers: an entry belongs to no file of several "
                                   "pieces"));
        if (!bencode_string(value, &bytes, &length))
            return metainfo_fail(error, ERROR_TYPE,
                                 _("piece layers: an entry is not a string"));
        const enum error_code code = check_layer(metainfo, file, bytes, length, error);
        if (code != ERROR_NONE)
            return code;
        layers[place] = bytes;
        key = bencode_next(dict, value);
    }
    return ERROR_NONE;
}

static enum error_code copy_layers(struct metainfo *metainfo, const char *const *layers,
                                   struct metainfo_error *error)
{
    for (uint32_t i = 0; i < metainfo->file_count; i++) {
        if (!has_root(metainfo, i))
            continue;
        const uint32_t place = find_root(metainfo, root_of(metainfo, i));
        const uint32_t pieces = piece_count_of(metainfo, i);
        uint8_t *to = metainfo->piece_roots +
                      metainfo->files[i].offset / metainfo->piece_bytes * SHA256_BYTES;
        if (metainfo->files[i].length !=
            metainfo->files[metainfo->files_by_root[place]].length)
            return metainfo_fail(
                error, ERROR_RANGE,
                _("file %u: another with the same root has another size"), i + 1);
        if (pieces > 1 && layers[place] == NULL)
            return metainfo_fail(error, ERROR_MISSING,
                                 _("piece layers: those of file %u are missing"), i + 1);
        memcpy(to, pieces > 1 ? (const uint8_t *)layers[place] : root_of(metainfo, i),
               (size_t)pieces * SHA256_BYTES);
    }
    return ERROR_NONE;
}

static void climb_to_chunks(struct metainfo *metainfo)
{
    const unsigned layer = merkle_levels(metainfo->piece_bytes / MERKLE_LEAF_BYTES);
    for (uint32_t i = 0; i < metainfo->file_count; i++) {
        const uint32_t pieces = piece_count_of(metainfo, i);
        const uint32_t first =
            (uint32_t)(metainfo->files[i].offset / metainfo->piece_bytes);
        if (!has_root(metainfo, i) || pieces <= METAINFO_CHUNK_PIECES)
            continue;
        for (uint32_t at = 0; at < pieces; at += METAINFO_CHUNK_PIECES) {
            const uint32_t left = pieces - at;
            merkle_root(metainfo->piece_roots + (size_t)(first + at) * SHA256_BYTES,
                        left < METAINFO_CHUNK_PIECES ? left : METAINFO_CHUNK_PIECES,
                        layer, merkle_levels(METAINFO_CHUNK_PIECES),
                        metainfo_chunk_root(metainfo, first, at / METAINFO_CHUNK_PIECES));
        }
    }
}

static bool needs_layers(const struct metainfo *metainfo)
{
    bool needs = false;
    for (uint32_t i = 0; i < metainfo->rooted_count; i++)
        needs |= piece_count_of(metainfo, metainfo->files_by_root[i]) > 1;
    return needs;
}

enum error_code metainfo_read_layers(struct metainfo *metainfo, struct bencode_value root,
                                     unsigned leave, struct metainfo_error *error)
{
    const struct bencode_value dict = bencode_get(root, "piece layers");
    enum error_code code = sort_roots(metainfo);
    if (code != ERROR_NONE)
        return code;
    const bool may_lack = (leave & METAINFO_WITHOUT_LAYERS) != 0 && !bencode_exists(dict);
    if (may_lack && needs_layers(metainfo))
        return ERROR_NONE;
    if (!may_lack && !bencode_is(dict, BENCODE_DICT))
        return metainfo_fail(error, ERROR_MISSING,
                             _("piece layers is missing or not a dictionary"));
    const char **layers = calloc((size_t)metainfo->rooted_count + 1, sizeof *layers);
    metainfo->piece_roots = calloc(metainfo->piece_count, SHA256_BYTES);
    metainfo->chunk_roots =
        calloc(metainfo->piece_count / (METAINFO_CHUNK_PIECES / 2) + 2u, SHA256_BYTES);
    code =
        layers == NULL || metainfo->piece_roots == NULL || metainfo->chunk_roots == NULL
            ? ERROR_MEMORY
            : read_dict(metainfo, dict, layers, error);
    if (code == ERROR_NONE)
        code = copy_layers(metainfo, layers, error);
    if (code == ERROR_NONE)
        climb_to_chunks(metainfo);
    free(layers);
    return code;
}

struct piece_tree metainfo_piece_tree(const struct metainfo *metainfo, uint32_t piece)
{
    const uint64_t begin = (uint64_t)piece * metainfo->piece_bytes;
    const struct metainfo_file *file =
        &metainfo->files[metainfo_file_at(metainfo, begin)];
    const uint64_t left = file->offset + file->length - begin;
    struct piece_tree tree = {.bytes = metainfo->piece_bytes};
    if (left < tree.bytes)
        tree.bytes = (uint32_t)left;
    const uint32_t spanned = file->length > metainfo->piece_bytes
                                 ? metainfo->piece_bytes
                                 : (uint32_t)file->length;
    tree.levels = merkle_levels((spanned + MERKLE_LEAF_BYTES - 1) / MERKLE_LEAF_BYTES);
    return tree;
}

enum piece_verdict metainfo_judge_piece(const struct metainfo *metainfo, uint32_t piece,
                                        const struct piece_digest *digest)
{
    const bool right_v1 =
        metainfo->piece_hashes != NULL &&
        memcmp(digest->sha1, metainfo->piece_hashes + (size_t)piece * SHA1_BYTES,
               SHA1_BYTES) == 0;
    const bool right_v2 =
        metainfo->piece_roots != NULL &&
        memcmp(digest->root, metainfo->piece_roots + (size_t)piece * SHA256_BYTES,
               SHA256_BYTES) == 0;
    if (metainfo->piece_hashes == NULL || metainfo->piece_roots == NULL)
        return right_v1 || right_v2 ? PIECE_RIGHT : PIECE_WRONG;
    return right_v1 != right_v2 ? PIECE_TORN : right_v1 ? PIECE_RIGHT : PIECE_WRONG;
}
