/* Peers that a tracker names by host (BEP 3): looked up without waiting, and held to the
 * rules of addresses (HOSTILE.md H21). */
#include "discovery/tracker_private.h"

#include <stdlib.h>

struct name_query {
    struct tracker *tracker;
    struct resolver_query *query;
    struct netaddr from;
    uint16_t port;
};

struct tracker_names {
    struct name_query queries[TRACKER_NAMES_MAX];
};

void tracker_names_cancel(struct tracker *tracker)
{
    for (uint32_t i = 0; tracker->names != NULL && i < TRACKER_NAMES_MAX; i++)
        resolver_cancel(tracker->names->queries[i].query);
    free(tracker->names);
    tracker->names = NULL;
}

static void on_resolved(void *context, const struct netaddr *addresses, uint32_t count,
                        const char *message)
{
    struct name_query *name = context;
    struct netaddr peers[RESOLVER_ADDRESSES_MAX];
    uint32_t kept = 0;
    (void)message;
    name->query = NULL;
    for (uint32_t i = 0; i < count; i++) {
        peers[kept] = addresses[i];
        peers[kept].port = name->port;
        kept += netaddr_may_nominate(&name->from, &peers[kept]) ||
                netaddr_is_stand_in(&peers[kept]);
    }
    tracker_post_peers(name->tracker, peers, kept, &name->from);
}

void tracker_names_look_up(struct tracker *tracker, const struct tracker_reply *reply,
                           const struct netaddr *from)
{
    const struct tracker_manager_config *config = &tracker->manager->config;
    tracker_names_cancel(tracker);
    if (reply->name_count == 0)
        return;
    tracker->names = calloc(1, sizeof *tracker->names);
    for (uint32_t i = 0; tracker->names != NULL && i < reply->name_count; i++) {
        struct name_query *name = &tracker->names->queries[i];
        *name = (struct name_query){
            .tracker = tracker, .from = *from, .port = reply->names[i].port};
        name->query = config->net->resolve(config->net->context, config->loop,
                                           reply->names[i].host, on_resolved, name);
    }
}
