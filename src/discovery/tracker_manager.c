#include "discovery/tracker_manager.h"

#include "discovery/tracker_private.h"

#include <stdlib.h>

#define CHANGED_MOST_MS  45000u
#define AGAIN_LEAST_S    10u /* the user's wish, after a failure */
#define STOP_NS          (3 * NS_PER_S)
#define FIRST_AT_ONCE    10u
#define FIRST_STAGGER_NS (NS_PER_S / 10)

void tracker_manager_check_stopped(struct tracker_manager *manager)
{
    if (!manager->stopping)
        return;
    for (uint32_t i = 0; i < manager->count; i++)
        if (tracker_is_asked(&manager->trackers[i]) &&
            manager->trackers[i].event == TRACKER_EVENT_STOPPED)
            return;
    loop_timer_set_in(manager->config.loop, &manager->stop_timer, 0);
}

static void on_stop_timer(void *context)
{
    struct tracker_manager *manager = context;
    if (!manager->stopping)
        return;
    manager->stopping = false;
    for (uint32_t i = 0; i < manager->count; i++) {
        struct tracker *tracker = &manager->trackers[i];
        if (!tracker_is_asked(tracker) || tracker->event != TRACKER_EVENT_STOPPED)
            continue;
        tracker_http_cancel(tracker);
        tracker_udp_cancel(tracker);
        tracker_on_farewell(tracker);
    }
    manager->stopped(manager->stopped_context);
}

static bool take_trackers(struct tracker_manager *manager)
{
    const struct tracker_manager_config *config = &manager->config;
    manager->trackers = calloc(config->tracker_count + 1u, sizeof *manager->trackers);
    manager->order = calloc(config->tracker_count + 1u, sizeof *manager->order);
    if (manager->trackers == NULL || manager->order == NULL)
        return false;
    for (uint32_t i = 0; i < config->tracker_count; i++) {
        struct tracker *tracker = &manager->trackers[i];
        tracker->manager = manager;
        tracker->url = config->trackers[i].url;
        tracker->masked = tracker_mask_url(tracker->url);
        tracker->tier = config->trackers[i].tier;
        tracker->number = i;
        tracker->seeds = tracker->leechers = tracker->downloads = UINT32_MAX;
        loop_timer_init(&tracker->timer, tracker_on_timer, tracker);
        tracker->turn = (struct tracker_turn){
            .party = &manager->party, .on_turn = tracker_on_turn, .context = tracker};
        tracker->scrape_turn =
            (struct tracker_turn){.party = &manager->party,
                                  .on_turn = tracker_http_on_scrape_turn,
                                  .context = tracker};
        manager->count++;
    }
    tracker_tiers_shuffle(manager);
    return true;
}

struct tracker_manager *tracker_manager_new(const struct tracker_manager_config *config)
{
    struct tracker_manager *manager = calloc(1, sizeof *manager);
    if (manager == NULL)
        return NULL;
    manager->config = *config;
    manager->party.turns = config->turns;
    manager->key = random_u32(config->random);
    loop_timer_init(&manager->stop_timer, on_stop_timer, manager);
    if (take_trackers(manager))
        return manager;
    tracker_manager_free(manager);
    return NULL;
}

void tracker_manager_free(struct tracker_manager *manager)
{
    if (manager == NULL)
        return;
    loop_timer_cancel(manager->config.loop, &manager->stop_timer);
    for (uint32_t i = 0; i < manager->count; i++) {
        struct tracker *tracker = &manager->trackers[i];
        tracker_http_cancel(tracker);
        tracker_udp_cancel(tracker);
        tracker_names_cancel(tracker);
        loop_timer_cancel(manager->config.loop, &tracker->timer);
        free(tracker->masked);
    }
    free(manager->trackers);
    free(manager->order);
    free(manager);
}

void tracker_manager_start(struct tracker_manager *manager)
{
    manager->running = true;
    for (uint32_t i = 0; i < manager->count; i++) {
        struct tracker *tracker = &manager->trackers[manager->order[i]];
        const uint64_t wait_ns =
            i < FIRST_AT_ONCE ? 0 : (i - FIRST_AT_ONCE + 1) * FIRST_STAGGER_NS;
        tracker->is_leader = tracker->is_slow = false;
        if (!tracker_is_asked(tracker)) /* else its farewell is under way: then again */
            loop_timer_set_in(manager->config.loop, &tracker->timer, wait_ns);
    }
}

