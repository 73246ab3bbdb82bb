/* Local service discovery (BEP 14) for the session's torrents: private ones (BEP 27) are
 * neither announced nor looked for. */
#include "discovery/lsd.h"
#include "discovery/lsd_message.h"
#include "net/multicast.h"
#include "torrent/network_private.h"
#include "torrent/session_private.h"

#include <stdlib.h>

struct session_lsd {
    struct session *session;
    struct lsd *lsd;
    struct multicast *groups[2]; /* IPv4, IPv6; NULL: on no such network */
    struct loop_timer timer;
};

static uint64_t now_of(const struct session_lsd *lsd)
{
    return loop_now_ns(lsd->session->loop);
}

static void on_wake(void *context)
{
    struct session_lsd *lsd = context;
    const uint64_t next_ns = lsd_next_ns(lsd->lsd);
    if (next_ns == UINT64_MAX)
        loop_timer_cancel(lsd->session->loop, &lsd->timer);
    else if (!loop_timer_is_set(&lsd->timer) || lsd->timer.at_ns != next_ns)
        loop_timer_set(lsd->session->loop, &lsd->timer, next_ns);
}

static void on_timer(void *context)
{
    struct session_lsd *lsd = context;
    lsd_run(lsd->lsd, now_of(lsd));
    on_wake(lsd);
}

static void send_packet(void *context, enum netaddr_family family, const uint8_t *bytes,
                        size_t length)
{
    struct session_lsd *lsd = context;
    struct multicast *group = lsd->groups[family == NETADDR_V6];
    if (group != NULL)
        multicast_send(group, bytes, length);
}

static void on_packet(void *context, const struct netaddr *from, const uint8_t *bytes,
                      size_t length)
{
    struct session_lsd *lsd = context;
    lsd_receive(lsd->lsd, now_of(lsd), from, bytes, length);
}

static void on_peer(void *context, const struct info_hash *hash,
                    const struct netaddr *peer)
{
    struct session_lsd *lsd = context;
    struct torrent *torrent;
    struct message message = {.type = DISCOVERY_PEERS};
    torrent = session_by_hash(lsd->session, hash);
    if (torrent == NULL || !torrent->running)
        return;
    message.torrent = torrent->id;
    message.u.peers.addresses = malloc(sizeof *peer);
    if (message.u.peers.addresses == NULL)
        return;
    message.u.peers.addresses[0] = *peer;
    message.u.peers.count = 1;
    message.u.peers.source = PEER_SOURCE_LSD;
    message.u.peers.from = *peer;
    message.u.peers.hash = *hash;
    if (bus_post(torrent->discovery, &message) != ERROR_NONE)
        message_done(&message, NULL);
    session_changed(torrent, CHANGED_TRACKERS);
}

static void close_groups(struct session_lsd *lsd)
{
    for (int i = 0; i < 2; i++) {
        multicast_close(lsd->groups[i]);
        lsd->groups[i] = NULL;
    }
}

static void open_groups(struct session_lsd *lsd)
{
    const struct session *session = lsd->session;
    close_groups(lsd);
    for (int i = 0; i < 2; i++) {
        const struct netaddr group = lsd_group(i == 0 ? NETADDR_V4 : NETADDR_V6);
        if (multicast_open(session->loop, session->config.net, &group, on_packet, lsd,
                           &lsd->groups[i]) != ERROR_NONE)
            lsd->groups[i] = NULL; /* there is none, or not now */
    }
    lsd_set_port(lsd->lsd, session->config.incoming ? session->port : 0);
}

static void follow(const struct torrent *torrent, struct session_lsd *lsd,
                   const struct info_hash *hash)
{
    if (!torrent->running || torrent->meta->is_private)
        lsd_remove(lsd->lsd, hash);
    else if (lsd_add(lsd->lsd, hash, now_of(lsd)) != ERROR_NONE)
        log_write(torrent->session->log, LOG_LEVEL_WARNING,
                  "no memory for local discovery");
}

/* A hybrid is told of by both of its hashes. */
void session_lsd_follow(struct torrent *torrent)
{
    struct session_lsd *lsd = torrent->session->lsd;
    if (lsd == NULL)
        return;
    for (uint32_t i = 0; i < torrent->hash_count; i++)
        follow(torrent, lsd, &torrent->hashes[i].hash);
}

bool session_lsd_look(const struct torrent *torrent, struct lsd_look *ret_look)
{
    const struct session_lsd *lsd = torrent->session->lsd;
    return lsd != NULL && lsd_get(lsd->lsd, &torrent->hash, ret_look);
}

void session_lsd_network_changed(struct session *session)
{
    if (session->lsd == NULL)
        return;
    open_groups(session->lsd);
    lsd_network_changed(session->lsd->lsd, now_of(session->lsd));
}

void session_lsd_network_lost(struct session *session)
{
    if (session->lsd != NULL)
        close_groups(session->lsd);
}

enum error_code session_lsd_begin(struct session *session)
{
    if (!session->config.lsd)
        return ERROR_NONE;
    struct session_lsd *lsd = calloc(1, sizeof *lsd);
    if (lsd == NULL)
        return ERROR_MEMORY;
    session->lsd = lsd;
    lsd->session = session;
    loop_timer_init(&lsd->timer, on_timer, lsd);
    const struct lsd_config config = {.random = session->config.random,
                                      .send = send_packet,
                                      .on_peer = on_peer,
                                      .on_wake = on_wake,
                                      .context = lsd};
    lsd->lsd = lsd_new(&config);
    if (lsd->lsd == NULL)
        return ERROR_MEMORY;
    open_groups(lsd);
    return ERROR_NONE;
}

void session_lsd_end(struct session *session)
{
    struct session_lsd *lsd = session->lsd;
    if (lsd == NULL)
        return;
    loop_timer_cancel(session->loop, &lsd->timer);
    close_groups(lsd);
    lsd_free(lsd->lsd);
    free(lsd);
    session->lsd = NULL;
}
