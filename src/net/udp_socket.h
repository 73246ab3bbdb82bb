/*
 * An unconnected UDP socket, never blocking: packets come from anybody and go to anybody.
 * What struct net opens; net/udp_port.h is how it is used. May be closed from inside any
 * of its callbacks. Loop thread.
 */
#ifndef BTTUI_NET_UDP_SOCKET_H
#define BTTUI_NET_UDP_SOCKET_H

#include "base/error.h"
#include "base/netaddr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UDP_PACKET_MAX 65507u /* payload bytes of the longest packet there is */

struct udp_socket;

struct udp_packet {
    struct netaddr to;
    const uint8_t *bytes;
    uint32_t length;
    bool whole; /* never in fragments: an MTU is sought */
};

struct udp_socket_callbacks {
    /* BYTES live until on_batch_end has returned, which follows unless it is closed. */
    void (*on_packet)(void *context, const struct netaddr *from, const uint8_t *bytes,
                      size_t length);
    /* Packets were told, and no more come with them. */
    void (*on_batch_end)(void *context);
    /* The network says that a packet to TO did not arrive: ERROR_CLOSED nobody is there,
     * ERROR_OFFLINE no way leads there. Anybody may have forged it. */
    void (*on_refused)(void *context, const struct netaddr *to, enum error_code error);
    /* After ERROR_AGAIN: there is room; or what was refused may be tried again. */
    void (*on_writable)(void *context);
};

struct udp_socket_ops {
    /* Sends the first *ret_sent (0 … COUNT) of COUNT packets. ERROR_NONE: all.
     * ERROR_AGAIN: no room for the next, on_writable follows. Others: the next cannot be
     * sent: ERROR_LIMIT it is longer than the interface takes whole, ERROR_OFFLINE no
     * network or way, ERROR_ACCESS a firewall. */
    enum error_code (*send)(struct udp_socket *udp, const struct udp_packet *packets,
                            uint32_t count, uint32_t *ret_sent);
    void (*close)(struct udp_socket *udp);
};

/* What every kind of these sockets begins with. */
struct udp_socket {
    const struct udp_socket_ops *ops;
    const struct udp_socket_callbacks *callbacks;
    void *context;
};

static inline enum error_code udp_socket_send(struct udp_socket *udp,
                                              const struct udp_packet *packets,
                                              uint32_t count, uint32_t *ret_sent)
{
    return udp->ops->send(udp, packets, count, ret_sent);
}
/* NULL is ignored. No callback comes after this. */
static inline void udp_socket_close(struct udp_socket *udp)
{
    if (udp != NULL)
        udp->ops->close(udp);
}

#endif
