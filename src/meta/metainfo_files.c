#include "base/i18n.h"
#include "base/text.h"
#include "meta/metainfo_private.h"
#include "meta/path_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_DEPTH_MAX 100

bool metainfo_best_string(struct bencode_value dict, const char *key,
                          const char *utf8_key, const char **ret_bytes,
                          size_t *ret_length)
{
    if (bencode_get_string(dict, utf8_key, ret_bytes, ret_length) &&
        text_is_valid_utf8(*ret_bytes, *ret_length))
        return true;
    return bencode_get_string(dict, key, ret_bytes, ret_length);
}

enum error_code metainfo_read_name(struct metainfo *metainfo, struct bencode_value info,
                                   struct metainfo_error *error)
{
    char name[PATH_NAME_SIZE];
    const char *bytes = "";
    size_t length = 0;
    if (!bencode_exists(bencode_get(info, "name")))
        return metainfo_fail(error, ERROR_MISSING, _("info has no name"));
    metainfo_best_string(info, "name", "name.utf-8", &bytes, &length);
    if (!path_name_clean(bytes, length, name)) {
        metainfo->warnings |= METAINFO_WARNING_RENAMED;
        if (strcmp(name, "_") == 0) /* nothing of it is left: tell it from others' */
            info_hash_hex(&metainfo->hash, name);
    }
    metainfo->name = strdup(name);
    return metainfo->name != NULL ? ERROR_NONE : ERROR_MEMORY;
}

bool metainfo_has_attribute(struct bencode_value file, char letter)
{
    const char *bytes;
    size_t length;
    return bencode_get_string(file, "attr", &bytes, &length) &&
           memchr(bytes, letter, length) != NULL;
}

enum error_code metainfo_read_length(struct bencode_value dict, uint32_t number,
                                     uint64_t *ret_length, struct metainfo_error *error)
{
    int64_t length;
    if (!bencode_get_integer(dict, "length", &length) || length < 0)
        return metainfo_fail(error, ERROR_RANGE,
                             _("file %u: its length is missing or negative"), number);
    if ((uint64_t)length > METAINFO_MAX_TOTAL_BYTES)
        return metainfo_fail(error, ERROR_LIMIT, _("file %u is larger than 2^48 bytes"),
                             number);
    *ret_length = (uint64_t)length;
    return ERROR_NONE;
}

enum error_code file_reader_init(struct file_reader *reader, struct metainfo *metainfo,
                                 struct metainfo_error *error)
{
    *reader = (struct file_reader){.metainfo = metainfo, .error = error};
    reader->paths = path_set_new(false);
    reader->name_changed = reader->changed =
        (metainfo->warnings & METAINFO_WARNING_RENAMED) != 0;
    metainfo->renamed_file = UINT32_MAX;
    return reader->paths != NULL ? ERROR_NONE : ERROR_MEMORY;
}

enum error_code file_reader_done(struct file_reader *reader, enum error_code code)
{
    struct metainfo *metainfo = reader->metainfo;
    path_set_free(reader->paths);
    if (code == ERROR_NONE && metainfo->payload_bytes == 0)
        code = metainfo_fail(reader->error, ERROR_RANGE, _("there is no data in it"));
    if (reader->renamed > 0)
        metainfo->warnings |= METAINFO_WARNING_RENAMED;
    if (metainfo->renamed_file == UINT32_MAX)
        metainfo->renamed_file = metainfo->file_count;
    return code;
}

