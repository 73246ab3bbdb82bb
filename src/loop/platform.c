/* How the loop waits: with poll(2), or in virtual time. */
#include "loop/loop.h"

#include <errno.h>
#include <time.h>

/* poll(2) out of memory fails at once: trying again at once would burn the CPU. */
#define LOOP_POLL_FAILED_NS (10 * NS_PER_MS)
/* For so few descriptors the kernel needs no memory. */
#define LOOP_POLL_FEW 16u

/* Signals, keys and peers are still heard when poll(2) cannot have memory for all. */
static int poll_in_parts(struct pollfd *fds, nfds_t count)
{
    int ready = 0;
    nanosleep(&(const struct timespec){0, LOOP_POLL_FAILED_NS}, NULL);
    for (nfds_t at = 0; at < count; at += LOOP_POLL_FEW) {
        const nfds_t left = count - at;
        const int some = poll(fds + at, left < LOOP_POLL_FEW ? left : LOOP_POLL_FEW, 0);
        ready += some > 0 ? some : 0;
    }
    return ready;
}

static int system_poll(void *context, struct pollfd *fds, nfds_t count,
                       uint64_t timeout_ns)
{
    (void)context;
    const struct timespec timeout = {(time_t)(timeout_ns / NS_PER_S),
                                     (long)(timeout_ns % NS_PER_S)};
    const int ready = ppoll(fds, count, timeout_ns == UINT64_MAX ? NULL : &timeout, NULL);
    return ready < 0 && errno != EINTR ? poll_in_parts(fds, count) : ready;
}

const struct loop_platform loop_platform_system = {&clock_system, system_poll, NULL};

static int virtual_poll(void *context, struct pollfd *fds, nfds_t count,
                        uint64_t timeout_ns)
{
    struct clock_virtual *clock = context;
    const int ready = count > 0 ? poll(fds, count, 0) : 0;
    if (ready == 0 && timeout_ns != UINT64_MAX)
        clock->now_ns += timeout_ns;
    return ready;
}

struct loop_platform loop_platform_virtual(struct clock_virtual *clock)
{
    return (struct loop_platform){&clock->clock, virtual_poll, clock};
}
