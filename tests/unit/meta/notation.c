#include "tests/unit/meta/notation.h"

#include "meta/bencode.h"

#include <check.h>
#include <string.h>

void notation_append(struct buffer *buffer, const char *notation)
{
    enum error_code error = ERROR_NONE;
    while (*notation != '\0' && error == ERROR_NONE) {
        const size_t plain = strcspn(notation, "'");
        error = buffer_append(buffer, notation, plain);
        notation += plain;
        if (*notation == '\0')
            break;
        const size_t quoted = strcspn(notation + 1, "'");
        ck_assert_msg(notation[1 + quoted] == '\'', "a quote is missing: %s", notation);
        if (error == ERROR_NONE)
            error = bencode_put_string(buffer, notation + 1, quoted);
        notation += quoted + 2;
    }
    ck_assert_int_eq(error, ERROR_NONE);
}

struct metainfo *notation_parse(const char *notation, struct metainfo_error *ret_error)
{
    struct buffer buffer;
    struct metainfo *metainfo = NULL;
    buffer_init(&buffer, (size_t)64 << 20);
    notation_append(&buffer, notation);
    const enum error_code error =
        metainfo_parse(buffer.bytes, buffer.length, &metainfo, ret_error);
    buffer_done(&buffer);
    ck_assert((error == ERROR_NONE) == (metainfo != NULL));
    ck_assert_int_eq(ret_error->code, error);
    ck_assert((ret_error->message[0] == '\0') == (error == ERROR_NONE));
    return metainfo;
}

struct metainfo *notation_accept(const char *notation)
{
    struct metainfo_error error;
    struct metainfo *metainfo = notation_parse(notation, &error);
    ck_assert_msg(metainfo != NULL, "%s: %s", notation, error.message);
    return metainfo;
}
