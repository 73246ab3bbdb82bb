/*
 * Which router stands between us and the world, as the system's routes say (rtnetlink).
 * Asks the kernel, which answers at once. Loop thread.
 */
#ifndef BTTUI_NET_GATEWAY_H
#define BTTUI_NET_GATEWAY_H

#include "base/netaddr.h"

#include <stdbool.h>

/* The router that takes what OWN, an IPv4 address of ours, sends into the world by the
 * interface that has it; port 0. False: there is none, as on a line to one other end. */
bool net_gateway(const struct netaddr *own, struct netaddr *ret_gateway);

#endif
