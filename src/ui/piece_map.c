#include "ui/piece_map.h"

#include "base/i18n.h"
#include "base/text.h"

#include <stdio.h>

static const struct {
    const char *text;
    uint16_t style;
    uint32_t sign, ascii;
} states[PIECE_STATE_COUNT] = {
    /* L10N: states of a piece, in a legend: "· missing 12" */
    [PIECE_STATE_MISSING] = {N_("missing"), STYLE_PIECE_MISSING, 0xb7, '.'},
    [PIECE_STATE_NOT_WANTED] = {N_("not wanted"), STYLE_PIECE_NOT_WANTED, '_', '_'},
    [PIECE_STATE_REQUESTED] = {N_("asked for"), STYLE_PIECE_REQUESTED, 0x2591, '-'},
    [PIECE_STATE_ARRIVING] = {N_("arriving"), STYLE_PIECE_ARRIVING, 0x2592, '+'},
    [PIECE_STATE_VERIFYING] = {N_("checking"), STYLE_PIECE_VERIFYING, 0x2593, '*'},
    [PIECE_STATE_FAILED] = {N_("failed"), STYLE_PIECE_FAILED, '!', '!'},
    [PIECE_STATE_HAVE] = {N_("have"), STYLE_PIECE_HAVE, 0x2588, '#'},
};

uint16_t piece_state_style(enum piece_state state)
{
    return states[state].style;
}

const char *piece_state_text(enum piece_state state)
{
    return _(states[state].text);
}

/* ---- where ---- */

static uint32_t divide_up(uint32_t value, uint32_t by)
{
    return value / by + (value % by != 0);
}

static int digits_of(uint32_t number)
{
    int digits = 1;
    for (; number >= 10; number /= 10)
        digits++;
    return digits;
}

void piece_map_lay_out(struct pane pane, uint32_t pieces, unsigned zoom, uint32_t cursor,
                       uint32_t *top, struct piece_map *ret_map)
{
    enum { LEAST_WITH_GUTTER = 50 };
    struct piece_map map = {.pane = pane, .pieces = pieces};
    map.gutter = pane_part(pane, 0, 0, 0, 0);
    if (pane.width >= LEAST_WITH_GUTTER) {
        const int gutter = digits_of(pieces) + 1;
        map.gutter = pane_part(pane, 0, 0, gutter, pane.height);
        map.pane = pane_part(pane, gutter, 0, pane.width - gutter, pane.height);
    }
    map.columns = map.pane.width > 0 ? (uint32_t)map.pane.width : 1;
    map.rows = map.pane.height > 0 ? (uint32_t)map.pane.height : 1;
    const uint32_t fit = divide_up(pieces, map.columns * map.rows);
    map.per_cell = zoom < 32 && fit >> zoom > 0 ? fit >> zoom : 1;
    const uint32_t all_rows = divide_up(divide_up(pieces, map.per_cell), map.columns);
    const uint32_t row = cursor / map.per_cell / map.columns;
    map.top = *top;
    if (map.top + map.rows > all_rows)
        map.top = all_rows > map.rows ? all_rows - map.rows : 0;
    if (row < map.top)
        map.top = row;
    else if (row >= map.top + map.rows)
        map.top = row - map.rows + 1;
    *top = map.top;
    *ret_map = map;
}

unsigned piece_map_zoom_max(const struct piece_map *map)
{
    unsigned zoom = 0;
    while (divide_up(map->pieces, map->columns * map->rows) >> zoom > 1)
        zoom++;
    return zoom;
}

/* ---- cells ---- */

enum piece_state piece_cell_state(const struct piece_cell *cell)
{
    static const enum piece_state lively[] = {PIECE_STATE_FAILED, PIECE_STATE_VERIFYING,
                                              PIECE_STATE_ARRIVING,
                                              PIECE_STATE_REQUESTED};
    for (size_t i = 0; i < sizeof lively / sizeof *lively; i++)
        if (cell->states[lively[i]] > 0)
            return lively[i];
    if (cell->states[PIECE_STATE_MISSING] > 0)
        return PIECE_STATE_MISSING;
    return cell->states[PIECE_STATE_HAVE] > 0 ? PIECE_STATE_HAVE : PIECE_STATE_NOT_WANTED;
}

