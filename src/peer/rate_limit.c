#include "peer/rate_limit.h"

#include "base/block_pool.h"
#include "base/clock.h"

#define LOOK_BACK_NS (4 * NS_PER_S) /* what a bucket that nobody looked at may gain */

static int64_t depth(const struct rate_limit *limit)
{
    const uint64_t tenth = limit->bytes_per_s / 10;
    return (int64_t)(tenth > BLOCK_BYTES ? tenth : BLOCK_BYTES);
}

void rate_limit_set(struct rate_limit *limit, uint64_t bytes_per_s, uint64_t now_ns)
{
    limit->bytes_per_s = bytes_per_s > INT64_MAX / 4 ? 0 : bytes_per_s;
    limit->tokens = 0;
    limit->parts = 0;
    limit->filled_ns = now_ns;
}

int64_t rate_limit_room(struct rate_limit *limit, uint64_t now_ns)
{
    const uint64_t rate = limit->bytes_per_s;
    if (rate == 0)
        return INT64_MAX;
    uint64_t passed_ns = now_ns - limit->filled_ns;
    if (passed_ns > LOOK_BACK_NS)
        passed_ns = LOOK_BACK_NS;
    /* A byte in 1,000,000,000 parts, so that nothing is lost however often it is asked.
     */
    const uint64_t parts = rate % NS_PER_S * passed_ns + limit->parts;
    const uint64_t refill = rate / NS_PER_S * passed_ns + parts / NS_PER_S;
    limit->parts = parts % NS_PER_S;
    limit->filled_ns = now_ns;
    limit->tokens += (int64_t)refill;
    if (limit->tokens > depth(limit))
        limit->tokens = depth(limit);
    return limit->tokens;
}

uint64_t rate_limit_wait_ns(struct rate_limit *limit, int64_t bytes, uint64_t now_ns)
{
    const int64_t room = rate_limit_room(limit, now_ns);
    if (room >= bytes)
        return 0;
    const uint64_t missing = (uint64_t)(bytes - room);
    if (missing / limit->bytes_per_s >= LOOK_BACK_NS / NS_PER_S)
        return LOOK_BACK_NS;
    return missing * NS_PER_S / limit->bytes_per_s + 1;
}

void rate_limit_spend(struct rate_limit *limit, uint64_t bytes)
{
    if (limit->bytes_per_s != 0)
        limit->tokens -= (int64_t)bytes;
}

void rate_limit_note(struct rate_limit *limit, uint64_t bytes)
{
    const int64_t least = -depth(limit);
    if (limit->bytes_per_s == 0 || limit->tokens <= least)
        return;
    const uint64_t left = (uint64_t)(limit->tokens - least);
    limit->tokens = bytes < left ? limit->tokens - (int64_t)bytes : least;
}

void rate_limit_refund(struct rate_limit *limit, uint64_t bytes)
{
    if (limit->bytes_per_s == 0)
        return;
    limit->tokens += (int64_t)bytes;
    if (limit->tokens > depth(limit))
        limit->tokens = depth(limit);
}
