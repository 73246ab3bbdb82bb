/* Asking one tracker, and what follows from its answer: the next time, another of its
 * tier, what is posted. */
#include "base/i18n.h"
#include "discovery/tracker_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define RETRY_FIRST_S   5u
#define RETRY_MOST_S    1800u
#define RETRY_OUTAGE_S  45u
#define OUTAGE_NS       (600 * NS_PER_S)
#define REFUSED_FIRST_S 60u /* one that answers, and says no */
#define SCRAPE_NS       (1800 * NS_PER_S)

/* ---- news ---- */

static void post_news(struct tracker *tracker, bool ok, bool counts)
{
    struct tracker_manager *manager = tracker->manager;
    if (tracker->leaving || manager->config.silent)
        return; /* its number is another's */
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
                    .from = *from,
                    .hash = manager->config.hash},
    };
    if (bus_post(manager->config.discovery, &message) != ERROR_NONE)
        message_done(&message, NULL);
}

/* ---- announcing ---- */

void tracker_announce_in(struct tracker *tracker, uint64_t seconds)
{
    /* A little jitter, so that a thousand torrents do not ask at one moment. */
    const uint32_t jitter_ms = random_below(tracker->manager->config.random, 1000);
    loop_timer_set_in(tracker->manager->config.loop, &tracker->timer,
                      seconds * NS_PER_S + (seconds > 0 ? jitter_ms * NS_PER_MS : 0));
}

bool tracker_is_asked(const struct tracker *tracker)
{
    return tracker->turn.waiting || tracker->request != NULL ||
           (tracker->udp != NULL && !tracker_udp_is_scraping(tracker));
}

static void begin(struct tracker *tracker)
{
    const bool udp = strncasecmp(tracker->url, "udp:", 4) == 0;
    const enum tracker_start start =
        udp ? tracker_udp_announce(tracker) : tracker_http_announce(tracker);
    if (start != TRACKER_START_BEGUN)
        tracker_on_answer(tracker, NULL,
                          start == TRACKER_START_NEVER
                              ? _("the tracker's address cannot be used")
                              : _("the tracker could not be asked"),
                          start == TRACKER_START_NEVER, NULL);
}

void tracker_announce(struct tracker *tracker, enum tracker_event event)
{
    if (tracker_is_asked(tracker) || tracker->phase == TRACKER_PHASE_DISABLED)
        return;
    tracker_udp_cancel(tracker); /* of a scrape */
    loop_timer_cancel(tracker->manager->config.loop, &tracker->timer);
    tracker->event = event;
    tracker->offline = false;
    tracker->phase = TRACKER_PHASE_WORKING;
    post_announced(tracker, true);
    if (tracker_turn_want(&tracker->turn, event == TRACKER_EVENT_STOPPED
                                              ? TRACKER_RANK_FAREWELL
                                              : TRACKER_RANK_ANNOUNCE))
        begin(tracker);
}

/* Since it was to be asked it may have come to have more to hear. */
void tracker_on_turn(void *context)
{
    struct tracker *tracker = context;
    if (tracker->event != TRACKER_EVENT_STOPPED)
        tracker->event = tracker_next_event(tracker);
    if (tracker->udp != NULL)
        tracker_udp_send_again(tracker);
    else
        begin(tracker);
}

enum tracker_event tracker_next_event(const struct tracker *tracker)
{
    if (!tracker->knows_us)
        return TRACKER_EVENT_STARTED;
    return tracker->wants_completed ? TRACKER_EVENT_COMPLETED : TRACKER_EVENT_NONE;
}

void tracker_on_timer(void *context)
{
    struct tracker *tracker = context;
    if (tracker->leaving)
        tracker_manager_let_go(tracker);
    else if (tracker->manager->running)
        tracker_announce(tracker, tracker_next_event(tracker));
}

void tracker_ask_another(const struct tracker_manager *manager, uint32_t tier)
{
    struct tracker *other =
        manager->running && tracker_tiers_leader(manager, tier) == NULL
            ? tracker_tiers_resting(manager, tier)
            : NULL;
    if (other != NULL)
        tracker_announce_in(other, 0);
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
    tracker->failing_ns = 0;
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

/* One that has answered before, or that we cannot send anything to: for a while it is
 * presumed to be the network's fault, which may be over any moment. */
static bool may_be_outage(const struct tracker *tracker)
{
    return (tracker->knows_us || tracker->offline) &&
           tracker->last_ns - tracker->failing_ns < OUTAGE_NS;
}

static uint32_t retry_s(const struct tracker *tracker, const struct tracker_reply *reply)
{
    if (reply != NULL && reply->retry_s > 0)
        return reply->retry_s;
    const uint32_t shift = tracker->failures < 10 ? tracker->failures : 10;
    const uint32_t seconds = (reply != NULL ? REFUSED_FIRST_S : RETRY_FIRST_S) << shift;
    const uint32_t most =
        reply == NULL && may_be_outage(tracker) ? RETRY_OUTAGE_S : RETRY_MOST_S;
    return seconds < most ? seconds : most;
}

/* One of each tier goes on; the others rest until it fails. */
static void go_on(struct tracker *tracker, const struct tracker_reply *reply)
{
    struct tracker *leader = tracker_tiers_leader(tracker->manager, tracker->tier);
    if (leader == NULL) {
        tracker->is_leader = true;
        tracker_tiers_promote(tracker);
    }
    if (tracker_next_event(tracker) != TRACKER_EVENT_NONE)
        tracker_announce_in(tracker, 0); /* completed while the announce was under way */
    else if (tracker->is_leader)
        tracker_announce_in(tracker, reply->interval_s > reply->min_interval_s
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
    if (tracker->failing_ns == 0)
        tracker->failing_ns = tracker->last_ns;
    const bool led = tracker_tiers_leader(tracker->manager, tracker->tier) != NULL;
    if (!gone_for_good && (!led || tracker->wants_completed))
        tracker_announce_in(tracker, retry_s(tracker, reply));
    tracker->failures++;
    tracker_ask_another(tracker->manager, tracker->tier);
}

/* It was told that we are gone, or will find out. The user may have changed his mind. */
void tracker_on_farewell(struct tracker *tracker)
{
    tracker->knows_us = false;
    tracker->phase = TRACKER_PHASE_IDLE;
    if (tracker->manager->running || tracker->leaving)
        tracker_announce_in(tracker, 0); /* one that leaves: to be freed */
}

void tracker_on_answer(struct tracker *tracker, const struct tracker_reply *reply,
                       const char *message, bool gone_for_good,
                       const struct netaddr *from)
{
    struct tracker_manager *manager = tracker->manager;
    const bool ok = reply != NULL && !reply->failed;
    if (!tracker_udp_is_scraping(tracker))
        tracker_turn_give_back(&tracker->turn);
    if (from != NULL && netaddr_scope(from) == NETADDR_SCOPE_PUBLIC)
        tracker->was_public = true;
    if (tracker->event == TRACKER_EVENT_STOPPED) {
        tracker_on_farewell(tracker);
        tracker_manager_check_stopped(manager);
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
    tracker_ask_another(tracker->manager, tracker->tier);
    post_announced(tracker, false);
}
