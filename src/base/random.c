#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

static void system_fill(void *context, void *bytes, size_t size)
{
    (void)context;
    uint8_t *at = bytes;
    while (size > 0) {
        const ssize_t got = getrandom(at, size, 0);
        if (got > 0) {
            at += got;
            size -= (size_t)got;
        } else if (got < 0 && errno != EINTR) {
            /* Without randomness ids and keys would be guessable: there is no going on.
             */
            perror("bttui: getrandom");
            exit(2);
        }
    }
}

const struct random_source random_system = {system_fill, NULL};

static uint64_t rotate_left(uint64_t value, int by)
{
    return value << by | value >> (64 - by);
}

/* xoshiro256** */
static uint64_t seeded_next(struct random_seeded *seeded)
{
    uint64_t *s = seeded->state;
    const uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    const uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

static void seeded_fill(void *context, void *bytes, size_t size)
{
    uint8_t *at = bytes;
    while (size > 0) {
        uint64_t word = seeded_next(context);
        for (int i = 0; i < 8 && size > 0; i++, size--, word >>= 8)
            *at++ = (uint8_t)word;
    }
}

/* splitmix64 spreads a small seed over the whole state. */
void random_seeded_init(struct random_seeded *seeded, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        uint64_t z = (seed += UINT64_C(0x9e3779b97f4a7c15));
        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        seeded->state[i] = z ^ z >> 31;
    }
    seeded->source = (struct random_source){seeded_fill, seeded};
}

void random_fill(const struct random_source *source, void *bytes, size_t size)
{
    source->fill(source->context, bytes, size);
}

uint32_t random_u32(const struct random_source *source)
{
    uint32_t value;
    random_fill(source, &value, sizeof value);
    return value;
}

uint32_t random_below(const struct random_source *source, uint32_t limit)
{
    /* Values below this bound would make small results likelier. */
    const uint32_t bound = (uint32_t)(-limit) % limit;
    uint32_t value;
    do
        value = random_u32(source);
    while (value < bound);
    return value % limit;
}
