/*
 * Rates of the selected torrent over time: what comes in above, what goes out below, with
 * the limits as lines. Without a torrent it shows the whole session.
 */
#include "base/i18n.h"
#include "base/text.h"
#include "ui/cells.h"
#include "ui/graph.h"
#include "ui/views.h"

#include <stdio.h>

struct graph {
    uint32_t down[SESSION_HISTORY], up[SESSION_HISTORY];
    uint32_t count;
    uint64_t down_rate, up_rate, max_down, max_up;
    bool is_session;
    unsigned zoom; /* index of spans */
    bool chosen;   /* by the user; else it follows what there is to show */
};

static const uint32_t spans[] = {60, 300, 900, SESSION_HISTORY};
enum { SPANS = sizeof spans / sizeof *spans };

static bool graph_init(void *state, struct view_context *context)
{
    (void)state;
    (void)context;
    return true;
}

static void graph_done(void *state)
{
    (void)state;
}

static bool is_moving(const struct graph *graph)
{
    const uint32_t span = spans[graph->zoom];
    for (uint32_t age = 1; age <= span && age <= graph->count; age++)
        if ((graph->down[graph->count - age] | graph->up[graph->count - age]) != 0)
            return true;
    return false;
}

/* Until the user chooses: the shortest span with all that has moved, up to five minutes.
 */
static void follow(struct graph *graph)
{
    uint32_t age = graph->count;
    while (age > 0 &&
           (graph->down[graph->count - age] | graph->up[graph->count - age]) == 0)
        age--;
    graph->zoom = age > spans[0] ? 1 : 0;
}

static void graph_recalc(void *state, struct view_context *context)
{
    enum { STEPS = 240 }; /* about as many as there are columns */
    struct graph *graph = state;
    struct session_info session;
    struct torrent_info torrent;
    session_get_info(context->session, &session);
    graph->is_session = !torrent_get_info(context->session, context->torrent, &torrent);
    graph->down_rate = graph->is_session ? session.down_rate : torrent.down_rate;
    graph->up_rate = graph->is_session ? session.up_rate : torrent.up_rate;
    graph->max_down = session.max_down;
    graph->max_up = session.max_up;
    graph->count = torrent_get_history(context->session, context->torrent, graph->down,
                                       graph->up, SESSION_HISTORY);
    if (!graph->chosen)
        follow(graph);
    /* Nobody tells that time passes while nothing moves. */
    if (is_moving(graph))
        view_changed_in(context, 1000 * (uint64_t)(1 + spans[graph->zoom] / STEPS));
}

/* ---- painting ---- */

static uint64_t scale_of(const struct graph *graph, const uint32_t *samples,
                         uint64_t limit, int width)
{
    enum { LEAST = 10 << 10 };
    const uint32_t columns = width > 0 ? (uint32_t)width * 2 : 1;
    uint64_t most = LEAST;
    for (uint32_t at = 0; at < columns; at++) {
        const uint64_t value =
            graph_column(samples, graph->count, spans[graph->zoom], columns, at);
        most = value > most ? value : most;
    }
    /* A limit that is near belongs into the picture; a far one would flatten it. */
    if (limit > most && limit <= 2 * most)
        most = limit;
    return graph_scale(most);
}

static void draw_heading(const struct graph *graph, struct pane pane)
{
    const bool ascii = canvas_is_ascii(pane.canvas);
    char rate[TEXT_NUMBER_SIZE], limit[TEXT_NUMBER_SIZE], span[TEXT_NUMBER_SIZE];
    int x = 0;
    for (int up = 0; up < 2; up++) {
        const uint64_t most = up != 0 ? graph->max_up : graph->max_down;
        const uint16_t style = up != 0 ? STYLE_UP : STYLE_DOWN;
        x += pane_print(pane, x, 0, style, "%s %s",
                        glyph_text(up != 0 ? GLYPH_UP : GLYPH_DOWN, ascii),
                        text_rate(up != 0 ? graph->up_rate : graph->down_rate, rate));
        if (most > 0)
            x += pane_print(pane, x, 0, STYLE_LIMIT, _(" of %s"), text_rate(most, limit));
        x += 2;
    }
    text_duration(spans[graph->zoom], span);
    struct pane rest = pane_part(pane, x, 0, pane.width - x, 1);
    char text[128];
    /* L10N: the graph shows the last "5m00s" */
    snprintf(text, sizeof text,
             graph->is_session ? _("all torrents, last %s") : _("last %s"), span);
    if ((int)text_cells(text) <= rest.width)
        pane_text_right(rest, 0, STYLE_DIM, text);
}

