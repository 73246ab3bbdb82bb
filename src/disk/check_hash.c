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

static bool is_digest_of(const struct storage *storage, uint32_t piece,
                         const uint8_t digest[SHA1_BYTES])
{
    return memcmp(digest,
                  storage_metainfo(storage)->piece_hashes + (size_t)piece * SHA1_BYTES,
                  SHA1_BYTES) == 0;
}

static bool hash_one(struct worker *worker, struct storage *storage, uint32_t piece)
{
    const uint32_t length = metainfo_piece_length(storage_metainfo(storage), piece);
    const uint32_t most = SHA1_LANES_MAX * PART_BYTES;
    uint8_t digest[SHA1_BYTES];
    digest_reset(worker->digest);
    for (uint32_t at = 0; at < length;) {
        const uint32_t part = length - at < most ? length - at : most;
        if (storage_read(storage, piece, at, worker->buffer, part, NULL) != ERROR_NONE)
            return false;
        digest_update(worker->digest, worker->buffer, part);
        at += part;
    }
    digest_final(worker->digest, digest);
    return is_digest_of(storage, piece, digest);
}

/* A piece that cannot be read is hashed on with whatever is in its part: the others go on
 * at the same pace. */
static void hash_together(struct worker *worker, struct storage *storage,
                          const uint32_t *pieces, uint32_t count, bool *ret_right)
{
    const uint32_t length = metainfo_piece_length(storage_metainfo(storage), pieces[0]);
    const uint8_t *parts[SHA1_LANES_MAX];
    uint8_t digests[SHA1_LANES_MAX][SHA1_BYTES];
    struct sha1_lanes lanes;
    uint32_t readable = count;
    for (uint32_t i = 0; i < count; i++)
        ret_right[i] = true;
    memset(worker->buffer, 0, (size_t)count * PART_BYTES);
    sha1_lanes_begin(&lanes, count);
    for (uint32_t at = 0; at < length && readable > 0; at += PART_BYTES) {
        const uint32_t part = length - at < PART_BYTES ? length - at : PART_BYTES;
        for (uint32_t i = 0; i < count; i++) {
            uint8_t *bytes = worker->buffer + (size_t)i * PART_BYTES;
            parts[i] = bytes;
            if (ret_right[i] &&
                storage_read(storage, pieces[i], at, bytes, part, NULL) != ERROR_NONE) {
                ret_right[i] = false;
                readable--;
            }
        }
        sha1_lanes_update(&lanes, parts, part);
    }
    sha1_lanes_final(&lanes, digests);
    for (uint32_t i = 0; i < count; i++)
        ret_right[i] = ret_right[i] && is_digest_of(storage, pieces[i], digests[i]);
}

uint32_t check_hash_most(const struct storage *storage)
{
    const uint32_t length = storage_metainfo(storage)->piece_bytes;
    return length % SHA1_LANES_CHUNK == 0 && length <= SIDE_BY_SIDE_BYTES
               ? sha1_lanes_most()
               : 1;
}

void check_hash(struct worker *worker, struct storage *storage, const uint32_t *pieces,
                uint32_t count, bool *ret_right)
{
    const struct metainfo *metainfo = storage_metainfo(storage);
    memset(ret_right, 0, count * sizeof *ret_right);
    if (!has_buffer(worker))
        return;
    /* The last piece of all may be shorter. */
    const bool last_is_short =
        count > 0 &&
        metainfo_piece_length(metainfo, pieces[count - 1]) != metainfo->piece_bytes;
    uint32_t together = last_is_short ? count - 1 : count;
    if (together < 2 || check_hash_most(storage) < together)
        together = 0;
    else
        hash_together(worker, storage, pieces, together, ret_right);
    for (uint32_t i = together; i < count; i++)
        ret_right[i] = hash_one(worker, storage, pieces[i]);
}
