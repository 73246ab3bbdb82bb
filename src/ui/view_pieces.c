/*
 * The pieces of the selected torrent as a map: what is here, on its way, missing; and
 * what the piece under the cursor is. A look costs what is visible, not what there is.
 */
#include "base/i18n.h"
#include "base/text.h"
#include "ui/cells.h"
#include "ui/piece_map.h"
#include "ui/views.h"

#include <stdio.h>
#include <stdlib.h>

struct pieces {
    struct torrent_info info; /* its texts are gone with the turn */
    bool has_torrent;
    struct piece_cell total;
    enum piece_layer layer;
    unsigned zoom;
    uint32_t cursor; /* a piece */
    uint32_t top;
    struct piece_map map; /* as it was drawn last */
    int map_y;            /* its first row in the view's pane */
    struct piece_cell *cells;
    uint32_t capacity;
};

static bool pieces_init(void *state, struct view_context *context)
{
    (void)state;
    (void)context;
    return true;
}

static void pieces_done(void *state)
{
    free(((struct pieces *)state)->cells);
}

static void pieces_torrent(void *state, struct view_context *context)
{
    struct pieces *pieces = state;
    (void)context;
    pieces->cursor = pieces->top = pieces->zoom = 0;
}

static void pieces_recalc(void *state, struct view_context *context)
{
    struct pieces *pieces = state;
    pieces->has_torrent =
        torrent_get_info(context->session, context->torrent, &pieces->info);
    if (!pieces->has_torrent || pieces->info.pieces == 0)
        return;
    torrent_get_piece_map(context->session, context->torrent, 0, pieces->info.pieces, 1,
                          false, &pieces->total);
    if (pieces->cursor >= pieces->info.pieces)
        pieces->cursor = pieces->info.pieces - 1;
}

/* ---- painting ---- */

static void draw_heading(const struct pieces *pieces, struct pane pane)
{
    const struct torrent_info *info = &pieces->info;
    char size[TEXT_NUMBER_SIZE], percent[TEXT_NUMBER_SIZE];
    text_bytes(info->piece_bytes, size);
    if (info->state == TORRENT_STATE_CHECKING) {
        pane_print(pane, 0, 0, STYLE_WARN, _("Looking at what is on disk: %s"),
                   text_percent(info->checked_pieces, info->pieces, percent));
        return;
    }
    if (pieces->map.per_cell > 1)
        pane_print(pane, 0, 0, STYLE_HEADING,
                   ngettext("%u piece of %s, %u a cell", "%u pieces of %s, %u a cell",
                            info->pieces),
                   info->pieces, size, pieces->map.per_cell);
    else
        pane_print(pane, 0, 0, STYLE_HEADING,
                   ngettext("%u piece of %s", "%u pieces of %s", info->pieces),
                   info->pieces, size);
}

/* The piece that the cell's sign is about: the first in its state. */
static uint32_t telling_piece(const struct view_context *context, uint32_t first,
                              const struct piece_cell *cell)
{
    enum { CHUNK = 256 };
    const uint8_t wanted = (uint8_t)piece_cell_state(cell);
    uint8_t states[CHUNK];
    for (uint32_t at = 0; at < cell->pieces; at += CHUNK) {
        const uint32_t left = cell->pieces - at;
        const uint32_t count =
            torrent_get_pieces(context->session, context->torrent, first + at,
                               left < CHUNK ? left : CHUNK, states, NULL);
        for (uint32_t i = 0; i < count; i++)
            if (states[i] == wanted)
                return first + at + i;
    }
    return first;
}

static int draw_piece(struct view_context *context, struct pane pane, uint32_t index,
                      int y)
{
    struct piece_info piece;
    char size[TEXT_NUMBER_SIZE];
    if (!torrent_get_piece(context->session, context->torrent, index, &piece))
        return y;
    /* L10N: a piece's number, its state, and its size */
    int x =
        pane_print(pane, 0, y, piece_state_style(piece.state), _("Piece %u: %s, %s"),
                   index, piece_state_text(piece.state), text_bytes(piece.bytes, size));
    if (piece.state != PIECE_STATE_HAVE &&
        piece.blocks_arrived + piece.blocks_requested > 0)
        x += pane_print(pane, x, y, STYLE_NORMAL,
                        _("; %u of %u blocks here, %u asked for"), piece.blocks_arrived,
                        piece.blocks, piece.blocks_requested);
    pane_print(pane, x, y, STYLE_NORMAL,
               ngettext("; %u peer has it", "; %u peers have it", piece.availability),
               piece.availability);
    return y + 1;
}

