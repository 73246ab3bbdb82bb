#include "tests/unit/discovery/rig.h"

#include "tests/lib/vnet_private.h"

#include <check.h>
#include <string.h>

static void give_stats(void *context, struct tracker_stats *ret_stats)
{
    *ret_stats = ((struct rig *)context)->stats;
}

void rig_body(struct vhttp_answer *answer, const char *body)
{
    answer->length = strlen(body);
    memcpy(answer->body, body, answer->length);
}

static void copy_event(const char *url, char ret_event[16])
{
    const char *at = strstr(url, "&event=");
    ret_event[0] = '\0';
    if (strstr(url, "/scrape") != NULL)
        strcpy(ret_event, "scrape");
    else if (at != NULL)
        memcpy(ret_event, at + 7, strnlen(at + 7, 15) + 1);
    if (strchr(ret_event, '&') != NULL)
        *strchr(ret_event, '&') = '\0';
}

static void on_get(void *context, const char *url, struct vhttp_answer *answer)
{
    struct rig *rig = context;
    struct rig_asked *asked = &rig->asked[rig->asked_count++];
    ck_assert_uint_le(rig->asked_count, RIG_ASKED_MAX);
    asked->at_ns = rig->world.clock.now_ns;
    snprintf(asked->url, sizeof asked->url, "%s", url);
    copy_event(url, asked->event);
    asked->tracker = UINT32_MAX;
    for (uint32_t i = 0; i < rig->tracker_count; i++) {
        const size_t host = strcspn(rig->trackers[i].url + 7, "/") + 7;
        if (strncmp(url, rig->trackers[i].url, host + 1) == 0)
            asked->tracker = i;
    }
    if (rig->answer != NULL)
        rig->answer(rig, url, answer);
    else
        rig_body(answer, "d8:completei3e10:downloadedi7e10:incompletei4e8:intervali1800e"
                         "5:peers6:\x0a\x01\x02\x03\x1a\xe1"
                         "e");
}

void rig_init(struct rig *rig)
{
    memset(rig, 0, sizeof *rig);
    world_init(&rig->world, 3);
    rig->http = http_new(rig->world.loop, "test", NULL);
    vhttp_serve(rig->http, on_get, rig);
    rig->turns = tracker_turns_new(rig->world.loop, 20);
    rig->discovery = bus_new(10000);
    rig->stats.left = 1000;
}

void rig_add(struct rig *rig, const char *url, uint32_t tier)
{
    rig->trackers[rig->tracker_count].url = strdup(url);
    rig->trackers[rig->tracker_count++].tier = tier;
}

void rig_begin(struct rig *rig)
{
    struct tracker_manager_config config = {
        .loop = rig->world.loop,
        .http = rig->http,
        .turns = rig->turns,
        .net = vnet_host(rig->world.vnet, "10.0.0.1"),
        .random = &rig->world.random.source,
        .discovery = rig->discovery,
        .torrent = {1, 1},
        .port = 6881,
        .trackers = rig->trackers,
        .tracker_count = rig->tracker_count,
        .stats = give_stats,
        .context = rig,
    };
    memcpy(config.hash.bytes, "\x01hash of twenty byt\xff", sizeof config.hash.bytes);
    memcpy(config.peer_id, "-BT0100-abcdefghijkl", sizeof config.peer_id);
    rig->manager = tracker_manager_new(&config);
    ck_assert_ptr_nonnull(rig->manager);
    tracker_manager_start(rig->manager);
}

static void drain(struct rig *rig)
{
    struct message message;
    while (bus_take(rig->discovery, &message)) {
        rig->news += message.type == DISCOVERY_ANNOUNCED;
        if (message.type == DISCOVERY_PEERS)
            rig->peers += message.u.peers.count;
        message_done(&message, NULL);
    }
}

void rig_run(struct rig *rig, uint64_t for_ns)
{
    world_run(&rig->world, for_ns);
    drain(rig);
}

static void on_stopped(void *context)
{
    ((struct rig *)context)->stops++;
}

void rig_stop(struct rig *rig)
{
    tracker_manager_stop(rig->manager, NULL, on_stopped, rig);
}

void rig_done(struct rig *rig)
{
    tracker_manager_free(rig->manager);
    ck_assert_uint_eq(vhttp_under_way(rig->http), 0);
    ck_assert_uint_eq(vnet_open_datagrams(rig->world.vnet), 0);
    http_free(rig->http);
    tracker_turns_free(rig->turns);
    drain(rig);
    bus_free(rig->discovery, NULL);
    for (uint32_t i = 0; i < rig->tracker_count; i++)
        free(rig->trackers[i].url);
    world_done(&rig->world);
}

uint32_t rig_count(const struct rig *rig, uint32_t tracker, const char *event,
                   uint32_t from)
{
    uint32_t count = 0;
    for (uint32_t i = from; i < rig->asked_count; i++)
        count += rig->asked[i].tracker == tracker &&
                 (event != NULL ? strcmp(rig->asked[i].event, event) == 0
                                : strcmp(rig->asked[i].event, "scrape") != 0);
    return count;
}

struct tracker_row rig_row(const struct rig *rig, uint32_t number)
{
    struct tracker_row row;
    ck_assert(tracker_manager_row(rig->manager, number, &row));
    return row;
}
