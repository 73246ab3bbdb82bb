/* The list of torrents: the view that is always there. */
#include "ui/view_torrents.h"

#include "base/i18n.h"
#include "base/text.h"
#include "ui/cells.h"
#include "ui/view_torrents_private.h"
#include "ui/views.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool torrents_init(void *state, struct view_context *context)
{
    struct torrents *list = state;
    (void)context;
    list->table = table_new(&torrent_row_table, list);
    return list->table != NULL;
}

static void torrents_done(void *state)
{
    struct torrents *list = state;
    table_free(list->table);
    free(list->rows);
    free(list->asked);
}

static struct table *torrents_table(void *state)
{
    return ((struct torrents *)state)->table;
}

uint64_t view_torrents_left(const void *state)
{
    return ((const struct torrents *)state)->left;
}

/* ---- rows ---- */

static bool make_room(struct torrents *list, uint32_t count)
{
    if (count <= list->capacity)
        return true;
    const uint32_t capacity = count + count / 2 + 16;
    struct torrent_row *rows = realloc(list->rows, capacity * sizeof *rows);
    if (rows == NULL)
        return false;
    list->rows = rows;
    list->capacity = capacity;
    return true;
}

void view_torrents_recalc(void *state, struct view_context *context)
{
    struct torrents *list = state;
    const uint32_t count = session_count(context->session);
    uint32_t taken = 0;
    char masked[VIEW_MASK_SIZE];
    list->left = 0;
    if (!make_room(list, count))
        return;
    for (uint32_t i = 0; i < count; i++) {
        struct torrent_row *row = &list->rows[taken];
        const struct torrent_id id = session_at(context->session, i);
        if (!torrent_get_info(context->session, id, &row->torrent))
            continue;
        row->id = torrent_row_make_id(id);
        snprintf(row->name, sizeof row->name, "%s",
                 view_mask(context, row->torrent.name, masked));
        snprintf(row->reason, sizeof row->reason, "%s", row->torrent.reason);
        list->left += row->torrent.total_bytes - row->torrent.done_bytes;
        taken++;
    }
    table_set_rows(list->table, list->rows, taken);
}

/* ---- status views ---- */

static bool is_shown(void *context, const void *row)
{
    const struct torrent_info *info = &((const struct torrent_row *)row)->torrent;
    switch (((const struct torrents *)context)->shown) {
    case SHOW_ALL:
        return true;
    case SHOW_DOWNLOADING:
        return info->done_bytes < info->total_bytes;
    case SHOW_SEEDING:
        return info->state == TORRENT_STATE_SEEDING;
    case SHOW_PAUSED:
        return info->state == TORRENT_STATE_PAUSED;
    case SHOW_ACTIVE:
        return info->down_rate > 0 || info->up_rate > 0 ||
               info->state == TORRENT_STATE_CHECKING;
    case SHOW_ERRORS:
        return info->state == TORRENT_STATE_ERROR;
    }
    return true;
}

const char *view_torrents_shown(const void *state)
{
    switch (((const struct torrents *)state)->shown) {
    case SHOW_ALL:
        break;
    case SHOW_DOWNLOADING:
        return _("incomplete");
    case SHOW_SEEDING:
        return _("seeding");
    case SHOW_PAUSED:
        return _("paused");
    case SHOW_ACTIVE:
        return _("active");
    case SHOW_ERRORS:
        return _("with errors");
    }
    return NULL;
}

static bool act_show(struct torrents *list, enum action action)
{
    switch (action) {
    case ACTION_SHOW_ALL:
        list->shown = SHOW_ALL;
        break;
    case ACTION_SHOW_DOWNLOADING:
        list->shown = SHOW_DOWNLOADING;
        break;
    case ACTION_SHOW_SEEDING:
        list->shown = SHOW_SEEDING;
        break;
    case ACTION_SHOW_PAUSED:
        list->shown = SHOW_PAUSED;
        break;
    case ACTION_SHOW_ACTIVE:
        list->shown = SHOW_ACTIVE;
        break;
    case ACTION_SHOW_ERRORS:
        list->shown = SHOW_ERRORS;
        break;
    case ACTION_BACK: /* the filter and the marks were the screen's to end */
        if (list->shown == SHOW_ALL)
            return false;
        list->shown = SHOW_ALL;
        break;
    default:
        return false;
    }
    table_set_predicate(list->table, is_shown);
    return true;
}

/* ---- painting ---- */

static void torrents_draw(void *state, struct view_context *context, struct pane pane,
                          bool focused)
{
    struct torrents *list = state;
    (void)context;
    if (table_count(list->table) == 0) {
        view_draw_empty(pane, _("No torrents yet."),
                        _("Press a and type the path of a .torrent file (Tab completes), "
                          "or paste the path here. ? shows all keys."));
        return;
    }
    table_draw(list->table, pane, focused);
    if (table_visible_count(list->table) > 0)
        return;
    const struct pane rest = pane_part(pane, 0, 1, pane.width, pane.height - 1);
    view_draw_empty(rest, _("No torrent fits the filter."),
                    _("Esc shows all of them again."));
}

static bool torrents_act(void *state, struct view_context *context, enum action action)
{
    return torrent_commands_act(state, context, action) || act_show(state, action);
}

static bool torrents_click(void *state, struct view_context *context, int x, int y)
{
    (void)context;
    return table_click(((struct torrents *)state)->table, x, y);
}

const struct view_class view_torrents = {
    .name = "torrents",
    .title = N_("Torrents"),
    .scopes = SCOPE_TORRENTS | SCOPE_TABLE,
    .shows = VIEW_SHOWS_ANY_TORRENT | CHANGED_STATE | CHANGED_PROGRESS | CHANGED_PEERS |
             CHANGED_FILES | CHANGED_LIST | CHANGED_TRACKERS,
    .size = sizeof(struct torrents),
    .init = torrents_init,
    .done = torrents_done,
    .recalc = view_torrents_recalc,
    .draw = torrents_draw,
    .act = torrents_act,
    .click = torrents_click,
    .table = torrents_table,
    .legend = torrent_row_legend,
};
