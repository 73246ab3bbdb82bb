#include "discovery/tracker_packet.h"

#include "base/text.h"

#include <string.h>

#define PROTOCOL_ID       UINT64_C(0x41727101980)
#define OPTION_URL_DATA   0x0200u /* BEP 41: type 2, then the length */
#define OPTION_BYTES_MOST 255u

static void read_error(struct cursor *cursor, struct tracker_reply *reply)
{
    const size_t left = cursor_left(cursor);
    const char *text = (const char *)cursor_bytes(cursor, left);
    reply->failed = true;
    text_clean((struct untrusted){text, left}, 200, reply->text, sizeof reply->text);
}

static void read_announce(struct cursor *cursor, const struct netaddr *from,
                          const struct random_source *random, struct tracker_reply *reply)
{
    const size_t stride = from->family == NETADDR_V6 ? 18 : 6;
    reply->interval_s = tracker_clamp_interval(cursor_u32(cursor));
    reply->leechers = cursor_u32(cursor);
    reply->seeds = cursor_u32(cursor);
    const size_t whole = cursor_left(cursor) / stride * stride;
    if (!cursor->failed)
        tracker_reply_add_compact(reply, from, random, cursor_bytes(cursor, whole), whole,
                                  stride);
}

enum error_code tracker_packet_read(const uint8_t *bytes, size_t length,
                                    const struct netaddr *from,
                                    const struct random_source *random,
                                    struct tracker_packet *ret_packet)
{
    struct cursor cursor;
    cursor_init(&cursor, bytes, length);
    const uint32_t action = cursor_u32(&cursor);
    const uint32_t transaction = cursor_u32(&cursor);
    if (cursor.failed || action > TRACKER_ACTION_ERROR)
        return ERROR_PROTOCOL;
    memset(ret_packet, 0, sizeof *ret_packet);
    ret_packet->action = (enum tracker_action)action;
    ret_packet->transaction = transaction;
    struct tracker_reply *reply = &ret_packet->reply;
    tracker_reply_init(reply);
    if (action == TRACKER_ACTION_CONNECT) {
        ret_packet->connection_id = cursor_u64(&cursor);
    } else if (action == TRACKER_ACTION_ANNOUNCE) {
        read_announce(&cursor, from, random, reply);
    } else if (action == TRACKER_ACTION_SCRAPE) {
        reply->seeds = cursor_u32(&cursor);
        reply->downloads = cursor_u32(&cursor);
        reply->leechers = cursor_u32(&cursor);
    } else {
        read_error(&cursor, reply);
    }
    return cursor.failed ? ERROR_PROTOCOL : ERROR_NONE;
}

static enum error_code put_head(struct buffer *packet, uint64_t connection_id,
                                enum tracker_action action, uint32_t transaction)
{
    enum error_code error = buffer_append_u64(packet, connection_id);
    if (error == ERROR_NONE)
        error = buffer_append_u32(packet, action);
    return error == ERROR_NONE ? buffer_append_u32(packet, transaction) : error;
}

enum error_code tracker_packet_put_connect(struct buffer *packet, uint32_t transaction)
{
    return put_head(packet, PROTOCOL_ID, TRACKER_ACTION_CONNECT, transaction);
}

static enum error_code put_url_data(struct buffer *packet, const char *path)
{
    enum error_code error = ERROR_NONE;
    while (*path != '\0' && error == ERROR_NONE) {
        const size_t part = strnlen(path, OPTION_BYTES_MOST);
        error = buffer_append_u16(packet, (uint16_t)(OPTION_URL_DATA | part));
        if (error == ERROR_NONE)
            error = buffer_append(packet, path, part);
        path += part;
    }
    return error;
}

enum error_code tracker_packet_put_announce(struct buffer *packet, uint64_t connection_id,
                                            uint32_t transaction,
                                            const struct tracker_announce *announce)
{
    uint8_t body[82];
    memcpy(body, announce->hash.bytes, SHA1_BYTES);
    memcpy(body + 20, announce->peer_id, 20);
    const uint64_t counts[] = {announce->downloaded, announce->left, announce->uploaded};
    for (int i = 0; i < 3; i++) {
        be32_put(body + 40 + 8 * i, (uint32_t)(counts[i] >> 32));
        be32_put(body + 44 + 8 * i, (uint32_t)counts[i]);
    }
    be32_put(body + 64, announce->event);
    be32_put(body + 68, 0); /* our address: as the tracker sees it */
    be32_put(body + 72, announce->key);
    be32_put(body + 76, announce->peers_wanted);
    be16_put(body + 80, announce->port);
    enum error_code error =
        put_head(packet, connection_id, TRACKER_ACTION_ANNOUNCE, transaction);
    if (error == ERROR_NONE)
        error = buffer_append(packet, body, sizeof body);
    return error == ERROR_NONE ? put_url_data(packet, announce->path) : error;
}

enum error_code tracker_packet_put_scrape(struct buffer *packet, uint64_t connection_id,
                                          uint32_t transaction,
                                          const struct info_hash *hash)
{
    const enum error_code error =
        put_head(packet, connection_id, TRACKER_ACTION_SCRAPE, transaction);
    return error == ERROR_NONE ? buffer_append(packet, hash->bytes, SHA1_BYTES) : error;
}
