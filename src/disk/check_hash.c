/* What a check costs: reading pieces and hashing them, several side by side. */
#include "base/sha1_lanes.h"
#include "disk/disk_private.h"

#include <stdlib.h>
#include <string.h>

/* All parts together stay in the second-level cache. */
#define PART_BYTES (64u << 10)

/* Larger pieces are read one after the other: many places of a disk at once are slow. */
#define SIDE_BY_SIDE_BYTES (4u << 20)

static bool has_buffer(struct worker *worker)
{
    if (worker->digest == NULL)
        worker->digest = digest_new(DIGEST_SHA1);
    if (worker->buffer == NULL)
        worker->buffer = malloc((size_t)SHA1_LANES_MAX * PART_BYTES);
    return worker->buffer != NULL && worker->digest != NULL;
}

static void hash_one(struct worker *worker, struct storage *storage, uint32_t piece,
                     uint8_t ret_digest[SHA1_BYTES], struct storage_error *ret_error)
{
    const uint32_t length = metainfo_piece_length(storage_metainfo(storage), piece);
    const uint32_t most = SHA1_LANES_MAX * PART_BYTES;
    digest_reset(worker->digest);
    for (uint32_t at = 0; at < length;) {
        const uint32_t part = length - at < most ? length - at : most;
        if (storage_read(storage, piece, at, worker->buffer, part, ret_error) !=
            ERROR_NONE)
            return;
        digest_update(worker->digest, worker->buffer, part);
        at += part;
    }
    digest_final(worker->digest, ret_digest);
}

/* A piece that cannot be read is hashed on with whatever is in its part: the others go on
 * at the same pace. */
static void hash_together(struct worker *worker, struct storage *storage,
                          const uint32_t *pieces, uint32_t count,
                          uint8_t (*ret_digests)[SHA1_BYTES],
                          struct storage_error *ret_errors)
{
    const uint32_t length = metainfo_piece_length(storage_metainfo(storage), pieces[0]);
    const uint8_t *parts[SHA1_LANES_MAX];
    struct sha1_lanes lanes;
    uint32_t readable = count;
    memset(worker->buffer, 0, (size_t)count * PART_BYTES);
    sha1_lanes_begin(&lanes, count);
    for (uint32_t at = 0; at < length && readable > 0; at += PART_BYTES) {
        const uint32_t part = length - at < PART_BYTES ? length - at : PART_BYTES;
        for (uint32_t i = 0; i < count; i++) {
            uint8_t *bytes = worker->buffer + (size_t)i * PART_BYTES;
            parts[i] = bytes;
            if (ret_errors[i].code == ERROR_NONE &&
                storage_read(storage, pieces[i], at, bytes, part, &ret_errors[i]) !=
                    ERROR_NONE)
                readable--;
        }
        sha1_lanes_update(&lanes, parts, part);
    }
    sha1_lanes_final(&lanes, ret_digests);
}

uint32_t check_hash_most(const struct storage *storage)
{
    const uint32_t length = storage_metainfo(storage)->piece_bytes;
    return length % SHA1_LANES_CHUNK == 0 && length <= SIDE_BY_SIDE_BYTES
               ? sha1_lanes_most()
               : 1;
}

void check_digests(struct worker *worker, struct storage *storage, const uint32_t *pieces,
                   uint32_t count, uint8_t (*ret_digests)[SHA1_BYTES],
                   struct storage_error *ret_errors)
{
    const struct metainfo *metainfo = storage_metainfo(storage);
    const bool ready = has_buffer(worker);
    for (uint32_t i = 0; i < count; i++)
        ret_errors[i] = (struct storage_error){ready ? ERROR_NONE : ERROR_MEMORY, 0, 0};
    if (!ready)
        return;
    /* The last piece of all may be shorter. */
    const bool last_is_short =
        count > 0 &&
        metainfo_piece_length(metainfo, pieces[count - 1]) != metainfo->piece_bytes;
    uint32_t together = last_is_short ? count - 1 : count;
    if (together < 2 || check_hash_most(storage) < together)
        together = 0;
    else
        hash_together(worker, storage, pieces, together, ret_digests, ret_errors);
    for (uint32_t i = together; i < count; i++)
        hash_one(worker, storage, pieces[i], ret_digests[i], &ret_errors[i]);
}

bool check_hash(struct worker *worker, struct storage *storage, uint32_t piece)
{
    uint8_t digest[1][SHA1_BYTES];
    struct storage_error error;
    check_digests(worker, storage, &piece, 1, digest, &error);
    return error.code == ERROR_NONE &&
           memcmp(digest[0],
                  storage_metainfo(storage)->piece_hashes + (size_t)piece * SHA1_BYTES,
                  SHA1_BYTES) == 0;
}
