/* Questions about the chosen torrents: where their data go, their limits, their goals. */
#include "base/i18n.h"
#include "torrent/commands.h"
#include "ui/limit_words.h"
#include "ui/path_complete.h"
#include "ui/view_torrents_private.h"

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

void torrent_move_ask(struct torrents *list, struct view_context *context)
{
    struct torrent_info info;
    if (!torrent_get_info(context->session, list->asked[0], &info))
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

void torrent_limits_ask(struct torrents *list, struct view_context *context)
{
    struct torrent_settings settings;
    char initial[LIMIT_WORDS_SIZE];
    if (!torrent_get_settings(context->session, list->asked[0], &settings))
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

void torrent_goal_ask(struct torrents *list, struct view_context *context)
{
    struct torrent_settings settings;
    char initial[LIMIT_WORDS_SIZE];
    if (!torrent_get_settings(context->session, list->asked[0], &settings))
        return;
    const struct view_question question = {.label = _("Goal of seeding: "),
                                           .hint = goal_words_hint(),
                                           .initial = goal_words(&settings.goal, initial),
                                           .state = list,
                                           .on_accept = on_goal};
    view_ask(context, &question);
}
