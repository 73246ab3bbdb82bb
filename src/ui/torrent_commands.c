/* What keys in the list of torrents do to the session. */
#include "base/i18n.h"
#include "base/text.h"
#include "ui/limit_words.h"
#include "ui/path_complete.h"
#include "ui/view_torrents.h"
#include "ui/view_torrents_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void pause_all(struct torrents *list, struct view_context *context)
{
    const uint32_t count = session_count(context->session);
    bool running = false;
    for (uint32_t i = 0; i < count && !running; i++)
        running = !is_stopped(context, session_at(context->session, i));
    for (uint32_t i = 0; i < count; i++) {
        const struct torrent_id id = session_at(context->session, i);
        if (torrent_is_leaving(list, id))
            continue;
        if (running)
            torrent_pause(context->session, id);
        else
            torrent_resume(context->session, id);
    }
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
    if (error == ERROR_EXISTS && !torrent_bring_back(list, id))
        view_say(context, STYLE_WARN, "%s", _("This torrent is in the list already."));
    view_torrents_recalc(state, context);
    table_select(list->table, torrent_row_make_id(id));
    return true;
}

void view_torrents_ask_add(void *state, struct view_context *context, const char *path)
{
    const struct view_question question = {
        .label = _("Torrent file: "),
        .hint = _("The path of a .torrent file; Tab completes it."),
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

static void toggle_forced(struct torrents *list, struct view_context *context)
{
    struct torrent_settings settings;
    if (!choose(list) ||
        !torrent_get_settings(context->session, list->asked[0], &settings))
        return;
    const bool forced = !settings.forced || settings.paused;
    for (uint32_t i = 0; i < list->asked_count; i++)
        torrent_force(context->session, list->asked[i], forced);
    view_say(context, STYLE_NORMAL, "%s",
             forced ? _("Started; the queue does not hold it back.")
                    : _("Back in the queue."));
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

static void toggle_first_last(struct torrents *list, struct view_context *context)
{
    struct torrent_info info;
    if (!choose(list) || !torrent_get_info(context->session, list->asked[0], &info))
        return;
    const bool first_last = !info.first_last;
    for (uint32_t i = 0; i < list->asked_count; i++)
        torrent_set_first_last(context->session, list->asked[i], first_last);
    view_say(context, STYLE_NORMAL, "%s",
             first_last ? _("The first and last piece of each file come first now.")
                        : _("No piece of a file is preferred now."));
}

/* ---- moving data ---- */

static bool on_move(void *state, struct view_context *context, const char *text)
{
    char path[4096], message[SESSION_MESSAGE_SIZE];
    const struct torrents *list = state;
    enum error_code error = ERROR_NONE;
    if (text[0] == '\0')
        return true;
    path_expand(text, path, sizeof path);
    for (uint32_t i = 0; i < list->asked_count && error == ERROR_NONE; i++)
        error = torrent_move_data(context->session, list->asked[i], path, message);
    if (error != ERROR_NONE)
        view_say(context, STYLE_BAD, "%s", message);
    return error == ERROR_NONE;
}

static void move_or_end(struct torrents *list, struct view_context *context)
{
    struct torrent_info info;
    if (!choose(list) || !torrent_get_info(context->session, list->asked[0], &info))
        return;
    if (info.moving) {
        for (uint32_t i = 0; i < list->asked_count; i++)
            torrent_cancel_move(context->session, list->asked[i]);
        return;
    }
    const struct view_question question = {
        .label = _("Move the data to: "),
        .hint = _("A directory, made if it is not there; Tab completes its path."),
        .initial = info.download_dir,
        .history = "move",
        .paths = true,
        .state = list,
        .on_accept = on_move};
    view_ask(context, &question);
}

/* ---- limits and goals ---- */

static bool on_limits(void *state, struct view_context *context, const char *text)
{
    struct torrents *list = state;
    uint64_t down, up;
    if (!limit_words_read(context, text, &down, &up))
        return false;
    for (uint32_t i = 0; i < list->asked_count; i++) {
        struct torrent_settings settings;
        if (!torrent_get_settings(context->session, list->asked[i], &settings))
            continue;
        settings.max_down = down;
        settings.max_up = up;
        torrent_set_settings(context->session, list->asked[i], &settings);
    }
    return true;
}

static void ask_limits(struct torrents *list, struct view_context *context)
{
    struct torrent_settings settings;
    char initial[LIMIT_WORDS_SIZE];
    if (!choose(list) ||
        !torrent_get_settings(context->session, list->asked[0], &settings))
        return;
    const struct view_question question = {
        .label = _("Torrent's limits: "),
        .hint = limit_words_hint(),
        .initial = limit_words(settings.max_down, settings.max_up, initial),
        .state = list,
        .on_accept = on_limits};
    view_ask(context, &question);
}

static bool on_goal(void *state, struct view_context *context, const char *text)
{
    struct torrents *list = state;
    struct seed_goal goal;
    if (!goal_words_parse(text, &goal)) {
        view_say(context, STYLE_BAD, "%s", goal_words_hint());
        return false;
    }
    for (uint32_t i = 0; i < list->asked_count; i++) {
        struct torrent_settings settings;
        if (!torrent_get_settings(context->session, list->asked[i], &settings))
            continue;
        settings.goal = goal;
        torrent_set_settings(context->session, list->asked[i], &settings);
    }
    return true;
}

static void ask_goal(struct torrents *list, struct view_context *context)
{
    struct torrent_settings settings;
    char initial[LIMIT_WORDS_SIZE];
    if (!choose(list) ||
        !torrent_get_settings(context->session, list->asked[0], &settings))
        return;
    const struct view_question question = {.label = _("Goal of seeding: "),
                                           .hint = goal_words_hint(),
                                           .initial = goal_words(&settings.goal, initial),
                                           .state = list,
                                           .on_accept = on_goal};
    view_ask(context, &question);
}

static void toggle_super_seed(struct torrents *list, struct view_context *context)
{
    struct torrent_info info;
    if (!choose(list) || !torrent_get_info(context->session, list->asked[0], &info))
        return;
    for (uint32_t i = 0; i < list->asked_count; i++)
        torrent_set_super_seed(context->session, list->asked[i], !info.super_seed);
    view_say(context, STYLE_NORMAL, "%s",
             info.super_seed ? _("Peers are shown all pieces again.")
                             : _("New peers are shown two pieces at a time now."));
}

static void for_chosen(struct torrents *list, struct view_context *context,
                       void (*command)(struct session *session, struct torrent_id id),
                       const char *note)
{
    if (!choose(list))
        return;
    for (uint32_t i = 0; i < list->asked_count; i++)
        command(context->session, list->asked[i]);
    view_say(context, STYLE_NORMAL, "%s", note);
}

static void announce(struct torrents *list, struct view_context *context)
{
    struct torrent_info info;
    uint32_t trackers = 0;
    for_chosen(list, context, torrent_announce, _("Asking the trackers."));
    for (uint32_t i = 0; i < list->asked_count; i++)
        if (torrent_get_info(context->session, list->asked[i], &info))
            trackers += info.trackers;
    if (trackers == 0 && list->asked_count > 0)
        view_say(context, STYLE_WARN, "%s",
                 _("There is no tracker to ask; a adds one in the tab Trackers."));
}

bool torrent_commands_act(struct torrents *list, struct view_context *context,
                          enum action action)
{
    switch (action) {
    case ACTION_PAUSE:
        pause_chosen(list, context);
        return true;
    case ACTION_PAUSE_ALL:
        pause_all(list, context);
        return true;
    case ACTION_ADD:
        view_torrents_ask_add(list, context, NULL);
        return true;
    case ACTION_REMOVE:
        if (choose(list))
            torrent_remove_ask(list, context, false);
        return true;
    case ACTION_REMOVE_WITH_DATA:
        if (choose(list))
            torrent_remove_ask(list, context, true);
        return true;
    case ACTION_UNDO:
        torrent_remove_undo(list, context);
        return true;
    case ACTION_VERIFY:
        for_chosen(list, context, torrent_verify,
                   _("The data on disk is checked again."));
        return true;
    case ACTION_ANNOUNCE:
        announce(list, context);
        return true;
    case ACTION_START_NOW:
        toggle_forced(list, context);
        return true;
    case ACTION_TORRENT_LIMITS:
        ask_limits(list, context);
        return true;
    case ACTION_GOAL:
        ask_goal(list, context);
        return true;
    case ACTION_SEQUENTIAL:
        toggle_sequential(list, context);
        return true;
    case ACTION_FIRST_LAST:
        toggle_first_last(list, context);
        return true;
    case ACTION_MOVE_DATA:
        move_or_end(list, context);
        return true;
    case ACTION_LABEL:
        if (choose(list))
            torrent_label_ask(list, context);
        return true;
    case ACTION_SUPER_SEED:
        toggle_super_seed(list, context);
        return true;
    case ACTION_QUEUE_UP:
        move_in_list(list, context, -1);
        return true;
    case ACTION_QUEUE_DOWN:
        move_in_list(list, context, 1);
        return true;
    default:
        return false;
    }
}
