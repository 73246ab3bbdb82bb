/* libcrypto has it, too: behind a module that is loaded from disk, or as functions that
 * are to go. This is not slower. */
#include "net/rc4.h"

#include <string.h>

void rc4_init(struct rc4 *rc4, const uint8_t *key, size_t length)
{
    uint32_t j = 0;
    for (uint32_t i = 0; i < 256; i++)
        rc4->state[i] = i;
    for (uint32_t i = 0; i < 256; i++) {
        const uint32_t x = rc4->state[i];
        j = (j + x + key[i % length]) & 255;
        rc4->state[i] = rc4->state[j];
        rc4->state[j] = x;
    }
    rc4->i = rc4->j = 0;
}

/* The next byte of the key stream; the caller keeps I and J in registers. */
static inline uint32_t next_byte(uint32_t *state, uint32_t *i, uint32_t *j)
{
    *i = (*i + 1) & 255;
    const uint32_t x = state[*i];
    *j = (*j + x) & 255;
    const uint32_t y = state[*j];
    state[*i] = y;
    state[*j] = x;
    return state[(x + y) & 255];
}

/* Eight at once, as what they are put on comes and goes as a word; little end first, on
 * any machine. FIRST is the first of the entries whose turn it is, AFTER the one behind
 * them, *X what FIRST holds.
 *
 * An entry is loaded before the swap of the byte before it is stored, for else it waits
 * until it is known where to. One swap in 256 is with that very entry: it is loaded once
 * more, by a volatile access, which compilers leave behind its condition. */
static inline uint64_t next_word(uint32_t *state, uint32_t *first, uint32_t *after,
                                 uint32_t *x, uint32_t *j)
{
    uint64_t word = 0;
#pragma GCC unroll 8
    for (int at = 0; at < 8; at++) {
        uint32_t *const next = at < 7 ? first + at + 1 : after;
        uint32_t ahead = *next;
        *j = (*j + *x) & 255;
        uint32_t *const other = state + *j;
        const uint32_t y = *other;
        first[at] = y;
        *other = *x;
        if (__builtin_expect(other == next, 0))
            ahead = *(volatile uint32_t *)next;
        word |= (uint64_t)state[(*x + y) & 255] << (8 * at);
        *x = ahead;
    }
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

void rc4_crypt(struct rc4 *rc4, const uint8_t *from, uint8_t *to, size_t length)
{
    uint32_t *const state = rc4->state;
    uint32_t i = rc4->i, j = rc4->j;
    for (; length > 0 && (i + 1) % 8 != 0; length--)
        *to++ = (uint8_t)(*from++ ^ next_byte(state, &i, &j));
    uint32_t first = (i + 1) & 255;
    uint32_t x = state[first];
    for (; length >= 8; length -= 8, from += 8, to += 8) {
        const uint32_t after = (first + 8) & 255;
        uint64_t word;
        memcpy(&word, from, sizeof word);
        word ^= next_word(state, state + first, state + after, &x, &j);
        memcpy(to, &word, sizeof word);
        first = after;
    }
    i = (first - 1) & 255;
    for (size_t at = 0; at < length; at++)
        to[at] = (uint8_t)(from[at] ^ next_byte(state, &i, &j));
    rc4->i = i;
    rc4->j = j;
}

void rc4_skip(struct rc4 *rc4, size_t length)
{
    uint32_t i = rc4->i, j = rc4->j;
    while (length-- > 0)
        next_byte(rc4->state, &i, &j);
    rc4->i = i;
    rc4->j = j;
}