static void draw_files(struct view_context *context, struct pane pane, uint32_t index,
                       int y)
{
    struct piece_info piece;
    struct file_info file;
    char masked[VIEW_MASK_SIZE];
    if (!torrent_get_piece(context->session, context->torrent, index, &piece) ||
        !torrent_get_file(context->session, context->torrent, piece.first_file, &file))
        return;
    const uint32_t more = piece.last_file - piece.first_file;
    const char *path = view_mask(context, file.path, masked);
    if (more == 0) {
        pane_print(pane, 0, y, STYLE_DIM, _("In %s"), path);
        return;
    }
    char text[64];
    snprintf(text, sizeof text, ngettext("and %u more file", "and %u more files", more),
             more);
    const int room = pane.width - (int)text_cells(text) - 1;
    const int x =
        pane_print(pane_part(pane, 0, y, room, 1), 0, 0, STYLE_DIM, _("In %s"), path);
    pane_text(pane, x + 1, y, STYLE_DIM, text);
}

/* What the cursor is on, in as many lines as PANE has: 0 to 3. */
static void draw_detail(const struct pieces *pieces, struct view_context *context,
                        struct pane pane)
{
    const uint32_t per_cell = pieces->map.per_cell;
    const uint32_t first = pieces->cursor / per_cell * per_cell;
    struct piece_cell cell;
    int y = 0;
    if (pane_is_empty(pane) ||
        torrent_get_piece_map(context->session, context->torrent, first, per_cell, 1,
                              true, &cell) == 0)
        return;
    uint32_t index = first;
    if (cell.pieces > 1) {
        char span[64];
        snprintf(span, sizeof span, _("Pieces %u to %u: "), first,
                 first + cell.pieces - 1);
        const int x = pane_text(pane, 0, y, STYLE_NORMAL, span);
        piece_map_draw_legend(pane_part(pane, x, y, pane.width - x, 1), &cell,
                              PIECE_LAYER_STATE);
        y++;
        index = telling_piece(context, first, &cell);
    }
    y = draw_piece(context, pane, index, y);
    draw_files(context, pane, index, y);
}

static bool look(struct pieces *pieces, struct view_context *context, uint32_t *ret_count)
{
    const struct piece_map *map = &pieces->map;
    const uint32_t needed = map->columns * map->rows;
    if (needed > pieces->capacity) {
        struct piece_cell *cells = realloc(pieces->cells, needed * sizeof *cells);
        if (cells == NULL)
            return false;
        pieces->cells = cells;
        pieces->capacity = needed;
    }
    *ret_count = torrent_get_piece_map(
        context->session, context->torrent, map->top * map->columns * map->per_cell,
        map->per_cell, needed, pieces->layer == PIECE_LAYER_AVAILABILITY, pieces->cells);
    return true;
}

static void pieces_draw(void *state, struct view_context *context, struct pane pane,
                        bool focused)
{
    struct pieces *pieces = state;
    uint32_t count;
    if (!pieces->has_torrent || pieces->info.pieces == 0) {
        view_draw_empty(pane,
                        pieces->has_torrent ? _("The pieces are not known yet.")
                                            : _("No torrent is selected."),
                        "");
        return;
    }
    const struct pane detail = view_take_bottom(&pane, pane.height >= 12 ? 3 : 1, 4);
    const struct pane legend = view_take_bottom(&pane, 1, 3);
    struct pane heading = pane_part(pane, 0, 0, 0, 0);
    pieces->map_y = pane.height >= 4 ? 1 : 0;
    if (pieces->map_y > 0) {
        heading = pane_row(pane, 0);
        pane = pane_part(pane, 0, 1, pane.width, pane.height - 1);
    }
    piece_map_lay_out(pane, pieces->info.pieces, pieces->zoom, pieces->cursor,
                      &pieces->top, &pieces->map);
    if (!look(pieces, context, &count))
        return;
    if (!pane_is_empty(heading))
        draw_heading(pieces, heading);
    piece_map_draw(&pieces->map, pieces->cells, count, pieces->layer,
                   focused ? pieces->cursor : UINT32_MAX);
    if (!pane_is_empty(legend))
        piece_map_draw_legend(legend, &pieces->total, pieces->layer);
    draw_detail(pieces, context, detail);
}

