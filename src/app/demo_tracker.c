#include "app/demo_tracker.h"

#include "app/demo_announce.h"
#include "app/demo_plan.h"

#include <stdlib.h>
#include <string.h>

#define VISITORS_MAX 64u
#define PEERS_MAX    64u
#define DEADLINE_NS  (10 * NS_PER_S)
#define INTERVAL_S   1800u
#define ANSWER_BYTES 2048u

struct swarm_peer {
    struct netaddr address;
    bool seed;
};

struct swarm {
    struct info_hash hash;
    struct swarm_peer peers[PEERS_MAX];
    uint32_t count;
};

/* One connection: one request, one answer. */
struct visitor {
    struct visitor *next, **link;
    struct demo_tracker *tracker;
    struct stream *stream;
    struct netaddr from;
    struct loop_timer deadline;
    uint8_t request[DEMO_ANNOUNCE_BYTES_MAX];
    size_t length;
    struct buffer answer; /* begun once it is not empty */
    size_t sent;
};

struct demo_tracker {
    struct loop *loop;
    struct net *net;
    struct listener *listener;
    uint16_t port;
    struct swarm swarms[DEMO_TORRENTS_MAX];
    uint32_t swarm_count;
    struct visitor *visitors;
    uint32_t visitor_count;
};

static void visitor_free(struct visitor *visitor)
{
    loop_timer_cancel(visitor->tracker->loop, &visitor->deadline);
    stream_close(visitor->stream);
    buffer_done(&visitor->answer);
    visitor->tracker->visitor_count--;
    *visitor->link = visitor->next;
    if (visitor->next != NULL)
        visitor->next->link = visitor->link;
    free(visitor);
}

/* ---- the swarms ---- */

static struct swarm *find_swarm(struct demo_tracker *tracker,
                                const struct info_hash *hash)
{
    for (uint32_t i = 0; i < tracker->swarm_count; i++)
        if (info_hash_equal(&tracker->swarms[i].hash, hash))
            return &tracker->swarms[i];
    return NULL;
}

static void note_peer(struct swarm *swarm, const struct netaddr *address,
                      const struct demo_announce *announce)
{
    uint32_t at = 0;
    while (at < swarm->count && !netaddr_equal(&swarm->peers[at].address, address))
        at++;
    if (announce->event == DEMO_ANNOUNCE_STOPPED) {
        if (at < swarm->count)
            swarm->peers[at] = swarm->peers[--swarm->count];
        return;
    }
    if (at == PEERS_MAX)
        return;
    if (at == swarm->count)
        swarm->count++;
    swarm->peers[at] = (struct swarm_peer){*address, announce->left == 0};
}

/* Everybody but the one who asks; a seed has no use for seeds. */
static uint32_t choose_peers(const struct swarm *swarm, const struct netaddr *address,
                             const struct demo_announce *announce,
                             struct netaddr *ret_peers)
{
    uint32_t count = 0;
    if (announce->event == DEMO_ANNOUNCE_STOPPED)
        return 0;
    for (uint32_t i = 0; i < swarm->count && count < announce->numwant; i++) {
        const struct swarm_peer *peer = &swarm->peers[i];
        if (!netaddr_equal(&peer->address, address) &&
            !(peer->seed && announce->left == 0))
            ret_peers[count++] = peer->address;
    }
    return count;
}

static enum error_code answer_announce(struct visitor *visitor,
                                       const struct demo_announce *announce)
{
    struct netaddr peers[DEMO_ANNOUNCE_PEERS_MAX], address = visitor->from;
    struct demo_announce_answer answer = {.interval_s = INTERVAL_S, .peers = peers};
    struct swarm *swarm = find_swarm(visitor->tracker, &announce->hash);
    if (swarm == NULL) {
        answer.failure = "this torrent is not in the demo";
        return demo_announce_write("200 OK", &answer, &visitor->answer);
    }
    address.port = announce->port;
    note_peer(swarm, &address, announce);
    for (uint32_t i = 0; i < swarm->count; i++)
        answer.seeds += swarm->peers[i].seed;
    answer.leechers = swarm->count - answer.seeds;
    answer.peer_count = choose_peers(swarm, &address, announce, peers);
    return demo_announce_write("200 OK", &answer, &visitor->answer);
}

/* ---- visitors ---- */

