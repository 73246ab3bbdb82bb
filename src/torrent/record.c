#include "torrent/record.h"

#include "base/text.h"

#include <string.h>

static int64_t number_at(const struct record_field *field, const void *record)
{
    const char *at = (const char *)record + field->offset;
    bool flag;
    uint32_t u32;
    uint64_t u64;
    switch (field->kind) {
    case RECORD_FLAG:
        memcpy(&flag, at, sizeof flag);
        return flag;
    case RECORD_U32:
        memcpy(&u32, at, sizeof u32);
        return u32;
    case RECORD_U64:
        memcpy(&u64, at, sizeof u64);
        return u64 > INT64_MAX ? INT64_MAX : (int64_t)u64;
    case RECORD_TEXT:
        break;
    }
    return 0;
}

static void set_number(const struct record_field *field, void *record, int64_t value)
{
    char *at = (char *)record + field->offset;
    const bool flag = value != 0;
    const uint32_t u32 = (uint32_t)value;
    const uint64_t u64 = (uint64_t)value;
    switch (field->kind) {
    case RECORD_FLAG:
        memcpy(at, &flag, sizeof flag);
        return;
    case RECORD_U32:
        memcpy(at, &u32, sizeof u32);
        return;
    case RECORD_U64:
        memcpy(at, &u64, sizeof u64);
        return;
    case RECORD_TEXT:
        return;
    }
}

bool record_equal(const struct record_field *field, const void *a, const void *b)
{
    if (field->kind == RECORD_TEXT)
        return strcmp((const char *)a + field->offset, (const char *)b + field->offset) ==
               0;
    return number_at(field, a) == number_at(field, b);
}

void record_copy(const struct record_field *field, const void *from, void *to)
{
    if (field->kind == RECORD_TEXT)
        memcpy((char *)to + field->offset, (const char *)from + field->offset,
               (size_t)field->most);
    else
        set_number(field, to, number_at(field, from));
}

static enum error_code put_field(const struct record_field *field, const void *record,
                                 const void *defaults, struct buffer *buffer)
{
    if (record_equal(field, record, defaults))
        return ERROR_NONE;
    const enum error_code error = bencode_put_text(buffer, field->key);
    if (error != ERROR_NONE)
        return error;
    return field->kind == RECORD_TEXT
               ? bencode_put_text(buffer, (const char *)record + field->offset)
               : bencode_put_integer(buffer, number_at(field, record));
}

enum error_code record_encode(const struct record_field *fields, uint32_t count,
                              const void *record, const void *defaults,
                              struct buffer *buffer)
{
    enum error_code error = buffer_append_text(buffer, "d");
    for (uint32_t i = 0; i < count && error == ERROR_NONE; i++)
        error = put_field(&fields[i], record, defaults, buffer);
    return error == ERROR_NONE ? buffer_append_text(buffer, "e") : error;
}

/* What was written is clean, but the file is anybody's by now. */
static void take_text(const struct record_field *field, struct bencode_value dict,
                      void *record)
{
    const char *bytes;
    size_t length;
    if (!bencode_get_string(dict, field->key, &bytes, &length))
        return;
    const struct untrusted raw = {bytes, length};
    text_clean(raw, (size_t)field->least, (char *)record + field->offset,
               (size_t)field->most);
}

void record_decode(const struct record_field *fields, uint32_t count,
                   struct bencode_value dict, void *record)
{
    int64_t value;
    for (uint32_t i = 0; i < count; i++) {
        if (fields[i].kind == RECORD_TEXT)
            take_text(&fields[i], dict, record);
        else if (bencode_get_integer(dict, fields[i].key, &value) &&
                 value >= fields[i].least && value <= fields[i].most)
            set_number(&fields[i], record, value);
    }
}
