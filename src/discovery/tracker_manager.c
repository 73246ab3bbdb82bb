#include "discovery/tracker_manager.h"

#include "base/i18n.h"
#include "base/text.h"
#include "discovery/tracker_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define RETRY_FIRST_S    5u
#define RETRY_MOST_S     1800u
#define REFUSED_FIRST_S  60u /* one that answers, and says no */
#define AGAIN_LEAST_S    10u /* the user's wish, after a failure */
#define STOP_NS          (3 * NS_PER_S)
#define SCRAPE_NS        (1800 * NS_PER_S)
#define FIRST_AT_ONCE    10u
#define FIRST_STAGGER_NS (NS_PER_S / 10)

/* ---- news ---- */

static void post_news(struct tracker *tracker, bool ok, bool counts)
{
    struct tracker_manager *manager = tracker->manager;
    struct message message = {
        .type = DISCOVERY_ANNOUNCED,
        .torrent = manager->config.torrent,
        .u.announced = {.tracker = tracker->number, .ok = ok, .counts = counts},
    };
    if (bus_post(manager->config.discovery, &message) != ERROR_NONE)
        message_done(&message, NULL);
}

static void post_announced(struct tracker *tracker, bool ok)
{
    post_news(tracker, ok, false);
}

void tracker_post_peers(struct tracker *tracker, const struct netaddr *peers,
                        uint32_t count, const struct netaddr *from)
{
    struct tracker_manager *manager = tracker->manager;
    struct netaddr *addresses = calloc(count + 1u, sizeof *addresses);
    if (addresses == NULL || count == 0) {
        free(addresses);
        return;
    }
    memcpy(addresses, peers, count * sizeof *addresses);
    struct message message = {
        .type = DISCOVERY_PEERS,
        .torrent = manager->config.torrent,
        .u.peers = {.addresses = addresses,
                    .count = count,
                    .source = PEER_SOURCE_TRACKER,
                    .from = *from},
    };
    if (bus_post(manager->config.discovery, &message) != ERROR_NONE)
        message_done(&message, NULL);
}

/* ---- announcing ---- */

static void announce_in(struct tracker *tracker, uint64_t seconds)
{
    /* A little jitter, so that a thousand torrents do not ask at one moment. */
    const uint32_t jitter_ms = random_below(tracker->manager->config.random, 1000);
    loop_timer_set_in(tracker->manager->config.loop, &tracker->timer,
                      seconds * NS_PER_S + (seconds > 0 ? jitter_ms * NS_PER_MS : 0));
}

static bool is_asked(const struct tracker *tracker)
{
    return tracker->request != NULL ||
           (tracker->udp != NULL && !tracker_udp_is_scraping(tracker));
}

static void announce(struct tracker *tracker, enum tracker_event event)
{
    const bool udp = strncasecmp(tracker->url, "udp:", 4) == 0;
    if (is_asked(tracker) || tracker->phase == TRACKER_PHASE_DISABLED)
        return;
    tracker_udp_cancel(tracker); /* of a scrape */
    loop_timer_cancel(tracker->manager->config.loop, &tracker->timer);
    tracker->event = event;
    tracker->phase = TRACKER_PHASE_WORKING;
    const enum tracker_start start =
        udp ? tracker_udp_announce(tracker) : tracker_http_announce(tracker);
    if (start == TRACKER_START_BEGUN)
        post_announced(tracker, true);
    else
        tracker_on_answer(tracker, NULL,
                          start == TRACKER_START_NEVER
                              ? _("the tracker's address cannot be used")
                              : _("the tracker could not be asked"),
                          start == TRACKER_START_NEVER, NULL);
}

static enum tracker_event next_event(const struct tracker *tracker)
{
    if (!tracker->knows_us)
        return TRACKER_EVENT_STARTED;
    return tracker->wants_completed ? TRACKER_EVENT_COMPLETED : TRACKER_EVENT_NONE;
}

static void on_timer(void *context)
{
    struct tracker *tracker = context;
    if (tracker->manager->running)
        announce(tracker, next_event(tracker));
}

/* Nobody of the tier answers: one more of it is asked. */
static void ask_another(const struct tracker_manager *manager, uint32_t tier)
{
    struct tracker *other =
        manager->running && tracker_tiers_leader(manager, tier) == NULL
            ? tracker_tiers_resting(manager, tier)
            : NULL;
    if (other != NULL)
        announce_in(other, 0);
}

