#include "torrent/resume.h"

#include "meta/bencode.h"

#include <stdlib.h>
#include <string.h>

#define STAMP_BYTES 32u
#define SECONDS_MAX INT64_C(3000000000) /* 95 years */

static const struct bencode_limits limits = {64u << 20, 64 + 2 * METAINFO_MAX_URLS, 4,
                                             true};

/* ---- addresses ---- */

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

static enum error_code put_urls(struct buffer *buffer, const char *key,
                                const struct resume_urls *urls)
{
    enum error_code error = ERROR_NONE;
    if (urls->count == 0)
        return ERROR_NONE;
    error |= bencode_put_text(buffer, key);
    error |= buffer_append_text(buffer, "l");
    for (uint32_t i = 0; i < urls->count && error == ERROR_NONE; i++)
        error |= bencode_put_text(buffer, urls->texts[i]);
    return error | buffer_append_text(buffer, "e");
}

/* What is none, or was there already, is left out. */
static enum error_code read_urls(struct bencode_value list, struct resume_urls *urls)
{
    enum error_code error = ERROR_NONE;
    const char *bytes;
    size_t length;
    if (!bencode_is(list, BENCODE_LIST))
        return ERROR_NONE;
    for (struct bencode_value item = bencode_first(list);
         bencode_exists(item) && error == ERROR_NONE && urls->count < METAINFO_MAX_URLS;
         item = bencode_next(list, item)) {
        bool twin = !bencode_string(item, &bytes, &length) ||
                    !metainfo_url_is_usable(bytes, length, true);
        for (uint32_t i = 0; i < urls->count && !twin; i++)
            twin = strlen(urls->texts[i]) == length &&
                   memcmp(urls->texts[i], bytes, length) == 0;
        if (!twin)
            error = resume_urls_add(urls, bytes, length);
    }
    return error;
}

/* ---- all of it ---- */

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
    *resume = (struct resume){0};
}

static enum error_code put_flag(struct buffer *buffer, const char *key, int64_t value)
{
    const enum error_code error = bencode_put_text(buffer, key);
    return error == ERROR_NONE ? bencode_put_integer(buffer, value) : error;
}

static enum error_code put_dir(struct buffer *buffer, const char *key, const char *dir)
{
    enum error_code error = ERROR_NONE;
    if (dir != NULL) {
        error |= bencode_put_text(buffer, key);
        error |= bencode_put_text(buffer, dir);
    }
    return error;
}

static enum error_code put_stamps(struct buffer *buffer, const struct resume *resume,
                                  uint32_t file_count)
{
    const uint32_t count = resume->stamps != NULL ? file_count : 0;
    enum error_code error =
        buffer_printf(buffer, "6:stamps%llu:", (unsigned long long)count * STAMP_BYTES);
    for (uint32_t i = 0; i < count && error == ERROR_NONE; i++) {
        const struct file_stamp *stamp = &resume->stamps[i];
        error = buffer_append_u64(buffer, stamp->size);
        error |= buffer_append_u64(buffer, (uint64_t)stamp->mtime_ns);
        error |= buffer_append_u64(buffer, stamp->device);
        error |= buffer_append_u64(buffer, stamp->inode);
    }
    return error;
}

/* A letter a file. */
static enum error_code put_priorities(struct buffer *buffer, const struct resume *resume,
                                      uint32_t file_count)
{
    if (resume->priorities == NULL)
        return ERROR_NONE;
    enum error_code error = buffer_printf(buffer, "10:priorities%u:", file_count);
    for (uint32_t i = 0; i < file_count && error == ERROR_NONE; i++)
        error = buffer_append(buffer, &"lnh"[resume->priorities[i] + 1], 1);
    return error;
}

