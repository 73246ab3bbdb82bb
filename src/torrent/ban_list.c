#include "torrent/ban_list.h"

#include <stdlib.h>
#include <string.h>

/* family (1), reason (1), port (2), address (16), since (8): big-endian */
enum error_code ban_list_encode(const struct peer_ban *bans, uint32_t count,
                                struct buffer *buffer)
{
    enum error_code error = ERROR_NONE;
    for (uint32_t i = 0; i < count && error == ERROR_NONE; i++) {
        const struct peer_ban *ban = &bans[i];
        error = buffer_append_u8(buffer, ban->address.family);
        if (error == ERROR_NONE)
            error = buffer_append_u8(buffer, (uint8_t)ban->reason);
        if (error == ERROR_NONE)
            error = buffer_append_u16(buffer, ban->address.port);
        if (error == ERROR_NONE)
            error = buffer_append(buffer, ban->address.bytes, 16);
        if (error == ERROR_NONE)
            error = buffer_append_u64(buffer, (uint64_t)ban->since_s);
    }
    return error;
}

static bool is_zero(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static bool read_record(const uint8_t *record, struct peer_ban *ret_ban)
{
    const uint8_t family = record[0], reason = record[1];
    const uint64_t since_s =
        (uint64_t)be32_get(record + 20) << 32 | be32_get(record + 24);
    if ((family != NETADDR_V4 && family != NETADDR_V6) ||
        (family == NETADDR_V4 && !is_zero(record + 8, 12)) || since_s > INT64_MAX ||
        (reason != PEER_REASON_BANNED_DATA && reason != PEER_REASON_BANNED_USER))
        return false;
    *ret_ban = (struct peer_ban){.reason = (enum peer_reason)reason,
                                 .since_s = (int64_t)since_s};
    ret_ban->address.family = family;
    ret_ban->address.port = (uint16_t)(record[2] << 8 | record[3]);
    memcpy(ret_ban->address.bytes, record + 4, 16);
    return true;
}

enum error_code ban_list_decode(const uint8_t *bytes, size_t length, int64_t now_s,
                                struct peer_ban **ret_bans, uint32_t *ret_count)
{
    const size_t records = length / BAN_LIST_RECORD_BYTES;
    if (length % BAN_LIST_RECORD_BYTES != 0 || records > PEER_BANS_MAX)
        return ERROR_CORRUPT;
    struct peer_ban *bans = calloc(records + 1, sizeof *bans);
    uint32_t count = 0;
    if (bans == NULL)
        return ERROR_MEMORY;
    for (size_t i = 0; i < records; i++) {
        struct peer_ban *ban = &bans[count];
        if (!read_record(bytes + i * BAN_LIST_RECORD_BYTES, ban)) {
            free(bans);
            return ERROR_CORRUPT;
        }
        if (ban->since_s > now_s)
            ban->since_s = now_s;
        count += now_s - ban->since_s < BAN_LIST_KEEP_S;
    }
    *ret_bans = bans;
    *ret_count = count;
    return ERROR_NONE;
}
