#include "net/bind.h"

#include "base/i18n.h"
#include "base/text.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a look sees. */
struct sight {
    char interface[IFNAMSIZ]; /* that sockets are tied to; "": to none, the address will
                                 do */
    unsigned index;
    struct netaddr own[2]; /* an interface's first of IPv4 and IPv6; family NONE: none */
    enum net_bind_state state;
};

struct net_bind {
    char *text;
    struct netaddr address; /* family NONE: TEXT is an interface */
    struct sight now;
    uint32_t epoch;
    bool loose;
    char trouble[200];
};

static bool is_interface(const struct net_bind *bind)
{
    return bind->address.family == NETADDR_NONE;
}

/* ---- looking ---- */

/* Whether a socket can have ADDRESS: one of IPv6 that was just added is first looked for
 * in the network. */
static bool can_be_bound(const struct netaddr *address)
{
    struct sockaddr_storage sockaddr;
    const socklen_t length = netaddr_to_sockaddr(address, &sockaddr);
    const int fd = socket(sockaddr.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const bool fine = fd >= 0 && bind(fd, (struct sockaddr *)&sockaddr, length) == 0;
    if (fd >= 0)
        close(fd);
    return fine;
}

/* "eth0:1" is a label of an address of eth0. */
static void name_of_interface(const struct ifaddrs *at, char ret_name[IFNAMSIZ])
{
    const size_t length = strcspn(at->ifa_name, ":");
    snprintf(ret_name, IFNAMSIZ, "%.*s", (int)length, at->ifa_name);
}

static enum net_bind_state state_of_link(const struct ifaddrs *at)
{
    const unsigned wanted = IFF_UP | IFF_RUNNING;
    return (at->ifa_flags & wanted) == wanted ? NET_BIND_UP : NET_BIND_DOWN;
}

static void see_interface(const struct net_bind *bind, const struct ifaddrs *all,
                          struct sight *sight)
{
    char name[IFNAMSIZ];
    snprintf(sight->interface, sizeof sight->interface, "%s", bind->text);
    for (const struct ifaddrs *at = all; at != NULL; at = at->ifa_next) {
        struct netaddr address;
        name_of_interface(at, name);
        if (strcmp(name, bind->text) != 0)
            continue;
        sight->state = state_of_link(at);
        if (at->ifa_addr == NULL ||
            netaddr_from_sockaddr(at->ifa_addr, &address) != ERROR_NONE ||
            netaddr_scope(&address) == NETADDR_SCOPE_LINK_LOCAL)
            continue;
        struct netaddr *own = &sight->own[address.family == NETADDR_V6];
        if (own->family == NETADDR_NONE)
            *own = address;
    }
    if (sight->state == NET_BIND_UP && sight->own[0].family == NETADDR_NONE &&
        sight->own[1].family == NETADDR_NONE)
        sight->state = NET_BIND_BARE;
}

/* The interface that has the address matters more than the address: when it is down, the
 * address is still there, and packets would leave by another. */
static void see_address(const struct net_bind *bind, const struct ifaddrs *all,
                        struct sight *sight)
{
    struct netaddr address;
    if (netaddr_scope(&bind->address) == NETADDR_SCOPE_LOOPBACK)
        sight->state = NET_BIND_UP;
    for (const struct ifaddrs *at = all; at != NULL; at = at->ifa_next) {
        if (at->ifa_addr == NULL ||
            netaddr_from_sockaddr(at->ifa_addr, &address) != ERROR_NONE ||
            !netaddr_same_host(&address, &bind->address))
            continue;
        sight->state = state_of_link(at);
        if ((at->ifa_flags & IFF_LOOPBACK) == 0)
            name_of_interface(at, sight->interface);
        break;
    }
    if (sight->state == NET_BIND_UP && !can_be_bound(&bind->address))
        sight->state = NET_BIND_BARE;
}

/* False: the system does not say. */
static bool see(const struct net_bind *bind, struct sight *ret_sight)
{
    struct ifaddrs *all = NULL;
    struct sight sight = {.state = NET_BIND_GONE};
    if (getifaddrs(&all) != 0)
        return false;
    if (is_interface(bind))
        see_interface(bind, all, &sight);
    else
        see_address(bind, all, &sight);
    freeifaddrs(all);
    sight.index = sight.interface[0] != '\0' ? if_nametoindex(sight.interface) : 0;
    *ret_sight = sight;
    return true;
}

static const char *trouble_format(const struct net_bind *bind)
{
    switch (bind->now.state) {
    case NET_BIND_GONE: /* L10N: %s is an interface such as "wg0", or an address */
        return _("bound to %s, which is not there: nothing is sent until it is back");
    case NET_BIND_DOWN:
        return is_interface(bind)
                   ? _("bound to %s, which is down: nothing is sent until it is back")
                   : _("bound to %s, whose interface is down: nothing is sent until it "
                       "is back");
    case NET_BIND_BARE:
        return is_interface(bind)
                   ? _("bound to %s, which has no address: nothing is sent until it has "
                       "one")
                   : _("bound to %s, which cannot be used yet: nothing is sent until it "
                       "can");
    case NET_BIND_UP:
        break;
    }
    return "";
}

static void word_trouble(struct net_bind *bind)
{
    char shown[100];
    text_clean(text_untrusted(bind->text), 60, shown, sizeof shown);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(bind->trouble, sizeof bind->trouble, trouble_format(bind), shown);
#pragma GCC diagnostic pop
}

bool net_bind_look(struct net_bind *bind)
{
    const struct sight before = bind->now;
    struct sight now;
    if (!see(bind, &now))
        return false;
    const bool moved = strcmp(before.interface, now.interface) != 0 ||
                       before.index != now.index ||
                       (bind->loose && (!netaddr_equal(&before.own[0], &now.own[0]) ||
                                        !netaddr_equal(&before.own[1], &now.own[1])));
    bind->now = now;
    if (before.state == now.state && !moved)
        return false;
    if (before.state == NET_BIND_UP)
        bind->epoch++;
    word_trouble(bind);
    return true;
}

/* ---- tying ---- */

static bool tie_to_interface(struct net_bind *bind, int fd)
{
    const char *name = bind->now.interface;
    if (bind->now.state != NET_BIND_UP) {
        errno = bind->now.state == NET_BIND_DOWN ? ENETDOWN : EADDRNOTAVAIL;
        return false;
    }
    if (name[0] == '\0' ||
        setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, (socklen_t)strlen(name)) == 0)
        return true;
    bind->loose |= errno == EPERM; /* Linux before 5.7, not as root */
    return errno == EPERM;
}

