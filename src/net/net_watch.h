/*
 * Tells when addresses, links or default routes of this machine change. The kernel says
 * so through a socket (rtnetlink): nothing wakes up while nothing changes, and a storm of
 * changes is one. What the user has tied us to is looked at sooner. Loop thread.
 */
#ifndef BTTUI_NET_NET_WATCH_H
#define BTTUI_NET_NET_WATCH_H

#include "loop/loop.h"

#include <stdint.h>

struct net_bind;
struct net_watch;

/* ON_CHANGE comes 2 s after the first sign of a change, and 10 s after the last time at
 * the earliest; besides, at once when BIND (NULL: there is none; it outlives the watch)
 * has changed. NULL: the system does not tell, or out of memory. */
struct net_watch *net_watch_new(struct loop *loop, struct net_bind *bind,
                                void (*on_change)(void *context), void *context);
/* NULL is ignored. */
void net_watch_free(struct net_watch *watch);

/* A socket that tells of links and addresses, and of MORE_GROUPS (linux/rtnetlink.h). -1:
 * the system has none. */
int net_watch_socket(uint32_t more_groups);

#endif
