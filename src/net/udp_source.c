#include "net/udp_source.h"

#include <string.h>

_Static_assert(UDP_SOURCE_SPACE >= CMSG_SPACE(sizeof(struct in6_pktinfo)) &&
                   UDP_SOURCE_SPACE >= CMSG_SPACE(sizeof(struct in_pktinfo)),
               "room for either family's");

void udp_source_init(struct udp_source *source, int fd)
{
    const int one = 1;
    struct sockaddr_storage name = {.ss_family = AF_UNSPEC};
    socklen_t length = sizeof name;
    struct netaddr bound;
    memset(source, 0, sizeof *source);
    if (getsockname(fd, (struct sockaddr *)&name, &length) != 0 ||
        netaddr_from_sockaddr((const struct sockaddr *)&name, &bound) != ERROR_NONE ||
        netaddr_scope(&bound) != NETADDR_SCOPE_INVALID)
        return;
    if (bound.family == NETADDR_V6)
        setsockopt(fd, SOL_IPV6, IPV6_RECVPKTINFO, &one, sizeof one);
    else
        setsockopt(fd, SOL_IP, IP_PKTINFO, &one, sizeof one);
}

/* FNV-1a */
static uint32_t place_of(const struct netaddr *remote)
{
    uint32_t hash = UINT32_C(0x811c9dc5);
    for (size_t i = 0; i < sizeof remote->bytes; i++)
        hash = (hash ^ remote->bytes[i]) * UINT32_C(0x01000193);
    hash = (hash ^ remote->port) * UINT32_C(0x01000193);
    return (hash ^ hash >> 16) % UDP_SOURCE_PLACES;
}

/* False: CONTROL says something else. */
static bool read_own(const struct cmsghdr *control, struct netaddr *ret_own)
{
    *ret_own = (struct netaddr){.family = NETADDR_NONE};
    if (control->cmsg_level == SOL_IP && control->cmsg_type == IP_PKTINFO) {
        struct in_pktinfo info;
        memcpy(&info, CMSG_DATA(control), sizeof info);
        ret_own->family = NETADDR_V4;
        memcpy(ret_own->bytes, &info.ipi_spec_dst, sizeof info.ipi_spec_dst);
    } else if (control->cmsg_level == SOL_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
        struct in6_pktinfo info;
        memcpy(&info, CMSG_DATA(control), sizeof info);
        ret_own->family = NETADDR_V6;
        memcpy(ret_own->bytes, &info.ipi6_addr, sizeof info.ipi6_addr);
    }
    return ret_own->family != NETADDR_NONE &&
           netaddr_scope(ret_own) != NETADDR_SCOPE_INVALID;
}

void udp_source_note(struct udp_source *source, const struct netaddr *from,
                     struct msghdr *message, uint64_t now_ns)
{
    struct netaddr own;
    for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at != NULL;
         at = CMSG_NXTHDR(message, at)) {
        if (!read_own(at, &own))
            continue;
        const uint32_t place = place_of(from);
        source->known[place].remote = *from;
        source->known[place].own = own;
        source->known[place].heard_ns = now_ns;
        return;
    }
}

const struct netaddr *udp_source_find(const struct udp_source *source,
                                      const struct netaddr *to, uint64_t now_ns)
{
    const uint32_t place = place_of(to);
    const bool is_known = netaddr_equal(&source->known[place].remote, to) &&
                          now_ns - source->known[place].heard_ns < UDP_SOURCE_FRESH_NS;
    return is_known ? &source->known[place].own : NULL;
}

void udp_source_forget(struct udp_source *source, const struct netaddr *to)
{
    const uint32_t place = place_of(to);
    if (netaddr_equal(&source->known[place].remote, to))
        source->known[place].remote.family = NETADDR_NONE;
}

size_t udp_source_put(const struct netaddr *own, struct cmsghdr *control)
{
    struct in_pktinfo info = {.ipi_ifindex = 0};
    struct in6_pktinfo info6 = {.ipi6_ifindex = 0};
    const bool is_v6 = own->family == NETADDR_V6;
    const size_t length = is_v6 ? sizeof info6 : sizeof info;
    memcpy(&info.ipi_spec_dst, own->bytes, sizeof info.ipi_spec_dst);
    memcpy(&info6.ipi6_addr, own->bytes, sizeof info6.ipi6_addr);
    control->cmsg_level = is_v6 ? SOL_IPV6 : SOL_IP;
    control->cmsg_type = is_v6 ? IPV6_PKTINFO : IP_PKTINFO;
    control->cmsg_len = CMSG_LEN(length);
    memcpy(CMSG_DATA(control), is_v6 ? (const void *)&info6 : &info, length);
    return CMSG_SPACE(length);
}
