#include "discovery/dht_state.h"

#include "meta/bencode.h"

#include <string.h>

#define VERSION  1
#define FUTURE_S 86400.0 /* clocks are set back, by an hour or for a while */

static const struct bencode_limits limits = {
    .max_bytes = DHT_STATE_MAX_BYTES, .max_tokens = 64, .max_depth = 4, .strict = true};

/* ---- writing ---- */

static enum error_code put_side(const struct dht_state_side *side, const char *id_key,
                                const char *nodes_key, struct buffer *out)
{
    uint8_t bytes[DHT_STATE_NODES * (DHT_ID_BYTES + 18)];
    size_t length = 0;
    if (!side->there)
        return ERROR_NONE;
    for (uint32_t i = 0; i < side->count && i < DHT_STATE_NODES; i++) {
        const struct netaddr *address = &side->nodes[i].address;
        const size_t host = address->family == NETADDR_V4 ? 4 : 16;
        memcpy(bytes + length, side->nodes[i].id.bytes, DHT_ID_BYTES);
        memcpy(bytes + length + DHT_ID_BYTES, address->bytes, host);
        be16_put(bytes + length + DHT_ID_BYTES + host, address->port);
        length += DHT_ID_BYTES + host + 2;
    }
    enum error_code error = bencode_put_text(out, id_key);
    if (error == ERROR_NONE)
        error = bencode_put_string(out, side->id.bytes, DHT_ID_BYTES);
    if (error == ERROR_NONE)
        error = bencode_put_text(out, nodes_key);
    return error == ERROR_NONE ? bencode_put_string(out, bytes, length) : error;
}

enum error_code dht_state_write(const struct dht_state *state, struct buffer *out)
{
    enum error_code error = buffer_append_text(out, "d");
    if (error == ERROR_NONE)
        error = put_side(&state->v4, "4id", "4nodes", out);
    if (error == ERROR_NONE)
        error = put_side(&state->v6, "6id", "6nodes", out);
    if (error == ERROR_NONE)
        error = bencode_put_text(out, "saved");
    if (error == ERROR_NONE)
        error = bencode_put_integer(out, (int64_t)state->saved_wall_s);
    if (error == ERROR_NONE)
        error = bencode_put_text(out, "version");
    if (error == ERROR_NONE)
        error = bencode_put_integer(out, VERSION);
    return error == ERROR_NONE ? buffer_append_text(out, "e") : error;
}

/* ---- reading ---- */

static void take_nodes(const char *bytes, size_t length, size_t record,
                       struct dht_state_side *side)
{
    const struct netaddr user = {.family = NETADDR_NONE};
    const uint8_t family = record == DHT_ID_BYTES + 6 ? NETADDR_V4 : NETADDR_V6;
    for (; length > 0 && side->count < DHT_STATE_NODES;
         bytes += record, length -= record) {
        struct dht_contact node;
        const uint8_t *address = (const uint8_t *)bytes + DHT_ID_BYTES;
        memcpy(node.id.bytes, bytes, DHT_ID_BYTES);
        if (family == NETADDR_V4)
            netaddr_from_compact4(address, &node.address);
        else
            netaddr_from_compact6(address, &node.address);
        /* IPv4 in the clothes of IPv6 belongs to the other side. */
        if (node.address.family == family && netaddr_may_nominate(&user, &node.address) &&
            !netaddr_is_stand_in(&node.address))
            side->nodes[side->count++] = node;
    }
}

static enum error_code get_side(struct bencode_value root, const char *id_key,
                                const char *nodes_key, size_t record,
                                struct dht_state_side *side)
{
    const char *bytes;
    size_t length;
    if (!bencode_exists(bencode_get(root, id_key)))
        return ERROR_NONE;
    if (!bencode_get_string(root, id_key, &bytes, &length) || length != DHT_ID_BYTES)
        return ERROR_CORRUPT;
    memcpy(side->id.bytes, bytes, DHT_ID_BYTES);
    side->there = true;
    if (!bencode_get_string(root, nodes_key, &bytes, &length) || length % record != 0)
        return ERROR_CORRUPT;
    take_nodes(bytes, length, record, side);
    return ERROR_NONE;
}

static enum error_code read_root(struct bencode_value root, double now_wall_s,
                                 struct dht_state *state)
{
    int64_t saved, version;
    if (!bencode_get_integer(root, "version", &version) ||
        !bencode_get_integer(root, "saved", &saved))
        return ERROR_CORRUPT;
    if (version != VERSION)
        return ERROR_UNSUPPORTED;
    if (saved < 0 || (double)saved > now_wall_s + FUTURE_S)
        return ERROR_RANGE;
    state->saved_wall_s = (double)saved;
    const enum error_code error =
        get_side(root, "4id", "4nodes", DHT_ID_BYTES + 6, &state->v4);
    return error == ERROR_NONE
               ? get_side(root, "6id", "6nodes", DHT_ID_BYTES + 18, &state->v6)
               : error;
}

enum error_code dht_state_read(const uint8_t *bytes, size_t length, double now_wall_s,
                               struct dht_state *ret_state)
{
    struct bencode tree;
    enum error_code error = bencode_parse(bytes, length, &limits, &tree, NULL);
    if (error != ERROR_NONE)
        return error;
    memset(ret_state, 0, sizeof *ret_state);
    error = tree.trailing ? ERROR_CORRUPT
                          : read_root(bencode_root(&tree), now_wall_s, ret_state);
    bencode_done(&tree);
    return error;
}
