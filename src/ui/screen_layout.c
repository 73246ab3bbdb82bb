/* What is where, by the size of the screen. */
#include "ui/screen_private.h"

bool screen_is_large(const struct screen *screen)
{
    return canvas_width(screen->canvas) >= 120 && canvas_height(screen->canvas) >= 30;
}

bool screen_is_split(const struct screen *screen)
{
    return canvas_width(screen->canvas) >= 80 && canvas_height(screen->canvas) >= 30;
}

/* Below this a torrent's line is all that fits. */
static bool has_details(const struct screen *screen)
{
    return canvas_width(screen->canvas) >= 30 && canvas_height(screen->canvas) >= 8;
}

bool screen_shows_detail(const struct screen *screen)
{
    if (!has_details(screen))
        return false;
    if (!screen_is_split(screen))
        return screen->detail_focused;
    return screen_is_large(screen) || screen->detail_open;
}

bool screen_focuses_detail(const struct screen *screen)
{
    return screen->detail_focused && screen_shows_detail(screen);
}

/* Takes HEIGHT rows from the top, or from the bottom, of *REST. */
static struct pane take_top(struct pane *rest, int height)
{
    const struct pane taken = pane_part(*rest, 0, 0, rest->width, height);
    *rest = pane_part(*rest, 0, height, rest->width, rest->height - height);
    return taken;
}

static struct pane take_bottom(struct pane *rest, int height)
{
    const struct pane taken =
        pane_part(*rest, 0, rest->height - height, rest->width, height);
    *rest = pane_part(*rest, 0, 0, rest->width, rest->height - height);
    return taken;
}

/* The details below the list; on a large screen with the graph to the right of them. */
static void lay_out_split(const struct screen *screen, struct pane *rest,
                          struct screen_layout *layout)
{
    struct pane below = take_bottom(rest, rest->height * 3 / 5);
    layout->tabs = take_top(&below, 1);
    layout->detail = below;
    if (!screen_is_large(screen))
        return;
    const int width = below.width / 3 < 60 ? below.width / 3 : 60;
    layout->graph = pane_part(below, below.width - width, 0, width, below.height);
    layout->wall = pane_part(below, below.width - width - 1, 0, 1, below.height);
    layout->detail = pane_part(below, 0, 0, below.width - width - 1, below.height);
}

static bool tab_is(const struct screen *screen, const char *name)
{
    const char *open = screen->views[screen->tab].class->name;
    return __builtin_strcmp(open, name) == 0;
}

static void lay_out(const struct screen *screen, struct screen_layout *layout)
{
    struct pane rest = pane_of(screen->canvas);
    const int width = rest.width, height = rest.height;
    if (width < 20 || height < 5) {
        layout->tiny = take_top(&rest, 1);
        return;
    }
    if (has_details(screen))
        layout->header = take_top(&rest, 1);
    layout->footer = take_bottom(&rest, 1);
    if (screen_shows_detail(screen) && !screen_is_split(screen)) {
        layout->tabs = take_top(&rest, 1);
        layout->detail = rest;
        return;
    }
    if (screen_shows_detail(screen)) {
        lay_out_split(screen, &rest, layout);
        if (tab_is(screen, "graph")) { /* it needs no twin */
            layout->detail.width += layout->graph.width + (layout->graph.width > 0);
            layout->graph = layout->wall = pane_part(layout->graph, 0, 0, 0, 0);
        }
    }
    if (width >= 60 && height >= 15)
        layout->status = take_bottom(&rest, 1);
    if (width >= 80 && height >= 24 && pane_is_empty(layout->graph))
        layout->graph_line = take_bottom(&rest, 1);
    layout->list = rest;
}

void screen_lay_out(struct screen *screen)
{
    const struct pane none = pane_part(pane_of(screen->canvas), 0, 0, 0, 0);
    struct screen_layout layout = {none, none, none, none, none,
                                   none, none, none, none, none};
    lay_out(screen, &layout);
    screen->layout = layout;
}
