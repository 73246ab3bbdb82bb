/* Packets of the DHT (BEP 5), each to a node that has just asked their sender: no answer
 * is longer than is allowed, and whatever is read can be read. The first byte tells where
 * the sender is. */
#include "discovery/dht.h"
#include "discovery/dht_message.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static size_t query_length;
static uint8_t asked[2]; /* the transaction of what the node has asked */

static enum error_code on_send(void *context, const struct netaddr *to,
                               const uint8_t *bytes, size_t length)
{
    struct dht_message message;
    (void)context;
    (void)to;
    if (dht_message_parse(bytes, length, &message) != ERROR_NONE)
        abort();
    if (message.kind == DHT_QUERY)
        memcpy(asked, message.transaction, 2);
    else if (length > query_length * 3 && length > 400)
        abort();
    return ERROR_NONE;
}

static void on_peers(void *context, const struct info_hash *hash,
                     const struct netaddr *from, const struct netaddr *peers,
                     uint32_t count)
{
    (void)context;
    (void)hash;
    for (uint32_t i = 0; i < count; i++)
        if (!netaddr_may_nominate(from, &peers[i]) || peers[i].port < 1024)
            abort();
}

/* "??" in place of a transaction is the one that was asked. */
static void answer_asked(uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i + 6 <= length; i++)
        if (memcmp(bytes + i, "1:t2:", 5) == 0 && i + 7 <= length)
            memcpy(bytes + i + 5, asked, 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const char *const places[] = {"80.1.1.1:6881", "10.0.0.1:6881",
                                         "127.0.0.1:6881", "80.1.1.1:6881"};
    struct random_seeded random_source;
    struct netaddr from;
    uint8_t copy[DHT_MESSAGE_MAX + 100];
    struct dht_search_config search = {.port = 6881};
    if (length < 1 || length - 1 > sizeof copy)
        return 0;
    random_seeded_init(&random_source, 1);
    memset(search.hash.bytes, 'm', sizeof search.hash.bytes);
    if (netaddr_parse(places[bytes[0] % 4], 0, &from) != ERROR_NONE)
        abort();
    const struct dht_config config = {.family = NETADDR_V4,
                                      .random = &random_source.source,
                                      .send = on_send,
                                      .on_peers = on_peers};
    struct dht *dht = dht_new(&config);
    if (dht == NULL)
        return 0;
    dht_add_start(dht, &from, true, false);
    if (dht_search(dht, 1, &search) != ERROR_NONE)
        abort();
    if (bytes[0] % 8 > 3)
        dht_ping(dht, 1, &from);
    query_length = length - 1;
    memcpy(copy, bytes + 1, length - 1);
    if (bytes[0] % 16 > 7)
        answer_asked(copy, length - 1);
    dht_receive(dht, NS_PER_MS, &from, copy, length - 1);
    dht_run(dht, 20 * NS_PER_S);
    dht_free(dht);
    return 0;
}
