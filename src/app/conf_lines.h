/*
 * The lines of a configuration file, before anybody knows which keys there are:
 *
 *     # a comment, from the beginning of a line or after a blank
 *     key = value
 *     key = " value with \"quotes\", \\ and blanks at its ends "
 *
 * Bytes become keys and values in place; nothing is allocated. The bytes can be anything.
 */
#ifndef BTTUI_APP_CONF_LINES_H
#define BTTUI_APP_CONF_LINES_H

#include <stddef.h>
#include <stdint.h>

#define CONF_LINE_MAX 8192u /* bytes */

enum conf_fault {
    CONF_FAULT_NONE,
    CONF_FAULT_NUL,
    CONF_FAULT_CONTROL,
    CONF_FAULT_UTF8,
    CONF_FAULT_LONG,
    CONF_FAULT_NO_SIGN,
    CONF_FAULT_NO_KEY,
    CONF_FAULT_KEY_LETTERS,
    CONF_FAULT_NO_VALUE,
    CONF_FAULT_QUOTE,
    CONF_FAULT_ESCAPE,
    CONF_FAULT_AFTER_QUOTE
};

struct conf_lines {
    char *at, *end;
    uint32_t line; /* of what was read last, from 1 */
};

/* One key; both are "" if there is no more. */
struct conf_line {
    const char *key, *value;
};

/* BYTES has room for one more than LENGTH, and is changed by reading. */
void conf_lines_begin(struct conf_lines *lines, char *bytes, size_t length);
/* The next line with a key. After a fault LINES stands at the line in question, whose key
 * is told as far as it was read, and which must be the last. */
enum conf_fault conf_lines_next(struct conf_lines *lines, struct conf_line *ret_line);
/* What is wrong and what is right, for people. */
const char *conf_fault_text(enum conf_fault fault);

#endif
