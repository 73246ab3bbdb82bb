/*
 * Asks the gateway to send on to us what comes to it for our port, TCP and UDP, by PCP
 * (RFC 6887) and, where that is not understood, by NAT-PMP (RFC 6886). What was granted
 * is asked for again at half of its time, and given back at the end. A state machine:
 * packets of the gateway and the time come in, packets for it go out through `send`.
 * Whose packets these are, the owner sees to: they must come from the gateway's address
 * and port. Loop thread.
 */
#ifndef BTTUI_DISCOVERY_PORTMAP_H
#define BTTUI_DISCOVERY_PORTMAP_H

#include "base/clock.h"
#include "base/netaddr.h"
#include "discovery/portmap_message.h"

#include <stdbool.h>
#include <stddef.h>

#define PORTMAP_LEASE_S 3600u /* what is asked for */

struct portmap;
struct portmap_config {
    const struct random_source *random;
    void (*send)(void *context, const uint8_t *bytes, size_t length);
    /* portmap_next_ns may be earlier than it was. */
    void (*on_wake)(void *context);
    /* portmap_get_look would tell something else. */
    void (*on_change)(void *context);
    void *context;
};
struct portmap *portmap_new(const struct portmap_config *config); /* NULL: no memory */
void portmap_free(struct portmap *portmap);                       /* says nothing */

/* Begins anew, with another gateway or as another host: OWN is the address by which the
 * gateway knows us, which PCP wants to be told; PORT is ours, not 0. What was had before
 * is forgotten. */
void portmap_begin(struct portmap *portmap, uint64_t now_ns, const struct netaddr *own,
                   uint16_t port);
/* The gateway may have lost what it knew: asks at once, also where it was silent or had
 * refused. */
void portmap_again(struct portmap *portmap, uint64_t now_ns);
/* No gateway: asks nobody. */
void portmap_rest(struct portmap *portmap);
/* Gives back what there is: asks for that three times within a second. */
void portmap_end(struct portmap *portmap, uint64_t now_ns);
/* After portmap_end: all was given back, or that second is over. */
bool portmap_has_ended(const struct portmap *portmap);

void portmap_receive(struct portmap *portmap, uint64_t now_ns, const uint8_t *bytes,
                     size_t length);
/* The network says that nobody listens there. */
void portmap_on_nobody(struct portmap *portmap);
void portmap_run(struct portmap *portmap, uint64_t now_ns);
uint64_t portmap_next_ns(const struct portmap *portmap); /* UINT64_MAX: nothing to do */

enum portmap_state {
    PORTMAP_RESTING,
    PORTMAP_ASKING,
    PORTMAP_SILENT, /* no answer to several questions; it is asked again */
    PORTMAP_MAPPED,
    PORTMAP_REFUSED,
    PORTMAP_STATE_COUNT
};
struct portmap_look {
    enum portmap_state state;     /* of TCP */
    enum portmap_state udp_state; /* the same of UDP */
    bool by_pcp;                  /* when mapped; else by NAT-PMP */
    enum portmap_refusal refusal;
    uint16_t external_port;  /* TCP, when mapped */
    struct netaddr external; /* the gateway's address outside; family NONE: not told */
};
void portmap_get_look(const struct portmap *portmap, struct portmap_look *ret_look);

#endif
