/*
 * Names looked up through what the user has tied us to, and never otherwise: by c-ares,
 * whose sockets are tied like all others and are slots of the loop. /etc/hosts comes
 * first. The list of name servers is read anew with each batch of look-ups; where it
 * names only a server of this machine, which could ask whatever way it likes and cannot
 * be reached through an interface anyway, those that systemd-resolved would ask are
 * asked. In a build without c-ares names are not found. Loop thread.
 */
#ifndef BTTUI_NET_NAMES_H
#define BTTUI_NET_NAMES_H

#include "net/bind.h"
#include "net/resolver.h"

struct names;

/* BIND outlives it. NULL: out of memory. */
struct names *names_new(struct net_bind *bind);
/* Not before all look-ups have come or were cancelled. NULL is ignored. */
void names_free(struct names *names);

/* As resolver_lookup, whose rules hold; resolver_cancel ends it. Addresses of families
 * that BIND does not serve are left out. */
struct resolver_query *names_lookup(struct names *names, struct loop *loop,
                                    const char *host, resolver_on_result *on_result,
                                    void *context);

/* BIND has changed: what is under way ends without an address, new look-ups have new
 * sockets. */
void names_cut(struct names *names);

/* Whether this build can look names up at all. */
bool names_are_found(void);

#endif
