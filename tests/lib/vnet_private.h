/* What the virtual network's own files share. */
#ifndef BTTUI_TESTS_LIB_VNET_PRIVATE_H
#define BTTUI_TESTS_LIB_VNET_PRIVATE_H

#include "tests/lib/vnet.h"

#include <stdio.h>
#include <stdlib.h>

#define VNET_MAX 256u

struct vnet_host {
    struct net net;
    struct vnet *vnet;
    struct netaddr address;
    uint16_t next_port;
    uint64_t uplink_bytes_per_s, uplink_free_ns; /* 0: no line */
    uint64_t air_free_ns;
    struct netaddr outside; /* behind a NAT: its address; family NONE: there is none */
    enum vnet_nat nat;
    uint16_t next_hole; /* port of the NAT's */
};

struct vnet_packet;
struct vnet_udp;
struct vnet_port;
struct vnet_hole;
struct vnet_end;

struct vnet {
    struct loop *loop;
    struct vnet_link link;
    struct vnet_host *hosts[VNET_MAX];
    uint32_t host_count;
    struct listener *listeners;
    struct {
        struct netaddr address;
        enum vnet_fate fate;
    } fates[VNET_MAX * 8];
    uint32_t fate_count;
    enum vnet_weather weather;
    enum error_code local_error; /* of connecting; NONE: none */
    struct {
        char name[64];
        struct netaddr addresses[RESOLVER_ADDRESSES_MAX];
        uint32_t count;
    } names[VNET_MAX];
    uint32_t name_count;
    struct {
        struct netaddr address;
        vnet_on_packet *on_packet;
        void *context;
    } servers[VNET_MAX];
    uint32_t server_count;
    struct vnet_end *ends; /* all ever made: freed with the network */
    struct vnet_udp *udps;
    struct net_watch *watches;
    struct net_bound bound;
    struct netaddr own[2];
    uint32_t own_count;
    struct netaddr gateway; /* family NONE: there is none */
    struct vnet_packet *packets;
    struct vnet_port *ports;
    struct vnet_hole *holes;
    struct vnet_air air;
    bool has_air;
    struct random_seeded luck; /* of the air */
    uint32_t open_streams, connects, open_datagrams;
};

enum vnet_fate vnet_fate_of(const struct vnet *vnet, const struct netaddr *address);
struct netaddr vnet_parse(const char *text);

enum error_code vnet_open_datagram(void *context, struct loop *loop,
                                   const struct netaddr *to,
                                   const struct datagram_callbacks *callbacks,
                                   void *datagram_context,
                                   struct datagram **ret_datagram);
void vnet_udp_free_all(struct vnet *vnet);
/* A packet, or with REFUSED the news that FROM takes none, that arrives in IN_NS. */
void vnet_post_udp(struct vnet *vnet, const struct netaddr *from,
                   const struct netaddr *to, const uint8_t *bytes, size_t length,
                   bool refused, uint64_t in_ns);

enum error_code vnet_open_udp(void *context, struct loop *loop,
                              const struct netaddr *address,
                              const struct udp_socket_callbacks *callbacks,
                              void *udp_context, struct udp_socket **ret_udp,
                              uint16_t *ret_port);
/* False: no such port. */
bool vnet_port_deliver(struct vnet *vnet, const struct netaddr *from,
                       const struct netaddr *to, const uint8_t *bytes, size_t length,
                       bool refused);
void vnet_port_free_all(struct vnet *vnet);

/* A test's own mistake. */
#define VNET_REQUIRE(condition)                                                          \
    do {                                                                                 \
        if (!(condition)) {                                                              \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);              \
            abort();                                                                     \
        }                                                                                \
    } while (0)

#endif
