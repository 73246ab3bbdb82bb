/* What discovery/'s own files share; nobody else includes this. */
#ifndef BTTUI_DISCOVERY_TRACKER_PRIVATE_H
#define BTTUI_DISCOVERY_TRACKER_PRIVATE_H

#include "discovery/tracker_manager.h"
#include "discovery/tracker_reply.h"

enum tracker_event {
    TRACKER_EVENT_NONE,
    TRACKER_EVENT_COMPLETED,
    TRACKER_EVENT_STARTED,
    TRACKER_EVENT_STOPPED
};

struct tracker {
    struct tracker_manager *manager;
    const char *url;
    char *masked;
    uint32_t number, tier;
    enum tracker_phase phase;
    bool knows_us; /* `started` was answered */
    bool wants_completed;
    enum tracker_event event; /* of the announce under way */
    struct http_request *request;
    struct udp_announce *udp;
    struct loop_timer timer;
    uint64_t last_ns;
    uint32_t failures;
    char message[TRACKER_TEXT_SIZE];
    char tracker_id[TRACKER_ID_BYTES + 1];
    size_t tracker_id_length;
    uint32_t seeds, leechers, peers_given, min_interval_s;
};

struct tracker_manager {
    struct tracker_manager_config config;
    struct tracker *trackers;
    uint32_t count;
    uint32_t key;
    bool running, stopping;
    struct loop_timer stop_timer;
    void (*stopped)(void *context);
    void *stopped_context;
};

/* tracker_manager.c: the answer of an announce; REPLY NULL: it failed with MESSAGE. */
void tracker_on_answer(struct tracker *tracker, const struct tracker_reply *reply,
                       const char *message, bool gone_for_good,
                       const struct netaddr *from);

/* tracker_http.c. False: it cannot be asked (MESSAGE of the tracker says why). */
bool tracker_http_announce(struct tracker *tracker);
/* tracker_udp.c */
bool tracker_udp_announce(struct tracker *tracker);
void tracker_udp_cancel(struct tracker *tracker);

#endif
