#include "discovery/tracker_manager.h"

#include "discovery/tracker_private.h"

#include <stdlib.h>
#include <string.h>

#define CHANGED_MOST_MS  45000u
#define AGAIN_LEAST_S    10u /* the user's wish, after a failure */
#define STOP_NS          (3 * NS_PER_S)
#define FIRST_AT_ONCE    10u
#define FIRST_STAGGER_NS (NS_PER_S / 10)

void tracker_manager_check_stopped(struct tracker_manager *manager)
{
    if (!manager->stopping)
        return;
    if (manager->leaving != NULL)
        return;
    for (uint32_t i = 0; i < manager->count; i++)
        if (tracker_is_asked(manager->trackers[i]) &&
            manager->trackers[i]->event == TRACKER_EVENT_STOPPED)
            return;
    loop_timer_set_in(manager->config.loop, &manager->stop_timer, 0);
}

/* Ends what is under way. */
static void tracker_free(struct tracker *tracker)
{
    tracker_http_cancel(tracker);
    tracker_udp_cancel(tracker);
    tracker_names_cancel(tracker);
    loop_timer_cancel(tracker->manager->config.loop, &tracker->timer);
    free(tracker->masked);
    free(tracker->url);
    free(tracker);
}

static void free_leaving(struct tracker_manager *manager)
{
    while (manager->leaving != NULL) {
        struct tracker *tracker = manager->leaving;
        manager->leaving = tracker->next_leaving;
        tracker_free(tracker);
    }
}

static void on_stop_timer(void *context)
{
    struct tracker_manager *manager = context;
    if (!manager->stopping)
        return;
    manager->stopping = false;
    free_leaving(manager);
    for (uint32_t i = 0; i < manager->count; i++) {
        struct tracker *tracker = manager->trackers[i];
        if (!tracker_is_asked(tracker) || tracker->event != TRACKER_EVENT_STOPPED)
            continue;
        tracker_http_cancel(tracker);
        tracker_udp_cancel(tracker);
        tracker_on_farewell(tracker);
    }
    manager->stopped(manager->stopped_context);
}

/* ---- making and freeing ---- */

/* Behind the others. NULL: out of memory; there is room in the arrays. */
static struct tracker *append(struct tracker_manager *manager, const char *url,
                              uint32_t tier)
{
    struct tracker *tracker = calloc(1, sizeof *tracker);
    char *own = strdup(url); /* metadata that come take the place of a link's trackers */
    if (tracker == NULL || own == NULL) {
        free(tracker);
        free(own);
        return NULL;
    }
    tracker->manager = manager;
    tracker->url = own;
    tracker->masked = tracker_mask_url(url);
    tracker->tier = tier;
    tracker->id = manager->next_id++;
    tracker->number = manager->count;
    tracker->seeds = tracker->leechers = tracker->downloads = UINT32_MAX;
    loop_timer_init(&tracker->timer, tracker_on_timer, tracker);
    tracker->turn = (struct tracker_turn){
        .party = &manager->party, .on_turn = tracker_on_turn, .context = tracker};
    tracker->scrape_turn = (struct tracker_turn){.party = &manager->party,
                                                 .on_turn = tracker_http_on_scrape_turn,
                                                 .context = tracker};
    manager->order[manager->count] = manager->count;
    manager->trackers[manager->count++] = tracker;
    return tracker;
}

static bool take_trackers(struct tracker_manager *manager)
{
    const struct tracker_manager_config *config = &manager->config;
    manager->trackers = calloc(config->tracker_count + 1u, sizeof(struct tracker *));
    manager->order = calloc(config->tracker_count + 1u, sizeof *manager->order);
    if (manager->trackers == NULL || manager->order == NULL)
        return false;
    for (uint32_t i = 0; i < config->tracker_count; i++)
        if (append(manager, config->trackers[i].url, config->trackers[i].tier) == NULL)
            return false;
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
    free_leaving(manager);
    for (uint32_t i = 0; i < manager->count; i++)
        tracker_free(manager->trackers[i]);
    free(manager->trackers);
    free(manager->order);
    free(manager);
}

/* ---- farewells ---- */

/* Who stays says the farewell when it goes itself. False: it does not ask this one. */
static bool leave_to(struct tracker_manager *heir, struct tracker *tracker)
{
    for (uint32_t i = 0; heir != NULL && i < heir->count; i++) {
        struct tracker *other = heir->trackers[i];
        if (strcmp(other->url, tracker->url) != 0)
            continue;
        other->knows_us |= tracker->knows_us;
        tracker->knows_us = false;
        return true;
    }
    return false;
}

/* `stopped`, if it may know us. */
static void say_farewell(struct tracker *tracker, struct tracker_manager *heir)
{
    loop_timer_cancel(tracker->manager->config.loop, &tracker->timer);
    tracker_names_cancel(tracker);
    if (tracker_is_asked(tracker) && tracker->event == TRACKER_EVENT_STOPPED)
        return;
    /* One that was just told of us may know us already. */
    const bool knows_us =
        tracker->knows_us || (tracker_is_asked(tracker) && !tracker->is_slow &&
                              (!tracker->turn.waiting || tracker->udp != NULL));
    tracker_http_cancel(tracker);
    tracker_udp_cancel(tracker);
    tracker->is_leader = tracker->is_slow = false;
    if (tracker->phase == TRACKER_PHASE_WORKING)
        tracker->phase = TRACKER_PHASE_IDLE;
    if (knows_us && !leave_to(heir, tracker))
        tracker_announce(tracker, TRACKER_EVENT_STOPPED);
}

