/*
 * The trackers of one torrent: who is asked when (BEP 3, 12), with what event, and what
 * each said. All are asked at once the first time, for speed; later one of each tier,
 * the others when it fails; each waits for its turn in the session. Counts come from the
 * answers or from a scrape (BEP 48). Finds are posted on the discovery bus. Loop thread.
 */
#ifndef BTTUI_DISCOVERY_TRACKER_MANAGER_H
#define BTTUI_DISCOVERY_TRACKER_MANAGER_H

#include "base/log.h"
#include "bus/bus.h"
#include "discovery/tracker_turns.h"
#include "meta/metainfo.h"
#include "net/http.h"
#include "net/net.h"

#include <stdbool.h>
#include <stdint.h>

struct tracker_manager;

struct tracker_stats {
    uint64_t uploaded, downloaded, left;
};

struct tracker_manager_config {
    struct loop *loop;
    struct http *http;
    struct tracker_turns *turns; /* the session's; outlives the manager */
    const struct net *net;       /* UDP trackers and their names */
    const struct random_source *random;
    struct log *log;
    struct bus *discovery; /* filled: DISCOVERY_PEERS, DISCOVERY_ANNOUNCED */
    struct torrent_id torrent;
    struct info_hash hash;
    bool silent; /* DISCOVERY_ANNOUNCED is not posted */
    uint8_t peer_id[20];
    uint16_t port;
    const struct metainfo_tracker *trackers; /* copied */
    uint32_t tracker_count;
    /* The counters as they stand when an announce is made. */
    void (*stats)(void *context, struct tracker_stats *ret_stats);
    void *context;
};
struct tracker_manager *tracker_manager_new(const struct tracker_manager_config *config);
/* Ends what is under way without a word. */
void tracker_manager_free(struct tracker_manager *manager);

/* One more, the only one of a tier of its own behind the others; asked at once if the
 * others are. ERROR_EXISTS: it is one already; ERROR_FULL: there are METAINFO_MAX_URLS.
 */
enum error_code tracker_manager_add(struct tracker_manager *manager,
                                    const char *url) MUST_CHECK;
/* Takes the tracker NUMBER off the list; if it may know us it is told `stopped`, for
 * which tracker_manager_stop waits, too. Numbers after it become less by one: what is on
 * the discovery bus is to be taken first. HEIR: as for that. */
void tracker_manager_remove(struct tracker_manager *manager, uint32_t number,
                            struct tracker_manager *heir);
/* Says `started` to all, and keeps announcing. */
void tracker_manager_start(struct tracker_manager *manager);
/* Says `stopped` to those that know us; DONE comes once, when all have answered or 3 s
 * have passed, never from inside this call. HEIR: another manager that goes on to ask by
 * the same hash, or NULL; those trackers that it has, too, are told nothing, for they
 * cannot tell the two apart and would forget both. */
void tracker_manager_stop(struct tracker_manager *manager, struct tracker_manager *heir,
                          void (*done)(void *context), void *context);
const struct info_hash *tracker_manager_hash(const struct tracker_manager *manager);
void tracker_manager_completed(struct tracker_manager *manager);
/* The user's wish; not more often than the trackers' least interval. */
void tracker_manager_announce(struct tracker_manager *manager);
/* In the announces to come. */
void tracker_manager_set_port(struct tracker_manager *manager, uint16_t port);
/* Our addresses or routes have changed, or we have slept: each that works or was to be
 * tried again is asked within 45 s, unless its least interval forbids it. */
void tracker_manager_network_changed(struct tracker_manager *manager);
/* The sockets of before are of no use any more: whoever is being asked has failed, with
 * MESSAGE, through no fault of its own. */
void tracker_manager_network_lost(struct tracker_manager *manager, const char *message);

enum tracker_phase {
    TRACKER_PHASE_IDLE,
    TRACKER_PHASE_WORKING,
    TRACKER_PHASE_OK,
    TRACKER_PHASE_FAILED,
    TRACKER_PHASE_DISABLED
};
struct tracker_row {
    const char *url; /* passkeys masked */
    const char *whole_url;
    uint32_t id; /* its own, whatever is added or removed */
    uint32_t tier;
    enum tracker_phase phase;
    const char *message;
    uint32_t seeds, leechers, downloads; /* UINT32_MAX: not told */
    uint32_t peers_given;
    uint64_t next_ns, last_ns; /* on the loop's clock; UINT64_MAX: none */
    uint32_t failures;
};
bool tracker_manager_row(const struct tracker_manager *manager, uint32_t number,
                         struct tracker_row *ret_row);
uint32_t tracker_manager_count(const struct tracker_manager *manager);

#endif
