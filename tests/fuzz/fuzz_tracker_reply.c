/* Answers of HTTP trackers, announce and scrape, compact and not. The first byte tells
 * where the tracker is. */
#include "discovery/tracker_reply.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check(const struct tracker_reply *reply, const struct netaddr *from)
{
    if (reply->interval_s < TRACKER_INTERVAL_LEAST_S ||
        reply->interval_s > TRACKER_INTERVAL_MOST_S ||
        reply->peer_count > TRACKER_PEERS_MAX || reply->name_count > TRACKER_NAMES_MAX ||
        memchr(reply->text, '\0', sizeof reply->text) == NULL)
        abort();
    for (const char *at = reply->text; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            abort();
    for (uint32_t i = 0; i < reply->peer_count; i++)
        if (!netaddr_may_nominate(from, &reply->peers[i]))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const char *const places[] = {"8.8.8.8:80", "10.0.0.1:80", "127.0.0.1:80",
                                         "[2001:470::1]:80"};
    struct random_seeded random_source;
    struct tracker_reply reply;
    struct netaddr from;
    struct info_hash hash;
    if (length < 1)
        return 0;
    random_seeded_init(&random_source, 1);
    memset(hash.bytes, 'h', sizeof hash.bytes);
    if (netaddr_parse(places[bytes[0] % 4], 0, &from) != ERROR_NONE)
        abort();
    if (tracker_reply_parse(bytes + 1, length - 1, &from, &random_source.source,
                            &reply) == ERROR_NONE)
        check(&reply, &from);
    if (tracker_reply_parse_scrape(bytes + 1, length - 1, &hash, &reply) == ERROR_NONE)
        check(&reply, &from);
    return 0;
}
