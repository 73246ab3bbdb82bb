/*
 * --peer: addresses are known at once, names are looked up by a worker and given to the
 * torrents when the answer comes. Loop thread.
 */
#ifndef BTTUI_APP_GIVEN_PEERS_H
#define BTTUI_APP_GIVEN_PEERS_H

#include "app/options.h"
#include "bus/message.h"
#include "loop/loop.h"
#include "net/net.h"

struct given_peers {
    struct netaddr addresses[OPTIONS_MAX_PEERS]; /* those that are known */
    uint32_t address_count;
    struct named_peer {
        struct given_peers *given;
        struct resolver_query *query;
        const char *text;
        uint16_t port;
    } names[OPTIONS_MAX_PEERS];
    uint32_t name_count;
    struct session *session;
    const struct torrent_id *torrents; /* not owned */
    const uint32_t *torrent_count;
};

/* Sorts what the options hold into addresses and names. */
void given_peers_init(struct given_peers *given, const struct options *options);
/* Looks the names up for TORRENTS, which stay the caller's, as does their count, may
 * become more and outlive GIVEN. */
void given_peers_look_up(struct given_peers *given, struct loop *loop,
                         const struct net *net, struct session *session,
                         const struct torrent_id *torrents,
                         const uint32_t *torrent_count);
/* Gives a TORRENT that came later those that are known by now. */
void given_peers_tell(const struct given_peers *given, struct torrent_id torrent);
void given_peers_done(struct given_peers *given);

#endif