static bool tie_to_address(int fd, const struct netaddr *address)
{
    struct sockaddr_storage sockaddr;
    const socklen_t length = netaddr_to_sockaddr(address, &sockaddr);
    return bind(fd, (struct sockaddr *)&sockaddr, length) == 0;
}

/* Nothing but the last look keeps a socket where it belongs: so it is a fresh one. */
static void look_if_loose(struct net_bind *bind)
{
    if (bind->loose)
        (void)net_bind_look(bind);
}

bool net_bind_tie(struct net_bind *bind, int fd, enum netaddr_family family)
{
    look_if_loose(bind);
    if (!is_interface(bind) && bind->address.family != family) {
        errno = EAFNOSUPPORT;
        return false;
    }
    if (!tie_to_interface(bind, fd))
        return false;
    if (!is_interface(bind))
        return tie_to_address(fd, &bind->address);
    const struct netaddr *own = &bind->now.own[family == NETADDR_V6];
    if (own->family == NETADDR_NONE) {
        errno = EADDRNOTAVAIL;
        return false;
    }
    return !bind->loose || tie_to_address(fd, own);
}

/* An interface that is down is listened on all the same: it may come up. */
bool net_bind_tie_listener(struct net_bind *bind, int fd, struct netaddr *address)
{
    const char *name = bind->now.interface;
    look_if_loose(bind);
    if (name[0] != '\0' &&
        setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, (socklen_t)strlen(name)) == 0)
        return true;
    if (name[0] != '\0' && errno != EPERM)
        return false;
    bind->loose |= name[0] != '\0';
    const struct netaddr own = bind->now.own[address->family == NETADDR_V6];
    const uint16_t port = address->port;
    if (!is_interface(bind))
        return true;
    if (own.family == NETADDR_NONE) {
        errno = EADDRNOTAVAIL;
        return false;
    }
    *address = own;
    address->port = port;
    return true;
}

/* ---- life ---- */

struct net_bind *net_bind_new(const char *text)
{
    struct net_bind *bind = calloc(1, sizeof *bind);
    if (bind == NULL)
        return NULL;
    bind->text = strdup(text);
    if (bind->text == NULL) {
        free(bind);
        return NULL;
    }
    if (netaddr_parse(text, 0, &bind->address) != ERROR_NONE || bind->address.port != 0)
        bind->address.family = NETADDR_NONE;
    bind->now.state = NET_BIND_GONE;
    (void)net_bind_look(bind);
    word_trouble(bind);
    return bind;
}

void net_bind_free(struct net_bind *bind)
{
    if (bind == NULL)
        return;
    free(bind->text);
    free(bind);
}

const char *net_bind_text(const struct net_bind *bind)
{
    return bind->text;
}

enum net_bind_state net_bind_state(const struct net_bind *bind)
{
    return bind->now.state;
}

const char *net_bind_trouble(const struct net_bind *bind)
{
    return bind->now.state != NET_BIND_UP ? bind->trouble : NULL;
}

uint32_t net_bind_epoch(const struct net_bind *bind)
{
    return bind->epoch;
}

bool net_bind_is_loose(const struct net_bind *bind)
{
    return bind->loose;
}

bool net_bind_serves(const struct net_bind *bind, enum netaddr_family family)
{
    return is_interface(bind) ? bind->now.own[family == NETADDR_V6].family != NETADDR_NONE
                              : bind->address.family == family;
}
