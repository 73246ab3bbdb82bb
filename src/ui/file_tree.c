#include "ui/file_tree.h"

#include "torrent/looks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* ---- building ---- */

/* A folder while the tree is built, by its whole path. */
struct folder {
    UT_hash_handle hh;
    uint32_t node;
};

struct builder {
    struct file_tree *tree;
    struct folder *folders;
    /* Most files lie in the folder of the file before. */
    const char *last_path;
    size_t last_length;
    uint32_t last_node;
};

static uint32_t add_node(struct file_tree *tree, uint32_t parent, uint32_t file)
{
    if (tree->count == tree->capacity) {
        const uint32_t capacity = tree->capacity > 0 ? tree->capacity * 2 : 64;
        struct file_node *nodes = realloc(tree->nodes, capacity * sizeof *nodes);
        if (nodes == NULL)
            return FILE_TREE_NONE;
        tree->nodes = nodes;
        tree->capacity = capacity;
    }
    struct file_node *node = &tree->nodes[tree->count];
    *node = (struct file_node){.parent = parent,
                               .first_child = FILE_TREE_NONE,
                               .next = FILE_TREE_NONE,
                               .file = file};
    if (parent != FILE_TREE_NONE)
        node->depth = (uint16_t)(tree->nodes[parent].depth + 1);
    return tree->count++;
}

/* The folder PATH[0, LENGTH), whose own name begins at BEGIN, below PARENT. */
static uint32_t folder_of(struct builder *builder, uint32_t parent, uint32_t file,
                          const char *path, size_t begin, size_t length)
{
    struct file_tree *tree = builder->tree;
    struct folder *folder;
    HASH_FIND(hh, builder->folders, path, length, folder);
    if (folder != NULL)
        return folder->node;
    const uint32_t node = add_node(tree, parent, file);
    folder = calloc(1, sizeof *folder);
    if (node == FILE_TREE_NONE || folder == NULL) {
        free(folder);
        return FILE_TREE_NONE;
    }
    tree->nodes[node].is_folder = true;
    tree->nodes[node].name_begin = (uint32_t)begin;
    tree->nodes[node].name_length = (uint32_t)(length - begin);
    folder->node = node;
    HASH_ADD_KEYPTR(hh, builder->folders, path, length, folder);
    if (folder->hh.tbl == NULL) {
        free(folder);
        return FILE_TREE_NONE;
    }
    tree->folders++;
    return node;
}

static bool add_file(struct builder *builder, uint32_t file, const char *path)
{
    struct file_tree *tree = builder->tree;
    uint32_t parent = FILE_TREE_ROOT;
    size_t begin = 0;
    if (builder->last_path != NULL &&
        strncmp(path, builder->last_path, builder->last_length) == 0 &&
        strchr(path + builder->last_length, '/') == NULL) {
        parent = builder->last_node;
        begin = builder->last_length;
    }
    for (const char *slash; (slash = strchr(path + begin, '/')) != NULL;) {
        const size_t end = (size_t)(slash - path);
        if (tree->nodes[parent].depth + 1u >= FILE_TREE_DEPTH ||
            tree->folders >= FILE_TREE_FOLDERS)
            break;
        if (end > begin)
            parent = folder_of(builder, parent, file, path, begin, end);
        if (parent == FILE_TREE_NONE)
            return false;
        begin = end + 1;
    }
    builder->last_path = path;
    builder->last_length = begin;
    builder->last_node = parent;
    const uint32_t node = add_node(tree, parent, file);
    if (node == FILE_TREE_NONE)
        return false;
    tree->nodes[node].name_begin = (uint32_t)begin;
    tree->nodes[node].name_length = (uint32_t)strlen(path + begin);
    return true;
}

static bool add_files(struct builder *builder, struct session *session,
                      struct torrent_id torrent)
{
    const uint32_t count = torrent_file_count(session, torrent);
    struct file_info info;
    if (add_node(builder->tree, FILE_TREE_NONE, 0) == FILE_TREE_NONE)
        return false;
    builder->tree->nodes[FILE_TREE_ROOT].is_folder = true;
    for (uint32_t i = 0; i < count; i++)
        if (torrent_get_file(session, torrent, i, &info) && !info.pad &&
            !add_file(builder, i, info.path))
            return false;
    return true;
}

