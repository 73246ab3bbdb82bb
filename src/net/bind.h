/*
 * What the user ties all traffic to (--bind): an address of this machine or an interface.
 * A socket that is tied leaves by that interface whatever the routes say, or not at all;
 * while there is no such address or interface, or it is down, none can be tied. Loop
 * thread.
 */
#ifndef BTTUI_NET_BIND_H
#define BTTUI_NET_BIND_H

#include "base/netaddr.h"
#include "loop/loop.h"

struct net_bind;

enum net_bind_state {
    NET_BIND_UP,
    NET_BIND_BARE, /* an interface without an address, an address not usable yet */
    NET_BIND_DOWN,
    NET_BIND_GONE /* no address or interface of this machine */
};

/* TEXT: an address without a port, or the name of an interface. Looks at once. NULL: out
 * of memory. */
struct net_bind *net_bind_new(const char *text);
void net_bind_free(struct net_bind *bind);

/* As the user wrote it. */
const char *net_bind_text(const struct net_bind *bind);
/* Of the last look. */
enum net_bind_state net_bind_state(const struct net_bind *bind);
/* While it is not up: a sentence for people. Else NULL. */
const char *net_bind_trouble(const struct net_bind *bind);
/* Another one: the sockets of before are of no use any more. */
uint32_t net_bind_epoch(const struct net_bind *bind);
/* The system lets nobody tie a socket to an interface: addresses are bound, and routes
 * decide. */
bool net_bind_is_loose(const struct net_bind *bind);
/* Whether it has an address of that family. */
bool net_bind_serves(const struct net_bind *bind, enum netaddr_family family);

/* Looks again; true: something of the above has changed. */
bool net_bind_look(struct net_bind *bind);

/* Ties a socket of FAMILY that is to connect. False: errno says why, and the socket must
 * not be used. */
bool net_bind_tie(struct net_bind *bind, int fd, enum netaddr_family family);
/* Ties one that is to listen on ADDRESS, which the caller binds; "any" becomes that of
 * the interface where nothing else would tie it. False as above. */
bool net_bind_tie_listener(struct net_bind *bind, int fd, struct netaddr *address);

/* Looks whenever the system tells of a change, a tenth of a second apart in a storm, and
 * calls ON_CHANGE if something has changed. NULL: the system does not tell, or out of
 * memory. BIND outlives it. */
struct net_bind_watch;
struct net_bind_watch *net_bind_watch_new(struct net_bind *bind, struct loop *loop,
                                          void (*on_change)(void *context),
                                          void *context);
/* NULL is ignored. */
void net_bind_watch_free(struct net_bind_watch *watch);

#endif
