/*
 * The files of the selected torrent as a tree: size, progress, whether they are
 * wanted, and which before others. With a filter it is a flat list of the paths that have
 * its text.
 */
#include "base/clock.h"
#include "base/i18n.h"
#include "base/text.h"
#include "ui/cells.h"
#include "ui/view_files_private.h"
#include "ui/views.h"

#include <stdio.h>
#include <stdlib.h>

#define MANY_FILES 5000u /* from here on progress is added up once a second */

/* ---- life ---- */

static bool files_init(void *state, struct view_context *context)
{
    struct files *files = state;
    files->all.context = context;
    files->table = table_new(&file_row_table, &files->all);
    return files->table != NULL;
}

static void forget(struct files *files)
{
    table_set_rows(files->table, NULL, 0);
    file_tree_done(&files->all.tree);
    free(files->rows);
    files->rows = NULL;
    files->capacity = 0;
    files->is_listed = false;
}

static void files_done(void *state)
{
    struct files *files = state;
    if (files->table != NULL)
        forget(files);
    rename_asked_done(&files->rename);
    table_free(files->table);
}

static void files_torrent(void *state, struct view_context *context)
{
    (void)context;
    forget(state);
}

/* ---- rows ---- */

static bool make_room(struct files *files)
{
    if (files->capacity >= files->all.tree.count)
        return true;
    struct file_row *rows = realloc(files->rows, files->all.tree.count * sizeof *rows);
    if (rows == NULL)
        return false;
    files->rows = rows;
    files->capacity = files->all.tree.count;
    return true;
}

/* The table turns rows round when it sorts down; places count down then, so that they
 * come out as the tree has them. */
static void list_rows(struct files *files)
{
    uint32_t count = 0;
    if (!make_room(files))
        return;
    for (uint32_t node =
             file_tree_next(&files->all.tree, FILE_TREE_ROOT, files->all.flat);
         node != FILE_TREE_NONE;
         node = file_tree_next(&files->all.tree, node, files->all.flat)) {
        if (files->all.flat && files->all.tree.nodes[node].is_folder)
            continue;
        files->rows[count] = (struct file_row){
            (uint64_t)node + 1, node, files->descending ? UINT32_MAX - count : count};
        count++;
    }
    files->is_listed = true;
    table_set_rows(files->table, files->rows, count);
}

static bool same_torrent(struct torrent_id a, struct torrent_id b)
{
    return a.index == b.index && a.generation == b.generation;
}

/* The tree is this torrent's, or made so. False: there is none. */
static bool have_tree(struct files *files, struct view_context *context,
                      uint32_t names_epoch)
{
    const bool renamed = files->names_epoch != names_epoch;
    files->names_epoch = names_epoch;
    if (files->all.tree.count > 0 && same_torrent(files->all.torrent, context->torrent)) {
        if (!renamed ||
            !file_tree_rename(&files->all.tree, context->session, context->torrent))
            return true;
        files->key = FILE_TREE_BY_NAME;
        files->descending = false;
        files->is_listed = false;
        files->is_stale = true;
        return true;
    }
    forget(files);
    files->all.torrent = context->torrent;
    if (torrent_file_count(context->session, context->torrent) == 0 ||
        !file_tree_build(&files->all.tree, context->session, context->torrent))
        return false;
    files->key = FILE_TREE_BY_NAME;
    files->descending = false;
    files->refreshed_ns = clock_now_ns(context->clock);
    return true;
}

/* Adds up anew, unless there is much to add and it was done just now. */
static bool refresh(struct files *files, struct view_context *context)
{
    const uint64_t now_ns = clock_now_ns(context->clock);
    if (!files->is_stale && files->all.tree.count > MANY_FILES &&
        now_ns - files->refreshed_ns < NS_PER_S) {
        view_changed_in(context, 1000 - (now_ns - files->refreshed_ns) / NS_PER_MS);
        return false;
    }
    files->is_stale = false;
    files->refreshed_ns = now_ns;
    return file_tree_refresh(&files->all.tree, context->session, context->torrent);
}

