/*
 * RC4, which MSE/PE hides connections with. It keeps nobody from reading who wants to,
 * and is used for nothing else. Any thread; an object belongs to one at a time.
 */
#ifndef BTTUI_NET_RC4_H
#define BTTUI_NET_RC4_H

#include <stddef.h>
#include <stdint.h>

struct rc4 {
    uint32_t state[256]; /* bytes; as words they are faster */
    uint32_t i, j;
};

/* LENGTH: 1 to 256. */
void rc4_init(struct rc4 *rc4, const uint8_t *key, size_t length);
/* TO may be FROM, or not overlap it. */
void rc4_crypt(struct rc4 *rc4, const uint8_t *from, uint8_t *to, size_t length);
/* Passes over LENGTH bytes of the key stream. */
void rc4_skip(struct rc4 *rc4, size_t length);

#endif
