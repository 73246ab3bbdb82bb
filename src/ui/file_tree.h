/*
 * The files of a torrent as a tree: folders with the sums of what is in them, opened and
 * closed, sorted within each folder. Keeps no text: names are parts of the paths that
 * torrent_get_file gives, so that 100,000 files cost some megabytes and no more. Walks
 * are loops, however deep a hostile torrent goes. Loop thread.
 */
#ifndef BTTUI_UI_FILE_TREE_H
#define BTTUI_UI_FILE_TREE_H

#include "bus/message.h"

#include <stdbool.h>
#include <stdint.h>

struct session;

#define FILE_TREE_NONE    UINT32_MAX
#define FILE_TREE_ROOT    0u
#define FILE_TREE_DEPTH   32u     /* deeper folders are a part of the name */
#define FILE_TREE_FOLDERS 262144u /* further ones too */

enum file_tree_key { FILE_TREE_BY_NAME, FILE_TREE_BY_SIZE, FILE_TREE_BY_DONE };

struct file_node {
    uint32_t parent, first_child, next; /* FILE_TREE_NONE: none */
    uint32_t file;                      /* its number; of a folder: of one in it */
    uint32_t name_begin, name_length;   /* of that file's path */
    uint32_t rank;                      /* among all, by name */
    uint16_t depth;                     /* 1: on top */
    bool is_folder, open;
    uint32_t files, wanted; /* how many files; 1 and 0 or 1 for a file */
    uint32_t high, low;     /* how many of these are to come before or after others */
    uint64_t bytes;
    uint64_t goal_bytes, done_bytes; /* of wanted files; of all if none is wanted */
};

struct file_tree {
    struct file_node *nodes; /* [FILE_TREE_ROOT] holds all; parents before children */
    uint32_t count, capacity;
    uint32_t folders;
};

/* Padding files are left out. Top folders are open if there are few. The tree must be
 * empty (zeroed or done). False: out of memory, it is empty then. */
bool file_tree_build(struct file_tree *tree, struct session *session,
                     struct torrent_id torrent);
/* Files were renamed: the same tree with their names, by name again. False: out of
 * memory, or another torrent; it is as before. */
bool file_tree_rename(struct file_tree *tree, struct session *session,
                      struct torrent_id torrent);
void file_tree_done(struct file_tree *tree);
/* Reads what is done and wanted anew, and adds up. False: not the torrent that it was
 * built from. */
bool file_tree_refresh(struct file_tree *tree, struct session *session,
                       struct torrent_id torrent);
/* False: out of memory, the order is as before. Folders come first. */
bool file_tree_sort(struct file_tree *tree, enum file_tree_key key, bool descending);

/* The node that is shown after NODE (from FILE_TREE_ROOT: the first); FILE_TREE_NONE
 * after the last. What is in closed folders is passed over, unless ALL. */
uint32_t file_tree_next(const struct file_tree *tree, uint32_t node, bool all);
/* The next file within FOLDER after NODE (FOLDER itself: the first). */
uint32_t file_tree_next_file(const struct file_tree *tree, uint32_t folder,
                             uint32_t node);
/* The name within PATH, the path of node->file; cut if RET_NAME is too small. */
void file_tree_name(const struct file_node *node, const char *path, char *ret_name,
                    size_t size);

#endif
