#include "meta/metainfo_rename.h"

#include "meta/path_name.h"
#include "meta/path_twins.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- one that shares all but its names ---- */

/* The names of one that is being made. */
struct draft {
    struct metainfo *own; /* the one that was read */
    char *name;
    char **paths; /* a file */
};

static struct metainfo *own_of(struct metainfo *metainfo)
{
    return metainfo->own != NULL ? metainfo->own : metainfo;
}

static enum error_code draft_begin(struct draft *draft, struct metainfo *own,
                                   const char *name)
{
    *draft = (struct draft){.own = own, .name = strdup(name)};
    draft->paths = calloc(own->file_count, sizeof *draft->paths);
    return draft->name != NULL && draft->paths != NULL ? ERROR_NONE : ERROR_MEMORY;
}

static void draft_done(struct draft *draft)
{
    for (uint32_t i = 0; draft->paths != NULL && i < draft->own->file_count; i++)
        free(draft->paths[i]);
    free(draft->paths);
    free(draft->name);
}

/* PATH is what the file is called from now on: BEGIN, then END. */
static enum error_code draft_put(struct draft *draft, uint32_t file, const char *begin,
                                 size_t length, const char *end)
{
    const size_t more = strlen(end);
    if (more > PATH_BYTES || length > PATH_BYTES - more)
        return ERROR_LIMIT;
    char *path = malloc(length + more + 1);
    if (path == NULL)
        return ERROR_MEMORY;
    memcpy(path, begin, length);
    memcpy(path + length, end, more + 1);
    free(draft->paths[file]);
    draft->paths[file] = path;
    return ERROR_NONE;
}

/* No path is another, nor a directory of another. */
static enum error_code draft_check(const struct draft *draft)
{
    struct path_set *set = path_set_new(false);
    enum error_code error = set != NULL ? ERROR_NONE : ERROR_MEMORY;
    for (uint32_t i = 0; error == ERROR_NONE && i < draft->own->file_count; i++) {
        char *path = NULL;
        unsigned renamed = 0;
        if (draft->own->files[i].pad)
            continue;
        error = path_set_add(set, draft->paths[i], &path, &renamed);
        if (error == ERROR_NONE && renamed > 0)
            error = ERROR_EXISTS;
        free(path);
    }
    path_set_free(set);
    return error;
}

static bool is_as_read(const struct draft *draft)
{
    bool same = strcmp(draft->name, draft->own->name) == 0;
    for (uint32_t i = 0; same && i < draft->own->file_count; i++)
        same = strcmp(draft->paths[i], draft->own->files[i].path) == 0;
    return same;
}

/* Ends the draft, whatever comes of it. */
static enum error_code draft_make(struct draft *draft, struct metainfo **ret_metainfo)
{
    struct metainfo *own = draft->own;
    enum error_code error = draft_check(draft);
    if (error != ERROR_NONE || is_as_read(draft)) {
        draft_done(draft);
        if (error == ERROR_NONE)
            *ret_metainfo = metainfo_ref(own);
        return error;
    }
    struct metainfo *made = malloc(sizeof *made);
    struct metainfo_file *files = calloc(own->file_count, sizeof *files);
    if (made == NULL || files == NULL) {
        free(made);
        free(files);
        draft_done(draft);
        return ERROR_MEMORY;
    }
    memcpy(files, own->files, own->file_count * sizeof *files);
    for (uint32_t i = 0; i < own->file_count; i++) {
        files[i].path = draft->paths[i];
        draft->paths[i] = NULL;
    }
    *made = *own;
    atomic_init(&made->more_references, 0);
    made->own = metainfo_ref(own);
    made->name = draft->name;
    made->files = files;
    draft->name = NULL;
    draft_done(draft);
    *ret_metainfo = made;
    return ERROR_NONE;
}

/* ---- what may be a name ---- */

static bool is_usable(const struct metainfo *own, const char *name, size_t length)
{
    char clean[PATH_NAME_SIZE];
    return path_name_clean(name, length, clean) &&
           (!own->portable_names || path_name_make_portable(clean));
}

static bool is_usable_path(const struct metainfo *own, const char *path)
{
    for (;;) {
        const size_t length = strcspn(path, "/");
        if (!is_usable(own, path, length))
            return false;
        if (path[length] == '\0')
            return true;
        path += length + 1;
    }
}

/* ---- what is noted ---- */

void metainfo_given_done(struct metainfo_given *names)
{
    for (uint32_t i = 0; i < names->count; i++)
        free(names->paths[i].path);
    free(names->paths);
    free(names->name);
    *names = (struct metainfo_given){0};
}

static bool is_other_path(const struct metainfo *metainfo, uint32_t file)
{
    return !metainfo->files[file].pad &&
           strcmp(metainfo_file_path(metainfo, file),
                  metainfo_file_path(metainfo->own, file)) != 0;
}

enum error_code metainfo_given_of(const struct metainfo *metainfo,
                                  struct metainfo_given *ret_names)
{
    struct metainfo_given names = {0};
    const struct metainfo *own = metainfo->own;
    uint32_t count = 0;
    bool failed = false;
    if (own != NULL && strcmp(own->name, metainfo->name) != 0)
        failed = (names.name = strdup(metainfo->name)) == NULL;
    for (uint32_t i = 0; own != NULL && own->multi_file && i < own->file_count; i++)
        count += is_other_path(metainfo, i);
    if (count > 0)
        failed |= (names.paths = calloc(count, sizeof *names.paths)) == NULL;
    for (uint32_t i = 0; count > 0 && !failed && i < own->file_count; i++) {
        if (!is_other_path(metainfo, i))
            continue;
        char *path = strdup(metainfo_file_path(metainfo, i));
        failed = path == NULL;
        if (!failed)
            names.paths[names.count++] = (struct metainfo_new_path){i, path};
    }
    if (failed) {
        metainfo_given_done(&names);
        return ERROR_MEMORY;
    }
    *ret_names = names;
    return ERROR_NONE;
}

