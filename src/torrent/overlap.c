/* Torrents whose files would be each other's (HOSTILE.md T47, S24). */
#include "torrent/torrent.h"

#include <stdlib.h>
#include <string.h>

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The paths of what is written, sorted; malloc'ed. NULL: out of memory. */
static const char **sorted_paths(const struct metainfo *meta, uint32_t *ret_count)
{
    const char **paths = calloc(meta->file_count, sizeof *paths);
    uint32_t count = 0;
    for (uint32_t i = 0; paths != NULL && i < meta->file_count; i++)
        if (!meta->files[i].pad)
            paths[count++] = meta->files[i].path;
    if (paths != NULL)
        qsort(paths, count, sizeof *paths, compare_paths);
    *ret_count = count;
    return paths;
}

static bool share_a_path(const struct metainfo *a, const struct metainfo *b)
{
    uint32_t count;
    const char **paths = sorted_paths(a, &count);
    bool found = paths == NULL; /* what cannot be known is not risked */
    for (uint32_t i = 0; i < b->file_count && !found; i++)
        found = !b->files[i].pad && bsearch(&b->files[i].path, paths, count,
                                            sizeof *paths, compare_paths) != NULL;
    free(paths);
    return found;
}

/* One torrent made twice, say with other trackers inside info: both want the same bytes
 * in the same places. */
static bool is_same_content(const struct metainfo *a, const struct metainfo *b)
{
    if (a->total_bytes != b->total_bytes || a->piece_bytes != b->piece_bytes ||
        a->file_count != b->file_count ||
        memcmp(a->piece_hashes, b->piece_hashes, (size_t)a->piece_count * SHA1_BYTES) !=
            0)
        return false;
    for (uint32_t i = 0; i < a->file_count; i++)
        if (a->files[i].length != b->files[i].length ||
            strcmp(a->files[i].path, b->files[i].path) != 0)
            return false;
    return true;
}

static bool is_same_dir(const char *a, const char *b)
{
    char *real_a = realpath(a, NULL), *real_b = realpath(b, NULL);
    const bool same =
        strcmp(real_a != NULL ? real_a : a, real_b != NULL ? real_b : b) == 0;
    free(real_a);
    free(real_b);
    return same;
}

struct torrent *session_overlapping(const struct session *session,
                                    const struct metainfo *meta, const char *dir)
{
    for (uint32_t i = 0; i < session->count; i++) {
        struct torrent *other = session_torrent(session, session->order[i]);
        /* All of a torrent's paths begin with its name. */
        if (strcmp(other->meta->name, meta->name) == 0 &&
            is_same_dir(other->download_dir, dir) &&
            (other->meta->multi_file != meta->multi_file ||
             share_a_path(other->meta, meta)) &&
            !is_same_content(other->meta, meta))
            return other;
    }
    return NULL;
}
