#include "peer/rate_limit.h"

#include "base/block_pool.h"
#include "base/clock.h"

static int64_t depth(const struct rate_limit *limit)
{
    const uint64_t tenth = limit->bytes_per_s / 10;
    return (int64_t)(tenth > BLOCK_BYTES ? tenth : BLOCK_BYTES);
}

void rate_limit_set(struct rate_limit *limit, uint64_t bytes_per_s, uint64_t now_ns)
{
    limit->bytes_per_s = bytes_per_s > INT64_MAX / 4 ? 0 : bytes_per_s;
    limit->tokens = depth(limit);
    limit->filled_ns = now_ns;
}

int64_t rate_limit_room(struct rate_limit *limit, uint64_t now_ns)
{
    if (limit->bytes_per_s == 0)
        return INT64_MAX;
    uint64_t passed_ns = now_ns - limit->filled_ns;
    if (passed_ns > NS_PER_S)
        passed_ns = NS_PER_S;
    const uint64_t refill = limit->bytes_per_s / 1000 * (passed_ns / NS_PER_MS) +
                            limit->bytes_per_s % 1000 * (passed_ns / NS_PER_MS) / 1000;
    if (refill > 0) {
        limit->tokens += (int64_t)refill;
        limit->filled_ns = now_ns - passed_ns % NS_PER_MS;
        if (limit->tokens > depth(limit))
            limit->tokens = depth(limit);
    }
    return limit->tokens;
}

void rate_limit_spend(struct rate_limit *limit, uint64_t bytes)
{
    if (limit->bytes_per_s != 0)
        limit->tokens -= (int64_t)bytes;
}
