#include "app/foreground.h"

#include "app/progress.h"
#include "base/i18n.h"

#include <signal.h>
#include <stdio.h>
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
    struct loop *loop;
    struct loop_timer tick;
    struct progress progress;
    uint64_t done_bytes;
    enum error_code error;
    struct bitfield have;
};

static void on_tick(void *context)
{
    struct run *run = context;
    progress_draw(&run->progress, run->done_bytes, loop_now_ns(run->loop));
    loop_timer_set_in(run->loop, &run->tick, TICK_NS);
}

static void on_progress(void *context, uint64_t done_bytes)
{
    struct run *run = context;
    run->done_bytes = done_bytes;
}

static void on_done(void *context, enum error_code error, struct bitfield have)
{
    struct run *run = context;
    run->error = error;
    run->have = have;
    loop_stop(run->loop);
}

/* A worker stuck in the kernel, on a disk that hangs, must not keep the process. */
static void free_in_time(struct data_check *check)
{
    signal(SIGALRM, on_alarm);
    alarm(CLOSE_WAIT_S);
    data_check_free(check);
    alarm(0);
}

enum error_code foreground_check(struct foreground *foreground,
                                 const struct data_check_config *check,
                                 struct bitfield *ret_have)
{
    struct run run = {.loop = foreground->loop, .error = ERROR_CANCELLED};
    struct data_check_config config = *check;
    struct data_check *running = NULL;
    *ret_have = (struct bitfield){0};
    if (foreground->interrupted)
        return ERROR_CANCELLED;
    config.loop = foreground->loop;
    config.on_progress = on_progress;
    config.on_done = on_done;
    config.context = &run;
    progress_init(&run.progress, check->metainfo->total_bytes, loop_now_ns(run.loop));
    loop_timer_init(&run.tick, on_tick, &run);
    const enum error_code error = data_check_new(&config, &running);
    if (error != ERROR_NONE)
        return error;
    loop_timer_set_in(run.loop, &run.tick, TICK_NS);
    loop_run(run.loop);
    loop_timer_cancel(run.loop, &run.tick);
    progress_erase(&run.progress);
    free_in_time(running);
    *ret_have = run.have;
    return run.error;
}

const char *foreground_error_text(enum error_code error)
{
    return error == ERROR_SYSTEM ? _("the system has no thread left for the disk")
                                 : error_text(error);
}
