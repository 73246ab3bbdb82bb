#include "net/net.h"

#include "net/bind.h"
#include "net/gateway.h"
#include "net/names.h"
#include "net/udp.h"
#include "net/udp_system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACCEPT_BUDGET   64
#define ACCEPT_PAUSE_NS NS_PER_S

struct net_system {
    struct net net;        /* first */
    struct net_bind *bind; /* NULL: to nothing */
    struct names *names;   /* with BIND */
    uint32_t epoch;        /* of BIND, that NAMES knows of */
};

struct listener {
    struct loop *loop;
    struct loop_slot *slot;
    struct loop_timer pause; /* out of descriptors: look again in a second */
    net_on_accept *on_accept;
    void *context;
    int fd;
};

/* Fails closed: what cannot be tied as the user asked is not used. */
static bool system_tie(void *context, int fd, enum netaddr_family family)
{
    const struct net_system *system = context;
    return system->bind == NULL || net_bind_tie(system->bind, fd, family);
}

static void system_bound(void *context, struct net_bound *ret_bound)
{
    struct net_system *system = context;
    *ret_bound = (struct net_bound){.to = NULL};
    if (system->bind == NULL)
        return;
    *ret_bound = (struct net_bound){.to = net_bind_text(system->bind),
                                    .trouble = net_bind_trouble(system->bind),
                                    .epoch = net_bind_epoch(system->bind),
                                    .loose = net_bind_is_loose(system->bind),
                                    .nameless = !names_are_found()};
    if (system->epoch == ret_bound->epoch)
        return;
    system->epoch = ret_bound->epoch;
    names_cut(system->names);
}

static enum error_code error_of_connect(int errno_value)
{
    return errno_value == EMFILE || errno_value == ENFILE || errno_value == ENOBUFS
               ? ERROR_FULL
               : error_from_errno(errno_value);
}

