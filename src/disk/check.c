/*
 * Re-checking what is on disk: every worker pulls ranges of pieces from one shared
 * counter, in file order, and between two ranges the worker's other jobs get their turn.
 */
#include "base/merkle.h"
#include "base/sha1_lanes.h"
#include "disk/disk_private.h"

#include <stdlib.h>
#include <string.h>

#define CHECK_RANGE_BYTES (4u << 20)
#define CHECK_PROGRESS_NS (100 * NS_PER_MS)

/* Travels to the workers in the place of the request's job. */
struct check {
    struct disk_job_base base; /* first: message_done may meet it */
    struct disk_manager *manager;
    struct torrent_id torrent;
    struct storage *storage;
    atomic_uint references; /* the workers together hold one, the table another */
    struct disk_job *job;   /* the request's; its bitfield says what to hash */
    atomic_uint next_piece;
    atomic_uint workers_left;
    atomic_uint done, found;
    atomic_bool cancelled;
    atomic_ullong reported_ns;
    _Atomic uint8_t *have;           /* wire order; two workers may touch one byte */
    atomic_bool has_sizes;           /* of the files, looked at when it began */
    atomic_bool has_zero_digest;     /* set once the digest is whole */
    struct piece_digest zero_digest; /* of a whole piece of zeros */
};

void check_unref(struct check *check)
{
    if (atomic_fetch_sub(&check->references, 1) != 1)
        return;
    disk_job_free(check->job);
    storage_unref(check->storage);
    free(check->have);
    free(check);
}

static void check_end(struct check *check);

/* A worker is through with it. The last one answers for all, or lets go unheard. */
static void step_over(struct check *check, bool answer)
{
    if (atomic_fetch_sub(&check->workers_left, 1) != 1)
        return;
    if (answer)
        check_end(check);
    else
        check_unref(check);
}

static void step_dropped(struct disk_job *job)
{
    step_over((struct check *)(void *)job, false);
}

void check_cancel(struct check *check)
{
    atomic_store(&check->cancelled, true);
    check_unref(check);
}

static bool hash_zeros(uint32_t length, uint8_t ret_digest[SHA1_BYTES])
{
    static const uint8_t zeros[4096];
    struct digest *digest = digest_new(DIGEST_SHA1);
    if (digest == NULL)
        return false;
    for (uint32_t part; length > 0; length -= part) {
        part = length < sizeof zeros ? length : (uint32_t)sizeof zeros;
        digest_update(digest, zeros, part);
    }
    digest_final(digest, ret_digest);
    digest_free(digest);
    return true;
}

static void hash_tree_of_zeros(uint32_t length, uint8_t ret_root[SHA256_BYTES])
{
    static const uint8_t zeros[MERKLE_LEAF_BYTES];
    digest_sha256(zeros, sizeof zeros, ret_root);
    for (uint32_t covered = MERKLE_LEAF_BYTES; covered < length; covered *= 2)
        merkle_parent(ret_root, ret_root, ret_root);
}

static void digest_of_zeros(struct check *check)
{
    const struct metainfo *metainfo = storage_metainfo(check->storage);
    if (metainfo_has_v2(metainfo))
        hash_tree_of_zeros(metainfo->piece_bytes, check->zero_digest.root);
    if (!metainfo->v2_only && !hash_zeros(metainfo->piece_bytes, check->zero_digest.sha1))
        return;
    atomic_store(&check->has_zero_digest, true);
}

