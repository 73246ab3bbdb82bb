/*
 * The one loop: descriptors, timers, signals and cross-thread wake-ups. A turn is:
 * timers due -> descriptor callbacks -> turn hooks (the buses are drained there)
 * -> work out the time-out -> poll. Nothing called from here may block.
 *
 * New slots start next turn; removed ones are marked and swept at the turn's end,
 * so a callback may remove any slot, itself included. Loop thread only, but for
 * loop_wake_signal.
 */
#ifndef BTTUI_LOOP_LOOP_H
#define BTTUI_LOOP_LOOP_H

#include "base/clock.h"
#include "base/error.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;

/* How the loop waits. The virtual platform advances its clock instead of sleeping. */
struct loop_platform {
    const struct clock *clock;
    /* As poll(2) with a time-out in ns; UINT64_MAX: for ever. */
    int (*poll)(void *context, struct pollfd *fds, nfds_t count, uint64_t timeout_ns);
    void *context;
};
extern const struct loop_platform loop_platform_system;

/* Virtual time: poll looks at real descriptors without waiting, and if none is ready
 * moves the clock to the next timer. Deterministic where no descriptor is used. */
struct loop_platform loop_platform_virtual(struct clock_virtual *clock);

struct loop *loop_new(const struct loop_platform *platform); /* NULL: out of memory */
void loop_free(struct loop *loop);

/* Time of this turn: read once a turn, cheap. */
uint64_t loop_now_ns(const struct loop *loop);
const struct clock *loop_clock(const struct loop *loop);

/* Runs turns until loop_stop; loop_turn runs one, waiting at most MAX_WAIT_NS. */
void loop_run(struct loop *loop);
void loop_turn(struct loop *loop, uint64_t max_wait_ns);
void loop_stop(struct loop *loop);

/* How late the loop was at worst since the last call: the longest turn, ns. */
uint64_t loop_take_lag_ns(struct loop *loop);

/* ---- descriptors ---- */
struct loop_slot;
/* REVENTS as poll(2)'s. POLLERR and POLLHUP always come. */
typedef void loop_slot_callback(void *context, short revents);

enum loop_heat {
    LOOP_CONTROL, /* keyboard, listener, wake-ups, curl, UDP: polled every turn */
    LOOP_HOT,     /* sockets with traffic: every turn */
    LOOP_COLD     /* idle peers: looked at every 50 ms when others keep the loop busy,
                     every turn when it would sleep (many, beside hot ones: not before
                     50 us for each have passed since the last look) */
};

/* EVENTS may be 0. The descriptor stays the caller's. NULL: out of memory. */
struct loop_slot *loop_add(struct loop *loop, int fd, short events, enum loop_heat heat,
                           loop_slot_callback *callback, void *context);
void loop_slot_set_events(struct loop_slot *slot, short events);
void loop_slot_set_heat(struct loop_slot *slot, enum loop_heat heat);
void loop_slot_set_callback(struct loop_slot *slot, loop_slot_callback *callback,
                            void *context);
/* NULL is ignored. No callback of this slot comes after this. */
void loop_slot_remove(struct loop_slot *slot);
/* Only inside a callback that began with the slot there: whether it was removed since. */
bool loop_slot_is_removed(const struct loop_slot *slot);

/* ---- timers: a heap, O(log n), embedded in their owner ---- */
struct loop_timer {
    uint64_t at_ns;
    void (*callback)(void *context);
    void *context;
    uint32_t heap_index; /* 0: not set */
};
void loop_timer_init(struct loop_timer *timer, void (*callback)(void *context),
                     void *context);
/* (Re)arms: fires once at AT_NS, and what is due already in the next turn, not in this
 * one. ERROR_MEMORY: not armed. */
enum error_code loop_timer_set(struct loop *loop, struct loop_timer *timer,
                               uint64_t at_ns);
enum error_code loop_timer_set_in(struct loop *loop, struct loop_timer *timer,
                                  uint64_t in_ns);
void loop_timer_cancel(struct loop *loop, struct loop_timer *timer);
static inline bool loop_timer_is_set(const struct loop_timer *timer)
{
    return timer->heap_index != 0;
}

/* ---- hooks: called once each turn after the descriptors; true: more work is left,
 * do not sleep. The buses are drained here, frames drawn here. Lower ORDER first. */
struct loop_hook {
    bool (*callback)(void *context);
    void *context;
    int order;
    struct loop_hook *next;
};
void loop_hook_add(struct loop *loop, struct loop_hook *hook);
/* From anywhere, another hook's callback too. */
void loop_hook_remove(struct loop *loop, struct loop_hook *hook);
/* There is work for a hook that may have run already: this turn does not sleep. */
void loop_do_not_sleep(struct loop *loop);

/* ---- gaps: the process was stopped, or the machine slept ---- */
struct loop_gap {
    uint64_t late_ns;
    void (*callback)(void *context);
    void *context;
    struct loop_gap *next;
};
/* CALLBACK comes in each turn whose earliest timer is LATE_NS late or more, before any
 * timer. It may set timers, but neither add nor remove gaps. */
void loop_gap_add(struct loop *loop, struct loop_gap *gap);
void loop_gap_remove(struct loop *loop, struct loop_gap *gap);

/* ---- wake-ups from other threads, coalesced ---- */
struct loop_wake;
struct loop_wake *loop_wake_new(struct loop *loop, void (*callback)(void *context),
                                void *context);
void loop_wake_free(struct loop_wake *wake);
/* Any thread. Async-signal-safe. */
void loop_wake_signal(struct loop_wake *wake);

/* ---- signals, through a self-pipe; one loop of a process at most ---- */
enum error_code loop_signal_watch(struct loop *loop, int signal_number,
                                  void (*callback)(void *context, int signal_number),
                                  void *context) MUST_CHECK;
/* Ends the watch of CALLBACK with CONTEXT on this signal, whose disposition is put back
 * as it was before it. Not watched: nothing happens. Not from inside a signal's callback.
 */
void loop_signal_unwatch(struct loop *loop, int signal_number,
                         void (*callback)(void *context, int signal_number),
                         void *context);
/* Puts the dispositions back as they were. loop_free does it too. */
void loop_signal_unwatch_all(struct loop *loop);

#endif