enum error_code file_reader_add(struct file_reader *reader, const char *path,
                                uint64_t length, bool pad)
{
    struct metainfo *metainfo = reader->metainfo;
    if (metainfo->file_count == METAINFO_MAX_FILES)
        return metainfo_fail(reader->error, ERROR_LIMIT, _("more than %u files"),
                             METAINFO_MAX_FILES);
    if (length > METAINFO_MAX_TOTAL_BYTES - metainfo->total_bytes)
        return metainfo_fail(reader->error, ERROR_LIMIT, _("larger than 2^48 bytes"));
    if (metainfo->file_count == reader->capacity) {
        const uint32_t capacity = reader->capacity == 0 ? 8 : reader->capacity * 2;
        struct metainfo_file *files =
            realloc(metainfo->files, capacity * sizeof *metainfo->files);
        if (files == NULL)
            return ERROR_MEMORY;
        metainfo->files = files;
        reader->capacity = capacity;
    }
    struct metainfo_file file = {NULL, metainfo->total_bytes, length, pad};
    enum error_code error = ERROR_NONE;
    if (!pad)
        error = path_set_add(reader->paths, path, &file.path, &reader->renamed);
    else if ((file.path = strdup(path)) == NULL) /* never written: nothing to collide */
        error = ERROR_MEMORY;
    if (error == ERROR_LIMIT)
        return metainfo_fail(reader->error, error, _(METAINFO_PATH_LIMIT),
                             metainfo->file_count + 1);
    if (error != ERROR_NONE)
        return error;
    if (!pad && (reader->changed || reader->renamed > reader->noted) &&
        metainfo->renamed_file == UINT32_MAX)
        metainfo->renamed_file = metainfo->file_count;
    reader->noted = reader->renamed;
    reader->changed = reader->name_changed;
    metainfo->files[metainfo->file_count++] = file;
    metainfo->total_bytes += length;
    metainfo->payload_bytes += pad ? 0 : length;
    return ERROR_NONE;
}

enum error_code file_reader_join(struct file_reader *reader, const char *bytes,
                                 size_t length, char *path, size_t *used)
{
    char name[PATH_NAME_SIZE];
    if (!path_name_clean(bytes, length, name)) {
        reader->metainfo->warnings |= METAINFO_WARNING_RENAMED;
        reader->changed = true;
    }
    const size_t part = strlen(name);
    if (part + 1 > PATH_BYTES - *used)
        return metainfo_fail(reader->error, ERROR_LIMIT,
                             _("file %u: its path is longer than %d bytes"),
                             reader->metainfo->file_count + 1, PATH_BYTES);
    if (*used > 0)
        path[(*used)++] = '/';
    memcpy(path + *used, name, part + 1);
    *used += part;
    return ERROR_NONE;
}

/* "name/a/b" from the path list. */
static enum error_code join_path(struct file_reader *reader, struct bencode_value list,
                                 char ret_path[PATH_BYTES + 1])
{
    struct metainfo *metainfo = reader->metainfo;
    const uint32_t number = metainfo->file_count + 1;
    size_t used = strlen(metainfo->name);
    unsigned depth = 0;
    memcpy(ret_path, metainfo->name, used);
    for (struct bencode_value at = bencode_first(list); bencode_exists(at);
         at = bencode_next(list, at)) {
        const char *bytes;
        size_t length;
        if (!bencode_string(at, &bytes, &length))
            return metainfo_fail(reader->error, ERROR_TYPE,
                                 _("file %u: a part of its path is not a string"),
                                 number);
        if (++depth > PATH_DEPTH_MAX)
            return metainfo_fail(reader->error, ERROR_LIMIT,
                                 _("file %u: its path is more than %d directories deep"),
                                 number, PATH_DEPTH_MAX);
        const enum error_code error =
            file_reader_join(reader, bytes, length, ret_path, &used);
        if (error != ERROR_NONE)
            return error;
    }
    if (depth == 0)
        return metainfo_fail(reader->error, ERROR_MISSING, _("file %u has no path"),
                             number);
    return ERROR_NONE;
}

/* path.utf-8, if all of it is what it says; else path. */
static struct bencode_value best_path(struct bencode_value file)
{
    const struct bencode_value utf8 = bencode_get(file, "path.utf-8");
    bool valid = bencode_is(utf8, BENCODE_LIST) && bencode_exists(bencode_first(utf8));
    for (struct bencode_value at = bencode_first(utf8); valid && bencode_exists(at);
         at = bencode_next(utf8, at)) {
        const char *bytes;
        size_t length;
        valid = bencode_string(at, &bytes, &length) && text_is_valid_utf8(bytes, length);
    }
    return valid ? utf8 : bencode_get(file, "path");
}