static void draw_half(const struct graph *graph, struct pane pane, bool up)
{
    enum { LABELS = 10, LEAST_WITH_LABELS = 40 };
    const uint32_t *samples = up ? graph->up : graph->down;
    const uint64_t limit = up ? graph->max_up : graph->max_down;
    char text[TEXT_NUMBER_SIZE];
    if (pane_is_empty(pane))
        return;
    struct pane area = pane;
    if (pane.width >= LEAST_WITH_LABELS)
        area = pane_part(pane, LABELS + 1, 0, pane.width - LABELS - 1, pane.height);
    const uint64_t scale = scale_of(graph, samples, limit, area.width);
    const struct graph_area what = {
        .style = up ? STYLE_UP : STYLE_DOWN,
        .samples = samples,
        .count = graph->count,
        .span = spans[graph->zoom],
        .scale = scale,
        .hanging = up,
        .limit = limit,
        .limit_style = STYLE_LIMIT,
    };
    graph_area(area, &what);
    if (area.width == pane.width)
        return;
    struct pane labels = pane_part(pane, 0, 0, LABELS, pane.height);
    pane_text_right(labels, up ? pane.height - 1 : 0, STYLE_DIM, text_rate(scale, text));
    if (pane.height >= 4)
        pane_text_right(labels, up ? pane.height / 2 - 1 : pane.height - pane.height / 2,
                        STYLE_DIM, text_rate(scale / 2, text));
}

/* The line between the halves, with how long ago it was. */
static void draw_axis(const struct graph *graph, struct pane pane)
{
    char age[TEXT_NUMBER_SIZE];
    const uint32_t span = spans[graph->zoom];
    pane_rule(pane, 0, STYLE_DIM);
    if (pane.width < 40)
        return;
    struct pane line = pane_part(pane, 11, 0, pane.width - 11, 1);
    pane_print(line, 0, 0, STYLE_DIM, "-%s ", text_duration(span, age));
    pane_print(line, line.width / 2, 0, STYLE_DIM, " -%s ", text_duration(span / 2, age));
    pane_text_right(line, 0, STYLE_DIM, _(" now"));
}

static void graph_draw(void *state, struct view_context *context, struct pane pane,
                       bool focused)
{
    struct graph *graph = state;
    (void)context;
    (void)focused;
    if (pane.height >= 5) {
        draw_heading(graph, pane_row(pane, 0));
        pane = pane_part(pane, 0, 1, pane.width, pane.height - 1);
    }
    const int axis = pane.height >= 3 ? 1 : 0;
    const int above = (pane.height - axis + 1) / 2;
    if (!is_moving(graph) && pane.height >= 3) {
        view_draw_empty(pane, _("Nothing has moved in this time."),
                        graph->zoom + 1 < SPANS ? _("( shows more of the past.") : "");
        return;
    }
    draw_half(graph, pane_part(pane, 0, 0, pane.width, above), false);
    if (axis > 0)
        draw_axis(graph, pane_row(pane, above));
    draw_half(graph,
              pane_part(pane, 0, above + axis, pane.width, pane.height - above - axis),
              true);
}

static bool graph_act(void *state, struct view_context *context, enum action action)
{
    struct graph *graph = state;
    (void)context;
    if (action == ACTION_ZOOM_OUT && graph->zoom + 1 < SPANS)
        graph->zoom++;
    else if (action == ACTION_ZOOM_IN && graph->zoom > 0)
        graph->zoom--;
    else if (action != ACTION_ZOOM_IN && action != ACTION_ZOOM_OUT)
        return false;
    graph->chosen = true;
    return true;
}

const struct view_class view_graph = {
    .name = "graph",
    .title = N_("Graph"),
    .scopes = SCOPE_GRAPH,
    .shows = CHANGED_PROGRESS | CHANGED_LIMITS | VIEW_SHOWS_SESSION,
    .size = sizeof(struct graph),
    .init = graph_init,
    .done = graph_done,
    .recalc = graph_recalc,
    .draw = graph_draw,
    .act = graph_act,
};
