#include "discovery/dht_message.h"

#include "meta/bencode.h"

#include <string.h>

static const struct bencode_limits limits = {
    .max_bytes = DHT_MESSAGE_MAX, .max_tokens = 500, .max_depth = 8, .strict = false};

#define NODE4_BYTES (DHT_ID_BYTES + 6)
#define NODE6_BYTES (DHT_ID_BYTES + 18)

static bool get_id(struct bencode_value dict, const char *key, struct dht_id *ret_id)
{
    const char *bytes;
    size_t length;
    if (!bencode_get_string(dict, key, &bytes, &length) || length != DHT_ID_BYTES)
        return false;
    memcpy(ret_id->bytes, bytes, DHT_ID_BYTES);
    return true;
}

static bool get_flag(struct bencode_value dict, const char *key)
{
    int64_t value;
    return bencode_get_integer(dict, key, &value) && value == 1;
}

static void get_address(const char *bytes, size_t length, struct netaddr *ret_address)
{
    if (length == 6)
        netaddr_from_compact4((const uint8_t *)bytes, ret_address);
    else if (length == 18)
        netaddr_from_compact6((const uint8_t *)bytes, ret_address);
    else
        ret_address->family = NETADDR_NONE;
}

/* False: they are no whole records. */
static bool get_nodes(struct bencode_value dict, const char *key, size_t record,
                      struct dht_message *message)
{
    const char *bytes;
    size_t length;
    if (!bencode_exists(bencode_get(dict, key)))
        return true;
    if (!bencode_get_string(dict, key, &bytes, &length) || length % record != 0)
        return false;
    for (; length > 0; bytes += record, length -= record) {
        struct dht_contact *node = &message->nodes[message->node_count++];
        memcpy(node->id.bytes, bytes, DHT_ID_BYTES);
        get_address(bytes + DHT_ID_BYTES, record - DHT_ID_BYTES, &node->address);
    }
    return true;
}

static void get_values(struct bencode_value dict, struct dht_message *message)
{
    const struct bencode_value list = bencode_get(dict, "values");
    const char *bytes;
    size_t length;
    if (!bencode_is(list, BENCODE_LIST))
        return;
    for (struct bencode_value item = bencode_first(list); bencode_exists(item);
         item = bencode_next(list, item)) {
        if (!bencode_string(item, &bytes, &length) || (length != 6 && length != 18) ||
            message->value_count == DHT_VALUES_MAX)
            continue;
        get_address(bytes, length, &message->values[message->value_count++]);
    }
}

/* False: there is one that is none of ours. */
static bool get_token(struct bencode_value dict, struct dht_message *message)
{
    const char *bytes;
    size_t length;
    if (!bencode_get_string(dict, "token", &bytes, &length))
        return true;
    if (length > DHT_TOKEN_MAX)
        return false;
    memcpy(message->token, bytes, length);
    message->token_length = (uint8_t)length;
    return true;
}

static unsigned get_want(struct bencode_value dict)
{
    const struct bencode_value list = bencode_get(dict, "want");
    const char *bytes;
    size_t length;
    unsigned want = 0;
    if (!bencode_is(list, BENCODE_LIST))
        return 0;
    for (struct bencode_value item = bencode_first(list); bencode_exists(item);
         item = bencode_next(list, item)) {
        if (!bencode_string(item, &bytes, &length) || length != 2)
            continue;
        want |= memcmp(bytes, "n4", 2) == 0   ? (unsigned)DHT_WANT_V4
                : memcmp(bytes, "n6", 2) == 0 ? (unsigned)DHT_WANT_V6
                                              : 0u;
    }
    return want;
}

static enum dht_method get_method(struct bencode_value root)
{
    static const char *const names[] = {
        [DHT_PING] = "ping",
        [DHT_FIND_NODE] = "find_node",
        [DHT_GET_PEERS] = "get_peers",
        [DHT_ANNOUNCE_PEER] = "announce_peer",
        [DHT_SAMPLE_INFOHASHES] = "sample_infohashes",
    };
    const char *bytes;
    size_t length;
    if (bencode_get_string(root, "q", &bytes, &length))
        for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
            if (length == strlen(names[i]) && memcmp(bytes, names[i], length) == 0)
                return (enum dht_method)i;
    return DHT_UNKNOWN_METHOD;
}

static bool get_announced_port(struct bencode_value arguments,
                               struct dht_message *message)
{
    int64_t port;
    message->implied_port = get_flag(arguments, "implied_port");
    message->seed = get_flag(arguments, "seed");
    if (!bencode_get_integer(arguments, "port", &port))
        return message->implied_port;
    message->port = port > 0 && port <= UINT16_MAX ? (uint16_t)port : 0;
    return true;
}

static bool parse_query(struct bencode_value root, struct dht_message *message)
{
    const struct bencode_value arguments = bencode_get(root, "a");
    if (!bencode_is(arguments, BENCODE_DICT) || !get_id(arguments, "id", &message->id))
        return false;
    message->read_only = get_flag(root, "ro");
    message->method = get_method(root);
    message->want = get_want(arguments);
    message->scrape = get_flag(arguments, "scrape");
    switch (message->method) {
    case DHT_FIND_NODE:
    case DHT_SAMPLE_INFOHASHES:
        return get_id(arguments, "target", &message->target);
    case DHT_GET_PEERS:
        return get_id(arguments, "info_hash", &message->target);
    case DHT_ANNOUNCE_PEER:
        return get_id(arguments, "info_hash", &message->target) &&
               get_announced_port(arguments, message) && get_token(arguments, message);
    default:
        return true;
    }
}

static bool parse_response(struct bencode_value root, struct dht_message *message)
{
    const struct bencode_value values = bencode_get(root, "r");
    if (!bencode_is(values, BENCODE_DICT) || !get_id(values, "id", &message->id) ||
        !get_nodes(values, "nodes", NODE4_BYTES, message) ||
        !get_nodes(values, "nodes6", NODE6_BYTES, message) || !get_token(values, message))
        return false;
    get_values(values, message);
    return true;
}

static bool parse_error(struct bencode_value root, struct dht_message *message)
{
    const struct bencode_value list = bencode_get(root, "e");
    return bencode_is(list, BENCODE_LIST) &&
           bencode_integer(bencode_first(list), &message->error);
}

static bool parse_root(struct bencode_value root, struct dht_message *message)
{
    const char *bytes;
    size_t length;
    if (!bencode_get_string(root, "t", &bytes, &length) || length > DHT_TRANSACTION_MAX)
        return false;
    memcpy(message->transaction, bytes, length);
    message->transaction_length = (uint8_t)length;
    if (bencode_get_string(root, "ip", &bytes, &length))
        get_address(bytes, length, &message->observed);
    if (!bencode_get_string(root, "y", &bytes, &length) || length != 1)
        return false;
    switch (bytes[0]) {
    case 'q':
        message->kind = DHT_QUERY;
        return parse_query(root, message);
    case 'r':
        message->kind = DHT_RESPONSE;
        return parse_response(root, message);
    case 'e':
        message->kind = DHT_ERROR;
        return parse_error(root, message);
    default:
        return false;
    }
}

enum error_code dht_message_parse(const uint8_t *bytes, size_t length,
                                  struct dht_message *ret_message)
{
    struct bencode tree;
    enum error_code error = bencode_parse(bytes, length, &limits, &tree, NULL);
    if (error != ERROR_NONE)
        return error;
    memset(ret_message, 0, sizeof *ret_message);
    if (!parse_root(bencode_root(&tree), ret_message))
        error = ERROR_INVALID;
    bencode_done(&tree);
    return error;
}
