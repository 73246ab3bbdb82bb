/* The system's UDP sockets as datagrams. Loop thread. */
#ifndef BTTUI_NET_UDP_H
#define BTTUI_NET_UDP_H

#include "loop/loop.h"
#include "net/datagram.h"

/* Wraps a connected, non-blocking UDP socket, which it then owns. NULL: out of memory;
 * the socket is still the caller's. */
struct datagram *datagram_udp_new(struct loop *loop, int fd,
                                  const struct datagram_callbacks *callbacks,
                                  void *context);

#endif
