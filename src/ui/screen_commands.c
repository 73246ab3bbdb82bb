/* Keys that act on the session as a whole; and masking. */
#include "base/i18n.h"
#include "base/text.h"
#include "base/text_width.h"
#include "torrent/commands.h"
#include "ui/limit_words.h"
#include "ui/screen_private.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- limits ---- */

static bool on_limits(void *state, struct view_context *context, const char *text)
{
    uint64_t down, up;
    (void)state;
    if (!limit_words_read(context, text, &down, &up))
        return false;
    session_set_limits(context->session, down, up);
    return true;
}

void screen_ask_limits(struct screen *screen)
{
    struct session_info info;
    char initial[LIMIT_WORDS_SIZE];
    session_get_info(screen->config.session, &info);
    const struct view_question question = {
        .label = info.turtle ? _("Turtle mode's limits: ") : _("Limits of all: "),
        .hint = limit_words_hint(),
        .initial = limit_words(info.max_down, info.max_up, initial),
        .on_accept = on_limits};
    view_ask(&screen->context, &question);
}

static bool on_goals(void *state, struct view_context *context, const char *text)
{
    struct session_settings settings;
    (void)state;
    session_get_settings(context->session, &settings);
    if (!goal_words_parse(text, &settings.goal)) {
        view_say(context, STYLE_BAD, "%s", goal_words_hint());
        return false;
    }
    session_set_settings(context->session, &settings);
    return true;
}

void screen_ask_goals(struct screen *screen)
{
    struct session_settings settings;
    char initial[LIMIT_WORDS_SIZE];
    session_get_settings(screen->config.session, &settings);
    const struct view_question question = {
        .label = _("Goal of seeding for all: "),
        .hint = _("Ratio, minutes, stop or remove: 1.5 90 stop. -: no end."),
        .initial = goal_words(&settings.goal, initial),
        .on_accept = on_goals};
    view_ask(&screen->context, &question);
}

/* When the schedule comes next, as "Mon 18:00"; false: never. */
static bool next_change(const struct session_info *info, char *text, size_t size)
{
    const time_t seconds = (time_t)info->turtle_next_s;
    struct tm local;
    return info->turtle_next_s != INT64_MAX && localtime_r(&seconds, &local) != NULL &&
           strftime(text, size, "%a %H:%M", &local) > 0;
}

void screen_toggle_turtle(struct screen *screen)
{
    char until[64];
    struct session_info info;
    struct session *session = screen->config.session;
    session_get_info(session, &info);
    session_set_turtle(session, !info.turtle);
    session_get_info(session, &info);
    if (next_change(&info, until, sizeof until))
        view_say(&screen->context, STYLE_NORMAL,
                 info.turtle ? _("Turtle mode is on, until %s.")
                             : _("Turtle mode is off, until %s."),
                 until);
    else
        view_say(&screen->context, STYLE_NORMAL, "%s",
                 info.turtle ? _("Turtle mode is on.") : _("Turtle mode is off."));
}

/* ---- leaving ---- */

static void on_leave(void *state, struct view_context *context)
{
    (void)state;
    const struct screen_config *config = &context->screen->config;
    config->on_quit(config->context);
}

void screen_ask_leave(struct screen *screen)
{
    uint32_t running = 0;
    char text[256];
    struct session *session = screen->config.session;
    for (uint32_t i = 0; i < session_count(session); i++) {
        struct torrent_info info;
        if (torrent_get_info(session, session_at(session, i), &info) &&
            info.state != TORRENT_STATE_PAUSED && info.state != TORRENT_STATE_ERROR)
            running++;
    }
    if (running == 0) {
        on_leave(NULL, &screen->context);
        return;
    }
    snprintf(text, sizeof text,
             ngettext("Quit bttui? %u torrent stops; it goes on when you start it again.",
                      "Quit bttui? %u torrents stop; they go on when you start it again.",
                      running),
             running);
    view_confirm(&screen->context, text, NULL, on_leave);
}

/* ---- settings ---- */

void screen_read_settings(struct screen *screen)
{
    char message[SCREEN_TEXT] = "";
    const struct screen_config *config = &screen->config;
    if (config->on_settings == NULL)
        view_say(&screen->context, STYLE_WARN, "%s",
                 _("there is no configuration file here to read again"));
    else if (config->on_settings(config->context, message, sizeof message))
        view_say(&screen->context, STYLE_ACCENT, "%s", message);
    else
        view_say(&screen->context, STYLE_BAD, "%s", message);
}

/* ---- what views show ---- */

const char *view_key(const struct view_context *context, const char *name,
                     char ret_text[KEY_NAME_SIZE])
{
    const struct screen *screen = context->screen;
    return keymap_key_of(&screen->keymap, name, canvas_is_ascii(screen->canvas),
                         ret_text);
}

static bool is_telling(uint32_t code)
{
    return code > 0x7f || (code >= '0' && code <= '9') || (code >= 'a' && code <= 'z') ||
           (code >= 'A' && code <= 'Z');
}

const char *view_mask(const struct view_context *context, const char *text,
                      char ret_text[VIEW_MASK_SIZE])
{
    const size_t length = strlen(text);
    size_t used = 0;
    if (!context->masked)
        return text;
    for (size_t at = 0; at < length && used + 3 < VIEW_MASK_SIZE;) {
        uint32_t code;
        at += text_decode(text + at, length - at, &code);
        for (unsigned i = 0; i < text_code_cells(code); i++)
            ret_text[used++] = is_telling(code) ? 'x' : (char)code;
    }
    ret_text[used] = '\0';
    return ret_text;
}
