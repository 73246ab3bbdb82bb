/*
 * What a cell means, not how it looks: theme.h turns meanings into attributes for
 * the colours that a terminal has. A style is a uint16_t: one role, or-ed with flags.
 */
#ifndef BTTUI_UI_STYLE_H
#define BTTUI_UI_STYLE_H

#include <stdint.h>

enum style_role {
    STYLE_NORMAL,
    STYLE_DIM,     /* secondary text, rules */
    STYLE_STRONG,  /* what the eye should find first */
    STYLE_TITLE,   /* the program's header row */
    STYLE_HEADING, /* column titles, section names */
    STYLE_SORTED,  /* the title of the column that sorts */
    STYLE_TAB,
    STYLE_TAB_OPEN,
    STYLE_KEY,  /* a key in the footer and in help */
    STYLE_HINT, /* the word beside it */
    STYLE_PROMPT,
    STYLE_GOOD, /* complete, seeding, answered */
    STYLE_WARN, /* waiting for something, with a reason */
    STYLE_BAD,  /* failed, banned, blocked */
    STYLE_ACCENT,
    STYLE_DOWN, /* rates and graphs of what comes in */
    STYLE_UP,   /* … and goes out */
    STYLE_BAR,  /* the done part of a bar */
    STYLE_BAR_REST,
    STYLE_LIMIT, /* a limit's line in a graph */
    STYLE_PIECE_MISSING,
    STYLE_PIECE_NOT_WANTED,
    STYLE_PIECE_REQUESTED,
    STYLE_PIECE_ARRIVING,
    STYLE_PIECE_VERIFYING,
    STYLE_PIECE_FAILED,
    STYLE_PIECE_HAVE,
    STYLE_ROLE_COUNT
};

#define STYLE_ROLE_MASK  0x00ffu
#define STYLE_CURSOR     0x0100u /* the cursor's row where the keys go */
#define STYLE_CURSOR_OFF 0x0200u /* the cursor's row in a part without the keys */
#define STYLE_MARKED     0x0400u
#define STYLE_REVERSE    0x0800u /* one cell stands out: the cursor of a map or a line */

#endif
