/* What keys in the tree of files do to the torrent, and to the tree. */
#include "torrent/commands.h"
#include "ui/view_files_private.h"

#include <stdlib.h>

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

static void ask_name(struct files *files, struct view_context *context)
{
    struct file_info info;
    const struct file_node *node = current_node(files);
    if (node != NULL &&
        torrent_get_file(context->session, files->all.torrent, node->file, &info))
        rename_ask(context, &files->rename, files->all.torrent, info.path,
                   node->name_begin + node->name_length);
}

bool file_commands_act(void *state, struct view_context *context, enum action action)
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
    case ACTION_RENAME:
        ask_name(files, context);
        return true;
    case ACTION_UNDO:
        rename_undo(context);
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
