#include "torrent/magnet_peers.h"

#include "base/text.h"
#include "meta/magnet.h"
#include "net/net.h"
#include "torrent/session_private.h"

#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 20u /* looked up (HOSTILE.md H21) */

struct named {
    struct torrent *torrent;
    char *host;
    uint16_t port;
    struct resolver_query *query;
};

struct magnet_peers {
    struct torrent *torrent;
    struct named names[NAMES_MAX];
    uint32_t name_count;
    bool begun;
};

/* A link may come from anywhere: it may not send us to what cannot be a peer (M6). */
static void connect_to(struct torrent *torrent, const struct netaddr *address)
{
    const struct netaddr nobody = {.family = NETADDR_NONE};
    struct message message = {.type = PEER_CONNECT};
    if (!netaddr_may_nominate(&nobody, address))
        return;
    message.u.candidate.address = *address;
    message.u.candidate.source = PEER_SOURCE_MANUAL;
    torrent_post_peers(torrent, &message);
}

/* False: out of memory. */
static bool add(struct magnet_peers *peers, const char *text)
{
    struct netaddr address;
    uint64_t port = 0;
    if (netaddr_parse(text, 0, &address) == ERROR_NONE) {
        if (!netaddr_is_stand_in(&address))
            connect_to(peers->torrent, &address);
        return true;
    }
    const char *colon = strrchr(text, ':');
    if (peers->name_count == NAMES_MAX || colon == NULL || text[0] == '[' ||
        !text_parse_u64(colon + 1, 1, 65535, &port))
        return true;
    struct named *named = &peers->names[peers->name_count++];
    named->torrent = peers->torrent;
    named->port = (uint16_t)port;
    named->host = strndup(text, (size_t)(colon - text));
    return named->host != NULL;
}

struct magnet_peers *magnet_peers_new(struct torrent *torrent,
                                      const struct magnet *magnet)
{
    struct magnet_peers *peers = calloc(1, sizeof *peers);
    if (peers == NULL)
        return NULL;
    peers->torrent = torrent;
    for (uint32_t i = 0; i < magnet->peers.count; i++) {
        if (add(peers, magnet->peers.texts[i]))
            continue;
        magnet_peers_free(peers);
        return NULL;
    }
    return peers;
}

void magnet_peers_free(struct magnet_peers *peers)
{
    if (peers == NULL)
        return;
    for (uint32_t i = 0; i < peers->name_count; i++) {
        resolver_cancel(peers->names[i].query);
        free(peers->names[i].host);
    }
    free(peers);
}

static void on_resolved(void *context, const struct netaddr *addresses, uint32_t count,
                        const char *message)
{
    struct named *named = context;
    named->query = NULL;
    if (count == 0) {
        char host[128];
        text_clean(text_untrusted(named->host), 60, host, sizeof host);
        log_write(named->torrent->session->log, LOG_LEVEL_INFO, "%s: %s", host, message);
        return;
    }
    struct netaddr address = addresses[0];
    address.port = named->port;
    connect_to(named->torrent, &address);
}

void magnet_peers_begin(struct magnet_peers *peers)
{
    const struct session *session = peers->torrent->session;
    const struct net *net = session->config.net;
    for (uint32_t i = 0; i < peers->name_count && !peers->begun; i++)
        peers->names[i].query =
            net->resolve(net->context, session->loop, peers->names[i].host, on_resolved,
                         &peers->names[i]);
    peers->begun = true;
}
