#include "meta/path_name.h"

#include "base/text.h"
#include "base/text_width.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* Replaces what cannot stand in a name. WORK has room for LENGTH bytes and more. */
static size_t replace_bad(const char *bytes, size_t length, char *work, size_t work_size)
{
    size_t used = 0;
    for (size_t at = 0; at < length && used + 4 < work_size;) {
        uint32_t code;
        const size_t taken = text_decode(bytes + at, length - at, &code);
        const bool bad_byte = taken == 1 && (uint8_t)bytes[at] >= 0x80;
        if (bad_byte || is_bad(code)) {
            work[used++] = '_';
        } else {
            memcpy(work + used, bytes + at, taken);
            used += taken;
        }
        at += taken;
    }
    work[used] = '\0';
    return used;
}

static size_t character_border(const char *bytes, size_t at)
{
    while (at > 0 && ((uint8_t)bytes[at] & 0xc0) == 0x80)
        at--;
    return at;
}

bool path_name_clean(const char *bytes, size_t length, char ret_name[PATH_NAME_SIZE])
{
    char work[2048];
    size_t used = replace_bad(bytes, length, work, sizeof work);
    if (used == 0 || strcmp(work, ".") == 0 || strcmp(work, "..") == 0) {
        memcpy(ret_name, "_", 2);
        return false;
    }
    if (used > PATH_NAME_BYTES) {
        const char *dot = memrchr(work, '.', used);
        const size_t extension = dot != NULL ? used - (size_t)(dot - work) : 0;
        const size_t kept = extension <= EXTENSION_BYTES ? extension : 0;
        const size_t stem = character_border(work, PATH_NAME_BYTES - kept);
        memmove(work + stem, work + used - kept, kept);
        used = stem + kept;
        work[used] = '\0';
    }
    memcpy(ret_name, work, used + 1);
    return used == length && memcmp(work, bytes, length) == 0;
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
};

struct path_set *path_set_new(void)
{
    return calloc(1, sizeof(struct path_set));
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

static struct path_entry *find(struct path_set *set, const char *path, size_t length)
{
    struct path_entry *entry;
    HASH_FIND(hh, set->entries, path, length, entry);
    return entry;
}

static enum error_code insert(struct path_set *set, const char *path, size_t length,
                              bool is_dir)
{
    struct path_entry *entry = calloc(1, sizeof *entry + length + 1);
    if (entry == NULL)
        return ERROR_MEMORY;
    memcpy(entry->path, path, length);
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
        if (used + part + 1 > PATH_BYTES)
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
