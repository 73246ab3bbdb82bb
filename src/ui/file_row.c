#include "ui/file_row.h"

#include "base/i18n.h"
#include "base/text.h"
#include "ui/cells.h"

#include <stdio.h>

static uint16_t style_of(const struct file_node *node)
{
    return node->wanted == 0 ? STYLE_DIM : STYLE_NORMAL;
}

static int draw_box(struct pane cell, int x, const struct file_node *node)
{
    const bool ascii = canvas_is_ascii(cell.canvas);
    const char *sign = node->wanted == 0            ? " "
                       : node->wanted < node->files ? "~"
                       : node->high == node->files  ? "+"
                       : node->low == node->files   ? "-"
                                                    : glyph_text(GLYPH_YES, ascii);
    return pane_print(cell, x, 0, node->wanted == 0 ? STYLE_DIM : STYLE_ACCENT, "[%s] ",
                      sign);
}

static void draw_name(void *context, const void *row, struct pane cell)
{
    const struct file_rows *files = context;
    const struct file_node *node = file_row_node(files, row);
    char name[1024], masked[VIEW_MASK_SIZE];
    struct file_info info;
    if (!torrent_get_file(files->context->session, files->torrent, node->file, &info))
        return;
    int x = draw_box(cell, 0, node);
    if (files->flat) {
        pane_text(cell, x, 0, style_of(node),
                  view_mask(files->context, info.path, masked));
        return;
    }
    /* However deep, a half of the cell stays for the name. */
    const int indent = 2 * (node->depth - 1);
    x += indent < cell.width / 2 ? indent : cell.width / 2;
    file_tree_name(node, info.path, name, sizeof name);
    if (node->is_folder) {
        pane_glyph(cell, x, 0, STYLE_ACCENT, node->open ? GLYPH_OPEN : GLYPH_CLOSED);
        x += 2 + pane_text(cell, x + 2, 0, style_of(node),
                           view_mask(files->context, name, masked));
        pane_char(cell, x, 0, STYLE_DIM, '/');
    } else {
        pane_text(cell, x + 2, 0, style_of(node),
                  view_mask(files->context, name, masked));
    }
}

static void draw_size(void *context, const void *row, struct pane cell)
{
    const struct file_node *node = file_row_node(context, row);
    cell_bytes(cell, style_of(node), node->bytes);
}

static void draw_done(void *context, const void *row, struct pane cell)
{
    const struct file_node *node = file_row_node(context, row);
    cell_percent(cell, node->done_bytes, node->goal_bytes);
}

static void draw_files(void *context, const void *row, struct pane cell)
{
    const struct file_node *node = file_row_node(context, row);
    char text[TEXT_NUMBER_SIZE];
    if (!node->is_folder)
        return;
    snprintf(text, sizeof text, "%u/%u", node->wanted, node->files);
    pane_text_right(cell, 0, style_of(node), text);
}

/* The rows come sorted: a tree is not a list. All columns sort by their places. */
static int compare_places(const void *a, const void *b)
{
    return compare_u64(((const struct file_row *)a)->place,
                       ((const struct file_row *)b)->place);
}

static const struct table_column columns[] = {
    [FILE_COLUMN_NAME] =
        {.name = "name",
         .title = N_("Name"),
         .help =
             N_("The box: marked if wanted, ~ if some of the folder is, empty if not."),
         .width = 16,
         .stretch = 1,
         .compare = compare_places,
         .draw = draw_name},
    [FILE_COLUMN_FILES] = {.name = "files",
                           .title = N_("Files"),
                           .help = N_("How many of the folder's files are wanted."),
                           .width = 13,
                           .priority = 3,
                           .align = TABLE_RIGHT,
                           .draw = draw_files},
    [FILE_COLUMN_SIZE] = {.name = "size",
                          .title = N_("Size"),
                          .help = N_("The size of the file, or of all in the folder."),
                          .width = 9,
                          .priority = 2,
                          .align = TABLE_RIGHT,
                          .descending = true,
                          .compare = compare_places,
                          .draw = draw_size},
    [FILE_COLUMN_DONE] = {.name = "done",
                          .title = N_("Done"),
                          .help = N_("How much of it is here and verified."),
                          .width = 12,
                          .priority = 1,
                          .align = TABLE_RIGHT,
                          .descending = true,
                          .compare = compare_places,
                          .draw = draw_done},
};

static void match_text(void *context, const void *row, char *ret_text, size_t size)
{
    const struct file_rows *files = context;
    struct file_info info;
    if (torrent_get_file(files->context->session, files->torrent,
                         file_row_node(files, row)->file, &info))
        snprintf(ret_text, size, "%s", info.path);
}

const struct table_class file_row_table = {
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .row_size = sizeof(struct file_row),
    .match_text = match_text,
    .sort_column = FILE_COLUMN_NAME,
};
