#include "net/gateway.h"

#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define ANSWER_BYTES 4096
#define WAIT_US      100000 /* the answer is there before the question has returned */

struct question {
    struct nlmsghdr header;
    struct rtmsg route;
    uint8_t attributes[64];
};

static const uint8_t world[4] = {1, 0, 0, 1};

/* Of the interface that has the address; 0: none. */
static unsigned index_of(const struct netaddr *own)
{
    struct ifaddrs *all = NULL;
    unsigned index = 0;
    if (getifaddrs(&all) != 0)
        return 0;
    for (const struct ifaddrs *at = all; at != NULL && index == 0; at = at->ifa_next) {
        struct netaddr address;
        if (at->ifa_addr != NULL &&
            netaddr_from_sockaddr(at->ifa_addr, &address) == ERROR_NONE &&
            netaddr_same_host(&address, own))
            index = if_nametoindex(at->ifa_name);
    }
    freeifaddrs(all);
    return index;
}

static void add(struct question *question, unsigned short type, const void *bytes)
{
    struct rtattr attribute = {.rta_len = RTA_LENGTH(4), .rta_type = type};
    uint8_t *at = (uint8_t *)question + question->header.nlmsg_len;
    memcpy(at, &attribute, sizeof attribute);
    memcpy(at + RTA_LENGTH(0), bytes, 4);
    question->header.nlmsg_len += RTA_LENGTH(4);
}

static bool ask(int fd, const struct netaddr *own, unsigned index)
{
    struct question question = {
        .header = {.nlmsg_len = NLMSG_LENGTH(sizeof question.route),
                   .nlmsg_type = RTM_GETROUTE,
                   .nlmsg_flags = NLM_F_REQUEST},
        .route = {.rtm_family = AF_INET, .rtm_dst_len = 32, .rtm_src_len = 32},
    };
    add(&question, RTA_DST, world);
    add(&question, RTA_SRC, own->bytes);
    add(&question, RTA_OIF, &index);
    return send(fd, &question, question.header.nlmsg_len, 0) ==
           (ssize_t)question.header.nlmsg_len;
}

static bool read_answer(const uint8_t *bytes, size_t length, struct netaddr *ret_gateway)
{
    const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)bytes;
    const struct rtmsg *route = NLMSG_DATA(header);
    if (length < NLMSG_LENGTH(sizeof *route) || header->nlmsg_len > length ||
        header->nlmsg_type != RTM_NEWROUTE || route->rtm_family != AF_INET)
        return false;
    size_t left = RTM_PAYLOAD(header);
    const uint8_t *at = (const uint8_t *)RTM_RTA(route);
    while (left >= sizeof(struct rtattr)) {
        struct rtattr attribute;
        memcpy(&attribute, at, sizeof attribute);
        const size_t step = RTA_ALIGN((size_t)attribute.rta_len);
        if (attribute.rta_len < sizeof attribute || attribute.rta_len > left)
            return false;
        if (attribute.rta_type == RTA_GATEWAY && attribute.rta_len >= RTA_LENGTH(4)) {
            *ret_gateway = (struct netaddr){.family = NETADDR_V4};
            memcpy(ret_gateway->bytes, at + RTA_LENGTH(0), 4);
            return true;
        }
        if (step >= left)
            return false;
        at += step;
        left -= step;
    }
    return false;
}

bool net_gateway(const struct netaddr *own, struct netaddr *ret_gateway)
{
    _Alignas(struct nlmsghdr) uint8_t bytes[ANSWER_BYTES];
    const struct timeval wait = {.tv_usec = WAIT_US};
    const unsigned index = own->family == NETADDR_V4 ? index_of(own) : 0;
    const int fd =
        index != 0 ? socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE) : -1;
    if (fd < 0)
        return false;
    bool found = false;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0 &&
        ask(fd, own, index)) {
        const ssize_t got = recv(fd, bytes, sizeof bytes, 0);
        found = got > 0 && read_answer(bytes, (size_t)got, ret_gateway);
    }
    close(fd);
    return found;
}
