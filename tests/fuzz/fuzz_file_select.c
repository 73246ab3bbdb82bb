/* The first line as a list of files wanted, the others as their paths: what is taken
 * wants something, what is refused is an item of the list. */
#include "torrent/file_select.h"

#include <stdlib.h>
#include <string.h>

#define FILES_MAX 32u

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static const char *path_of(void *context, uint32_t file)
{
    char *const *paths = context;
    return paths[file];
}

static void check(const struct file_select *files, const char *list)
{
    bool wanted[FILES_MAX] = {false};
    const char *item = NULL;
    uint32_t count = 0;
    const enum error_code error = file_select_apply(files, list, wanted, &item);
    for (uint32_t i = 0; i < files->count; i++)
        count += wanted[i];
    if (error == ERROR_NONE && (count == 0 || item != NULL))
        abort();
    if (error != ERROR_NONE &&
        (item < list || item > list + strlen(list) || (item > list && item[-1] != ',')))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    char *text = malloc(length + 1), *paths[FILES_MAX], *at;
    struct file_select files = {.path = path_of, .context = paths};
    if (text == NULL)
        return 0;
    memcpy(text, bytes, length);
    text[length] = '\0';
    at = text;
    while ((at = strchr(at, '\n')) != NULL && files.count < FILES_MAX) {
        *at++ = '\0';
        paths[files.count++] = at;
    }
    if (at != NULL)
        *at = '\0';
    check(&files, text);
    free(text);
    return 0;
}
