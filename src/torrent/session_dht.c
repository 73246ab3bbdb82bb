/* The session's DHT nodes, one a family, on the UDP port that uTP shares, and the
 * torrents that look for peers through them. A private torrent (BEP 27) never does. */
#include "net/udp_port.h"
#include "peer/peer_manager.h"
#include "torrent/network_private.h"
#include "torrent/session_dht_private.h"
#include "torrent/session_private.h"

#include <stdlib.h>

static uint64_t now_of(const struct session_dht *dht)
{
    return loop_now_ns(dht->session->loop);
}

/* ---- the nodes' time ---- */

static void set_timer(struct session_dht_side *side)
{
    struct loop *loop = side->owner->session->loop;
    const uint64_t next_ns = dht_next_ns(side->node);
    if (next_ns == UINT64_MAX)
        loop_timer_cancel(loop, &side->timer);
    else if (!loop_timer_is_set(&side->timer) || side->timer.at_ns != next_ns)
        loop_timer_set(loop, &side->timer, next_ns);
}

/* The number of nodes is in the header. */
static void tell_nodes(struct session_dht_side *side)
{
    struct dht_look look;
    const struct message event = {.type = EVENT_SESSION_CHANGED,
                                  .u.changed.what = CHANGED_STATE};
    dht_get_look(side->node, &look);
    if (look.nodes == side->shown)
        return;
    side->shown = look.nodes;
    event_bus_post(side->owner->session->events, &event);
}

static void on_timer(void *context)
{
    struct session_dht_side *side = context;
    dht_run(side->node, now_of(side->owner));
    tell_nodes(side);
    set_timer(side);
}

static void on_wake(void *context)
{
    tell_nodes(context);
    set_timer(context);
}

/* ---- packets ---- */

static void on_packet(void *context, const struct netaddr *from, const uint8_t *bytes,
                      size_t length)
{
    struct session_dht *dht = context;
    dht_receive(session_dht_side_of(dht, from)->node, now_of(dht), from, bytes, length);
}

static enum error_code send_packet(void *context, const struct netaddr *to,
                                   const uint8_t *bytes, size_t length)
{
    struct session_dht_side *side = context;
    return udp_port_send(side->owner->session->udp, to, bytes, length, false);
}

/* Who can reach us is told where. */
static void tell_port(struct session *session)
{
    uint16_t port = udp_port_number(session->udp, NETADDR_V4);
    if (port == 0)
        port = udp_port_number(session->udp, NETADDR_V6);
    peer_shared_set_dht_port(session->peers, session->config.incoming ? port : 0);
}

/* Other sockets, perhaps another port: whoever is announced is announced anew. */
static void on_changed(void *context)
{
    struct session_dht *dht = context;
    struct session *session = dht->session;
    tell_port(session);
    for (int i = 0; i < 2; i++)
        dht_network_changed(dht->sides[i].node, now_of(dht));
    for (uint32_t i = 0; i < session->count; i++)
        session_dht_follow(session_torrent(session, session->order[i]));
}

/* ---- what was found ---- */

static void on_peers(void *context, const struct info_hash *hash,
                     const struct netaddr *from, const struct netaddr *peers,
                     uint32_t count)
{
    struct session_dht_side *side = context;
    struct torrent *torrent = session_by_hash(side->owner->session, hash);
    struct message message = {.type = DISCOVERY_PEERS};
    if (torrent == NULL || !torrent->running)
        return;
    message.torrent = torrent->id;
    message.u.peers.addresses = malloc(count * sizeof *peers);
    if (message.u.peers.addresses == NULL)
        return;
    memcpy(message.u.peers.addresses, peers, count * sizeof *peers);
    message.u.peers.count = count;
    message.u.peers.source = PEER_SOURCE_DHT;
    message.u.peers.from = *from;
    message.u.peers.hash = *hash;
    if (bus_post(torrent->discovery, &message) != ERROR_NONE)
        message_done(&message, NULL);
    session_changed(torrent, CHANGED_TRACKERS | CHANGED_STATE);
}

static void on_searched(void *context, const struct info_hash *hash)
{
    struct session_dht_side *side = context;
    struct torrent *torrent = session_by_hash(side->owner->session, hash);
    if (torrent != NULL)
        session_changed(torrent, CHANGED_TRACKERS | CHANGED_STATE);
}

/* ---- torrents ---- */

static bool is_allowed(const struct torrent *torrent)
{
    return torrent->session->dht != NULL && torrent->running &&
           !torrent->meta->is_private;
}

static void follow(struct torrent *torrent, const struct info_hash *hash)
{
    struct session *session = torrent->session;
    struct dht_search_config config = {.hash = *hash, .seed = torrent->complete};
    for (int i = 0; i < 2; i++) {
        struct session_dht_side *side = &session->dht->sides[i];
        /* No gateway stands before IPv6. */
        const uint16_t port = i == 0 ? session_public_port(session) : session->port;
        config.port = session->config.incoming ? port : 0;
        if (!is_allowed(torrent))
            dht_search_end(side->node, hash);
        else if (dht_search(side->node, now_of(session->dht), &config) != ERROR_NONE)
            log_write(session->log, LOG_LEVEL_WARNING, "no memory for the DHT");
    }
}

