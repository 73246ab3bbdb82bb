/*
 * How much longer packets are under way than they must be: one-way delays, of which only
 * differences mean anything because two clocks are in them, above the least of the last
 * two minutes (RFC 6817). Microseconds modulo 2^32. Pure. Any thread.
 */
#ifndef BTTUI_NET_UTP_DELAY_H
#define BTTUI_NET_UTP_DELAY_H

#include <stdbool.h>
#include <stdint.h>

#define UTP_DELAY_SLOTS 12 /* of 10 s */
#define UTP_DELAY_LAST  4

struct utp_delay {
    uint32_t slots[UTP_DELAY_SLOTS]; /* the least of each 10 s */
    uint32_t slot_count, slot_at;
    uint64_t slot_ns; /* when the last began */
    uint32_t base;    /* the least of them */
    uint32_t last[UTP_DELAY_LAST];
    uint32_t last_count;
};

/* All zero at first. */
void utp_delay_add(struct utp_delay *delay, uint32_t sample_us, uint64_t now_ns);
/* The delay above the base, by the least of the last samples. */
uint32_t utp_delay_queued_us(const struct utp_delay *delay);
/* One clock runs faster: the base moves. */
void utp_delay_shift(struct utp_delay *delay, uint32_t by_us);

#endif
