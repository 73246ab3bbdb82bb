#include "torrent/file_select.h"

#include "base/text.h"

#include <fnmatch.h>
#include <string.h>

#define ITEM_SIZE 1024

static bool looks_like_numbers(const char *item)
{
    return item[0] != '\0' && item[strspn(item, "0123456789-")] == '\0';
}

static enum error_code select_range(const struct file_select *files, char *item,
                                    bool *ret_wanted)
{
    char *dash = strchr(item, '-');
    uint64_t first, last;
    if (dash != NULL)
        *dash = '\0';
    if (!text_parse_u64(item, 1, UINT32_MAX, &first))
        return ERROR_SYNTAX;
    last = first;
    if (dash != NULL && dash[1] == '\0')
        last = files->count;
    else if (dash != NULL && !text_parse_u64(dash + 1, 1, UINT32_MAX, &last))
        return ERROR_SYNTAX;
    if (first > files->count || last < first)
        return ERROR_NOT_FOUND;
    for (uint64_t i = first; i <= last && i <= files->count; i++)
        ret_wanted[i - 1] = true;
    return ERROR_NONE;
}

bool file_select_matches(const char *glob, const char *path)
{
    if (fnmatch(glob, path, 0) == 0)
        return true;
    const char *slash = strrchr(path, '/');
    return strchr(glob, '/') == NULL && slash != NULL && fnmatch(glob, slash + 1, 0) == 0;
}

static enum error_code select_glob(const struct file_select *files, const char *glob,
                                   bool *ret_wanted)
{
    bool found = false;
    for (uint32_t i = 0; i < files->count; i++) {
        if (file_select_matches(glob, files->path(files->context, i)))
            ret_wanted[i] = found = true;
    }
    return found ? ERROR_NONE : ERROR_NOT_FOUND;
}

enum error_code file_select_apply(const struct file_select *files, const char *list,
                                  bool *ret_wanted, const char **ret_item)
{
    memset(ret_wanted, 0, files->count * sizeof *ret_wanted);
    for (const char *at = list;; at++) {
        const size_t length = strcspn(at, ",");
        char item[ITEM_SIZE];
        enum error_code error = ERROR_SYNTAX;
        if (length > 0 && length < sizeof item) {
            memcpy(item, at, length);
            item[length] = '\0';
            error = looks_like_numbers(item) ? select_range(files, item, ret_wanted)
                                             : select_glob(files, item, ret_wanted);
        }
        if (error != ERROR_NONE) {
            if (ret_item != NULL)
                *ret_item = at;
            return error;
        }
        at += length;
        if (*at == '\0')
            return ERROR_NONE;
    }
}
