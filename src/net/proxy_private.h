/* What proxy.c, the net, and its datagrams and UDP sockets share; nobody else includes
 * this. */
#ifndef BTTUI_NET_PROXY_PRIVATE_H
#define BTTUI_NET_PROXY_PRIVATE_H

#include "net/proxy.h"
#include "net/socks_stream.h"

#define PROXY_NAMES_MOST 4096u

struct net_watch {
    struct net_watch *next;
    void (*on_change)(void *context);
    void *context;
    struct net_watch *inner;
};

struct proxy {
    struct net net; /* first */
    struct net *inner;
    struct proxy_place place;
    struct netaddr address;
    char text[NETADDR_TEXT_SIZE + 16]; /* for people; without user and password */
    char url[NETADDR_TEXT_SIZE + 16];  /* for libcurl: names are the proxy's to look up */
    struct loop *loop;                 /* NULL: nobody watches yet */
    struct net_watch *watches;
    const char *what; /* is wrong, not translated; NULL: nothing is known to be */
    char trouble[256];
    const char *no_relay; /* why it relays no datagrams, not translated; NULL: it may */
    char no_udp[256];
    struct stream *probe;
    struct socks asked; /* by it */
    struct loop_timer probe_timer, news_timer;
    char **names; /* that were given an address of PROXY_NET; owned */
    uint32_t name_count;
};

/* proxy.c: a way to the proxy that begins with COMMAND; ON_PROXY etc. are its own. */
enum error_code proxy_connect(struct proxy *proxy, struct loop *loop,
                              enum socks_command command,
                              const struct socks_target *target,
                              struct stream **ret_stream) MUST_CHECK;
/* What ADDRESS stands for. */
void proxy_target(const struct proxy *proxy, const struct netaddr *address,
                  struct socks_target *ret_target);
bool proxy_is_name(const struct proxy *proxy, const struct netaddr *address);

/* Whether it relays datagrams; those who watch are told of news. */
void proxy_set_no_relay(struct proxy *proxy, const char *why);

/* Where datagrams are to be sent, as CONTROL, connected by SOCKS_UDP, was told; port 0:
 * nowhere. */
struct netaddr proxy_relay_of(const struct proxy *proxy, const struct stream *control);

/* proxy_udp.c: a net's open_udp */
enum error_code proxy_open_udp(void *context, struct loop *loop,
                               const struct netaddr *address,
                               const struct udp_socket_callbacks *callbacks,
                               void *udp_context, struct udp_socket **ret_udp,
                               uint16_t *ret_port);
/* proxy_datagram.c: a net's open_datagram */
enum error_code proxy_open_datagram(void *context, struct loop *loop,
                                    const struct netaddr *to,
                                    const struct datagram_callbacks *callbacks,
                                    void *datagram_context,
                                    struct datagram **ret_datagram);

#endif
