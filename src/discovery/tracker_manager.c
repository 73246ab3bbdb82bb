#include "discovery/tracker_manager.h"

#include "base/i18n.h"
#include "base/text.h"
#include "discovery/tracker_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define RETRY_FIRST_S 5u
#define RETRY_MOST_S  1800u
#define STOP_NS       (3 * NS_PER_S)

/* ---- masking: what identifies the user in an address is not for screens and logs ----
 */

static char *mask_url(const char *url)
{
    char *masked = strdup(url);
    if (masked == NULL)
        return NULL;
    char *query = strchr(masked, '?');
    if (query != NULL)
        strcpy(query, strlen(query) > 4 ? "?…" : "");
    /* A path component that looks like a key: 16 or more letters and digits. */
    char *at = strstr(masked, "://");
    at = at != NULL ? strchr(at + 3, '/') : NULL;
    while (at != NULL) {
        const size_t length = strcspn(at + 1, "/?");
        if (length >= 16 &&
            strspn(at + 1,
                   "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") >=
                length) {
            static const char stars[] = "…";
            memcpy(at + 1, stars, sizeof stars - 1);
            memmove(at + sizeof stars, at + 1 + length, strlen(at + 1 + length) + 1);
        }
        at = strchr(at + 1, '/');
    }
    return masked;
}

/* ---- announcing ---- */

static void post_announced(struct tracker *tracker, bool ok)
{
    struct tracker_manager *manager = tracker->manager;
    struct message message = {
        .type = DISCOVERY_ANNOUNCED,
        .torrent = manager->config.torrent,
        .u.announced = {.tracker = tracker->number, .ok = ok},
    };
    if (bus_post(manager->config.discovery, &message) != ERROR_NONE)
        message_done(&message, NULL);
}

static void post_peers(struct tracker *tracker, const struct tracker_reply *reply,
                       const struct netaddr *from)
{
    struct tracker_manager *manager = tracker->manager;
    struct netaddr *addresses = calloc(reply->peer_count + 1u, sizeof *addresses);
    if (addresses == NULL || reply->peer_count == 0) {
        free(addresses);
        return;
    }
    memcpy(addresses, reply->peers, reply->peer_count * sizeof *addresses);
    struct message message = {
        .type = DISCOVERY_PEERS,
        .torrent = manager->config.torrent,
        .u.peers = {.addresses = addresses,
                    .count = reply->peer_count,
                    .source = PEER_SOURCE_TRACKER,
                    .from = *from},
    };
    if (bus_post(manager->config.discovery, &message) != ERROR_NONE)
        message_done(&message, NULL);
}

static void announce_in(struct tracker *tracker, uint64_t seconds)
{
    /* A little jitter, so that a thousand torrents do not ask at one moment. */
    const uint32_t jitter_ms = random_below(tracker->manager->config.random, 1000);
    loop_timer_set_in(tracker->manager->config.loop, &tracker->timer,
                      seconds * NS_PER_S + jitter_ms * NS_PER_MS);
}

