#include "ui/screen.h"

#include "base/i18n.h"
#include "base/text.h"
#include "torrent/session.h"
#include "ui/rename_ask.h"
#include "ui/screen_private.h"
#include "ui/view_torrents.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct canvas *screen_canvas(const struct screen *screen)
{
    return screen->canvas;
}

uint64_t screen_frames(const struct screen *screen)
{
    return screen->frames;
}

void screen_resize(struct screen *screen, int width, int height)
{
    if (width != canvas_width(screen->canvas) || height != canvas_height(screen->canvas))
        canvas_resize(screen->canvas, width, height);
    screen_touch(screen, true);
}

void screen_set_ascii(struct screen *screen, bool ascii)
{
    canvas_set_ascii(screen->canvas, ascii);
    view_changed(&screen->context);
}

void screen_set_keymap(struct screen *screen, const struct keymap *keymap)
{
    screen->keymap = *keymap;
    view_changed(&screen->context);
}

/* ---- what changed ---- */

static bool is_same_torrent(struct torrent_id a, struct torrent_id b)
{
    return a.index == b.index && a.generation == b.generation;
}

/* The bits of `shows` that EVENT stands for; all of them for what changes everything. */
static uint32_t bits_of(const struct message *event)
{
    switch (event->type) {
    case EVENT_TORRENT_CHANGED:
        return event->u.changed.what;
    case EVENT_SESSION_CHANGED:
        return VIEW_SHOWS_SESSION |
               (event->u.changed.what & (CHANGED_LIST | CHANGED_LIMITS));
    case EVENT_TORRENT_ADDED:
    case EVENT_TORRENT_REMOVED:
    case EVENT_METADATA:
    case EVENT_CHECKED:
    case EVENT_COMPLETED:
    case EVENT_STOPPED:
        return CHANGED_ALL | VIEW_SHOWS_SESSION;
    case EVENT_LISTENING:
    case EVENT_PORT_MAPPING:
        return VIEW_SHOWS_SESSION;
    default:
        return 0;
    }
}

static bool is_concerned(const struct screen *screen, const struct screen_view *view,
                         const struct message *event)
{
    const uint32_t shows = view->class->shows, bits = bits_of(event);
    if ((bits & shows & (VIEW_SHOWS_SESSION | CHANGED_LIMITS)) != 0)
        return true;
    if (event->type == EVENT_SESSION_CHANGED && event->u.changed.what == CHANGED_ALL)
        return true;
    if ((bits & shows & CHANGED_ALL) == 0)
        return false;
    return (shows & VIEW_SHOWS_ANY_TORRENT) != 0 ||
           is_same_torrent(event->torrent, screen->context.torrent);
}

static bool is_visible(const struct screen_view *view)
{
    return !pane_is_empty(view->pane);
}

static void note_event(struct screen *screen, const struct message *event)
{
    const bool bad = event->type == EVENT_ERROR;
    if (!bad && event->type != EVENT_WARNING)
        return;
    if (event->u.text.text != NULL)
        view_say(&screen->context, bad ? STYLE_BAD : STYLE_WARN, "%s",
                 event->u.text.text);
    screen_touch(screen, false);
}

static void on_event(void *context, const struct message *event)
{
    struct screen *screen = context;
    note_event(screen, event);
    if (event->type == EVENT_SESSION_CHANGED)
        screen_touch(screen, false); /* the header */
    for (size_t i = 0; i < screen->view_count; i++) {
        struct screen_view *view = &screen->views[i];
        const bool told = view->class->on_message != NULL &&
                          view->class->on_message(view->state, &screen->context, event);
        if (!told && !is_concerned(screen, view, event))
            continue;
        view->dirty = true;
        if (is_visible(view))
            screen_touch(screen, false);
    }
}

static void on_log_line(void *context, const struct log_line *line)
{
    struct screen *screen = context;
    (void)line;
    for (size_t i = 0; i < screen->view_count; i++) {
        struct screen_view *view = &screen->views[i];
        if ((view->class->shows & VIEW_SHOWS_LOG) == 0)
            continue;
        view->dirty = true;
        if (is_visible(view))
            screen_touch(screen, false);
    }
}

void view_changed(struct view_context *context)
{
    for (size_t i = 0; i < context->screen->view_count; i++)
        context->screen->views[i].dirty = true;
    screen_touch(context->screen, true);
}

static void on_view_timer(void *context)
{
    struct screen_view *view = context;
    view->dirty = true;
    if (is_visible(view))
        screen_touch(view->screen, false);
}

void view_changed_in(struct view_context *context, uint64_t ms)
{
    struct screen *screen = context->screen;
    struct screen_view *view = screen->recalculating;
    if (view == NULL)
        return;
    if (ms < SCREEN_FRAME_MS)
        ms = SCREEN_FRAME_MS;
    if (loop_timer_set_in(screen->config.loop, &view->timer, ms * NS_PER_MS) !=
        ERROR_NONE)
        view->dirty = true;
}

void view_say(struct view_context *context, uint16_t style, const char *format, ...)
{
    struct screen *screen = context->screen;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(screen->message, sizeof screen->message, format, arguments);
    va_end(arguments);
    screen->message_style = style;
    screen_touch(screen, true);
}

