#include "base/bitfield.h"

#include <stdlib.h>
#include <string.h>

static size_t storage_bytes(uint32_t size)
{
    return ((size_t)size + 63) / 64 * 8;
}

enum error_code bitfield_init(struct bitfield *bits, uint32_t size)
{
    *bits = (struct bitfield){0};
    bits->bytes = calloc(1, storage_bytes(size) + 8);
    if (bits->bytes == NULL)
        return ERROR_MEMORY;
    bits->size = size;
    return ERROR_NONE;
}

void bitfield_done(struct bitfield *bits)
{
    free(bits->bytes);
    *bits = (struct bitfield){0};
}

bool bitfield_set(struct bitfield *bits, uint32_t index)
{
    if (index >= bits->size || bitfield_get(bits, index))
        return false;
    bits->bytes[index >> 3] |= (uint8_t)(0x80 >> (index & 7));
    bits->count++;
    return true;
}

bool bitfield_clear(struct bitfield *bits, uint32_t index)
{
    if (!bitfield_get(bits, index))
        return false;
    bits->bytes[index >> 3] &= (uint8_t) ~(0x80 >> (index & 7));
    bits->count--;
    return true;
}

/* The mask of the bits of the last wire byte that name pieces. */
static uint8_t last_byte_mask(uint32_t size)
{
    return (uint8_t)(size % 8 == 0 ? 0xff : 0xff00 >> (size % 8));
}

void bitfield_set_all(struct bitfield *bits)
{
    const size_t length = bitfield_wire_bytes(bits->size);
    if (length == 0)
        return;
    memset(bits->bytes, 0xff, length);
    bits->bytes[length - 1] &= last_byte_mask(bits->size);
    bits->count = bits->size;
}

void bitfield_clear_all(struct bitfield *bits)
{
    if (bits->bytes != NULL)
        memset(bits->bytes, 0, storage_bytes(bits->size));
    bits->count = 0;
}

uint64_t bitfield_word(const struct bitfield *bits, uint32_t word)
{
    uint64_t value;
    if ((size_t)word * 8 >= storage_bytes(bits->size))
        return 0;
    memcpy(&value, bits->bytes + (size_t)word * 8, 8);
    return __builtin_bswap64(value);
}

static uint32_t word_count(const struct bitfield *bits)
{
    return (uint32_t)(((uint64_t)bits->size + 63) / 64);
}

enum error_code bitfield_load(struct bitfield *bits, const uint8_t *wire, size_t length)
{
    if (length != bitfield_wire_bytes(bits->size))
        return ERROR_PROTOCOL;
    if (length > 0 && (wire[length - 1] & (uint8_t)~last_byte_mask(bits->size)) != 0)
        return ERROR_PROTOCOL;
    if (length > 0)
        memcpy(bits->bytes, wire, length);
    bits->count = 0;
    for (uint32_t i = 0; i < word_count(bits); i++)
        bits->count += (uint32_t)__builtin_popcountll(bitfield_word(bits, i));
    return ERROR_NONE;
}

enum error_code bitfield_copy(struct bitfield *ret_copy, const struct bitfield *from)
{
    struct bitfield copy;
    const enum error_code error = bitfield_init(&copy, from->size);
    if (error != ERROR_NONE)
        return error;
    if (from->bytes != NULL)
        memcpy(copy.bytes, from->bytes, storage_bytes(from->size));
    copy.count = from->count;
    *ret_copy = copy;
    return ERROR_NONE;
}

static uint32_t next_index(const struct bitfield *bits, uint32_t from, uint64_t flip)
{
    if (from >= bits->size)
        return bits->size;
    uint64_t word = (bitfield_word(bits, from / 64) ^ flip) & UINT64_MAX >> (from % 64);
    for (uint32_t i = from / 64;;) {
        if (word != 0) {
            const uint64_t index = (uint64_t)i * 64 + (uint64_t)__builtin_clzll(word);
            return index < bits->size ? (uint32_t)index : bits->size;
        }
        if (++i >= word_count(bits))
            return bits->size;
        word = bitfield_word(bits, i) ^ flip;
    }
}

uint32_t bitfield_next_set(const struct bitfield *bits, uint32_t from)
{
    return next_index(bits, from, 0);
}

uint32_t bitfield_next_clear(const struct bitfield *bits, uint32_t from)
{
    return next_index(bits, from, UINT64_MAX);
}

bool bitfield_has_beyond(const struct bitfield *a, const struct bitfield *b)
{
    for (uint32_t i = 0; i < word_count(a); i++)
        if ((bitfield_word(a, i) & ~bitfield_word(b, i)) != 0)
            return true;
    return false;
}

uint32_t bitfield_count_range(const struct bitfield *bits, uint32_t from, uint32_t length)
{
    uint32_t count = 0;
    if (from >= bits->size)
        return 0;
    if (length > bits->size - from)
        length = bits->size - from;
    const uint32_t end = from + length;
    for (uint32_t at = from; at < end;) {
        uint64_t word = bitfield_word(bits, at / 64) & UINT64_MAX >> (at % 64);
        const uint64_t word_end = ((uint64_t)at / 64 + 1) * 64;
        if (word_end > end)
            word &= ~(UINT64_MAX >> (end % 64));
        count += (uint32_t)__builtin_popcountll(word);
        at = word_end < end ? (uint32_t)word_end : end;
    }
    return count;
}
