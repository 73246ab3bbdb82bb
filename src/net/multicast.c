#include "net/multicast.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NETWORKS_MAX  8u
#define PACKET_BYTES  2048
#define PACKET_BUDGET 16 /* a turn */

struct network {
    struct netaddr own;
    unsigned index; /* the interface's */
};

struct multicast {
    const struct net *net;
    struct netaddr group;
    multicast_on_packet *on_packet;
    void *context;
    int fd; /* takes what comes */
    struct loop_slot *slot;
    int senders[NETWORKS_MAX];
    uint32_t sender_count;
    bool reading, closed; /* closed while reading: freed when that is over */
};

/* ---- which networks ---- */

static bool is_meant(const struct net *net, const struct ifaddrs *at,
                     const struct netaddr *own)
{
    struct net_bound bound;
    struct netaddr only;
    net->bound(net->context, &bound);
    if (bound.to == NULL)
        return (at->ifa_flags & IFF_LOOPBACK) == 0 &&
               (at->ifa_flags & IFF_MULTICAST) != 0 &&
               netaddr_scope(own) != NETADDR_SCOPE_LINK_LOCAL;
    if (bound.trouble != NULL)
        return false;
    return netaddr_parse(bound.to, 0, &only) == ERROR_NONE
               ? netaddr_same_host(&only, own)
               : strcmp(bound.to, at->ifa_name) == 0;
}

static uint32_t find_networks(const struct net *net, enum netaddr_family family,
                              struct network networks[NETWORKS_MAX])
{
    struct ifaddrs *all;
    uint32_t count = 0;
    if (getifaddrs(&all) != 0)
        return 0;
    for (const struct ifaddrs *at = all; at != NULL && count < NETWORKS_MAX;
         at = at->ifa_next) {
        struct network network = {.index = if_nametoindex(at->ifa_name)};
        bool known = false;
        if (at->ifa_addr == NULL || (at->ifa_flags & IFF_UP) == 0 ||
            netaddr_from_sockaddr(at->ifa_addr, &network.own) != ERROR_NONE ||
            network.own.family != family || !is_meant(net, at, &network.own))
            continue;
        for (uint32_t i = 0; i < count; i++)
            known |= networks[i].index == network.index;
        if (!known)
            networks[count++] = network;
    }
    freeifaddrs(all);
    return count;
}

/* ---- sockets ---- */

static int new_socket(const struct netaddr *group)
{
    return socket(group->family == NETADDR_V4 ? AF_INET : AF_INET6,
                  SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static bool join(int fd, const struct netaddr *group, const struct network *network)
{
    if (group->family == NETADDR_V4) {
        struct ip_mreqn request = {.imr_ifindex = (int)network->index};
        memcpy(&request.imr_multiaddr, group->bytes, 4);
        return setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof request) ==
               0;
    }
    struct ipv6_mreq request = {.ipv6mr_interface = network->index};
    memcpy(&request.ipv6mr_multiaddr, group->bytes, 16);
    return setsockopt(fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &request, sizeof request) ==
           0;
}

static bool listen_to(struct multicast *multicast, const struct network *networks,
                      uint32_t count)
{
    struct sockaddr_storage name;
    const int yes = 1;
    bool joined = false;
    multicast->fd = new_socket(&multicast->group);
    if (multicast->fd < 0)
        return false;
    const socklen_t length = netaddr_to_sockaddr(&multicast->group, &name);
    if (setsockopt(multicast->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        (multicast->group.family == NETADDR_V6 &&
         setsockopt(multicast->fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes) != 0) ||
        bind(multicast->fd, (struct sockaddr *)&name, length) != 0)
        return false;
    for (uint32_t i = 0; i < count; i++)
        joined |= join(multicast->fd, &multicast->group, &networks[i]);
    return joined;
}

static bool send_through(int fd, const struct netaddr *group,
                         const struct network *network)
{
    struct sockaddr_storage name;
    if (group->family == NETADDR_V6) {
        const int index = (int)network->index, hops = 1;
        return setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &index, sizeof index) ==
                   0 &&
               setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof hops) == 0;
    }
    const struct ip_mreqn through = {.imr_ifindex = (int)network->index};
    const int hops = 1;
    const socklen_t length = netaddr_to_sockaddr(&network->own, &name);
    ((struct sockaddr_in *)&name)->sin_port = 0;
    return setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &through, sizeof through) == 0 &&
           setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &hops, sizeof hops) == 0 &&
           (network->own.family != NETADDR_V4 ||
            bind(fd, (struct sockaddr *)&name, length) == 0);
}