/* ---- the selected torrent ---- */

static struct torrent_id torrent_of_row(uint64_t id)
{
    return (struct torrent_id){(uint32_t)id, (uint32_t)(id >> 32)};
}

void screen_follow_selection(struct screen *screen)
{
    const struct screen_view *list = &screen->views[0];
    const struct torrent_id selected =
        torrent_of_row(table_current_id(list->class->table(list->state)));
    if (is_same_torrent(selected, screen->context.torrent))
        return;
    screen->context.torrent = selected;
    for (size_t i = 1; i < screen->view_count; i++) {
        struct screen_view *view = &screen->views[i];
        view->dirty = true;
        if (view->class->torrent != NULL)
            view->class->torrent(view->state, &screen->context);
    }
}

struct screen_view *screen_focused_view(struct screen *screen)
{
    return &screen->views[screen_focuses_detail(screen) ? screen->tab : 0];
}

uint32_t screen_scopes(struct screen *screen)
{
    return SCOPE_ANY | screen_focused_view(screen)->class->scopes |
           (screen_focuses_detail(screen) ? SCOPE_DETAIL : 0u);
}

/* ---- keys from the terminal ---- */

static void take_paste(struct screen *screen, const struct key_event *event)
{
    const size_t room = sizeof screen->paste - screen->paste_length;
    const size_t length = event->length < room ? event->length : room;
    memcpy(screen->paste + screen->paste_length, event->text, length);
    screen->paste_length += length;
    if (!event->last)
        return;
    screen_on_paste(screen);
    screen->paste_length = 0;
}

void screen_key(struct screen *screen, const struct key_event *event)
{
    switch (event->type) {
    case KEY_EVENT_KEY:
        screen_on_key(screen, event->key);
        break;
    case KEY_EVENT_PASTE:
        take_paste(screen, event);
        break;
    case KEY_EVENT_CLICK:
        screen_on_click(screen, event->x, event->y);
        break;
    case KEY_EVENT_WHEEL:
        screen_on_wheel(screen, event->x, event->y, event->by);
        break;
    }
}

void screen_show_ending(struct screen *screen)
{
    screen->ending = true;
    screen->modal = SCREEN_MODAL_NONE;
    view_torrents_remove_now(screen->views[0].state);
    view_say(&screen->context, STYLE_WARN, "%s",
             _("Stopping: telling trackers and saving the session… (Ctrl-C ends at "
               "once)"));
}

/* ---- life ---- */

static bool open_views(struct screen *screen)
{
    assert(view_count <= SCREEN_VIEWS);
    for (size_t i = 0; i < view_count; i++) {
        struct screen_view *view = &screen->views[i];
        view->screen = screen;
        view->class = views[i];
        view->dirty = true;
        loop_timer_init(&view->timer, on_view_timer, view);
        view->state = calloc(1, view->class->size);
        if (view->state == NULL)
            return false;
        if (!view->class->init(view->state, &screen->context)) {
            free(view->state);
            return false;
        }
        screen->view_count++;
        screen_restore_look(view);
    }
    return true;
}

struct screen *screen_new(const struct screen_config *config)
{
    struct screen *screen = calloc(1, sizeof *screen);
    if (screen == NULL)
        return NULL;
    screen->config = *config;
    screen->tab = 1;
    if (config->keymap != NULL)
        screen->keymap = *config->keymap;
    else
        keymap_init(&screen->keymap);
    screen->context = (struct view_context){.session = config->session,
                                            .loop = config->loop,
                                            .screen = screen,
                                            .clock = loop_clock(config->loop)};
    screen->canvas = canvas_new(config->width, config->height, config->ascii);
    loop_timer_init(&screen->timer, screen_on_frame_timer, screen);
    screen->hook =
        (struct loop_hook){.callback = screen_on_turn, .context = screen, .order = 1000};
    loop_hook_add(config->loop, &screen->hook);
    if (screen->canvas == NULL || !open_views(screen) ||
        event_bus_listen(session_events(config->session), on_event, screen) !=
            ERROR_NONE) {
        screen_free(screen);
        return NULL;
    }
    if (session_log(config->session) != NULL)
        log_set_sink(session_log(config->session), LOG_LEVEL_DEBUG, on_log_line, screen);
    screen_touch(screen, true);
    return screen;
}

void screen_free(struct screen *screen)
{
    if (screen == NULL)
        return;
    struct session *session = screen->config.session;
    event_bus_unlisten(session_events(session), on_event, screen);
    if (session_log(session) != NULL)
        log_set_sink(session_log(session), LOG_LEVEL_ERROR, NULL, NULL);
    loop_hook_remove(screen->config.loop, &screen->hook);
    loop_timer_cancel(screen->config.loop, &screen->timer);
    for (size_t i = 0; i < screen->view_count; i++) {
        loop_timer_cancel(screen->config.loop, &screen->views[i].timer);
        screen->views[i].class->done(screen->views[i].state);
        free(screen->views[i].state);
    }
    for (size_t i = 0; i < SCREEN_HISTORIES; i++)
        line_history_done(&screen->histories[i].history);
    rename_forget(&screen->context);
    canvas_free(screen->canvas);
    free(screen);
}
