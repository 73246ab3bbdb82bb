/*
 * Opening a path component by component below a directory descriptor, never through a
 * symbolic link, so that a directory swapped for a link between two opens leads nowhere
 * (HOSTILE.md S14, S15). Any thread.
 */
#ifndef BTTUI_DISK_FILE_WALK_H
#define BTTUI_DISK_FILE_WALK_H

#include <stdbool.h>

/* Every function refuses with EINVAL a PATH that could lead elsewhere by its words alone:
 * an empty component, "." or "..", or one that begins with '/'. */
/* The directory that holds the last component of PATH, or -1 with errno. CREATE makes
 * missing directories. *ret_name points to the last component inside PATH. */
int file_walk_parent(int dir_fd, const char *path, bool create, const char **ret_name);
enum file_walk_way {
    FILE_WALK_READ,
    FILE_WALK_WRITE, /* and read; it must be there */
    FILE_WALK_MAKE,  /* the same, made if missing, with its directories */
};
/* Opens a regular file; anything else fails with errno ELOOP, EISDIR or EINVAL. */
int file_walk_open(int dir_fd, const char *path, enum file_walk_way way);
/* Makes the directories of PATH, which is the user's own: links are followed. -1 with
 * errno. */
int file_walk_make_dirs(const char *path);
/* The directory PATH was just made: its name is to outlive a power loss. As far as that
 * can be had; no errors. */
void file_walk_sync_parent(const char *path);

#endif