/* ---- by name ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "2" before "10": runs of digits count as numbers. */
static int compare_names(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t i = 0, j = 0;
    while (i < a_length && j < b_length) {
        if (!is_digit(a[i]) || !is_digit(b[j])) {
            if (a[i] != b[j])
                return (uint8_t)a[i] < (uint8_t)b[j] ? -1 : 1;
            i++;
            j++;
            continue;
        }
        while (i < a_length && a[i] == '0')
            i++;
        while (j < b_length && b[j] == '0')
            j++;
        size_t a_run = 0, b_run = 0;
        while (i + a_run < a_length && is_digit(a[i + a_run]))
            a_run++;
        while (j + b_run < b_length && is_digit(b[j + b_run]))
            b_run++;
        const int order =
            a_run != b_run ? (a_run < b_run ? -1 : 1) : memcmp(a + i, b + j, a_run);
        if (order != 0)
            return order;
        i += a_run;
        j += b_run;
    }
    return i < a_length ? 1 : j < b_length ? -1 : 0;
}

struct name {
    const char *text; /* good for this turn of the loop */
    uint32_t length;
    uint32_t node;
};

static int compare_for_rank(const void *left, const void *right)
{
    const struct name *a = left, *b = right;
    const int order = compare_names(a->text, a->length, b->text, b->length);
    return order != 0 ? order : a->node < b->node ? -1 : a->node > b->node;
}

static bool rank_names(struct file_tree *tree, struct session *session,
                       struct torrent_id torrent)
{
    struct name *names = malloc(tree->count * sizeof *names);
    struct file_info info;
    if (names == NULL)
        return false;
    for (uint32_t i = 0; i < tree->count; i++) {
        const struct file_node *node = &tree->nodes[i];
        const bool there = torrent_get_file(session, torrent, node->file, &info);
        names[i] = (struct name){there ? info.path + node->name_begin : "",
                                 there ? node->name_length : 0, i};
    }
    qsort(names, tree->count, sizeof *names, compare_for_rank);
    for (uint32_t i = 0; i < tree->count; i++)
        tree->nodes[names[i].node].rank = i;
    free(names);
    return true;
}

/* One folder alone on top, as most torrents have none or one: it is open. */
static void open_first(struct file_tree *tree)
{
    enum { FEW = 40 };
    if (tree->count <= FEW + 1) {
        for (uint32_t i = 0; i < tree->count; i++)
            tree->nodes[i].open = true;
        return;
    }
    const uint32_t first = tree->nodes[FILE_TREE_ROOT].first_child;
    if (first != FILE_TREE_NONE && tree->nodes[first].next == FILE_TREE_NONE)
        tree->nodes[first].open = true;
}

bool file_tree_build(struct file_tree *tree, struct session *session,
                     struct torrent_id torrent)
{
    struct builder builder = {.tree = tree};
    struct folder *folder, *next;
    const bool built = add_files(&builder, session, torrent) &&
                       rank_names(tree, session, torrent) &&
                       file_tree_refresh(tree, session, torrent) &&
                       file_tree_sort(tree, FILE_TREE_BY_NAME, false);
    HASH_ITER(hh, builder.folders, folder, next)
    {
        HASH_DEL(builder.folders, folder);
        free(folder);
    }
    if (built)
        open_first(tree);
    else
        file_tree_done(tree);
    return built;
}

/* Nodes come in the order of files, which names do not change. */
bool file_tree_rename(struct file_tree *tree, struct session *session,
                      struct torrent_id torrent)
{
    struct file_tree made = {0};
    if (!file_tree_build(&made, session, torrent) || made.count != tree->count) {
        file_tree_done(&made);
        return false;
    }
    for (uint32_t i = 0; i < made.count; i++)
        made.nodes[i].open = tree->nodes[i].open;
    file_tree_done(tree);
    *tree = made;
    return true;
}

void file_tree_done(struct file_tree *tree)
{
    free(tree->nodes);
    *tree = (struct file_tree){0};
}

/* ---- sums ---- */

static void add_up(struct file_node *parent, const struct file_node *node)
{
    parent->files += node->files;
    parent->wanted += node->wanted;
    parent->high += node->high;
    parent->low += node->low;
    parent->bytes += node->bytes;
    if (node->wanted > 0) {
        parent->goal_bytes += node->goal_bytes;
        parent->done_bytes += node->done_bytes;
    }
}

/* Nothing of the folder is wanted: then what counts is all there is. */
static void add_up_unwanted(struct file_tree *tree)
{
    for (uint32_t i = tree->count; i-- > 1;) {
        struct file_node *parent = &tree->nodes[tree->nodes[i].parent];
        if (parent->wanted > 0)
            continue;
        parent->goal_bytes += tree->nodes[i].goal_bytes;
        parent->done_bytes += tree->nodes[i].done_bytes;
    }
}

