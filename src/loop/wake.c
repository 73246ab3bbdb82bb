#include "loop/loop.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct loop_wake {
    struct loop_slot *slot;
    void (*callback)(void *context);
    void *context;
    int fd;
    atomic_bool pending; /* signalled and not seen yet: further signals cost nothing */
};

static void wake_on_readable(void *context, short revents)
{
    struct loop_wake *wake = context;
    uint64_t count;
    (void)revents;
    while (read(wake->fd, &count, sizeof count) < 0 && errno == EINTR)
        ;
    atomic_store(&wake->pending, false);
    wake->callback(wake->context);
}

struct loop_wake *loop_wake_new(struct loop *loop, void (*callback)(void *context),
                                void *context)
{
    struct loop_wake *wake = calloc(1, sizeof *wake);
    if (wake == NULL)
        return NULL;
    wake->callback = callback;
    wake->context = context;
    wake->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (wake->fd >= 0)
        wake->slot =
            loop_add(loop, wake->fd, POLLIN, LOOP_CONTROL, wake_on_readable, wake);
    if (wake->slot == NULL) {
        if (wake->fd >= 0)
            close(wake->fd);
        free(wake);
        return NULL;
    }
    return wake;
}

void loop_wake_free(struct loop_wake *wake)
{
    if (wake == NULL)
        return;
    loop_slot_remove(wake->slot);
    close(wake->fd);
    free(wake);
}

void loop_wake_signal(struct loop_wake *wake)
{
    const uint64_t one = 1;
    if (atomic_exchange(&wake->pending, true))
        return;
    while (write(wake->fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
}
