/*
 * A multicast group on the networks this machine is on: what is sent goes out once on
 * each of them and no further (a hop), what others send there comes in. Tied to an
 * interface or address (struct net), only that one counts; else the loopback interface
 * does not. Loop thread.
 */
#ifndef BTTUI_NET_MULTICAST_H
#define BTTUI_NET_MULTICAST_H

#include "net/net.h"

struct multicast;
typedef void multicast_on_packet(void *context, const struct netaddr *from,
                                 const uint8_t *bytes, size_t length);

/* The networks are those of now: opened again when they change. GROUP with the port,
 * which others on this machine may use, too. ERROR_OFFLINE: there is no such network. */
enum error_code multicast_open(struct loop *loop, const struct net *net,
                               const struct netaddr *group,
                               multicast_on_packet *on_packet, void *context,
                               struct multicast **ret_multicast) MUST_CHECK;
/* NULL is ignored. */
void multicast_close(struct multicast *multicast);
/* Never waits; what cannot be sent is lost. */
void multicast_send(struct multicast *multicast, const uint8_t *bytes, size_t length);

#endif
