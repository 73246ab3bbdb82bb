/* Stricter rules for the names of a torrent's files (HOSTILE.md T24, T34, S18). */
#include "base/i18n.h"
#include "base/text.h"
#include "meta/metainfo_private.h"
#include "meta/path_name.h"

#include <stdlib.h>
#include <string.h>

static void note_renamed(struct metainfo *metainfo, uint32_t file)
{
    metainfo->warnings |= METAINFO_WARNING_RENAMED;
    if (file < metainfo->renamed_file)
        metainfo->renamed_file = file;
}

/* PATH with each of its components made portable. True if that is PATH. */
static bool make_path_portable(const char *path, char ret_path[PATH_BYTES + 1],
                               enum error_code *error)
{
    size_t used = 0;
    bool same = true;
    for (const char *at = path;; at++) {
        char name[PATH_NAME_SIZE];
        const size_t part = strcspn(at, "/");
        memcpy(name, at, part);
        name[part] = '\0';
        same &= path_name_make_portable(name);
        const size_t length = strlen(name);
        if (length + 1 > PATH_BYTES - used) {
            *error = ERROR_LIMIT;
            return false;
        }
        memcpy(ret_path + used, name, length);
        used += length;
        at += part;
        if (*at == '\0')
            break;
        ret_path[used++] = '/';
    }
    ret_path[used] = '\0';
    return same;
}

static enum error_code rename_file(struct metainfo *metainfo, struct path_set *paths,
                                   uint32_t number)
{
    struct metainfo_file *file = &metainfo->files[number];
    char path[PATH_BYTES + 1], *given = NULL;
    unsigned renamed = 0;
    enum error_code error = ERROR_NONE;
    if (!make_path_portable(file->path, path, &error) && !file->pad)
        note_renamed(metainfo, number);
    if (error == ERROR_NONE && file->pad)
        error = (given = strdup(path)) != NULL ? ERROR_NONE : ERROR_MEMORY;
    else if (error == ERROR_NONE)
        error = path_set_add(paths, path, &given, &renamed);
    if (error != ERROR_NONE)
        return error;
    if (renamed > 0)
        note_renamed(metainfo, number);
    free(file->path);
    file->path = given;
    return ERROR_NONE;
}

static enum error_code make_portable(struct metainfo *metainfo,
                                     struct metainfo_error *error)
{
    char name[PATH_NAME_SIZE];
    struct path_set *paths = path_set_new(true);
    enum error_code code = paths != NULL ? ERROR_NONE : ERROR_MEMORY;
    strcpy(name, metainfo->name);
    path_name_make_portable(name);
    char *copy = strdup(name);
    if (copy == NULL)
        code = ERROR_MEMORY;
    for (uint32_t i = 0; code == ERROR_NONE && i < metainfo->file_count; i++) {
        code = rename_file(metainfo, paths, i);
        if (code == ERROR_LIMIT)
            metainfo_fail(error, code, _(METAINFO_PATH_LIMIT), i + 1);
    }
    path_set_free(paths);
    if (copy != NULL) {
        free(metainfo->name);
        metainfo->name = copy;
    }
    metainfo->portable_names = true;
    return code;
}

enum error_code metainfo_set_names(struct metainfo *metainfo, unsigned names,
                                   struct metainfo_error *ret_error)
{
    char path[160];
    enum error_code code = ERROR_NONE;
    *ret_error = (struct metainfo_error){0};
    if ((names & METAINFO_NAMES_PORTABLE) != 0 && !metainfo->portable_names)
        code = make_portable(metainfo, ret_error);
    if (code != ERROR_NONE && ret_error->code == ERROR_NONE)
        metainfo_fail(ret_error, code, "%s", error_text(code));
    if (code != ERROR_NONE || (names & METAINFO_NAMES_STRICT) == 0 ||
        metainfo->renamed_file == metainfo->file_count)
        return code;
    text_clean(text_untrusted(metainfo->files[metainfo->renamed_file].path), 60, path,
               sizeof path);
    return metainfo_fail(ret_error, ERROR_NAME,
                         /* L10N: %s is a path. */
                         _("file %u could only be written under another name, as “%s”, "
                           "which --strict-names forbids"),
                         metainfo->renamed_file + 1, path);
}
