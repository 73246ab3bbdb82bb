/* What a check costs: reading pieces and hashing them, several side by side. */
#include "base/merkle.h"
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

/* A v2 piece is hashed leaf by leaf, up to the end of its file. */
struct tree_hash {
    struct merkle merkle;
    struct piece_tree tree;
};

static void hash_leaves(struct tree_hash *hash, const uint8_t *bytes, uint32_t at,
                        uint32_t length)
{
    const uint32_t left = at < hash->tree.bytes ? hash->tree.bytes - at : 0;
    const uint32_t end = left < length ? left : length;
    for (uint32_t done = 0; done < end; done += MERKLE_LEAF_BYTES) {
        uint8_t leaf[SHA256_BYTES];
        const uint32_t rest = end - done;
        digest_sha256(bytes + done, rest < MERKLE_LEAF_BYTES ? rest : MERKLE_LEAF_BYTES,
                      leaf);
        merkle_add(&hash->merkle, leaf);
    }
}

static void hash_one(struct worker *worker, struct storage *storage, uint32_t piece,
                     struct piece_digest *ret_digest, struct storage_error *ret_error)
{
    const struct metainfo *metainfo = storage_metainfo(storage);
    const uint32_t length = metainfo_piece_length(metainfo, piece);
    const uint32_t most = SHA1_LANES_MAX * PART_BYTES;
    const bool has_v1 = !metainfo->v2_only, has_v2 = metainfo_has_v2(metainfo);
    struct tree_hash hash;
    merkle_begin(&hash.merkle);
    if (has_v2)
        hash.tree = metainfo_piece_tree(metainfo, piece);
    digest_reset(worker->digest);
    for (uint32_t at = 0; at < length;) {
        const uint32_t part = length - at < most ? length - at : most;
        if (storage_read(storage, piece, at, worker->buffer, part, ret_error) !=
            ERROR_NONE)
            return;
        if (has_v1)
            digest_update(worker->digest, worker->buffer, part);
        if (has_v2)
            hash_leaves(&hash, worker->buffer, at, part);
        at += part;
    }
    if (has_v1)
        digest_final(worker->digest, ret_digest->sha1);
    if (has_v2)
        merkle_end(&hash.merkle, 0, hash.tree.levels, ret_digest->root);
}

/* A piece that cannot be read is hashed on with whatever is in its part: the others go on
 * at the same pace. */
static void hash_together(struct worker *worker, struct storage *storage,
                          const uint32_t *pieces, uint32_t count,
                          struct piece_digest *ret_digests,
                          struct storage_error *ret_errors)
{
    uint8_t digests[SHA1_LANES_MAX][SHA1_BYTES];
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
    sha1_lanes_final(&lanes, digests);
    for (uint32_t i = 0; i < count; i++)
        memcpy(ret_digests[i].sha1, digests[i], SHA1_BYTES);
}

uint32_t check_hash_most(const struct storage *storage)
{
    const struct metainfo *metainfo = storage_metainfo(storage);
    const uint32_t length = metainfo->piece_bytes;
    return !metainfo_has_v2(metainfo) && length % SHA1_LANES_CHUNK == 0 &&
                   length <= SIDE_BY_SIDE_BYTES
               ? sha1_lanes_most()
               : 1;
}

void check_digests(struct worker *worker, struct storage *storage, const uint32_t *pieces,
                   uint32_t count, struct piece_digest *ret_digests,
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
        hash_one(worker, storage, pieces[i], &ret_digests[i], &ret_errors[i]);
}

bool check_hash(struct worker *worker, struct storage *storage, uint32_t piece)
{
    struct piece_digest digest;
    struct storage_error error;
    check_digests(worker, storage, &piece, 1, &digest, &error);
    return error.code == ERROR_NONE &&
           metainfo_judge_piece(storage_metainfo(storage), piece, &digest) == PIECE_RIGHT;
}

static enum error_code read_leaves(struct worker *worker, struct disk_job *job,
                                   uint32_t piece, uint32_t bytes)
{
    const uint32_t most = SHA1_LANES_MAX * PART_BYTES;
    for (uint32_t at = 0; at < bytes;) {
        const uint32_t part = bytes - at < most ? bytes - at : most;
        const enum error_code error =
            storage_read(job->storage, piece, at, worker->buffer, part, &job->error);
        if (error != ERROR_NONE)
            return error;
        for (uint32_t done = 0; done < part; done += MERKLE_LEAF_BYTES) {
            const uint32_t rest = part - done;
            digest_sha256(worker->buffer + done,
                          rest < MERKLE_LEAF_BYTES ? rest : MERKLE_LEAF_BYTES,
                          job->bytes + job->length);
            job->length += SHA256_BYTES;
        }
        at += part;
    }
    return ERROR_NONE;
}

enum error_code check_leaves(struct worker *worker, struct disk_job *job)
{
    const struct metainfo *metainfo = storage_metainfo(job->storage);
    const size_t most =
        (size_t)job->count * (metainfo->piece_bytes / MERKLE_LEAF_BYTES) * SHA256_BYTES;
    job->bytes = malloc(most);
    if (job->bytes == NULL || !has_buffer(worker))
        return ERROR_MEMORY;
    enum error_code error = ERROR_NONE;
    for (uint32_t i = 0; i < job->count && error == ERROR_NONE; i++) {
        const uint32_t piece = job->first + i;
        error =
            read_leaves(worker, job, piece, metainfo_piece_tree(metainfo, piece).bytes);
    }
    return error;
}
