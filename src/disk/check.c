/*
 * Re-checking what is on disk: every worker pulls ranges of pieces from one shared
 * counter, in file order, and between two ranges the worker's other jobs get their turn.
 */
#include "base/digest.h"
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
    atomic_bool has_zero_digest;     /* set once the digest is whole */
    uint8_t zero_digest[SHA1_BYTES]; /* of a whole piece of zeros */
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

static void digest_of_zeros(struct check *check)
{
    static const uint8_t zeros[4096];
    struct digest *digest = digest_new(DIGEST_SHA1);
    uint32_t left = storage_metainfo(check->storage)->piece_bytes;
    if (digest == NULL)
        return;
    for (uint32_t part; left > 0; left -= part) {
        part = left < sizeof zeros ? left : (uint32_t)sizeof zeros;
        digest_update(digest, zeros, part);
    }
    digest_final(digest, check->zero_digest);
    digest_free(digest);
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

static bool read_and_hash(struct worker *worker, struct check *check, uint32_t piece,
                          uint32_t length, uint8_t ret_digest[SHA1_BYTES])
{
    if (worker->digest == NULL)
        worker->digest = digest_new(DIGEST_SHA1);
    if (worker->buffer == NULL) {
        worker->buffer_bytes = 256u << 10; /* stays in the second-level cache */
        worker->buffer = malloc(worker->buffer_bytes);
    }
    if (worker->buffer == NULL || worker->digest == NULL)
        return false;
    digest_reset(worker->digest);
    for (uint32_t at = 0; at < length;) {
        const uint32_t left = length - at;
        const uint32_t part =
            left < worker->buffer_bytes ? left : (uint32_t)worker->buffer_bytes;
        if (storage_read(check->storage, piece, at, worker->buffer, part, NULL) !=
            ERROR_NONE)
            return false;
        digest_update(worker->digest, worker->buffer, part);
        at += part;
    }
    digest_final(worker->digest, ret_digest);
    return true;
}

static bool piece_is_right(struct worker *worker, struct check *check, uint32_t piece)
{
    uint8_t digest[SHA1_BYTES];
    const struct metainfo *metainfo = storage_metainfo(check->storage);
    const uint8_t *wanted = metainfo->piece_hashes + (size_t)piece * SHA1_BYTES;
    const uint32_t length = metainfo_piece_length(metainfo, piece);
    /* What was never written reads as zeros: no need to hash it again and again. */
    if (atomic_load(&check->has_zero_digest) && length == metainfo->piece_bytes &&
        storage_is_hole(check->storage, piece, length))
        return memcmp(check->zero_digest, wanted, SHA1_BYTES) == 0;
    return read_and_hash(worker, check, piece, length, digest) &&
           memcmp(digest, wanted, SHA1_BYTES) == 0;
}

static void check_range(struct worker *worker, struct check *check, uint32_t from,
                        uint32_t to)
{
    const struct bitfield *only = check->job->pieces;
    for (uint32_t piece = from; piece < to && !atomic_load(&check->cancelled) &&
                                !atomic_load(&check->manager->ending);
         piece++) {
        const bool asked = only == NULL || bitfield_get(only, piece);
        if (asked && piece_is_right(worker, check, piece)) {
            atomic_fetch_or(&check->have[piece / 8], (uint8_t)(0x80 >> (piece % 8)));
            atomic_fetch_add(&check->found, 1);
            storage_found(check->storage, piece,
                          metainfo_piece_length(storage_metainfo(check->storage), piece));
        }
        atomic_fetch_add(&check->done, 1);
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
    const uint32_t count = metainfo->piece_bytes >= CHECK_RANGE_BYTES
                               ? 1
                               : CHECK_RANGE_BYTES / metainfo->piece_bytes;
    const uint32_t from = atomic_fetch_add(&check->next_piece, count);
    if (from == 0) {
        storage_close_retired(check->storage);
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
