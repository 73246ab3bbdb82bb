#include "discovery/portmap_message.h"

#include "base/buffer.h"

#include <string.h>

#define VERSION_PCP    2
#define OPCODE_MAP     1
#define ANSWER         0x80u
#define WRONG_VERSION  1 /* in both */
#define PROTOCOL_TCP   6
#define PROTOCOL_UDP   17
#define PCP_BYTES_MAX  1100u
#define PCP_HEADER     24u
#define NATPMP_ADDRESS 0
#define NATPMP_MAP_UDP 1
#define NATPMP_MAP_TCP 2
#define NATPMP_REFUSAL 8u /* without what was asked for */

/* IPv4 as PCP has it: ::ffff:a.b.c.d. */
static void put_address(uint8_t at[16], const struct netaddr *address)
{
    memset(at, 0, 16);
    if (address->family == NETADDR_V6) {
        memcpy(at, address->bytes, 16);
        return;
    }
    at[10] = at[11] = 0xff;
    memcpy(at + 12, address->bytes, 4);
}

static size_t write_pcp(const struct portmap_wish *wish,
                        uint8_t bytes[PORTMAP_REQUEST_BYTES])
{
    const struct netaddr any = {.family = NETADDR_V4};
    uint8_t *map = bytes + PCP_HEADER;
    memset(bytes, 0, PORTMAP_REQUEST_BYTES);
    bytes[0] = VERSION_PCP;
    bytes[1] = OPCODE_MAP;
    be32_put(bytes + 4, wish->lease_s);
    put_address(bytes + 8, &wish->own);
    memcpy(map, wish->nonce, PORTMAP_NONCE_BYTES);
    map[12] = wish->udp ? PROTOCOL_UDP : PROTOCOL_TCP;
    be16_put(map + 16, wish->internal_port);
    be16_put(map + 18, wish->external_port);
    put_address(map + 20, &any);
    return PORTMAP_REQUEST_BYTES;
}

size_t portmap_write(enum portmap_protocol protocol, const struct portmap_wish *wish,
                     uint8_t ret_bytes[PORTMAP_REQUEST_BYTES])
{
    if (protocol == PORTMAP_PCP)
        return write_pcp(wish, ret_bytes);
    memset(ret_bytes, 0, 12);
    ret_bytes[1] = wish->udp ? NATPMP_MAP_UDP : NATPMP_MAP_TCP;
    be16_put(ret_bytes + 4, wish->internal_port);
    /* RFC 6886, 3.4: 0 where it is given back. */
    be16_put(ret_bytes + 6, wish->lease_s > 0 ? wish->external_port : 0);
    be32_put(ret_bytes + 8, wish->lease_s);
    return 12;
}

size_t portmap_write_question(uint8_t ret_bytes[PORTMAP_REQUEST_BYTES])
{
    memset(ret_bytes, 0, 2);
    return 2;
}

static void get_address(const uint8_t at[16], struct netaddr *ret_address)
{
    struct sockaddr_in6 sockaddr = {.sin6_family = AF_INET6};
    memcpy(&sockaddr.sin6_addr, at, 16);
    if (netaddr_from_sockaddr((const struct sockaddr *)&sockaddr, ret_address) !=
            ERROR_NONE ||
        netaddr_scope(ret_address) == NETADDR_SCOPE_INVALID)
        ret_address->family = NETADDR_NONE;
}

static enum error_code parse_pcp(const uint8_t *bytes, size_t length,
                                 struct portmap_reply *reply)
{
    const uint8_t *map = bytes + PCP_HEADER;
    if (length < PORTMAP_REQUEST_BYTES || length > PCP_BYTES_MAX || length % 4 != 0 ||
        bytes[1] != (ANSWER | OPCODE_MAP) ||
        (map[12] != PROTOCOL_TCP && map[12] != PROTOCOL_UDP))
        return ERROR_INVALID;
    reply->protocol = PORTMAP_PCP;
    reply->result = bytes[3];
    reply->lease_s = be32_get(bytes + 4);
    reply->epoch_s = be32_get(bytes + 8);
    memcpy(reply->nonce, map, PORTMAP_NONCE_BYTES);
    reply->udp = map[12] == PROTOCOL_UDP;
    reply->internal_port = be16_get(map + 16);
    reply->external_port = be16_get(map + 18);
    get_address(map + 20, &reply->external);
    return ERROR_NONE;
}

