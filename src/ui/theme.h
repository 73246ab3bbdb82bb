/*
 * How styles look on a terminal with so many colours. Chosen to be read on light
 * and dark backgrounds: text keeps the terminal's own background, and colours are of
 * middle brightness (no yellow, no bright ones). Pure.
 */
#ifndef BTTUI_UI_THEME_H
#define BTTUI_UI_THEME_H

#include "ui/style.h"

#include <stdbool.h>

enum color_level {
    COLOR_LEVEL_NONE, /* bold, underline and reverse only */
    COLOR_LEVEL_8,
    COLOR_LEVEL_256,
    COLOR_LEVEL_TRUE
};

#define LOOK_DEFAULT (-1)
struct look {
    /* Numbers of the palette, 0xRRGGBB at COLOR_LEVEL_TRUE, LOOK_DEFAULT. */
    int foreground, background;
    bool bold, underline, reverse;
};
struct look theme_look(uint16_t style, enum color_level level);

#endif
