/* UDP ports that anybody may send to, on the virtual network: weather of their own, and
 * NATs. */
#include "tests/lib/vnet_private.h"

#include <string.h>

#define REORDERED_NS (20 * NS_PER_MS)

struct vnet_port {
    struct udp_socket udp; /* first */
    struct vnet *vnet;
    struct vnet_host *host;
    struct vnet_port *next, **link;
    struct netaddr local;
    bool busy, closed;
};

/* A hole in a NAT: INSIDE is seen as OUTSIDE. */
struct vnet_hole {
    struct vnet_hole *next;
    struct vnet_host *host;
    struct netaddr inside, outside;
    struct netaddr to;          /* of a symmetric one; family NONE: anybody */
    struct netaddr sent_to[32]; /* the last ones */
    uint32_t sent_count;
};

static struct vnet_port *port_at(const struct vnet *vnet, const struct netaddr *local)
{
    for (struct vnet_port *at = vnet->ports; at != NULL; at = at->next)
        if (netaddr_equal(&at->local, local))
            return at;
    return NULL;
}

/* ---- NATs ---- */

static struct vnet_hole *hole_for(struct vnet_host *host, const struct netaddr *inside,
                                  const struct netaddr *to)
{
    struct vnet *vnet = host->vnet;
    const bool symmetric = host->nat == VNET_NAT_SYMMETRIC;
    for (struct vnet_hole *at = vnet->holes; at != NULL; at = at->next)
        if (netaddr_equal(&at->inside, inside) &&
            (!symmetric || netaddr_equal(&at->to, to)))
            return at;
    struct vnet_hole *hole = calloc(1, sizeof *hole);
    VNET_REQUIRE(hole != NULL);
    *hole = (struct vnet_hole){
        .next = vnet->holes, .host = host, .inside = *inside, .outside = host->outside};
    hole->outside.port = host->next_hole++;
    if (symmetric)
        hole->to = *to;
    vnet->holes = hole;
    return hole;
}

static struct netaddr go_out(struct vnet_host *host, const struct netaddr *inside,
                             const struct netaddr *to)
{
    if (host->outside.family == NETADDR_NONE)
        return *inside;
    struct vnet_hole *hole = hole_for(host, inside, to);
    hole->sent_to[hole->sent_count++ % 32] = *to;
    return hole->outside;
}

static bool lets_in(const struct vnet_hole *hole, const struct netaddr *from)
{
    if (hole->host->nat == VNET_NAT_OPEN)
        return true;
    for (uint32_t i = 0; i < 32; i++)
        if (netaddr_equal(&hole->sent_to[i], from))
            return true;
    return false;
}

/* False: it stays outside. */
static bool come_in(const struct vnet *vnet, const struct netaddr *from,
                    struct netaddr *to)
{
    for (uint32_t i = 0; i < vnet->host_count; i++)
        if (vnet->hosts[i]->outside.family != NETADDR_NONE &&
            netaddr_same_host(&vnet->hosts[i]->address, to))
            return false; /* nobody knows the way to inside addresses */
    for (const struct vnet_hole *at = vnet->holes; at != NULL; at = at->next) {
        if (!netaddr_equal(&at->outside, to) || !lets_in(at, from))
            continue;
        *to = at->inside;
        return true;
    }
    for (uint32_t i = 0; i < vnet->host_count; i++)
        if (netaddr_same_host(&vnet->hosts[i]->outside, to))
            return false;
    return true;
}

void vnet_set_nat(struct vnet *vnet, const char *inside, const char *outside,
                  enum vnet_nat kind)
{
    const struct netaddr address = vnet_parse(inside);
    for (uint32_t i = 0; i < vnet->host_count; i++) {
        if (!netaddr_same_host(&vnet->hosts[i]->address, &address))
            continue;
        vnet->hosts[i]->outside = vnet_parse(outside);
        vnet->hosts[i]->nat = kind;
        vnet->hosts[i]->next_hole = 20000;
        return;
    }
    VNET_REQUIRE(false);
}

/* ---- sending ---- */

void vnet_set_air(struct vnet *vnet, const struct vnet_air *air)
{
    vnet->air = *air;
    vnet->has_air = true;
    random_seeded_init(&vnet->luck, air->seed);
}

static bool happens(struct vnet *vnet, uint32_t of_1000)
{
    return of_1000 > 0 && random_below(&vnet->luck.source, 1000) < of_1000;
}

/* False: the host's queue is full, and it is lost. */
static bool through_line(struct vnet_host *host, size_t length, uint64_t *ret_wait_ns)
{
    const struct vnet_air *air = &host->vnet->air;
    const uint64_t now_ns = loop_now_ns(host->vnet->loop);
    if (air->bytes_per_s == 0)
        return true;
    if (host->air_free_ns < now_ns)
        host->air_free_ns = now_ns;
    const uint64_t waits_ns = host->air_free_ns - now_ns;
    if (air->queue_bytes != 0 &&
        waits_ns * air->bytes_per_s / NS_PER_S + length > air->queue_bytes)
        return false;
    host->air_free_ns += length * NS_PER_S / air->bytes_per_s;
    *ret_wait_ns = host->air_free_ns - now_ns;
    return true;
}

