#include "torrent/resume.h"

#include <stdlib.h>
#include <string.h>

enum error_code resume_urls_add(struct resume_urls *urls, const char *bytes,
                                size_t length)
{
    char **texts = realloc(urls->texts, (urls->count + 1u) * sizeof(char *));
    if (texts == NULL)
        return ERROR_MEMORY;
    urls->texts = texts;
    urls->texts[urls->count] = strndup(bytes, length);
    if (urls->texts[urls->count] == NULL)
        return ERROR_MEMORY;
    urls->count++;
    return ERROR_NONE;
}

bool resume_urls_drop(struct resume_urls *urls, const char *url)
{
    for (uint32_t i = 0; i < urls->count; i++) {
        if (strcmp(urls->texts[i], url) != 0)
            continue;
        free(urls->texts[i]);
        urls->count--;
        memmove(&urls->texts[i], &urls->texts[i + 1], (urls->count - i) * sizeof(char *));
        return true;
    }
    return false;
}

static void urls_done(struct resume_urls *urls)
{
    for (uint32_t i = 0; i < urls->count; i++)
        free(urls->texts[i]);
    free(urls->texts);
}

void resume_take_peers(struct resume *resume, struct netaddr *peers, uint32_t count)
{
    free(resume->peers);
    resume->peers = NULL;
    resume->peer_count = count;
    if (count == 0) {
        free(peers);
        return;
    }
    resume->peers = realloc(peers, count * sizeof *peers);
    if (resume->peers == NULL)
        resume->peers = peers;
}

void resume_done(struct resume *resume)
{
    bitfield_done(&resume->have);
    bitfield_done(&resume->unwanted);
    free(resume->stamps);
    free(resume->priorities);
    free(resume->download_dir);
    urls_done(&resume->trackers_added);
    urls_done(&resume->trackers_removed);
    free(resume->moving_to);
    free(resume->moved_from);
    free(resume->final_dir);
    free(resume->suffix);
    metainfo_given_done(&resume->given);
    free(resume->renamed_from);
    free(resume->renamed_to);
    free(resume->peers);
    *resume = (struct resume){0};
}

static bool looks_the_same(const struct file_stamp *a, const struct file_stamp *b)
{
    return a->size == b->size && a->mtime_ns == b->mtime_ns &&
           a->mtime_ns != FILE_STAMP_UNSURE && a->device == b->device &&
           a->inode == b->inode;
}

enum error_code resume_compare(const struct resume *resume,
                               const struct metainfo *metainfo,
                               const struct file_stamp *now, struct bitfield *have,
                               struct bitfield *ret_to_hash)
{
    struct bitfield to_hash;
    const enum error_code error = bitfield_init(&to_hash, metainfo->piece_count);
    if (error != ERROR_NONE)
        return error;
    if (have->size == 0 && bitfield_init(have, metainfo->piece_count) != ERROR_NONE) {
        bitfield_done(&to_hash);
        return ERROR_MEMORY;
    }
    for (uint32_t i = 0; i < metainfo->file_count; i++) {
        const struct metainfo_file *file = &metainfo->files[i];
        if (file->length == 0 || file->pad)
            continue;
        const bool there = now[i].size != UINT64_MAX && now[i].size > 0;
        const bool same = there && resume->stamps != NULL &&
                          looks_the_same(&resume->stamps[i], &now[i]);
        const uint32_t first = (uint32_t)(file->offset / metainfo->piece_bytes);
        const uint32_t last =
            (uint32_t)((file->offset + file->length - 1) / metainfo->piece_bytes);
        for (uint32_t piece = first; piece <= last; piece++) {
            const bool claimed = bitfield_get(&resume->have, piece);
            if (!same)
                bitfield_clear(have, piece);
            if (there && (!same || (!claimed && !resume->clean)))
                bitfield_set(&to_hash, piece);
        }
    }
    *ret_to_hash = to_hash;
    return ERROR_NONE;
}
