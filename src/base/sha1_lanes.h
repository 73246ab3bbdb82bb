/*
 * SHA-1 of several messages at once. One message keeps a CPU's SHA instructions busy for
 * less than half of the time, since each waits for the one before; three or four messages
 * side by side take hardly longer than one. Libraries of the distributions have it not.
 * Any thread; an object belongs to one thread at a time. FIPS 180-4.
 */
#ifndef BTTUI_BASE_SHA1_LANES_H
#define BTTUI_BASE_SHA1_LANES_H

#include "base/digest.h"

#define SHA1_LANES_MAX   4u
#define SHA1_LANES_CHUNK 64u

struct sha1_lanes {
    uint32_t state[SHA1_LANES_MAX][SHA1_BYTES / 4];
    uint64_t bytes; /* of each message so far */
    uint32_t count;
};

/* How many messages are worth putting side by side: 1 where the CPU has no instructions
 * for it, then `struct digest` is the way. */
uint32_t sha1_lanes_most(void);

/* COUNT messages, 2 to sha1_lanes_most(). */
void sha1_lanes_begin(struct sha1_lanes *lanes, uint32_t count);
/* LENGTH bytes more of each, a multiple of SHA1_LANES_CHUNK. */
void sha1_lanes_update(struct sha1_lanes *lanes, const uint8_t *const *bytes,
                       size_t length);
void sha1_lanes_final(struct sha1_lanes *lanes,
                      uint8_t ret_digests[SHA1_LANES_MAX][SHA1_BYTES]);

#endif
