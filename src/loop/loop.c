#include "loop/loop_private.h"

#include <stdlib.h>

#define LOOP_COLD_NS (50 * NS_PER_MS)
/* From so many idle sockets on, looking at all of them for each little wait costs more
 * than a busy socket that fills a little longer: what the kernel keeps of them has left
 * the caches, so that a look takes up to 1 us for each. With this rest between two that
 * stays at a fiftieth of a core. */
#define LOOP_COLD_MANY    64u
#define LOOP_COLD_REST_NS (50 * NS_PER_US) /* for each of them */

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
    if (loop_reserve_timers(loop) != ERROR_NONE) {
        free(loop);
        return NULL;
    }
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

static int poll_first(struct loop *loop, uint32_t count, uint64_t wait_ns)
{
    return loop->platform.poll(loop->platform.context, loop->fds, count, wait_ns);
}

/* How long the warm ones are waited for alone between two looks at the cold ones. */
static uint64_t cold_rest(const struct loop *loop)
{
    const uint32_t warm = loop->begin[LOOP_COLD];
    const uint32_t cold = loop->count - warm;
    if (loop->begin[LOOP_HOT] == warm || cold < LOOP_COLD_MANY)
        return 0;
    const uint64_t rest_ns = cold * LOOP_COLD_REST_NS;
    return rest_ns < LOOP_COLD_NS ? rest_ns : LOOP_COLD_NS;
}

/* Waits for the warm ones for MOST_NS and takes that from WAIT_NS. False: none is ready,
 * and there is more time. */
static bool poll_warm(struct loop *loop, uint64_t most_ns, uint64_t *wait_ns,
                      int *ret_ready)
{
    const uint64_t first_ns = *wait_ns < most_ns ? *wait_ns : most_ns;
    *ret_ready = poll_first(loop, loop->begin[LOOP_COLD], first_ns);
    if (*ret_ready > 0 || *wait_ns == first_ns)
        return true;
    *wait_ns -= *wait_ns == UINT64_MAX ? 0 : first_ns;
    return false;
}

/* Cold sockets are looked at every 50 ms, and whenever nothing else keeps the loop busy.
 * Many of them are slept on only when the warm ones are silent from one look to the next:
 * poll(2) then has to leave its mark at each, and to take it off again. */
static nfds_t poll_slots(struct loop *loop, uint64_t now_ns, uint64_t wait_ns,
                         int *ret_ready)
{
    const uint32_t warm = loop->begin[LOOP_COLD];
    const uint64_t rest_ns = cold_rest(loop);
    const uint64_t passed_ns = now_ns - loop->cold_polled_ns;
    const uint64_t left_ns = rest_ns > passed_ns ? rest_ns - passed_ns : 0;
    if (warm < loop->count && passed_ns < LOOP_COLD_NS &&
        poll_warm(loop, left_ns, &wait_ns, ret_ready))
        return warm;
    loop->cold_polled_ns = now_ns + left_ns;
    if (rest_ns > 0) {
        *ret_ready = poll_first(loop, loop->count, 0);
        if (*ret_ready > 0 || wait_ns == 0)
            return loop->count;
        if (poll_warm(loop, rest_ns, &wait_ns, ret_ready))
            return warm;
        loop->cold_polled_ns += rest_ns;
    }
    *ret_ready = poll_first(loop, loop->count, wait_ns);
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
