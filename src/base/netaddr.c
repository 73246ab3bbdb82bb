#include "base/netaddr.h"

#include "base/buffer.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static void set_v4(struct netaddr *address, const void *bytes, uint16_t port)
{
    *address = (struct netaddr){.family = NETADDR_V4, .port = port};
    memcpy(address->bytes, bytes, 4);
}

static void set_v6(struct netaddr *address, const uint8_t *bytes, uint16_t port)
{
    if (memcmp(bytes, mapped_prefix, sizeof mapped_prefix) == 0) {
        set_v4(address, bytes + 12, port);
        return;
    }
    *address = (struct netaddr){.family = NETADDR_V6, .port = port};
    memcpy(address->bytes, bytes, 16);
}

static bool parse_host(const char *host, uint16_t port, struct netaddr *ret_address)
{
    uint8_t bytes[16];
    if (inet_pton(AF_INET, host, bytes) == 1)
        set_v4(ret_address, bytes, port);
    else if (inet_pton(AF_INET6, host, bytes) == 1)
        set_v6(ret_address, bytes, port);
    else
        return false;
    return true;
}

enum error_code netaddr_parse(const char *text, uint16_t default_port,
                              struct netaddr *ret_address)
{
    char host[NETADDR_TEXT_SIZE];
    const bool bracketed = text[0] == '[';
    const char *begin = bracketed ? text + 1 : text;
    const char *end = bracketed ? strchr(text, ']') : strchr(text, ':');
    uint64_t port = default_port;
    if (bracketed && end == NULL)
        return ERROR_INVALID;
    if (!bracketed && end != NULL && strchr(end + 1, ':') != NULL)
        end = NULL; /* several colons: a bare IPv6 address */
    const size_t length = end != NULL ? (size_t)(end - begin) : strlen(begin);
    if (length == 0 || length >= sizeof host)
        return ERROR_INVALID;
    memcpy(host, begin, length);
    host[length] = '\0';
    const char *rest = end == NULL ? "" : bracketed ? end + 1 : end;
    if (rest[0] != '\0' && (rest[0] != ':' || !text_parse_u64(rest + 1, 0, 65535, &port)))
        return ERROR_INVALID;
    return parse_host(host, (uint16_t)port, ret_address) ? ERROR_NONE : ERROR_INVALID;
}

const char *netaddr_format_host(const struct netaddr *address,
                                char ret_text[NETADDR_TEXT_SIZE])
{
    const int family = address->family == NETADDR_V6 ? AF_INET6 : AF_INET;
    if (address->family == NETADDR_NONE ||
        inet_ntop(family, address->bytes, ret_text, NETADDR_TEXT_SIZE) == NULL)
        snprintf(ret_text, NETADDR_TEXT_SIZE, "?");
    return ret_text;
}

const char *netaddr_format(const struct netaddr *address,
                           char ret_text[NETADDR_TEXT_SIZE])
{
    char host[NETADDR_TEXT_SIZE];
    netaddr_format_host(address, host);
    snprintf(ret_text, NETADDR_TEXT_SIZE,
             address->family == NETADDR_V6 ? "[%.46s]:%u" : "%.46s:%u", host,
             address->port);
    return ret_text;
}

void netaddr_from_compact4(const uint8_t bytes[6], struct netaddr *ret_address)
{
    set_v4(ret_address, bytes, be16_get(bytes + 4));
}

void netaddr_from_compact6(const uint8_t bytes[18], struct netaddr *ret_address)
{
    set_v6(ret_address, bytes, be16_get(bytes + 16));
}

socklen_t netaddr_to_sockaddr(const struct netaddr *address,
                              struct sockaddr_storage *ret_sockaddr)
{
    memset(ret_sockaddr, 0, sizeof *ret_sockaddr);
    if (address->family == NETADDR_V6) {
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret_sockaddr;
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(address->port);
        memcpy(&v6->sin6_addr, address->bytes, 16);
        return sizeof *v6;
    }
    struct sockaddr_in *v4 = (struct sockaddr_in *)ret_sockaddr;
    v4->sin_family = AF_INET;
    v4->sin_port = htons(address->port);
    memcpy(&v4->sin_addr, address->bytes, 4);
    return sizeof *v4;
}

enum error_code netaddr_from_sockaddr(const struct sockaddr *sockaddr,
                                      struct netaddr *ret_address)
{
    if (sockaddr->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)sockaddr;
        set_v4(ret_address, &v4->sin_addr, ntohs(v4->sin_port));
        return ERROR_NONE;
    }
    if (sockaddr->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 =
            (const struct sockaddr_in6 *)(const void *)sockaddr;
        set_v6(ret_address, v6->sin6_addr.s6_addr, ntohs(v6->sin6_port));
        return ERROR_NONE;
    }
    return ERROR_INVALID;
}

