#include "torrent/data_check.h"

#include "disk/disk_manager.h"

#include <stdlib.h>
#include <unistd.h>

struct data_check {
    struct data_check_config config;
    struct disk_manager *disk;
};

static const struct torrent_id the_torrent = {.index = 0, .generation = 1};

static void on_checked(struct data_check *check, struct message *response)
{
    struct bitfield have = {0};
    if (response->u.checked.error == ERROR_NONE) {
        have = *response->u.checked.have;
        *response->u.checked.have = (struct bitfield){0};
    }
    check->config.on_done(check->config.context, response->u.checked.error, have);
}

static void on_responses(void *context)
{
    struct data_check *check = context;
    const struct metainfo *metainfo = check->config.metainfo;
    struct message response;
    while (disk_manager_take(check->disk, &response)) {
        const uint64_t done =
            (uint64_t)response.u.checked.pieces_done * metainfo->piece_bytes;
        if (response.type == DISK_CHECKED)
            on_checked(check, &response);
        else
            check->config.on_progress(check->config.context, done < metainfo->total_bytes
                                                                 ? done
                                                                 : metainfo->total_bytes);
        message_done(&response, NULL);
    }
}

static enum error_code open_disk(struct data_check *check)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    const struct disk_manager_config config = {.loop = check->config.loop,
                                               .workers = cores < 1 ? 1 : (uint32_t)cores,
                                               .held = true,
                                               .on_responses = on_responses,
                                               .context = check};
    check->disk = disk_manager_new(&config);
    if (check->disk == NULL)
        return ERROR_MEMORY;
    enum error_code error = disk_manager_open(check->disk, the_torrent,
                                              check->config.metainfo, check->config.dir);
    if (error == ERROR_NONE && check->config.suffix != NULL)
        error = disk_manager_set_suffix(check->disk, the_torrent, check->config.suffix);
    return error == ERROR_NONE ? disk_manager_begin(check->disk) : error;
}

static enum error_code begin(struct data_check *check)
{
    struct disk_job *job = disk_job_new();
    if (job == NULL)
        return ERROR_MEMORY;
    job->ret_digests = check->config.ret_digests;
    job->ret_errnos = check->config.ret_errnos;
    job->ret_stamps = check->config.ret_stamps;
    const struct message request = {
        .type = DISK_CHECK, .torrent = the_torrent, .u.job.job = job};
    const enum error_code error = disk_manager_post(check->disk, &request);
    if (error != ERROR_NONE)
        disk_job_free(job);
    return error;
}

enum error_code data_check_new(const struct data_check_config *config,
                               struct data_check **ret_check)
{
    struct data_check *check = calloc(1, sizeof *check);
    if (check == NULL)
        return ERROR_MEMORY;
    check->config = *config;
    enum error_code error = open_disk(check);
    if (error == ERROR_NONE)
        error = begin(check);
    if (error != ERROR_NONE) {
        data_check_free(check);
        return error;
    }
    *ret_check = check;
    return ERROR_NONE;
}

void data_check_free(struct data_check *check)
{
    if (check == NULL)
        return;
    disk_manager_free(check->disk);
    free(check);
}
