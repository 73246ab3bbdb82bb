/* Text from outside as JSON. */
#ifndef BTTUI_APP_JSON_TEXT_H
#define BTTUI_APP_JSON_TEXT_H

#include "app/options.h"

#include <jansson.h>
#include <stddef.h>

/* A new string of LENGTH BYTES, each that is not UTF-8 replaced by U+FFFD; the caller
 * owns it. NULL: out of memory. */
json_t *json_text(const char *bytes, size_t length);

/* VALUE on one line of ASCII, all else escaped, so that no reader's terminal or locale
 * matters; malloc'ed. NULL: out of memory. */
char *json_text_line(const json_t *value);

/* Prints VALUE as such a line on standard output and lets go of it. Fails, with a word on
 * standard error, for want of memory, which a VALUE of NULL says too. */
enum exit_status json_text_print(json_t *value);

#endif
