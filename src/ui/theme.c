#include "ui/theme.h"

/* 8 colours: those that show on black and on white. */
enum { RED = 1, GREEN = 2, MAGENTA = 5, CYAN = 6, NO = LOOK_DEFAULT };

struct theme_entry {
    int few;        /* of 8 */
    int many;       /* of 256; at COLOR_LEVEL_TRUE its RGB */
    int background; /* of 256 */
    bool bold, underline;
    bool plain_reverse; /* reversed where `background` cannot be shown */
};

static const struct theme_entry entries[STYLE_ROLE_COUNT] = {
    [STYLE_NORMAL] = {NO, NO, NO},
    [STYLE_DIM] = {NO, 244, NO},
    [STYLE_STRONG] = {NO, NO, NO, .bold = true},
    [STYLE_TITLE] = {NO, 255, 238, .plain_reverse = true},
    [STYLE_HEADING] = {NO, 244, NO, .underline = true},
    [STYLE_SORTED] = {NO, 32, NO, .bold = true, .underline = true},
    [STYLE_TAB] = {NO, 250, 238, .plain_reverse = true},
    [STYLE_TAB_OPEN] = {NO, NO, NO, .bold = true},
    [STYLE_KEY] = {NO, 32, NO, .bold = true},
    [STYLE_HINT] = {NO, 244, NO},
    [STYLE_PROMPT] = {NO, NO, NO},
    [STYLE_GOOD] = {GREEN, 28, NO},
    [STYLE_WARN] = {MAGENTA, 166, NO},
    [STYLE_BAD] = {RED, 160, NO, .bold = true},
    [STYLE_ACCENT] = {CYAN, 32, NO, .bold = true},
    [STYLE_DOWN] = {GREEN, 30, NO},
    [STYLE_UP] = {MAGENTA, 133, NO},
    [STYLE_BAR] = {GREEN, 34, 240},
    [STYLE_BAR_REST] = {NO, 250, 240},
    [STYLE_LIMIT] = {RED, 160, NO},
    [STYLE_PIECE_MISSING] = {NO, 244, NO},
    [STYLE_PIECE_NOT_WANTED] = {NO, 240, NO},
    [STYLE_PIECE_REQUESTED] = {CYAN, 32, NO},
    [STYLE_PIECE_ARRIVING] = {MAGENTA, 166, NO},
    [STYLE_PIECE_VERIFYING] = {MAGENTA, 133, NO, .bold = true},
    [STYLE_PIECE_FAILED] = {RED, 160, NO, .bold = true},
    [STYLE_PIECE_HAVE] = {GREEN, 28, NO},
};

/* xterm's palette of 256: a cube of 6 levels, then greys. */
static int rgb_of(int color)
{
    static const int levels[] = {0, 95, 135, 175, 215, 255};
    if (color < 0)
        return LOOK_DEFAULT;
    if (color >= 232) {
        const int grey = 8 + (color - 232) * 10;
        return grey << 16 | grey << 8 | grey;
    }
    color -= 16;
    return levels[color / 36] << 16 | levels[color / 6 % 6] << 8 | levels[color % 6];
}

/* The row under the cursor hides what its cells say in colour: they are read as text. */
static void add_flags(uint16_t style, enum color_level level, struct look *look)
{
    const bool rich = level >= COLOR_LEVEL_256;
    if ((style & STYLE_MARKED) != 0)
        look->bold = true;
    if ((style & STYLE_REVERSE) != 0)
        look->reverse = !look->reverse;
    if ((style & (STYLE_CURSOR | STYLE_CURSOR_OFF)) == 0)
        return;
    const bool on = (style & STYLE_CURSOR) != 0;
    look->foreground = rich ? (on ? 231 : 255) : LOOK_DEFAULT;
    look->background = rich ? (on ? 24 : 240) : LOOK_DEFAULT;
    if (!rich && on)
        look->reverse = true;
    if (!rich && !on)
        look->underline = true;
}

struct look theme_look(uint16_t style, enum color_level level)
{
    const unsigned role = style & STYLE_ROLE_MASK;
    const struct theme_entry *entry =
        &entries[role < STYLE_ROLE_COUNT ? role : STYLE_NORMAL];
    const bool rich = level >= COLOR_LEVEL_256;
    struct look look = {
        .foreground = rich                        ? entry->many
                      : level == COLOR_LEVEL_NONE ? LOOK_DEFAULT
                                                  : entry->few,
        .background = rich ? entry->background : LOOK_DEFAULT,
        .bold = entry->bold,
        .underline = entry->underline,
        .reverse = entry->plain_reverse && !rich,
    };
    add_flags(style, level, &look);
    if (level == COLOR_LEVEL_TRUE) {
        look.foreground = rgb_of(look.foreground);
        look.background = rgb_of(look.background);
    }
    return look;
}
