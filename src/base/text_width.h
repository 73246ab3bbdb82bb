/* How a code point takes part in a row of cells. Pure, any thread. */
#ifndef BTTUI_BASE_TEXT_WIDTH_H
#define BTTUI_BASE_TEXT_WIDTH_H

#include <stdbool.h>
#include <stdint.h>

enum text_class {
    TEXT_CLASS_NARROW,
    TEXT_CLASS_WIDE,
    TEXT_CLASS_COMBINING,
    TEXT_CLASS_HIDDEN, /* bidi, zero width, format, private use: never shown */
    TEXT_CLASS_CONTROL /* C0, DEL, C1, surrogates, past the end */
};
enum text_class text_class(uint32_t code);

#endif
