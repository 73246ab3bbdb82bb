/* Completing a path by one look into its directory. */
#ifndef BTTUI_UI_PATH_COMPLETE_H
#define BTTUI_UI_PATH_COMPLETE_H

#include <stddef.h>

#define PATH_COMPLETE_ENTRIES 10000 /* looked at most, so that a key never waits long */

struct path_completion {
    size_t matches;  /* names that begin with it; directories and *.torrent only */
    char names[512]; /* some of them, separated by two spaces, for a message */
};
/* "~/" is the home directory. Writes PATH with what all matches have in common; a sole
 * directory gets its '/'. RET_PATH holds PATH itself when nothing matches. */
void path_complete(const char *path, char *ret_path, size_t size,
                   struct path_completion *ret_completion);
/* Writes PATH with a leading "~/" replaced. */
void path_expand(const char *path, char *ret_path, size_t size);

#endif
