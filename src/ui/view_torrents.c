/* The list of torrents: the view that is always there. */
#include "ui/view_torrents.h"

#include "base/i18n.h"
#include "base/text.h"
#include "ui/cells.h"
#include "ui/path_complete.h"
#include "ui/torrent_row.h"
#include "ui/views.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum shown {
    SHOW_ALL,
    SHOW_DOWNLOADING,
    SHOW_SEEDING,
    SHOW_PAUSED,
    SHOW_ACTIVE,
    SHOW_ERRORS
};

struct torrents {
    struct table *table;
    struct torrent_row *rows;
    uint32_t capacity;
    uint64_t left;
    enum shown shown;
    /* Who a question is about: the list may change while it is open. */
    struct torrent_id *asked;
    uint32_t asked_count, asked_capacity;
    bool with_data;
};

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

static void torrents_recalc(void *state, struct view_context *context)
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

/* ---- commands ---- */

static void ask_about(void *context, const void *row)
{
    struct torrents *list = context;
    if (list->asked_count == list->asked_capacity) {
        const uint32_t capacity = list->asked_capacity * 2 + 16;
        struct torrent_id *asked = realloc(list->asked, capacity * sizeof *asked);
        if (asked == NULL)
            return;
        list->asked = asked;
        list->asked_capacity = capacity;
    }
    list->asked[list->asked_count++] =
        torrent_row_id(((const struct torrent_row *)row)->id);
}

/* The chosen ones are in `asked`; false: none. */
static bool choose(struct torrents *list)
{
    list->asked_count = 0;
    table_for_chosen(list->table, ask_about, list);
    return list->asked_count > 0;
}

static bool is_stopped(const struct view_context *context, struct torrent_id id)
{
    struct torrent_info info;
    return torrent_get_info(context->session, id, &info) &&
           (info.state == TORRENT_STATE_PAUSED || info.state == TORRENT_STATE_ERROR);
}

/* All chosen do what the first one needs. */
static void pause_chosen(struct torrents *list, struct view_context *context)
{
    const bool resume = choose(list) && is_stopped(context, list->asked[0]);
    for (uint32_t i = 0; i < list->asked_count; i++)
        if (resume)
            torrent_resume(context->session, list->asked[i]);
        else
            torrent_pause(context->session, list->asked[i]);
}

static void pause_all(struct view_context *context)
{
    const uint32_t count = session_count(context->session);
    bool running = false;
    for (uint32_t i = 0; i < count && !running; i++)
        running = !is_stopped(context, session_at(context->session, i));
    for (uint32_t i = 0; i < count; i++) {
        const struct torrent_id id = session_at(context->session, i);
        if (running)
            torrent_pause(context->session, id);
        else
            torrent_resume(context->session, id);
    }
}

static void on_remove(void *state, struct view_context *context)
{
    struct torrents *list = state;
    for (uint32_t i = 0; i < list->asked_count; i++)
        session_remove(context->session, list->asked[i], list->with_data);
    table_unmark_all(list->table);
}

static void ask_remove(struct torrents *list, struct view_context *context,
                       bool with_data)
{
    struct torrent_info info;
    char size[TEXT_NUMBER_SIZE], head[640], masked[VIEW_MASK_SIZE], text[1024];
    uint64_t bytes = 0;
    list->with_data = with_data;
    if (!choose(list) || !torrent_get_info(context->session, list->asked[0], &info))
        return;
    if (list->asked_count == 1)
        snprintf(
            head, sizeof head, _("Remove “%.200s” (%s, %s done, ratio %.2f)?"),
            view_mask(context, info.name, masked), text_bytes(info.total_bytes, size),
            text_percent(info.done_bytes, info.total_bytes, (char[TEXT_NUMBER_SIZE]){0}),
            torrent_row_ratio(&info));
    else {
        for (uint32_t i = 0; i < list->asked_count; i++)
            if (torrent_get_info(context->session, list->asked[i], &info))
                bytes += info.total_bytes;
        snprintf(head, sizeof head,
                 ngettext("Remove %u torrent (%s)?", "Remove %u torrents (%s)?",
                          list->asked_count),
                 list->asked_count, text_bytes(bytes, size));
    }
    snprintf(text, sizeof text, "%s\n%s", head,
             with_data ? _("Its data on the disk is DELETED.")
                       : _("Its data stays on the disk."));
    view_confirm(context, text, list, on_remove);
}