static enum error_code parse_address(const uint8_t *bytes, size_t length,
                                     struct portmap_reply *reply)
{
    reply->kind = PORTMAP_REPLY_ADDRESS;
    if (reply->result != 0)
        return ERROR_NONE;
    if (length < 12)
        return ERROR_INVALID;
    reply->external.family = NETADDR_V4;
    memcpy(reply->external.bytes, bytes + 8, 4);
    if (netaddr_scope(&reply->external) == NETADDR_SCOPE_INVALID)
        reply->external.family = NETADDR_NONE;
    return ERROR_NONE;
}

static enum error_code parse_natpmp(const uint8_t *bytes, size_t length,
                                    struct portmap_reply *reply)
{
    if (length < NATPMP_REFUSAL || length > 64)
        return ERROR_INVALID;
    const unsigned opcode = bytes[1] & ~ANSWER;
    reply->protocol = PORTMAP_NATPMP;
    reply->result = be16_get(bytes + 2);
    reply->epoch_s = be32_get(bytes + 4);
    /* Also what a gateway that speaks NAT-PMP alone says to PCP (RFC 6887, appendix A).
     */
    if (reply->result == WRONG_VERSION) {
        reply->kind = PORTMAP_REPLY_VERSION;
        return ERROR_NONE;
    }
    if (opcode == NATPMP_ADDRESS)
        return parse_address(bytes, length, reply);
    if ((opcode != NATPMP_MAP_UDP && opcode != NATPMP_MAP_TCP) || length < 16)
        return ERROR_INVALID;
    reply->udp = opcode == NATPMP_MAP_UDP;
    reply->internal_port = be16_get(bytes + 8);
    reply->external_port = be16_get(bytes + 10);
    reply->lease_s = be32_get(bytes + 12);
    return ERROR_NONE;
}

enum error_code portmap_parse(const uint8_t *bytes, size_t length,
                              struct portmap_reply *ret_reply)
{
    struct portmap_reply reply = {.kind = PORTMAP_REPLY_MAPPING};
    enum error_code error = ERROR_INVALID;
    if (length < 4 || (bytes[1] & ANSWER) == 0)
        return ERROR_INVALID;
    if (bytes[0] == 0) {
        error = parse_natpmp(bytes, length, &reply);
    } else if (bytes[0] == VERSION_PCP) {
        error = parse_pcp(bytes, length, &reply);
    } else if (bytes[3] == WRONG_VERSION) {
        reply.kind = PORTMAP_REPLY_VERSION;
        error = ERROR_NONE;
    }
    if (error == ERROR_NONE)
        *ret_reply = reply;
    return error;
}

enum portmap_refusal portmap_refusal_of(const struct portmap_reply *reply)
{
    const bool pcp = reply->protocol == PORTMAP_PCP;
    switch (reply->result) {
    case 2:
        return PORTMAP_REFUSAL_FORBIDDEN;
    case 3: /* in PCP: malformed */
        return pcp ? PORTMAP_REFUSAL_OTHER : PORTMAP_REFUSAL_OFFLINE;
    case 4: /* in PCP: unsupported opcode */
        return pcp ? PORTMAP_REFUSAL_OTHER : PORTMAP_REFUSAL_FULL;
    case 7:
        return pcp ? PORTMAP_REFUSAL_OFFLINE : PORTMAP_REFUSAL_OTHER;
    case 8:
    case 10:
        return pcp ? PORTMAP_REFUSAL_FULL : PORTMAP_REFUSAL_OTHER;
    case 12:
        return pcp ? PORTMAP_REFUSAL_ADDRESS : PORTMAP_REFUSAL_OTHER;
    default:
        return PORTMAP_REFUSAL_OTHER;
    }
}
