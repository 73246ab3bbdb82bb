#include "net/utp_private.h"

#include <stdlib.h>
#include <string.h>

#define CONNECTIONS_MAX  4096u
#define UNCONFIRMED_MAX  128u
#define ROOM_FIRST       (1024u * 1024)
#define THEIR_ROOM_FIRST (64u * 1024)
#define RESET_BEHIND_MAX 2048u

uint64_t utp_now_ns(struct utp *utp)
{
    return utp->now_ns != 0 ? utp->now_ns : clock_now_ns(loop_clock(utp->config.loop));
}

/* ---- the table ---- */

static struct utp_key key_of(const struct netaddr *remote, uint16_t id)
{
    struct utp_key key;
    memset(&key, 0, sizeof key); /* what lies between the fields is hashed, too */
    key.remote.family = remote->family;
    memcpy(key.remote.bytes, remote->bytes, sizeof key.remote.bytes);
    key.remote.port = remote->port;
    key.id = id;
    return key;
}

static struct utp_connection *find(struct utp *utp, const struct netaddr *remote,
                                   uint16_t id)
{
    struct utp_connection *found = utp->last;
    if (found != NULL && found->key.id == id && netaddr_equal(&found->key.remote, remote))
        return found;
    const struct utp_key key = key_of(remote, id);
    HASH_FIND(hh, utp->connections, &key, sizeof key, found);
    if (found != NULL)
        utp->last = found;
    return found;
}

static struct utp_connection *connection_new(struct utp *utp,
                                             const struct netaddr *remote, uint16_t id)
{
    if (utp->count >= CONNECTIONS_MAX)
        return NULL;
    struct utp_connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL)
        return NULL;
    connection->stream.ops = &utp_stream_ops;
    connection->stream.remote = *remote;
    connection->stream.kind = STREAM_UTP;
    connection->utp = utp;
    connection->key = key_of(remote, id);
    HASH_ADD(hh, utp->connections, key, sizeof connection->key, connection);
    if (connection->hh.tbl == NULL) {
        free(connection);
        return NULL;
    }
    utp->count++;
    connection->sequence = (uint16_t)random_u32(utp->config.random);
    connection->end = connection->sequence;
    connection->acked = (uint16_t)(connection->sequence - 1);
    connection->room = ROOM_FIRST;
    connection->their_window = THEIR_ROOM_FIRST;
    connection->reading = true;
    connection->progress_ns = connection->sent_ns = connection->flight_ns =
        utp_now_ns(utp);
    utp_mtu_init(&connection->mtu, remote->family == NETADDR_V6);
    utp_window_init(&connection->window, connection->mtu.passes - UTP_HEADER_BYTES);
    loop_timer_init(&connection->timer, utp_on_timer, connection);
    return connection;
}

static void leave_table(struct utp_connection *connection)
{
    struct utp *utp = connection->utp;
    if (connection->freed)
        return;
    connection->freed = true;
    HASH_DELETE(hh, utp->connections, connection);
    if (utp->last == connection)
        utp->last = NULL;
    utp->count--;
    utp->unconfirmed -= connection->state == UTP_SYN_RECEIVED;
    loop_timer_cancel(utp->config.loop, &connection->timer);
    utp_drop_out(connection);
    utp_drop_in(connection);
}

/* Where it is in use further up, that is where it ends. */
void utp_connection_free(struct utp_connection *connection)
{
    leave_table(connection);
    if (!connection->in_batch && !connection->in_callback)
        free(connection);
}

/* ---- packets ---- */

static void forget_oldest_unconfirmed(struct utp *utp)
{
    for (struct utp_connection *at = utp->connections; at != NULL; at = at->hh.next)
        if (at->state == UTP_SYN_RECEIVED) { /* the table is in the order they came */
            utp_connection_free(at);
            return;
        }
}