enum error_code check_start(struct disk_manager *manager, const struct message *request)
{
    struct storage *storage = disk_storage(manager, request->torrent);
    if (storage == NULL)
        return ERROR_CANCELLED;
    if (manager->torrents[request->torrent.index].check != NULL) {
        storage_unref(storage);
        return ERROR_EXISTS;
    }
    struct check *check = calloc(1, sizeof *check);
    if (check == NULL) {
        storage_unref(storage);
        return ERROR_MEMORY;
    }
    check->base.free_job = step_dropped;
    check->manager = manager;
    check->torrent = request->torrent;
    check->storage = storage;
    check->job = request->u.job.job;
    const uint32_t pieces = storage_metainfo(storage)->piece_count;
    check->have = calloc((pieces + 7) / 8 + 1, 1);
    atomic_init(&check->workers_left, manager->worker_count);
    atomic_init(&check->references, 2);
    if (check->have == NULL) {
        storage_unref(storage);
        free(check);
        return ERROR_MEMORY;
    }
    storage_begin_anew(
        storage); /* a file deleted under us is not to be found by its descriptor */
    manager->torrents[request->torrent.index].check = check;
    struct message step = *request;
    step.u.job.job = (struct disk_job *)(void *)check;
    uint32_t posted = 0;
    for (uint32_t i = 0; i < manager->worker_count; i++)
        posted += worker_bus_post(manager->workers[i].requests, &step) == ERROR_NONE;
    for (uint32_t i = posted; i < manager->worker_count; i++) /* the others do it all */
        step_over(check, posted > 0);
    if (posted > 0)
        return ERROR_NONE;
    manager->torrents[request->torrent.index].check = NULL;
    check->job = NULL; /* stays the caller's */
    check_unref(check);
    return ERROR_MEMORY;
}

/* What was never written reads as zeros: no need to hash it again and again. */
static bool is_untouched(struct check *check, uint32_t piece)
{
    const struct metainfo *metainfo = storage_metainfo(check->storage);
    const uint32_t length = metainfo_has_v2(metainfo)
                                ? metainfo_piece_tree(metainfo, piece).bytes
                                : metainfo_piece_length(metainfo, piece);
    return atomic_load(&check->has_zero_digest) && length == metainfo->piece_bytes &&
           storage_is_hole(check->storage, piece, length);
}

static void note_result(struct check *check, uint32_t piece, bool is_right)
{
    if (is_right) {
        atomic_fetch_or(&check->have[piece / 8], (uint8_t)(0x80 >> (piece % 8)));
        atomic_fetch_add(&check->found, 1);
        storage_found(check->storage, piece,
                      metainfo_piece_length(storage_metainfo(check->storage), piece));
    }
    atomic_fetch_add(&check->done, 1);
}

static void take_digest(struct check *check, uint32_t piece,
                        const struct piece_digest *digest)
{
    if (check->job->ret_digests != NULL)
        check->job->ret_digests[piece] = *digest;
    note_result(check, piece,
                check->job->ret_digests != NULL ||
                    metainfo_judge_piece(storage_metainfo(check->storage), piece,
                                         digest) == PIECE_RIGHT);
}

/* ERROR: the code alone says that a file is too short or away. */
static void take_error(struct check *check, uint32_t piece,
                       const struct storage_error *error)
{
    if (check->job->ret_errnos != NULL && error->errno_value != 0)
        atomic_store(&check->job->ret_errnos[error->file], error->errno_value);
    if (check->job->ret_digests != NULL)
        atomic_store(&check->cancelled, true);
    note_result(check, piece, false);
}

/* Pieces to be hashed together. */
struct batch {
    uint32_t pieces[SHA1_LANES_MAX];
    uint32_t count;
};

static void hash_batch(struct worker *worker, struct check *check, struct batch *batch)
{
    struct piece_digest digests[SHA1_LANES_MAX];
    struct storage_error errors[SHA1_LANES_MAX];
    check_digests(worker, check->storage, batch->pieces, batch->count, digests, errors);
    for (uint32_t i = 0; i < batch->count; i++)
        if (errors[i].code == ERROR_NONE)
            take_digest(check, batch->pieces[i], &digests[i]);
        else
            take_error(check, batch->pieces[i], &errors[i]);
    batch->count = 0;
}

