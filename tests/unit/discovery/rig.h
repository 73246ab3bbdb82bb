/* A Tracker Manager on virtual time, with HTTP and UDP trackers that do as they are told.
 */
#ifndef BTTUI_TESTS_DISCOVERY_RIG_H
#define BTTUI_TESTS_DISCOVERY_RIG_H

#include "discovery/tracker_manager.h"
#include "tests/lib/vhttp.h"
#include "tests/lib/world.h"

#define RIG_ASKED_MAX 4096

struct rig_asked {
    uint64_t at_ns;
    char url[512];    /* HTTP */
    char event[16];   /* "", "started", …, "scrape" */
    uint32_t tracker; /* which of the rig's, by the begin of the URL */
};

struct rig {
    struct world world;
    struct http *http;
    struct tracker_turns *turns; /* 20 */
    struct bus *discovery;
    struct tracker_manager *manager;
    struct metainfo_tracker trackers[100];
    uint32_t tracker_count;
    struct tracker_stats stats;
    vhttp_on_get *answer; /* of HTTP trackers; NULL: the good answer */
    struct rig_asked asked[RIG_ASKED_MAX];
    uint32_t asked_count;
    uint32_t peers, news, stops;
};

void rig_init(struct rig *rig);
void rig_add(struct rig *rig, const char *url, uint32_t tier);
void rig_begin(struct rig *rig); /* makes the manager and starts it */
void rig_done(struct rig *rig);
void rig_run(struct rig *rig, uint64_t for_ns);
void rig_stop(struct rig *rig);
/* How often TRACKER was asked with EVENT (NULL: any but scrape) since FROM. */
uint32_t rig_count(const struct rig *rig, uint32_t tracker, const char *event,
                   uint32_t from);
struct tracker_row rig_row(const struct rig *rig, uint32_t number);
/* Sets an answer's body. */
void rig_body(struct vhttp_answer *answer, const char *body);

#endif
