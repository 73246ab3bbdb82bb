/*
 * --select: which files of a torrent are wanted. Items separated by commas: numbers
 * and ranges as `bttui show` counts them from 1, or globs on the path below the name
 * (`*` crosses `/`; a glob without `/` is tried on the file's own name too).
 * Pure; loop thread or any other.
 */
#ifndef BTTUI_TORRENT_FILE_SELECT_H
#define BTTUI_TORRENT_FILE_SELECT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct file_select {
    uint32_t count; /* of files */
    const char *(*path)(void *context, uint32_t file);
    void *context;
};

/* Sets WANTED[0 … count) for what LIST names and clears the rest. ERROR_SYNTAX: an item
 * is not well formed; ERROR_NOT_FOUND: an item names no file. *ret_item, if not NULL,
 * points to the item at fault inside LIST. */
enum error_code file_select_apply(const struct file_select *files, const char *list,
                                  bool *ret_wanted, const char **ret_item) MUST_CHECK;

/* Whether one GLOB of them names PATH. */
bool file_select_matches(const char *glob, const char *path);

#endif