static uint32_t sign_of(struct pane pane, enum piece_state state)
{
    return canvas_is_ascii(pane.canvas) ? states[state].ascii : states[state].sign;
}

/* A cell that has a part of its pieces is filled as far; its colour tells what goes on.
 */
static void draw_state(struct pane pane, int x, int y, uint16_t flags,
                       const struct piece_cell *cell)
{
    const enum piece_state state = piece_cell_state(cell);
    const uint32_t have = cell->states[PIECE_STATE_HAVE];
    uint16_t style = states[state].style;
    if (have == 0 || have == cell->pieces) {
        pane_char(pane, x, y, style | flags, sign_of(pane, state));
        return;
    }
    if (state == PIECE_STATE_MISSING)
        style = STYLE_PIECE_HAVE;
    const unsigned eighths = (unsigned)((uint64_t)have * 7 / cell->pieces);
    pane_column(pane, x, y, style | flags, eighths > 0 ? eighths : 1);
}

/* How many peers have the rarest of the cell's pieces: 0-9, + for more. */
static void draw_availability(struct pane pane, int x, int y, uint16_t flags,
                              const struct piece_cell *cell)
{
    const uint32_t have = cell->states[PIECE_STATE_HAVE];
    const uint16_t style = have == cell->pieces ? STYLE_DIM
                           : cell->least == 0   ? STYLE_BAD
                           : cell->least == 1   ? STYLE_WARN
                                                : STYLE_GOOD;
    pane_char(pane, x, y, style | flags, cell->least > 9 ? '+' : '0' + cell->least);
}

void piece_map_draw(const struct piece_map *map, const struct piece_cell *cells,
                    uint32_t count, enum piece_layer layer, uint32_t cursor)
{
    const uint32_t first = map->top * map->columns;
    for (uint32_t i = 0; i < count; i++) {
        const int x = (int)(i % map->columns), y = (int)(i / map->columns);
        const bool is_cursor =
            cursor != UINT32_MAX && cursor / map->per_cell == first + i;
        const uint16_t flags = is_cursor ? STYLE_REVERSE : 0;
        if (layer == PIECE_LAYER_AVAILABILITY)
            draw_availability(map->pane, x, y, flags, &cells[i]);
        else
            draw_state(map->pane, x, y, flags, &cells[i]);
        if (x == 0 && !pane_is_empty(map->gutter)) {
            char text[TEXT_NUMBER_SIZE];
            snprintf(text, sizeof text, "%u", (first + i) * map->per_cell);
            pane_text_right(pane_part(map->gutter, 0, y, map->gutter.width - 1, 1), 0,
                            STYLE_DIM, text);
        }
    }
}

/* ---- the legend ---- */

static void draw_state_legend(struct pane pane, const struct piece_cell *total)
{
    static const enum piece_state order[] = {PIECE_STATE_HAVE,      PIECE_STATE_MISSING,
                                             PIECE_STATE_ARRIVING,  PIECE_STATE_REQUESTED,
                                             PIECE_STATE_VERIFYING, PIECE_STATE_FAILED,
                                             PIECE_STATE_NOT_WANTED};
    int x = 0;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        const enum piece_state state = order[i];
        char text[64];
        if (total->states[state] == 0 && state != PIECE_STATE_HAVE)
            continue;
        snprintf(text, sizeof text, "%s %u", _(states[state].text), total->states[state]);
        if (x + 2 + (int)text_cells(text) > pane.width)
            break;
        pane_char(pane, x, 0, states[state].style, sign_of(pane, state));
        x += 2 + pane_text(pane, x + 2, 0, STYLE_NORMAL, text) + 2;
    }
}

void piece_map_draw_legend(struct pane pane, const struct piece_cell *total,
                           enum piece_layer layer)
{
    if (layer == PIECE_LAYER_STATE)
        draw_state_legend(pane, total);
    else
        pane_text(pane, 0, 0, STYLE_NORMAL,
                  _("0-9, + for more: connected peers that have the rarest piece of a "
                    "cell"));
}