static void announce(struct tracker *tracker, enum tracker_event event)
{
    const bool udp = strncasecmp(tracker->url, "udp:", 4) == 0;
    if (tracker->request != NULL || tracker->udp != NULL ||
        tracker->phase == TRACKER_PHASE_DISABLED)
        return;
    loop_timer_cancel(tracker->manager->config.loop, &tracker->timer);
    tracker->event = event;
    tracker->phase = TRACKER_PHASE_WORKING;
    if (udp ? !tracker_udp_announce(tracker) : !tracker_http_announce(tracker))
        tracker_on_answer(tracker, NULL, _("the tracker could not be asked"), false,
                          NULL);
    else
        post_announced(tracker, true);
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

static void check_stopped(struct tracker_manager *manager)
{
    if (!manager->stopping)
        return;
    for (uint32_t i = 0; i < manager->count; i++)
        if (manager->trackers[i].request != NULL || manager->trackers[i].udp != NULL)
            return;
    loop_timer_set_in(manager->config.loop, &manager->stop_timer, 0);
}

static void note_success(struct tracker *tracker, const struct tracker_reply *reply)
{
    tracker->phase = TRACKER_PHASE_OK;
    tracker->failures = 0;
    memcpy(tracker->message, reply->text, sizeof tracker->message);
    tracker->seeds = reply->seeds;
    tracker->leechers = reply->leechers;
    tracker->peers_given = reply->peer_count;
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

static uint32_t retry_s(const struct tracker *tracker)
{
    const uint32_t shift = tracker->failures < 10 ? tracker->failures : 10;
    const uint32_t seconds = RETRY_FIRST_S << shift;
    return seconds < RETRY_MOST_S ? seconds : RETRY_MOST_S;
}

void tracker_on_answer(struct tracker *tracker, const struct tracker_reply *reply,
                       const char *message, bool gone_for_good,
                       const struct netaddr *from)
{
    struct tracker_manager *manager = tracker->manager;
    const bool ok = reply != NULL && !reply->failed;
    const bool stopping = tracker->event == TRACKER_EVENT_STOPPED;
    tracker->last_ns = loop_now_ns(manager->config.loop);
    if (ok) {
        note_success(tracker, reply);
    } else {
        tracker->phase = gone_for_good ? TRACKER_PHASE_DISABLED : TRACKER_PHASE_FAILED;
        snprintf(tracker->message, sizeof tracker->message, "%s",
                 reply != NULL ? reply->text : message);
    }
    if (ok && !stopping)
        post_peers(tracker, reply, from);
    if (manager->running && !gone_for_good) {
        if (ok && next_event(tracker) != TRACKER_EVENT_NONE)
            announce_in(tracker, 0); /* completed while the announce was under way */
        else
            announce_in(tracker, ok ? reply->interval_s : retry_s(tracker));
    }
    if (!ok)
        tracker->failures++;
    if (!stopping)
        post_announced(tracker, ok);
    check_stopped(manager);
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
        http_cancel(tracker->request);
        tracker->request = NULL;
        tracker_udp_cancel(tracker);
        tracker->knows_us = false;
        if (tracker->phase == TRACKER_PHASE_WORKING)
            tracker->phase = TRACKER_PHASE_IDLE;
    }
    manager->stopped(manager->stopped_context);
}

struct tracker_manager *tracker_manager_new(const struct tracker_manager_config *config)
{
    struct tracker_manager *manager = calloc(1, sizeof *manager);
    if (manager == NULL)
        return NULL;
    manager->config = *config;
    manager->key = random_u32(config->random);
    manager->trackers = calloc(config->tracker_count + 1u, sizeof *manager->trackers);
    if (manager->trackers == NULL) {
        free(manager);
        return NULL;
    }
    loop_timer_init(&manager->stop_timer, on_stop_timer, manager);
    for (uint32_t i = 0; i < config->tracker_count; i++) {
        struct tracker *tracker = &manager->trackers[i];
        tracker->manager = manager;
        tracker->url = config->trackers[i].url;
        tracker->masked = mask_url(tracker->url);
        tracker->tier = config->trackers[i].tier;
        tracker->number = i;
        tracker->seeds = tracker->leechers = UINT32_MAX;
        loop_timer_init(&tracker->timer, on_timer, tracker);
        manager->count++;
    }
    return manager;
}

static void cancel_all(struct tracker_manager *manager)
{
    for (uint32_t i = 0; i < manager->count; i++) {
        struct tracker *tracker = &manager->trackers[i];
        http_cancel(tracker->request);
        tracker->request = NULL;
        tracker_udp_cancel(tracker);
        loop_timer_cancel(manager->config.loop, &tracker->timer);
    }
}

void tracker_manager_free(struct tracker_manager *manager)
{
    if (manager == NULL)
        return;
    cancel_all(manager);
    loop_timer_cancel(manager->config.loop, &manager->stop_timer);
    for (uint32_t i = 0; i < manager->count; i++)
        free(manager->trackers[i].masked);
    free(manager->trackers);
    free(manager);
}

void tracker_manager_start(struct tracker_manager *manager)
{
    manager->running = true;
    for (uint32_t i = 0; i < manager->count; i++)
        loop_timer_set_in(manager->config.loop, &manager->trackers[i].timer, 0);
}

void tracker_manager_stop(struct tracker_manager *manager, void (*done)(void *context),
                          void *context)
{
    manager->running = false;
    manager->stopping = true;
    manager->stopped = done;
    manager->stopped_context = context;
    cancel_all(manager);
    loop_timer_set_in(manager->config.loop, &manager->stop_timer, STOP_NS);
    for (uint32_t i = 0; i < manager->count; i++)
        if (manager->trackers[i].knows_us)
            announce(&manager->trackers[i], TRACKER_EVENT_STOPPED);
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

void tracker_manager_announce(struct tracker_manager *manager)
{
    const uint64_t now_ns = loop_now_ns(manager->config.loop);
    for (uint32_t i = 0; i < manager->count && manager->running; i++) {
        struct tracker *tracker = &manager->trackers[i];
        const uint32_t least_s = tracker->min_interval_s > TRACKER_INTERVAL_LEAST_S
                                     ? tracker->min_interval_s
                                     : TRACKER_INTERVAL_LEAST_S;
        if (tracker->phase != TRACKER_PHASE_OK ||
            now_ns - tracker->last_ns >= least_s * NS_PER_S)
            announce(tracker, next_event(tracker));
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
        .peers_given = tracker->peers_given,
        .next_ns = loop_timer_is_set(&tracker->timer) ? tracker->timer.at_ns : UINT64_MAX,
        .last_ns = tracker->last_ns != 0 ? tracker->last_ns : UINT64_MAX,
        .failures = tracker->failures,
    };
    return true;
}
