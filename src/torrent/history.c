#include "torrent/history.h"

#include "base/clock.h"
#include "torrent/looks.h"

#include <stdlib.h>
#include <string.h>

void history_done(struct history *history)
{
    free(history->down);
    free(history->up);
    *history = (struct history){0};
}

static bool history_allocate(struct history *history)
{
    if (history->down != NULL)
        return true;
    history->down = calloc(SESSION_HISTORY, sizeof *history->down);
    history->up = calloc(SESSION_HISTORY, sizeof *history->up);
    if (history->down != NULL && history->up != NULL)
        return true;
    free(history->down);
    free(history->up);
    history->down = history->up = NULL;
    return false;
}

/* Clears the seconds between the newest sample and SECOND, which nobody fed. */
static void history_move_to(struct history *history, uint64_t second)
{
    uint64_t from = history->newest_s + 1;
    if (second - history->newest_s > SESSION_HISTORY)
        from = second - SESSION_HISTORY + 1;
    for (uint64_t s = from; s <= second; s++)
        history->down[s % SESSION_HISTORY] = history->up[s % SESSION_HISTORY] = 0;
    history->newest_s = second;
}

/* Half of the way to the new value a second; starts at the first one, and lands on 0 when
 * nothing came. */
static uint64_t smooth(uint64_t rate, uint64_t sample)
{
    if (rate == 0)
        return sample;
    const uint64_t next = (rate + sample + 1) / 2;
    return sample == 0 && next < 512 ? 0 : next;
}

static uint32_t clip(uint64_t rate)
{
    return rate > UINT32_MAX ? UINT32_MAX : (uint32_t)rate;
}

bool history_sample(struct history *history, uint64_t now_ns, uint64_t down, uint64_t up)
{
    const uint64_t passed_ns = now_ns - history->sampled_ns;
    if (history->sampled_ns != 0 && passed_ns < NS_PER_S / 2)
        return true;
    /* The first second after a pause is measured over one second, not over the pause. */
    const uint64_t over_ns =
        history->sampled_ns == 0 || passed_ns > 2 * NS_PER_S ? NS_PER_S : passed_ns;
    const uint64_t down_rate = (down - history->last_down) * NS_PER_S / over_ns;
    const uint64_t up_rate = (up - history->last_up) * NS_PER_S / over_ns;
    const bool was_moving = history->down_rate != 0 || history->up_rate != 0;
    history->last_down = down;
    history->last_up = up;
    history->sampled_ns = now_ns;
    history->down_rate = smooth(history->down_rate, down_rate);
    history->up_rate = smooth(history->up_rate, up_rate);
    if ((down_rate != 0 || up_rate != 0) && history_allocate(history)) {
        history_move_to(history, now_ns / NS_PER_S);
        history->down[history->newest_s % SESSION_HISTORY] = clip(down_rate);
        history->up[history->newest_s % SESSION_HISTORY] = clip(up_rate);
    }
    return was_moving || history->down_rate != 0 || history->up_rate != 0;
}

uint32_t history_get(const struct history *history, uint64_t now_ns, uint32_t *ret_down,
                     uint32_t *ret_up, uint32_t capacity)
{
    const uint64_t now_s = now_ns / NS_PER_S;
    if (history->down == NULL)
        return 0;
    const uint32_t count = capacity < SESSION_HISTORY ? capacity : SESSION_HISTORY;
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t second = now_s - count + 1 + i;
        const bool known = now_s + 1 + i >= count && second <= history->newest_s &&
                           history->newest_s - second < SESSION_HISTORY;
        ret_down[i] = known ? history->down[second % SESSION_HISTORY] : 0;
        ret_up[i] = known ? history->up[second % SESSION_HISTORY] : 0;
    }
    return count;
}