/* The way padding was named before BEP 47 had its attribute: ".pad/SIZE". */
static bool is_named_pad(const char *path)
{
    static const char lead[] = ".pad/";
    return strncmp(path, lead, sizeof lead - 1) == 0 && path[sizeof lead - 1] != '\0' &&
           path[sizeof lead - 1 + strspn(path + sizeof lead - 1, "0123456789")] == '\0';
}

static enum error_code read_file(struct file_reader *reader, struct bencode_value file)
{
    char path[PATH_BYTES + 1];
    struct metainfo *metainfo = reader->metainfo;
    const uint32_t number = metainfo->file_count + 1;
    const bool is_link = metainfo_has_attribute(file, 'l');
    bool pad = metainfo_has_attribute(file, 'p');
    uint64_t length;
    enum error_code error = metainfo_read_length(file, number, &length, reader->error);
    if (error != ERROR_NONE)
        return error;
    const struct bencode_value list = best_path(file);
    if (pad && !bencode_exists(list))
        snprintf(path, sizeof path, "%s/.pad/%llu", metainfo->name,
                 (unsigned long long)length);
    else if (!bencode_is(list, BENCODE_LIST))
        return metainfo_fail(reader->error, ERROR_TYPE,
                             _("file %u: its path is not a list"), number);
    else
        error = join_path(reader, list, path);
    if (error != ERROR_NONE)
        return error;
    pad |= is_named_pad(path + strlen(metainfo->name) + 1);
    if (pad && length > METAINFO_MAX_PIECE_BYTES)
        return metainfo_fail(reader->error, ERROR_LIMIT,
                             _("file %u: %llu bytes of padding, more than any piece"),
                             number, (unsigned long long)length);
    if (is_link)
        metainfo->warnings |= METAINFO_WARNING_SYMLINK;
    return file_reader_add(reader, path, length, pad || is_link);
}

static enum error_code read_file_list(struct file_reader *reader,
                                      struct bencode_value files)
{
    if (!bencode_is(files, BENCODE_LIST))
        return metainfo_fail(reader->error, ERROR_TYPE, _("files is not a list"));
    for (struct bencode_value at = bencode_first(files); bencode_exists(at);
         at = bencode_next(files, at)) {
        if (!bencode_is(at, BENCODE_DICT))
            return metainfo_fail(reader->error, ERROR_TYPE,
                                 _("file %u is not a dictionary"),
                                 reader->metainfo->file_count + 1);
        const enum error_code error = read_file(reader, at);
        if (error != ERROR_NONE)
            return error;
    }
    return ERROR_NONE;
}

enum error_code metainfo_read_files(struct metainfo *metainfo, struct bencode_value info,
                                    struct metainfo_error *error)
{
    struct file_reader reader;
    const struct bencode_value files = bencode_get(info, "files");
    const bool has_length = bencode_exists(bencode_get(info, "length"));
    uint64_t length = 0;
    if (has_length && bencode_exists(files))
        return metainfo_fail(error, ERROR_AMBIGUOUS, _("info has both length and files"));
    if (!has_length && !bencode_exists(files))
        return metainfo_fail(error, ERROR_MISSING,
                             _("info has neither length nor files"));
    enum error_code code = file_reader_init(&reader, metainfo, error);
    metainfo->multi_file = !has_length;
    if (code == ERROR_NONE && has_length)
        code = metainfo_read_length(info, 1, &length, error);
    if (code == ERROR_NONE)
        code = has_length ? file_reader_add(&reader, metainfo->name, length, false)
                          : read_file_list(&reader, files);
    return file_reader_done(&reader, code);
}
