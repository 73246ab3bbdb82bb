#include "ui/path_complete.h"

#include "base/text.h"
#include "base/text_width.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void path_expand(const char *path, char *ret_path, size_t size)
{
    const char *home = getenv("HOME");
    if (path[0] == '~' && (path[1] == '/' || path[1] == '\0') && home != NULL)
        snprintf(ret_path, size, "%s%s", home, path + 1);
    else
        snprintf(ret_path, size, "%s", path);
}

static bool is_directory(DIR *directory, const struct dirent *entry)
{
    struct stat status;
    if (entry->d_type == DT_DIR)
        return true;
    if (entry->d_type != DT_LNK && entry->d_type != DT_UNKNOWN)
        return false;
    return fstatat(dirfd(directory), entry->d_name, &status, 0) == 0 &&
           S_ISDIR(status.st_mode);
}

static bool is_torrent(const char *name)
{
    const size_t length = strlen(name);
    return length > 8 && strcmp(name + length - 8, ".torrent") == 0;
}

/* A name with other bytes would not survive the line it is completed in. */
static bool can_be_typed(const char *name)
{
    const size_t length = strlen(name);
    for (size_t at = 0; at < length;) {
        uint32_t code;
        at += text_decode(name + at, length - at, &code);
        const enum text_class class = text_class(code);
        if (code == 0xfffd || class == TEXT_CLASS_CONTROL || class == TEXT_CLASS_HIDDEN)
            return false;
    }
    return true;
}

struct scan {
    const char *start; /* what the name begins with */
    char common[NAME_MAX + 2];
    struct path_completion *completion;
};

/* Bytes that both have at the beginning, ending at a character's border. */
static size_t common_length(const char *a, const char *b)
{
    size_t length = 0;
    while (a[length] != '\0' && a[length] == b[length])
        length++;
    while (length > 0 && ((unsigned char)a[length] & 0xc0) == 0x80)
        length--;
    return length;
}

static void take_name(struct scan *scan, const char *name, bool directory)
{
    char with_slash[NAME_MAX + 2];
    struct path_completion *completion = scan->completion;
    const size_t used = strlen(completion->names);
    snprintf(with_slash, sizeof with_slash, "%s%s", name, directory ? "/" : "");
    if (completion->matches++ == 0)
        memcpy(scan->common, with_slash, strlen(with_slash) + 1);
    else
        scan->common[common_length(scan->common, with_slash)] = '\0';
    if (used + strlen(with_slash) + 3 < sizeof completion->names)
        snprintf(completion->names + used, sizeof completion->names - used, "%s%s",
                 used > 0 ? "  " : "", with_slash);
}

static void scan_directory(struct scan *scan, DIR *directory)
{
    const size_t length = strlen(scan->start);
    const struct dirent *entry;
    for (int looked = 0; looked < PATH_COMPLETE_ENTRIES; looked++) {
        if ((entry = readdir(directory)) == NULL)
            return;
        const char *name = entry->d_name;
        if (strncmp(name, scan->start, length) != 0 || strcmp(name, ".") == 0 ||
            strcmp(name, "..") == 0 || (name[0] == '.' && length == 0) ||
            !can_be_typed(name))
            continue;
        const bool is_dir = is_directory(directory, entry);
        if (is_dir || is_torrent(name))
            take_name(scan, name, is_dir);
    }
}

void path_complete(const char *path, char *ret_path, size_t size,
                   struct path_completion *ret_completion)
{
    char folder[4096];
    const char *slash = strrchr(path, '/');
    const size_t kept = slash != NULL ? (size_t)(slash - path) + 1 : 0;
    struct scan scan = {.start = path + kept, .completion = ret_completion};
    memset(ret_completion, 0, sizeof *ret_completion);
    path_expand(path, folder, sizeof folder);
    char *end = strrchr(folder, '/');
    if (kept == 0)
        snprintf(folder, sizeof folder, ".");
    else if (end != NULL)
        end[1] = '\0';
    DIR *directory = opendir(folder);
    if (directory != NULL) {
        scan_directory(&scan, directory);
        closedir(directory);
    }
    snprintf(ret_path, size, "%.*s%s", (int)kept, path,
             ret_completion->matches > 0 ? scan.common : scan.start);
}
