/*
 * The files of the selected torrent as a tree: size, progress, whether they are
 * wanted, and which before others. With a filter it is a flat list of the paths that have
 * its text.
 */
#include "base/i18n.h"
#include "base/text.h"
#include "ui/cells.h"
#include "ui/file_row.h"
#include "ui/views.h"

#include <stdio.h>
#include <stdlib.h>

#define MANY_FILES 5000u /* from here on progress is added up once a second */

struct files {
    struct table *table;
    struct file_rows all;
    struct file_row *rows;
    uint32_t capacity;
    bool has_torrent;
    enum file_tree_key key;
    bool descending;
    bool is_stale;  /* something was changed here: add up at once */
    bool is_listed; /* the rows are as the tree is opened and sorted */
    uint64_t refreshed_ns;
};

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
static bool have_tree(struct files *files, struct view_context *context)
{
    if (files->all.tree.count > 0 && same_torrent(files->all.torrent, context->torrent))
        return true;
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
    if (!have_tree(files, context)) {
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
        view_draw_empty(pane, _("No file has the filter's text."),
                        _("Esc shows all again."));
    } else {
        view_draw_empty(pane, _("The files are not known yet."), "");
    }
}

/* ---- keys ---- */

struct choice {
    struct files *files;
    uint32_t *numbers;
    uint32_t count;
};

static bool choice_begin(struct choice *choice, struct files *files)
{
    *choice = (struct choice){.files = files};
    if (files->all.tree.count > 0)
        choice->numbers = malloc(files->all.tree.count * sizeof *choice->numbers);
    return choice->numbers != NULL;
}

static void choice_end(struct choice *choice)
{
    choice->files->is_stale = true;
    free(choice->numbers);
}

/* The row's file, or all in its folder. */
static const struct file_node *choose_row(struct choice *choice, struct files *files)
{
    const struct file_row *row = table_current(files->table);
    if (row == NULL || !choice_begin(choice, files))
        return NULL;
    const struct file_node *node = file_row_node(&files->all, row);
    if (!node->is_folder)
        choice->numbers[choice->count++] = node->file;
    else
        for (uint32_t in = row->node;
             (in = file_tree_next_file(&files->all.tree, row->node, in)) !=
             FILE_TREE_NONE;)
            choice->numbers[choice->count++] = files->all.tree.nodes[in].file;
    return node;
}

/* All files, or those that the filter shows. */
static bool choose_all(struct choice *choice, struct files *files)
{
    if (!choice_begin(choice, files))
        return false;
    if (files->all.flat) {
        const void *row;
        for (uint32_t at = 0; (row = table_at(files->table, at)) != NULL; at++)
            choice->numbers[choice->count++] = file_row_node(&files->all, row)->file;
    } else {
        for (uint32_t node = 0; node < files->all.tree.count; node++)
            if (!files->all.tree.nodes[node].is_folder)
                choice->numbers[choice->count++] = files->all.tree.nodes[node].file;
    }
    return true;
}

static void want(struct choice *choice, struct view_context *context, bool wanted)
{
    if (choice->count > 0)
        torrent_set_files_wanted(context->session, context->torrent, choice->numbers,
                                 choice->count, wanted);
    choice_end(choice);
}

static void step(struct choice *choice, struct view_context *context, int by)
{
    if (choice->count > 0)
        torrent_step_files_priority(context->session, context->torrent, choice->numbers,
                                    choice->count, by);
    choice_end(choice);
}

static void toggle_wanted(struct files *files, struct view_context *context)
{
    struct choice choice;
    const struct file_node *node = choose_row(&choice, files);
    if (node != NULL)
        want(&choice, context, node->wanted < node->files);
}

static void set_all(struct files *files, struct view_context *context, bool wanted)
{
    struct choice choice;
    if (choose_all(&choice, files))
        want(&choice, context, wanted);
}

static void step_row(struct files *files, struct view_context *context, int by)
{
    struct choice choice;
    if (choose_row(&choice, files) != NULL)
        step(&choice, context, by);
}

static void step_all(struct files *files, struct view_context *context, int by)
{
    struct choice choice;
    if (choose_all(&choice, files))
        step(&choice, context, by);
}

static struct file_node *current_node(struct files *files)
{
    const struct file_row *row = table_current(files->table);
    return row != NULL ? &files->all.tree.nodes[row->node] : NULL;
}

static void set_open(struct files *files, struct file_node *node, bool open)
{
    files->is_listed &= node->open == open;
    node->open = open;
}

/* False: there is nothing to close, the key may mean something else. */
static bool go_left(struct files *files)
{
    struct file_node *node = current_node(files);
    if (node == NULL || files->all.flat)
        return false;
    if (node->is_folder && node->open) {
        set_open(files, node, false);
        return true;
    }
    return node->parent != FILE_TREE_ROOT &&
           table_select(files->table, (uint64_t)node->parent + 1);
}

static void go_right(struct files *files)
{
    struct file_node *node = current_node(files);
    if (node == NULL || !node->is_folder)
        return;
    if (node->open)
        table_act(files->table, ACTION_DOWN);
    set_open(files, node, true);
}

static bool files_act(void *state, struct view_context *context, enum action action)
{
    struct files *files = state;
    struct file_node *node;
    switch (action) {
    case ACTION_FILE_WANTED:
        toggle_wanted(files, context);
        return true;
    case ACTION_FILE_ALL:
    case ACTION_FILE_NONE:
        set_all(files, context, action == ACTION_FILE_ALL);
        return true;
    case ACTION_FILE_RAISE:
    case ACTION_FILE_LOWER:
        step_row(files, context, action == ACTION_FILE_RAISE ? 1 : -1);
        return true;
    case ACTION_FILE_RAISE_ALL:
    case ACTION_FILE_LOWER_ALL:
        step_all(files, context, action == ACTION_FILE_RAISE_ALL ? 1 : -1);
        return true;
    case ACTION_OPEN:
        node = current_node(files);
        if (node != NULL && node->is_folder)
            set_open(files, node, !node->open);
        return true;
    case ACTION_LEFT:
        return go_left(files);
    case ACTION_RIGHT:
        go_right(files);
        return true;
    default:
        return false;
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
    .act = files_act,
    .click = files_click,
    .table = files_table,
};
