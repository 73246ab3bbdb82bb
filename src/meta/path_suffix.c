#include "meta/path_suffix.h"

#include "meta/path_name.h"
#include "meta/path_twins.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool path_suffix_is_usable(const char *suffix)
{
    char name[PATH_NAME_SIZE], text[PATH_SUFFIX_BYTES + 2];
    const size_t length = strlen(suffix);
    if (length == 0 || length > PATH_SUFFIX_BYTES)
        return false;
    snprintf(text, sizeof text, "x%s", suffix);
    return path_name_clean(text, length + 1, name) && path_name_make_portable(name);
}

static enum error_code add(struct path_set *set, const char *path, const char *suffix,
                           unsigned *renamed)
{
    char whole[PATH_BYTES + PATH_SUFFIX_BYTES + 1], *given = NULL;
    snprintf(whole, sizeof whole, "%s%s", path, suffix);
    const enum error_code error = path_set_add(set, whole, &given, renamed);
    free(given);
    return error;
}

enum error_code path_suffix_fits(const struct metainfo *metainfo, const char *suffix,
                                 bool *ret_fits)
{
    struct path_twins *twins = NULL;
    struct path_set *set = path_set_new(true);
    unsigned renamed = 0;
    enum error_code error =
        set == NULL ? ERROR_MEMORY : path_twins_find(metainfo, &twins);
    for (int turn = 0; turn < 2; turn++)
        for (uint32_t i = 0; error == ERROR_NONE && renamed == 0 && twins == NULL &&
                             i < metainfo->file_count;
             i++)
            if (!metainfo->files[i].pad)
                error =
                    add(set, metainfo->files[i].path, turn == 0 ? "" : suffix, &renamed);
    path_set_free(set);
    const bool fits = error == ERROR_NONE && renamed == 0 && twins == NULL;
    path_twins_free(twins);
    if (error == ERROR_LIMIT) /* with it a path would be too long */
        error = ERROR_NONE;
    if (error == ERROR_NONE)
        *ret_fits = fits;
    return error;
}
