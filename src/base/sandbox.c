#include "base/sandbox.h"

#include "base/sandbox_private.h"

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <ucontext.h>
#include <unistd.h>

/* ---- refused calls: SIGSYS comes in their place ---- */

/* A signal is the process's, so is who hears of it. */
static atomic_int refusals_fd = -1;

/* What the call gives back, to the code that made it. */
static void set_result(void *context, long value)
{
    ucontext_t *at = context;
#if defined __x86_64__
    at->uc_mcontext.gregs[REG_RAX] = value;
#elif defined __i386__
    at->uc_mcontext.gregs[REG_EAX] = value;
#elif defined __aarch64__
    at->uc_mcontext.regs[0] = (unsigned long long)value;
#else
    (void)at;
    (void)value;
#endif
}

static void on_refused(int signal_number, siginfo_t *info, void *context)
{
    const int before = errno, number = info->si_syscall;
    (void)signal_number;
    /* A full pipe already holds enough to tell. */
    if (write(atomic_load(&refusals_fd), &number, sizeof number) < 0)
        errno = before;
    set_result(context, -EPERM);
    errno = before;
}

void sandbox_tell_refusals(int fd)
{
    atomic_store(&refusals_fd, fd);
}

static bool watch_refusals(void)
{
    struct sigaction action = {.sa_sigaction = on_refused,
                               .sa_flags = SA_SIGINFO | SA_RESTART};
    sigset_t refused;
    sigemptyset(&action.sa_mask);
    sigemptyset(&refused);
    sigaddset(&refused, SIGSYS);
    /* Blocked, the signal would end the process. */
    return sigaction(SIGSYS, &action, NULL) == 0 &&
           sigprocmask(SIG_UNBLOCK, &refused, NULL) == 0;
}

/* ---- going in ---- */

unsigned sandbox_enter(const struct sandbox_config *config)
{
    unsigned had = 0;
    /* Both need it: a program that is run could otherwise gain what we gave up. */
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !watch_refusals())
        return 0;
    had |= sandbox_enter_files(config);
    if (sandbox_enter_calls(config))
        had |= SANDBOX_CALLS;
    return had;
}

/* ---- memory ---- */

#ifndef INSTRUMENTED
static bool is_debugged(void)
{
    char text[4096];
    const int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    const ssize_t got = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0)
        close(fd);
    text[got > 0 ? got : 0] = '\0';
    const char *tracer = strstr(text, "\nTracerPid:\t");
    return tracer != NULL && strtol(tracer + sizeof "\nTracerPid:\t" - 1, NULL, 10) != 0;
}
#endif

bool sandbox_hide_memory(void)
{
#ifdef INSTRUMENTED
    return false;
#else
    return !is_debugged() && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
#endif
}
