/* When a frame is drawn, and of what. */
#include "ui/screen_private.h"

#include <string.h>

#define DATA_FRAME_NS (SCREEN_FRAME_MS * NS_PER_MS)
#define KEY_FRAME_NS  (33 * NS_PER_MS) /* after a key at once, but no storm of frames */

void screen_touch(struct screen *screen, bool by_key)
{
    if (by_key)
        screen->key_dirty = true;
    else
        screen->data_dirty = true;
}

static uint64_t due_ns(const struct screen *screen)
{
    const uint64_t data_ns = screen->drawn_ns + DATA_FRAME_NS;
    const uint64_t key_ns = screen->key_drawn_ns + KEY_FRAME_NS;
    if (screen->frames == 0)
        return 0;
    return screen->key_dirty && key_ns < data_ns ? key_ns : data_ns;
}

void screen_on_frame_timer(void *context)
{
    (void)context; /* the hook that follows in this turn draws */
}

/* Once a turn, after the events were told. */
bool screen_on_turn(void *context)
{
    struct screen *screen = context;
    if (!screen->key_dirty && !screen->data_dirty)
        return false;
    const uint64_t now = loop_now_ns(screen->config.loop), due = due_ns(screen);
    if (now < due) {
        if (loop_timer_set(screen->config.loop, &screen->timer, due) == ERROR_NONE)
            return false;
    }
    const struct screen_output *output = &screen->config.output;
    if (output->is_ready != NULL && !output->is_ready(output->context))
        return false; /* it calls screen_ready */
    screen_draw(screen);
    return false;
}

void screen_ready(struct screen *screen)
{
    (void)screen; /* the hook that follows in this turn draws */
}

static void draw_view(struct screen *screen, size_t number, struct pane pane)
{
    struct screen_view *view = &screen->views[number];
    const bool focused = number == (screen_focuses_detail(screen) ? screen->tab : 0);
    view->pane = pane;
    if (!pane_is_empty(pane))
        view->class->draw(view->state, &screen->context, pane,
                          focused && screen->modal == SCREEN_MODAL_NONE);
}

/* The graph that stands beside another view where there is room. */
static size_t find_view(const struct screen *screen, const char *name)
{
    for (size_t i = 0; i < screen->view_count; i++)
        if (strcmp(screen->views[i].class->name, name) == 0)
            return i;
    return 0;
}

static void draw_views(struct screen *screen)
{
    const struct screen_layout *layout = &screen->layout;
    const size_t graph = find_view(screen, "graph");
    for (size_t i = 0; i < screen->view_count; i++)
        screen->views[i].pane = (struct pane){0};
    draw_view(screen, 0, layout->list);
    if (!pane_is_empty(layout->detail))
        draw_view(screen, screen->tab, layout->detail);
    for (int y = 0; y < layout->wall.height; y++)
        pane_glyph(layout->wall, 0, y, STYLE_DIM, GLYPH_WALL);
    if (!pane_is_empty(layout->graph) && graph > 0 && graph != screen->tab)
        draw_view(screen, graph, layout->graph);
}

/* Which views the next frame shows, before they are drawn: these take their looks. */
static void recalc_views(struct screen *screen)
{
    const size_t graph = find_view(screen, "graph");
    for (size_t i = 0; i < screen->view_count; i++) {
        struct screen_view *view = &screen->views[i];
        const bool visible =
            i == 0 || (i == screen->tab && !pane_is_empty(screen->layout.detail)) ||
            (i == graph && !pane_is_empty(screen->layout.graph));
        if (!visible || !view->dirty)
            continue;
        view->dirty = false;
        screen->recalculating = view;
        view->class->recalc(view->state, &screen->context);
        screen->recalculating = NULL;
        if (i == 0)
            screen_follow_selection(screen);
    }
}

static void draw_over(struct screen *screen, struct pane pane)
{
    switch (screen->modal) {
    case SCREEN_MODAL_NONE:
    case SCREEN_MODAL_LINE:
        break;
    case SCREEN_MODAL_CONFIRM:
        screen_draw_confirm(screen, pane);
        break;
    case SCREEN_MODAL_MENU:
        screen_draw_menu(screen, pane);
        break;
    case SCREEN_MODAL_COLUMNS:
        screen_draw_columns(screen, pane);
        break;
    case SCREEN_MODAL_PALETTE:
        screen_draw_palette(screen, pane);
        break;
    case SCREEN_MODAL_COPY:
        break;
    case SCREEN_MODAL_HELP:
        screen_draw_help(screen, pane);
        break;
    }
}

void screen_draw(struct screen *screen)
{
    const struct screen_output *output = &screen->config.output;
    screen_lay_out(screen);
    recalc_views(screen);
    canvas_clear(screen->canvas);
    screen_draw_header(screen, screen->layout.header);
    draw_views(screen);
    screen_draw_status(screen, screen->layout.status);
    screen_draw_graph_line(screen, screen->layout.graph_line);
    screen_draw_tabs(screen, screen->layout.tabs);
    screen_draw_footer(screen, screen->layout.footer);
    screen_draw_tiny(screen, screen->layout.tiny);
    draw_over(screen, pane_of(screen->canvas));
    screen->drawn_ns = loop_now_ns(screen->config.loop);
    if (screen->key_dirty)
        screen->key_drawn_ns = screen->drawn_ns;
    screen->key_dirty = screen->data_dirty = false;
    screen->frames++;
    if (output->present != NULL)
        output->present(output->context, screen->canvas);
}