void tracker_manager_let_go(struct tracker *tracker)
{
    struct tracker_manager *manager = tracker->manager;
    struct tracker **at = &manager->leaving;
    while (*at != tracker)
        at = &(*at)->next_leaving;
    *at = tracker->next_leaving;
    tracker_free(tracker);
    tracker_manager_check_stopped(manager);
}

/* ---- changing the list ---- */

static bool make_room(struct tracker_manager *manager)
{
    const size_t count = manager->count + 1u;
    struct tracker **trackers =
        realloc(manager->trackers, count * sizeof(struct tracker *));
    if (trackers != NULL)
        manager->trackers = trackers;
    uint32_t *order = realloc(manager->order, count * sizeof *order);
    if (order != NULL)
        manager->order = order;
    return trackers != NULL && order != NULL;
}

static bool is_leaving(const struct tracker_manager *manager, const char *url)
{
    const struct tracker *tracker = manager->leaving;
    while (tracker != NULL && strcmp(tracker->url, url) != 0)
        tracker = tracker->next_leaving;
    return tracker != NULL;
}

enum error_code tracker_manager_add(struct tracker_manager *manager, const char *url)
{
    uint32_t tier = 0;
    for (uint32_t i = 0; i < manager->count; i++) {
        if (strcmp(manager->trackers[i]->url, url) == 0)
            return ERROR_EXISTS;
        if (manager->trackers[i]->tier >= tier)
            tier = manager->trackers[i]->tier + 1;
    }
    if (manager->count >= METAINFO_MAX_URLS)
        return ERROR_FULL;
    struct tracker *tracker = make_room(manager) ? append(manager, url, tier) : NULL;
    if (tracker == NULL)
        return ERROR_MEMORY;
    if (manager->running) /* after the farewell, if it was just removed */
        loop_timer_set_in(manager->config.loop, &tracker->timer,
                          is_leaving(manager, url) ? STOP_NS : 0);
    return ERROR_NONE;
}

static void take_out_of_order(struct tracker_manager *manager, uint32_t number)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < manager->count; i++)
        if (manager->order[i] != number)
            manager->order[kept++] = manager->order[i] - (manager->order[i] > number);
}

void tracker_manager_remove(struct tracker_manager *manager, uint32_t number,
                            struct tracker_manager *heir)
{
    if (number >= manager->count)
        return;
    struct tracker *tracker = manager->trackers[number];
    const uint32_t tier = tracker->tier;
    take_out_of_order(manager, number);
    manager->count--;
    for (uint32_t i = number; i < manager->count; i++) {
        manager->trackers[i] = manager->trackers[i + 1];
        manager->trackers[i]->number = i;
    }
    tracker->leaving = true;
    say_farewell(tracker, heir);
    tracker->next_leaving = manager->leaving;
    manager->leaving = tracker;
    if (tracker_is_asked(tracker))
        loop_timer_set_in(manager->config.loop, &tracker->timer, STOP_NS);
    else
        tracker_manager_let_go(tracker);
    tracker_ask_another(manager, tier);
    tracker_manager_check_stopped(manager);
}

/* ---- its life ---- */

void tracker_manager_start(struct tracker_manager *manager)
{
    manager->running = true;
    for (uint32_t i = 0; i < manager->count; i++) {
        struct tracker *tracker = manager->trackers[manager->order[i]];
        const uint64_t wait_ns =
            i < FIRST_AT_ONCE ? 0 : (i - FIRST_AT_ONCE + 1) * FIRST_STAGGER_NS;
        tracker->is_leader = tracker->is_slow = false;
        if (!tracker_is_asked(tracker)) /* else its farewell is under way: then again */
            loop_timer_set_in(manager->config.loop, &tracker->timer, wait_ns);
    }
}

void tracker_manager_stop(struct tracker_manager *manager, struct tracker_manager *heir,
                          void (*done)(void *context), void *context)
{
    manager->running = false;
    manager->stopping = true;
    manager->stopped = done;
    manager->stopped_context = context;
    loop_timer_set_in(manager->config.loop, &manager->stop_timer, STOP_NS);
    for (uint32_t i = 0; i < manager->count; i++)
        say_farewell(manager->trackers[i], heir);
    tracker_manager_check_stopped(manager);
}

void tracker_manager_completed(struct tracker_manager *manager)
{
    for (uint32_t i = 0; i < manager->count; i++) {
        struct tracker *tracker = manager->trackers[i];
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
        if (may_be_asked_ns(manager->trackers[i]) <= now_ns)
            tracker_announce(manager->trackers[i],
                             tracker_next_event(manager->trackers[i]));
}

void tracker_manager_set_port(struct tracker_manager *manager, uint16_t port)
{
    manager->config.port = port;
}

void tracker_manager_network_changed(struct tracker_manager *manager)
{
    const uint64_t now_ns = loop_now_ns(manager->config.loop);
    for (uint32_t i = 0; i < manager->count && manager->running; i++) {
        struct tracker *tracker = manager->trackers[i];
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

void tracker_manager_network_lost(struct tracker_manager *manager, const char *message)
{
    free_leaving(manager);
    for (uint32_t i = 0; i < manager->count; i++) {
        struct tracker *tracker = manager->trackers[i];
        const bool asked = tracker_is_asked(tracker);
        tracker_http_cancel(tracker);
        tracker_udp_cancel(tracker);
        tracker_names_cancel(tracker);
        if (!asked)
            continue;
        tracker->offline = true;
        tracker_on_answer(tracker, NULL, message, false, NULL);
    }
}

const struct info_hash *tracker_manager_hash(const struct tracker_manager *manager)
{
    return &manager->config.hash;
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
    const struct tracker *tracker = manager->trackers[number];
    *ret_row = (struct tracker_row){
        .url = tracker->masked != NULL ? tracker->masked : "",
        .whole_url = tracker->url,
        .id = tracker->id,
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
