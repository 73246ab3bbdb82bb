#include "net/net_watch.h"

#include "base/netaddr.h"
#include "net/bind.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SETTLE_NS     (2 * NS_PER_S) /* an address seldom changes alone */
#define PAUSE_NS      (10 * NS_PER_S)
#define PACKET_BYTES  8192
#define PACKET_BUDGET 16

struct net_watch {
    struct loop *loop;
    struct loop_slot *slot;
    struct loop_timer timer;
    void (*on_change)(void *context);
    void *context;
    uint64_t told_ns;
    uint64_t addresses; /* their digest when told last */
    bool route_changed;
    int fd;
    struct net_bind_watch *bind; /* NULL: there is none */
};

/* FNV-1a */
static uint64_t add_bytes(uint64_t digest, const void *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        digest = (digest ^ ((const uint8_t *)bytes)[i]) * UINT64_C(0x100000001b3);
    return digest;
}

/* Of the addresses others can reach, and whether their links are up, in any order. */
static uint64_t digest_of_addresses(void)
{
    struct ifaddrs *all = NULL;
    uint64_t sum = 0;
    if (getifaddrs(&all) != 0)
        return 0;
    for (const struct ifaddrs *at = all; at != NULL; at = at->ifa_next) {
        struct netaddr address;
        const unsigned flags = at->ifa_flags & (IFF_UP | IFF_RUNNING);
        if (at->ifa_addr == NULL ||
            netaddr_from_sockaddr(at->ifa_addr, &address) != ERROR_NONE ||
            netaddr_scope(&address) < NETADDR_SCOPE_PRIVATE)
            continue;
        uint64_t digest = add_bytes(UINT64_C(0xcbf29ce484222325), &flags, sizeof flags);
        digest = add_bytes(digest, at->ifa_name, strlen(at->ifa_name));
        sum += add_bytes(digest, address.bytes, sizeof address.bytes);
    }
    freeifaddrs(all);
    return sum;
}

static bool is_default_route(const struct nlmsghdr *header)
{
    const struct rtmsg *route = NLMSG_DATA(header);
    return header->nlmsg_len >= NLMSG_LENGTH(sizeof *route) && route->rtm_dst_len == 0 &&
           route->rtm_type == RTN_UNICAST && (route->rtm_flags & RTM_F_CLONED) == 0;
}

/* Whether something of interest is in the packet; addresses are looked at again later. */
static bool read_packet(struct net_watch *watch, const uint8_t *bytes, size_t length)
{
    bool any = false;
    while (length >= sizeof(struct nlmsghdr)) {
        const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)bytes;
        const bool is_route =
            header->nlmsg_type == RTM_NEWROUTE || header->nlmsg_type == RTM_DELROUTE;
        if (header->nlmsg_len < sizeof *header || header->nlmsg_len > length)
            break;
        if (!is_route || is_default_route(header)) {
            watch->route_changed |= is_route;
            any = true;
        }
        const size_t step = NLMSG_ALIGN((size_t)header->nlmsg_len);
        if (step >= length)
            break;
        bytes += step;
        length -= step;
    }
    return any;
}

static void wait_for_more(struct net_watch *watch)
{
    const uint64_t settled_ns = loop_now_ns(watch->loop) + SETTLE_NS;
    const uint64_t least_ns = watch->told_ns == 0 ? 0 : watch->told_ns + PAUSE_NS;
    loop_slot_set_events(watch->slot, 0); /* whatever comes is the same news */
    loop_timer_set(watch->loop, &watch->timer,
                   settled_ns > least_ns ? settled_ns : least_ns);
}

/* True: something of interest. */
static bool read_all(struct net_watch *watch)
{
    _Alignas(struct nlmsghdr) uint8_t bytes[PACKET_BYTES];
    bool any = false;
    for (int i = 0; i < PACKET_BUDGET; i++) {
        const ssize_t got = recv(watch->fd, bytes, sizeof bytes, 0);
        if (got > 0)
            any |= read_packet(watch, bytes, (size_t)got);
        else if (got < 0 && errno == ENOBUFS)
            any = watch->route_changed = true; /* more than the socket could hold */
        else if (got == 0 || errno != EINTR)
            break;
    }
    return any;
}

static void on_readable(void *context, short revents)
{
    struct net_watch *watch = context;
    (void)revents;
    if (read_all(watch))
        wait_for_more(watch);
}

static void on_settled(void *context)
{
    struct net_watch *watch = context;
    read_all(watch);
    loop_slot_set_events(watch->slot, POLLIN);
    const uint64_t addresses = digest_of_addresses();
    const bool changed = watch->route_changed || addresses != watch->addresses;
    watch->addresses = addresses;
    watch->route_changed = false;
    if (!changed)
        return;
    watch->told_ns = loop_now_ns(watch->loop);
    watch->on_change(watch->context);
}

int net_watch_socket(uint32_t more_groups)
{
    const struct sockaddr_nl groups = {
        .nl_family = AF_NETLINK,
        .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | more_groups,
    };
    const int fd =
        socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&groups, sizeof groups) == 0)
        return fd;
    close(fd);
    return -1;
}

struct net_watch *net_watch_new(struct loop *loop, struct net_bind *bind,
                                void (*on_change)(void *context), void *context)
{
    const int fd = net_watch_socket(RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE);
    struct net_watch *watch = fd >= 0 ? calloc(1, sizeof *watch) : NULL;
    if (watch != NULL) {
        *watch = (struct net_watch){
            .loop = loop, .on_change = on_change, .context = context, .fd = fd};
        loop_timer_init(&watch->timer, on_settled, watch);
        watch->slot = loop_add(loop, fd, POLLIN, LOOP_CONTROL, on_readable, watch);
        if (bind != NULL)
            watch->bind = net_bind_watch_new(bind, loop, on_change, context);
    }
    if (watch == NULL || watch->slot == NULL || (bind != NULL && watch->bind == NULL)) {
        if (watch != NULL) {
            net_bind_watch_free(watch->bind);
            loop_slot_remove(watch->slot);
        }
        free(watch);
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    watch->addresses = digest_of_addresses();
    return watch;
}

void net_watch_free(struct net_watch *watch)
{
    if (watch == NULL)
        return;
    net_bind_watch_free(watch->bind);
    loop_timer_cancel(watch->loop, &watch->timer);
    loop_slot_remove(watch->slot);
    close(watch->fd);
    free(watch);
}