enum error_code resume_encode(const struct resume *resume, uint32_t file_count,
                              struct buffer *buffer)
{
    enum error_code error = buffer_append_text(buffer, "d");
    error |= put_flag(buffer, "added", resume->added_s);
    error |= put_flag(buffer, "clean", resume->clean);
    error |= put_flag(buffer, "completed", resume->completed_s);
    error |= bencode_put_text(buffer, "dir");
    error |= bencode_put_text(buffer, resume->download_dir);
    error |= put_flag(buffer, "downloaded", (int64_t)resume->downloaded);
    error |= put_dir(buffer, "final", resume->final_dir);
    error |= bencode_put_text(buffer, "hash");
    error |= bencode_put_string(buffer, resume->hash.bytes, SHA1_BYTES);
    error |= bencode_put_text(buffer, "have");
    error |= bencode_put_string(buffer, resume->have.bytes,
                                bitfield_wire_bytes(resume->have.size));
    error |= put_dir(buffer, "moved-from", resume->moved_from);
    error |= put_dir(buffer, "moving-to", resume->moving_to);
    error |= put_flag(buffer, "paused", resume->paused);
    error |= put_flag(buffer, "portable", resume->portable_names);
    error |= put_flag(buffer, "seeded", (int64_t)resume->seeded_s);
    error |= put_priorities(buffer, resume, file_count);
    error |= put_stamps(buffer, resume, file_count);
    error |= put_urls(buffer, "trackers-added", &resume->trackers_added);
    error |= put_urls(buffer, "trackers-removed", &resume->trackers_removed);
    if (resume->unwanted.size > 0) {
        error |= bencode_put_text(buffer, "unwanted");
        error |= bencode_put_string(buffer, resume->unwanted.bytes,
                                    bitfield_wire_bytes(resume->unwanted.size));
    }
    error |= put_flag(buffer, "uploaded", (int64_t)resume->uploaded);
    error |= buffer_append_text(buffer, "e");
    return error == ERROR_NONE ? ERROR_NONE : ERROR_MEMORY;
}

static int64_t number_of(struct bencode_value root, const char *key)
{
    int64_t value = 0;
    if (!bencode_get_integer(root, key, &value) || value < 0)
        value = 0;
    return value;
}

/* Of a span that can be counted in ns. */
static uint64_t seconds_of(struct bencode_value root, const char *key)
{
    const int64_t seconds = number_of(root, key);
    return seconds > SECONDS_MAX ? SECONDS_MAX : (uint64_t)seconds;
}

/* LENGTH bytes that must be so many bits. */
static enum error_code read_bits(const char *bytes, size_t length, uint32_t size,
                                 struct bitfield *ret_bits)
{
    const enum error_code error = bitfield_init(ret_bits, size);
    if (error != ERROR_NONE)
        return error;
    return bitfield_load(ret_bits, (const uint8_t *)bytes, length) == ERROR_NONE
               ? ERROR_NONE
               : ERROR_CORRUPT;
}

static enum error_code read_stamps(struct bencode_value root, uint32_t file_count,
                                   struct resume *resume)
{
    const char *bytes;
    size_t length;
    struct cursor cursor;
    if (!bencode_get_string(root, "stamps", &bytes, &length))
        return ERROR_CORRUPT;
    if (length == 0)
        return ERROR_NONE;
    if (length != (size_t)file_count * STAMP_BYTES)
        return ERROR_CORRUPT;
    resume->stamps = calloc(file_count, sizeof *resume->stamps);
    cursor_init(&cursor, bytes, length);
    for (uint32_t i = 0; resume->stamps != NULL && i < file_count; i++) {
        struct file_stamp *stamp = &resume->stamps[i];
        stamp->size = cursor_u64(&cursor);
        stamp->mtime_ns = (int64_t)cursor_u64(&cursor);
        stamp->device = cursor_u64(&cursor);
        stamp->inode = cursor_u64(&cursor);
    }
    return resume->stamps != NULL ? ERROR_NONE : ERROR_MEMORY;
}

static enum error_code read_priorities(const char *letters, size_t length,
                                       uint32_t file_count, int8_t **ret_priorities)
{
    if (length != file_count)
        return ERROR_CORRUPT;
    *ret_priorities = calloc(file_count, sizeof **ret_priorities);
    for (uint32_t i = 0; *ret_priorities != NULL && i < file_count; i++)
        (*ret_priorities)[i] = letters[i] == 'l' ? -1 : letters[i] == 'h' ? 1 : 0;
    return *ret_priorities != NULL ? ERROR_NONE : ERROR_MEMORY;
}

