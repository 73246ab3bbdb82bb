#include "loop/loop_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOOP_COLD_NS (50 * NS_PER_MS)
/* From so many idle sockets on, looking at all of them for each little wait costs more
 * than a busy socket that fills a little longer. */
#define LOOP_COLD_MANY 64u
#define LOOP_FILL_NS   NS_PER_MS
/* poll(2) out of memory fails at once: trying again at once would burn the CPU. */
#define LOOP_POLL_FAILED_NS (10 * NS_PER_MS)
/* For so few descriptors the kernel needs no memory. */
#define LOOP_POLL_FEW 16u

/* ---- platforms ---- */

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

/* ---- life ---- */

struct loop *loop_new(const struct loop_platform *platform)
{
    struct loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL)
        return NULL;
    loop->platform = *platform;
    loop->signal_pipe[0] = loop->signal_pipe[1] = -1;
    loop->now_ns = clock_now_ns(platform->clock);
    loop->turn_began_ns = loop->now_ns;
    return loop;
}

void loop_free(struct loop *loop)
{
    if (loop == NULL)
        return;
    loop_signal_unwatch_all(loop);
    for (uint32_t i = 0; i < loop->count; i++)
        free(loop->slots[i]);
    free(loop->fds);
    free(loop->slots);
    free(loop->ready);
    free(loop->ready_events);
    free(loop->heap);
    free(loop);
}

uint64_t loop_now_ns(const struct loop *loop)
{
    return loop->now_ns;
}

const struct clock *loop_clock(const struct loop *loop)
{
    return loop->platform.clock;
}

void loop_stop(struct loop *loop)
{
    loop->stopped = true;
}

uint64_t loop_take_lag_ns(struct loop *loop)
{
    const uint64_t lag_ns = loop->lag_ns;
    loop->lag_ns = 0;
    return lag_ns;
}

/* ---- slots ---- */

static void place(struct loop *loop, uint32_t index, struct pollfd fd,
                  struct loop_slot *slot)
{
    loop->fds[index] = fd;
    loop->slots[index] = slot;
    slot->index = index;
}

static void swap(struct loop *loop, uint32_t a, uint32_t b)
{
    const struct pollfd fd = loop->fds[a];
    struct loop_slot *slot = loop->slots[a];
    place(loop, a, loop->fds[b], loop->slots[b]);
    place(loop, b, fd, slot);
}

static enum error_code slots_reserve(struct loop *loop)
{
    if (loop->count < loop->capacity)
        return ERROR_NONE;
    const uint32_t capacity = loop->capacity == 0 ? 16 : loop->capacity * 2;
    struct pollfd *fds = realloc(loop->fds, capacity * sizeof *fds);
    if (fds != NULL)
        loop->fds = fds;
    struct loop_slot **slots =
        realloc(loop->slots, capacity * sizeof(struct loop_slot *));
    if (slots != NULL)
        loop->slots = slots;
    struct loop_slot **ready =
        realloc(loop->ready, capacity * sizeof(struct loop_slot *));
    if (ready != NULL)
        loop->ready = ready;
    short *events = realloc(loop->ready_events, capacity * sizeof *events);
    if (events != NULL)
        loop->ready_events = events;
    if (fds == NULL || slots == NULL || ready == NULL || events == NULL)
        return ERROR_MEMORY;
    loop->capacity = capacity;
    return ERROR_NONE;
}

/* Moves the slot one section up or down by one swap with the section's border. */
static void slot_move(struct loop_slot *slot, enum loop_heat heat)
{
    struct loop *loop = slot->loop;
    while (slot->heat < heat) {
        const uint32_t border = --loop->begin[slot->heat + 1];
        swap(loop, slot->index, border);
        slot->heat++;
    }
    while (slot->heat > heat) {
        const uint32_t border = loop->begin[slot->heat]++;
        swap(loop, slot->index, border);
        slot->heat--;
    }
}

struct loop_slot *loop_add(struct loop *loop, int fd, short events, enum loop_heat heat,
                           loop_slot_callback *callback, void *context)
{
    struct loop_slot *slot = calloc(1, sizeof *slot);
    if (slot == NULL || slots_reserve(loop) != ERROR_NONE) {
        free(slot);
        return NULL;
    }
    slot->loop = loop;
    slot->callback = callback;
    slot->context = context;
    slot->heat = LOOP_COLD;
    place(loop, loop->count++, (struct pollfd){.fd = fd, .events = events}, slot);
    loop->begin[3] = loop->count;
    slot_move(slot, heat);
    return slot;
}

void loop_slot_set_events(struct loop_slot *slot, short events)
{
    slot->loop->fds[slot->index].events = events;
}

void loop_slot_set_heat(struct loop_slot *slot, enum loop_heat heat)
{
    slot_move(slot, heat);
}

void loop_slot_set_callback(struct loop_slot *slot, loop_slot_callback *callback,
                            void *context)
{
    slot->callback = callback;
    slot->context = context;
}

void loop_slot_remove(struct loop_slot *slot)
{
    if (slot == NULL || slot->removed)
        return;
    slot->removed = true;
    slot->loop->fds[slot->index].fd = -1; /* poll(2) skips it */
    slot->loop->removed_count++;
}

bool loop_slot_is_removed(const struct loop_slot *slot)
{
    return slot->removed;
}

static void sweep(struct loop *loop)
{
    if (loop->removed_count == 0)
        return;
    for (uint32_t i = loop->count; i-- > 0;) {
        struct loop_slot *slot = loop->slots[i];
        if (!slot->removed)
            continue;
        slot_move(slot, LOOP_COLD);
        swap(loop, slot->index, loop->count - 1);
        loop->begin[3] = --loop->count;
        free(slot);
        /* What the swaps brought to this place or above was seen before: it stays. */
    }
    loop->removed_count = 0;
}

