/* The bytes that put a text on a terminal's clipboard (OSC 52). Pure. */
#ifndef BTTUI_UI_CLIPBOARD_H
#define BTTUI_UI_CLIPBOARD_H

#include <stdbool.h>
#include <stddef.h>

/* Whether terminals of the kind TERM at least overlook them; NULL: no. */
bool clipboard_is_known(const char *term);
/* *RET_BYTES is the caller's to free: as base64, so that no byte of TEXT means anything
 * to the terminal. False: out of memory. */
bool clipboard_bytes(const char *text, size_t length, char **ret_bytes,
                     size_t *ret_length);

#endif
