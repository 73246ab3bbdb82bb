#include "base/buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buffer_init(struct buffer *buffer, size_t cap)
{
    *buffer = (struct buffer){.cap = cap};
}

void buffer_done(struct buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (struct buffer){.cap = buffer->cap};
}

void buffer_clear(struct buffer *buffer)
{
    buffer->length = 0;
}

enum error_code buffer_reserve(struct buffer *buffer, size_t extra)
{
    if (extra > buffer->cap - buffer->length)
        return ERROR_LIMIT;
    const size_t wanted = buffer->length + extra;
    if (wanted <= buffer->capacity)
        return ERROR_NONE;
    size_t capacity = buffer->capacity < 64 ? 64 : buffer->capacity;
    while (capacity < wanted)
        capacity = capacity > buffer->cap / 2 ? buffer->cap : capacity * 2;
    uint8_t *bytes = realloc(buffer->bytes, capacity);
    if (bytes == NULL)
        return ERROR_MEMORY;
    buffer->bytes = bytes;
    buffer->capacity = capacity;
    return ERROR_NONE;
}

enum error_code buffer_append(struct buffer *buffer, const void *bytes, size_t length)
{
    const enum error_code error = buffer_reserve(buffer, length);
    if (error != ERROR_NONE || length == 0)
        return error;
    memcpy(buffer->bytes + buffer->length, bytes, length);
    buffer->length += length;
    return ERROR_NONE;
}

enum error_code buffer_append_u8(struct buffer *buffer, uint8_t value)
{
    return buffer_append(buffer, &value, 1);
}

enum error_code buffer_append_u16(struct buffer *buffer, uint16_t value)
{
    uint8_t bytes[2];
    be16_put(bytes, value);
    return buffer_append(buffer, bytes, sizeof bytes);
}

enum error_code buffer_append_u32(struct buffer *buffer, uint32_t value)
{
    uint8_t bytes[4];
    be32_put(bytes, value);
    return buffer_append(buffer, bytes, sizeof bytes);
}

enum error_code buffer_append_u64(struct buffer *buffer, uint64_t value)
{
    uint8_t bytes[8];
    be32_put(bytes, (uint32_t)(value >> 32));
    be32_put(bytes + 4, (uint32_t)value);
    return buffer_append(buffer, bytes, sizeof bytes);
}

enum error_code buffer_append_text(struct buffer *buffer, const char *text)
{
    return buffer_append(buffer, text, strlen(text));
}

enum error_code buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0)
        return ERROR_INVALID;
    const enum error_code error = buffer_reserve(buffer, (size_t)length + 1);
    if (error != ERROR_NONE)
        return error;
    va_start(arguments, format);
    vsnprintf((char *)buffer->bytes + buffer->length, (size_t)length + 1, format,
              arguments);
    va_end(arguments);
    buffer->length += (size_t)length;
    return ERROR_NONE;
}

void buffer_consume(struct buffer *buffer, size_t length)
{
    if (length < buffer->length)
        memmove(buffer->bytes, buffer->bytes + length, buffer->length - length);
    buffer->length -= length;
}

void cursor_init(struct cursor *cursor, const void *bytes, size_t length)
{
    *cursor = (struct cursor){.bytes = bytes, .length = length};
}

const uint8_t *cursor_bytes(struct cursor *cursor, size_t length)
{
    if (cursor->failed || length > cursor_left(cursor)) {
        cursor->failed = true;
        return NULL;
    }
    const uint8_t *at = cursor->bytes + cursor->at;
    cursor->at += length;
    return at;
}

uint8_t cursor_u8(struct cursor *cursor)
{
    const uint8_t *at = cursor_bytes(cursor, 1);
    return at != NULL ? at[0] : 0;
}

uint16_t cursor_u16(struct cursor *cursor)
{
    const uint8_t *at = cursor_bytes(cursor, 2);
    return at != NULL ? be16_get(at) : 0;
}

uint32_t cursor_u32(struct cursor *cursor)
{
    const uint8_t *at = cursor_bytes(cursor, 4);
    return at != NULL ? be32_get(at) : 0;
}

uint64_t cursor_u64(struct cursor *cursor)
{
    const uint8_t *at = cursor_bytes(cursor, 8);
    return at != NULL ? (uint64_t)be32_get(at) << 32 | be32_get(at + 4) : 0;
}
