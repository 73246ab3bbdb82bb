/* Between session_dht.c and session_dht_start.c. Loop thread. */
#ifndef BTTUI_TORRENT_SESSION_DHT_PRIVATE_H
#define BTTUI_TORRENT_SESSION_DHT_PRIVATE_H

#include "discovery/dht.h"
#include "torrent/torrent.h"

struct dht_name;

struct session_dht_side {
    struct session_dht *owner;
    struct dht *node;
    struct loop_timer timer;
    uint32_t shown; /* nodes, when that was told last */
};

struct session_dht {
    struct session *session;
    struct session_dht_side sides[2]; /* IPv4, IPv6 */
    struct dht_name *names;
    struct loop_timer save_timer;
    bool names_failed; /* they are looked up again when the network changes */
};

static inline struct session_dht_side *session_dht_side_of(struct session_dht *dht,
                                                           const struct netaddr *address)
{
    return &dht->sides[address->family == NETADDR_V6];
}

/* ---- session_dht_start.c ---- */
/* Tells the nodes whom to ask first; names are looked up. */
void session_dht_start(struct session_dht *dht);
void session_dht_drop_names(struct session_dht *dht); /* those that are looked up */
/* What was kept is read, and from now on it is kept again from time to time. */
void session_dht_restore(struct session_dht *dht);

#endif
