#include "base/digest.h"
#include "disk/disk_private.h"
#include "disk/state_file.h"

#include <stdlib.h>

static void on_read(struct worker *worker, struct message *request)
{
    struct storage *storage = disk_storage(worker->manager, request->torrent);
    struct block *block = request->u.read.block;
    request->type = DISK_HAS_READ;
    request->u.read.error = storage == NULL
                                ? ERROR_CANCELLED
                                : storage_read(storage, block->piece, block->begin,
                                               block->bytes, block->length, NULL);
    storage_unref(storage);
    disk_respond(worker->manager, request);
}

static void take_stamps(struct storage *storage, struct disk_job *job)
{
    job->stamp_count = storage_metainfo(storage)->file_count;
    job->stamps = calloc(job->stamp_count, sizeof *job->stamps);
    if (job->stamps != NULL)
        storage_stamps(storage, job->stamps, job->stamp_count);
}

static void on_job(struct worker *worker, struct message *request)
{
    struct disk_job *job = request->u.job.job;
    struct storage *storage = disk_storage(worker->manager, request->torrent);
    enum error_code error = ERROR_NONE;
    enum message_type answer = DISK_JOB_DONE;
    if (request->type == DISK_SAVE_RESUME) {
        error = job->raw
                    ? state_file_save_raw(job->dir_fd, job->name, job->bytes, job->length)
                    : state_file_save(job->dir_fd, job->name, job->bytes, job->length);
    } else if (storage == NULL) {
        error = ERROR_CANCELLED;
    } else if (request->type == DISK_SYNC) {
        answer = DISK_SYNCED;
        if (job->stat_all)
            storage_stat_all(storage);
        error = storage_sync(storage, &job->error);
        if (error == ERROR_NONE)
            take_stamps(storage, job);
    } else if (request->type == DISK_DELETE) {
        error = storage_delete(storage, &job->error);
    } else {
        storage_close_files(storage);
    }
    storage_unref(storage);
    request->type = answer;
    request->u.job.error = error;
    disk_respond(worker->manager, request);
}

void worker_handle(struct worker *worker, struct message *request)
{
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
    while (worker_bus_wait(worker->requests, &request) &&
           !atomic_load(&worker->manager->ending))
        worker_handle(worker, &request);
    return NULL;
}

enum error_code worker_start(struct worker *worker, struct disk_manager *manager,
                             bool thread)
{
    worker->manager = manager;
    worker->requests = worker_bus_new(1u << 20);
    if (worker->requests == NULL)
        return ERROR_MEMORY;
    if (!thread)
        return ERROR_NONE;
    worker->started = pthread_create(&worker->thread, NULL, worker_main, worker) == 0;
    return worker->started ? ERROR_NONE : ERROR_SYSTEM;
}

void worker_stop(struct worker *worker)
{
    if (worker->requests == NULL)
        return;
    worker_bus_close(worker->requests);
    if (worker->started)
        pthread_join(worker->thread, NULL);
    hasher_done(worker);
    worker_bus_free(worker->requests, worker->manager->config.pool);
    digest_free(worker->digest);
    free(worker->buffer);
}
