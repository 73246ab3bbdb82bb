#include "ui/rename_ask.h"

#include "base/clock.h"
#include "base/i18n.h"
#include "torrent/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rename_asked_done(struct rename_asked *asked)
{
    free(asked->path);
    free(asked->name);
    asked->path = asked->name = NULL;
}

void rename_forget(struct view_context *context)
{
    free(context->renamed.path);
    free(context->renamed.name);
    context->renamed = (struct view_renamed){0};
}

/* PATH below a torrent's name with NAME instead of its last component. */
static char *sibling(const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');
    const int dir = slash != NULL ? (int)(slash - path) + 1 : 0;
    char *renamed;
    if (path[0] == '\0')
        return strdup("");
    return asprintf(&renamed, "%.*s%s", dir, path, name) >= 0 ? renamed : NULL;
}

static void note(struct view_context *context, const struct rename_asked *asked,
                 const char *name)
{
    rename_forget(context);
    char *path = sibling(asked->path, name), *before = strdup(asked->name);
    if (path == NULL || before == NULL) {
        free(path);
        free(before);
        return;
    }
    context->renamed = (struct view_renamed){.torrent = asked->torrent,
                                             .path = path,
                                             .name = before,
                                             .at_ns = clock_now_ns(context->clock)};
    const char *command = asked->path[0] != '\0' ? "file-undo" : "undo";
    /* L10N: %s is a key */
    view_say(context, STYLE_NORMAL, _("%s undoes the renaming."),
             view_key(context, command, (char[KEY_NAME_SIZE]){0}));
}

void rename_undo(struct view_context *context)
{
    char message[SESSION_MESSAGE_SIZE], masked[VIEW_MASK_SIZE];
    const struct view_renamed *renamed = &context->renamed;
    const enum error_code error =
        renamed->path != NULL ? torrent_rename(context->session, renamed->torrent,
                                               renamed->path, renamed->name, message)
                              : ERROR_NOT_FOUND;
    if (error == ERROR_NOT_FOUND)
        view_say(context, STYLE_WARN, "%s", _("There is nothing to undo."));
    else if (error != ERROR_NONE)
        view_say(context, STYLE_BAD, "%s", message);
    else
        view_say(context, STYLE_NORMAL, _("Renamed back to “%.200s”."),
                 view_mask(context, renamed->name, masked));
    if (error == ERROR_NONE || error == ERROR_NOT_FOUND)
        rename_forget(context);
}

static bool on_rename(void *state, struct view_context *context, const char *text)
{
    char message[SESSION_MESSAGE_SIZE];
    const struct rename_asked *asked = state;
    if (text[0] == '\0')
        return true;
    const enum error_code error =
        torrent_rename(context->session, asked->torrent, asked->path, text, message);
    if (error == ERROR_NONE && strcmp(text, asked->name) != 0)
        note(context, asked, text);
    if (error == ERROR_NONE || error == ERROR_NOT_FOUND)
        return true;
    view_say(context, STYLE_BAD, "%s", message);
    return false;
}

/* The last component of where it is, on disk; the caller frees. */
static char *name_of(struct view_context *context, const struct rename_asked *asked)
{
    char *whole = asked->path[0] != '\0'
                      ? strdup(asked->path)
                      : torrent_get_name(context->session, asked->torrent);
    const char *slash = whole != NULL ? strrchr(whole, '/') : NULL;
    if (slash != NULL)
        memmove(whole, slash + 1, strlen(slash + 1) + 1);
    return whole;
}

void rename_ask(struct view_context *context, struct rename_asked *asked,
                struct torrent_id torrent, const char *path, size_t length)
{
    rename_asked_done(asked);
    asked->torrent = torrent;
    asked->path = strndup(path, length);
    asked->name = asked->path != NULL ? name_of(context, asked) : NULL;
    if (asked->name == NULL)
        return;
    const struct view_question question = {
        .label = _("New name: "),
        .hint = asked->path[0] == '\0'
                    ? _("Of the torrent, and of its file or directory on disk.")
                    : _("Of it in its folder; on disk, too, if it is there."),
        .initial = asked->name,
        .state = asked,
        .on_accept = on_rename};
    view_ask(context, &question);
}