/* ---- keys ---- */

static void move_cells(struct pieces *pieces, int64_t cells)
{
    const uint32_t per_cell = pieces->map.per_cell;
    if (!pieces->has_torrent || pieces->info.pieces == 0 || per_cell == 0)
        return;
    const int64_t last = (pieces->info.pieces - 1) / per_cell;
    int64_t cell = pieces->cursor / per_cell + cells;
    cell = cell < 0 ? 0 : cell > last ? last : cell;
    pieces->cursor = (uint32_t)cell * per_cell;
}

static bool act_move(struct pieces *pieces, enum action action)
{
    const int64_t row = pieces->map.columns;
    const int64_t page = row * (pieces->map.rows > 1 ? pieces->map.rows - 1 : 1);
    switch (action) {
    case ACTION_LEFT:
        move_cells(pieces, -1);
        return true;
    case ACTION_RIGHT:
        move_cells(pieces, 1);
        return true;
    case ACTION_UP:
        move_cells(pieces, -row);
        return true;
    case ACTION_DOWN:
        move_cells(pieces, row);
        return true;
    case ACTION_PAGE_UP:
        move_cells(pieces, -page);
        return true;
    case ACTION_PAGE_DOWN:
        move_cells(pieces, page);
        return true;
    case ACTION_FIRST:
        move_cells(pieces, -(int64_t)UINT32_MAX);
        return true;
    case ACTION_LAST:
        move_cells(pieces, UINT32_MAX);
        return true;
    default:
        return false;
    }
}

static bool pieces_act(void *state, struct view_context *context, enum action action)
{
    struct pieces *pieces = state;
    (void)context;
    switch (action) {
    case ACTION_MAP_LAYER:
        pieces->layer = (pieces->layer + 1) % PIECE_LAYER_COUNT;
        return true;
    case ACTION_ZOOM_IN:
        if (pieces->map.per_cell > 1)
            pieces->zoom++;
        return true;
    case ACTION_ZOOM_OUT:
        if (pieces->zoom > piece_map_zoom_max(&pieces->map))
            pieces->zoom = piece_map_zoom_max(&pieces->map);
        if (pieces->zoom > 0)
            pieces->zoom--;
        return true;
    default:
        return act_move(pieces, action);
    }
}

static bool pieces_click(void *state, struct view_context *context, int x, int y)
{
    struct pieces *pieces = state;
    const struct piece_map *map = &pieces->map;
    (void)context;
    x -= map->gutter.width;
    y -= pieces->map_y;
    if (!pieces->has_torrent || x < 0 || y < 0 || x >= (int)map->columns ||
        y >= (int)map->rows)
        return false;
    const uint64_t cell = (uint64_t)(map->top + (uint32_t)y) * map->columns + (uint32_t)x;
    if (cell * map->per_cell >= map->pieces)
        return false;
    pieces->cursor = (uint32_t)(cell * map->per_cell);
    return true;
}

const struct view_class view_pieces = {
    .name = "pieces",
    .title = N_("Pieces"),
    .scopes = SCOPE_PIECES,
    .shows = CHANGED_PIECES | CHANGED_PROGRESS | CHANGED_STATE | CHANGED_FILES,
    .size = sizeof(struct pieces),
    .init = pieces_init,
    .done = pieces_done,
    .torrent = pieces_torrent,
    .recalc = pieces_recalc,
    .draw = pieces_draw,
    .act = pieces_act,
    .click = pieces_click,
};
