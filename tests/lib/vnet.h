/*
 * A network inside the process, on the loop's (virtual) time: hosts with addresses, TCP
 * streams and UDP sockets between them with chosen latency, speed, window and
 * segmentation, refusals, resets and silence. What it gives out is used through
 * `struct net` and `struct stream` like the system's sockets. Using a stream after
 * stream_close aborts.
 */
#ifndef BTTUI_TESTS_LIB_VNET_H
#define BTTUI_TESTS_LIB_VNET_H

#include "net/net.h"

#include <stdbool.h>
#include <stdint.h>

struct vnet;
struct vnet *vnet_new(struct loop *loop);
void vnet_free(struct vnet *vnet);

/* The sockets of the host with this address ("10.0.0.2"), made on first use; they live as
 * long as the network. Listening on port 0 gives 50000 and up. */
const struct net *vnet_host(struct vnet *vnet, const char *address);

struct vnet_link {
    uint64_t latency_ns;  /* one way */
    uint64_t bytes_per_s; /* a direction; 0: any */
    uint32_t segment;     /* most bytes a read gives; each such piece arrives by itself;
                             0: whatever is there */
    uint32_t window;      /* bytes under way and unread; 0: 256 KiB */
};
/* For connections made from now on. The first is {1 ms, any, 0, 256 KiB}. */
void vnet_set_link(struct vnet *vnet, const struct vnet_link *link);
/* All that this host (which there is) sends over streams shares one line of that speed;
 * 0: no line. */
void vnet_set_uplink(struct vnet *vnet, const char *address, uint64_t bytes_per_s);

enum vnet_fate {
    VNET_NORMAL,   /* a listener accepts, nobody there refuses */
    VNET_SILENT,   /* what is sent there disappears */
    VNET_NO_ROUTE, /* connecting fails at once, here */
};
/* Of everything sent to ADDRESS ("1.2.3.4:5"). */
void vnet_set_fate(struct vnet *vnet, const char *address, enum vnet_fate fate);
enum vnet_weather {
    VNET_UP,
    VNET_LOST, /* everything sent disappears */
    VNET_DOWN, /* so does it, and there is no route anywhere: connecting fails at once */
};
/* Of the whole network. Streams there are are cut unless it is UP. */
void vnet_set_weather(struct vnet *vnet, enum vnet_weather weather);
/* Connecting and sending datagrams fail with ERROR at once; ERROR_NONE: no longer. */
void vnet_set_local_error(struct vnet *vnet, enum error_code error);
/* What the world sees of us (`own_address`), one of each family; none at first. */
void vnet_set_own_address(struct vnet *vnet, const char *address);
/* The router of all hosts (`gateway`); NULL: none, as at first. */
void vnet_set_gateway(struct vnet *vnet, const char *address);
/* What `bound` tells; at first nothing. */
void vnet_set_bound(struct vnet *vnet, const struct net_bound *bound);
/* All that watch are told of a change. */
void vnet_change(struct vnet *vnet);
/* The answer of `resolve`; COUNT 0: no such name. Names not told of do not exist. */
void vnet_set_name(struct vnet *vnet, const char *name, const struct netaddr *addresses,
                   uint32_t count);

/* ---- what becomes of datagrams between hosts' UDP ports ---- */
struct vnet_air {
    uint64_t latency_ns, jitter_ns; /* one way; what jitter there is, is even */
    uint64_t bytes_per_s;           /* out of each host; 0: any */
    uint64_t queue_bytes;           /* that wait there at most; 0: any */
    uint32_t loss, duplicates;      /* of 1,000 packets */
    uint32_t reordered;             /* of 1,000: those come 20 ms late */
    uint32_t mtu;                   /* longer ones disappear when sent whole; 0: none */
    uint64_t seed;
};
/* For packets sent from now on, and begins the luck of SEED. At first the link's latency,
 * and nothing else. */
void vnet_set_air(struct vnet *vnet, const struct vnet_air *air);

enum vnet_nat {
    VNET_NAT_OPEN,       /* one outside port for an inside one; anybody may send to it */
    VNET_NAT_RESTRICTED, /* the same, but only who was sent to, address and port */
    VNET_NAT_SYMMETRIC   /* another outside port for each who is sent to */
};
/* The host INSIDE (which there is) reaches others as OUTSIDE, an address of no host, with
 * other ports; nothing comes in but by those. Connections out of it come from OUTSIDE,
 * too, and none go in. */
void vnet_set_nat(struct vnet *vnet, const char *inside, const char *outside,
                  enum vnet_nat kind);

/* This end breaks: the other's reads fail at once. The stream must still be closed. */
void vnet_reset(struct stream *stream);
/* The line is cut: nothing arrives any more in either direction, and nobody is told. */
void vnet_cut(struct stream *stream);
/* How many streams have been opened and not closed; connections tried so far. */
uint32_t vnet_open_streams(const struct vnet *vnet);
uint32_t vnet_connects(const struct vnet *vnet);

/* ---- UDP servers ---- */
typedef void vnet_on_packet(void *context, const struct netaddr *from,
                            const uint8_t *bytes, size_t length);
/* Packets to ADDRESS arrive at ON_PACKET. Without a server they are refused. */
void vnet_serve_udp(struct vnet *vnet, const char *address, vnet_on_packet *on_packet,
                    void *context);
/* Sends a packet as if from FROM; it reaches the socket that is connected to FROM. */
void vnet_send_udp(struct vnet *vnet, const struct netaddr *from,
                   const struct netaddr *to, const uint8_t *bytes, size_t length);
uint32_t vnet_open_datagrams(const struct vnet *vnet);

#endif
