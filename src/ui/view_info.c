/*
 * All that is known about the selected torrent, in words and numbers; wrapped and
 * scrolled on small terminals.
 */
#include "base/i18n.h"
#include "base/text.h"
#include "ui/cells.h"
#include "ui/info_lines.h"
#include "ui/views.h"

struct info {
    struct info_lines said;
    int top;    /* the first row shown */
    int height; /* of the pane, for paging */
    int rows;   /* of all lines at the last width */
};

static bool info_init(void *state, struct view_context *context)
{
    (void)state;
    (void)context;
    return true;
}

static void info_done(void *state)
{
    (void)state;
}

static void info_torrent(void *state, struct view_context *context)
{
    (void)context;
    ((struct info *)state)->top = 0;
}

static void info_recalc(void *state, struct view_context *context)
{
    struct info *info = state;
    info_lines_fill(&info->said, context);
}

/* ---- painting ---- */

static int label_width(const struct info *info)
{
    int width = 0;
    for (int i = 0; i < info->said.count; i++) {
        const int cells = info->said.lines[i].label != NULL
                              ? (int)text_cells(info->said.lines[i].label)
                              : 0;
        width = cells > width ? cells : width;
    }
    return width + 2;
}

/* Draws from row Y (which may lie above PANE) on; the rows used. */
static int draw_line(const struct info_line *line, struct pane pane, int y, int labels)
{
    enum { LEAST_BESIDE = 36 };
    if (line->label == NULL)
        return 1;
    pane_text(pane, 0, y, STYLE_DIM, line->label);
    const bool beside = pane.width >= LEAST_BESIDE;
    struct pane value = beside
                            ? pane_part(pane, labels, 0, pane.width - labels, pane.height)
                            : pane_part(pane, 1, 0, pane.width - 1, pane.height);
    const int rows = pane_wrap(value, beside ? y : y + 1, line->style, line->value);
    return beside ? (rows > 0 ? rows : 1) : rows + 1;
}

static int draw_lines(const struct info *info, struct pane pane, int y)
{
    const int labels = label_width(info), begin = y;
    for (int i = 0; i < info->said.count; i++)
        y += draw_line(&info->said.lines[i], pane, y, labels);
    return y - begin;
}

static void info_draw(void *state, struct view_context *context, struct pane pane,
                      bool focused)
{
    struct info *info = state;
    (void)context;
    (void)focused;
    if (info->said.count == 0) {
        view_draw_empty(pane, _("No torrent is selected."), "");
        return;
    }
    info->height = pane.height;
    info->rows = draw_lines(info, pane_part(pane, 0, 0, pane.width, 0), 0);
    if (info->top > info->rows - info->height)
        info->top = info->rows > info->height ? info->rows - info->height : 0;
    draw_lines(info, pane, -info->top);
    if (info->top + info->height < info->rows && pane.height > 1)
        pane_glyph(pane, pane.width - 1, pane.height - 1, STYLE_DIM, GLYPH_DOWN);
    if (info->top > 0 && pane.height > 1)
        pane_glyph(pane, pane.width - 1, 0, STYLE_DIM, GLYPH_UP);
}

static bool info_act(void *state, struct view_context *context, enum action action)
{
    struct info *info = state;
    const int page = info->height > 1 ? info->height - 1 : 1;
    (void)context;
    switch (action) {
    case ACTION_UP:
        info->top--;
        break;
    case ACTION_DOWN:
        info->top++;
        break;
    case ACTION_PAGE_UP:
        info->top -= page;
        break;
    case ACTION_PAGE_DOWN:
        info->top += page;
        break;
    case ACTION_FIRST:
        info->top = 0;
        break;
    case ACTION_LAST:
        info->top = info->rows;
        break;
    default:
        return false;
    }
    if (info->top < 0)
        info->top = 0;
    return true;
}

const struct view_class view_info = {
    .name = "info",
    .title = N_("Info"),
    .scopes = SCOPE_INFO,
    .shows = CHANGED_ALL,
    .size = sizeof(struct info),
    .init = info_init,
    .done = info_done,
    .torrent = info_torrent,
    .recalc = info_recalc,
    .draw = info_draw,
    .act = info_act,
};