void tracker_manager_stop(struct tracker_manager *manager, void (*done)(void *context),
                          void *context)
{
    manager->running = false;
    manager->stopping = true;
    manager->stopped = done;
    manager->stopped_context = context;
    loop_timer_set_in(manager->config.loop, &manager->stop_timer, STOP_NS);
    for (uint32_t i = 0; i < manager->count; i++) {
        struct tracker *tracker = &manager->trackers[i];
        loop_timer_cancel(manager->config.loop, &tracker->timer);
        tracker_names_cancel(tracker);
        if (tracker_is_asked(tracker) && tracker->event == TRACKER_EVENT_STOPPED)
            continue;
        /* One that was just told of us may know us already. */
        const bool knows_us =
            tracker->knows_us || (tracker_is_asked(tracker) && !tracker->is_slow &&
                                  (!tracker->turn.waiting || tracker->udp != NULL));
        tracker_http_cancel(tracker);
        tracker_udp_cancel(tracker);
        tracker->is_leader = tracker->is_slow = false;
        if (tracker->phase == TRACKER_PHASE_WORKING)
            tracker->phase = TRACKER_PHASE_IDLE;
        if (knows_us)
            tracker_announce(tracker, TRACKER_EVENT_STOPPED);
    }
    tracker_manager_check_stopped(manager);
}

void tracker_manager_completed(struct tracker_manager *manager)
{
    for (uint32_t i = 0; i < manager->count; i++) {
        struct tracker *tracker = &manager->trackers[i];
        tracker->wants_completed = true;
        if (manager->running && tracker->knows_us)
            tracker_announce(tracker, TRACKER_EVENT_COMPLETED);
    }
}

/* From when on TRACKER would not mind being asked. */
static uint64_t may_be_asked_ns(const struct tracker *tracker)
{
    uint32_t least_s =
        tracker->phase == TRACKER_PHASE_FAILED ? AGAIN_LEAST_S : TRACKER_INTERVAL_LEAST_S;
    if (tracker->phase != TRACKER_PHASE_FAILED && tracker->min_interval_s > least_s)
        least_s = tracker->min_interval_s;
    return tracker->last_ns == 0 ? 0 : tracker->last_ns + least_s * NS_PER_S;
}

void tracker_manager_announce(struct tracker_manager *manager)
{
    const uint64_t now_ns = loop_now_ns(manager->config.loop);
    for (uint32_t i = 0; i < manager->count && manager->running; i++)
        if (may_be_asked_ns(&manager->trackers[i]) <= now_ns)
            tracker_announce(&manager->trackers[i],
                             tracker_next_event(&manager->trackers[i]));
}

void tracker_manager_network_changed(struct tracker_manager *manager)
{
    const uint64_t now_ns = loop_now_ns(manager->config.loop);
    for (uint32_t i = 0; i < manager->count && manager->running; i++) {
        struct tracker *tracker = &manager->trackers[i];
        const bool rests = !loop_timer_is_set(&tracker->timer);
        tracker->failures = 0;
        if (tracker->is_slow) /* its next packet may be an hour away */
            tracker_udp_cancel(tracker);
        else if (rests)
            continue;
        uint64_t at_ns =
            now_ns + random_below(manager->config.random, CHANGED_MOST_MS) * NS_PER_MS;
        if (at_ns < may_be_asked_ns(tracker))
            at_ns = may_be_asked_ns(tracker);
        tracker->is_slow = false;
        if (rests || tracker->timer.at_ns > at_ns || tracker->timer.at_ns <= now_ns)
            loop_timer_set(manager->config.loop, &tracker->timer, at_ns);
    }
}

uint32_t tracker_manager_count(const struct tracker_manager *manager)
{
    return manager->count;
}

bool tracker_manager_row(const struct tracker_manager *manager, uint32_t number,
                         struct tracker_row *ret_row)
{
    if (number >= manager->count)
        return false;
    const struct tracker *tracker = &manager->trackers[number];
    *ret_row = (struct tracker_row){
        .url = tracker->masked != NULL ? tracker->masked : "",
        .tier = tracker->tier,
        .phase = tracker->phase,
        .message = tracker->message,
        .seeds = tracker->seeds,
        .leechers = tracker->leechers,
        .downloads = tracker->downloads,
        .peers_given = tracker->peers_given,
        .next_ns = loop_timer_is_set(&tracker->timer) ? tracker->timer.at_ns : UINT64_MAX,
        .last_ns = tracker->last_ns != 0 ? tracker->last_ns : UINT64_MAX,
        .failures = tracker->failures,
    };
    return true;
}
