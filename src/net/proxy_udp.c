/* The UDP port of a session through the proxy (RFC 1928, UDP ASSOCIATE): a connection to
 * it that asks for a relay and stands as long as that is wanted, and a socket that
 * speaks to the relay alone. Made when there is something to send; when it breaks it is
 * made again, after longer and longer pauses, and nothing is sent meanwhile. */
#include "net/proxy_answers.h"
#include "net/proxy_private.h"

#include <stdlib.h>
#include <string.h>

#define PAUSE_LEAST_NS NS_PER_S
#define PAUSE_MOST_NS  (120 * NS_PER_S)
#define LASTS_NS       (60 * NS_PER_S) /* then it was a good one */
#define ANSWER_NS      (15 * NS_PER_S) /* the proxy has for its answer */
#define GROUP_PACKETS  32u             /* that are handed on at once */
#define GROUP_BYTES    (UDP_PACKET_MAX + GROUP_PACKETS * SOCKS_HEADER_MOST)

struct proxied_udp {
    struct udp_socket udp; /* first */
    struct proxy *proxy;
    struct loop *loop;
    uint8_t family;         /* of those it is for */
    struct stream *control; /* NULL: none */
    struct udp_socket *relay;
    struct netaddr relay_address;
    struct loop_timer timer; /* to make one, or to wait no longer */
    uint64_t pause_ns, made_ns;
    bool failed;    /* the last one did; another is made at the timer */
    bool owed;      /* on_writable */
    uint8_t *group; /* GROUP_BYTES; made when first needed */
    struct proxy_answers answers;
};

static struct proxied_udp *of(struct udp_socket *udp)
{
    return (struct proxied_udp *)(void *)udp;
}

static void tell_writable(struct proxied_udp *self)
{
    self->owed = false;
    self->udp.callbacks->on_writable(self->udp.context);
}

/* ---- an association ends ---- */

static void let_go(struct proxied_udp *self)
{
    udp_socket_close(self->relay);
    stream_close(self->control);
    self->relay = NULL;
    self->control = NULL;
}

/* Whoever waits to send learns that it is in vain. */
static void lose(struct proxied_udp *self)
{
    const bool good =
        self->relay != NULL && loop_now_ns(self->loop) - self->made_ns >= LASTS_NS;
    let_go(self);
    self->failed = true;
    self->pause_ns = good || self->pause_ns == 0 ? PAUSE_LEAST_NS : self->pause_ns * 2;
    if (self->pause_ns > PAUSE_MOST_NS)
        self->pause_ns = PAUSE_MOST_NS;
    loop_timer_set_in(self->loop, &self->timer, self->pause_ns);
    if (self->owed)
        tell_writable(self);
}

/* ---- the relay ---- */

static void on_packet(void *context, const struct netaddr *from, const uint8_t *bytes,
                      size_t length)
{
    struct proxied_udp *self = context;
    struct netaddr sender;
    size_t at;
    if (!netaddr_equal(from, &self->relay_address) ||
        !socks_read_header(bytes, length, &sender, &at))
        return;
    sender = proxy_answers_from(&self->answers, &sender, loop_now_ns(self->loop));
    if (sender.family == self->family)
        self->udp.callbacks->on_packet(self->udp.context, &sender, bytes + at,
                                       length - at);
}

static void on_batch_end(void *context)
{
    struct proxied_udp *self = context;
    self->udp.callbacks->on_batch_end(self->udp.context);
}

/* Of the relay: the connection tells when that is gone. */
static void on_refused(void *context, const struct netaddr *to, enum error_code error)
{
    (void)context, (void)to, (void)error;
}

static void on_relay_writable(void *context)
{
    tell_writable(context);
}

static const struct udp_socket_callbacks relay_callbacks = {
    on_packet, on_batch_end, on_refused, on_relay_writable};

/* Any address of the family, or the one that all is tied to. */
static enum error_code open_relay(struct proxied_udp *self)
{
    const struct net *inner = self->proxy->inner;
    struct net_bound bound;
    struct netaddr local = {.family = self->relay_address.family}, tied;
    uint16_t port;
    inner->bound(inner->context, &bound);
    if (bound.to != NULL && netaddr_parse(bound.to, 0, &tied) == ERROR_NONE)
        local = tied;
    if (self->relay_address.port == 0 || local.family != self->relay_address.family)
        return ERROR_PROTOCOL;
    return inner->open_udp(inner->context, self->loop, &local, &relay_callbacks, self,
                           &self->relay, &port);
}

/* ---- the connection that stands for it ---- */

static void on_connected(void *context)
{
    struct proxied_udp *self = context;
    self->relay_address = proxy_relay_of(self->proxy, self->control);
    loop_timer_cancel(self->loop, &self->timer);
    if (open_relay(self) != ERROR_NONE) {
        lose(self);
        return;
    }
    self->made_ns = loop_now_ns(self->loop);
    self->failed = false;
    proxy_set_no_relay(self->proxy, NULL);
    tell_writable(self);
}

