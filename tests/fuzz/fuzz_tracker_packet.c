/* Packets of UDP trackers (BEP 15). The first byte tells where the tracker is. */
#include "discovery/tracker_packet.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const char *const places[] = {"8.8.8.8:80", "10.0.0.1:80", "127.0.0.1:80",
                                         "[2001:470::1]:80"};
    struct random_seeded random_source;
    struct tracker_packet packet;
    struct netaddr from;
    if (length < 1)
        return 0;
    random_seeded_init(&random_source, 1);
    if (netaddr_parse(places[bytes[0] % 4], 0, &from) != ERROR_NONE)
        abort();
    if (tracker_packet_read(bytes + 1, length - 1, &from, &random_source.source,
                            &packet) != ERROR_NONE)
        return 0;
    if (packet.action > TRACKER_ACTION_ERROR ||
        packet.reply.peer_count > TRACKER_PEERS_MAX)
        abort();
    for (const char *at = packet.reply.text; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            abort();
    for (uint32_t i = 0; i < packet.reply.peer_count; i++)
        if (!netaddr_may_nominate(&from, &packet.reply.peers[i]))
            abort();
    return 0;
}