/* ---- answers ---- */

void tracker_on_counts(struct tracker *tracker, const struct tracker_reply *reply)
{
    if (reply->seeds != UINT32_MAX)
        tracker->seeds = reply->seeds;
    if (reply->leechers != UINT32_MAX)
        tracker->leechers = reply->leechers;
    if (reply->downloads != UINT32_MAX)
        tracker->downloads = reply->downloads;
    tracker->scraped_ns = loop_now_ns(tracker->manager->config.loop);
    post_news(tracker, true, true);
}

static void note_success(struct tracker *tracker, const struct tracker_reply *reply)
{
    tracker->phase = TRACKER_PHASE_OK;
    tracker->failures = 0;
    memcpy(tracker->message, reply->text, sizeof tracker->message);
    if (reply->seeds != UINT32_MAX)
        tracker->seeds = reply->seeds;
    if (reply->leechers != UINT32_MAX)
        tracker->leechers = reply->leechers;
    if (reply->downloads != UINT32_MAX)
        tracker->downloads = reply->downloads;
    tracker->peers_given = reply->peers_offered;
    tracker->min_interval_s = reply->min_interval_s;
    if (reply->tracker_id_length > 0) {
        memcpy(tracker->tracker_id, reply->tracker_id, sizeof tracker->tracker_id);
        tracker->tracker_id_length = reply->tracker_id_length;
    }
    if (tracker->event == TRACKER_EVENT_STARTED)
        tracker->knows_us = true;
    if (tracker->event == TRACKER_EVENT_COMPLETED)
        tracker->wants_completed = false;
}

static uint32_t retry_s(const struct tracker *tracker, const struct tracker_reply *reply)
{
    if (reply != NULL && reply->retry_s > 0)
        return reply->retry_s;
    const uint32_t shift = tracker->failures < 10 ? tracker->failures : 10;
    const uint32_t seconds = (reply != NULL ? REFUSED_FIRST_S : RETRY_FIRST_S) << shift;
    return seconds < RETRY_MOST_S ? seconds : RETRY_MOST_S;
}

/* One of each tier goes on; the others rest until it fails. */
static void go_on(struct tracker *tracker, const struct tracker_reply *reply)
{
    struct tracker *leader = tracker_tiers_leader(tracker->manager, tracker->tier);
    if (leader == NULL) {
        tracker->is_leader = true;
        tracker_tiers_promote(tracker);
    }
    if (next_event(tracker) != TRACKER_EVENT_NONE)
        announce_in(tracker, 0); /* completed while the announce was under way */
    else if (tracker->is_leader)
        announce_in(tracker, reply->interval_s > reply->min_interval_s
                                 ? reply->interval_s
                                 : reply->min_interval_s);
    if (strncasecmp(tracker->url, "http", 4) == 0 &&
        (reply->seeds == UINT32_MAX || reply->downloads == UINT32_MAX) &&
        (tracker->scraped_ns == 0 || tracker->last_ns - tracker->scraped_ns >= SCRAPE_NS))
        tracker_http_scrape(tracker);
}

static void try_later(struct tracker *tracker, const struct tracker_reply *reply,
                      bool gone_for_good)
{
    tracker->is_leader = false;
    const bool led = tracker_tiers_leader(tracker->manager, tracker->tier) != NULL;
    if (!gone_for_good && (!led || tracker->wants_completed))
        announce_in(tracker, retry_s(tracker, reply));
    tracker->failures++;
    ask_another(tracker->manager, tracker->tier);
}

static void check_stopped(struct tracker_manager *manager)
{
    if (!manager->stopping)
        return;
    for (uint32_t i = 0; i < manager->count; i++)
        if (is_asked(&manager->trackers[i]) &&
            manager->trackers[i].event == TRACKER_EVENT_STOPPED)
            return;
    loop_timer_set_in(manager->config.loop, &manager->stop_timer, 0);
}

/* It was told that we are gone, or will find out. The user may have changed his mind. */
static void on_farewell(struct tracker *tracker)
{
    tracker->knows_us = false;
    tracker->phase = TRACKER_PHASE_IDLE;
    if (tracker->manager->running)
        announce_in(tracker, 0);
}

