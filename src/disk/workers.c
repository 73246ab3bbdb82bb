#include "base/digest.h"
#include "base/thread.h"
#include "disk/disk_private.h"
#include "disk/storage_private.h"

#include <stdlib.h>
#include <sys/statvfs.h>

static void answer_read(struct worker *worker, struct message *request,
                        struct block *chain, const struct storage_error *error)
{
    request->type = DISK_HAS_READ;
    request->u.read.chain = chain;
    request->u.read.error = error->code;
    request->u.read.errno_value = error->errno_value;
    request->u.read.file = error->file;
    disk_respond(worker->manager, request);
}

/* One bad place spoils no block beside it. */
static void read_one_by_one(struct worker *worker, struct message *request,
                            struct storage *storage)
{
    struct block *block = request->u.read.chain;
    while (block != NULL) {
        struct storage_error error = {ERROR_NONE, 0, 0};
        struct block *next = block->next;
        block->next = NULL;
        error.code = storage_read_chain(storage, block, &error);
        answer_read(worker, request, block, &error);
        block = next;
    }
}

/* Peers go on as they have begun: the rest of the piece is on its way when they ask. */
static void on_read(struct worker *worker, struct message *request)
{
    struct storage_error error = {ERROR_CANCELLED, 0, 0};
    struct storage *storage = disk_storage(worker->manager, request->torrent);
    struct block *chain = request->u.read.chain;
    const uint32_t piece = chain->piece;
    const uint32_t end = chain->begin + (uint32_t)chain_bytes(chain);
    if (storage != NULL)
        error.code = storage_read_chain(storage, chain, &error);
    if (storage == NULL || error.code == ERROR_NONE || chain->next == NULL)
        answer_read(worker, request, chain, &error);
    else
        read_one_by_one(worker, request, storage);
    if (error.code == ERROR_NONE)
        storage_read_ahead(storage, piece, end);
    storage_unref(storage);
}

static void take_stamps(struct storage *storage, struct disk_job *job)
{
    job->stamp_count = storage_metainfo(storage)->file_count;
    job->stamps = calloc(job->stamp_count, sizeof *job->stamps);
    if (job->stamps != NULL)
        storage_stamps(storage, job->stamps, job->stamp_count);
    job->parts_stamp = storage_parts_stamp(storage);
}

static enum error_code sync_payload(struct storage *storage, struct disk_job *job)
{
    if (job->stat_all) {
        (void)storage_settle(storage, true, &job->settle_error);
        storage_stat_all(storage);
    }
    const enum error_code error = storage_sync(storage, &job->error);
    if (error == ERROR_NONE || (error == ERROR_NOT_FOUND && !job->stat_all))
        take_stamps(storage, job);
    return error;
}

static enum error_code settle(struct storage *storage, struct storage_error *ret_error)
{
    const enum error_code error = storage_settle(storage, true, ret_error);
    return error == ERROR_NONE ? storage_create_empty(storage, ret_error) : error;
}

static enum error_code look_for_space(struct disk_job *job)
{
    struct statvfs status;
    job->free_bytes = UINT64_MAX;
    if (statvfs(job->name, &status) != 0)
        return ERROR_NOT_FOUND;
    job->free_bytes = (uint64_t)status.f_bavail * status.f_frsize;
    return ERROR_NONE;
}

static enum error_code do_job(struct worker *worker, const struct message *request)
{
    const enum message_type type = request->type;
    struct disk_job *job = request->u.job.job;
    if (type == DISK_SPACE)
        return look_for_space(job);
    if (job->storage == NULL)
        return ERROR_CANCELLED;
    if (type == DISK_SYNC)
        return sync_payload(job->storage, job);
    if (type == DISK_ALLOCATE)
        return storage_allocate(job->storage, job->full, &job->error);
    if (type == DISK_MOVE)
        return mover_handle(worker->manager, request->torrent, job);
    if (type == DISK_RENAME)
        return storage_rename(job->storage, job->metainfo, job->from, job->name,
                              job->again, job->may_be_away, &job->error);
    if (type == DISK_LEAVES)
        return check_leaves(worker, job);
    if (type == DISK_SETTLE && job->only_forms)
        return storage_settle_forms(job->storage, &job->error);
    if (type == DISK_SETTLE)
        return settle(job->storage, &job->error);
    if (type == DISK_DELETE)
        return storage_delete(job->storage, &job->error);
    storage_close_files(job->storage);
    return ERROR_NONE;
}

static void on_job(struct worker *worker, struct message *request)
{
    struct disk_job *job = request->u.job.job;
    job->request = request->type;
    request->u.job.error = do_job(worker, request);
    request->type = request->type == DISK_SYNC ? DISK_SYNCED : DISK_JOB_DONE;
    storage_unref(job->storage); /* here, not on the loop's thread */
    job->storage = NULL;
    disk_respond(worker->manager, request);
}

void worker_handle(struct worker *worker, struct message *request)
{
    if (state_saver_takes(request)) {
        state_saver_handle(worker, request);
        return;
    }
    switch ((int)request->type) {
    case DISK_HASH:
        hasher_on_hash(worker, request);
        break;
    case DISK_DROP_PIECE:
        hasher_on_drop(worker, request);
        break;
    case DISK_READ:
        on_read(worker, request);
        break;
    case DISK_CHECK:
        check_step(worker, request);
        break;
    default:
        on_job(worker, request);
        break;
    }
}

static void *worker_main(void *context)
{
    struct worker *worker = context;
    struct message request;
    while (worker_bus_wait(worker->requests, &request)) {
        if (atomic_load(&worker->manager->ending)) {
            worker->unhandled = request; /* its blocks are for the pool's own thread */
            worker->has_unhandled = true;
            break;
        }
        worker_handle(worker, &request);
    }
    return NULL;
}

enum error_code worker_init(struct worker *worker, struct disk_manager *manager)
{
    worker->manager = manager;
    worker->requests = worker_bus_new(1u << 20);
    return worker->requests != NULL ? ERROR_NONE : ERROR_MEMORY;
}

enum error_code worker_start(struct worker *worker)
{
    const enum error_code error = thread_start(&worker->thread, worker_main, worker);
    worker->started = error == ERROR_NONE;
    return error;
}

void worker_close(struct worker *worker)
{
    worker_bus_close(worker->requests);
}

void worker_stop(struct worker *worker)
{
    if (worker->started)
        pthread_join(worker->thread, NULL);
    if (worker->has_unhandled)
        message_done(&worker->unhandled, worker->manager->config.pool);
    state_saver_done(worker);
    hasher_done(worker);
    worker_bus_free(worker->requests, worker->manager->config.pool);
    digest_free(worker->digest);
    free(worker->buffer);
}
