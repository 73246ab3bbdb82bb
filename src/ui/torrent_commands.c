/* What keys in the list of torrents do to the session. */
#include "base/i18n.h"
#include "torrent/commands.h"
#include "ui/path_complete.h"
#include "ui/view_torrents.h"
#include "ui/view_torrents_private.h"

#include <stdlib.h>

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
    const bool resume = is_stopped(context, list->asked[0]);
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

static bool fetch(struct view_context *context, const char *url)
{
    char message[SESSION_MESSAGE_SIZE];
    uint32_t number;
    const struct add_options options = {0};
    const enum error_code error =
        session_fetch(context->session, url, &options, &number, message);
    if (error != ERROR_NONE)
        view_say(context, STYLE_BAD, "%s", message);
    return error == ERROR_NONE;
}

static bool on_add(void *state, struct view_context *context, const char *text)
{
    char path[4096], message[SESSION_MESSAGE_SIZE];
    struct torrent_id id;
    const struct add_options options = {0};
    struct torrents *list = state;
    if (text[0] == '\0')
        return true;
    const bool is_magnet = session_is_magnet(text);
    if (session_is_url(text))
        return fetch(context, text);
    path_expand(text, path, sizeof path);
    const enum error_code error =
        is_magnet ? session_add_magnet(context->session, text, &options, &id, message)
                  : session_add_file(context->session, path, &options, &id, message);
    if (error != ERROR_NONE && error != ERROR_EXISTS) {
        view_say(context, STYLE_BAD, "%s", message);
        return false;
    }
    if (error == ERROR_EXISTS && !torrent_bring_back(list, id))
        view_say(context, STYLE_WARN, "%s", _("This torrent is in the list already."));
    else if (error == ERROR_NONE && is_magnet)
        view_say(context, STYLE_NORMAL, "%s", _("Added; its metadata are fetched."));
    view_torrents_recalc(state, context);
    table_select(list->table, torrent_row_make_id(id));
    return true;
}

void view_torrents_ask_add(void *state, struct view_context *context, const char *path)
{
    if (path != NULL && session_is_magnet(path) && on_add(state, context, path))
        return;
    const struct view_question question = {
        .label = _("Torrent: "),
        .hint = _("The path of a .torrent file, which Tab completes, its web address, a "
                  "magnet link or an info-hash."),
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
        view_say(context, STYLE_WARN,
                 /* L10N: %s is a key */
                 _("The list is sorted by a column; press %s and choose its own order "
                   "first."),
                 view_key(context, "sort", (char[KEY_NAME_SIZE]){0}));
        return;
    }
    const struct torrent_id id = torrent_row_id(table_current_id(list->table));
    const uint32_t count = session_count(context->session);
    const struct torrent_id end =
        session_at(context->session, by < 0 || count == 0 ? 0 : count - 1);
    if (id.generation == 0)
        return;
    if (id.index == end.index && id.generation == end.generation)
        view_say(context, STYLE_NORMAL, "%s",
                 by < 0 ? _("It is the first in the list already.")
                        : _("It is the last in the list already."));
    else
        torrent_move(context->session, id, by);
}

static void toggle_forced(struct torrents *list, struct view_context *context)
{
    struct torrent_settings settings;
    if (!torrent_get_settings(context->session, list->asked[0], &settings))
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
    if (!torrent_get_info(context->session, list->asked[0], &info))
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
    if (!torrent_get_info(context->session, list->asked[0], &info))
        return;
    const bool first_last = !info.first_last;
    for (uint32_t i = 0; i < list->asked_count; i++)
        torrent_set_first_last(context->session, list->asked[i], first_last);
    view_say(context, STYLE_NORMAL, "%s",
             first_last ? _("The first and last piece of each file come first now.")
                        : _("No piece of a file is preferred now."));
}

static void toggle_super_seed(struct torrents *list, struct view_context *context)
{
    struct torrent_info info;
    if (!torrent_get_info(context->session, list->asked[0], &info))
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
    if (trackers == 0)
        view_say(context, STYLE_WARN,
                 /* L10N: %s is a key */
                 _("There is no tracker to ask; %s adds one in the tab Trackers."),
                 view_key(context, "tracker-add", (char[KEY_NAME_SIZE]){0}));
}

static void verify(struct torrents *list, struct view_context *context)
{
    for_chosen(list, context, torrent_verify, _("The data on disk is checked again."));
}

static void ask_remove(struct torrents *list, struct view_context *context)
{
    torrent_remove_ask(list, context, false);
}

static void ask_remove_with_data(struct torrents *list, struct view_context *context)
{
    torrent_remove_ask(list, context, true);
}

static void ask_add(struct torrents *list, struct view_context *context)
{
    view_torrents_ask_add(list, context, NULL);
}

static void ask_rename(struct torrents *list, struct view_context *context)
{
    if (table_current(list->table) != NULL)
        rename_ask(context, &list->rename, torrent_row_id(table_current_id(list->table)),
                   "", 0);
}

static void move_up(struct torrents *list, struct view_context *context)
{
    move_in_list(list, context, -1);
}

static void move_down(struct torrents *list, struct view_context *context)
{
    move_in_list(list, context, 1);
}

static const struct {
    enum action action;
    void (*act)(struct torrents *list, struct view_context *context);
    bool chosen; /* it concerns those in `asked`, and does nothing without any */
} commands[] = {
    {ACTION_PAUSE, pause_chosen, true},
    {ACTION_PAUSE_ALL, pause_all, false},
    {ACTION_ADD, ask_add, false},
    {ACTION_REMOVE, ask_remove, true},
    {ACTION_REMOVE_WITH_DATA, ask_remove_with_data, true},
    {ACTION_UNDO, torrent_undo, false},
    {ACTION_VERIFY, verify, true},
    {ACTION_ANNOUNCE, announce, true},
    {ACTION_START_NOW, toggle_forced, true},
    {ACTION_TORRENT_LIMITS, torrent_limits_ask, true},
    {ACTION_GOAL, torrent_goal_ask, true},
    {ACTION_SEQUENTIAL, toggle_sequential, true},
    {ACTION_FIRST_LAST, toggle_first_last, true},
    {ACTION_MOVE_DATA, torrent_move_ask, true},
    {ACTION_RENAME, ask_rename, false},
    {ACTION_LABEL, torrent_label_ask, true},
    {ACTION_SUPER_SEED, toggle_super_seed, true},
    {ACTION_QUEUE_UP, move_up, false},
    {ACTION_QUEUE_DOWN, move_down, false},
};

bool torrent_commands_act(struct torrents *list, struct view_context *context,
                          enum action action)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (commands[i].action != action)
            continue;
        if (!commands[i].chosen || choose(list))
            commands[i].act(list, context);
        return true;
    }
    return false;
}
