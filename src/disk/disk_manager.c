#include "disk/disk_manager.h"

#include "disk/disk_private.h"
#include "disk/storage_private.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#define OPEN_FILES_MAX   48
#define OPEN_FILES_LEAST 4
#define RESPOND_AGAIN_NS 1000000

struct disk_job *disk_job_new(void)
{
    struct disk_job *job = calloc(1, sizeof *job);
    if (job != NULL) {
        job->base.free_job = disk_job_free;
        job->dir_fd = -1;
    }
    return job;
}

void disk_job_free(struct disk_job *job)
{
    if (job == NULL)
        return;
    if (job->pieces != NULL)
        bitfield_done(job->pieces);
    free(job->pieces);
    free(job->name);
    free(job->from);
    metainfo_free(job->metainfo);
    free(job->bytes);
    free(job->stamps);
    storage_unref(job->storage);
    free(job);
}

static void on_wake(void *context)
{
    struct disk_manager *manager = context;
    manager->config.on_responses(manager->config.context);
}

/* A quarter of what the process may open: the rest is for peers. */
static uint32_t open_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur / 4 > OPEN_FILES_MAX)
        return OPEN_FILES_MAX;
    return limit.rlim_cur / 4 < OPEN_FILES_LEAST ? OPEN_FILES_LEAST
                                                 : (uint32_t)(limit.rlim_cur / 4);
}

static struct worker *make_one(struct disk_manager *manager)
{
    struct worker *worker = &manager->workers[manager->made];
    if (worker_init(worker, manager) != ERROR_NONE)
        return NULL;
    manager->made++;
    return worker;
}

static enum error_code make_workers(struct disk_manager *manager)
{
    const uint32_t wanted = manager->config.workers == 0 ? 1
                            : manager->config.workers > DISK_WORKERS_MAX
                                ? DISK_WORKERS_MAX
                                : manager->config.workers;
    while (manager->worker_count < wanted && make_one(manager) != NULL)
        manager->worker_count++;
    if (manager->worker_count == 0)
        return ERROR_MEMORY;
    manager->slow = manager->config.workers > 0 ? make_one(manager) : NULL;
    manager->state = manager->config.workers > 0 ? make_one(manager) : NULL;
    manager->mover = manager->config.workers > 0 ? make_one(manager) : NULL;
    if (manager->slow == NULL)
        manager->slow = &manager->workers[0];
    if (manager->state == NULL)
        manager->state = &manager->workers[0];
    return ERROR_NONE;
}

enum error_code disk_hand_to(struct disk_manager *manager, struct worker *from,
                             struct worker *to)
{
    struct message request;
    while (worker_bus_take(from->requests, &request)) {
        const enum error_code error = worker_bus_post(to->requests, &request);
        if (error != ERROR_NONE) {
            message_done(&request, manager->config.pool);
            return error;
        }
    }
    return ERROR_NONE;
}

/* A system that has not as many threads gets along with fewer, but for the first. */
enum error_code disk_manager_begin(struct disk_manager *manager)
{
    enum error_code error = ERROR_NONE;
    if (manager->config.workers == 0 || manager->workers[0].started)
        return ERROR_NONE;
    if (worker_start(&manager->workers[0]) != ERROR_NONE)
        return ERROR_SYSTEM;
    uint32_t with_threads = 1;
    for (uint32_t i = 1; i < manager->made && error == ERROR_NONE; i++) {
        struct worker *worker = &manager->workers[i];
        if (worker == manager->mover)
            continue;
        if (worker_start(worker) == ERROR_NONE) {
            with_threads += i < manager->worker_count && with_threads == i;
            continue;
        }
        error = disk_hand_to(manager, worker, &manager->workers[0]);
        if (manager->slow == worker)
            manager->slow = &manager->workers[0];
        if (manager->state == worker)
            manager->state = &manager->workers[0];
    }
    manager->worker_count = with_threads;
    mover_begin(manager);
    return error;
}

struct disk_manager *disk_manager_new(const struct disk_manager_config *config)
{
    struct disk_manager *manager = calloc(1, sizeof *manager);
    if (manager == NULL)
        return NULL;
    manager->config = *config;
    pthread_mutex_init(&manager->mutex, NULL);
    manager->cache = file_cache_new(open_files());
    manager->responses = worker_bus_new((size_t)1 << 20);
    manager->wake = loop_wake_new(config->loop, on_wake, manager);
    if (manager->cache == NULL || manager->responses == NULL || manager->wake == NULL ||
        make_workers(manager) != ERROR_NONE ||
        (!config->held && disk_manager_begin(manager) != ERROR_NONE)) {
        disk_manager_free(manager);
        return NULL;
    }
    worker_bus_set_wake(manager->responses, manager->wake);
    return manager;
}

