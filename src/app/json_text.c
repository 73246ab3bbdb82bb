#include "app/json_text.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* DEL is a control character that JSON lets stand; it can only stand inside a string. */
static char *escape_deletes(char *line)
{
    static const char escape[] = "\\u007F";
    size_t count = 0, used = 0;
    for (const char *at = line; *at != '\0'; at++)
        count += *at == 0x7f;
    char *escaped =
        count > 0 ? malloc(strlen(line) + count * (sizeof escape - 2) + 1) : NULL;
    for (const char *at = line; escaped != NULL && *at != '\0'; at++) {
        if (*at == 0x7f)
            used += strlen(strcpy(escaped + used, escape));
        else
            escaped[used++] = *at;
    }
    if (count == 0)
        return line;
    free(line);
    if (escaped != NULL)
        escaped[used] = '\0';
    return escaped;
}

char *json_text_line(const json_t *value)
{
    char *line = json_dumps(value, JSON_COMPACT | JSON_ENSURE_ASCII |
                                       JSON_REAL_PRECISION(REAL_DIGITS));
    return line != NULL ? escape_deletes(line) : NULL;
}

enum exit_status json_text_print(json_t *value)
{
    char *line = value != NULL ? json_text_line(value) : NULL;
    json_decref(value);
    if (line == NULL) {
        fprintf(stderr, "bttui: %s\n", error_text(ERROR_MEMORY));
        return EXIT_STATUS_FAILED;
    }
    puts(line);
    free(line);
    return EXIT_STATUS_OK;
}
