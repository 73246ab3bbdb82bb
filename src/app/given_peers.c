#include "app/given_peers.h"

#include "base/text.h"
#include "torrent/commands.h"

#include <string.h>

#define HOST_SIZE 256

void given_peers_init(struct given_peers *given, const struct options *options)
{
    *given = (struct given_peers){0};
    for (uint32_t i = 0; i < options->peer_count; i++) {
        struct netaddr *address = &given->addresses[given->address_count];
        if (netaddr_parse(options->peers[i], 0, address) == ERROR_NONE)
            given->address_count++;
        else
            given->names[given->name_count++].text = options->peers[i];
    }
}

static void on_resolved(void *context, const struct netaddr *addresses, uint32_t count,
                        const char *message)
{
    struct named_peer *named = context;
    struct given_peers *given = named->given;
    named->query = NULL;
    if (count == 0) {
        log_write(session_log(given->session), LOG_LEVEL_WARNING, "--peer %s: %s",
                  named->text, message);
        return;
    }
    struct netaddr address = addresses[0];
    address.port = named->port;
    given->addresses[given->address_count++] = address;
    for (uint32_t i = 0; i < *given->torrent_count; i++)
        torrent_add_peer(given->session, given->torrents[i], &address);
}

void given_peers_tell(const struct given_peers *given, struct torrent_id torrent)
{
    for (uint32_t i = 0; i < given->address_count; i++)
        torrent_add_peer(given->session, torrent, &given->addresses[i]);
}

void given_peers_look_up(struct given_peers *given, struct loop *loop,
                         const struct net *net, struct session *session,
                         const struct torrent_id *torrents, const uint32_t *torrent_count)
{
    given->session = session;
    given->torrents = torrents;
    given->torrent_count = torrent_count;
    for (uint32_t i = 0; i < given->name_count; i++) {
        struct named_peer *named = &given->names[i];
        char host[HOST_SIZE];
        uint64_t port;
        const char *colon = strrchr(named->text, ':');
        const size_t length = (size_t)(colon - named->text);
        if (length >= sizeof host || !text_parse_u64(colon + 1, 1, 65535, &port))
            continue;
        memcpy(host, named->text, length);
        host[length] = '\0';
        named->given = given;
        named->port = (uint16_t)port;
        named->query = net->resolve(net->context, loop, host, on_resolved, named);
    }
}

void given_peers_done(struct given_peers *given)
{
    for (uint32_t i = 0; i < given->name_count; i++)
        resolver_cancel(given->names[i].query);
}