static bool on_add(void *state, struct view_context *context, const char *text)
{
    char path[4096], message[SESSION_MESSAGE_SIZE];
    struct torrent_id id;
    const struct add_options options = {0};
    struct torrents *list = state;
    if (text[0] == '\0')
        return true;
    if (strncmp(text, "magnet:", 7) == 0 || strstr(text, "://") != NULL) {
        view_say(context, STYLE_BAD, "%s",
                 _("Only .torrent files can be opened in this version."));
        return false;
    }
    path_expand(text, path, sizeof path);
    const enum error_code error =
        session_add_file(context->session, path, &options, &id, message);
    if (error != ERROR_NONE && error != ERROR_EXISTS) {
        view_say(context, STYLE_BAD, "%s", message);
        return false;
    }
    if (error == ERROR_EXISTS)
        view_say(context, STYLE_WARN, "%s", _("This torrent is in the list already."));
    torrents_recalc(state, context);
    table_select(list->table, torrent_row_make_id(id));
    return true;
}

void view_torrents_ask_add(void *state, struct view_context *context, const char *path)
{
    const struct view_question question = {.label = _("Torrent file: "),
                                           .initial = path,
                                           .history = "add",
                                           .paths = true,
                                           .state = state,
                                           .on_accept = on_add};
    view_ask(context, &question);
}

static void move_in_list(struct torrents *list, struct view_context *context, int by)
{
    if (table_sort_column(list->table) >= 0 || table_sort_descending(list->table)) {
        view_say(context, STYLE_WARN, "%s",
                 _("The list is sorted by a column; press s and choose its own order "
                   "first."));
        return;
    }
    torrent_move(context->session, torrent_row_id(table_current_id(list->table)), by);
}

static void toggle_sequential(struct torrents *list, struct view_context *context)
{
    struct torrent_info info;
    if (!choose(list) || !torrent_get_info(context->session, list->asked[0], &info))
        return;
    const bool sequential = !info.sequential;
    for (uint32_t i = 0; i < list->asked_count; i++)
        torrent_set_sequential(context->session, list->asked[i], sequential);
    view_say(context, STYLE_NORMAL, "%s",
             sequential ? _("Pieces are fetched in order now.")
                        : _("The rarest pieces are fetched first now."));
}

static void for_chosen(struct torrents *list, struct view_context *context,
                       void (*command)(struct session *session, struct torrent_id id),
                       const char *note)
{
    if (!choose(list))
        return;
    for (uint32_t i = 0; i < list->asked_count; i++)
        command(context->session, list->asked[i]);
    if (note != NULL)
        view_say(context, STYLE_NORMAL, "%s", note);
}

static bool torrents_act(void *state, struct view_context *context, enum action action)
{
    struct torrents *list = state;
    switch (action) {
    case ACTION_PAUSE:
        pause_chosen(list, context);
        return true;
    case ACTION_PAUSE_ALL:
        pause_all(context);
        return true;
    case ACTION_ADD:
        view_torrents_ask_add(list, context, NULL);
        return true;
    case ACTION_REMOVE:
        ask_remove(list, context, false);
        return true;
    case ACTION_REMOVE_WITH_DATA:
        ask_remove(list, context, true);
        return true;
    case ACTION_VERIFY:
        for_chosen(list, context, torrent_verify, NULL);
        return true;
    case ACTION_ANNOUNCE:
        for_chosen(list, context, torrent_announce, _("Asking the trackers."));
        return true;
    case ACTION_SEQUENTIAL:
        toggle_sequential(list, context);
        return true;
    case ACTION_QUEUE_UP:
        move_in_list(list, context, -1);
        return true;
    case ACTION_QUEUE_DOWN:
        move_in_list(list, context, 1);
        return true;
    default:
        return act_show(list, action);
    }
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
    .recalc = torrents_recalc,
    .draw = torrents_draw,
    .act = torrents_act,
    .click = torrents_click,
    .table = torrents_table,
    .legend = torrent_row_legend,
};
