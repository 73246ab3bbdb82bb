/*
 * Asks a UPnP gateway (IGD 1 and 2) to send on to us what comes to it for our port, TCP
 * and UDP: finds it by SSDP, reads its description, calls it by SOAP, again at half of
 * the lease, and takes the port back at the end. A state machine: what the gateway says
 * and the time come in, questions go out through `search` and `call`. Anybody on the
 * local network may answer: only the gateway is believed, if it is private and in our /24
 * (HOSTILE.md W16). Loop thread.
 */
#ifndef BTTUI_DISCOVERY_UPNP_H
#define BTTUI_DISCOVERY_UPNP_H

#include "base/clock.h"
#include "discovery/portmap.h"
#include "discovery/upnp_message.h"

struct upnp;
struct upnp_config {
    const struct random_source *random;
    /* To UPNP_GROUP, and to port 1900 of the gateway. */
    void (*search)(void *context, const uint8_t *bytes, size_t length);
    /* An HTTP request to URL, which is at the gateway's address, in place of the one
     * under way; upnp_on_result follows, never from inside this call. ACTION is SOAP's
     * header, BODY what is posted; NULL: neither, and it is a GET. */
    void (*call)(void *context, const char *url, const char *action, const uint8_t *body,
                 size_t length);
    /* upnp_next_ns may be earlier than it was. */
    void (*on_wake)(void *context);
    /* upnp_get_look would tell something else. */
    void (*on_change)(void *context);
    void *context;
};
struct upnp *upnp_new(const struct upnp_config *config); /* NULL: out of memory */
void upnp_free(struct upnp *upnp);                       /* says nothing */

/* Begins anew. False, and it rests: GATEWAY is not one to be asked. */
bool upnp_begin(struct upnp *upnp, uint64_t now_ns, const struct netaddr *own,
                const struct netaddr *gateway, uint16_t port);
/* Asks nobody; what was had is forgotten. */
void upnp_rest(struct upnp *upnp);
/* Takes back what there is, within two seconds. */
void upnp_end(struct upnp *upnp, uint64_t now_ns);
bool upnp_has_ended(const struct upnp *upnp); /* after upnp_end */

/* A packet to where the search came from. */
void upnp_receive(struct upnp *upnp, uint64_t now_ns, const struct netaddr *from,
                  const uint8_t *bytes, size_t length);
/* Of the last call. STATUS: HTTP's; 0: there was no answer, or none that is short enough.
 */
void upnp_on_result(struct upnp *upnp, uint64_t now_ns, long status, const uint8_t *body,
                    size_t length);
void upnp_run(struct upnp *upnp, uint64_t now_ns);
uint64_t upnp_next_ns(const struct upnp *upnp); /* UINT64_MAX: nothing to do */

struct upnp_look {
    enum portmap_state state;
    uint16_t external_port;  /* when mapped */
    struct netaddr external; /* family NONE: not told */
    const char *text;        /* when refused: the gateway's words, for people; "": none */
};
void upnp_get_look(const struct upnp *upnp, struct upnp_look *ret_look);

#endif
