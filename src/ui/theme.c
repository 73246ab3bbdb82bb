#include "ui/theme.h"

/* Of 8 colours those that show on black and on white. */
enum { RED = 1, GREEN = 2, MAGENTA = 5, CYAN = 6 };

/* 0 is no colour of ours: the terminal's own. */
struct theme_entry {
    int few;        /* of 8 */
    int many;       /* of 256; at COLOR_LEVEL_TRUE its RGB */
    int background; /* of 256 */
    bool bold, underline;
    bool plain_reverse; /* reversed where `background` cannot be shown */
};

static const struct theme_entry entries[STYLE_ROLE_COUNT] = {
    [STYLE_NORMAL] = {.many = 0},
    [STYLE_DIM] = {.many = 244},
    [STYLE_STRONG] = {.bold = true},
    [STYLE_TITLE] = {.many = 255, .background = 238, .plain_reverse = true},
    [STYLE_HEADING] = {.many = 244, .underline = true},
    [STYLE_SORTED] = {.many = 32, .bold = true, .underline = true},
    [STYLE_TAB] = {.many = 250, .background = 238, .plain_reverse = true},
    [STYLE_TAB_OPEN] = {.bold = true},
    [STYLE_KEY] = {.many = 32, .bold = true},
    [STYLE_HINT] = {.many = 244},
    [STYLE_PROMPT] = {.many = 0},
    [STYLE_GOOD] = {.few = GREEN, .many = 28},
    [STYLE_WARN] = {.few = MAGENTA, .many = 166},
    [STYLE_BAD] = {.few = RED, .many = 160, .bold = true},
    [STYLE_ACCENT] = {.few = CYAN, .many = 32, .bold = true},
    [STYLE_DOWN] = {.few = GREEN, .many = 30},
    [STYLE_UP] = {.few = MAGENTA, .many = 133},
    [STYLE_BAR] = {.few = GREEN, .many = 34, .background = 240},
    [STYLE_BAR_REST] = {.many = 250, .background = 240},
    [STYLE_LIMIT] = {.few = RED, .many = 160},
    [STYLE_PIECE_MISSING] = {.many = 244},
    [STYLE_PIECE_NOT_WANTED] = {.many = 242},
    [STYLE_PIECE_REQUESTED] = {.few = CYAN, .many = 32},
    [STYLE_PIECE_ARRIVING] = {.few = MAGENTA, .many = 166},
    [STYLE_PIECE_VERIFYING] = {.few = MAGENTA, .many = 133, .bold = true},
    [STYLE_PIECE_FAILED] = {.few = RED, .many = 160, .bold = true},
    [STYLE_PIECE_HAVE] = {.few = GREEN, .many = 28},
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

static int color_of(int number)
{
    return number == 0 ? LOOK_DEFAULT : number;
}

struct look theme_look(uint16_t style, enum color_level level)
{
    const unsigned role = style & STYLE_ROLE_MASK;
    const struct theme_entry *entry =
        &entries[role < STYLE_ROLE_COUNT ? role : STYLE_NORMAL];
    const bool rich = level >= COLOR_LEVEL_256;
    struct look look = {
        .foreground = level == COLOR_LEVEL_NONE
                          ? LOOK_DEFAULT
                          : color_of(rich ? entry->many : entry->few),
        .background = color_of(rich ? entry->background : 0),
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
