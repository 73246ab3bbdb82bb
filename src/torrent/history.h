/*
 * Rates: a counter of bytes turned into a smoothed rate, and the last hour of
 * samples for the Graph view. Fed once a second while anything moves; what was
 * not fed is zero, so an idle torrent needs no timer. Loop thread.
 */
#ifndef BTTUI_TORRENT_HISTORY_H
#define BTTUI_TORRENT_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

struct history {
    uint32_t *down, *up; /* rings, allocated with the first sample that is not zero */
    uint64_t newest_s;   /* second of the newest sample */
    uint64_t last_down, last_up;
    uint64_t down_rate, up_rate; /* bytes/s, smoothed over about three seconds */
    uint64_t sampled_ns;
};

void history_done(struct history *history);
/* Takes the counters' values at NOW_NS. At least half a second after the last one, else
 * ignored. True if a rate changed (or is not 0): come again in a second. */
bool history_sample(struct history *history, uint64_t now_ns, uint64_t down, uint64_t up);
/* Newest last. Returns how many were written. */
uint32_t history_get(const struct history *history, uint64_t now_ns, uint32_t *ret_down,
                     uint32_t *ret_up, uint32_t capacity);

#endif
