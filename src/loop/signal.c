#include "loop/loop_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

/* Signals are the process's, so is the write end of the pipe they go through. */
static atomic_int signal_pipe_write = -1;

static void on_signal(int number)
{
    const int before = errno;
    const unsigned char byte = (unsigned char)number;
    /* A full pipe already holds what the loop will see; nothing to do about it here. */
    if (write(atomic_load(&signal_pipe_write), &byte, 1) < 0)
        errno = before;
    errno = before;
}

static void signal_on_readable(void *context, short revents)
{
    struct loop *loop = context;
    unsigned char bytes[256];
    bool seen[256] = {false};
    ssize_t got;
    (void)revents;
    while ((got = read(loop->signal_pipe[0], bytes, sizeof bytes)) > 0)
        for (ssize_t i = 0; i < got; i++)
            seen[bytes[i]] = true;
    for (uint32_t i = 0; i < loop->signal_count; i++)
        if (seen[loop->signals[i].number])
            loop->signals[i].callback(loop->signals[i].context, loop->signals[i].number);
}

static enum error_code signal_pipe_open(struct loop *loop)
{
    if (loop->signal_pipe[0] >= 0)
        return ERROR_NONE;
    if (atomic_load(&signal_pipe_write) >= 0)
        return ERROR_EXISTS;
    if (pipe2(loop->signal_pipe, O_NONBLOCK | O_CLOEXEC) != 0)
        return error_from_errno(errno);
    loop->signal_slot = loop_add(loop, loop->signal_pipe[0], POLLIN, LOOP_CONTROL,
                                 signal_on_readable, loop);
    if (loop->signal_slot == NULL) {
        close(loop->signal_pipe[0]);
        close(loop->signal_pipe[1]);
        loop->signal_pipe[0] = loop->signal_pipe[1] = -1;
        return ERROR_MEMORY;
    }
    atomic_store(&signal_pipe_write, loop->signal_pipe[1]);
    return ERROR_NONE;
}

enum error_code loop_signal_watch(struct loop *loop, int signal_number,
                                  void (*callback)(void *context, int signal_number),
                                  void *context)
{
    if (loop->signal_count == LOOP_SIGNALS)
        return ERROR_FULL;
    enum error_code error = signal_pipe_open(loop);
    if (error != ERROR_NONE)
        return error;
    struct loop_signal *watch = &loop->signals[loop->signal_count];
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    if (sigaction(signal_number, &action, &watch->before) != 0)
        return error_from_errno(errno);
    watch->number = signal_number;
    watch->callback = callback;
    watch->context = context;
    loop->signal_count++;
    return ERROR_NONE;
}

void loop_signal_unwatch(struct loop *loop, int signal_number,
                         void (*callback)(void *context, int signal_number),
                         void *context)
{
    struct loop_signal *after = NULL; /* the next watch of the same signal */
    for (uint32_t i = loop->signal_count; i-- > 0;) {
        struct loop_signal *watch = &loop->signals[i];
        if (watch->number != signal_number)
            continue;
        if (watch->callback != callback || watch->context != context) {
            after = watch;
            continue;
        }
        if (after != NULL)
            after->before = watch->before;
        else
            sigaction(signal_number, &watch->before, NULL);
        memmove(watch, watch + 1, (loop->signal_count - i - 1) * sizeof *watch);
        loop->signal_count--;
        return;
    }
}

void loop_signal_unwatch_all(struct loop *loop)
{
    for (uint32_t i = loop->signal_count; i-- > 0;)
        sigaction(loop->signals[i].number, &loop->signals[i].before, NULL);
    loop->signal_count = 0;
    if (loop->signal_pipe[0] < 0)
        return;
    loop_slot_remove(loop->signal_slot);
    loop->signal_slot = NULL;
    atomic_store(&signal_pipe_write, -1);
    close(loop->signal_pipe[0]);
    close(loop->signal_pipe[1]);
    loop->signal_pipe[0] = loop->signal_pipe[1] = -1;
}
