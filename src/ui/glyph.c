/* Characters of our own: each has an ASCII form of the same width. */
#include "ui/canvas.h"

static const struct {
    const char *unicode;
    const char *ascii;
} glyphs[GLYPH_COUNT] = {
    [GLYPH_DOWN] = {"↓", "v"},        [GLYPH_UP] = {"↑", "^"},
    [GLYPH_LEFT] = {"←", "<"},        [GLYPH_RIGHT] = {"→", ">"},
    [GLYPH_ELLIPSIS] = {"…", "~"},    [GLYPH_RULE] = {"─", "-"},
    [GLYPH_WALL] = {"│", "|"},        [GLYPH_CROSS] = {"┼", "+"},
    [GLYPH_TOP_LEFT] = {"┌", "+"},    [GLYPH_TOP_RIGHT] = {"┐", "+"},
    [GLYPH_BOTTOM_LEFT] = {"└", "+"}, [GLYPH_BOTTOM_RIGHT] = {"┘", "+"},
    [GLYPH_SORT_UP] = {"▲", "^"},     [GLYPH_SORT_DOWN] = {"▼", "v"},
    [GLYPH_MARK] = {"●", "*"},        [GLYPH_CLOSED] = {"▸", "+"},
    [GLYPH_OPEN] = {"▾", "-"},        [GLYPH_YES] = {"✓", "x"},
    [GLYPH_NO] = {"·", "."},          [GLYPH_DOT] = {"·", "-"},
};

const char *glyph_text(enum glyph glyph, bool ascii)
{
    return ascii ? glyphs[glyph].ascii : glyphs[glyph].unicode;
}

void pane_glyph(struct pane pane, int x, int y, uint16_t style, enum glyph glyph)
{
    if (x >= 0 && x < pane.width)
        pane_text(pane_part(pane, x, y, 1, 1), 0, 0, style,
                  glyph_text(glyph, canvas_is_ascii(pane.canvas)));
}

void pane_rule(struct pane pane, int y, uint16_t style)
{
    for (int x = 0; x < pane.width; x++)
        pane_glyph(pane, x, y, style, GLYPH_RULE);
}

void pane_box(struct pane pane, uint16_t style)
{
    const int right = pane.width - 1, bottom = pane.height - 1;
    pane_rule(pane, 0, style);
    pane_rule(pane, bottom, style);
    for (int y = 0; y < pane.height; y++) {
        pane_glyph(pane, 0, y, style, GLYPH_WALL);
        pane_glyph(pane, right, y, style, GLYPH_WALL);
    }
    pane_glyph(pane, 0, 0, style, GLYPH_TOP_LEFT);
    pane_glyph(pane, right, 0, style, GLYPH_TOP_RIGHT);
    pane_glyph(pane, 0, bottom, style, GLYPH_BOTTOM_LEFT);
    pane_glyph(pane, right, bottom, style, GLYPH_BOTTOM_RIGHT);
}

/* DONE / TOTAL of WIDTH cells in eighths, rounded so that only all is full and only
 * nothing is empty. */
static int bar_eighths(int width, uint64_t done, uint64_t total)
{
    const int full = width * 8;
    if (total == 0 || done >= total)
        return total == 0 ? 0 : full;
    const int eighths = (int)((double)done / (double)total * full);
    if (eighths >= full)
        return full - 1;
    return eighths == 0 && done > 0 ? 1 : eighths;
}

void pane_bar(struct pane pane, int x, int y, int width, uint64_t done, uint64_t total)
{
    static const char ascii_part[] = " ..-==+#";
    const bool ascii = canvas_is_ascii(pane.canvas);
    const int eighths = bar_eighths(width, done, total);
    for (int i = 0; i < width; i++) {
        const int part = eighths - i * 8;
        if (part >= 8)
            pane_char(pane, x + i, y, STYLE_BAR, ascii ? '#' : 0x2588);
        else if (part > 0)
            pane_char(pane, x + i, y, STYLE_BAR,
                      ascii ? (uint32_t)ascii_part[part] : 0x2590u - (uint32_t)part);
        else
            pane_char(pane, x + i, y, STYLE_BAR_REST, ascii ? '.' : ' ');
    }
}

void pane_column(struct pane pane, int x, int y, uint16_t style, unsigned eighths)
{
    static const char ascii_levels[] = " .:-=+*#@";
    if (eighths > 8)
        eighths = 8;
    if (canvas_is_ascii(pane.canvas))
        pane_char(pane, x, y, style, (uint32_t)ascii_levels[eighths]);
    else
        pane_char(pane, x, y, style, eighths == 0 ? ' ' : 0x2580u + eighths);
}

void pane_braille(struct pane pane, int x, int y, uint16_t style, uint8_t dots)
{
    static const char ascii_levels[] = " ..::++##";
    if (canvas_is_ascii(pane.canvas))
        pane_char(pane, x, y, style,
                  (uint32_t)ascii_levels[__builtin_popcount((unsigned)dots)]);
    else
        pane_char(pane, x, y, style, dots == 0 ? ' ' : 0x2800u + dots);
}