static void send_answer(struct visitor *visitor)
{
    enum error_code error = ERROR_NONE;
    while (error == ERROR_NONE && visitor->sent < visitor->answer.length) {
        size_t sent = 0;
        const struct iovec iov = {visitor->answer.bytes + visitor->sent,
                                  visitor->answer.length - visitor->sent};
        error = stream_writev(visitor->stream, &iov, 1, &sent);
        if (error == ERROR_NONE)
            visitor->sent += sent;
    }
    if (error == ERROR_AGAIN)
        stream_set_interest(visitor->stream, false, true);
    else
        visitor_free(visitor);
}

static void answer(struct visitor *visitor)
{
    struct demo_announce announce;
    const struct demo_announce_answer refusal = {.failure = "not an announce"};
    enum error_code error =
        demo_announce_parse(visitor->request, visitor->length, &announce);
    if (error == ERROR_AGAIN)
        return;
    if (error == ERROR_NONE && visitor->from.family == NETADDR_V4)
        error = answer_announce(visitor, &announce);
    else if (error == ERROR_NOT_FOUND)
        error = demo_announce_write("404 Not Found", &refusal, &visitor->answer);
    else
        error = demo_announce_write("400 Bad Request", &refusal, &visitor->answer);
    if (error == ERROR_NONE)
        send_answer(visitor);
    else
        visitor_free(visitor);
}

static void on_readable(void *context)
{
    struct visitor *visitor = context;
    size_t got;
    const struct iovec iov = {visitor->request + visitor->length,
                              sizeof visitor->request - visitor->length};
    const enum error_code error = stream_readv(visitor->stream, &iov, 1, &got);
    if (error == ERROR_AGAIN)
        return;
    if (error != ERROR_NONE) {
        visitor_free(visitor);
        return;
    }
    visitor->length += got;
    answer(visitor);
}

static void on_writable(void *context)
{
    send_answer(context);
}

static void on_error(void *context, enum error_code error)
{
    (void)error;
    visitor_free(context);
}

static void on_deadline(void *context)
{
    visitor_free(context);
}

static void on_connected(void *context)
{
    (void)context;
}

static const struct stream_callbacks callbacks = {on_connected, on_readable, on_writable,
                                                  on_error};

static void on_accept(void *context, struct stream *stream, const struct netaddr *from)
{
    struct demo_tracker *tracker = context;
    struct visitor *visitor =
        tracker->visitor_count < VISITORS_MAX ? calloc(1, sizeof *visitor) : NULL;
    if (visitor == NULL) {
        stream_close(stream);
        return;
    }
    visitor->tracker = tracker;
    visitor->stream = stream;
    visitor->from = *from;
    visitor->next = tracker->visitors;
    visitor->link = &tracker->visitors;
    if (visitor->next != NULL)
        visitor->next->link = &visitor->next;
    tracker->visitors = visitor;
    tracker->visitor_count++;
    buffer_init(&visitor->answer, ANSWER_BYTES);
    loop_timer_init(&visitor->deadline, on_deadline, visitor);
    stream_set_callbacks(stream, &callbacks, visitor);
    stream_set_interest(stream, true, false);
    stream_set_heat(stream, LOOP_HOT); /* short-lived: worth a look every turn */
    if (loop_timer_set_in(tracker->loop, &visitor->deadline, DEADLINE_NS) != ERROR_NONE)
        visitor_free(visitor);
}

/* ---- life ---- */

enum error_code demo_tracker_new(struct loop *loop, struct net *net,
                                 struct demo_tracker **ret_tracker)
{
    struct demo_tracker *tracker = calloc(1, sizeof *tracker);
    struct netaddr address;
    if (tracker == NULL)
        return ERROR_MEMORY;
    tracker->loop = loop;
    tracker->net = net;
    enum error_code error = netaddr_parse("127.0.0.1", 0, &address);
    if (error == ERROR_NONE)
        error = net->listen(net->context, loop, &address, on_accept, tracker,
                            &tracker->listener, &tracker->port);
    if (error != ERROR_NONE) {
        free(tracker);
        return error;
    }
    *ret_tracker = tracker;
    return ERROR_NONE;
}

void demo_tracker_free(struct demo_tracker *tracker)
{
    if (tracker == NULL)
        return;
    while (tracker->visitors != NULL)
        visitor_free(tracker->visitors);
    tracker->net->unlisten(tracker->net->context, tracker->listener);
    free(tracker);
}

uint16_t demo_tracker_port(const struct demo_tracker *tracker)
{
    return tracker->port;
}

enum error_code demo_tracker_serve(struct demo_tracker *tracker,
                                   const struct info_hash *hash)
{
    if (tracker->swarm_count == DEMO_TORRENTS_MAX)
        return ERROR_FULL;
    tracker->swarms[tracker->swarm_count++].hash = *hash;
    return ERROR_NONE;
}
