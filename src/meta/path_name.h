/*
 * Names from outside made fit for a disk (HOSTILE.md T13, T24-T35): one component at a
 * time, and a set that keeps the paths of one torrent apart. Pure; any thread.
 */
#ifndef BTTUI_META_PATH_NAME_H
#define BTTUI_META_PATH_NAME_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define PATH_NAME_BYTES 240 /* of a component */
#define PATH_NAME_SIZE  (PATH_NAME_BYTES + 1)
#define PATH_BYTES      4000 /* of a whole path */

/* Writes a usable component: valid UTF-8 without control characters or separators, not
 * empty, not "." or "..", at most PATH_NAME_BYTES, a dot and up to ten bytes after it
 * kept when it is cut. True if that is the name as it stood. */
bool path_name_clean(const char *bytes, size_t length, char ret_name[PATH_NAME_SIZE]);

/* Changes a clean component where Windows or a FAT file system would not take it: '_' for
 * each of <>:"|?* and for dots and spaces at its end, and before the name of a device
 * such as CON or AUX.txt (T34). True if nothing had to be changed. */
bool path_name_make_portable(char name[PATH_NAME_SIZE]);

struct path_set;
/* IGNORE_CASE: names that differ in nothing but the case of A-Z are the same. NULL: out
 * of memory. */
struct path_set *path_set_new(bool ignore_case);
void path_set_free(struct path_set *set);
/* Adds the file PATH (components joined by '/'), renaming it with ".1", ".2" … where it
 * or a directory of it is taken by another (T32, T33). *ret_path is malloc'ed.
 * *ret_renamed counts up. ERROR_LIMIT: over 500 renamed, or PATH too long. */
enum error_code path_set_add(struct path_set *set, const char *path, char **ret_path,
                             unsigned *ret_renamed) MUST_CHECK;

#endif
