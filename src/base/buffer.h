/*
 * Bytes: a growable buffer born with a cap, and a bounded big-endian cursor
 * that remembers failure, so that a parser checks once at its end.
 */
#ifndef BTTUI_BASE_BUFFER_H
#define BTTUI_BASE_BUFFER_H

#include "base/error.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer {
    uint8_t *bytes;
    size_t length;
    size_t capacity;
    size_t cap; /* never grows past this */
};

/* No allocation until the first byte. */
void buffer_init(struct buffer *buffer, size_t cap);
void buffer_done(struct buffer *buffer);
void buffer_clear(struct buffer *buffer); /* keeps the storage */

/* ERROR_LIMIT past the cap, ERROR_MEMORY; the content is as before then. */
enum error_code buffer_reserve(struct buffer *buffer, size_t extra) MUST_CHECK;
enum error_code buffer_append(struct buffer *buffer, const void *bytes,
                              size_t length) MUST_CHECK;
enum error_code buffer_append_u8(struct buffer *buffer, uint8_t value) MUST_CHECK;
enum error_code buffer_append_u16(struct buffer *buffer, uint16_t value) MUST_CHECK;
enum error_code buffer_append_u32(struct buffer *buffer, uint32_t value) MUST_CHECK;
enum error_code buffer_append_u64(struct buffer *buffer, uint64_t value) MUST_CHECK;
enum error_code buffer_append_text(struct buffer *buffer, const char *text) MUST_CHECK;
enum error_code buffer_printf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3))) MUST_CHECK;

/* Drops the first LENGTH bytes, moving the rest down. LENGTH <= length. */
void buffer_consume(struct buffer *buffer, size_t length);

struct cursor {
    const uint8_t *bytes;
    size_t length;
    size_t at;
    bool failed; /* a read went past the end; all later reads give 0 */
};

void cursor_init(struct cursor *cursor, const void *bytes, size_t length);
static inline size_t cursor_left(const struct cursor *cursor)
{
    return cursor->length - cursor->at;
}
uint8_t cursor_u8(struct cursor *cursor);
uint16_t cursor_u16(struct cursor *cursor);
uint32_t cursor_u32(struct cursor *cursor);
uint64_t cursor_u64(struct cursor *cursor);
/* A pointer to LENGTH bytes inside, or NULL (and failed) past the end. */
const uint8_t *cursor_bytes(struct cursor *cursor, size_t length);

static inline uint32_t be32_get(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}
static inline void be32_put(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
}
static inline uint16_t be16_get(const uint8_t *at)
{
    return (uint16_t)((uint32_t)at[0] << 8 | at[1]);
}
static inline void be16_put(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

#endif