/* It has nothing to say any more; whoever says something is no proxy. */
static void on_readable(void *context)
{
    struct proxied_udp *self = context;
    uint8_t bytes[64];
    size_t got;
    const struct iovec iov = {bytes, sizeof bytes};
    if (stream_readv(self->control, &iov, 1, &got) != ERROR_AGAIN)
        lose(self);
}

static void on_writable(void *context)
{
    (void)context;
}

static void on_error(void *context, enum error_code error)
{
    struct proxied_udp *self = context;
    const char *why = socks_stream_refusal(self->control);
    (void)error;
    if (why != NULL)
        proxy_set_no_relay(self->proxy, why);
    lose(self);
}

static const struct stream_callbacks control_callbacks = {on_connected, on_readable,
                                                          on_writable, on_error};

static void on_timer(void *context)
{
    const struct socks_target anywhere = {.address = {.family = NETADDR_V4}};
    struct proxied_udp *self = context;
    if (self->control != NULL) { /* it does not answer */
        lose(self);
        return;
    }
    if (proxy_connect(self->proxy, self->loop, SOCKS_UDP, &anywhere, &self->control) !=
        ERROR_NONE) {
        self->control = NULL;
        lose(self);
        return;
    }
    stream_set_callbacks(self->control, &control_callbacks, self);
    loop_timer_set_in(self->loop, &self->timer, ANSWER_NS);
}

/* ---- sending ---- */

/* How many of PACKETS, with their headers, are in the group. */
static uint32_t put_group(struct proxied_udp *self, const struct udp_packet *packets,
                          uint32_t count, struct udp_packet ret_group[GROUP_PACKETS])
{
    size_t used = 0;
    uint32_t i;
    for (i = 0; i < count && i < GROUP_PACKETS; i++) {
        struct socks_target target;
        if (packets[i].length + SOCKS_HEADER_MOST > GROUP_BYTES - used)
            break;
        proxy_target(self->proxy, &packets[i].to, &target);
        uint8_t *at = self->group + used;
        const size_t header = socks_put_header(&target, at);
        memcpy(at + header, packets[i].bytes, packets[i].length);
        ret_group[i] = (struct udp_packet){.to = self->relay_address,
                                           .bytes = at,
                                           .length = (uint32_t)header + packets[i].length,
                                           .whole = packets[i].whole};
        used += ret_group[i].length;
    }
    return i;
}

static void note_sent(struct proxied_udp *self, const struct udp_packet *packets,
                      uint32_t count)
{
    const uint64_t now_ns = loop_now_ns(self->loop);
    for (uint32_t i = 0; i < count; i++)
        proxy_answers_sent(&self->answers, &packets[i].to,
                           proxy_is_name(self->proxy, &packets[i].to), now_ns);
}

static enum error_code send_through(struct proxied_udp *self,
                                    const struct udp_packet *packets, uint32_t count,
                                    uint32_t *ret_sent)
{
    struct udp_packet group[GROUP_PACKETS];
    if (self->group == NULL)
        self->group = malloc(GROUP_BYTES);
    if (self->group == NULL)
        return ERROR_MEMORY;
    while (*ret_sent < count) {
        const struct udp_packet *rest = packets + *ret_sent;
        uint32_t sent = 0;
        const uint32_t held = put_group(self, rest, count - *ret_sent, group);
        const enum error_code error = udp_socket_send(self->relay, group, held, &sent);
        note_sent(self, rest, sent);
        *ret_sent += sent;
        if (error != ERROR_NONE)
            return error;
    }
    return ERROR_NONE;
}

static enum error_code proxied_send(struct udp_socket *udp,
                                    const struct udp_packet *packets, uint32_t count,
                                    uint32_t *ret_sent)
{
    struct proxied_udp *self = of(udp);
    *ret_sent = 0;
    if (self->relay != NULL)
        return send_through(self, packets, count, ret_sent);
    if (self->failed)
        return ERROR_OFFLINE;
    if (self->control == NULL && !loop_timer_is_set(&self->timer))
        loop_timer_set_in(self->loop, &self->timer, 0);
    self->owed = true;
    return ERROR_AGAIN;
}

/* ---- life ---- */

static void proxied_close(struct udp_socket *udp)
{
    struct proxied_udp *self = of(udp);
    loop_timer_cancel(self->loop, &self->timer);
    let_go(self);
    free(self->group);
    free(self);
}

static const struct udp_socket_ops ops = {proxied_send, proxied_close};

/* The port that others see is the proxy's to know, and any number will do. */
enum error_code proxy_open_udp(void *context, struct loop *loop,
                               const struct netaddr *address,
                               const struct udp_socket_callbacks *callbacks,
                               void *udp_context, struct udp_socket **ret_udp,
                               uint16_t *ret_port)
{
    struct proxied_udp *self = calloc(1, sizeof *self);
    if (self == NULL)
        return ERROR_MEMORY;
    self->udp = (struct udp_socket){&ops, callbacks, udp_context};
    self->proxy = context;
    self->loop = loop;
    self->family = address->family;
    loop_timer_init(&self->timer, on_timer, self);
    *ret_udp = &self->udp;
    *ret_port = address->port != 0 ? address->port : 1;
    return ERROR_NONE;
}
