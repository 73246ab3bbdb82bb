/*
 * Local service discovery (BEP 14): tells the local network which torrents we have, when
 * they start and every five minutes, and hears who else has them. A state machine:
 * packets and the time come in, packets go out through `send`. Only who is on a local
 * network is believed; ten packets a second are looked at. Loop thread.
 */
#ifndef BTTUI_DISCOVERY_LSD_H
#define BTTUI_DISCOVERY_LSD_H

#include "base/clock.h"
#include "base/digest.h"
#include "base/netaddr.h"

#include <stdbool.h>
#include <stddef.h>

#define LSD_AGAIN_NS (300 * NS_PER_S)

struct lsd;
struct lsd_config {
    const struct random_source *random;
    /* To the group of FAMILY. */
    void (*send)(void *context, enum netaddr_family family, const uint8_t *bytes,
                 size_t length);
    void (*on_peer)(void *context, const struct info_hash *hash,
                    const struct netaddr *peer);
    /* lsd_next_ns may be earlier than it was. */
    void (*on_wake)(void *context);
    void *context;
};
struct lsd *lsd_new(const struct lsd_config *config); /* NULL: out of memory */
void lsd_free(struct lsd *lsd);

/* Where peers reach us; 0: nowhere, and nothing is announced. */
void lsd_set_port(struct lsd *lsd, uint16_t port);
/* Announced in the next turn, and again; nothing if it is there. */
enum error_code lsd_add(struct lsd *lsd, const struct info_hash *hash,
                        uint64_t now_ns) MUST_CHECK;
void lsd_remove(struct lsd *lsd, const struct info_hash *hash);
/* We are on another network: all are announced anew, those of the last minute not. */
void lsd_network_changed(struct lsd *lsd, uint64_t now_ns);

void lsd_receive(struct lsd *lsd, uint64_t now_ns, const struct netaddr *from,
                 const uint8_t *bytes, size_t length);
void lsd_run(struct lsd *lsd, uint64_t now_ns);
uint64_t lsd_next_ns(const struct lsd *lsd); /* UINT64_MAX: when something comes */

struct lsd_look {
    uint64_t last_ns, next_ns; /* UINT64_MAX: not yet; not planned */
    uint32_t found;            /* peers that called, or were heard of */
};
bool lsd_get(const struct lsd *lsd, const struct info_hash *hash,
             struct lsd_look *ret_look);

#endif