static enum error_code system_connect(void *context, struct loop *loop,
                                      const struct netaddr *to,
                                      struct stream **ret_stream)
{
    struct sockaddr_storage sockaddr;
    const socklen_t length = netaddr_to_sockaddr(to, &sockaddr);
    const int fd =
        socket(sockaddr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return error_of_connect(errno);
    enum error_code error = ERROR_NONE;
    if (!system_tie(context, fd, to->family) ||
        (connect(fd, (struct sockaddr *)&sockaddr, length) != 0 && errno != EINPROGRESS &&
         errno != EINTR)) /* interrupted, it goes on all the same */
        error = error_of_connect(errno);
    struct stream *stream =
        error == ERROR_NONE ? stream_tcp_new(loop, fd, to, true) : NULL;
    if (stream == NULL) {
        close(fd);
        return error != ERROR_NONE ? error : ERROR_MEMORY;
    }
    *ret_stream = stream;
    return ERROR_NONE;
}

static enum error_code system_open_datagram(void *context, struct loop *loop,
                                            const struct netaddr *to,
                                            const struct datagram_callbacks *callbacks,
                                            void *datagram_context,
                                            struct datagram **ret_datagram)
{
    struct sockaddr_storage sockaddr;
    const socklen_t length = netaddr_to_sockaddr(to, &sockaddr);
    const int fd =
        socket(sockaddr.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return error_from_errno(errno);
    enum error_code error = ERROR_NONE;
    if (!system_tie(context, fd, to->family) ||
        connect(fd, (struct sockaddr *)&sockaddr, length) != 0)
        error = error_from_errno(errno);
    struct datagram *datagram =
        error == ERROR_NONE ? datagram_udp_new(loop, fd, callbacks, datagram_context)
                            : NULL;
    if (datagram == NULL) {
        close(fd);
        return error != ERROR_NONE ? error : ERROR_MEMORY;
    }
    *ret_datagram = datagram;
    return ERROR_NONE;
}

static struct resolver_query *system_resolve(void *context, struct loop *loop,
                                             const char *host,
                                             resolver_on_result *on_result,
                                             void *result_context)
{
    const struct net_system *system = context;
    if (system->bind != NULL)
        return names_lookup(system->names, loop, host, on_result, result_context);
    return resolver_lookup(loop, host, on_result, result_context);
}

/* Connecting a socket for datagrams sends none: it chooses a route, and the address that
 * goes with it. Of several IPv6 addresses that is one that privacy asks for (RFC 6724).
 */
static bool system_own_address(void *context, enum netaddr_family family,
                               struct netaddr *ret_address)
{
    struct netaddr world, own;
    struct sockaddr_storage sockaddr;
    if (netaddr_parse(family == NETADDR_V6 ? "2000::1" : "1.0.0.1", 9, &world) !=
        ERROR_NONE)
        return false;
    const socklen_t length = netaddr_to_sockaddr(&world, &sockaddr);
    const int fd = socket(sockaddr.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    socklen_t own_length = sizeof sockaddr;
    const bool fine =
        system_tie(context, fd, family) &&
        connect(fd, (struct sockaddr *)&sockaddr, length) == 0 &&
        getsockname(fd, (struct sockaddr *)&sockaddr, &own_length) == 0 &&
        netaddr_from_sockaddr((struct sockaddr *)&sockaddr, &own) == ERROR_NONE;
    close(fd);
    if (!fine)
        return false;
    own.port = 0;
    *ret_address = own;
    return true;
}

static bool system_gateway(void *context, struct netaddr *ret_own,
                           struct netaddr *ret_gateway)
{
    struct netaddr own;
    if (!system_own_address(context, NETADDR_V4, &own) || !net_gateway(&own, ret_gateway))
        return false;
    *ret_own = own;
    return true;
}

static struct net_watch *system_watch(void *context, struct loop *loop,
                                      void (*on_change)(void *context),
                                      void *watch_context)
{
    const struct net_system *system = context;
    return net_watch_new(loop, system->bind, on_change, watch_context);
}

static void system_unwatch(void *context, struct net_watch *watch)
{
    (void)context;
    net_watch_free(watch);
}

static void listener_resume(void *context)
{
    struct listener *listener = context;
    loop_slot_set_events(listener->slot, POLLIN);
}

static void hand_over(struct listener *listener, int fd,
                      const struct sockaddr_storage *sockaddr)
{
    struct netaddr from;
    struct stream *stream = NULL;
    if (netaddr_from_sockaddr((const struct sockaddr *)sockaddr, &from) == ERROR_NONE)
        stream = stream_tcp_new(listener->loop, fd, &from, false);
    if (stream == NULL)
        close(fd);
    else
        listener->on_accept(listener->context, stream, &from);
}

/* It stays readable, so that looking again at once would never end. */
static void listener_pause(struct listener *listener)
{
    loop_slot_set_events(listener->slot, 0);
    loop_timer_set_in(listener->loop, &listener->pause, ACCEPT_PAUSE_NS);
}

static void listener_on_readable(void *context, short revents)
{
    struct listener *listener = context;
    int accepted = 0;
    (void)revents;
    for (int i = 0; i < ACCEPT_BUDGET; i++) {
        struct sockaddr_storage sockaddr;
        socklen_t length = sizeof sockaddr;
        const int fd = accept4(listener->fd, (struct sockaddr *)&sockaddr, &length,
                               SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            accepted++;
            hand_over(listener, fd, &sockaddr);
            continue;
        }
        if (errno == EAGAIN)
            return;
        if (errno == EINTR || errno == ECONNABORTED || errno == EPROTO)
            continue;             /* that one is gone */
        listener_pause(listener); /* out of descriptors or memory, the network is down */
        return;
    }
    if (accepted == 0)
        listener_pause(listener);
}

/* A socket of TYPE bound to ADDRESS; -1: errno says why. */
static int open_bound(const struct net_system *system, int type,
                      const struct netaddr *address, uint16_t *ret_port)
{
    struct sockaddr_storage sockaddr;
    struct netaddr got = *address;
    const int one = 1, family = address->family == NETADDR_V6 ? AF_INET6 : AF_INET;
    const int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (type == SOCK_STREAM) /* of UDP, two programs would have the same port */
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    const bool tied =
        system->bind == NULL || net_bind_tie_listener(system->bind, fd, &got);
    socklen_t length = netaddr_to_sockaddr(&got, &sockaddr);
    if (!tied || bind(fd, (struct sockaddr *)&sockaddr, length) != 0 ||
        (type == SOCK_STREAM && listen(fd, 128) != 0) ||
        getsockname(fd, (struct sockaddr *)&sockaddr, &length) != 0 ||
        netaddr_from_sockaddr((struct sockaddr *)&sockaddr, &got) != ERROR_NONE) {
        const int saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    *ret_port = got.port;
    return fd;
}

static enum error_code system_listen(void *context, struct loop *loop,
                                     const struct netaddr *address,
                                     net_on_accept *on_accept, void *accept_context,
                                     struct listener **ret_listener, uint16_t *ret_port)
{
    const struct net_system *system = context;
    uint16_t port;
    const int fd = open_bound(system, SOCK_STREAM, address, &port);
    if (fd < 0)
        return errno == EADDRINUSE ? ERROR_EXISTS : error_from_errno(errno);
    struct listener *listener = calloc(1, sizeof *listener);
    if (listener != NULL) {
        *listener = (struct listener){
            .loop = loop, .on_accept = on_accept, .context = accept_context, .fd = fd};
        loop_timer_init(&listener->pause, listener_resume, listener);
        listener->slot =
            loop_add(loop, fd, POLLIN, LOOP_CONTROL, listener_on_readable, listener);
    }
    if (listener == NULL || listener->slot == NULL) {
        free(listener);
        close(fd);
        return ERROR_MEMORY;
    }
    *ret_listener = listener;
    *ret_port = port;
    return ERROR_NONE;
}

static void system_unlisten(void *context, struct listener *listener)
{
    (void)context;
    if (listener == NULL)
        return;
    loop_timer_cancel(listener->loop, &listener->pause);
    loop_slot_remove(listener->slot);
    close(listener->fd);
    free(listener);
}

static enum error_code system_open_udp(void *context, struct loop *loop,
                                       const struct netaddr *address,
                                       const struct udp_socket_callbacks *callbacks,
                                       void *udp_context, struct udp_socket **ret_udp,
                                       uint16_t *ret_port)
{
    uint16_t port;
    const int fd = open_bound(context, SOCK_DGRAM, address, &port);
    if (fd < 0)
        return errno == EADDRINUSE ? ERROR_EXISTS : error_from_errno(errno);
    struct udp_socket *udp = udp_system_new(
        loop, fd, (enum netaddr_family)address->family, callbacks, udp_context);
    if (udp == NULL) {
        close(fd);
        return ERROR_MEMORY;
    }
    *ret_udp = udp;
    *ret_port = port;
    return ERROR_NONE;
}

struct net *net_system_new(const char *bind_to)
{
    struct net_system *system = calloc(1, sizeof *system);
    if (system == NULL)
        return NULL;
    system->net = (struct net){system_connect,
                               system_listen,
                               system_unlisten,
                               system_open_datagram,
                               system_open_udp,
                               system_resolve,
                               system_watch,
                               system_unwatch,
                               system_own_address,
                               system_gateway,
                               system_tie,
                               system_bound,
                               system};
    if (bind_to == NULL)
        return &system->net;
    system->bind = net_bind_new(bind_to);
    system->names = system->bind != NULL ? names_new(system->bind) : NULL;
    if (system->names != NULL)
        return &system->net;
    net_system_free(&system->net);
    return NULL;
}

void net_system_free(struct net *net)
{
    if (net == NULL)
        return;
    struct net_system *system = net->context;
    names_free(system->names);
    net_bind_free(system->bind);
    free(system);
}
