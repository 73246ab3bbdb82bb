/* The table of torrents that the Disk Manager knows, from being opened to being closed.
 * It changes on the loop's thread alone, so that looking there needs no lock. */
#include "disk/disk_manager.h"
#include "disk/disk_private.h"

#include <stdlib.h>
#include <string.h>

static bool same_id(struct torrent_id a, struct torrent_id b)
{
    return a.index == b.index && a.generation == b.generation;
}

struct disk_torrent *disk_torrent_find(struct disk_manager *manager, struct torrent_id id)
{
    if (id.index >= manager->torrent_capacity)
        return NULL;
    struct disk_torrent *torrent = &manager->torrents[id.index];
    return torrent->storage != NULL && same_id(torrent->id, id) ? torrent : NULL;
}

struct storage *disk_storage(struct disk_manager *manager, struct torrent_id id)
{
    pthread_mutex_lock(&manager->mutex);
    const struct disk_torrent *torrent = disk_torrent_find(manager, id);
    struct storage *storage = torrent != NULL ? storage_ref(torrent->storage) : NULL;
    pthread_mutex_unlock(&manager->mutex);
    return storage;
}

static enum error_code reserve(struct disk_manager *manager, uint32_t index)
{
    uint32_t capacity = manager->torrent_capacity == 0 ? 8 : manager->torrent_capacity;
    while (capacity <= index)
        capacity *= 2;
    if (capacity == manager->torrent_capacity)
        return ERROR_NONE;
    struct disk_torrent *torrents =
        realloc(manager->torrents, capacity * sizeof *torrents);
    if (torrents == NULL)
        return ERROR_MEMORY;
    memset(torrents + manager->torrent_capacity, 0,
           (capacity - manager->torrent_capacity) * sizeof *torrents);
    manager->torrents = torrents;
    manager->torrent_capacity = capacity;
    return ERROR_NONE;
}

enum error_code disk_manager_open(struct disk_manager *manager, struct torrent_id id,
                                  struct metainfo *metainfo, const char *download_dir)
{
    struct storage *storage = storage_new(manager->cache, metainfo, download_dir);
    if (storage == NULL)
        return ERROR_MEMORY;
    pthread_mutex_lock(&manager->mutex);
    enum error_code error = reserve(manager, id.index);
    if (error == ERROR_NONE && manager->torrents[id.index].storage != NULL)
        error = ERROR_EXISTS;
    if (error == ERROR_NONE)
        manager->torrents[id.index] = (struct disk_torrent){.id = id, .storage = storage};
    pthread_mutex_unlock(&manager->mutex);
    if (error != ERROR_NONE)
        storage_unref(storage);
    return error;
}

/* The last reference closes files, which may take long: a worker does it. */
static void release_on_worker(struct disk_manager *manager, struct torrent_id id,
                              struct storage *storage)
{
    struct disk_job *job = disk_job_new();
    const struct message request = {
        .type = DISK_RELEASE, .torrent = id, .u.job.job = job};
    if (job == NULL || manager->made == 0) {
        disk_job_free(job);
        storage_unref(storage);
        return;
    }
    job->storage = storage;
    if (worker_bus_post(manager->slow->requests, &request) != ERROR_NONE)
        disk_job_free(job);
}

void disk_manager_close(struct disk_manager *manager, struct torrent_id id)
{
    pthread_mutex_lock(&manager->mutex);
    struct disk_torrent *torrent = disk_torrent_find(manager, id);
    struct storage *storage = torrent != NULL ? torrent->storage : NULL;
    struct check *check = torrent != NULL ? torrent->check : NULL;
    if (torrent != NULL)
        *torrent = (struct disk_torrent){0};
    pthread_mutex_unlock(&manager->mutex);
    if (check != NULL)
        check_cancel(check);
    if (storage != NULL)
        release_on_worker(manager, id, storage);
}

void disk_manager_set_unwanted(struct disk_manager *manager, struct torrent_id id,
                               const bool *unwanted)
{
    const struct disk_torrent *torrent = disk_torrent_find(manager, id);
    if (torrent != NULL)
        storage_set_unwanted(torrent->storage, unwanted);
}

enum error_code disk_manager_set_suffix(struct disk_manager *manager,
                                        struct torrent_id id, const char *suffix)
{
    const struct disk_torrent *torrent = disk_torrent_find(manager, id);
    return torrent != NULL ? storage_set_suffix(torrent->storage, suffix)
                           : ERROR_NOT_FOUND;
}

void disk_manager_set_whole(struct disk_manager *manager, struct torrent_id id,
                            const bool *whole)
{
    const struct disk_torrent *torrent = disk_torrent_find(manager, id);
    if (torrent != NULL)
        storage_set_whole(torrent->storage, whole);
}

bool disk_manager_is_unfinished(struct disk_manager *manager, struct torrent_id id,
                                uint32_t file)
{
    const struct disk_torrent *torrent = disk_torrent_find(manager, id);
    return torrent != NULL && storage_is_unfinished(torrent->storage, file);
}

uint32_t disk_manager_read_now(struct disk_manager *manager, struct torrent_id id,
                               struct block *chain)
{
    const struct disk_torrent *torrent = disk_torrent_find(manager, id);
    return torrent != NULL ? storage_read_cached(torrent->storage, chain) : 0;
}