static enum error_code read_claims(struct bencode_value root,
                                   const struct metainfo *metainfo, struct resume *resume)
{
    const char *bytes;
    size_t length;
    enum error_code error = ERROR_CORRUPT;
    if (bencode_get_string(root, "have", &bytes, &length))
        error = read_bits(bytes, length, metainfo->piece_count, &resume->have);
    if (error == ERROR_NONE)
        error = read_stamps(root, metainfo->file_count, resume);
    if (error == ERROR_NONE && bencode_get_string(root, "unwanted", &bytes, &length))
        error = read_bits(bytes, length, metainfo->file_count, &resume->unwanted);
    if (error == ERROR_NONE && bencode_get_string(root, "priorities", &bytes, &length))
        error = read_priorities(bytes, length, metainfo->file_count, &resume->priorities);
    return error; /* no "unwanted": all are wanted */
}

/* NULL if there is none. */
static enum error_code read_dir(struct bencode_value root, const char *key,
                                char **ret_dir)
{
    const char *bytes;
    size_t length;
    if (!bencode_get_string(root, key, &bytes, &length))
        return ERROR_NONE;
    if (memchr(bytes, 0, length) != NULL)
        return ERROR_CORRUPT;
    *ret_dir = strndup(bytes, length);
    return *ret_dir != NULL ? ERROR_NONE : ERROR_MEMORY;
}

static enum error_code read_all(struct bencode_value root,
                                const struct metainfo *metainfo, struct resume *resume)
{
    const char *bytes;
    size_t length;
    if (!bencode_get_string(root, "hash", &bytes, &length) || length != SHA1_BYTES ||
        memcmp(bytes, metainfo->hash.bytes, SHA1_BYTES) != 0)
        return ERROR_CORRUPT;
    resume->hash = metainfo->hash;
    enum error_code error = read_claims(root, metainfo, resume);
    if (error == ERROR_NONE)
        error = read_urls(bencode_get(root, "trackers-added"), &resume->trackers_added);
    if (error == ERROR_NONE)
        error =
            read_urls(bencode_get(root, "trackers-removed"), &resume->trackers_removed);
    if (error != ERROR_NONE)
        return error;
    if (!bencode_get_string(root, "dir", &bytes, &length))
        return ERROR_CORRUPT;
    enum error_code fine = read_dir(root, "dir", &resume->download_dir);
    if (fine == ERROR_NONE)
        fine = read_dir(root, "moving-to", &resume->moving_to);
    if (fine == ERROR_NONE)
        fine = read_dir(root, "moved-from", &resume->moved_from);
    if (fine == ERROR_NONE)
        fine = read_dir(root, "final", &resume->final_dir);
    if (fine != ERROR_NONE)
        return fine;
    resume->clean = number_of(root, "clean") == 1;
    resume->paused = number_of(root, "paused") == 1;
    resume->portable_names = number_of(root, "portable") == 1;
    resume->added_s = number_of(root, "added");
    resume->completed_s = number_of(root, "completed");
    resume->downloaded = (uint64_t)number_of(root, "downloaded");
    resume->uploaded = (uint64_t)number_of(root, "uploaded");
    resume->seeded_s = seconds_of(root, "seeded");
    return ERROR_NONE;
}

enum error_code resume_decode(const uint8_t *bytes, size_t length,
                              const struct metainfo *metainfo, struct resume *ret_resume)
{
    struct bencode tree;
    struct resume resume = {0};
    enum error_code error = bencode_parse(bytes, length, &limits, &tree, NULL);
    if (error != ERROR_NONE)
        return error == ERROR_MEMORY ? ERROR_MEMORY : ERROR_CORRUPT;
    error = read_all(bencode_root(&tree), metainfo, &resume);
    bencode_done(&tree);
    if (error != ERROR_NONE) {
        resume_done(&resume);
        return error;
    }
    *ret_resume = resume;
    return ERROR_NONE;
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