void disk_manager_stop(struct disk_manager *manager)
{
    if (manager == NULL)
        return;
    atomic_store(&manager->ending, true);
    for (uint32_t i = 0; i < manager->torrent_capacity; i++)
        if (manager->torrents[i].storage != NULL)
            storage_cancel_move(manager->torrents[i].storage);
    for (uint32_t i = 0; i < manager->made; i++)
        worker_close(&manager->workers[i]);
    for (uint32_t i = 0; i < manager->made; i++)
        worker_stop(&manager->workers[i]);
    manager->made = 0;
}

void disk_manager_free(struct disk_manager *manager)
{
    if (manager == NULL)
        return;
    disk_manager_stop(manager);
    for (uint32_t i = 0; i < manager->torrent_capacity; i++) {
        if (manager->torrents[i].check != NULL)
            check_cancel(manager->torrents[i].check);
        storage_unref(manager->torrents[i].storage);
    }
    if (manager->responses != NULL)
        worker_bus_free(manager->responses, manager->config.pool);
    loop_wake_free(manager->wake);
    file_cache_free(manager->cache);
    pthread_mutex_destroy(&manager->mutex);
    free(manager->torrents);
    free(manager);
}

/* ---- requests and responses ---- */

/* A piece stays with one worker. What waits for the disk, and state files, have a worker
 * each: they come in the order they were posted (state files: see state_saver.c), and
 * hold no piece up. */
static struct worker *worker_for(struct disk_manager *manager,
                                 const struct message *request)
{
    uint32_t key = request->torrent.index;
    switch ((int)request->type) {
    case DISK_HASH:
    case DISK_DROP_PIECE:
        key += request->u.run.piece;
        break;
    case DISK_READ:
        key += request->u.read.chain->piece;
        break;
    case DISK_SAVE_RESUME:
    case DISK_FORGET_STATE:
        return manager->state;
    case DISK_DELETE: /* of a torrent that may be on the move: after that */
        return manager->mover != NULL && manager->mover->started ? manager->mover
                                                                 : manager->slow;
    case DISK_ALLOCATE:
    case DISK_MOVE:
        return mover_of(manager);
    default:
        return manager->slow;
    }
    return &manager->workers[key % manager->worker_count];
}

/* These work on a torrent that may be closed by the time they are done. */
static bool needs_storage(enum message_type type)
{
    return type == DISK_SYNC || type == DISK_SETTLE || type == DISK_ALLOCATE ||
           type == DISK_MOVE || type == DISK_RENAME || type == DISK_DELETE ||
           type == DISK_RELEASE || type == DISK_LEAVES;
}

enum error_code disk_manager_post(struct disk_manager *manager,
                                  const struct message *request)
{
    if (request->type == DISK_CHECK)
        return check_start(manager, request);
    if (needs_storage(request->type))
        request->u.job.job->storage = disk_storage(manager, request->torrent);
    const uint64_t bytes =
        request->type == DISK_HASH ? chain_bytes(request->u.run.chain) : 0;
    const enum error_code error =
        worker_bus_post(worker_for(manager, request)->requests, request);
    if (error == ERROR_NONE)
        manager->queued_bytes += bytes;
    return error;
}

void disk_respond(struct disk_manager *manager, const struct message *response)
{
    /* The bus holds a million messages, far more than blocks exist; only memory can fail.
     */
    while (worker_bus_post(manager->responses, response) != ERROR_NONE &&
           !atomic_load(&manager->ending))
        nanosleep(&(const struct timespec){0, RESPOND_AGAIN_NS}, NULL);
}

static uint64_t returned_bytes(const struct message *response)
{
    switch ((int)response->type) {
    case DISK_VERIFIED:
    case DISK_FAILED_HASH:
        return chain_bytes(response->u.verified.chain);
    case DISK_ERROR:
        return chain_bytes(response->u.disk_error.chain);
    case DISK_BLOCKS_BACK:
        return chain_bytes(response->u.run.chain);
    default:
        return 0;
    }
}

bool disk_manager_take(struct disk_manager *manager, struct message *ret_response)
{
    if (!worker_bus_take(manager->responses, ret_response))
        return false;
    manager->queued_bytes -= returned_bytes(ret_response);
    if (ret_response->type == DISK_CHECKED) {
        struct disk_torrent *torrent = disk_torrent_find(manager, ret_response->torrent);
        if (torrent != NULL && torrent->check != NULL) {
            check_unref(torrent->check);
            torrent->check = NULL;
        }
    }
    return true;
}

bool disk_manager_run(struct disk_manager *manager)
{
    struct message request;
    bool any = false;
    if (manager->config.workers > 0)
        return false;
    while (worker_bus_take(manager->workers[0].requests, &request)) {
        worker_handle(&manager->workers[0], &request);
        any = true;
    }
    return any;
}

uint64_t disk_manager_queued_bytes(const struct disk_manager *manager)
{
    return manager->queued_bytes;
}