/* The path below the torrent's name, which stands before it in every one of a torrent
 * with several files. */
static enum error_code put_below(struct draft *draft, uint32_t file, const char *path)
{
    const size_t length = strlen(draft->name);
    if (!draft->own->multi_file)
        return draft_put(draft, file, draft->name, length, "");
    char begin[PATH_NAME_SIZE + 1];
    snprintf(begin, sizeof begin, "%s/", draft->name);
    return draft_put(draft, file, begin, length + 1, path);
}

enum error_code metainfo_apply_given(struct metainfo *metainfo,
                                     const struct metainfo_given *names,
                                     struct metainfo **ret_renamed)
{
    struct metainfo *own = own_of(metainfo);
    struct draft draft;
    if (names->name != NULL && !is_usable(own, names->name, strlen(names->name)))
        return ERROR_NAME;
    enum error_code error =
        draft_begin(&draft, own, names->name != NULL ? names->name : own->name);
    for (uint32_t i = 0; error == ERROR_NONE && i < own->file_count; i++)
        error = put_below(&draft, i, metainfo_file_path(own, i));
    for (uint32_t i = 0; error == ERROR_NONE && i < names->count; i++) {
        const struct metainfo_new_path *path = &names->paths[i];
        if (path->file >= own->file_count || !own->multi_file ||
            own->files[path->file].pad)
            error = ERROR_INVALID;
        else if (!is_usable_path(own, path->path))
            error = ERROR_NAME;
        else
            error = put_below(&draft, path->file, path->path);
    }
    if (error == ERROR_NONE)
        return draft_make(&draft, ret_renamed);
    draft_done(&draft);
    return error;
}

/* ---- one new name ---- */

char *metainfo_sibling_path(const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');
    const int length = slash == NULL ? 0 : (int)(slash - path) + 1;
    char *sibling;
    return asprintf(&sibling, "%.*s%s", length, path, name) >= 0 ? sibling : NULL;
}

/* PATH is ROOT or below it. */
static bool is_in(const char *path, const char *root)
{
    const size_t length = strlen(root);
    return strncmp(path, root, length) == 0 &&
           (path[length] == '\0' || path[length] == '/');
}

static enum error_code count_twins(const struct metainfo *metainfo, uint32_t *ret_count)
{
    struct path_twins *twins = NULL;
    const enum error_code error = path_twins_find(metainfo, &twins);
    *ret_count = twins != NULL ? twins->count : 0;
    path_twins_free(twins);
    return error;
}

static enum error_code rename_to(struct metainfo *metainfo, const char *path,
                                 const char *new_path, struct draft *draft)
{
    enum error_code error = ERROR_NOT_FOUND;
    for (uint32_t i = 0; i < metainfo->file_count; i++) {
        const struct metainfo_file *file = &metainfo->files[i];
        const bool moves = is_in(file->path, path);
        const enum error_code put =
            moves ? draft_put(draft, i, new_path, strlen(new_path),
                              file->path + strlen(path))
                  : draft_put(draft, i, file->path, strlen(file->path), "");
        if (put != ERROR_NONE)
            return put;
        if (!moves && !file->pad && is_in(file->path, new_path))
            return ERROR_EXISTS;
        if (moves && !file->pad)
            error = ERROR_NONE;
    }
    return error;
}

/* Names that nearly coincide are given others where they do (path_twins.h), which follow
 * from all of them together. */
static enum error_code check_twins(const struct metainfo *before,
                                   const struct metainfo *after, bool whole)
{
    uint32_t had, has;
    enum error_code error = count_twins(before, &had);
    if (error != ERROR_NONE || whole)
        return error;
    if (had > 0)
        return ERROR_REFUSED;
    error = count_twins(after, &has);
    return error == ERROR_NONE && has > 0 ? ERROR_EXISTS : error;
}

enum error_code metainfo_rename(struct metainfo *metainfo, const char *path,
                                const char *name, struct metainfo **ret_renamed)
{
    struct metainfo *own = own_of(metainfo), *renamed;
    struct draft draft;
    const bool whole = strcmp(path, metainfo->name) == 0;
    if (!is_usable(own, name, strlen(name)))
        return ERROR_NAME;
    char *new_path = metainfo_sibling_path(path, name);
    if (new_path == NULL)
        return ERROR_MEMORY;
    enum error_code error = draft_begin(&draft, own, whole ? name : metainfo->name);
    if (error == ERROR_NONE)
        error = rename_to(metainfo, path, new_path, &draft);
    free(new_path);
    if (error != ERROR_NONE) {
        draft_done(&draft);
        return error;
    }
    error = draft_make(&draft, &renamed);
    if (error != ERROR_NONE)
        return error;
    error = check_twins(metainfo, renamed, whole);
    if (error == ERROR_NONE)
        *ret_renamed = renamed;
    else
        metainfo_free(renamed);
    return error;
}
