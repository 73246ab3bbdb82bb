/*
 * A struct net whose connections and datagrams go through a SOCKS5 proxy, and nothing
 * beside it: nobody is listened for, no name is looked up here (the proxy does that), no
 * address of ours is told. While the proxy cannot be reached or does not let us in,
 * nothing is sent but the question whether it does again; where it relays no datagrams
 * (UDP ASSOCIATE), none is sent. Loop thread.
 */
#ifndef BTTUI_NET_PROXY_H
#define BTTUI_NET_PROXY_H

#include "net/net.h"
#include "net/socks.h"

/* --proxy */
struct proxy_place {
    char host[SOCKS_TEXT_MOST + 1]; /* a name, or an address without brackets */
    uint16_t port;
    char user[SOCKS_TEXT_MOST + 1], password[SOCKS_TEXT_MOST + 1]; /* "": none */
};
/* socks5://[USER[:PASSWORD]@]HOST[:PORT], %XX in user and password; port 1080 if none is
 * said. False: it is none. */
bool proxy_parse(const char *text, struct proxy_place *ret_place);

/* All through the proxy at ADDRESS, reached by INNER, which outlives it. PLACE, which is
 * copied, says who we are there. NULL: out of memory. */
struct net *net_proxy_new(struct net *inner, const struct proxy_place *place,
                          const struct netaddr *address);
void net_proxy_free(struct net *net);

#endif