static void add_sender(struct multicast *multicast, const struct network *network)
{
    const int fd = new_socket(&multicast->group);
    if (fd < 0)
        return;
    /* Where all is tied to something, the tie binds the socket itself. */
    struct net_bound bound;
    struct network through = *network;
    multicast->net->bound(multicast->net->context, &bound);
    if (bound.to != NULL)
        through.own.family = NETADDR_NONE;
    if (multicast->net->tie(multicast->net->context, fd,
                            (enum netaddr_family)multicast->group.family) &&
        send_through(fd, &multicast->group, &through))
        multicast->senders[multicast->sender_count++] = fd;
    else
        close(fd);
}

static void on_readable(void *context, short revents)
{
    struct multicast *multicast = context;
    uint8_t bytes[PACKET_BYTES];
    (void)revents;
    multicast->reading = true;
    for (int budget = PACKET_BUDGET; budget > 0 && !multicast->closed; budget--) {
        struct sockaddr_storage name;
        struct netaddr from;
        socklen_t size = sizeof name;
        const ssize_t got = recvfrom(multicast->fd, bytes, sizeof bytes, 0,
                                     (struct sockaddr *)&name, &size);
        if (got < 0 && errno != EINTR)
            break;
        if (got >= 0 &&
            netaddr_from_sockaddr((struct sockaddr *)&name, &from) == ERROR_NONE)
            multicast->on_packet(multicast->context, &from, bytes, (size_t)got);
    }
    multicast->reading = false;
    if (multicast->closed)
        free(multicast);
}

/* ---- life ---- */

void multicast_close(struct multicast *multicast)
{
    if (multicast == NULL)
        return;
    loop_slot_remove(multicast->slot);
    if (multicast->fd >= 0)
        close(multicast->fd);
    for (uint32_t i = 0; i < multicast->sender_count; i++)
        close(multicast->senders[i]);
    multicast->closed = true;
    if (!multicast->reading)
        free(multicast);
}

enum error_code multicast_open(struct loop *loop, const struct net *net,
                               const struct netaddr *group,
                               multicast_on_packet *on_packet, void *context,
                               struct multicast **ret_multicast)
{
    struct network networks[NETWORKS_MAX];
    const uint32_t count =
        find_networks(net, (enum netaddr_family)group->family, networks);
    struct multicast *multicast = calloc(1, sizeof *multicast);
    if (multicast == NULL)
        return ERROR_MEMORY;
    *multicast = (struct multicast){.net = net,
                                    .group = *group,
                                    .on_packet = on_packet,
                                    .context = context,
                                    .fd = -1};
    enum error_code error = ERROR_OFFLINE;
    if (count > 0 && listen_to(multicast, networks, count)) {
        multicast->slot =
            loop_add(loop, multicast->fd, POLLIN, LOOP_CONTROL, on_readable, multicast);
        error = multicast->slot != NULL ? ERROR_NONE : ERROR_MEMORY;
    }
    for (uint32_t i = 0; i < count && error == ERROR_NONE; i++)
        add_sender(multicast, &networks[i]);
    if (error != ERROR_NONE) {
        multicast_close(multicast);
        return error;
    }
    *ret_multicast = multicast;
    return ERROR_NONE;
}

void multicast_send(struct multicast *multicast, const uint8_t *bytes, size_t length)
{
    struct sockaddr_storage name;
    const socklen_t size = netaddr_to_sockaddr(&multicast->group, &name);
    for (uint32_t i = 0; i < multicast->sender_count; i++)
        while (sendto(multicast->senders[i], bytes, length, MSG_NOSIGNAL,
                      (struct sockaddr *)&name, size) < 0 &&
               errno == EINTR)
            continue;
}