/* ---- a turn ---- */

static bool run_hooks(struct loop *loop)
{
    bool more = false;
    loop->awake = false;
    for (struct loop_hook *hook = loop->hooks; hook != NULL; hook = loop->next_hook) {
        loop->next_hook = hook->next;
        more |= hook->callback(hook->context);
    }
    loop->next_hook = NULL;
    return more || loop->awake;
}

static uint64_t wait_time(const struct loop *loop, uint64_t now_ns, bool more,
                          uint64_t max_wait_ns)
{
    const uint64_t at_ns = loop_next_timer_ns(loop);
    if (more || loop->stopped || at_ns <= now_ns)
        return 0;
    const uint64_t wait_ns = at_ns == UINT64_MAX ? UINT64_MAX : at_ns - now_ns;
    return wait_ns < max_wait_ns ? wait_ns : max_wait_ns;
}

/* How long the warm ones are waited for alone. */
static uint64_t warm_wait(const struct loop *loop, uint64_t wait_ns)
{
    const uint32_t warm = loop->begin[LOOP_COLD];
    if (loop->begin[LOOP_HOT] == warm || loop->count - warm < LOOP_COLD_MANY)
        return 0;
    return wait_ns < LOOP_FILL_NS ? wait_ns : LOOP_FILL_NS;
}

/* Cold sockets are looked at every 50 ms, and whenever nothing else keeps the loop busy.
 */
static nfds_t poll_slots(struct loop *loop, uint64_t now_ns, uint64_t wait_ns,
                         int *ret_ready)
{
    const uint32_t warm = loop->begin[LOOP_COLD];
    const bool cold_due = now_ns - loop->cold_polled_ns >= LOOP_COLD_NS;
    if (warm < loop->count && !cold_due) {
        const uint64_t first_ns = warm_wait(loop, wait_ns);
        *ret_ready =
            loop->platform.poll(loop->platform.context, loop->fds, warm, first_ns);
        if (*ret_ready > 0 || wait_ns <= first_ns)
            return warm;
        wait_ns -= wait_ns == UINT64_MAX ? 0 : first_ns;
    }
    loop->cold_polled_ns = now_ns;
    *ret_ready =
        loop->platform.poll(loop->platform.context, loop->fds, loop->count, wait_ns);
    return loop->count;
}

static void dispatch(struct loop *loop, nfds_t polled, int ready)
{
    uint32_t count = 0;
    for (nfds_t i = 0; i < polled && ready > 0; i++) {
        if (loop->fds[i].revents == 0)
            continue;
        ready--;
        loop->ready[count] = loop->slots[i];
        loop->ready_events[count++] = loop->fds[i].revents;
        loop->fds[i].revents = 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct loop_slot *slot = loop->ready[i];
        const short revents = loop->ready_events[i];
        if (!slot->removed)
            slot->callback(slot->context, revents);
    }
}

static void look_for_gap(struct loop *loop)
{
    const uint64_t due_ns = loop_next_timer_ns(loop);
    const uint64_t late_ns = loop->now_ns > due_ns ? loop->now_ns - due_ns : 0;
    for (struct loop_gap *gap = loop->gaps; gap != NULL; gap = gap->next)
        if (late_ns >= gap->late_ns)
            gap->callback(gap->context);
}

void loop_turn(struct loop *loop, uint64_t max_wait_ns)
{
    int ready = 0;
    loop->now_ns = clock_now_ns(loop->platform.clock);
    look_for_gap(loop);
    loop_run_timers(loop);
    const bool more = run_hooks(loop);
    sweep(loop);
    uint64_t now_ns = clock_now_ns(loop->platform.clock);
    if (now_ns - loop->turn_began_ns > loop->lag_ns)
        loop->lag_ns = now_ns - loop->turn_began_ns;
    const nfds_t polled =
        poll_slots(loop, now_ns, wait_time(loop, now_ns, more, max_wait_ns), &ready);
    now_ns = clock_now_ns(loop->platform.clock);
    loop->turn_began_ns = loop->now_ns = now_ns;
    if (ready > 0)
        dispatch(loop, polled, ready);
}

void loop_run(struct loop *loop)
{
    loop->stopped = false;
    while (!loop->stopped)
        loop_turn(loop, UINT64_MAX);
}

/* ---- hooks ---- */

void loop_hook_add(struct loop *loop, struct loop_hook *hook)
{
    struct loop_hook **at = &loop->hooks;
    while (*at != NULL && (*at)->order <= hook->order)
        at = &(*at)->next;
    hook->next = *at;
    *at = hook;
}

void loop_hook_remove(struct loop *loop, struct loop_hook *hook)
{
    if (loop->next_hook == hook)
        loop->next_hook = hook->next;
    for (struct loop_hook **at = &loop->hooks; *at != NULL; at = &(*at)->next) {
        if (*at == hook) {
            *at = hook->next;
            return;
        }
    }
}

void loop_do_not_sleep(struct loop *loop)
{
    loop->awake = true;
}

/* ---- gaps ---- */

void loop_gap_add(struct loop *loop, struct loop_gap *gap)
{
    gap->next = loop->gaps;
    loop->gaps = gap;
}

void loop_gap_remove(struct loop *loop, struct loop_gap *gap)
{
    struct loop_gap **at = &loop->gaps;
    while (*at != NULL && *at != gap)
        at = &(*at)->next;
    if (*at != NULL)
        *at = gap->next;
}
