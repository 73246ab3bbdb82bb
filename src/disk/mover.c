/* The worker that moves torrents to other directories, which may take hours: made when it
 * is first needed. */
#include "base/clock.h"
#include "disk/disk_private.h"

#define TELL_NS (200 * NS_PER_MS)

struct telling {
    struct disk_manager *manager;
    struct torrent_id torrent;
    uint64_t told_ns;
};

static void tell(void *context, uint64_t done, uint64_t total)
{
    struct telling *telling = context;
    const uint64_t now_ns = clock_now_ns(&clock_system);
    if (now_ns - telling->told_ns < TELL_NS)
        return;
    telling->told_ns = now_ns;
    const struct message response = {
        .type = DISK_MOVING, .torrent = telling->torrent, .u.moving = {done, total}};
    disk_respond(telling->manager, &response);
}

enum error_code mover_handle(struct disk_manager *manager, struct torrent_id torrent,
                             struct disk_job *job)
{
    struct telling telling = {manager, torrent, 0};
    const struct storage_progress progress = {tell, &telling};
    switch (job->step) {
    case DISK_MOVE_COPY:
        return storage_move_copy(job->storage, job->name, &progress, &job->error);
    case DISK_MOVE_FINISH:
        return storage_move_finish(job->storage, job->from, job->name, &job->error);
    case DISK_MOVE_GIVE_UP:
        storage_move_give_up(job->storage, job->name);
        break;
    case DISK_MOVE_ABANDON:
        storage_move_abandon(job->storage, job->name);
        break;
    }
    return ERROR_NONE;
}

/* Not before the others: the process may be about to be confined. */
void mover_begin(struct disk_manager *manager)
{
    if (manager->mover == NULL || !manager->mover_needed || manager->mover->started ||
        !manager->workers[0].started)
        return;
    if (worker_start(manager->mover) == ERROR_NONE)
        return;
    (void)disk_hand_to(manager, manager->mover, manager->slow);
    manager->mover = NULL;
}

/* A system that has no thread for it lets the one for slow jobs do it. */
struct worker *mover_of(struct disk_manager *manager)
{
    if (manager->mover == NULL)
        return manager->slow;
    manager->mover_needed = true;
    mover_begin(manager);
    return manager->mover != NULL ? manager->mover : manager->slow;
}

void disk_manager_cancel_move(struct disk_manager *manager, struct torrent_id id)
{
    struct storage *storage = disk_storage(manager, id);
    if (storage != NULL)
        storage_cancel_move(storage);
    storage_unref(storage);
}
