#include "net/utp_packet.h"

#include "base/buffer.h"

#include <string.h>

#define VERSION        1
#define EXTENSION_NONE 0
#define EXTENSION_SACK 1

/* Each takes at least two bytes, so that the walk ends with the packet. */
static enum error_code read_extensions(struct cursor *cursor, uint8_t kind,
                                       struct utp_packet *packet)
{
    while (kind != EXTENSION_NONE) {
        const uint8_t next = cursor_u8(cursor);
        const uint8_t length = cursor_u8(cursor);
        const uint8_t *bytes = cursor_bytes(cursor, length);
        if (cursor->failed)
            return ERROR_PROTOCOL;
        if (kind == EXTENSION_SACK && packet->sack == NULL && length > 0) {
            packet->sack = bytes;
            packet->sack_bytes = length;
        }
        kind = next;
    }
    return ERROR_NONE;
}

enum error_code utp_packet_read(const uint8_t *bytes, size_t length,
                                struct utp_packet *ret_packet)
{
    struct cursor cursor;
    struct utp_packet packet = {.type = UTP_DATA};
    if (length < UTP_HEADER_BYTES || (bytes[0] & 0x0f) != VERSION ||
        bytes[0] >> 4 >= UTP_TYPE_COUNT)
        return ERROR_PROTOCOL;
    packet.type = (enum utp_type)(bytes[0] >> 4);
    packet.connection_id = be16_get(bytes + 2);
    packet.timestamp_us = be32_get(bytes + 4);
    packet.difference_us = be32_get(bytes + 8);
    packet.window = be32_get(bytes + 12);
    packet.sequence = be16_get(bytes + 16);
    packet.ack = be16_get(bytes + 18);
    cursor_init(&cursor, bytes + UTP_HEADER_BYTES, length - UTP_HEADER_BYTES);
    if (read_extensions(&cursor, bytes[1], &packet) != ERROR_NONE)
        return ERROR_PROTOCOL;
    packet.data_bytes = cursor_left(&cursor);
    packet.data = cursor.bytes + cursor.at;
    *ret_packet = packet;
    return ERROR_NONE;
}

size_t utp_packet_head_bytes(const struct utp_packet *packet)
{
    return UTP_HEADER_BYTES + (packet->sack_bytes > 0 ? 2 + packet->sack_bytes : 0);
}

void utp_packet_write(const struct utp_packet *packet, uint8_t *at)
{
    const size_t sack = packet->sack_bytes;
    at[0] = (uint8_t)((unsigned)packet->type << 4 | VERSION);
    at[1] = sack > 0 ? EXTENSION_SACK : EXTENSION_NONE;
    be16_put(at + 2, packet->connection_id);
    be32_put(at + 4, packet->timestamp_us);
    be32_put(at + 8, packet->difference_us);
    be32_put(at + 12, packet->window);
    be16_put(at + 16, packet->sequence);
    be16_put(at + 18, packet->ack);
    at += UTP_HEADER_BYTES;
    if (sack > 0) {
        at[0] = EXTENSION_NONE;
        at[1] = (uint8_t)sack;
        memcpy(at + 2, packet->sack, sack);
        at += 2 + sack;
    }
    if (packet->data != NULL && packet->data_bytes > 0)
        memcpy(at, packet->data, packet->data_bytes);
}
