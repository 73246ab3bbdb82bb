/*
 * Where connections come from: the system's sockets, or a virtual network of the tests.
 * Components get a `struct net` and never call socket(2) themselves. Loop thread.
 */
#ifndef BTTUI_NET_NET_H
#define BTTUI_NET_NET_H

#include "base/error.h"
#include "base/netaddr.h"
#include "loop/loop.h"
#include "net/datagram.h"
#include "net/net_watch.h"
#include "net/resolver.h"
#include "net/stream.h"
#include "net/udp_socket.h"

struct listener;
/* A stream that somebody opened to us; it is the callee's now. Not the place for
 * unlisten.
 */
typedef void net_on_accept(void *context, struct stream *stream,
                           const struct netaddr *from);

/* What the user has tied all traffic to, and how that is. */
struct net_bound {
    const char *to;      /* an interface or an address; NULL: to nothing */
    const char *trouble; /* a sentence for people while nothing can be sent; else NULL */
    const char *no_udp;  /* the same while no datagram can be */
    uint32_t epoch;      /* another: sockets of before are of no use any more */
    bool loose;          /* the system ties sockets to no interface: routes decide */
    bool nameless;       /* this build looks up no names so */
    /* For sockets that others make: they have to go through this proxy, as libcurl is
     * told of it; NULL: through none. Then nobody else sends anything. */
    const char *proxy;
    const char *proxy_user, *proxy_password; /* NULL: none */
};

struct net {
    /* Starts connecting; *ret_stream reports on_connected or on_error. Local failures
     * are returned: ERROR_OFFLINE no network, no route or no address of our own,
     * ERROR_FULL no descriptor or buffer, ERROR_ACCESS a firewall. */
    enum error_code (*connect)(void *context, struct loop *loop, const struct netaddr *to,
                               struct stream **ret_stream);
    /* Listens on ADDRESS (port 0: any); *ret_port is the one it got. */
    enum error_code (*listen)(void *context, struct loop *loop,
                              const struct netaddr *address, net_on_accept *on_accept,
                              void *accept_context, struct listener **ret_listener,
                              uint16_t *ret_port);
    void (*unlisten)(void *context, struct listener *listener);
    /* A socket for datagrams to and from TO alone. Local failures are returned. */
    enum error_code (*open_datagram)(void *context, struct loop *loop,
                                     const struct netaddr *to,
                                     const struct datagram_callbacks *callbacks,
                                     void *datagram_context,
                                     struct datagram **ret_datagram);
    /* A socket for datagrams from and to anybody, bound to ADDRESS (port 0: any) and tied
     * as a listener is; *ret_port is the one it got. ERROR_EXISTS: it is taken. */
    enum error_code (*open_udp)(void *context, struct loop *loop,
                                const struct netaddr *address,
                                const struct udp_socket_callbacks *callbacks,
                                void *udp_context, struct udp_socket **ret_udp,
                                uint16_t *ret_port);
    /* As resolver_lookup, whose rules hold; resolver_cancel ends it. Where the user has
     * tied us to something, names are looked up through that or not at all. */
    struct resolver_query *(*resolve)(void *context, struct loop *loop, const char *host,
                                      resolver_on_result *on_result,
                                      void *result_context);
    /* As net_watch_new, with what we are tied to, and net_watch_free. */
    struct net_watch *(*watch)(void *context, struct loop *loop,
                               void (*on_change)(void *context), void *watch_context);
    void (*unwatch)(void *context, struct net_watch *watch);
    /* The address of ours from which the world would be reached (FAMILY: enum
     * netaddr_family), as the user let it be; port 0. False: it cannot be. */
    bool (*own_address)(void *context, enum netaddr_family family,
                        struct netaddr *ret_address);
    /* The IPv4 router that stands between that address, *ret_own, and the world; port 0.
     * False: there is none, or what we send goes through a proxy. */
    bool (*gateway)(void *context, struct netaddr *ret_own, struct netaddr *ret_gateway);
    /* Sockets that others make: ties FD, before it connects, to what the user wants.
     * False: errno says why, and FD must not be used. */
    bool (*tie)(void *context, int fd, enum netaddr_family family);
    void (*bound)(void *context, struct net_bound *ret_bound);
    void *context;
};

/* The system's sockets. BIND: address or interface that all of them are tied to
 * (net/bind.h); NULL: none. NULL: out of memory. */
struct net *net_system_new(const char *bind);
void net_system_free(struct net *net);

#endif
