/*
 * Whose turn it is to ask a tracker: of all announces of a session so many are under way
 * at most, the others wait. Torrents take turns, each with its own in the order they
 * came; farewells go before announces, scrapes behind them, and last those that did not
 * answer before, who get half of the turns at most. Loop thread.
 */
#ifndef BTTUI_DISCOVERY_TRACKER_TURNS_H
#define BTTUI_DISCOVERY_TRACKER_TURNS_H

#include "loop/loop.h"

#include <stdint.h>

struct tracker_turns;

/* NULL: out of memory. */
struct tracker_turns *tracker_turns_new(struct loop *loop, uint32_t most);
/* After all Tracker Managers that use it; NULL is ignored. */
void tracker_turns_free(struct tracker_turns *turns);

#endif