static void check_piece(struct check *check, uint32_t piece, struct batch *batch)
{
    const struct storage_error absent = {ERROR_TRUNCATED, 0, 0};
    const uint32_t length =
        metainfo_piece_length(storage_metainfo(check->storage), piece);
    if (check->job->pieces != NULL && !bitfield_get(check->job->pieces, piece))
        atomic_fetch_add(&check->done, 1);
    else if (atomic_load(&check->has_sizes) &&
             !storage_was_there(check->storage, piece, length))
        take_error(check, piece, &absent);
    else if (is_untouched(check, piece))
        take_digest(check, piece, &check->zero_digest);
    else
        batch->pieces[batch->count++] = piece;
}

static void check_range(struct worker *worker, struct check *check, uint32_t from,
                        uint32_t to)
{
    const uint32_t most = check_hash_most(check->storage);
    struct batch batch = {.count = 0};
    for (uint32_t piece = from; piece < to && !atomic_load(&check->cancelled) &&
                                !atomic_load(&check->manager->ending);
         piece++) {
        check_piece(check, piece, &batch);
        if (batch.count == most || (piece + 1 == to && batch.count > 0))
            hash_batch(worker, check, &batch);
    }
}

static void report_progress(struct check *check)
{
    const uint64_t now_ns = clock_now_ns(&clock_system);
    unsigned long long before = atomic_load(&check->reported_ns);
    if (now_ns - before < CHECK_PROGRESS_NS ||
        !atomic_compare_exchange_strong(&check->reported_ns, &before, now_ns))
        return;
    const struct message response = {
        .type = DISK_CHECKED_RANGE,
        .torrent = check->torrent,
        .u.checked = {.pieces_done = atomic_load(&check->done),
                      .pieces_found = atomic_load(&check->found)},
    };
    disk_respond(check->manager, &response);
}

/* The last worker that runs out of pieces answers for all. */
static void check_end(struct check *check)
{
    struct storage_error error = {ERROR_NONE, 0, 0};
    const uint32_t pieces = storage_metainfo(check->storage)->piece_count;
    struct bitfield *have = calloc(1, sizeof *have);
    if (have == NULL || bitfield_init(have, pieces) != ERROR_NONE ||
        bitfield_load(have, (const uint8_t *)check->have, bitfield_wire_bytes(pieces)) !=
            ERROR_NONE)
        error.code = ERROR_MEMORY;
    else if (atomic_load(&check->cancelled))
        error.code = ERROR_CANCELLED;
    else if (check->job->create_empty)
        storage_create_empty(check->storage, &error);
    storage_stat_all(check->storage);
    if (check->job->ret_stamps != NULL)
        storage_own_stamps(check->storage, check->job->ret_stamps,
                           storage_metainfo(check->storage)->file_count);
    const struct message response = {
        .type = DISK_CHECKED,
        .torrent = check->torrent,
        .u.checked = {.have = have,
                      .pieces_done = pieces,
                      .pieces_found = atomic_load(&check->found),
                      .error = error.code,
                      .file = error.file},
    };
    disk_respond(check->manager, &response);
    check_unref(check);
}

void check_step(struct worker *worker, struct message *request)
{
    struct check *check = (struct check *)(void *)request->u.job.job;
    const struct metainfo *metainfo = storage_metainfo(check->storage);
    const uint32_t most = check_hash_most(check->storage);
    uint32_t count = CHECK_RANGE_BYTES / metainfo->piece_bytes;
    if (count < most)
        count = most;
    const uint32_t from = atomic_fetch_add(&check->next_piece, count);
    if (from == 0) {
        storage_close_retired(check->storage);
        /* What fails here fails again where it is used. */
        (void)storage_settle(check->storage, check->job->create_empty, NULL);
        storage_stat_all(check->storage);
        atomic_store(&check->has_sizes, true);
        digest_of_zeros(check);
    }
    if (from < metainfo->piece_count) {
        const uint32_t left = metainfo->piece_count - from;
        check_range(worker, check, from, from + (left < count ? left : count));
        report_progress(check);
        if (worker_bus_post(worker->requests, request) == ERROR_NONE)
            return;
    }
    step_over(check, true);
}
