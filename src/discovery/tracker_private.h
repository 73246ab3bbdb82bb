/* What discovery/'s own files share; nobody else includes this. */
#ifndef BTTUI_DISCOVERY_TRACKER_PRIVATE_H
#define BTTUI_DISCOVERY_TRACKER_PRIVATE_H

#include "discovery/tracker_manager.h"
#include "discovery/tracker_mask.h"
#include "discovery/tracker_reply.h"

enum tracker_event { /* as BEP 15 numbers them */
                     TRACKER_EVENT_NONE,
                     TRACKER_EVENT_COMPLETED,
                     TRACKER_EVENT_STARTED,
                     TRACKER_EVENT_STOPPED
};

enum tracker_rank { /* who goes first */
                    TRACKER_RANK_FAREWELL,
                    TRACKER_RANK_ANNOUNCE,
                    TRACKER_RANK_SCRAPE,
                    TRACKER_RANK_AGAIN, /* those that did not answer */
                    TRACKER_RANK_COUNT
};

/* Somebody's wish to ask, of the torrent PARTY. */
struct tracker_turn {
    struct tracker_party *party;
    void (*on_turn)(void *context);
    void *context;
    enum tracker_rank rank;
    bool waiting, taken;
    struct tracker_turn *prev, *next;
};
struct tracker_line {
    struct tracker_turn *first;
    struct tracker_line *prev, *next; /* other torrents' of the same rank */
};
struct tracker_party {
    struct tracker_turns *turns;
    struct tracker_line lines[TRACKER_RANK_COUNT];
};

struct tracker {
    struct tracker_manager *manager;
    char *url;
    char *masked;
    uint32_t id; /* its own for as long as the manager lives */
    uint32_t number, tier;
    enum tracker_phase phase;
    bool knows_us; /* `started` was answered */
    bool wants_completed;
    bool is_leader;           /* the one of its tier that is asked again and again */
    bool was_public;          /* its name led into public space: it must not elsewhere */
    bool is_slow;             /* does not answer, but is still waited for */
    enum tracker_event event; /* of the announce under way */
    struct http_request *request, *scrape;
    struct udp_announce *udp;
    struct tracker_turn turn, scrape_turn;
    struct tracker_names *names;
    struct loop_timer timer;
    uint64_t last_ns, scraped_ns, failing_ns; /* failing: since when; 0: it is not */
    bool leaving;                             /* removed: it is told so, and then freed */
    struct tracker *next_leaving;
    bool offline; /* it could not be asked for reasons of our own */
    uint32_t failures;
    char message[TRACKER_TEXT_SIZE];
    char tracker_id[TRACKER_ID_BYTES + 1];
    size_t tracker_id_length;
    uint32_t seeds, leechers, downloads, peers_given, min_interval_s;
};

struct tracker_manager {
    struct tracker_manager_config config;
    struct tracker_party party;
    struct tracker **trackers;
    uint32_t *order; /* by tier, shuffled within; whoever works moves to its front */
    uint32_t count;
    struct tracker *leaving; /* removed, and still to be told */
    uint32_t next_id;
    uint32_t key;
    bool running, stopping;
    struct loop_timer stop_timer;
    void (*stopped)(void *context);
    void *stopped_context;
};

/* tracker_turns.c */
/* Whether somebody waits for a turn that is given back. */
bool tracker_turns_are_wanted(const struct tracker_turns *turns);
/* True: TURN is taken. False: it waits; on_turn comes when it is taken, not from inside
 * the call. Not for one that waits or is taken. */
bool tracker_turn_want(struct tracker_turn *turn, enum tracker_rank rank);
/* Taken, waiting or neither: it is neither then. */
void tracker_turn_give_back(struct tracker_turn *turn);

/* tracker_manager.c */
void tracker_manager_check_stopped(struct tracker_manager *manager);
/* A removed one was told, or will not be: it is freed. */
void tracker_manager_let_go(struct tracker *tracker);

/* tracker_announce.c */
/* Whether an announce is under way or waits for its turn; a scrape is none. */
bool tracker_is_asked(const struct tracker *tracker);
/* Does nothing to one that is asked already, or disabled. */
void tracker_announce(struct tracker *tracker, enum tracker_event event);
void tracker_announce_in(struct tracker *tracker, uint64_t seconds);
enum tracker_event tracker_next_event(const struct tracker *tracker);
/* Nobody of the tier answers: one more of it is asked. */
void tracker_ask_another(const struct tracker_manager *manager, uint32_t tier);
void tracker_on_timer(void *tracker);
void tracker_on_turn(void *tracker);
void tracker_on_farewell(struct tracker *tracker);
void tracker_post_peers(struct tracker *tracker, const struct netaddr *peers,
                        uint32_t count, const struct netaddr *from);
/* The answer of an announce; REPLY NULL: it failed with MESSAGE. */
void tracker_on_answer(struct tracker *tracker, const struct tracker_reply *reply,
                       const char *message, bool gone_for_good,
                       const struct netaddr *from);
/* It has not answered for long: others of its tier are asked meanwhile. */
void tracker_on_slow(struct tracker *tracker, const char *message);
void tracker_on_counts(struct tracker *tracker, const struct tracker_reply *reply);

enum tracker_start {
    TRACKER_START_BEGUN, /* tracker_on_answer comes, but never from inside the call */
    TRACKER_START_FAILED,
    TRACKER_START_NEVER /* nobody can be asked at such an address */
};

/* tracker_http.c */
enum tracker_start tracker_http_announce(struct tracker *tracker);
void tracker_http_scrape(struct tracker *tracker); /* tracker_on_counts, if it can be */
void tracker_http_on_scrape_turn(void *tracker);
void tracker_http_cancel(struct tracker *tracker); /* its turns are given back */
/* tracker_udp.c: an announce is followed by a scrape in the same conversation, and
 * keeps its turn for that if nobody waits for one. */
enum tracker_start tracker_udp_announce(struct tracker *tracker);
void tracker_udp_cancel(struct tracker *tracker); /* its turn is given back */
bool tracker_udp_is_scraping(const struct tracker *tracker);
/* Its turn came to be sent to again, after silence. */
void tracker_udp_send_again(struct tracker *tracker);

/* tracker_names.c: looks up the peers REPLY names by host, instead of those before. */
void tracker_names_look_up(struct tracker *tracker, const struct tracker_reply *reply,
                           const struct netaddr *from);
void tracker_names_cancel(struct tracker *tracker);

/* tracker_tiers.c (BEP 12) */
void tracker_tiers_shuffle(struct tracker_manager *manager);
void tracker_tiers_promote(struct tracker *tracker);
struct tracker *tracker_tiers_leader(const struct tracker_manager *manager,
                                     uint32_t tier); /* NULL: none */
/* The first of the tier that rests: not the leader, asked by nobody, to be asked never.
 */
struct tracker *tracker_tiers_resting(const struct tracker_manager *manager,
                                      uint32_t tier);

#endif
