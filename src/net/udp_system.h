/* The system's unconnected UDP sockets. Loop thread. */
#ifndef BTTUI_NET_UDP_SYSTEM_H
#define BTTUI_NET_UDP_SYSTEM_H

#include "loop/loop.h"
#include "net/udp_socket.h"

/* Wraps a bound, non-blocking UDP socket, which it then owns. NULL: out of memory; the
 * socket is still the caller's. */
struct udp_socket *udp_system_new(struct loop *loop, int fd, enum netaddr_family family,
                                  const struct udp_socket_callbacks *callbacks,
                                  void *context);

#endif
