#include "base/clock.h"

#include <time.h>

static uint64_t system_monotonic_ns(void *context)
{
    (void)context;
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static double system_wall_s(void *context)
{
    (void)context;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / (double)NS_PER_S;
}

static uint64_t system_awake_ns(void *context)
{
    (void)context;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

const struct clock clock_system = {system_monotonic_ns, system_wall_s, NULL,
                                   system_awake_ns};

uint64_t clock_now_ns(const struct clock *clock)
{
    return clock->monotonic_ns(clock->context);
}

double clock_wall_s(const struct clock *clock)
{
    return clock->wall_s(clock->context);
}

uint64_t clock_awake_ns(const struct clock *clock)
{
    return clock->awake_ns != NULL ? clock->awake_ns(clock->context)
                                   : clock->monotonic_ns(clock->context);
}

static uint64_t virtual_monotonic_ns(void *context)
{
    const struct clock_virtual *virtual_clock = context;
    return virtual_clock->now_ns;
}

static double virtual_wall_s(void *context)
{
    const struct clock_virtual *virtual_clock = context;
    return virtual_clock->wall_base_s + (double)virtual_clock->now_ns / (double)NS_PER_S;
}

static uint64_t virtual_awake_ns(void *context)
{
    const struct clock_virtual *virtual_clock = context;
    return virtual_clock->now_ns - virtual_clock->slept_ns;
}

void clock_virtual_init(struct clock_virtual *virtual_clock, uint64_t now_ns)
{
    virtual_clock->now_ns = now_ns;
    virtual_clock->wall_base_s = 1e9;
    virtual_clock->slept_ns = 0;
    virtual_clock->clock = (struct clock){virtual_monotonic_ns, virtual_wall_s,
                                          virtual_clock, virtual_awake_ns};
}

void clock_virtual_advance(struct clock_virtual *virtual_clock, uint64_t by_ns)
{
    virtual_clock->now_ns += by_ns;
}
