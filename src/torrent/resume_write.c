/* Resume data as bytes. */
#include "meta/bencode.h"
#include "torrent/resume.h"
#include "torrent/resume_private.h"

#include <string.h>

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

static enum error_code put_stamps(struct buffer *buffer, const struct resume *resume,
                                  uint32_t file_count)
{
    const uint32_t count = resume->stamps != NULL ? file_count : 0;
    enum error_code error = buffer_printf(
        buffer, "6:stamps%llu:", (unsigned long long)count * RESUME_STAMP_BYTES);
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

/* As trackers give them (BEP 23, BEP 7). */
static enum error_code put_peers(struct buffer *buffer, const char *key,
                                 enum netaddr_family family, const struct resume *resume)
{
    const size_t host_bytes = family == NETADDR_V6 ? 16 : 4;
    uint32_t count = 0;
    for (uint32_t i = 0; i < resume->peer_count; i++)
        count += resume->peers[i].family == family;
    if (count == 0)
        return ERROR_NONE;
    enum error_code error = bencode_put_text(buffer, key);
    error |= buffer_printf(buffer, "%zu:", count * (host_bytes + RESUME_PORT_BYTES));
    for (uint32_t i = 0; i < resume->peer_count && error == ERROR_NONE; i++) {
        if (resume->peers[i].family != family)
            continue;
        error = buffer_append(buffer, resume->peers[i].bytes, host_bytes);
        error |= buffer_append_u16(buffer, resume->peers[i].port);
    }
    return error;
}

/* In one string: a file's number, the length of its path, the path, and so on. */
static enum error_code put_paths(struct buffer *buffer,
                                 const struct metainfo_given *given)
{
    size_t bytes = 0;
    if (given->count == 0)
        return ERROR_NONE;
    for (uint32_t i = 0; i < given->count; i++)
        bytes += RESUME_PATH_HEAD_BYTES + strlen(given->paths[i].path);
    enum error_code error = buffer_printf(buffer, "7:renamed%zu:", bytes);
    for (uint32_t i = 0; i < given->count && error == ERROR_NONE; i++) {
        error = buffer_append_u32(buffer, given->paths[i].file);
        error |= buffer_append_u16(buffer, (uint16_t)strlen(given->paths[i].path));
        error |= buffer_append_text(buffer, given->paths[i].path);
    }
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
    error |= put_peers(buffer, "peers", NETADDR_V4, resume);
    error |= put_peers(buffer, "peers6", NETADDR_V6, resume);
    error |= put_flag(buffer, "portable", resume->portable_names);
    error |= put_paths(buffer, &resume->given);
    error |= put_dir(buffer, "renamed-from", resume->renamed_from);
    error |= put_dir(buffer, "renamed-to", resume->renamed_to);
    error |= put_dir(buffer, "root", resume->given.name);
    error |= put_flag(buffer, "seeded", (int64_t)resume->seeded_s);
    error |= put_priorities(buffer, resume, file_count);
    error |= put_stamps(buffer, resume, file_count);
    error |= put_dir(buffer, "suffix", resume->suffix);
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
