#include "ui/cells.h"

#include "base/i18n.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>

void cell_number(struct pane cell, uint16_t style, uint64_t number)
{
    char text[TEXT_NUMBER_SIZE];
    snprintf(text, sizeof text, "%" PRIu64, number);
    pane_text_right(cell, 0, style, text);
}

void cell_bytes(struct pane cell, uint16_t style, uint64_t bytes)
{
    char text[TEXT_NUMBER_SIZE];
    pane_text_right(cell, 0, style, text_bytes(bytes, text));
}

void cell_rate(struct pane cell, uint16_t style, uint64_t bytes_per_s)
{
    char text[TEXT_NUMBER_SIZE];
    pane_text_right(cell, 0, bytes_per_s > 0 ? style : STYLE_DIM,
                    text_rate(bytes_per_s, text));
}

void cell_duration(struct pane cell, uint16_t style, uint64_t seconds)
{
    char text[TEXT_NUMBER_SIZE];
    pane_text_right(cell, 0, style, text_duration(seconds, text));
}

void cell_percent(struct pane cell, uint64_t done, uint64_t total)
{
    enum { NUMBER = 5, LEAST_BAR = 3 }; /* "99.9%" */
    char text[TEXT_NUMBER_SIZE];
    const int bar = cell.width - NUMBER - 1;
    if (bar >= LEAST_BAR)
        pane_bar(cell, 0, 0, bar, done, total);
    pane_text_right(cell, 0, done >= total ? STYLE_GOOD : STYLE_NORMAL,
                    text_percent(done, total, text));
}

void view_draw_empty(struct pane pane, const char *what, const char *next)
{
    const int indent = pane.width >= 40 ? 2 : 0;
    struct pane words = pane_part(pane, indent, pane.height >= 5 ? 1 : 0,
                                  pane.width - 2 * indent, pane.height);
    int y = pane_wrap(words, 0, STYLE_NORMAL, what);
    if (what[0] != '\0' && pane.height - y >= 3)
        y++;
    pane_wrap(words, y, STYLE_DIM, next);
}

void view_draw_no_match(const struct view_context *context, struct pane pane,
                        const char *what, const char *name)
{
    char next[128];
    /* L10N: %s is a key */
    snprintf(next, sizeof next, _("%s shows all again."),
             view_key(context, name, (char[KEY_NAME_SIZE]){0}));
    view_draw_empty(pane, what, next);
}

struct pane view_take_bottom(struct pane *pane, int lines, int least)
{
    if (pane->height - lines < least)
        return pane_part(*pane, 0, 0, 0, 0);
    pane->height -= lines;
    return (struct pane){pane->canvas, pane->x, pane->y + pane->height,
                         pane->width,  lines,   pane->flags};
}
