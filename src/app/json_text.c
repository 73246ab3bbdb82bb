#include "app/json_text.h"

#include "base/text.h"

#include <stdlib.h>

#define REAL_DIGITS 13 /* seconds since the epoch, to the millisecond */

json_t *json_text(const char *bytes, size_t length)
{
    size_t used = 0;
    /* The worst case: every byte becomes U+FFFD, which takes three. */
    char *valid = length < SIZE_MAX / 3 ? malloc(3 * length + 1) : NULL;
    if (valid == NULL)
        return NULL;
    for (size_t at = 0; at < length;) {
        uint32_t code;
        at += text_decode(bytes + at, length - at, &code);
        used += text_encode(code, valid + used);
    }
    json_t *text = json_stringn(valid, used);
    free(valid);
    return text;
}

char *json_text_line(const json_t *value)
{
    return json_dumps(value, JSON_COMPACT | JSON_ENSURE_ASCII |
                                 JSON_REAL_PRECISION(REAL_DIGITS));
}