void tracker_on_answer(struct tracker *tracker, const struct tracker_reply *reply,
                       const char *message, bool gone_for_good,
                       const struct netaddr *from)
{
    struct tracker_manager *manager = tracker->manager;
    const bool ok = reply != NULL && !reply->failed;
    if (from != NULL && netaddr_scope(from) == NETADDR_SCOPE_PUBLIC)
        tracker->was_public = true;
    if (tracker->event == TRACKER_EVENT_STOPPED) {
        on_farewell(tracker);
        check_stopped(manager);
        return;
    }
    tracker->last_ns = loop_now_ns(manager->config.loop);
    tracker->is_slow = false;
    gone_for_good |= reply != NULL && reply->never_retry;
    if (ok) {
        note_success(tracker, reply);
        tracker_post_peers(tracker, reply->peers, reply->peer_count, from);
        tracker_names_look_up(tracker, reply, from);
        go_on(tracker, reply);
    } else {
        tracker->phase = gone_for_good ? TRACKER_PHASE_DISABLED : TRACKER_PHASE_FAILED;
        snprintf(tracker->message, sizeof tracker->message, "%s",
                 reply != NULL ? reply->text : message);
        try_later(tracker, reply, gone_for_good);
    }
    post_announced(tracker, ok);
}

void tracker_on_slow(struct tracker *tracker, const char *message)
{
    if (tracker->is_slow || tracker->event == TRACKER_EVENT_STOPPED)
        return;
    tracker->is_slow = true;
    tracker->is_leader = false;
    tracker->phase = TRACKER_PHASE_FAILED;
    tracker->failures++;
    snprintf(tracker->message, sizeof tracker->message, "%s", message);
    ask_another(tracker->manager, tracker->tier);
    post_announced(tracker, false);
}

/* ---- life ---- */

static void on_stop_timer(void *context)
{
    struct tracker_manager *manager = context;
    if (!manager->stopping)
        return;
    manager->stopping = false;
    for (uint32_t i = 0; i < manager->count; i++) {
        struct tracker *tracker = &manager->trackers[i];
        if (!is_asked(tracker) || tracker->event != TRACKER_EVENT_STOPPED)
            continue;
        tracker_http_cancel(tracker);
        tracker_udp_cancel(tracker);
        on_farewell(tracker);
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
        loop_timer_init(&tracker->timer, on_timer, tracker);
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
        if (!is_asked(tracker)) /* else its farewell is under way: then again */
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
        if (is_asked(tracker) && tracker->event == TRACKER_EVENT_STOPPED)
            continue;
        /* One that was just told of us may know us already. */
        const bool knows_us =
            tracker->knows_us || (is_asked(tracker) && !tracker->is_slow);
        tracker_http_cancel(tracker);
        tracker_udp_cancel(tracker);
        tracker->is_leader = tracker->is_slow = false;
        if (tracker->phase == TRACKER_PHASE_WORKING)
            tracker->phase = TRACKER_PHASE_IDLE;
        if (knows_us)
            announce(tracker, TRACKER_EVENT_STOPPED);
    }
    check_stopped(manager);
}

void tracker_manager_completed(struct tracker_manager *manager)
{
    for (uint32_t i = 0; i < manager->count; i++) {
        struct tracker *tracker = &manager->trackers[i];
        tracker->wants_completed = true;
        if (manager->running && tracker->knows_us)
            announce(tracker, TRACKER_EVENT_COMPLETED);
    }
}

/* Whether TRACKER would not mind being asked now. */
static bool may_be_asked(const struct tracker *tracker, uint64_t now_ns)
{
    uint32_t least_s =
        tracker->phase == TRACKER_PHASE_FAILED ? AGAIN_LEAST_S : TRACKER_INTERVAL_LEAST_S;
    if (tracker->phase != TRACKER_PHASE_FAILED && tracker->min_interval_s > least_s)
        least_s = tracker->min_interval_s;
    return tracker->last_ns == 0 || now_ns - tracker->last_ns >= least_s * NS_PER_S;
}

void tracker_manager_announce(struct tracker_manager *manager)
{
    const uint64_t now_ns = loop_now_ns(manager->config.loop);
    for (uint32_t i = 0; i < manager->count && manager->running; i++)
        if (may_be_asked(&manager->trackers[i], now_ns))
            announce(&manager->trackers[i], next_event(&manager->trackers[i]));
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
