/* What the Info view says of a torrent and the program: labels and values, in order. */
#ifndef BTTUI_UI_INFO_LINES_H
#define BTTUI_UI_INFO_LINES_H

#include "ui/view.h"

#define INFO_LINES_MAX  40
#define INFO_VALUE_SIZE 1024

struct info_line {
    const char *label; /* translated; NULL: a gap */
    uint16_t style;
    char value[INFO_VALUE_SIZE];
};

struct info_lines {
    struct info_line lines[INFO_LINES_MAX];
    int count;
};

/* Of the selected torrent; no lines if there is none. */
void info_lines_fill(struct info_lines *info, const struct view_context *context);

#endif
