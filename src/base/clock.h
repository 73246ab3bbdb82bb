/*
 * Time and randomness as components receive them, so that tests supply
 * their own. Monotonic time is for all timers; wall time only for what is
 * shown or stored.
 */
#ifndef BTTUI_BASE_CLOCK_H
#define BTTUI_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define NS_PER_US UINT64_C(1000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S  UINT64_C(1000000000)

struct clock {
    uint64_t (*monotonic_ns)(void *context);
    double (*wall_s)(void *context); /* seconds since the epoch */
    void *context;
    /* As monotonic_ns, but stands still while the machine sleeps. NULL: it never does. */
    uint64_t (*awake_ns)(void *context);
};

/* CLOCK_BOOTTIME, which goes on while the machine sleeps, and CLOCK_REALTIME. Any
 * thread. */
extern const struct clock clock_system;

uint64_t clock_now_ns(const struct clock *clock);
double clock_wall_s(const struct clock *clock);
/* For how long something was done: sleep is left out. */
uint64_t clock_awake_ns(const struct clock *clock);

/* A clock that only moves when told: the tests' time. */
struct clock_virtual {
    uint64_t now_ns;
    double wall_base_s;
    uint64_t slept_ns;  /* of now_ns */
    struct clock clock; /* hand out &virtual->clock */
};
void clock_virtual_init(struct clock_virtual *virtual_clock, uint64_t now_ns);
void clock_virtual_advance(struct clock_virtual *virtual_clock, uint64_t by_ns);

struct random_source {
    /* Fills SIZE bytes; never fails. */
    void (*fill)(void *context, void *bytes, size_t size);
    void *context;
};

/* getrandom(2): a system call for each fill, nothing is kept for the next. Where it
 * fails the process ends with a message and status 2. Any thread. */
extern const struct random_source random_system;

/* A seeded xoshiro generator for repeatable tests. */
struct random_seeded {
    uint64_t state[4];
    struct random_source source;
};
void random_seeded_init(struct random_seeded *seeded, uint64_t seed);

/* Uniform in [0, limit), limit > 0. */
uint32_t random_below(const struct random_source *source, uint32_t limit);
uint32_t random_u32(const struct random_source *source);
void random_fill(const struct random_source *source, void *bytes, size_t size);

#endif
