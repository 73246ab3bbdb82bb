/*
 * What a session gives the UPnP state machine (discovery/upnp.h) to work with: the
 * sockets of SSDP, HTTP, time. session_portmap.c owns it and says when it is needed.
 * Loop thread.
 */
#ifndef BTTUI_TORRENT_SESSION_UPNP_H
#define BTTUI_TORRENT_SESSION_UPNP_H

#include "discovery/upnp.h"
#include "torrent/torrent.h"

struct session_upnp;

/* ON_CHANGE: session_upnp_look or session_upnp_has_ended would tell something else. NULL:
 * out of memory. */
struct session_upnp *session_upnp_new(struct session *session,
                                      void (*on_change)(void *context), void *context);
void session_upnp_free(struct session_upnp *upnp); /* NULL is ignored */

void session_upnp_begin(struct session_upnp *upnp, const struct netaddr *own,
                        const struct netaddr *gateway);
void session_upnp_rest(struct session_upnp *upnp);
/* Within two seconds session_upnp_has_ended. */
void session_upnp_give_back(struct session_upnp *upnp);
bool session_upnp_has_ended(const struct session_upnp *upnp);
void session_upnp_look(const struct session_upnp *upnp, struct upnp_look *ret_look);

#endif
