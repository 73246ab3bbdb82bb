/* The end of a run: by a wish or a signal, in order, and within its time. */
#include "app/confine.h"
#include "app/demo.h"
#include "app/headless.h"
#include "app/interface.h"
#include "app/on_complete.h"
#include "app/run_private.h"
#include "app/until_done.h"
#include "app/watch.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "net/net.h"
#include "net/proxy.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#define OUTPUT_WAIT_MS 500u /* for a slow reader, at the end */
/* From the wish to end on, before it ends without workers: all is over within 5 s, on a
 * machine with other things to do, too. */
#define END_WAIT_MS   4000u
#define CLOSE_WAIT_MS 300u    /* but so long at least */
#define UNHURRIED_MS  120000u /* for a disk that answers at last */
#define DEMO_WAIT_MS  10000u  /* for its workers, and for its files to be removed */

/* ---- the wish ---- */

static void on_stopped(void *context)
{
    struct run *run = context;
    if (!session_is_saved(run->session) && run->parting[0] == '\0')
        snprintf(run->parting, sizeof run->parting, "%s",
                 _("the disk did not answer in time: what changed last is not saved, and "
                   "the next start looks at the files again"));
    loop_stop(run->loop);
}

void run_end(struct run *run, enum exit_status status)
{
    if (run->ending)
        return;
    run->ending = true;
    run->ending_ns = clock_now_ns(&clock_system);
    run->status = status;
    watch_free(run->watch); /* nothing is added any more */
    run->watch = NULL;
    interface_show_ending(run->interface);
    session_stop(run->session, on_stopped, run);
}

void run_end_unhurried(struct run *run, enum exit_status status)
{
    if (run->ending)
        return;
    run->unhurried = true;
    session_stop_within(run->session, UNHURRIED_MS);
    run_end(run, status);
}

static void hurry(struct run *run)
{
    run->unhurried = false;
    run->ending_ns = clock_now_ns(&clock_system);
    session_stop_within(run->session, SESSION_STOP_MS);
}

static void on_signal(void *context, int number)
{
    struct run *run = context;
    if (number == SIGHUP && run->hung_up)
        return; /* the system says what the terminal said */
    if (run->unhurried) {
        hurry(run);
        return;
    }
    run->at_once = run->ending;
    if (run->ending)
        loop_stop(run->loop);
    else
        run_end(run, EXIT_STATUS_OK);
}

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

enum exit_status run_watch_signals(struct run *run)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file size limit comes back as an error */
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        const enum error_code error =
            loop_signal_watch(run->loop, signals[i], on_signal, run);
        if (error == ERROR_NONE)
            continue;
        fprintf(stderr, "bttui: %s\n", error_text(error));
        return EXIT_STATUS_USAGE;
    }
    return EXIT_STATUS_OK;
}

/* ---- all is closed ---- */

static void on_alarm(int number)
{
    (void)number;
    _exit(EXIT_STATUS_FAILED);
}

/* All is saved and told: one that comes now must not turn the exit status into a death by
 * signal. */
static void leave_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaddset(&set, signals[i]);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

/* What stopping the session has left of the time to end in, for its workers. */
static uint64_t close_wait_ms(const struct run *run)
{
    if (run->demo != NULL)
        return DEMO_WAIT_MS;
    if (run->unhurried) /* and then workers have nothing to do */
        return END_WAIT_MS;
    const uint64_t since_ns =
        run->ending ? clock_now_ns(&clock_system) - run->ending_ns : 0;
    const uint64_t used_ms = since_ns / NS_PER_MS;
    return used_ms + CLOSE_WAIT_MS < END_WAIT_MS ? END_WAIT_MS - used_ms : CLOSE_WAIT_MS;
}

static void set_alarm(uint64_t in_ms)
{
    const struct itimerval timer = {
        .it_value = {(time_t)(in_ms / 1000), (suseconds_t)(in_ms % 1000 * 1000)}};
    setitimer(ITIMER_REAL, &timer, NULL);
}

void run_close(struct run *run)
{
    given_peers_done(&run->peers);
    until_done_free(run->until);
    watch_free(run->watch);
    on_complete_free(run->on_complete);
    if (run->helper >= 0)
        close(run->helper);
    interface_free(run->interface);
    headless_free(run->headless);
    if (run->log != NULL)
        log_set_sink(run->log, LOG_LEVEL_ERROR, NULL, NULL);
    output_free(run->out, run->at_once ? 0 : OUTPUT_WAIT_MS);
    output_free(run->err, run->at_once ? 0 : OUTPUT_WAIT_MS);
    if (run->parting[0] != '\0')
        fprintf(stderr, "bttui: %s\n", run->parting);
    if (run->at_once) {
        demo_abandon(run->demo);
        _exit((int)run->status);
    }
    /* A worker stuck in the kernel, on a disk that hangs, must not keep the process. */
    signal(SIGALRM, on_alarm);
    set_alarm(close_wait_ms(run));
    session_free(run->session);
    demo_free(run->demo);
    if (run->through != NULL) {
        net_proxy_free(run->net);
        net_system_free(run->through);
    } else {
        net_system_free(run->net);
    }
    confine_free(run->confine);
    set_alarm(0);
    log_free(run->log);
    leave_signals();
    loop_free(run->loop);
    free(run->added);
    free(run->fetches);
}
