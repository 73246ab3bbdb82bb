#include "app/helper.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define END_MS   200
#define GRACE_MS 2000 /* for the command to end by itself when we do */

extern char **environ;

struct helper {
    const char *command;
    int timeout_ms;
    int socket;
    /* of the command that runs */
    pid_t group;
    int output;
    unsigned lines;
    size_t used;
    char line[1 + HELPER_LINE_MAX]; /* 'o' first */
};

/* ---- what it says ---- */

/* Lines may be lost on a program that does not read them; how it ended may not. */
static void tell_line(struct helper *helper)
{
    if (helper->used > 0 && helper->lines++ < HELPER_LINES_MAX)
        (void)send(helper->socket, helper->line, 1 + helper->used,
                   MSG_DONTWAIT | MSG_NOSIGNAL);
    helper->used = 0;
}

static void take_output(struct helper *helper, const char *bytes, size_t length)
{
    helper->line[0] = 'o';
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\n' || helper->used == HELPER_LINE_MAX)
            tell_line(helper);
        if (bytes[i] != '\n')
            helper->line[1 + helper->used++] = bytes[i];
    }
}

/* False: it has closed its output. */
static bool read_output(struct helper *helper)
{
    char bytes[4096];
    const ssize_t got = read(helper->output, bytes, sizeof bytes);
    if (got > 0)
        take_output(helper, bytes, (size_t)got);
    return got > 0 || (got < 0 && errno == EINTR);
}

static void tell_end(struct helper *helper, int status)
{
    char packet[1 + sizeof status] = {'e'};
    tell_line(helper);
    memcpy(packet + 1, &status, sizeof status);
    while (send(helper->socket, packet, sizeof packet, MSG_NOSIGNAL) < 0 &&
           errno == EINTR)
        ;
}

/* ---- the command ---- */

/* In the command's own process. */
_Noreturn static void become_command(const char *command, const char *job, size_t length,
                                     int output)
{
    char shell[] = "/bin/sh", name[] = "sh", option[] = "-c";
    char *words = strdup(command);
    char *arguments[] = {name, option, words, NULL};
    sigset_t none;
    for (size_t at = 0; at < length; at += strlen(job + at) + 1) {
        char *variable = strdup(job + at);
        if (variable == NULL || putenv(variable) != 0)
            _exit(126);
    }
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    setpgid(0, 0);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (words != NULL)
        execve(shell, arguments, environ);
    _exit(127);
}

static bool begin_command(struct helper *helper, const char *job, size_t length)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    const pid_t pid = fork();
    if (pid == 0)
        become_command(helper->command, job, length, ends[1]);
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return false;
    }
    setpgid(pid, pid); /* whoever comes first */
    helper->group = pid;
    helper->output = ends[0];
    helper->lines = 0;
    helper->used = 0;
    return true;
}

static int64_t now_ms(void)
{
    return (int64_t)(clock_now_ns(&clock_system) / NS_PER_MS);
}

/* Until it has ended, at most to UNTIL_MS; false: it has not. */
static bool await(pid_t pid, int64_t until_ms, int *ret_status)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    for (;;) {
        const pid_t ended = waitpid(pid, ret_status, WNOHANG);
        if (ended == pid || (ended < 0 && errno != EINTR))
            return true;
        if (now_ms() >= until_ms)
            return false;
        nanosleep(&pause, NULL);
    }
}

/* With all that it has started. */
static void kill_command(const struct helper *helper, int grace_ms)
{
    int status;
    if (grace_ms > 0)
        kill(-helper->group, SIGTERM);
    const bool ended = grace_ms > 0 && await(helper->group, now_ms() + grace_ms, &status);
    kill(-helper->group, SIGKILL);
    if (!ended)
        (void)waitpid(helper->group, &status, 0);
}

/* The program is gone, and we go, too. */
_Noreturn static void leave(const struct helper *helper)
{
    if (helper->group > 0)
        kill_command(helper, GRACE_MS);
    _exit(0);
}

/* A command that has left something running in the background is over all the same. */
static int watch_command(struct helper *helper)
{
    const int64_t until_ms = now_ms() + helper->timeout_ms;
    struct pollfd fds[2] = {{.fd = helper->output, .events = POLLIN},
                            {.fd = helper->socket}};
    int status = 0;
    for (;;) {
        const int64_t left_ms = until_ms - now_ms();
        if (left_ms <= 0) {
            kill_command(helper, 0);
            return HELPER_TIMED_OUT;
        }
        const int wait_ms = left_ms < 100 ? (int)left_ms : 100;
        if (poll(fds, 2, wait_ms) > 0) {
            if ((fds[1].revents & (POLLHUP | POLLERR)) != 0)
                leave(helper);
            if (fds[0].revents == 0 || read_output(helper))
                continue;
            fds[0].fd = -1; /* most end then, too */
            if (await(helper->group, now_ms() + END_MS, &status))
                return status;
        } else if (await(helper->group, 0, &status)) {
            return status;
        }
    }
}

static void run_job(struct helper *helper, const char *job, size_t length)
{
    int status = 127 << 8;
    if (begin_command(helper, job, length)) {
        status = watch_command(helper);
        close(helper->output);
        helper->group = 0;
    }
    tell_end(helper, status);
}

/* ---- life ---- */

/* Nothing of the program's terminal is left, and no signal of it comes here. */
static void settle(void)
{
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    setsid();
    for (int fd = 0; fd <= 2 && null >= 0; fd++)
        if (fd != null)
            dup2(null, fd);
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
}

_Noreturn static void helper_run(struct helper *helper)
{
    static char job[HELPER_JOB_MAX + 1];
    settle();
    for (;;) {
        const ssize_t got = recv(helper->socket, job, HELPER_JOB_MAX, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            leave(helper);
        job[got] = '\0';
        run_job(helper, job, (size_t)got);
    }
}

int helper_start(const char *command, int timeout_ms)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return -1;
    const pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        struct helper helper = {
            .command = command, .timeout_ms = timeout_ms, .socket = ends[1]};
        helper_run(&helper);
    }
    const int why = errno;
    close(ends[1]);
    if (pid < 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) {
        close(ends[0]);
        errno = pid < 0 ? why : errno;
        return -1;
    }
    return ends[0];
}