static void fly(struct vnet_port *port, const struct netaddr *from,
                const struct udp_packet *packet)
{
    struct vnet *vnet = port->vnet;
    const struct vnet_air *air = &vnet->air;
    uint64_t wait_ns = 0;
    if (!vnet->has_air) {
        vnet_post_udp(vnet, from, &packet->to, packet->bytes, packet->length, false,
                      vnet->link.latency_ns);
        return;
    }
    if (!through_line(port->host, packet->length, &wait_ns) ||
        (packet->whole && air->mtu != 0 && packet->length > air->mtu) ||
        happens(vnet, air->loss))
        return;
    for (int copies = happens(vnet, air->duplicates) ? 2 : 1; copies > 0; copies--) {
        uint64_t at_ns = wait_ns + air->latency_ns;
        if (air->jitter_ns > 0)
            at_ns += random_below(&vnet->luck.source, (uint32_t)(air->jitter_ns / 1000)) *
                     UINT64_C(1000);
        if (happens(vnet, air->reordered))
            at_ns += REORDERED_NS;
        vnet_post_udp(vnet, from, &packet->to, packet->bytes, packet->length, false,
                      at_ns);
    }
}

static enum error_code port_send(struct udp_socket *udp, const struct udp_packet *packets,
                                 uint32_t count, uint32_t *ret_sent)
{
    struct vnet_port *port = (struct vnet_port *)(void *)udp;
    struct vnet *vnet = port->vnet;
    for (*ret_sent = 0; *ret_sent < count; ++*ret_sent) {
        const struct udp_packet *packet = &packets[*ret_sent];
        const enum vnet_fate fate = vnet_fate_of(vnet, &packet->to);
        if (vnet->local_error != ERROR_NONE)
            return vnet->local_error;
        if (fate == VNET_NO_ROUTE)
            return ERROR_OFFLINE;
        const struct netaddr from = go_out(port->host, &port->local, &packet->to);
        if (fate != VNET_SILENT)
            fly(port, &from, packet);
    }
    return ERROR_NONE;
}

/* ---- receiving ---- */

static void port_free(struct vnet_port *port)
{
    *port->link = port->next;
    if (port->next != NULL)
        port->next->link = port->link;
    free(port);
}

static void port_close(struct udp_socket *udp)
{
    struct vnet_port *port = (struct vnet_port *)(void *)udp;
    port->closed = true;
    port->vnet->open_datagrams--;
    if (!port->busy)
        port_free(port);
}

bool vnet_port_deliver(struct vnet *vnet, const struct netaddr *from,
                       const struct netaddr *to, const uint8_t *bytes, size_t length,
                       bool refused)
{
    struct netaddr at = *to;
    if (!come_in(vnet, from, &at))
        return true;
    struct vnet_port *port = port_at(vnet, &at);
    if (port == NULL || port->closed)
        return false;
    port->busy = true;
    if (refused)
        port->udp.callbacks->on_refused(port->udp.context, from, ERROR_CLOSED);
    else
        port->udp.callbacks->on_packet(port->udp.context, from, bytes, length);
    if (!refused && !port->closed)
        port->udp.callbacks->on_batch_end(port->udp.context);
    port->busy = false;
    if (port->closed)
        port_free(port);
    return true;
}

/* ---- life ---- */

static const struct udp_socket_ops port_ops = {port_send, port_close};

enum error_code vnet_open_udp(void *context, struct loop *loop,
                              const struct netaddr *address,
                              const struct udp_socket_callbacks *callbacks,
                              void *udp_context, struct udp_socket **ret_udp,
                              uint16_t *ret_port)
{
    struct vnet_host *host = context;
    struct vnet *vnet = host->vnet;
    VNET_REQUIRE(loop == vnet->loop);
    if (address->family != host->address.family)
        return ERROR_SYSTEM;
    struct netaddr local = host->address;
    local.port = address->port != 0 ? address->port : host->next_port++;
    if (port_at(vnet, &local) != NULL)
        return ERROR_EXISTS;
    struct vnet_port *port = calloc(1, sizeof *port);
    VNET_REQUIRE(port != NULL);
    *port = (struct vnet_port){
        .udp = {&port_ops, callbacks, udp_context},
        .vnet = vnet,
        .host = host,
        .next = vnet->ports,
        .link = &vnet->ports,
        .local = local,
    };
    if (port->next != NULL)
        port->next->link = &port->next;
    vnet->ports = port;
    vnet->open_datagrams++;
    *ret_udp = &port->udp;
    *ret_port = local.port;
    return ERROR_NONE;
}

void vnet_port_free_all(struct vnet *vnet)
{
    while (vnet->ports != NULL)
        port_close(&vnet->ports->udp);
    while (vnet->holes != NULL) {
        struct vnet_hole *hole = vnet->holes;
        vnet->holes = hole->next;
        free(hole);
    }
}
