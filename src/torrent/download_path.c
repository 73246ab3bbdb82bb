#include "torrent/download_path.h"

#include "disk/storage.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *download_path_absolute(const char *dir)
{
    char *path = NULL, *here;
    if (dir[0] == '/')
        return strdup(dir);
    while (dir[0] == '.' && dir[1] == '/')
        dir += 1 + strspn(dir + 1, "/");
    const char *rest = strcmp(dir, ".") == 0 ? "" : dir;
    here = getcwd(NULL, 0);
    if (here != NULL &&
        asprintf(&path, "%s%s%s", here, rest[0] != '\0' ? "/" : "", rest) < 0)
        path = NULL;
    free(here);
    return path;
}

/* realpath(3) of the longest part that exists, then the rest as it stands. */
char *download_path_resolved(const char *dir)
{
    char *path = download_path_absolute(dir), *result = NULL;
    if (path == NULL)
        return NULL;
    for (size_t end = strlen(path); result == NULL;) {
        const char kept = path[end];
        path[end] = '\0';
        char *real = realpath(end == 0 ? "/" : path, NULL);
        path[end] = kept;
        if (real != NULL) {
            const bool root = strcmp(real, "/") == 0 && path[end] == '/';
            if (asprintf(&result, "%s%s", root ? "" : real, path + end) < 0)
                result = NULL;
            free(real);
            break;
        }
        if (end == 0)
            break;
        while (end > 0 && path[--end] != '/')
            ;
    }
    free(path);
    return result;
}

/* Whether PATH is ROOT or below it. */
static bool is_below(const char *path, const char *root)
{
    const size_t length = strlen(root);
    return strncmp(path, root, length) == 0 &&
           (path[length] == '/' || path[length] == '\0');
}

char *download_path_root(const struct metainfo *metainfo, const char *dir)
{
    char *real = download_path_resolved(dir), *root = NULL;
    if (real != NULL && asprintf(&root, "%s/%s", real, metainfo->name) < 0)
        root = NULL;
    free(real);
    return root;
}

bool download_path_is_inside(const struct metainfo *metainfo, const char *dir,
                             const char *state_dir)
{
    char *state = download_path_resolved(state_dir);
    char *real = download_path_resolved(dir);
    char *root = download_path_root(metainfo, dir);
    const bool inside = state != NULL && real != NULL && root != NULL &&
                        (is_below(real, state) || is_below(state, root));
    free(state);
    free(real);
    free(root);
    return inside;
}

/* By the hashes that both have. */
static bool same_hashes(const struct metainfo *a, const struct metainfo *b)
{
    if (a->piece_hashes != NULL && b->piece_hashes != NULL)
        return memcmp(a->piece_hashes, b->piece_hashes,
                      (size_t)a->piece_count * SHA1_BYTES) == 0;
    return a->piece_roots != NULL && b->piece_roots != NULL &&
           memcmp(a->piece_roots, b->piece_roots,
                  (size_t)a->piece_count * SHA256_BYTES) == 0;
}

static bool same_content(const struct metainfo *a, const struct metainfo *b)
{
    if (a->piece_bytes != b->piece_bytes || a->piece_count != b->piece_count ||
        a->file_count != b->file_count || a->total_bytes != b->total_bytes ||
        !same_hashes(a, b))
        return false;
    for (uint32_t i = 0; i < a->file_count; i++)
        if (a->files[i].length != b->files[i].length ||
            strcmp(a->files[i].path, b->files[i].path) != 0)
            return false;
    return true;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What the files of PLACE are called, sorted; *ret_count of them. */
static char **paths_of(const struct download_place *place, uint32_t *ret_count)
{
    const struct metainfo *metainfo = place->meta;
    const char *const ends[] = {"", place->suffix};
    char *real = download_path_resolved(place->dir);
    char **paths = calloc((size_t)metainfo->file_count * 2 + 1, sizeof *paths);
    uint32_t count = 0;
    for (uint32_t i = 0; real != NULL && paths != NULL && i < metainfo->file_count; i++)
        for (int end = 0; end < 2 && ends[end] != NULL && !metainfo->files[i].pad; end++)
            if (asprintf(&paths[count], "%s/%s%s", real, metainfo->files[i].path,
                         ends[end]) >= 0)
                count++;
    free(real);
    if (paths != NULL)
        qsort(paths, count, sizeof *paths, compare_paths);
    *ret_count = count;
    return paths;
}

static void free_paths(char **paths, uint32_t count)
{
    for (uint32_t i = 0; paths != NULL && i < count; i++)
        free(paths[i]);
    free(paths);
}

static bool share_a_file(const struct download_place *a, const struct download_place *b)
{
    uint32_t a_count, b_count;
    char **ours = paths_of(a, &a_count), **theirs = paths_of(b, &b_count);
    bool share = false;
    for (uint32_t i = 0, j = 0;
         ours != NULL && theirs != NULL && i < a_count && j < b_count && !share;) {
        const int order = strcmp(ours[i], theirs[j]);
        share = order == 0;
        i += order <= 0;
        j += order >= 0;
    }
    free_paths(ours, a_count);
    free_paths(theirs, b_count);
    return share;
}

/* Whether A is called what B's parts file is called, beside it. */
static bool takes_parts_of(const struct download_place *a, const struct download_place *b)
{
    char name[STORAGE_PARTS_NAME_SIZE];
    const char *last = strrchr(b->root, '/');
    const size_t length = last == NULL ? 0 : (size_t)(last - b->root) + 1;
    storage_parts_name(&b->meta->hash, name);
    return strncmp(a->root, b->root, length) == 0 && strcmp(a->root + length, name) == 0;
}

/* Whether A is, or is below, what the one file of B is called until it is complete. */
static bool takes_unfinished_of(const struct download_place *a,
                                const struct download_place *b)
{
    const size_t length = strlen(b->root);
    return !b->meta->multi_file && b->suffix != NULL &&
           strncmp(a->root, b->root, length) == 0 &&
           is_below(a->root + length, b->suffix);
}

bool download_path_overlaps(const struct download_place *a,
                            const struct download_place *b)
{
    if (takes_parts_of(a, b) || takes_parts_of(b, a) || takes_unfinished_of(a, b) ||
        takes_unfinished_of(b, a))
        return true;
    if (!is_below(a->root, b->root) && !is_below(b->root, a->root))
        return false;
    /* A file and a directory of one name. */
    if (strcmp(a->root, b->root) == 0 && a->meta->multi_file != b->meta->multi_file)
        return true;
    return !same_content(a->meta, b->meta) && share_a_file(a, b);
}