/* A hybrid is looked for by both of its hashes. */
void session_dht_follow(struct torrent *torrent)
{
    for (uint32_t i = 0; torrent->session->dht != NULL && i < torrent->hash_count; i++)
        follow(torrent, &torrent->hashes[i].hash);
}

void session_dht_again(struct torrent *torrent)
{
    struct session *session = torrent->session;
    for (int i = 0; session->dht != NULL && i < 2; i++)
        for (uint32_t k = 0; k < torrent->hash_count; k++)
            dht_search_again(session->dht->sides[i].node, now_of(session->dht),
                             &torrent->hashes[k].hash);
}

bool session_dht_search(const struct torrent *torrent, struct session_dht_look *ret_look)
{
    const struct session_dht *dht = torrent->session->dht;
    struct dht_search_look looks[2] = {0};
    bool there = false, first_is_dead = false;
    if (dht == NULL)
        return false;
    *ret_look = (struct session_dht_look){.last_ns = UINT64_MAX, .next_ns = UINT64_MAX};
    for (int i = 0; i < 2; i++) {
        struct dht_look look;
        dht_get_look(dht->sides[i].node, &look);
        ret_look->nodes += look.nodes;
        if (!dht_search_get(dht->sides[i].node, &torrent->hash, &looks[i]))
            continue;
        there = true;
        ret_look->working |= looks[i].working && look.nodes > 0;
        ret_look->found += looks[i].found;
        ret_look->announced += looks[i].announced;
        /* A family without nodes is tried often, and says nothing of when. */
        const bool counts = look.nodes > 0 || ret_look->nodes == 0;
        if (counts && (looks[i].next_ns < ret_look->next_ns || i == 0 || first_is_dead))
            ret_look->next_ns = looks[i].next_ns;
        first_is_dead = look.nodes == 0;
        if (looks[i].last_ns != UINT64_MAX &&
            (ret_look->last_ns == UINT64_MAX || looks[i].last_ns > ret_look->last_ns))
            ret_look->last_ns = looks[i].last_ns;
    }
    return there;
}

uint32_t session_dht_nodes(const struct session *session)
{
    uint32_t nodes = 0;
    if (session->dht == NULL)
        return UINT32_MAX;
    for (int i = 0; i < 2; i++) {
        struct dht_look look;
        dht_get_look(session->dht->sides[i].node, &look);
        nodes += look.nodes;
    }
    return nodes;
}

/* ---- its life ---- */

void session_dht_ping(void *context, const struct netaddr *address)
{
    struct session *session = context;
    if (session->dht != NULL)
        dht_ping(session_dht_side_of(session->dht, address)->node, now_of(session->dht),
                 address);
}

void session_dht_network_changed(struct session *session)
{
    struct session_dht *dht = session->dht;
    if (dht == NULL)
        return;
    for (int i = 0; i < 2; i++)
        dht_network_changed(dht->sides[i].node, now_of(dht));
    if (dht->names_failed)
        session_dht_start(dht);
}

static bool make_sides(struct session_dht *dht)
{
    const struct session_config *session = &dht->session->config;
    for (int i = 0; i < 2; i++) {
        struct session_dht_side *side = &dht->sides[i];
        const struct dht_config config = {
            .family = i == 0 ? NETADDR_V4 : NETADDR_V6,
            .random = session->random,
            .read_only = !session->incoming,
            .now_ns = now_of(dht),
            .send = send_packet,
            .on_peers = on_peers,
            .on_searched = on_searched,
            .on_wake = on_wake,
            .context = side,
        };
        side->owner = dht;
        side->node = dht_new(&config);
        loop_timer_init(&side->timer, on_timer, side);
        if (side->node == NULL)
            return false;
    }
    dht_pair(dht->sides[0].node, dht->sides[1].node);
    return true;
}

enum error_code session_dht_begin(struct session *session)
{
    const struct udp_receiver receiver = {.on_packet = on_packet,
                                          .on_changed = on_changed};
    if (!session->config.dht)
        return ERROR_NONE;
    struct session_dht *dht = calloc(1, sizeof *dht);
    if (dht == NULL)
        return ERROR_MEMORY;
    session->dht = dht;
    dht->session = session;
    if (!make_sides(dht))
        return ERROR_MEMORY;
    session_dht_restore(dht);
    session_dht_start(dht);
    udp_port_set_receiver(session->udp, UDP_KIND_DHT, &receiver, dht);
    tell_port(session);
    for (int i = 0; i < 2; i++)
        set_timer(&dht->sides[i]);
    return ERROR_NONE;
}

void session_dht_end(struct session *session)
{
    struct session_dht *dht = session->dht;
    if (dht == NULL)
        return;
    udp_port_set_receiver(session->udp, UDP_KIND_DHT, NULL, NULL);
    session_dht_drop_names(dht);
    for (int i = 0; i < 2; i++) {
        loop_timer_cancel(session->loop, &dht->sides[i].timer);
        dht_free(dht->sides[i].node);
    }
    loop_timer_cancel(session->loop, &dht->save_timer);
    free(dht);
    session->dht = NULL;
}
