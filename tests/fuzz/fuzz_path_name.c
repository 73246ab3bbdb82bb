/* Lines of any bytes become components, and a set of paths none of which is in another's
 * way. */
#include "base/text.h"
#include "meta/path_name.h"

#include <stdlib.h>
#include <string.h>

#define PATHS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void must(bool right)
{
    if (!right)
        abort();
}

static void check_name(const char *name)
{
    must(name[0] != '\0' && strlen(name) <= PATH_NAME_BYTES);
    must(strchr(name, '/') == NULL && strchr(name, '\\') == NULL);
    must(strcmp(name, ".") != 0 && strcmp(name, "..") != 0);
    must(text_is_valid_utf8(name, strlen(name)));
}

static void check_apart(char *const *paths, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const size_t length = strlen(paths[i]);
        for (size_t j = 0; j < count; j++)
            must(i == j || strncmp(paths[i], paths[j], length) != 0 ||
                 (paths[j][length] != '\0' && paths[j][length] != '/'));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    char path[PATH_BYTES + 1] = "", *paths[PATHS_MAX];
    size_t used = 0, count = 0;
    unsigned renamed = 0;
    struct path_set *set = path_set_new(false);
    for (size_t at = 0; at < length && count < PATHS_MAX; at++) {
        char name[PATH_NAME_SIZE];
        const size_t begin = at;
        while (at < length && bytes[at] != '\n' && bytes[at] != '|')
            at++;
        path_name_clean((const char *)bytes + begin, at - begin, name);
        check_name(name);
        char portable[PATH_NAME_SIZE];
        path_name_make_portable(strcpy(portable, name));
        check_name(portable);
        must(path_name_make_portable(portable));
        if (used + strlen(name) + 1 > PATH_BYTES)
            break;
        used += strlen(strcpy(path + used, name));
        if (at < length && bytes[at] == '|') { /* goes on below */
            path[used++] = '/';
            continue;
        }
        if (path_set_add(set, path, &paths[count], &renamed) == ERROR_NONE)
            count++;
        used = 0;
    }
    check_apart(paths, count);
    while (count > 0)
        free(paths[--count]);
    path_set_free(set);
    return 0;
}
