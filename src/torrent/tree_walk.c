#include "torrent/tree_walk.h"

#include "disk/file_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOOK_EVERY 256u /* entries between two questions whether to go on */

struct walker {
    const struct tree_walk *walk;
    struct tree tree;
    char **directories; /* still to be read; "": the root */
    size_t directory_count, directory_capacity;
    uint32_t entries;
    int root_fd;
    struct tree_error *error;
};

static enum error_code fail(struct walker *walker, const char *path, enum error_code code,
                            int errno_value)
{
    walker->error->errno_value = errno_value;
    snprintf(walker->error->path, sizeof walker->error->path, "%s", path);
    return code;
}

static enum error_code fail_errno(struct walker *walker, const char *path)
{
    const int errno_value = errno;
    return fail(walker, path, error_from_errno(errno_value), errno_value);
}

/* ---- the two lists ---- */

/* Room for one more; NULL: out of memory. */
static void *grow(void *items, size_t count, size_t *capacity, size_t item_bytes)
{
    if (count < *capacity)
        return items;
    const size_t more = *capacity == 0 ? 64 : *capacity * 2;
    void *grown = realloc(items, more * item_bytes);
    if (grown != NULL)
        *capacity = more;
    return grown;
}

static enum error_code add_directory(struct walker *walker, const char *path)
{
    char **grown = grow(walker->directories, walker->directory_count,
                        &walker->directory_capacity, sizeof *grown);
    char *copy = strdup(path);
    if (grown != NULL)
        walker->directories = grown;
    if (grown == NULL || copy == NULL) {
        free(copy);
        return fail(walker, path, ERROR_MEMORY, 0);
    }
    walker->directories[walker->directory_count++] = copy;
    return ERROR_NONE;
}

static enum error_code add_file(struct walker *walker, const char *path,
                                const struct stat *status)
{
    struct tree *tree = &walker->tree;
    size_t capacity = tree->capacity;
    if (tree->count == METAINFO_MAX_FILES)
        return fail(walker, path, ERROR_LIMIT, 0);
    struct tree_file *grown =
        grow(tree->files, tree->count, &capacity, sizeof *tree->files);
    char *copy = strdup(path);
    if (grown != NULL) {
        tree->files = grown;
        tree->capacity = (uint32_t)capacity;
    }
    if (grown == NULL || copy == NULL) {
        free(copy);
        return fail(walker, path, ERROR_MEMORY, 0);
    }
    tree->files[tree->count++] = (struct tree_file){copy, file_stamp_of(status)};
    tree->total_bytes += (uint64_t)status->st_size;
    return ERROR_NONE;
}

void tree_done(struct tree *tree)
{
    for (uint32_t i = 0; i < tree->count; i++)
        free(tree->files[i].path);
    free(tree->files);
    *tree = (struct tree){0};
}

/* A slash comes after the end and before every byte of a name. */
static int rank_of(unsigned char byte)
{
    return byte == '\0' ? 0 : byte == '/' ? 1 : byte + 1;
}

static int compare_files(const void *a, const void *b)
{
    const char *left = ((const struct tree_file *)a)->path;
    const char *right = ((const struct tree_file *)b)->path;
    while (*left != '\0' && *left == *right) {
        left++;
        right++;
    }
    return rank_of((unsigned char)*left) - rank_of((unsigned char)*right);
}

/* ---- walking ---- */

static bool is_ended(struct walker *walker)
{
    return walker->walk->is_ended != NULL && walker->entries++ % LOOK_EVERY == 0 &&
           walker->walk->is_ended(walker->walk->context);
}

static enum error_code take_entry(struct walker *walker, int dir_fd, const char *name,
                                  const char *path)
{
    const struct tree_walk *walk = walker->walk;
    struct stat status;
    if (fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return fail_errno(walker, path);
    if (!walk->is_wanted(walk->context, path, &status))
        return ERROR_NONE;
    if (S_ISDIR(status.st_mode))
        return add_directory(walker, path);
    if (!S_ISREG(status.st_mode)) {
        walk->on_oddity(walk->context, path,
                        S_ISLNK(status.st_mode) ? TREE_LINK : TREE_SPECIAL);
        return ERROR_NONE;
    }
    /* Before hours of hashing, not after them. */
    if (faccessat(dir_fd, name, R_OK, 0) != 0)
        return fail_errno(walker, path);
    return add_file(walker, path, &status);
}

static enum error_code read_entries(struct walker *walker, DIR *entries,
                                    const char *directory)
{
    char path[PATH_MAX];
    const struct dirent *entry;
    bool is_empty = true;
    while ((errno = 0, entry = readdir(entries)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        is_empty = false;
        const int length = snprintf(path, sizeof path, "%s%s%s", directory,
                                    directory[0] != '\0' ? "/" : "", entry->d_name);
        if (length < 0 || (size_t)length >= sizeof path)
            return fail(walker, directory, ERROR_NAME, ENAMETOOLONG);
        const enum error_code error =
            is_ended(walker) ? ERROR_CANCELLED
                             : take_entry(walker, dirfd(entries), entry->d_name, path);
        if (error != ERROR_NONE)
            return error;
    }
    if (errno != 0)
        return fail_errno(walker, directory);
    if (is_empty && directory[0] != '\0')
        walker->walk->on_oddity(walker->walk->context, directory, TREE_EMPTY_DIR);
    return ERROR_NONE;
}

/* Component by component from the root: a directory that became a link leads nowhere. */
static int open_directory(struct walker *walker, const char *path)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;
    const char *name;
    if (path[0] == '\0')
        return openat(walker->root_fd, ".", flags);
    const int parent = file_walk_parent(walker->root_fd, path, false, &name);
    if (parent < 0)
        return -1;
    const int fd = openat(parent, name, flags);
    const int saved = errno;
    close(parent);
    errno = saved;
    return fd;
}

static enum error_code read_directory(struct walker *walker, const char *path)
{
    const int fd = open_directory(walker, path);
    DIR *entries = fd >= 0 ? fdopendir(fd) : NULL;
    if (entries == NULL) {
        const enum error_code error = fail_errno(walker, path);
        if (fd >= 0)
            close(fd);
        return error;
    }
    const enum error_code error = read_entries(walker, entries, path);
    closedir(entries);
    return error;
}

static enum error_code walk_all(struct walker *walker)
{
    walker->root_fd = open(walker->walk->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (walker->root_fd < 0)
        return fail_errno(walker, "");
    enum error_code error = add_directory(walker, "");
    while (error == ERROR_NONE && walker->directory_count > 0) {
        char *path = walker->directories[--walker->directory_count];
        error = read_directory(walker, path);
        free(path);
    }
    close(walker->root_fd);
    return error;
}

enum error_code tree_walk(const struct tree_walk *walk, struct tree *ret_tree,
                          struct tree_error *ret_error)
{
    struct walker walker = {.walk = walk, .error = ret_error};
    *ret_error = (struct tree_error){0};
    const enum error_code error = walk_all(&walker);
    while (walker.directory_count > 0)
        free(walker.directories[--walker.directory_count]);
    free(walker.directories);
    if (error != ERROR_NONE) {
        tree_done(&walker.tree);
        return error;
    }
    if (walker.tree.count > 0)
        qsort(walker.tree.files, walker.tree.count, sizeof *walker.tree.files,
              compare_files);
    *ret_tree = walker.tree;
    return ERROR_NONE;
}