static enum file_tree_key key_of(int column)
{
    return column == FILE_COLUMN_SIZE   ? FILE_TREE_BY_SIZE
           : column == FILE_COLUMN_DONE ? FILE_TREE_BY_DONE
                                        : FILE_TREE_BY_NAME;
}

static void files_recalc(void *state, struct view_context *context)
{
    struct files *files = state;
    struct torrent_info info;
    files->all.context = context;
    files->has_torrent = torrent_get_info(context->session, context->torrent, &info);
    if (!have_tree(files, context, files->has_torrent ? info.names_epoch : 0)) {
        table_set_rows(files->table, NULL, 0);
        return;
    }
    const bool fresh = refresh(files, context);
    const enum file_tree_key key = key_of(table_sort_column(files->table));
    const bool descending = table_sort_descending(files->table);
    const bool flat = table_filter(files->table)[0] != '\0';
    const bool sorts = key != files->key || descending != files->descending ||
                       (fresh && key == FILE_TREE_BY_DONE);
    if (sorts && file_tree_sort(&files->all.tree, key, descending)) {
        files->key = key;
        files->descending = descending;
        files->is_listed = false;
    }
    if (flat != files->all.flat)
        files->is_listed = false;
    files->all.flat = flat;
    if (!files->is_listed)
        list_rows(files);
}

/* ---- painting ---- */

static void draw_note(const struct files *files, struct pane pane)
{
    const struct file_node *root = &files->all.tree.nodes[FILE_TREE_ROOT];
    const void *row = table_current(files->table);
    char text[160], size[TEXT_NUMBER_SIZE], masked[VIEW_MASK_SIZE];
    struct file_info info;
    if (pane_is_empty(pane))
        return;
    /* L10N: files that are wanted, all files, and the size of those wanted */
    snprintf(
        text, sizeof text,
        ngettext("%u of %u file wanted, %s", "%u of %u files wanted, %s", root->files),
        root->wanted, root->files,
        text_bytes(root->wanted > 0 ? root->goal_bytes : 0, size));
    pane_text_right(pane, 0, STYLE_DIM, text);
    const int room = pane.width - (int)text_cells(text) - 2;
    if (row == NULL || room < 20 ||
        !torrent_get_file(files->all.context->session, files->all.torrent,
                          file_row_node(&files->all, row)->file, &info))
        return;
    const struct file_node *node = file_row_node(&files->all, row);
    char path[1024];
    snprintf(path, sizeof path, "%.*s", (int)(node->name_begin + node->name_length),
             info.path);
    pane_text(pane_part(pane, 0, 0, room, 1), 0, 0, STYLE_DIM,
              view_mask(files->all.context, path, masked));
}

static void files_draw(void *state, struct view_context *context, struct pane pane,
                       bool focused)
{
    struct files *files = state;
    files->all.context = context;
    if (table_visible_count(files->table) > 0) {
        const struct pane note = view_take_bottom(&pane, 1, 5);
        table_draw(files->table, pane, focused);
        draw_note(files, note);
    } else if (!files->has_torrent) {
        view_draw_empty(pane, _("No torrent is selected."), "");
    } else if (files->all.flat) {
        view_draw_no_match(context, pane, _("No file has the filter's text."), "back");
    } else {
        view_draw_empty(pane, _("The files are not known yet."), "");
    }
}

static struct table *files_table(void *state)
{
    return ((struct files *)state)->table;
}

static bool files_click(void *state, struct view_context *context, int x, int y)
{
    (void)context;
    return table_click(files_table(state), x, y);
}

const struct view_class view_files = {
    .name = "files",
    .title = N_("Files"),
    .scopes = SCOPE_FILES | SCOPE_TABLE,
    .shows = CHANGED_FILES | CHANGED_STATE,
    .size = sizeof(struct files),
    .init = files_init,
    .done = files_done,
    .torrent = files_torrent,
    .recalc = files_recalc,
    .draw = files_draw,
    .act = file_commands_act,
    .click = files_click,
    .table = files_table,
};
