/* Tiers (BEP 12): shuffled at first, whoever works moves to the front of its own. */
#include "discovery/tracker_private.h"

#include <string.h>

void tracker_tiers_shuffle(struct tracker_manager *manager)
{
    for (uint32_t i = 0; i < manager->count; i++) {
        /* Into the places of its tier so far, each with the same chance. */
        uint32_t begin = i;
        while (begin > 0 && manager->trackers[manager->order[begin - 1]]->tier ==
                                manager->trackers[i]->tier)
            begin--;
        const uint32_t at = begin + random_below(manager->config.random, i - begin + 1);
        manager->order[i] = manager->order[at];
        manager->order[at] = i;
    }
}

void tracker_tiers_promote(struct tracker *tracker)
{
    struct tracker_manager *manager = tracker->manager;
    uint32_t at = 0, front = 0;
    while (manager->order[at] != tracker->number)
        at++;
    while (manager->trackers[manager->order[front]]->tier != tracker->tier)
        front++;
    memmove(&manager->order[front + 1], &manager->order[front],
            (at - front) * sizeof *manager->order);
    manager->order[front] = tracker->number;
}

struct tracker *tracker_tiers_leader(const struct tracker_manager *manager, uint32_t tier)
{
    for (uint32_t i = 0; i < manager->count; i++)
        if (manager->trackers[i]->tier == tier && manager->trackers[i]->is_leader)
            return manager->trackers[i];
    return NULL;
}

struct tracker *tracker_tiers_resting(const struct tracker_manager *manager,
                                      uint32_t tier)
{
    for (uint32_t i = 0; i < manager->count; i++) {
        struct tracker *tracker = manager->trackers[manager->order[i]];
        if (tracker->tier == tier && !tracker->is_leader &&
            tracker->phase != TRACKER_PHASE_WORKING &&
            tracker->phase != TRACKER_PHASE_DISABLED && !tracker->is_slow &&
            !loop_timer_is_set(&tracker->timer))
            return tracker;
    }
    return NULL;
}
