/* The rows of the Files view: a node of the tree each, and their columns. */
#ifndef BTTUI_UI_FILE_ROW_H
#define BTTUI_UI_FILE_ROW_H

#include "ui/file_tree.h"
#include "ui/table.h"
#include "ui/view.h"

struct file_row {
    uint64_t id; /* of the node, + 1 */
    uint32_t node;
    uint32_t place; /* in the tree's order, turned round with the table's: see recalc */
};

/* The context of the table. */
struct file_rows {
    struct view_context *context; /* for the cells' looks */
    struct torrent_id torrent;    /* of the tree */
    struct file_tree tree;
    bool flat; /* whole paths instead of the tree */
};

enum file_column {
    FILE_COLUMN_NAME,
    FILE_COLUMN_FILES,
    FILE_COLUMN_SIZE,
    FILE_COLUMN_DONE
};
extern const struct table_class file_row_table;

static inline const struct file_node *file_row_node(const struct file_rows *files,
                                                    const void *row)
{
    return &files->tree.nodes[((const struct file_row *)row)->node];
}

#endif
