/*
 * How the Pieces view paints: signs and colours of cells, the legend, and where the cells
 * of a map are. Pure: no session here.
 */
#ifndef BTTUI_UI_PIECE_MAP_H
#define BTTUI_UI_PIECE_MAP_H

#include "torrent/looks.h"
#include "ui/canvas.h"

enum piece_layer { PIECE_LAYER_STATE, PIECE_LAYER_AVAILABILITY, PIECE_LAYER_COUNT };

/* Where the cells are: ROWS of COLUMNS, PER_CELL pieces each, row TOP on top. */
struct piece_map {
    struct pane pane;   /* of the cells alone */
    struct pane gutter; /* left of it: numbers of pieces; may be empty */
    uint32_t columns, rows;
    uint32_t per_cell;
    uint32_t pieces;
    uint32_t top;
};

/* Lays out PIECES > 0 in PANE. ZOOM 0: all can be seen at once; each step more halves the
 * pieces a cell has, until it is one. The row of piece CURSOR is in view; otherwise the
 * map stays where it was: *TOP is read and written. */
void piece_map_lay_out(struct pane pane, uint32_t pieces, unsigned zoom, uint32_t cursor,
                       uint32_t *top, struct piece_map *ret_map);
/* The most that ZOOM can be. */
unsigned piece_map_zoom_max(const struct piece_map *map);

/* What a cell is shown as: its liveliest state, or what most of it is. */
enum piece_state piece_cell_state(const struct piece_cell *cell);
/* CELLS from row TOP on. CURSOR: the piece whose cell stands out; UINT32_MAX: none. */
void piece_map_draw(const struct piece_map *map, const struct piece_cell *cells,
                    uint32_t count, enum piece_layer layer, uint32_t cursor);
/* One line: each sign, its meaning and how many pieces; those with none are left out. */
void piece_map_draw_legend(struct pane pane, const struct piece_cell *total,
                           enum piece_layer layer);
uint16_t piece_state_style(enum piece_state state);
const char *piece_state_text(enum piece_state state); /* "arriving"; translated */

#endif
