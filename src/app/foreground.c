#include "app/foreground.h"

#include "app/progress.h"
#include "base/i18n.h"
#include "disk/disk_manager.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CLOSE_WAIT_S 5u
#define TICK_NS      (250 * NS_PER_MS)

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

static void on_signal(void *context, int number)
{
    struct foreground *foreground = context;
    (void)number;
    if (foreground->interrupted)
        _exit(EXIT_STATUS_FAILED);
    foreground->interrupted = true;
    loop_stop(foreground->loop);
}

enum exit_status foreground_open(struct foreground *foreground)
{
    *foreground = (struct foreground){.loop = loop_new(&loop_platform_system)};
    enum error_code error = foreground->loop != NULL ? ERROR_NONE : ERROR_MEMORY;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file size limit comes back as an error */
    for (size_t i = 0; i < sizeof signals / sizeof *signals && error == ERROR_NONE; i++)
        error = loop_signal_watch(foreground->loop, signals[i], on_signal, foreground);
    if (error == ERROR_NONE)
        return EXIT_STATUS_OK;
    fprintf(stderr, "bttui: %s\n", error_text(error));
    return EXIT_STATUS_USAGE;
}

static void on_alarm(int number)
{
    (void)number;
    _exit(EXIT_STATUS_FAILED);
}

/* What was to be done is done, or was ended: one that comes now must not turn the exit
 * status into a death by signal. */
static void leave_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaddset(&set, signals[i]);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

void foreground_close(struct foreground *foreground)
{
    leave_signals();
    if (foreground->loop != NULL)
        loop_free(foreground->loop);
    foreground->loop = NULL;
}

bool foreground_is_interrupted(struct foreground *foreground)
{
    if (!foreground->interrupted)
        loop_turn(foreground->loop, 0);
    return foreground->interrupted;
}

/* ---- hashing ---- */

struct run {
    struct foreground *foreground;
    struct foreground_check *check;
    struct disk_manager *disk;
    struct loop_timer tick;
    struct progress progress;
    uint64_t done_bytes;
    enum error_code error;
};

static const struct torrent_id the_torrent = {.index = 0, .generation = 1};

static uint64_t now_ns(const struct run *run)
{
    return loop_now_ns(run->foreground->loop);
}

static void on_tick(void *context)
{
    struct run *run = context;
    progress_draw(&run->progress, run->done_bytes, now_ns(run));
    loop_timer_set_in(run->foreground->loop, &run->tick, TICK_NS);
}

static void on_checked(struct run *run, struct message *response)
{
    run->error = response->u.checked.error;
    if (run->error == ERROR_NONE) {
        run->check->ret_have = *response->u.checked.have;
        *response->u.checked.have = (struct bitfield){0};
    }
    loop_stop(run->foreground->loop);
}

static void on_responses(void *context)
{
    struct run *run = context;
    const struct metainfo *metainfo = run->check->metainfo;
    struct message response;
    while (disk_manager_take(run->disk, &response)) {
        const uint64_t done =
            (uint64_t)response.u.checked.pieces_done * metainfo->piece_bytes;
        if (response.type == DISK_CHECKED)
            on_checked(run, &response);
        else
            run->done_bytes = done < metainfo->total_bytes ? done : metainfo->total_bytes;
        message_done(&response, NULL);
    }
}

static enum error_code begin(struct run *run)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    const struct disk_manager_config config = {.loop = run->foreground->loop,
                                               .workers = cores < 1 ? 1 : (uint32_t)cores,
                                               .held = true,
                                               .on_responses = on_responses,
                                               .context = run};
    run->disk = disk_manager_new(&config);
    struct disk_job *job = disk_job_new();
    enum error_code error = run->disk != NULL && job != NULL ? ERROR_NONE : ERROR_MEMORY;
    if (error == ERROR_NONE)
        error = disk_manager_open(run->disk, the_torrent, run->check->metainfo,
                                  run->check->dir);
    if (error == ERROR_NONE)
        error = disk_manager_begin(run->disk);
    if (error != ERROR_NONE) {
        disk_job_free(job);
        return error;
    }
    job->ret_digests = run->check->ret_digests;
    job->ret_errnos = run->check->ret_errnos;
    job->ret_stamps = run->check->ret_stamps;
    const struct message request = {
        .type = DISK_CHECK, .torrent = the_torrent, .u.job.job = job};
    error = disk_manager_post(run->disk, &request);
    if (error != ERROR_NONE)
        disk_job_free(job);
    return error;
}

enum error_code foreground_check(struct foreground *foreground,
                                 struct foreground_check *check)
{
    struct run run = {.foreground = foreground, .check = check, .error = ERROR_CANCELLED};
    check->ret_have = (struct bitfield){0};
    if (foreground->interrupted)
        return ERROR_CANCELLED;
    progress_init(&run.progress, check->metainfo->total_bytes, now_ns(&run));
    loop_timer_init(&run.tick, on_tick, &run);
    enum error_code error = begin(&run);
    if (error == ERROR_NONE) {
        loop_timer_set_in(foreground->loop, &run.tick, TICK_NS);
        loop_run(foreground->loop);
        error = run.error;
    }
    loop_timer_cancel(foreground->loop, &run.tick);
    progress_erase(&run.progress);
    /* A worker stuck in the kernel, on a disk that hangs, must not keep the process. */
    signal(SIGALRM, on_alarm);
    alarm(CLOSE_WAIT_S);
    disk_manager_free(run.disk);
    alarm(0);
    return error;
}

const char *foreground_error_text(enum error_code error)
{
    return error == ERROR_SYSTEM ? _("the system has no thread left for the disk")
                                 : error_text(error);
}