int netaddr_compare_host(const struct netaddr *a, const struct netaddr *b)
{
    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

int netaddr_compare(const struct netaddr *a, const struct netaddr *b)
{
    const int order = netaddr_compare_host(a, b);
    if (order != 0)
        return order;
    return (a->port > b->port) - (a->port < b->port);
}

bool netaddr_equal(const struct netaddr *a, const struct netaddr *b)
{
    return netaddr_compare(a, b) == 0;
}

bool netaddr_same_host(const struct netaddr *a, const struct netaddr *b)
{
    return netaddr_compare_host(a, b) == 0;
}

struct scope_record {
    uint8_t prefix[16];
    uint8_t bits;
    uint8_t scope;
};

static const struct scope_record v4_scopes[] = {
    {{0}, 8, NETADDR_SCOPE_INVALID},
    {{127}, 8, NETADDR_SCOPE_LOOPBACK},
    {{169, 254}, 16, NETADDR_SCOPE_LINK_LOCAL},
    {{10}, 8, NETADDR_SCOPE_PRIVATE},
    {{172, 16}, 12, NETADDR_SCOPE_PRIVATE},
    {{192, 168}, 16, NETADDR_SCOPE_PRIVATE},
    {{100, 64}, 10, NETADDR_SCOPE_PRIVATE},
    {{192, 0, 2}, 24, NETADDR_SCOPE_INVALID},
    {{198, 51, 100}, 24, NETADDR_SCOPE_INVALID},
    {{203, 0, 113}, 24, NETADDR_SCOPE_INVALID},
    {{224}, 3, NETADDR_SCOPE_INVALID}, /* 224/4 and 240/4 */
};
static const struct scope_record v6_scopes[] = {
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, NETADDR_SCOPE_LOOPBACK},
    {{0}, 96, NETADDR_SCOPE_INVALID},
    {{0xfe, 0x80}, 10, NETADDR_SCOPE_LINK_LOCAL},
    {{0xfc}, 7, NETADDR_SCOPE_PRIVATE},
    {{0xff}, 8, NETADDR_SCOPE_INVALID},
    {{0x20, 0x01, 0x0d, 0xb8}, 32, NETADDR_SCOPE_INVALID},
};

static bool has_prefix(const uint8_t *bytes, const struct scope_record *record)
{
    const unsigned whole = record->bits / 8u, rest = record->bits % 8u;
    if (memcmp(bytes, record->prefix, whole) != 0)
        return false;
    return rest == 0 ||
           ((bytes[whole] ^ record->prefix[whole]) & (0xff00 >> rest) & 0xff) == 0;
}

enum netaddr_scope netaddr_scope(const struct netaddr *address)
{
    const bool v6 = address->family == NETADDR_V6;
    const struct scope_record *records = v6 ? v6_scopes : v4_scopes;
    const size_t count =
        v6 ? sizeof v6_scopes / sizeof *v6_scopes : sizeof v4_scopes / sizeof *v4_scopes;
    if (address->family == NETADDR_NONE)
        return NETADDR_SCOPE_INVALID;
    for (size_t i = 0; i < count; i++)
        if (has_prefix(address->bytes, &records[i]))
            return (enum netaddr_scope)records[i].scope;
    return NETADDR_SCOPE_PUBLIC;
}

bool netaddr_port_is_abused(uint16_t port)
{
    static const uint16_t ports[] = {25, 53, 111, 123, 161, 1900, 11211};
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
        if (ports[i] == port)
            return true;
    return false;
}

bool netaddr_is_stand_in(const struct netaddr *address)
{
    return address->family == NETADDR_V4 && address->bytes[0] == 198 &&
           (address->bytes[1] & 0xfe) == 18;
}

bool netaddr_may_nominate(const struct netaddr *source, const struct netaddr *candidate)
{
    const enum netaddr_scope scope = netaddr_scope(candidate);
    if (candidate->port == 0 || netaddr_port_is_abused(candidate->port))
        return false;
    if (scope == NETADDR_SCOPE_INVALID || scope == NETADDR_SCOPE_LINK_LOCAL)
        return false;
    if (source->family != NETADDR_NONE && netaddr_is_stand_in(candidate))
        return false;
    if (source->family == NETADDR_NONE || netaddr_scope(source) != NETADDR_SCOPE_PUBLIC)
        return true;
    return scope == NETADDR_SCOPE_PUBLIC;
}

struct netaddr netaddr_net_key(const struct netaddr *address)
{
    struct netaddr net;
    memset(&net, 0, sizeof net);
    net.family = address->family;
    memcpy(net.bytes, address->bytes, address->family == NETADDR_V4 ? 3 : 6);
    return net;
}

struct netaddr netaddr_ban_key(const struct netaddr *address)
{
    struct netaddr key = *address;
    key.port = 0;
    if (key.family == NETADDR_V6)
        memset(key.bytes + 8, 0, 8);
    return key;
}
