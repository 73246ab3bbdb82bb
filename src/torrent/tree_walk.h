/*
 * The files of a directory, with all below it, as a torrent can hold them: regular files,
 * in the order of their names' bytes, directory by directory ("a/x" before "a-b": the
 * order of a v2 file tree, too). Symbolic links are never followed. Only reads; any
 * thread.
 */
#ifndef BTTUI_TORRENT_TREE_WALK_H
#define BTTUI_TORRENT_TREE_WALK_H

#include "disk/storage.h"

#include <limits.h>
#include <sys/stat.h>

struct tree_file {
    char *path; /* below the root */
    struct file_stamp stamp;
};

struct tree {
    struct tree_file *files;
    uint32_t count, capacity;
    uint64_t total_bytes;
};

/* What a torrent cannot hold. */
enum tree_oddity {
    TREE_LINK,     /* symbolic, whatever it points to */
    TREE_SPECIAL,  /* a device, FIFO or socket */
    TREE_EMPTY_DIR /* nothing at all in it */
};

struct tree_walk {
    const char *root; /* itself may be behind a link */
    /* False: PATH, a file or directory with all below it, is passed over. */
    bool (*is_wanted)(void *context, const char *path, const struct stat *status);
    void (*on_oddity)(void *context, const char *path, enum tree_oddity oddity);
    bool (*is_ended)(void *context); /* now and then: true gives up (ERROR_CANCELLED) */
    void *context;
};

struct tree_error {
    int errno_value;     /* 0: the code says all */
    char path[PATH_MAX]; /* what it is about, below the root; "": the root itself */
};

/* Everything that is not passed over must be readable, so that nothing is left out
 * unheard: the first that is not ends it. ERROR_LIMIT: more files than a torrent holds.
 * On failure *ret_tree is untouched. */
enum error_code tree_walk(const struct tree_walk *walk, struct tree *ret_tree,
                          struct tree_error *ret_error) MUST_CHECK;
void tree_done(struct tree *tree);

#endif