bool file_tree_refresh(struct file_tree *tree, struct session *session,
                       struct torrent_id torrent)
{
    struct file_info info;
    for (uint32_t i = 0; i < tree->count; i++) {
        struct file_node *node = &tree->nodes[i];
        node->files = node->wanted = node->high = node->low = 0;
        node->bytes = node->done_bytes = node->goal_bytes = 0;
        if (node->is_folder)
            continue;
        if (!torrent_get_file(session, torrent, node->file, &info))
            return false;
        node->files = 1;
        node->wanted = info.wanted;
        node->high = info.priority > 0;
        node->low = info.priority < 0;
        node->bytes = node->goal_bytes = info.bytes;
        node->done_bytes = info.done_bytes;
    }
    for (uint32_t i = tree->count; i-- > 1;)
        add_up(&tree->nodes[tree->nodes[i].parent], &tree->nodes[i]);
    add_up_unwanted(tree);
    return true;
}

/* ---- order ---- */

struct order {
    const struct file_tree *tree;
    enum file_tree_key key;
    bool descending;
};

static double share_of(const struct file_node *node)
{
    return node->goal_bytes > 0 ? (double)node->done_bytes / (double)node->goal_bytes : 1;
}

static int compare_keys(const struct order *order, const struct file_node *a,
                        const struct file_node *b)
{
    switch (order->key) {
    case FILE_TREE_BY_SIZE:
        return a->bytes < b->bytes ? -1 : a->bytes > b->bytes;
    case FILE_TREE_BY_DONE:
        return share_of(a) < share_of(b) ? -1 : share_of(a) > share_of(b);
    default:
        return a->rank < b->rank ? -1 : a->rank > b->rank;
    }
}

static int compare_nodes(const void *left, const void *right, void *context)
{
    const struct order *order = context;
    const struct file_node *a = &order->tree->nodes[*(const uint32_t *)left];
    const struct file_node *b = &order->tree->nodes[*(const uint32_t *)right];
    if (a->is_folder != b->is_folder)
        return a->is_folder ? -1 : 1;
    const int by_key = compare_keys(order, a, b);
    if (by_key != 0)
        return order->descending ? -by_key : by_key;
    return a->rank < b->rank ? -1 : a->rank > b->rank;
}

bool file_tree_sort(struct file_tree *tree, enum file_tree_key key, bool descending)
{
    struct order order = {tree, key, descending};
    uint32_t *sorted = malloc(tree->count * sizeof *sorted);
    if (sorted == NULL)
        return false;
    for (uint32_t i = 0; i < tree->count; i++) {
        sorted[i] = i;
        tree->nodes[i].first_child = FILE_TREE_NONE;
    }
    qsort_r(sorted, tree->count, sizeof *sorted, compare_nodes, &order);
    /* The last first: each is put before those that follow it. */
    for (uint32_t i = tree->count; i-- > 0;) {
        struct file_node *node = &tree->nodes[sorted[i]];
        if (sorted[i] == FILE_TREE_ROOT)
            continue;
        node->next = tree->nodes[node->parent].first_child;
        tree->nodes[node->parent].first_child = sorted[i];
    }
    free(sorted);
    return true;
}

/* ---- walks ---- */

/* The next after NODE that is not in it; FILE_TREE_NONE when that leaves FOLDER. */
static uint32_t after(const struct file_tree *tree, uint32_t node, uint32_t folder)
{
    while (node != folder && node != FILE_TREE_ROOT) {
        if (tree->nodes[node].next != FILE_TREE_NONE)
            return tree->nodes[node].next;
        node = tree->nodes[node].parent;
    }
    return FILE_TREE_NONE;
}

uint32_t file_tree_next(const struct file_tree *tree, uint32_t node, bool all)
{
    if (node >= tree->count)
        return FILE_TREE_NONE;
    const struct file_node *from = &tree->nodes[node];
    if (from->first_child != FILE_TREE_NONE &&
        (all || from->open || node == FILE_TREE_ROOT))
        return from->first_child;
    return after(tree, node, FILE_TREE_ROOT);
}

uint32_t file_tree_next_file(const struct file_tree *tree, uint32_t folder, uint32_t node)
{
    do {
        node = tree->nodes[node].first_child != FILE_TREE_NONE
                   ? tree->nodes[node].first_child
                   : after(tree, node, folder);
    } while (node != FILE_TREE_NONE && tree->nodes[node].is_folder);
    return node;
}

void file_tree_name(const struct file_node *node, const char *path, char *ret_name,
                    size_t size)
{
    snprintf(ret_name, size, "%.*s", (int)node->name_length, path + node->name_begin);
}
