/* What waits for the state files' worker is done together (state_file_change). Files
 * beside the directories, such as the saved list, go before what waits longer: they name
 * nothing whose saving was not answered yet. */
#include "disk/disk_private.h"
#include "disk/state_file.h"

#include <stdlib.h>
#include <string.h>

bool state_saver_takes(const struct message *request)
{
    return request->type == DISK_SAVE_RESUME || request->type == DISK_FORGET_STATE;
}

static bool hold(struct worker *worker, const struct message *request)
{
    if (worker->held_count == worker->held_capacity) {
        const size_t capacity =
            worker->held_capacity == 0 ? 16 : worker->held_capacity * 2;
        struct message *held = realloc(worker->held, capacity * sizeof *held);
        if (held == NULL)
            return false;
        worker->held = held;
        worker->held_capacity = capacity;
    }
    worker->held[worker->held_count++] = *request;
    return true;
}

static void change(struct worker *worker, struct message *requests, size_t count)
{
    struct state_change changes[STATE_BATCH_MOST];
    for (size_t i = 0; i < count; i++) {
        const struct disk_job *job = requests[i].u.job.job;
        changes[i] =
            (struct state_change){.name = job->name,
                                  .bytes = job->bytes,
                                  .length = job->length,
                                  .raw = job->raw,
                                  .remove = requests[i].type == DISK_FORGET_STATE};
    }
    state_file_change(requests[0].u.job.job->dir_fd, changes, count);
    for (size_t i = 0; i < count; i++) {
        requests[i].u.job.job->request = requests[i].type;
        requests[i].u.job.error = changes[i].error;
        requests[i].type = DISK_JOB_DONE;
        disk_respond(worker->manager, &requests[i]);
    }
}

static bool is_beside(const struct message *request)
{
    return strchr(request->u.job.job->name, '/') == NULL;
}

/* Moves what is held into CHOSEN, in its order: BESIDE, or else the others. */
static void choose(struct worker *worker, bool beside, struct message *chosen,
                   size_t *count)
{
    size_t kept = 0;
    for (size_t i = 0; i < worker->held_count; i++) {
        if (*count < STATE_BATCH_MOST && is_beside(&worker->held[i]) == beside)
            chosen[(*count)++] = worker->held[i];
        else
            worker->held[kept++] = worker->held[i];
    }
    worker->held_count = kept;
}

/* What has come meanwhile; what is of another kind is done at once. */
static void take_more(struct worker *worker)
{
    struct message request;
    while (worker_bus_take(worker->requests, &request)) {
        if (!state_saver_takes(&request))
            worker_handle(worker, &request);
        else if (!hold(worker, &request))
            change(worker, &request, 1);
    }
}

void state_saver_handle(struct worker *worker, struct message *request)
{
    struct message chosen[STATE_BATCH_MOST];
    if (!hold(worker, request)) {
        change(worker, request, 1);
        return;
    }
    while (worker->held_count > 0 && !atomic_load(&worker->manager->ending)) {
        size_t count = 0;
        take_more(worker);
        choose(worker, true, chosen, &count);
        choose(worker, false, chosen, &count);
        change(worker, chosen, count);
    }
}

void state_saver_done(struct worker *worker)
{
    for (size_t i = 0; i < worker->held_count; i++)
        message_done(&worker->held[i], worker->manager->config.pool);
    free(worker->held);
    worker->held = NULL;
    worker->held_count = worker->held_capacity = 0;
}
