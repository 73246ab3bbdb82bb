/* Between view_files.c, which shows the tree, and file_commands.c, whose keys act on it.
 */
#ifndef BTTUI_UI_VIEW_FILES_PRIVATE_H
#define BTTUI_UI_VIEW_FILES_PRIVATE_H

#include "ui/file_row.h"
#include "ui/rename_ask.h"
#include "ui/view.h"

struct files {
    struct table *table;
    struct file_rows all;
    struct file_row *rows;
    uint32_t capacity;
    bool has_torrent;
    uint32_t names_epoch; /* of the tree */
    struct rename_asked rename;
    enum file_tree_key key;
    bool descending;
    bool is_stale;  /* something was changed here: add up at once */
    bool is_listed; /* the rows are as the tree is opened and sorted */
    uint64_t refreshed_ns;
};

/* The view's act; false: ACTION is none of the view's. */
bool file_commands_act(void *state, struct view_context *context, enum action action);

#endif
