/*
 * How often strangers' words have made us call a network of late (HOSTILE.md X20, D13):
 * a /24, or an IPv6 /48, in public space is tried eight times in ten minutes. Memory is
 * bounded; the longest unused is forgotten. Loop thread.
 */
#ifndef BTTUI_PEER_NET_TRIES_H
#define BTTUI_PEER_NET_TRIES_H

#include "base/netaddr.h"

#include <stdint.h>

struct net_tries;
struct net_tries *net_tries_new(void); /* NULL: out of memory */
void net_tries_free(struct net_tries *tries);
/* 0: ADDRESS may be called now, and that is noted; else the time when it may. */
uint64_t net_tries_take(struct net_tries *tries, const struct netaddr *address,
                        uint64_t now_ns);

#endif
