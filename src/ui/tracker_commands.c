/* What keys in the Trackers view do to the session. */
#include "base/i18n.h"
#include "torrent/commands.h"
#include "ui/view_trackers_private.h"

#include <stdio.h>
#include <string.h>

/* ---- adding ---- */

/* False: it may be mended. */
static bool add(struct trackers *trackers, struct view_context *context)
{
    switch (torrent_add_tracker(context->session, trackers->asked, trackers->asked_url)) {
    case ERROR_NONE:
        view_say(context, STYLE_NORMAL, "%s", _("The tracker is added."));
        return true;
    case ERROR_INVALID:
        view_say(context, STYLE_BAD, "%s",
                 _("Not a tracker's address: http://, https:// or udp://HOST:PORT, "
                   "without user and password."));
        return false;
    case ERROR_EXISTS:
        view_say(context, STYLE_WARN, "%s", _("The torrent has this tracker already."));
        return false;
    case ERROR_FULL:
        view_say(context, STYLE_BAD, "%s", _("The torrent has too many trackers."));
        return true;
    default:
        view_say(context, STYLE_BAD, "%s", _("The tracker could not be added."));
        return true;
    }
}

static void on_add_to_private(void *state, struct view_context *context)
{
    add(state, context);
}

static bool on_add(void *state, struct view_context *context, const char *text)
{
    struct trackers *trackers = state;
    struct torrent_info info;
    text += strspn(text, " \t");
    snprintf(trackers->asked_url, sizeof trackers->asked_url, "%s", text);
    trackers->asked_url[strcspn(trackers->asked_url, " \t")] = '\0';
    if (text[0] == '\0' || !torrent_get_info(context->session, trackers->asked, &info))
        return true;
    if (!info.is_private)
        return add(trackers, context);
    view_confirm(context,
                 _("This torrent is private: peers come from its own trackers alone, and "
                   "whoever adds another may be shut out there.\nAdd it all the same?"),
                 trackers, on_add_to_private);
    return true;
}

static void ask_add(struct trackers *trackers, struct view_context *context)
{
    const struct view_question question = {
        .label = _("Tracker's address: "),
        .hint = _("For example udp://tracker.example.org:6969/announce"),
        .history = "tracker",
        .state = trackers,
        .on_accept = on_add};
    trackers->asked = context->torrent;
    if (trackers->has_torrent)
        view_ask(context, &question);
}

/* ---- removing ---- */

static void on_remove(void *state, struct view_context *context)
{
    const struct trackers *trackers = state;
    torrent_remove_tracker(context->session, trackers->asked, trackers->asked_tracker);
}

/* Keys that are for the trackers of one torrent. */
static bool is_all(const struct trackers *trackers, struct view_context *context)
{
    if (trackers->all)
        view_say(context, STYLE_WARN,
                 /* L10N: %s is a key */
                 _("These are the trackers of all torrents; %s shows those of one."),
                 view_key(context, "tracker-all", (char[KEY_NAME_SIZE]){0}));
    return trackers->all;
}

static void ask_remove(struct trackers *trackers, struct view_context *context)
{
    char text[VIEW_TRACKERS_URL + 256];
    const struct tracker_row *row = table_current(trackers->table);
    if (row == NULL || is_all(trackers, context))
        return;
    if (row->is_finder) {
        view_say(
            context, STYLE_WARN, "%s",
            _("This is no tracker; --no-dht, --no-lsd and --no-pex leave such out."));
        return;
    }
    trackers->asked = context->torrent;
    trackers->asked_tracker = row->tracker.id;
    snprintf(
        text, sizeof text,
        _("Remove the tracker %s?\nIt is not asked for this torrent any more, after a "
          "restart neither."),
        row->url);
    view_confirm(context, text, trackers, on_remove);
}

/* ---- keys ---- */

static void announce(const struct trackers *trackers, struct view_context *context)
{
    if (table_count(trackers->table) == 0)
        return;
    torrent_announce(context->session, context->torrent);
    view_say(context, STYLE_NORMAL, "%s",
             _("Asking the trackers as soon as they allow."));
}

bool tracker_commands_act(void *state, struct view_context *context, enum action action)
{
    struct trackers *trackers = state;
    switch (action) {
    case ACTION_TRACKER_ANNOUNCE:
        announce(trackers, context);
        return true;
    case ACTION_TRACKER_ADD:
        ask_add(trackers, context);
        return true;
    case ACTION_TRACKER_REMOVE:
        ask_remove(trackers, context);
        return true;
    case ACTION_TRACKER_ALL:
        trackers->all = !trackers->all;
        return true;
    default:
        return false;
    }
}
