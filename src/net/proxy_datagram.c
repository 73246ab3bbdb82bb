/* Datagrams through the proxy: a connection to it that asks for a relay and stands as
 * long as they are wanted, and a socket to that relay. */
#include "net/proxy_private.h"

#include <stdlib.h>
#include <string.h>

#define PACKET_MOST 4096u /* as net/udp.c takes them */
#define EARLY_MOST  4u    /* packets that wait for the relay */

struct early {
    size_t length;
    uint8_t *bytes;
};

struct proxied {
    struct datagram datagram; /* first */
    struct proxy *proxy;
    struct loop *loop;
    struct stream *control;
    struct datagram *relay; /* NULL: not yet, or no more */
    struct socks_target target;
    struct early early[EARLY_MOST];
    uint32_t early_count;
    bool over;
};

static struct proxied *of(struct datagram *datagram)
{
    return (struct proxied *)(void *)datagram;
}

static enum error_code send_through(struct proxied *self, const uint8_t *bytes,
                                    size_t length)
{
    uint8_t packet[SOCKS_HEADER_MOST + PACKET_MOST];
    const size_t at = socks_put_header(&self->target, packet);
    if (length > PACKET_MOST)
        return ERROR_LIMIT;
    memcpy(packet + at, bytes, length);
    return datagram_send(self->relay, packet, at + length);
}

static enum error_code keep_early(struct proxied *self, const uint8_t *bytes,
                                  size_t length)
{
    if (self->early_count == EARLY_MOST || length > PACKET_MOST)
        return ERROR_AGAIN;
    struct early *early = &self->early[self->early_count];
    early->bytes = malloc(length + 1);
    if (early->bytes == NULL)
        return ERROR_AGAIN;
    memcpy(early->bytes, bytes, length);
    early->length = length;
    self->early_count++;
    return ERROR_NONE;
}

static enum error_code proxied_send(struct datagram *datagram, const uint8_t *bytes,
                                    size_t length)
{
    struct proxied *self = of(datagram);
    if (self->over)
        return ERROR_OFFLINE;
    return self->relay != NULL ? send_through(self, bytes, length)
                               : keep_early(self, bytes, length);
}

/* ---- the relay ---- */

static void on_packet(void *context, const uint8_t *bytes, size_t length)
{
    struct proxied *self = context;
    struct netaddr from;
    size_t at;
    if (!socks_read_header(bytes, length, &from, &at))
        return;
    /* A name's address is the proxy's to know. */
    if (self->target.name[0] == '\0' && !netaddr_equal(&from, &self->target.address))
        return;
    self->datagram.callbacks->on_packet(self->datagram.context, bytes + at, length - at);
}

static void end(struct proxied *self, enum error_code error)
{
    self->over = true;
    stream_close(self->control);
    self->control = NULL;
    self->datagram.callbacks->on_error(self->datagram.context, error);
}

static void on_relay_error(void *context, enum error_code error)
{
    struct proxied *self = context;
    self->datagram.callbacks->on_error(self->datagram.context, error);
}

static const struct datagram_callbacks relay_callbacks = {on_packet, on_relay_error};

/* ---- the connection that stands for it ---- */

struct netaddr proxy_relay_of(const struct proxy *proxy, const struct stream *control)
{
    struct netaddr relay = socks_stream_relay(control), any = relay;
    memset(any.bytes, 0, sizeof any.bytes);
    if (relay.family != NETADDR_NONE && !netaddr_equal(&any, &relay))
        return relay;
    const uint16_t port = relay.port; /* where the proxy itself is */
    relay = proxy->address;
    relay.port = port;
    return relay;
}

static void on_connected(void *context)
{
    struct proxied *self = context;
    const struct netaddr relay = proxy_relay_of(self->proxy, self->control);
    const struct net *inner = self->proxy->inner;
    proxy_set_no_relay(self->proxy, NULL);
    enum error_code error =
        relay.port != 0 ? inner->open_datagram(inner->context, self->loop, &relay,
                                               &relay_callbacks, self, &self->relay)
                        : ERROR_PROTOCOL;
    if (error != ERROR_NONE) {
        end(self, error);
        return;
    }
    for (uint32_t i = 0; i < self->early_count; i++) {
        error = send_through(self, self->early[i].bytes, self->early[i].length);
        free(self->early[i].bytes); /* lost, if it did not go: as on any network */
    }
    self->early_count = 0;
    (void)error;
}

/* It has nothing to say any more; whoever says something is no proxy. */
static void on_readable(void *context)
{
    struct proxied *self = context;
    uint8_t bytes[64];
    size_t got;
    const struct iovec iov = {bytes, sizeof bytes};
    const enum error_code error = stream_readv(self->control, &iov, 1, &got);
    if (error != ERROR_AGAIN)
        end(self, error != ERROR_NONE ? error : ERROR_PROTOCOL);
}

static void on_writable(void *context)
{
    (void)context;
}

static void on_error(void *context, enum error_code error)
{
    struct proxied *self = context;
    const char *why = socks_stream_refusal(self->control);
    if (why != NULL)
        proxy_set_no_relay(self->proxy, why);
    end(self, why != NULL ? ERROR_REFUSED : error);
}

static const struct stream_callbacks control_callbacks = {on_connected, on_readable,
                                                          on_writable, on_error};

static void proxied_close(struct datagram *datagram)
{
    struct proxied *self = of(datagram);
    for (uint32_t i = 0; i < self->early_count; i++)
        free(self->early[i].bytes);
    datagram_close(self->relay);
    stream_close(self->control);
    free(self);
}

static const struct datagram_ops ops = {proxied_send, proxied_close};

enum error_code proxy_open_datagram(void *context, struct loop *loop,
                                    const struct netaddr *to,
                                    const struct datagram_callbacks *callbacks,
                                    void *datagram_context,
                                    struct datagram **ret_datagram)
{
    const struct socks_target anywhere = {.address = {.family = NETADDR_V4}};
    struct proxied *self = calloc(1, sizeof *self);
    if (self == NULL)
        return ERROR_MEMORY;
    self->datagram = (struct datagram){&ops, callbacks, datagram_context};
    self->proxy = context;
    self->loop = loop;
    proxy_target(self->proxy, to, &self->target);
    const enum error_code error =
        proxy_connect(self->proxy, loop, SOCKS_UDP, &anywhere, &self->control);
    if (error != ERROR_NONE) {
        free(self);
        return error;
    }
    stream_set_callbacks(self->control, &control_callbacks, self);
    *ret_datagram = &self->datagram;
    return ERROR_NONE;
}
