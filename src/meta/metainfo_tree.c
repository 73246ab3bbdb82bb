/* The file tree of a v2 info dictionary (BEP 52). */
#include "base/i18n.h"
#include "meta/metainfo_private.h"
#include "meta/path_name.h"

#include <stdlib.h>
#include <string.h>

/* A dictionary that is being walked: what stands at NEXT, below the path's first USED
 * bytes. */
struct level {
    struct bencode_value dict, next;
    size_t used;
};

struct tree_reader {
    struct file_reader files;
    struct level levels[BENCODE_DEPTH_CAP];
    uint32_t depth;
    size_t used;
    char path[PATH_BYTES + 1];
};

static enum error_code refuse(const struct tree_reader *reader, enum error_code code,
                              const char *text)
{
    return metainfo_fail(reader->files.error, code, "%s", text);
}

static enum error_code take_root(struct tree_reader *reader, struct bencode_value file,
                                 bool needs_root)
{
    static const uint8_t zeros[SHA256_BYTES];
    struct metainfo *metainfo = reader->files.metainfo;
    const uint32_t count = metainfo->file_count;
    const char *bytes = (const char *)zeros;
    size_t length;
    if (needs_root && (!bencode_get_string(file, "pieces root", &bytes, &length) ||
                       length != SHA256_BYTES || memcmp(bytes, zeros, length) == 0))
        return metainfo_fail(reader->files.error, ERROR_MISSING,
                             _("file %u: its pieces root is missing or not a hash"),
                             count + 1);
    if ((count & (count - 1)) == 0) { /* 0, 1, 2, 4 …: as many again */
        uint8_t *roots =
            realloc(metainfo->file_roots, ((size_t)count * 2 + 1) * SHA256_BYTES);
        if (roots == NULL)
            return ERROR_MEMORY;
        metainfo->file_roots = roots;
    }
    memcpy(metainfo->file_roots + (size_t)count * SHA256_BYTES, bytes, SHA256_BYTES);
    return ERROR_NONE;
}

static void align(struct metainfo *metainfo)
{
    const uint64_t over = metainfo->total_bytes % metainfo->piece_bytes;
    if (over > 0)
        metainfo->total_bytes += metainfo->piece_bytes - over;
}

static enum error_code take_file(struct tree_reader *reader, struct bencode_value file)
{
    struct metainfo *metainfo = reader->files.metainfo;
    struct metainfo_error *error = reader->files.error;
    const uint32_t number = metainfo->file_count + 1;
    const bool is_link = metainfo_has_attribute(file, 'l');
    uint64_t length = 0;
    if (!bencode_is(file, BENCODE_DICT) || !bencode_is_sorted(file))
        return metainfo_fail(error, ERROR_TYPE,
                             _("file %u: not a dictionary with its keys in order"),
                             number);
    if (metainfo_has_attribute(file, 'p'))
        return metainfo_fail(error, ERROR_RANGE,
                             _("file %u: padding, which version 2 has not"), number);
    enum error_code code = ERROR_NONE;
    if (is_link)
        metainfo->warnings |= METAINFO_WARNING_SYMLINK;
    else
        code = metainfo_read_length(file, number, &length, error);
    if (code == ERROR_NONE)
        code = take_root(reader, file, length > 0);
    if (code == ERROR_NONE && metainfo->total_bytes > METAINFO_MAX_TOTAL_BYTES)
        code = metainfo_fail(error, ERROR_LIMIT, _("larger than 2^48 bytes"));
    if (code == ERROR_NONE)
        code = file_reader_add(&reader->files, reader->path, length, is_link);
    align(metainfo);
    return code;
}

/* The properties of the path whose dictionary DICT is; not there: it is a directory. */
static struct bencode_value file_in(struct bencode_value dict)
{
    const char *bytes;
    size_t length;
    const struct bencode_value key = bencode_first(dict);
    if (bencode_string(key, &bytes, &length) && length == 0)
        return bencode_next(dict, key);
    return (struct bencode_value){0};
}

static bool has_one_entry(struct bencode_value dict)
{
    const struct bencode_value key = bencode_first(dict);
    return bencode_exists(key) &&
           !bencode_exists(bencode_next(dict, bencode_next(dict, key)));
}

static enum error_code enter(struct tree_reader *reader, struct bencode_value dict)
{
    if (!bencode_is_sorted(dict))
        return refuse(reader, ERROR_KEY_ORDER,
                      _("file tree: its keys are not sorted, as version 2 asks for"));
    if (reader->depth == BENCODE_DEPTH_CAP)
        return ERROR_DEPTH;
    reader->levels[reader->depth++] =
        (struct level){dict, bencode_first(dict), reader->used};
    return ERROR_NONE;
}

