#include "discovery/tracker_reply.h"

#include "base/text.h"
#include "meta/bencode.h"

#include <string.h>

uint32_t tracker_clamp_interval(int64_t interval_s)
{
    if (interval_s < TRACKER_INTERVAL_LEAST_S)
        return TRACKER_INTERVAL_LEAST_S;
    return interval_s > TRACKER_INTERVAL_MOST_S ? TRACKER_INTERVAL_MOST_S
                                                : (uint32_t)interval_s;
}

static void add_peer(struct tracker_reply *reply, const struct netaddr *from,
                     const struct netaddr *address)
{
    if (reply->peer_count < TRACKER_PEERS_MAX && netaddr_may_nominate(from, address))
        reply->peers[reply->peer_count++] = *address;
}

static void read_compact(struct tracker_reply *reply, const struct netaddr *from,
                         struct bencode_value value, size_t stride)
{
    const char *bytes;
    size_t length;
    if (!bencode_string(value, &bytes, &length))
        return;
    for (; length >= stride; bytes += stride, length -= stride) {
        struct netaddr address;
        if (stride == 6)
            netaddr_from_compact4((const uint8_t *)bytes, &address);
        else
            netaddr_from_compact6((const uint8_t *)bytes, &address);
        add_peer(reply, from, &address);
    }
}

static void read_dicts(struct tracker_reply *reply, const struct netaddr *from,
                       struct bencode_value list)
{
    for (struct bencode_value at = bencode_first(list); bencode_exists(at);
         at = bencode_next(list, at)) {
        char host[NETADDR_TEXT_SIZE];
        struct netaddr address;
        const char *bytes;
        size_t length;
        int64_t port;
        if (!bencode_get_string(at, "ip", &bytes, &length) || length >= sizeof host ||
            !bencode_get_integer(at, "port", &port) || port <= 0 || port > 65535)
            continue;
        memcpy(host, bytes, length);
        host[length] = '\0';
        if (strlen(host) != length || netaddr_parse(host, 0, &address) != ERROR_NONE)
            continue;
        address.port = (uint16_t)port;
        add_peer(reply, from, &address);
    }
}

static bool read_text(struct tracker_reply *reply, struct bencode_value root,
                      const char *key)
{
    const char *bytes;
    size_t length;
    if (!bencode_get_string(root, key, &bytes, &length))
        return false;
    text_clean((struct untrusted){bytes, length}, 200, reply->text, sizeof reply->text);
    return true;
}

static uint32_t read_count(struct bencode_value root, const char *key)
{
    int64_t value;
    if (!bencode_get_integer(root, key, &value) || value < 0)
        return UINT32_MAX;
    return value >= UINT32_MAX ? UINT32_MAX - 1 : (uint32_t)value;
}

static void read_fields(struct tracker_reply *reply, struct bencode_value root)
{
    const char *bytes;
    size_t length;
    int64_t interval;
    if (bencode_get_integer(root, "interval", &interval))
        reply->interval_s = tracker_clamp_interval(interval);
    if (bencode_get_integer(root, "min interval", &interval))
        reply->min_interval_s = tracker_clamp_interval(interval);
    reply->seeds = read_count(root, "complete");
    reply->leechers = read_count(root, "incomplete");
    read_text(reply, root, "warning message");
    if (bencode_get_string(root, "tracker id", &bytes, &length) &&
        length <= TRACKER_ID_BYTES) {
        memcpy(reply->tracker_id, bytes, length);
        reply->tracker_id_length = length;
    }
}

enum error_code tracker_reply_parse(const uint8_t *bytes, size_t length,
                                    const struct netaddr *from,
                                    struct tracker_reply *ret_reply)
{
    struct bencode tree;
    const enum error_code error =
        bencode_parse(bytes, length, &bencode_limits_tracker, &tree, NULL);
    if (error != ERROR_NONE)
        return error;
    memset(ret_reply, 0, sizeof *ret_reply);
    ret_reply->interval_s = TRACKER_INTERVAL_DEFAULT_S;
    ret_reply->seeds = ret_reply->leechers = UINT32_MAX;
    const struct bencode_value root = bencode_root(&tree);
    if (!bencode_is(root, BENCODE_DICT)) {
        bencode_done(&tree);
        return ERROR_TYPE;
    }
    ret_reply->failed = read_text(ret_reply, root, "failure reason");
    if (!ret_reply->failed) {
        const struct bencode_value peers = bencode_get(root, "peers");
        read_fields(ret_reply, root);
        if (bencode_is(peers, BENCODE_LIST))
            read_dicts(ret_reply, from, peers);
        else
            read_compact(ret_reply, from, peers, 6);
        read_compact(ret_reply, from, bencode_get(root, "peers6"), 18);
    }
    bencode_done(&tree);
    return ERROR_NONE;
}
