#include "net/utp_delay.h"

#include "base/clock.h"

#define SLOT_NS (10 * NS_PER_S)

static bool is_less(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

static void find_base(struct utp_delay *delay)
{
    delay->base = delay->slots[0];
    for (uint32_t i = 1; i < delay->slot_count; i++)
        if (is_less(delay->slots[i], delay->base))
            delay->base = delay->slots[i];
}

static void begin_slot(struct utp_delay *delay, uint32_t sample_us, uint64_t now_ns)
{
    delay->slot_at = delay->slot_count == 0 ? 0 : (delay->slot_at + 1) % UTP_DELAY_SLOTS;
    if (delay->slot_count < UTP_DELAY_SLOTS)
        delay->slot_count++;
    delay->slots[delay->slot_at] = sample_us;
    delay->slot_ns = now_ns;
    find_base(delay);
}

void utp_delay_add(struct utp_delay *delay, uint32_t sample_us, uint64_t now_ns)
{
    if (delay->slot_count == 0 || now_ns - delay->slot_ns >= SLOT_NS)
        begin_slot(delay, sample_us, now_ns);
    if (is_less(sample_us, delay->slots[delay->slot_at]))
        delay->slots[delay->slot_at] = sample_us;
    if (is_less(sample_us, delay->base))
        delay->base = sample_us;
    delay->last[delay->last_count++ % UTP_DELAY_LAST] = sample_us;
}

uint32_t utp_delay_queued_us(const struct utp_delay *delay)
{
    const uint32_t count =
        delay->last_count < UTP_DELAY_LAST ? delay->last_count : UTP_DELAY_LAST;
    uint32_t least = UINT32_MAX;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t above =
            is_less(delay->last[i], delay->base) ? 0 : delay->last[i] - delay->base;
        if (above < least)
            least = above;
    }
    return count == 0 ? 0 : least;
}

void utp_delay_shift(struct utp_delay *delay, uint32_t by_us)
{
    for (uint32_t i = 0; i < delay->slot_count; i++)
        delay->slots[i] += by_us;
    delay->base += by_us;
}
