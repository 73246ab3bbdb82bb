#include "peer/holepunch_message.h"

#include "base/buffer.h"

#include <string.h>

#define HEAD_BYTES  2u /* types of message and address */
#define PORT_BYTES  2u
#define ERROR_BYTES 4u

enum address_type { ADDRESS_V4 = 0, ADDRESS_V6 = 1 };

static size_t host_bytes(uint8_t type)
{
    return type == ADDRESS_V4 ? 4 : 16;
}

static bool is_legal_length(const struct holepunch_message *message, size_t least,
                            size_t length)
{
    return length == least + ERROR_BYTES ||
           (length == least && message->type != HOLEPUNCH_ERROR);
}

enum error_code holepunch_message_read(const uint8_t *bytes, size_t length,
                                       struct holepunch_message *ret_message)
{
    struct holepunch_message message = {0};
    if (length < HEAD_BYTES)
        return ERROR_LIMIT;
    if (bytes[0] > HOLEPUNCH_ERROR || bytes[1] > ADDRESS_V6)
        return ERROR_RANGE;
    message.type = (enum holepunch_type)bytes[0];
    const size_t least = HEAD_BYTES + host_bytes(bytes[1]) + PORT_BYTES;
    if (!is_legal_length(&message, least, length))
        return ERROR_LIMIT;
    if (bytes[1] == ADDRESS_V4)
        netaddr_from_compact4(bytes + HEAD_BYTES, &message.address);
    else
        netaddr_from_compact6(bytes + HEAD_BYTES, &message.address);
    if (message.type == HOLEPUNCH_ERROR)
        message.error = be32_get(bytes + least);
    *ret_message = message;
    return ERROR_NONE;
}

size_t holepunch_message_write(const struct holepunch_message *message,
                               uint8_t ret_bytes[HOLEPUNCH_BYTES_MAX])
{
    const struct netaddr *address = &message->address;
    const uint8_t type = address->family == NETADDR_V4 ? ADDRESS_V4 : ADDRESS_V6;
    const uint32_t error = message->type == HOLEPUNCH_ERROR ? message->error : 0;
    uint8_t *at = ret_bytes;
    *at++ = (uint8_t)message->type;
    *at++ = type;
    memcpy(at, address->bytes, host_bytes(type));
    at += host_bytes(type);
    be16_put(at, address->port);
    be32_put(at + PORT_BYTES, error);
    return (size_t)(at - ret_bytes) + PORT_BYTES + ERROR_BYTES;
}