/* As long as it has not answered, what we keep of it and send to it is little (W8). */
static void on_syn(struct utp *utp, const struct netaddr *from,
                   const struct utp_packet *packet)
{
    const uint16_t id = (uint16_t)(packet->connection_id + 1);
    struct utp_connection *connection = find(utp, from, id);
    if (connection != NULL) {
        if (connection->state == UTP_SYN_RECEIVED &&
            packet->sequence == connection->received)
            utp_send_state(connection);
        return;
    }
    if (utp->config.on_accept == NULL)
        return;
    if (utp->unconfirmed >= UNCONFIRMED_MAX)
        forget_oldest_unconfirmed(utp);
    connection = connection_new(utp, from, id);
    if (connection == NULL)
        return;
    connection->state = UTP_SYN_RECEIVED;
    utp->unconfirmed++;
    connection->send_id = packet->connection_id;
    connection->received = packet->sequence;
    connection->reply_us = (uint32_t)(utp_now_ns(utp) / NS_PER_US) - packet->timestamp_us;
    utp_send_state(connection);
    utp_set_timer(connection);
}

/* Who knows our sequence number has got our answer. */
static bool confirm(struct utp_connection *connection, const struct utp_packet *packet,
                    const struct netaddr *from)
{
    struct utp *utp = connection->utp;
    if (packet->ack != connection->acked)
        return false;
    utp->unconfirmed--;
    connection->state = UTP_CONNECTED;
    connection->told = true;
    connection->in_callback = true;
    utp->config.on_accept(utp->config.accept_context, &connection->stream, from);
    connection->in_callback = false;
    return true;
}

static bool on_syn_answer(struct utp_connection *connection,
                          const struct utp_packet *packet)
{
    if (packet->type != UTP_STATE || packet->ack != connection->acked)
        return false;
    const uint64_t now_ns = utp_now_ns(connection->utp);
    connection->state = UTP_CONNECTED;
    connection->received = (uint16_t)(packet->sequence - 1);
    connection->window.rto_ns = NS_PER_S;
    if (connection->timeouts == 0)
        utp_window_on_rtt(&connection->window, now_ns - connection->sent_ns);
    connection->timeouts = 0;
    connection->progress_ns = now_ns;
    return true;
}

/* By the other of the two ids, too: that is how who has forgotten us answers. */
static void on_reset(struct utp *utp, const struct netaddr *from,
                     const struct utp_packet *packet)
{
    struct utp_connection *connection = find(utp, from, packet->connection_id);
    for (int other = -1; connection == NULL && other <= 1; other += 2) {
        connection = find(utp, from, (uint16_t)(packet->connection_id + other));
        if (connection != NULL && connection->send_id != packet->connection_id)
            connection = NULL;
    }
    if (connection == NULL || connection->state == UTP_SYN_RECEIVED ||
        (uint16_t)(connection->end - 1 - packet->ack) > RESET_BEHIND_MAX)
        return;
    utp_fail(connection, ERROR_CLOSED);
}

static void on_connections_packet(struct utp_connection *connection,
                                  const struct utp_packet *packet,
                                  const struct netaddr *from)
{
    if (connection->state == UTP_DEAD ||
        (connection->state == UTP_SYN_SENT && !on_syn_answer(connection, packet)) ||
        (connection->state == UTP_SYN_RECEIVED && !confirm(connection, packet, from)))
        return;
    utp_put_in_batch(connection);
    if (connection->freed || !utp_on_acks(connection, packet))
        return;
    if (packet->type == UTP_DATA || packet->type == UTP_FIN)
        utp_on_data(connection, packet);
}

static void on_packet(void *context, const struct netaddr *from, const uint8_t *bytes,
                      size_t length)
{
    struct utp *utp = context;
    struct utp_packet packet;
    if (utp_packet_read(bytes, length, &packet) != ERROR_NONE)
        return;
    if (utp->now_ns == 0)
        utp->now_ns = clock_now_ns(loop_clock(utp->config.loop));
    if (packet.type == UTP_SYN) {
        on_syn(utp, from, &packet);
        return;
    }
    if (packet.type == UTP_RESET) {
        on_reset(utp, from, &packet);
        return;
    }
    struct utp_connection *connection = find(utp, from, packet.connection_id);
    if (connection != NULL)
        on_connections_packet(connection, &packet, from);
    else if (packet.type != UTP_STATE)
        utp_send_reset(utp, from, packet.connection_id, packet.sequence);
}

static void on_batch_end(void *context)
{
    utp_run_batch(context);
}

/* ---- the port ---- */

