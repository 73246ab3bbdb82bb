/* Resume data from bytes: what a disk, or another program, may have made of them. */
#include "meta/bencode.h"
#include "torrent/resume.h"
#include "torrent/resume_private.h"

#include <stdlib.h>
#include <string.h>

#define SECONDS_MAX INT64_C(3000000000) /* 95 years */

static const struct bencode_limits limits = {64u << 20, 64 + 2 * METAINFO_MAX_URLS, 4,
                                             true};

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
    if (length != (size_t)file_count * RESUME_STAMP_BYTES)
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

static enum error_code read_paths(const char *bytes, size_t length,
                                  struct metainfo_given *given)
{
    struct cursor cursor;
    cursor_init(&cursor, bytes, length);
    given->paths = calloc(length / RESUME_PATH_HEAD_BYTES + 1, sizeof *given->paths);
    if (given->paths == NULL)
        return ERROR_MEMORY;
    while (cursor_left(&cursor) > 0) {
        const uint32_t file = cursor_u32(&cursor);
        const uint16_t size = cursor_u16(&cursor);
        const uint8_t *path = cursor_bytes(&cursor, size);
        if (path == NULL || memchr(path, 0, size) != NULL)
            return ERROR_CORRUPT;
        char *copy = strndup((const char *)path, size);
        if (copy == NULL)
            return ERROR_MEMORY;
        given->paths[given->count++] = (struct metainfo_new_path){file, copy};
    }
    return ERROR_NONE;
}

/* What the names may be is for metainfo_apply_given to say. */
static enum error_code read_given(struct bencode_value root, struct resume *resume)
{
    const char *bytes;
    size_t length;
    enum error_code error = read_dir(root, "root", &resume->given.name);
    if (error == ERROR_NONE && bencode_get_string(root, "renamed", &bytes, &length))
        error = read_paths(bytes, length, &resume->given);
    if (error == ERROR_NONE)
        error = read_dir(root, "renamed-from", &resume->renamed_from);
    if (error == ERROR_NONE)
        error = read_dir(root, "renamed-to", &resume->renamed_to);
    return error;
}

/* A hint: what is none of it is passed over. Returns how many there are with COUNT. */
static uint32_t read_peers(struct bencode_value root, const char *key,
                           enum netaddr_family family, struct netaddr *peers,
                           uint32_t count)
{
    const size_t each = (family == NETADDR_V6 ? 16 : 4) + RESUME_PORT_BYTES;
    const char *bytes;
    size_t length;
    if (!bencode_get_string(root, key, &bytes, &length) || length % each != 0)
        return count;
    for (size_t at = 0; at < length && count < RESUME_PEERS_MAX; at += each) {
        struct netaddr *peer = &peers[count];
        const uint8_t *compact = (const uint8_t *)bytes + at;
        if (family == NETADDR_V6)
            netaddr_from_compact6(compact, peer);
        else
            netaddr_from_compact4(compact, peer);
        count += peer->port != 0 && netaddr_scope(peer) != NETADDR_SCOPE_INVALID;
    }
    return count;
}

static enum error_code read_all_peers(struct bencode_value root, struct resume *resume)
{
    struct netaddr *peers = calloc(RESUME_PEERS_MAX, sizeof *peers);
    if (peers == NULL)
        return ERROR_MEMORY;
    uint32_t count = read_peers(root, "peers", NETADDR_V4, peers, 0);
    count = read_peers(root, "peers6", NETADDR_V6, peers, count);
    resume_take_peers(resume, peers, count);
    return ERROR_NONE;
}

static enum error_code read_all(struct bencode_value root,
                                const struct metainfo *metainfo, struct resume *resume)
{
    const char *bytes;
    size_t length;
    struct info_hash hash;
    if (!bencode_get_string(root, "hash", &bytes, &length) || length != SHA1_BYTES)
        return ERROR_CORRUPT;
    memcpy(hash.bytes, bytes, SHA1_BYTES);
    if (!metainfo_has_hash(metainfo, &hash))
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
    if (fine == ERROR_NONE)
        fine = read_dir(root, "suffix", &resume->suffix);
    if (fine == ERROR_NONE)
        fine = read_given(root, resume);
    if (fine == ERROR_NONE)
        fine = read_all_peers(root, resume);
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
