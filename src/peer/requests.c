#include "peer/requests_private.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

#define WINDOW_FIRST           16u
#define WINDOW_LEAST_BYTES     (64u * 1024)
#define WINDOW_AHEAD_MAX_BYTES (8u << 20)
#define LATENCY_MEMORY_NS      (30 * NS_PER_S)
#define STALL_UNKNOWN_NS       (10 * NS_PER_S) /* before anything came */
#define STALL_LEAST_NS         (2 * NS_PER_S)
#define STALL_MOST_NS          (20 * NS_PER_S)

enum error_code ref_queue_push(struct ref_queue *queue, const struct block_ref *ref)
{
    if (queue->length == queue->capacity) {
        const uint32_t capacity = queue->capacity == 0 ? 16 : queue->capacity * 2;
        struct block_ref *refs = malloc(capacity * sizeof *refs);
        if (refs == NULL)
            return ERROR_MEMORY;
        for (uint32_t i = 0; i < queue->length; i++)
            refs[i] = queue->refs[(queue->head + i) & (queue->capacity - 1)];
        free(queue->refs);
        *queue = (struct ref_queue){refs, 0, queue->length, capacity};
    }
    queue->refs[(queue->head + queue->length++) & (queue->capacity - 1)] = *ref;
    return ERROR_NONE;
}

bool ref_queue_first(const struct ref_queue *queue, struct block_ref *ret_ref)
{
    if (queue->length == 0)
        return false;
    *ret_ref = queue->refs[queue->head];
    return true;
}

bool ref_queue_pop(struct ref_queue *queue, struct block_ref *ret_ref)
{
    if (!ref_queue_first(queue, ret_ref))
        return false;
    queue->head = (queue->head + 1) & (queue->capacity - 1);
    queue->length--;
    return true;
}

static bool same_ref(const struct block_ref *a, const struct block_ref *b)
{
    return a->piece == b->piece && a->begin == b->begin && a->length == b->length;
}

const struct block_ref *ref_queue_at(const struct ref_queue *queue, uint32_t at)
{
    return &queue->refs[(queue->head + at) & (queue->capacity - 1)];
}

void ref_queue_take(struct ref_queue *queue, uint32_t at)
{
    const uint32_t mask = queue->capacity - 1;
    for (; at > 0; at--)
        queue->refs[(queue->head + at) & mask] =
            queue->refs[(queue->head + at - 1) & mask];
    queue->head = (queue->head + 1) & mask;
    queue->length--;
}

bool ref_queue_remove(struct ref_queue *queue, const struct block_ref *ref)
{
    const uint32_t mask = queue->capacity - 1;
    uint32_t at = 0;
    while (at < queue->length && !same_ref(&queue->refs[(queue->head + at) & mask], ref))
        at++;
    if (at == queue->length)
        return false;
    ref_queue_take(queue, at);
    return true;
}

bool ref_queue_has_place(const struct ref_queue *queue, const struct block_ref *ref)
{
    for (uint32_t i = 0; i < queue->length; i++) {
        const struct block_ref *at =
            &queue->refs[(queue->head + i) & (queue->capacity - 1)];
        if (at->piece == ref->piece && at->begin == ref->begin)
            return true;
    }
    return false;
}

void ref_queue_done(struct ref_queue *queue)
{
    free(queue->refs);
    *queue = (struct ref_queue){0};
}

void window_init(struct window *window)
{
    *window = (struct window){.blocks = WINDOW_FIRST, .reqq = 250, .growing = true};
}

void window_on_request(struct window *window, bool was_idle, uint64_t now_ns)
{
    if (was_idle)
        window->first_request_ns = now_ns;
}

static uint32_t window_wanted(const struct window *window)
{
    const uint64_t flight = 2 * (window->latency_ns / NS_PER_US) * window->rate / 1000000;
    uint64_t ahead = window->rate / 2;
    if (ahead > WINDOW_AHEAD_MAX_BYTES)
        ahead = WINDOW_AHEAD_MAX_BYTES;
    uint64_t bytes = flight + ahead;
    if (bytes < WINDOW_LEAST_BYTES)
        bytes = WINDOW_LEAST_BYTES;
    return (uint32_t)((bytes + BLOCK_BYTES - 1) / BLOCK_BYTES);
}

static void window_clamp(struct window *window)
{
    const uint32_t most = window->reqq < REQUESTS_MAX ? window->reqq : REQUESTS_MAX;
    if (window->blocks > most)
        window->blocks = most;
    if (window->blocks == 0)
        window->blocks = 1;
}

/* A sample spans a quarter of a second or ten latencies, whichever is longer. */
static void window_sample(struct window *window, uint64_t now_ns)
{
    uint64_t span_ns = NS_PER_S / 4;
    if (10 * window->latency_ns > span_ns)
        span_ns = 10 * window->latency_ns;
    if (window->sample_ns == 0)
        window->sample_ns = now_ns;
    const uint64_t passed_ns = now_ns - window->sample_ns;
    if (passed_ns < span_ns)
        return;
    const uint64_t rate = window->sample_bytes * 1000 / (passed_ns / NS_PER_MS);
    if (window->growing && window->rate != 0 && rate < window->rate + window->rate / 4)
        window->growing = false;
    window->rate = rate > window->rate ? rate : (window->rate * 3 + rate) / 4;
    window->sample_ns = now_ns;
    window->sample_bytes = 0;
    const uint32_t wanted = window_wanted(window);
    if (!window->growing || wanted > window->blocks)
        window->blocks = wanted;
}

static void note_latency(struct window *window, uint64_t latency_ns)
{
    if (window->smooth_ns == 0) {
        window->smooth_ns = latency_ns;
        window->variance_ns = latency_ns / 2;
        return;
    }
    const uint64_t off_ns = latency_ns > window->smooth_ns
                                ? latency_ns - window->smooth_ns
                                : window->smooth_ns - latency_ns;
    window->variance_ns = (window->variance_ns * 3 + off_ns) / 4;
    window->smooth_ns = (window->smooth_ns * 7 + latency_ns) / 8;
}

uint64_t window_stall_ns(const struct window *window)
{
    uint64_t stall_ns = window->smooth_ns + 4 * window->variance_ns;
    if (window->smooth_ns == 0)
        return STALL_UNKNOWN_NS;
    if (stall_ns < 4 * window->latency_ns)
        stall_ns = 4 * window->latency_ns;
    if (stall_ns < STALL_LEAST_NS)
        return STALL_LEAST_NS;
    return stall_ns < STALL_MOST_NS ? stall_ns : STALL_MOST_NS;
}

void window_on_block(struct window *window, uint32_t bytes, uint64_t now_ns)
{
    if (window->first_request_ns != 0) {
        const uint64_t latency_ns = now_ns - window->first_request_ns;
        window->first_request_ns = 0;
        note_latency(window, latency_ns);
        if (window->latency_ns == 0 || latency_ns < window->latency_ns ||
            now_ns - window->latency_at_ns > LATENCY_MEMORY_NS) {
            window->latency_ns = latency_ns > 0 ? latency_ns : 1;
            window->latency_at_ns = now_ns;
        }
    }
    window->sample_bytes += bytes;
    if (window->growing)
        window->blocks += 2; /* a block: three times as many a round trip */
    window_sample(window, now_ns);
    window_clamp(window);
}

void window_collapse(struct window *window)
{
    window->blocks = 1;
    window->growing = true;
    window->rate = 0;
    window->sample_ns = 0;
    window->sample_bytes = 0;
}
