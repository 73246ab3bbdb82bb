/* Any name makes a line of ASCII that reads back as one string. */
#include "app/json_text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    json_error_t error;
    json_t *object = json_object();
    if (json_object_set_new(object, "name", json_text((const char *)bytes, length)) != 0)
        abort();
    char *line = json_text_line(object);
    if (line == NULL)
        abort();
    for (const char *at = line; *at != '\0'; at++)
        if (*at < ' ' || *at > '~')
            abort();
    json_t *back = json_loads(line, JSON_ALLOW_NUL, &error);
    if (back == NULL || !json_equal(back, object))
        abort();
    json_decref(back);
    json_decref(object);
    free(line);
    return 0;
}
