/* What the loop's own files share; nobody else includes this. */
#ifndef BTTUI_LOOP_LOOP_PRIVATE_H
#define BTTUI_LOOP_LOOP_PRIVATE_H

#include "loop/loop.h"

#include <signal.h>

struct loop_slot {
    struct loop *loop;
    loop_slot_callback *callback;
    void *context;
    uint32_t index; /* in loop->fds and loop->slots */
    enum loop_heat heat;
    bool removed;
};

#define LOOP_SIGNALS 16

struct loop_signal {
    int number;
    void (*callback)(void *context, int signal_number);
    void *context;
    struct sigaction before;
};

struct loop {
    struct loop_platform platform;
    uint64_t now_ns;
    bool stopped;

    /* Parallel arrays in the order [control | hot | cold]; BEGIN[h] is where h starts. */
    struct pollfd *fds;
    struct loop_slot **slots;
    uint32_t count, capacity;
    uint32_t begin[4];
    uint32_t removed_count;
    struct loop_slot **ready; /* of this turn */
    short *ready_events;
    uint64_t cold_polled_ns;

    struct loop_timer **heap;
    uint32_t heap_count, heap_capacity;

    struct loop_hook *hooks, *next_hook; /* NEXT_HOOK: while hooks run */
    bool awake;                          /* somebody said loop_do_not_sleep */
    bool running_timers;
    struct loop_gap *gaps;

    uint64_t turn_began_ns;
    uint64_t lag_ns;

    struct loop_signal signals[LOOP_SIGNALS];
    uint32_t signal_count;
    int signal_pipe[2];
    struct loop_slot *signal_slot;
};

/* Room for one more. There is some from the start: a session that runs out of memory
 * still ends in time. */
enum error_code loop_reserve_timers(struct loop *loop) MUST_CHECK;
void loop_run_timers(struct loop *loop);
uint64_t loop_next_timer_ns(const struct loop *loop); /* UINT64_MAX: none */

#endif
