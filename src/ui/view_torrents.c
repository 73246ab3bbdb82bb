/* The list of torrents: the view that is always there. */
#include "ui/view_torrents.h"

#include "base/i18n.h"
#include "base/text.h"
#include "torrent/session.h"
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
    list->context = context;
    loop_timer_init(&list->leave_timer, torrent_remove_on_timer, list);
    list->table = table_new(&torrent_row_table, list);
    list->news.changed =
        calloc(TORRENTS_NEWS + TORRENTS_SCREEN, sizeof *list->news.changed);
    list->news.all = true;
    return list->table != NULL && list->news.changed != NULL;
}

static void torrents_done(void *state)
{
    struct torrents *list = state;
    if (list->leaving_count > 0)
        loop_timer_cancel(list->context->loop, &list->leave_timer);
    table_free(list->table);
    free(list->rows);
    free(list->asked);
    rename_asked_done(&list->rename);
    free(list->leaving);
    free(list->news.places);
    free(list->news.changed);
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

/* False: the torrent has gone. */
static bool look_at(struct torrent_row *row, struct view_context *context,
                    struct torrent_id id)
{
    char masked[VIEW_MASK_SIZE];
    if (!torrent_get_info(context->session, id, &row->torrent))
        return false;
    row->id = torrent_row_make_id(id);
    snprintf(row->name, sizeof row->name, "%s",
             view_mask(context, row->torrent.name, masked));
    snprintf(row->label, sizeof row->label, "%s", row->torrent.label);
    snprintf(row->label_shown, sizeof row->label_shown, "%s",
             view_mask(context, row->torrent.label, masked));
    snprintf(row->reason, sizeof row->reason, "%s", row->torrent.reason);
    return true;
}

static uint64_t left_of(const struct torrent_row *row)
{
    return row->torrent.total_bytes - row->torrent.done_bytes;
}

/* Without memory for it the next look is at all again. */
static void note_place(struct torrents_news *news, struct torrent_id id, uint32_t row)
{
    if (id.index >= news->place_count) {
        const uint32_t count = id.index + id.index / 2 + 16;
        uint32_t *places = realloc(news->places, count * sizeof *places);
        if (places == NULL) {
            news->all = true;
            return;
        }
        memset(places + news->place_count, 0,
               (count - news->place_count) * sizeof *places);
        news->places = places;
        news->place_count = count;
    }
    news->places[id.index] = row + 1;
}

static void look_at_all(struct torrents *list, struct view_context *context)
{
    const uint32_t count = session_count(context->session);
    uint32_t taken = 0;
    list->left = 0;
    if (!make_room(list, count))
        return;
    list->news.all = false;
    for (uint32_t i = 0; i < count; i++) {
        const struct torrent_id id = session_at(context->session, i);
        if (torrent_is_leaving(list, id) || !look_at(&list->rows[taken], context, id))
            continue;
        list->left += left_of(&list->rows[taken]);
        note_place(&list->news, id, taken++);
    }
    list->count = taken;
    table_set_rows(list->table, list->rows, taken);
}

/* False: one is gone without a word. */
static bool look_at_some(struct torrents *list, struct view_context *context)
{
    struct torrents_news *news = &list->news;
    uint32_t first, count = table_window(list->table, &first);
    for (uint32_t i = 0; i < count && i < TORRENTS_SCREEN; i++)
        news->changed[news->changed_count++] =
            (uint32_t)((const struct torrent_row *)table_at(list->table, first + i) -
                       list->rows);
    for (uint32_t i = 0; i < news->changed_count; i++) {
        struct torrent_row *row = &list->rows[news->changed[i]];
        list->left -= left_of(row);
        if (!look_at(row, context, torrent_row_id(row->id)))
            return false;
        list->left += left_of(row);
    }
    table_rows_changed(list->table, news->changed, news->changed_count);
    return true;
}

void view_torrents_recalc(void *state, struct view_context *context)
{
    struct torrents *list = state;
    struct torrents_news *news = &list->news;
    if (news->all || news->masked != context->masked ||
        list->count + list->leaving_count != session_count(context->session) ||
        !look_at_some(list, context))
        look_at_all(list, context);
    news->masked = context->masked;
    news->changed_count = 0;
    if (list->leaving_count > 0)
        view_changed_in(context, 1000); /* the count-down */
}

/* ---- what events tell ---- */

/* It was added again, by a watch directory perhaps, while its removal can be undone: who
 * gives it wants it. */
static bool take_back(struct torrents *list, struct view_context *context,
                      struct torrent_id id)
{
    struct torrent_info info;
    char masked[VIEW_MASK_SIZE];
    if (!torrent_bring_back(list, id) || !torrent_get_info(context->session, id, &info))
        return false;
    view_say(context, STYLE_NORMAL, _("“%.200s” is back: it was added again."),
             view_mask(context, info.name, masked));
    return true;
}

/* What came of a URL: it is said, and what it led to is shown. */
static bool take_fetched(struct torrents *list, struct view_context *context,
                         const struct message *event)
{
    struct torrent_info info;
    char masked[VIEW_MASK_SIZE];
    const enum error_code error = event->u.fetched.error;
    const char *text = event->u.fetched.text;
    if (error != ERROR_NONE && error != ERROR_EXISTS) {
        view_say(context, STYLE_BAD, "%s", text != NULL ? text : error_text(error));
        return false;
    }
    if (!torrent_get_info(context->session, event->torrent, &info))
        return false;
    if (error == ERROR_EXISTS)
        view_say(context, STYLE_WARN, "%s", _("This torrent is in the list already."));
    else
        view_say(context, STYLE_NORMAL, _("Added: “%.200s”."),
                 view_mask(context, info.name, masked));
    view_torrents_recalc(list, context);
    table_select(list->table, torrent_row_make_id(event->torrent));
    return true;
}

static bool torrents_on_message(void *state, struct view_context *context,
                                const struct message *event)
{
    struct torrents_news *news = &((struct torrents *)state)->news;
    const struct torrents *list = state;
    const uint32_t index = event->torrent.index;
    if (event->type == EVENT_TORRENT_GIVEN)
        return take_back(state, context, event->torrent);
    if (event->type == EVENT_FETCHED)
        return take_fetched(state, context, event);
    if (event->type == EVENT_SESSION_CHANGED || event->type == EVENT_TORRENT_ADDED ||
        event->type == EVENT_TORRENT_REMOVED ||
        (event->type == EVENT_TORRENT_CHANGED &&
         (event->u.changed.what & CHANGED_LIST) != 0)) {
        news->all |= event->type != EVENT_SESSION_CHANGED ||
                     (event->u.changed.what & (CHANGED_LIST | CHANGED_LIMITS)) != 0;
        return false; /* `shows` says the rest */
    }
    if (news->all || event->torrent.generation == 0)
        return false;
    const uint32_t place = index < news->place_count ? news->places[index] : 0;
    if (place == 0 || place > list->count ||
        list->rows[place - 1].id != torrent_row_make_id(event->torrent))
        return false;
    if (news->changed_count == TORRENTS_NEWS)
        news->all = true;
    else
        news->changed[news->changed_count++] = place - 1;
    return false;
}

/* ---- status views ---- */

static bool is_shown(void *context, const void *row)
{
    const struct torrents *list = context;
    const struct torrent_info *info = &((const struct torrent_row *)row)->torrent;
    switch (list->shown) {
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
    case SHOW_LABEL:
        return strcmp(((const struct torrent_row *)row)->label, list->shown_label) == 0;
    }
    return true;
}

const char *view_torrents_shown(const void *state)
{
    const struct torrents *list = state;
    switch (list->shown) {
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
    case SHOW_LABEL:
        if (list->shown_label[0] == '\0')
            return _("without a label");
        return list->news.masked ? _("one label") : list->shown_label;
    }
    return NULL;
}

/* That of the torrent under the cursor. False: there is none. */
static bool show_label(struct torrents *list)
{
    const struct torrent_row *row = table_current(list->table);
    if (row == NULL)
        return false;
    snprintf(list->shown_label, sizeof list->shown_label, "%s", row->label);
    list->shown = SHOW_LABEL;
    return true;
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
    case ACTION_SHOW_LABEL:
        if (!show_label(list))
            return true;
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

/* To one who sees the program for the first time. */
static void draw_first(const struct view_context *context, struct pane pane)
{
    char text[512];
    snprintf(text, sizeof text,
             /* L10N: each %s is a key */
             _("Press %s and type the path of a .torrent file (Tab completes), or paste "
               "the path here. %s shows all keys, %s finds a command."),
             view_key(context, "add", (char[KEY_NAME_SIZE]){0}),
             view_key(context, "help", (char[KEY_NAME_SIZE]){0}),
             view_key(context, "palette", (char[KEY_NAME_SIZE]){0}));
    view_draw_empty(pane, _("No torrents yet."), text);
}

static void torrents_draw(void *state, struct view_context *context, struct pane pane,
                          bool focused)
{
    struct torrents *list = state;
    uint32_t fetching;
    if (table_count(list->table) == 0 &&
        session_fetching(context->session, &fetching) != NULL) {
        view_draw_empty(pane, _("A torrent is being fetched."),
                        _("It will stand here when its .torrent file has come."));
        return;
    }
    if (table_count(list->table) == 0) {
        draw_first(context, pane);
        return;
    }
    table_draw(list->table, pane, focused);
    if (table_visible_count(list->table) > 0)
        return;
    const struct pane rest = pane_part(pane, 0, 1, pane.width, pane.height - 1);
    view_draw_no_match(context, rest, _("No torrent fits the filter."), "clear");
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
    .on_message = torrents_on_message,
    .recalc = view_torrents_recalc,
    .draw = torrents_draw,
    .act = torrents_act,
    .click = torrents_click,
    .table = torrents_table,
    .legend = torrent_row_legend,
};