static enum error_code take_entry(struct tree_reader *reader, struct level *level)
{
    const char *bytes = "";
    size_t length = 0;
    const struct bencode_value key = level->next;
    const struct bencode_value value = bencode_next(level->dict, key);
    level->next = bencode_next(level->dict, value);
    bencode_string(key, &bytes, &length);
    if (!bencode_is(value, BENCODE_DICT))
        return refuse(reader, ERROR_TYPE, _("file tree: an entry is not a dictionary"));
    if (length == 0)
        return refuse(reader, ERROR_RANGE,
                      _("file tree: a directory is a file, too, or has no name"));
    reader->used = level->used;
    const enum error_code code =
        file_reader_join(&reader->files, bytes, length, reader->path, &reader->used);
    if (code != ERROR_NONE)
        return code;
    const struct bencode_value file = file_in(value);
    return bencode_exists(file) && has_one_entry(value) ? take_file(reader, file)
                                                        : enter(reader, value);
}

static enum error_code walk(struct tree_reader *reader, struct bencode_value tree)
{
    enum error_code code = enter(reader, tree);
    while (code == ERROR_NONE && reader->depth > 0) {
        struct level *level = &reader->levels[reader->depth - 1];
        if (bencode_exists(level->next))
            code = take_entry(reader, level);
        else
            reader->depth--;
    }
    return code;
}

/* A tree of one file, and no list of files beside it that would say otherwise. */
static bool is_one_file(struct bencode_value info, struct bencode_value tree)
{
    const struct bencode_value key = bencode_first(tree);
    if (bencode_exists(bencode_get(info, "files")) || !has_one_entry(tree))
        return false;
    const struct bencode_value value = bencode_next(tree, key);
    return bencode_exists(file_in(value)) && has_one_entry(value);
}

enum error_code metainfo_read_tree(struct metainfo *metainfo, struct bencode_value info,
                                   struct metainfo_error *error)
{
    const struct bencode_value tree = bencode_get(info, "file tree");
    if (!bencode_is(tree, BENCODE_DICT))
        return metainfo_fail(error, ERROR_TYPE, _("file tree is not a dictionary"));
    struct tree_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL)
        return ERROR_MEMORY;
    enum error_code code = file_reader_init(&reader->files, metainfo, error);
    metainfo->multi_file = !is_one_file(info, tree);
    if (metainfo->multi_file) {
        reader->used = strlen(metainfo->name);
        memcpy(reader->path, metainfo->name, reader->used + 1);
    }
    if (code == ERROR_NONE)
        code = walk(reader, tree);
    code = file_reader_done(&reader->files, code);
    free(reader);
    return code;
}

/* ---- a hybrid's two halves (T46) ---- */

/* The next file of METAINFO from FILE on that has a name. */
static uint32_t next_named(const struct metainfo *metainfo, uint32_t file)
{
    while (file < metainfo->file_count && metainfo->files[file].pad)
        file++;
    return file;
}

static enum error_code compare_files(struct metainfo *metainfo,
                                     const struct metainfo *tree,
                                     struct metainfo_error *error)
{
    uint32_t ours = next_named(metainfo, 0), theirs = next_named(tree, 0);
    for (; ours < metainfo->file_count && theirs < tree->file_count;
         ours = next_named(metainfo, ours + 1), theirs = next_named(tree, theirs + 1)) {
        const struct metainfo_file *v1 = &metainfo->files[ours];
        const struct metainfo_file *v2 = &tree->files[theirs];
        if (strcmp(v1->path, v2->path) != 0 || v1->length != v2->length)
            return metainfo_fail(
                error, ERROR_INVALID,
                _("its halves of versions 1 and 2 are inconsistent: file "
                  "%u has other names or sizes"),
                ours + 1);
        if (v1->length > 0 && v1->offset != v2->offset)
            return metainfo_fail(
                error, ERROR_INVALID,
                _("its halves of versions 1 and 2 are inconsistent: file "
                  "%u does not begin where a piece does"),
                ours + 1);
        memcpy(metainfo->file_roots + (size_t)ours * SHA256_BYTES,
               tree->file_roots + (size_t)theirs * SHA256_BYTES, SHA256_BYTES);
    }
    if (ours < metainfo->file_count || theirs < tree->file_count ||
        metainfo->piece_count != tree->total_bytes / tree->piece_bytes)
        return metainfo_fail(
            error, ERROR_INVALID,
            _("its halves of versions 1 and 2 are inconsistent: they have "
              "not as many files and pieces"));
    return ERROR_NONE;
}

enum error_code metainfo_compare_halves(struct metainfo *metainfo,
                                        struct bencode_value info,
                                        struct metainfo_error *error)
{
    struct metainfo *tree = calloc(1, sizeof *tree);
    metainfo->file_roots = calloc(metainfo->file_count, SHA256_BYTES);
    if (tree != NULL) {
        tree->name = strdup(metainfo->name);
        tree->piece_bytes = metainfo->piece_bytes;
        tree->warnings = metainfo->warnings & METAINFO_WARNING_RENAMED;
    }
    enum error_code code =
        tree == NULL || tree->name == NULL || metainfo->file_roots == NULL
            ? ERROR_MEMORY
            : metainfo_read_tree(tree, info, error);
    if (code == ERROR_NONE)
        code = compare_files(metainfo, tree, error);
    metainfo_free(tree);
    return code;
}