/* Only who is not connected yet believes such news: anybody may forge it. */
static void on_refused(void *context, const struct netaddr *to, enum error_code error)
{
    struct utp *utp = context;
    struct utp_connection *at, *next;
    HASH_ITER(hh, utp->connections, at, next)
    {
        if (!netaddr_equal(&at->key.remote, to))
            continue;
        if (at->state == UTP_SYN_SENT && error != ERROR_LIMIT && !at->insists)
            utp_fail(at, error);
        else if (at->state == UTP_CONNECTED && error == ERROR_LIMIT)
            utp_lose_probe(at);
    }
}

static void on_writable(void *context)
{
    struct utp *utp = context;
    if (!utp->blocked)
        return;
    utp->blocked = false;
    for (struct utp_connection *at = utp->connections; at != NULL && !utp->blocked;
         at = at->hh.next) {
        if (at->state != UTP_CONNECTED)
            continue;
        utp_send_ready(at);
        if (at->writing && utp_queue_has_room(at))
            utp_call_soon(at);
    }
}

/* Whoever has called by a socket that is gone waits in vain. */
static void on_changed(void *context)
{
    struct utp *utp = context;
    struct utp_connection *at, *next;
    HASH_ITER(hh, utp->connections, at, next)
    {
        const enum netaddr_family family = (enum netaddr_family)at->key.remote.family;
        if (at->state == UTP_SYN_SENT && udp_port_number(utp->config.port, family) == 0)
            utp_fail(at, ERROR_OFFLINE);
    }
}

static const struct udp_receiver receiver = {on_packet, on_batch_end, on_refused,
                                             on_writable, on_changed};

/* ---- life ---- */

static void on_again(void *context)
{
    utp_run_batch(context);
}

struct utp *utp_new(const struct utp_config *config)
{
    struct utp *utp = calloc(1, sizeof *utp);
    if (utp == NULL)
        return NULL;
    utp->config = *config;
    loop_timer_init(&utp->again, on_again, utp);
    udp_port_set_receiver(config->port, UDP_KIND_UTP, &receiver, utp);
    return utp;
}

void utp_free(struct utp *utp)
{
    if (utp == NULL)
        return;
    udp_port_set_receiver(utp->config.port, UDP_KIND_UTP, NULL, NULL);
    udp_port_flush(utp->config.port);
    while (utp->batch != NULL) {
        struct utp_connection *at = utp->batch;
        utp->batch = at->next_in_batch;
        at->in_batch = false;
        if (at->freed)
            free(at);
    }
    while (utp->connections != NULL)
        utp_connection_free(utp->connections);
    loop_timer_cancel(utp->config.loop, &utp->again);
    utp_drop_spare(utp);
    free(utp);
}

enum error_code utp_connect(struct utp *utp, const struct netaddr *to,
                            struct stream **ret_stream)
{
    struct utp_connection *connection;
    uint16_t id;
    if (udp_port_number(utp->config.port, (enum netaddr_family)to->family) == 0)
        return ERROR_OFFLINE;
    do
        id = (uint16_t)random_u32(utp->config.random);
    while (find(utp, to, id) != NULL);
    connection = connection_new(utp, to, id);
    if (connection == NULL)
        return ERROR_FULL;
    connection->state = UTP_SYN_SENT;
    connection->send_id = (uint16_t)(id + 1);
    /* the SYN has a number of its own, which is what their answer acknowledges */
    utp_send_syn(connection);
    utp_set_timer(connection);
    *ret_stream = &connection->stream;
    return ERROR_NONE;
}

void utp_insist(struct stream *stream)
{
    ((struct utp_connection *)(void *)stream)->insists = true;
}

uint32_t utp_connections(const struct utp *utp)
{
    return utp->count;
}

uint32_t utp_unconfirmed(const struct utp *utp)
{
    return utp->unconfirmed;
}

void utp_get_look(const struct stream *stream, struct utp_look *ret_look)
{
    const struct utp_connection *connection =
        (const struct utp_connection *)(const void *)stream;
    *ret_look = (struct utp_look){
        .window_bytes = (uint32_t)connection->window.bytes,
        .flying_bytes = connection->flying_bytes,
        .packet_bytes = connection->mtu.passes,
        .srtt_ns = connection->window.srtt_ns,
        .queued_us = utp_delay_queued_us(&connection->ours),
        .resent = connection->resent,
    };
}
