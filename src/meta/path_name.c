#include "meta/path_name.h"

#include "base/text.h"
#include "base/text_width.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
/* Out of memory must come back as an error, not end the program. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#define EXTENSION_BYTES 10
#define RENAMES_MAX     500

static bool is_bad(uint32_t code)
{
    return text_class(code) == TEXT_CLASS_CONTROL || code == '/' || code == '\\' ||
           (code & 0xfffe) == 0xfffe;
}

/* Copies whole characters while they fit MAX_BYTES, with '_' for what cannot stand in a
 * name. *RET_TAKEN: how much of BYTES that was. */
static size_t replace_bad(const char *bytes, size_t length, size_t max_bytes,
                          char *ret_name, size_t *ret_taken)
{
    size_t used = 0, at = 0;
    while (at < length) {
        uint32_t code;
        const size_t taken = text_decode(bytes + at, length - at, &code);
        const bool bad_byte = taken == 1 && (uint8_t)bytes[at] >= 0x80;
        const bool bad = bad_byte || is_bad(code);
        if (used + (bad ? 1 : taken) > max_bytes)
            break;
        if (bad)
            ret_name[used++] = '_';
        else
            memcpy(ret_name + used, bytes + at, taken);
        used += bad ? 0 : taken;
        at += taken;
    }
    *ret_taken = at;
    return used;
}

/* Where the extension begins that a cut must keep; LENGTH if there is none. */
static size_t extension_begin(const char *bytes, size_t length)
{
    for (size_t kept = 1; kept <= EXTENSION_BYTES + 1 && kept < length; kept++)
        if (bytes[length - kept] == '.')
            return length - kept;
    return length;
}

bool path_name_clean(const char *bytes, size_t length, char ret_name[PATH_NAME_SIZE])
{
    size_t taken;
    size_t used = replace_bad(bytes, length, PATH_NAME_BYTES, ret_name, &taken);
    if (taken < length) {
        const size_t dot = extension_begin(bytes, length);
        used =
            replace_bad(bytes, dot, PATH_NAME_BYTES - (length - dot), ret_name, &taken);
        used += replace_bad(bytes + dot, length - dot, PATH_NAME_BYTES - used,
                            ret_name + used, &taken);
    }
    ret_name[used] = '\0';
    if (used == 0 || strcmp(ret_name, ".") == 0 || strcmp(ret_name, "..") == 0) {
        memcpy(ret_name, "_", 2);
        return false;
    }
    return used == length && memcmp(ret_name, bytes, length) == 0;
}

/* CON, COM1 and so on, in any case and with any extension. */
static bool is_device(const char *name)
{
    static const char *const devices[] = {"CON", "PRN", "AUX", "NUL", "COM", "LPT"};
    const size_t length = strcspn(name, ". ");
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
        if (strncasecmp(name, devices[i], 3) == 0)
            return i < 4 ? length == 3 : length == 4 && name[3] >= '0' && name[3] <= '9';
    return false;
}

bool path_name_make_portable(char name[PATH_NAME_SIZE])
{
    size_t length = strlen(name);
    bool same = true;
    for (size_t i = 0; i < length; i++) {
        const bool last = name[i + strspn(name + i, ". ")] == '\0';
        if (strchr("<>:\"|?*", name[i]) == NULL && !last)
            continue;
        name[i] = '_';
        same = false;
    }
    if (!is_device(name))
        return same;
    if (length < PATH_NAME_BYTES)
        memmove(name + 1, name, length + 1);
    name[0] = '_';
    return false;
}

/* ---- the set ---- */

struct path_entry {
    UT_hash_handle hh;
    bool is_dir;
    char path[];
};

struct path_set {
    struct path_entry *entries;
    unsigned renamed;
    bool ignore_case;
};

struct path_set *path_set_new(bool ignore_case)
{
    struct path_set *set = calloc(1, sizeof *set);
    if (set != NULL)
        set->ignore_case = ignore_case;
    return set;
}

void path_set_free(struct path_set *set)
{
    struct path_entry *entry, *next;
    if (set == NULL)
        return;
    HASH_ITER(hh, set->entries, entry, next)
    {
        HASH_DEL(set->entries, entry);
        free(entry);
    }
    free(set);
}

/* What the set knows a path by. */
static void put_key(const struct path_set *set, const char *path, size_t length,
                    char *ret_key)
{
    for (size_t i = 0; i < length; i++)
        ret_key[i] = set->ignore_case && path[i] >= 'A' && path[i] <= 'Z'
                         ? (char)(path[i] - 'A' + 'a')
                         : path[i];
}

static struct path_entry *find(struct path_set *set, const char *path, size_t length)
{
    struct path_entry *entry;
    char key[PATH_BYTES + 1];
    put_key(set, path, length, key);
    HASH_FIND(hh, set->entries, key, length, entry);
    return entry;
}

static enum error_code insert(struct path_set *set, const char *path, size_t length,
                              bool is_dir)
{
    struct path_entry *entry = calloc(1, sizeof *entry + length + 1);
    if (entry == NULL)
        return ERROR_MEMORY;
    put_key(set, path, length, entry->path);
    entry->is_dir = is_dir;
    HASH_ADD_KEYPTR(hh, set->entries, entry->path, length, entry);
    if (entry->hh.tbl == NULL) {
        free(entry);
        return ERROR_MEMORY;
    }
    return ERROR_NONE;
}

/* Puts ".N" behind the LENGTH bytes of PATH that are taken, so that they are free (or,
 * for a directory, a directory). */
static enum error_code rename_part(struct path_set *set, char *path, size_t *length,
                                   bool is_dir)
{
    for (unsigned number = 1; number <= RENAMES_MAX; number++) {
        char suffix[16];
        const int more = snprintf(suffix, sizeof suffix, ".%u", number);
        if (*length + (size_t)more > PATH_BYTES)
            return ERROR_LIMIT;
        memcpy(path + *length, suffix, (size_t)more + 1);
        const struct path_entry *entry = find(set, path, *length + (size_t)more);
        if (entry == NULL || (is_dir && entry->is_dir)) {
            *length += (size_t)more;
            return ++set->renamed > RENAMES_MAX ? ERROR_LIMIT : ERROR_NONE;
        }
    }
    return ERROR_LIMIT;
}

enum error_code path_set_add(struct path_set *set, const char *path, char **ret_path,
                             unsigned *ret_renamed)
{
    char built[PATH_BYTES + 1];
    size_t used = 0;
    const unsigned renamed_before = set->renamed;
    for (const char *at = path;;) {
        const size_t part = strcspn(at, "/");
        const bool is_dir = at[part] == '/';
        if (used + part > PATH_BYTES)
            return ERROR_LIMIT;
        memcpy(built + used, at, part);
        used += part;
        built[used] = '\0';
        const struct path_entry *entry = find(set, built, used);
        enum error_code error = ERROR_NONE;
        if (entry != NULL && !(is_dir && entry->is_dir)) {
            error = rename_part(set, built, &used, is_dir);
            entry = error == ERROR_NONE ? find(set, built, used) : NULL;
        }
        if (error == ERROR_NONE && entry == NULL)
            error = insert(set, built, used, is_dir);
        if (error != ERROR_NONE)
            return error;
        if (!is_dir)
            break;
        built[used++] = '/';
        at += part + 1;
    }
    *ret_path = strdup(built);
    *ret_renamed += set->renamed - renamed_before;
    return *ret_path != NULL ? ERROR_NONE : ERROR_MEMORY;
}
