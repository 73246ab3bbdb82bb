/* Datagrams on the virtual network. */
#include "tests/lib/vnet_private.h"

#include <string.h>

struct vnet_udp {
    struct datagram datagram; /* first */
    struct vnet *vnet;
    struct vnet_udp *next, **link;
    struct netaddr local, remote;
};

/* A packet, or the news that nobody took one, under way. */
struct vnet_packet {
    struct vnet *vnet;
    struct vnet_packet *next, **link;
    struct loop_timer timer;
    struct netaddr from, to;
    bool refused;
    size_t length;
    uint8_t bytes[];
};

static struct vnet_udp *socket_at(struct vnet *vnet, const struct netaddr *local,
                                  const struct netaddr *remote)
{
    for (struct vnet_udp *at = vnet->udps; at != NULL; at = at->next)
        if (netaddr_equal(&at->local, local) && netaddr_equal(&at->remote, remote))
            return at;
    return NULL;
}

static void packet_free(struct vnet_packet *packet)
{
    loop_timer_cancel(packet->vnet->loop, &packet->timer);
    *packet->link = packet->next;
    if (packet->next != NULL)
        packet->next->link = packet->link;
    free(packet);
}

static void deliver(struct vnet *vnet, const struct vnet_packet *packet)
{
    struct vnet_udp *udp = socket_at(vnet, &packet->to, &packet->from);
    if (udp != NULL && packet->refused) {
        udp->datagram.callbacks->on_error(udp->datagram.context, ERROR_CLOSED);
        return;
    }
    if (udp != NULL) {
        udp->datagram.callbacks->on_packet(udp->datagram.context, packet->bytes,
                                           packet->length);
        return;
    }
    if (vnet_port_deliver(vnet, &packet->from, &packet->to, packet->bytes, packet->length,
                          packet->refused) ||
        packet->refused)
        return;
    for (uint32_t i = vnet->server_count; i-- > 0;) {
        if (!netaddr_equal(&vnet->servers[i].address, &packet->to))
            continue;
        vnet->servers[i].on_packet(vnet->servers[i].context, &packet->from, packet->bytes,
                                   packet->length);
        return;
    }
    vnet_post_udp(vnet, &packet->to, &packet->from, NULL, 0, true, vnet->link.latency_ns);
}

static void on_timer(void *context)
{
    struct vnet_packet *packet = context;
    deliver(packet->vnet, packet);
    packet_free(packet);
}

void vnet_post_udp(struct vnet *vnet, const struct netaddr *from,
                   const struct netaddr *to, const uint8_t *bytes, size_t length,
                   bool refused, uint64_t in_ns)
{
    if (vnet_fate_of(vnet, to) == VNET_SILENT)
        return;
    struct vnet_packet *packet = calloc(1, sizeof *packet + length);
    VNET_REQUIRE(packet != NULL);
    packet->vnet = vnet;
    packet->from = *from;
    packet->to = *to;
    packet->refused = refused;
    packet->length = length;
    if (length > 0)
        memcpy(packet->bytes, bytes, length);
    packet->next = vnet->packets;
    packet->link = &vnet->packets;
    if (packet->next != NULL)
        packet->next->link = &packet->next;
    vnet->packets = packet;
    loop_timer_init(&packet->timer, on_timer, packet);
    loop_timer_set_in(vnet->loop, &packet->timer, in_ns);
}

static enum error_code udp_send(struct datagram *datagram, const uint8_t *bytes,
                                size_t length)
{
    struct vnet_udp *udp = (struct vnet_udp *)(void *)datagram;
    if (udp->vnet->local_error != ERROR_NONE)
        return udp->vnet->local_error;
    if (vnet_fate_of(udp->vnet, &udp->remote) == VNET_NO_ROUTE)
        return ERROR_OFFLINE;
    vnet_post_udp(udp->vnet, &udp->local, &udp->remote, bytes, length, false,
                  udp->vnet->link.latency_ns);
    return ERROR_NONE;
}

static void udp_close(struct datagram *datagram)
{
    struct vnet_udp *udp = (struct vnet_udp *)(void *)datagram;
    udp->vnet->open_datagrams--;
    *udp->link = udp->next;
    if (udp->next != NULL)
        udp->next->link = udp->link;
    free(udp);
}

static const struct datagram_ops udp_ops = {udp_send, udp_close};

enum error_code vnet_open_datagram(void *context, struct loop *loop,
                                   const struct netaddr *to,
                                   const struct datagram_callbacks *callbacks,
                                   void *datagram_context, struct datagram **ret_datagram)
{
    struct vnet_host *host = context;
    struct vnet_udp *udp = calloc(1, sizeof *udp);
    VNET_REQUIRE(udp != NULL && loop == host->vnet->loop);
    udp->datagram = (struct datagram){&udp_ops, callbacks, datagram_context};
    udp->vnet = host->vnet;
    udp->local = host->address;
    udp->local.port = host->next_port++;
    udp->remote = *to;
    udp->next = host->vnet->udps;
    udp->link = &host->vnet->udps;
    if (udp->next != NULL)
        udp->next->link = &udp->next;
    host->vnet->udps = udp;
    host->vnet->open_datagrams++;
    *ret_datagram = &udp->datagram;
    return ERROR_NONE;
}

void vnet_serve_udp(struct vnet *vnet, const char *address, vnet_on_packet *on_packet,
                    void *context)
{
    VNET_REQUIRE(vnet->server_count < VNET_MAX);
    vnet->servers[vnet->server_count].address = vnet_parse(address);
    vnet->servers[vnet->server_count].on_packet = on_packet;
    vnet->servers[vnet->server_count++].context = context;
}

void vnet_send_udp(struct vnet *vnet, const struct netaddr *from,
                   const struct netaddr *to, const uint8_t *bytes, size_t length)
{
    vnet_post_udp(vnet, from, to, bytes, length, false, vnet->link.latency_ns);
}

void vnet_udp_free_all(struct vnet *vnet)
{
    while (vnet->packets != NULL)
        packet_free(vnet->packets);
    vnet_port_free_all(vnet);
    while (vnet->udps != NULL)
        udp_close(&vnet->udps->datagram);
}
