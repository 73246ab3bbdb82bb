#include "discovery/dht_id.h"

#include "base/crc32c.h"

#include <string.h>

bool dht_id_equal(const struct dht_id *a, const struct dht_id *b)
{
    return memcmp(a->bytes, b->bytes, DHT_ID_BYTES) == 0;
}

int dht_id_compare(const struct dht_id *target, const struct dht_id *a,
                   const struct dht_id *b)
{
    for (int i = 0; i < DHT_ID_BYTES; i++) {
        const int from_a = a->bytes[i] ^ target->bytes[i];
        const int from_b = b->bytes[i] ^ target->bytes[i];
        if (from_a != from_b)
            return from_a - from_b;
    }
    return 0;
}

uint32_t dht_id_shared_bits(const struct dht_id *a, const struct dht_id *b)
{
    uint32_t bits = 0;
    for (int i = 0; i < DHT_ID_BYTES; i++) {
        const unsigned differs = (unsigned)(a->bytes[i] ^ b->bytes[i]);
        if (differs != 0)
            return bits + (uint32_t)__builtin_clz(differs) - 24;
        bits += 8;
    }
    return bits;
}

/* BEP 42: what the first 21 bits are to be, for the random number in the last byte. */
static uint32_t prefix_for(const struct netaddr *address, uint8_t last)
{
    static const uint8_t mask4[4] = {0x03, 0x0f, 0x3f, 0xff};
    static const uint8_t mask6[8] = {0x01, 0x03, 0x07, 0x0f, 0x1f, 0x3f, 0x7f, 0xff};
    const bool is_v4 = address->family == NETADDR_V4;
    const size_t length = is_v4 ? 4 : 8;
    uint8_t masked[8];
    for (size_t i = 0; i < length; i++)
        masked[i] = address->bytes[i] & (is_v4 ? mask4 : mask6)[i];
    masked[0] |= (uint8_t)((last & 7u) << 5);
    return crc32c(masked, length) >> 11;
}

static uint32_t prefix_of(const struct dht_id *id)
{
    return ((uint32_t)id->bytes[0] << 16 | (uint32_t)id->bytes[1] << 8 | id->bytes[2]) >>
           3;
}

static bool is_free(const struct netaddr *address)
{
    return address->family == NETADDR_NONE ||
           netaddr_scope(address) != NETADDR_SCOPE_PUBLIC;
}

struct dht_id dht_id_for(const struct netaddr *address,
                         const struct random_source *random)
{
    struct dht_id id;
    random_fill(random, id.bytes, sizeof id.bytes);
    if (is_free(address))
        return id;
    const uint32_t prefix = prefix_for(address, id.bytes[DHT_ID_BYTES - 1]) << 3;
    id.bytes[0] = (uint8_t)(prefix >> 16);
    id.bytes[1] = (uint8_t)(prefix >> 8);
    id.bytes[2] = (uint8_t)((prefix & 0xf8) | (id.bytes[2] & 7));
    return id;
}

bool dht_id_fits(const struct dht_id *id, const struct netaddr *address)
{
    return is_free(address) ||
           prefix_of(id) == prefix_for(address, id->bytes[DHT_ID_BYTES - 1]);
}

struct dht_id dht_id_random_near(const struct dht_id *own, uint32_t shared,
                                 const struct random_source *random)
{
    struct dht_id id;
    random_fill(random, id.bytes, sizeof id.bytes);
    for (uint32_t bit = 0; bit <= shared; bit++) {
        const uint8_t mask = (uint8_t)(0x80u >> bit % 8);
        const uint8_t wanted =
            (uint8_t)((bit < shared ? own->bytes[bit / 8] : ~own->bytes[bit / 8]) & mask);
        id.bytes[bit / 8] = (uint8_t)((id.bytes[bit / 8] & ~mask) | wanted);
    }
    return id;
}

bool dht_same_block(const struct netaddr *a, const struct netaddr *b)
{
    return a->family == b->family && a->family != NETADDR_NONE &&
           memcmp(a->bytes, b->bytes, a->family == NETADDR_V4 ? 3 : 8) == 0 &&
           netaddr_scope(a) == NETADDR_SCOPE_PUBLIC;
}
