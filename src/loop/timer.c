#include "loop/loop_private.h"

#include <stdlib.h>

/* A binary heap in HEAP[1 … count]; index 0 stays free so that it can mean "not set". */

static void heap_place(struct loop *loop, uint32_t index, struct loop_timer *timer)
{
    loop->heap[index] = timer;
    timer->heap_index = index;
}

static void heap_up(struct loop *loop, uint32_t index)
{
    struct loop_timer *timer = loop->heap[index];
    while (index > 1 && loop->heap[index / 2]->at_ns > timer->at_ns) {
        heap_place(loop, index, loop->heap[index / 2]);
        index /= 2;
    }
    heap_place(loop, index, timer);
}

static void heap_down(struct loop *loop, uint32_t index)
{
    struct loop_timer *timer = loop->heap[index];
    for (;;) {
        uint32_t child = index * 2;
        if (child > loop->heap_count)
            break;
        if (child < loop->heap_count &&
            loop->heap[child + 1]->at_ns < loop->heap[child]->at_ns)
            child++;
        if (loop->heap[child]->at_ns >= timer->at_ns)
            break;
        heap_place(loop, index, loop->heap[child]);
        index = child;
    }
    heap_place(loop, index, timer);
}

void loop_timer_init(struct loop_timer *timer, void (*callback)(void *context),
                     void *context)
{
    *timer = (struct loop_timer){.callback = callback, .context = context};
}

enum error_code loop_reserve_timers(struct loop *loop)
{
    if (loop->heap_count + 1 < loop->heap_capacity)
        return ERROR_NONE;
    const uint32_t capacity = loop->heap_capacity == 0 ? 64 : loop->heap_capacity * 2;
    struct loop_timer **heap =
        realloc(loop->heap, capacity * sizeof(struct loop_timer *));
    if (heap == NULL)
        return ERROR_MEMORY;
    loop->heap = heap;
    loop->heap_capacity = capacity;
    return ERROR_NONE;
}

enum error_code loop_timer_set(struct loop *loop, struct loop_timer *timer,
                               uint64_t at_ns)
{
    loop_timer_cancel(loop, timer);
    const enum error_code error = loop_reserve_timers(loop);
    if (error != ERROR_NONE)
        return error;
    /* One that sets itself again for "now" waits for the next turn, or it would never
     * end. */
    timer->at_ns =
        loop->running_timers && at_ns <= loop->now_ns ? loop->now_ns + 1 : at_ns;
    heap_place(loop, ++loop->heap_count, timer);
    heap_up(loop, loop->heap_count);
    return ERROR_NONE;
}

enum error_code loop_timer_set_in(struct loop *loop, struct loop_timer *timer,
                                  uint64_t in_ns)
{
    const uint64_t now_ns = loop_now_ns(loop);
    return loop_timer_set(loop, timer,
                          in_ns > UINT64_MAX - now_ns ? UINT64_MAX : now_ns + in_ns);
}

void loop_timer_cancel(struct loop *loop, struct loop_timer *timer)
{
    const uint32_t index = timer->heap_index;
    if (index == 0)
        return;
    timer->heap_index = 0;
    struct loop_timer *last = loop->heap[loop->heap_count--];
    if (last == timer)
        return;
    heap_place(loop, index, last);
    heap_up(loop, index);
    heap_down(loop, last->heap_index);
}

void loop_run_timers(struct loop *loop)
{
    loop->running_timers = true;
    while (loop->heap_count > 0 && loop->heap[1]->at_ns <= loop->now_ns) {
        struct loop_timer *timer = loop->heap[1];
        loop_timer_cancel(loop, timer);
        timer->callback(timer->context);
    }
    loop->running_timers = false;
}

uint64_t loop_next_timer_ns(const struct loop *loop)
{
    return loop->heap_count > 0 ? loop->heap[1]->at_ns : UINT64_MAX;
}
