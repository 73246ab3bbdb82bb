#include "peer/priority.h"

#include "base/buffer.h"
#include "base/crc32c.h"

#include <string.h>

/* The whole prefix that they share counts, and the byte behind it, but two bytes of IPv4
 * or six of IPv6 always; of the rest every other bit. */
static size_t whole_bytes(const struct netaddr *a, const struct netaddr *b, size_t length)
{
    const size_t least = length == 4 ? 2 : 6;
    size_t same = 0;
    while (same < length && a->bytes[same] == b->bytes[same])
        same++;
    return same < least ? least : same + 1;
}

static void put_masked(const struct netaddr *address, size_t whole, size_t length,
                       uint8_t *ret_bytes)
{
    for (size_t i = 0; i < length; i++)
        ret_bytes[i] = (uint8_t)(address->bytes[i] & (i < whole ? 0xff : 0x55));
}

static uint32_t of_ports(uint16_t one, uint16_t other)
{
    uint8_t bytes[4];
    be16_put(bytes, one < other ? one : other);
    be16_put(bytes + 2, one < other ? other : one);
    return crc32c(bytes, sizeof bytes);
}

uint32_t priority_of(const struct netaddr *ours, const struct netaddr *theirs)
{
    const size_t length = ours->family == NETADDR_V4 ? 4 : 16;
    uint8_t bytes[32];
    if (ours->family != theirs->family || ours->family == NETADDR_NONE)
        return 0;
    const int order = memcmp(ours->bytes, theirs->bytes, length);
    if (order == 0)
        return of_ports(ours->port, theirs->port);
    const size_t whole = whole_bytes(ours, theirs, length);
    put_masked(order < 0 ? ours : theirs, whole, length, bytes);
    put_masked(order < 0 ? theirs : ours, whole, length, bytes + length);
    return crc32c(bytes, 2 * length);
}

void priority_note_own(struct priority_own *own, const struct netaddr *seen_as,
                       const struct netaddr *by)
{
    if (netaddr_scope(seen_as) != NETADDR_SCOPE_PUBLIC || seen_as->family != by->family ||
        netaddr_same_host(&own->agreed, seen_as))
        return;
    const struct netaddr host = netaddr_ban_key(by); /* who has one IPv6 has many */
    if (netaddr_same_host(&own->claimed, seen_as) &&
        !netaddr_same_host(&own->claimed_by, &host)) {
        own->agreed = *seen_as;
        own->agreed.port = 0;
        return;
    }
    own->claimed = *seen_as;
    own->claimed_by = host;
}
