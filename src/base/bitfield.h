/*
 * A set of piece indexes in wire order (BEP 3: bit 7 of byte 0 is piece 0).
 * Stored in whole 64-bit words; spare bits are always 0. Counts are kept, so
 * bitfield_count is O(1).
 */
#ifndef BTTUI_BASE_BITFIELD_H
#define BTTUI_BASE_BITFIELD_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bitfield {
    uint8_t *bytes; /* bitfield_wire_bytes(size) bytes used, padded with 0 to 8 */
    uint32_t size;  /* bits */
    uint32_t count; /* bits set */
};

/* All clear. ERROR_MEMORY leaves the object empty (size 0) and safe to done. */
enum error_code bitfield_init(struct bitfield *bits, uint32_t size) MUST_CHECK;
void bitfield_done(struct bitfield *bits);

static inline size_t bitfield_wire_bytes(uint32_t size)
{
    return ((size_t)size + 7) / 8;
}

static inline bool bitfield_get(const struct bitfield *bits, uint32_t index)
{
    return index < bits->size && (bits->bytes[index >> 3] >> (7 - (index & 7)) & 1) != 0;
}

/* INDEX < size. True if the bit changed. */
bool bitfield_set(struct bitfield *bits, uint32_t index);
bool bitfield_clear(struct bitfield *bits, uint32_t index);
void bitfield_set_all(struct bitfield *bits);
void bitfield_clear_all(struct bitfield *bits);
static inline bool bitfield_full(const struct bitfield *bits)
{
    return bits->count == bits->size;
}

/*
 * Replaces the content by a bitfield from the wire. ERROR_PROTOCOL when LENGTH
 * is not exactly bitfield_wire_bytes(size) or a spare bit is set; then the
 * content is as before.
 */
enum error_code bitfield_load(struct bitfield *bits, const uint8_t *wire,
                              size_t length) MUST_CHECK;

enum error_code bitfield_copy(struct bitfield *ret_copy,
                              const struct bitfield *from) MUST_CHECK;

/* The first index >= FROM that is set (or clear); size if there is none. */
uint32_t bitfield_next_set(const struct bitfield *bits, uint32_t from);
uint32_t bitfield_next_clear(const struct bitfield *bits, uint32_t from);

/* Whether A has a bit that B lacks (A without B is not empty). Same size. */
bool bitfield_has_beyond(const struct bitfield *a, const struct bitfield *b);

/* 64 bits as a word in piece order: bit 63 is piece 64*word. Word past the end is 0. */
uint64_t bitfield_word(const struct bitfield *bits, uint32_t word);

/* How many of [from, from + length) are set; clipped at the end. */
uint32_t bitfield_count_range(const struct bitfield *bits, uint32_t from,
                              uint32_t length);

#endif
