/* Any bytes as a state file's image, and any bytes as resume data inside a good one, of a
 * torrent and of a link. */
#include "base/buffer.h"
#include "disk/state_file.h"
#include "torrent/resume.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define PIECES 11u
#define FILES  3u

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static struct metainfo_file files[FILES] = {
    {NULL, 0, 50000, false}, {NULL, 50000, 0, false}, {NULL, 50000, 130000, false}};
static const struct metainfo meta = {.files = files,
                                     .file_count = FILES,
                                     .piece_bytes = 16384,
                                     .piece_count = PIECES,
                                     .total_bytes = 180000,
                                     .hash = {{'h', 'a', 's', 'h'}}};

/* Of a link, nothing is known of files and pieces. */
static const struct metainfo link_meta = {.awaited = true,
                                          .hash = {{'h', 'a', 's', 'h'}}};

/* What was decoded is encoded to the same claims. */
static void go_round(struct resume *resume, const struct metainfo *of)
{
    struct buffer buffer;
    struct resume again;
    buffer_init(&buffer, (size_t)1 << 20);
    enum error_code error = resume_encode(resume, of->file_count, &buffer);
    assert(error == ERROR_NONE);
    error = resume_decode(buffer.bytes, buffer.length, of, &again);
    assert(error == ERROR_NONE);
    assert(memcmp(again.have.bytes, resume->have.bytes, of->piece_count != 0 ? 2 : 0) ==
           0);
    assert(again.uploaded == resume->uploaded && again.seeded_s == resume->seeded_s &&
           again.clean == resume->clean);
    assert(again.trackers_added.count == resume->trackers_added.count &&
           again.trackers_removed.count == resume->trackers_removed.count);
    assert(again.peer_count == resume->peer_count &&
           resume->peer_count <= RESUME_PEERS_MAX);
    resume_done(&again);
    buffer_done(&buffer);
}

static void compare(struct resume *resume)
{
    struct bitfield to_hash, have;
    struct file_stamp now[FILES] = {{.size = 50000}, {.size = 0}, {.size = UINT64_MAX}};
    enum error_code error = bitfield_copy(&have, &resume->have);
    assert(error == ERROR_NONE);
    error = resume_compare(resume, &meta, now, &have, &to_hash);
    assert(error == ERROR_NONE);
    for (uint32_t i = 4; i < PIECES; i++) /* the last file is not there */
        assert(!bitfield_get(&have, i) && !bitfield_get(&to_hash, i));
    for (uint32_t i = 0; i < PIECES; i++)
        assert(!bitfield_get(&have, i) || bitfield_get(&resume->have, i));
    bitfield_done(&have);
    bitfield_done(&to_hash);
}

/* Wrapped up by us they are taken; with any one byte of the image changed they are not.
 */
static void wrap(const uint8_t *bytes, size_t length)
{
    const size_t whole = STATE_FILE_HEADER_BYTES + length;
    uint8_t *image = malloc(whole);
    const uint8_t *content;
    size_t content_length;
    if (image == NULL)
        return;
    state_file_header(bytes, length, image);
    if (length > 0)
        memcpy(image + STATE_FILE_HEADER_BYTES, bytes, length);
    enum error_code error = state_file_check(image, whole, &content, &content_length);
    assert(error == ERROR_NONE && content == image + STATE_FILE_HEADER_BYTES &&
           content_length == length);
    image[length > 0 ? bytes[0] * 7u % whole : 0] ^=
        length > 1 && bytes[1] ? bytes[1] : 1;
    error = state_file_check(image, whole, &content, &content_length);
    assert(error == ERROR_CORRUPT);
    free(image);
}

static void read_of_link(const uint8_t *bytes, size_t length)
{
    struct resume resume;
    if (resume_decode(bytes, length, &link_meta, &resume) != ERROR_NONE)
        return;
    assert(resume.have.size == 0 && resume.stamps == NULL);
    go_round(&resume, &link_meta);
    resume_done(&resume);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct resume resume;
    const uint8_t *content;
    size_t content_length;
    if (state_file_check(bytes, length, &content, &content_length) == ERROR_NONE)
        assert(content_length == length - STATE_FILE_HEADER_BYTES);
    wrap(bytes, length);
    read_of_link(bytes, length);
    if (resume_decode(bytes, length, &meta, &resume) != ERROR_NONE)
        return 0;
    assert(resume.have.size == PIECES);
    go_round(&resume, &meta);
    compare(&resume);
    resume_done(&resume);
    return 0;
}
