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

void tracker_reply_init(struct tracker_reply *reply)
{
    memset(reply, 0, sizeof *reply);
    reply->interval_s = TRACKER_INTERVAL_DEFAULT_S;
    reply->seeds = reply->leechers = reply->downloads = UINT32_MAX;
}

/* Each acceptable address has the same chance to be kept, wherever it stands. */
static void add_peer(struct tracker_reply *reply, const struct netaddr *from,
                     const struct random_source *random, const struct netaddr *address)
{
    if (!netaddr_may_nominate(from, address))
        return;
    reply->peers_offered++;
    if (reply->peer_count < TRACKER_PEERS_MAX) {
        reply->peers[reply->peer_count++] = *address;
        return;
    }
    const uint32_t place = random_below(random, reply->peers_offered);
    if (place < TRACKER_PEERS_MAX)
        reply->peers[place] = *address;
}

void tracker_reply_add_compact(struct tracker_reply *reply, const struct netaddr *from,
                               const struct random_source *random, const uint8_t *bytes,
                               size_t length, size_t stride)
{
    for (; length >= stride; bytes += stride, length -= stride) {
        struct netaddr address;
        if (stride == 6)
            netaddr_from_compact4(bytes, &address);
        else
            netaddr_from_compact6(bytes, &address);
        add_peer(reply, from, random, &address);
    }
}

static void read_compact(struct tracker_reply *reply, const struct netaddr *from,
                         const struct random_source *random, struct bencode_value value,
                         size_t stride)
{
    const char *bytes;
    size_t length;
    if (bencode_string(value, &bytes, &length))
        tracker_reply_add_compact(reply, from, random, (const uint8_t *)bytes, length,
                                  stride);
}

/* Letters, digits, dots and hyphens alone: nothing else is asked of a name server. */
static void add_name(struct tracker_reply *reply, const char *host, uint16_t port)
{
    const size_t length = strlen(host);
    if (reply->name_count == TRACKER_NAMES_MAX || length == 0 || host[0] == '-' ||
        strspn(host, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                     ".-") != length)
        return;
    struct tracker_named_peer *name = &reply->names[reply->name_count++];
    memcpy(name->host, host, length + 1);
    name->port = port;
}

static void read_dicts(struct tracker_reply *reply, const struct netaddr *from,
                       const struct random_source *random, struct bencode_value list)
{
    for (struct bencode_value at = bencode_first(list); bencode_exists(at);
         at = bencode_next(list, at)) {
        char host[TRACKER_NAME_SIZE];
        struct netaddr address;
        const char *bytes;
        size_t length;
        int64_t port;
        if (!bencode_get_string(at, "ip", &bytes, &length) || length >= sizeof host ||
            !bencode_get_integer(at, "port", &port) || port <= 0 || port > 65535)
            continue;
        memcpy(host, bytes, length);
        host[length] = '\0';
        if (strlen(host) != length)
            continue;
        if (netaddr_parse(host, 0, &address) != ERROR_NONE) {
            add_name(reply, host, (uint16_t)port);
            continue;
        }
        address.port = (uint16_t)port;
        add_peer(reply, from, random, &address);
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
    reply->downloads = read_count(root, "downloaded");
    read_text(reply, root, "warning message");
    if (bencode_get_string(root, "tracker id", &bytes, &length) &&
        length <= TRACKER_ID_BYTES) {
        memcpy(reply->tracker_id, bytes, length);
        reply->tracker_id_length = length;
    }
}

/* BEP 31: minutes, or "never". */
static void read_retry(struct tracker_reply *reply, struct bencode_value root)
{
    int64_t minutes;
    const char *bytes;
    size_t length;
    if (bencode_get_integer(root, "retry in", &minutes) && minutes > 0)
        reply->retry_s = tracker_clamp_interval(
            minutes < TRACKER_INTERVAL_MOST_S ? minutes * 60 : INT64_MAX);
    else if (bencode_get_string(root, "retry in", &bytes, &length))
        reply->never_retry = length == 5 && memcmp(bytes, "never", 5) == 0;
}

static enum error_code parse_dict(const uint8_t *bytes, size_t length,
                                  struct bencode *ret_tree)
{
    const enum error_code error =
        bencode_parse(bytes, length, &bencode_limits_tracker, ret_tree, NULL);
    if (error != ERROR_NONE || bencode_is(bencode_root(ret_tree), BENCODE_DICT))
        return error;
    bencode_done(ret_tree);
    return ERROR_TYPE;
}

enum error_code tracker_reply_parse(const uint8_t *bytes, size_t length,
                                    const struct netaddr *from,
                                    const struct random_source *random,
                                    struct tracker_reply *ret_reply)
{
    struct bencode tree;
    const enum error_code error = parse_dict(bytes, length, &tree);
    if (error != ERROR_NONE)
        return error;
    const struct bencode_value root = bencode_root(&tree);
    tracker_reply_init(ret_reply);
    ret_reply->failed = read_text(ret_reply, root, "failure reason");
    if (ret_reply->failed) {
        read_retry(ret_reply, root);
    } else {
        const struct bencode_value peers = bencode_get(root, "peers");
        read_fields(ret_reply, root);
        if (bencode_is(peers, BENCODE_LIST))
            read_dicts(ret_reply, from, random, peers);
        else
            read_compact(ret_reply, from, random, peers, 6);
        read_compact(ret_reply, from, random, bencode_get(root, "peers6"), 18);
    }
    bencode_done(&tree);
    return ERROR_NONE;
}

/* Keys are hashes, of any bytes: they are compared by length too. */
static struct bencode_value find_hash(struct bencode_value files,
                                      const struct info_hash *hash)
{
    for (struct bencode_value key = bencode_first(files); bencode_exists(key);) {
        const struct bencode_value value = bencode_next(files, key);
        const char *bytes;
        size_t length;
        if (bencode_string(key, &bytes, &length) && length == SHA1_BYTES &&
            memcmp(bytes, hash->bytes, SHA1_BYTES) == 0)
            return value;
        key = bencode_next(files, value);
    }
    return (struct bencode_value){0};
}

enum error_code tracker_reply_parse_scrape(const uint8_t *bytes, size_t length,
                                           const struct info_hash *hash,
                                           struct tracker_reply *ret_reply)
{
    struct bencode tree;
    enum error_code error = parse_dict(bytes, length, &tree);
    if (error != ERROR_NONE)
        return error;
    const struct bencode_value files = bencode_get(bencode_root(&tree), "files");
    const struct bencode_value file = bencode_is(files, BENCODE_DICT)
                                          ? find_hash(files, hash)
                                          : (struct bencode_value){0};
    error = bencode_is(file, BENCODE_DICT) ? ERROR_NONE : ERROR_NOT_FOUND;
    if (error == ERROR_NONE) {
        tracker_reply_init(ret_reply);
        ret_reply->seeds = read_count(file, "complete");
        ret_reply->leechers = read_count(file, "incomplete");
        ret_reply->downloads = read_count(file, "downloaded");
    }
    bencode_done(&tree);
    return error;
}
