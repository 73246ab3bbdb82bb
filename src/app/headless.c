#include "app/headless.h"

#include "app/json_lines.h"
#include "app/json_text.h"
#include "base/i18n.h"
#include "base/text.h"
#include "torrent/looks.h"
#include "torrent/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct headless {
    struct headless_config config;
    struct loop_timer tick;
    uint8_t *changed; /* by index of the torrent: worth a progress line */
    uint32_t changed_size;
    uint64_t moved; /* payload bytes at the last tick */
};

static double now_wall(struct headless *headless)
{
    return clock_wall_s(loop_clock(headless->config.loop));
}

static void print_json(struct headless *headless, json_t *line, bool must)
{
    char *text = line != NULL ? json_text_line(line) : NULL;
    if (text != NULL)
        output_line(headless->config.output, text, must);
    free(text);
    json_decref(line);
}

/* ---- lines for people ---- */

static void print_person_progress(struct headless *headless,
                                  const struct torrent_info *info)
{
    char percent[TEXT_NUMBER_SIZE], down[TEXT_NUMBER_SIZE], up[TEXT_NUMBER_SIZE];
    char eta[TEXT_NUMBER_SIZE], line[1024];
    text_percent(info->done_bytes, info->total_bytes, percent);
    text_rate(info->down_rate, down);
    text_rate(info->up_rate, up);
    if (info->state == TORRENT_STATE_DOWNLOADING && info->eta_s != UINT64_MAX) {
        /* L10N: a progress line: share done, state, rates down and up, peers, time left,
         * name. */
        snprintf(line, sizeof line, _("%s %s, down %s, up %s, %u peers, %s left: %s"),
                 percent, torrent_state_text(info->state), down, up,
                 info->peers_connected, text_duration(info->eta_s, eta), info->name);
    } else {
        snprintf(line, sizeof line, _("%s %s, down %s, up %s, %u peers: %s"), percent,
                 torrent_state_text(info->state), down, up, info->peers_connected,
                 info->name);
    }
    output_line(headless->config.output, line, false);
}

static void print_person_event(struct headless *headless, const struct message *event,
                               const struct torrent_info *info)
{
    const char *name = info != NULL ? info->name : "";
    char line[1024] = "", address[NETADDR_TEXT_SIZE];
    switch ((int)event->type) {
    case EVENT_LISTENING:
        snprintf(line, sizeof line, _("listening on port %u"), event->u.piece.piece);
        break;
    case EVENT_TORRENT_ADDED:
        snprintf(line, sizeof line, _("added: %s"), name);
        break;
    case EVENT_METADATA:
        snprintf(line, sizeof line, _("the metadata are here: %s"), name);
        break;
    case EVENT_CHECKED:
        snprintf(line, sizeof line, _("checked, %u pieces are here: %s"),
                 event->u.piece.piece, name);
        break;
    case EVENT_COMPLETED:
        snprintf(line, sizeof line, _("complete: %s"), name);
        break;
    case EVENT_BAN:
        snprintf(line, sizeof line, _("banned %s: %s"),
                 netaddr_format(&event->u.peer_news.address, address),
                 peer_reason_text(event->u.peer_news.reason));
        break;
    default:
        break;
    }
    if (line[0] != '\0')
        output_line(headless->config.output, line, true);
}

static void print_progress(struct headless *headless, const struct torrent_info *info)
{
    headless->changed[info->id.index] = false;
    if (headless->config.json)
        print_json(headless, json_line_progress(info, now_wall(headless)), false);
    else
        print_person_progress(headless, info);
}

/* ---- events and the second's tick ---- */

static bool is_changed(const struct headless *headless, struct torrent_id id)
{
    return id.index < headless->changed_size && headless->changed[id.index];
}

static void note_change(struct headless *headless, struct torrent_id id)
{
    if (id.generation != 0 && id.index >= headless->changed_size) {
        const uint32_t size = 2 * id.index + 16;
        uint8_t *changed = realloc(headless->changed, size);
        if (changed == NULL)
            return;
        memset(changed + headless->changed_size, 0, size - headless->changed_size);
        headless->changed = changed;
        headless->changed_size = size;
    }
    if (id.generation != 0)
        headless->changed[id.index] = true;
    if (!loop_timer_is_set(&headless->tick))
        loop_timer_set_in(headless->config.loop, &headless->tick, NS_PER_S);
}

/* A look at a torrent may walk all of its peers: not for each piece without need. */
static bool is_for_people(enum message_type type)
{
    return type == EVENT_LISTENING || type == EVENT_TORRENT_ADDED ||
           type == EVENT_METADATA || type == EVENT_CHECKED || type == EVENT_COMPLETED ||
           type == EVENT_BAN || type == EVENT_STOPPED;
}

static void headless_on_event(void *context, const struct message *event)
{
    struct headless *headless = context;
    struct torrent_info info;
    if (event->type == EVENT_TORRENT_CHANGED || event->type == EVENT_SESSION_CHANGED) {
        note_change(headless, event->torrent);
        return;
    }
    if (!headless->config.json && !is_for_people(event->type))
        return;
    const bool known = torrent_get_info(headless->config.session, event->torrent, &info);
    if (event->type == EVENT_STOPPED && known && is_changed(headless, info.id))
        print_progress(headless, &info); /* the last word on it */
    if (headless->config.json)
        print_json(headless,
                   json_line_event(headless->config.session, event, now_wall(headless),
                                   known ? &info : NULL),
                   true);
    else
        print_person_event(headless, event, known ? &info : NULL);
}

void headless_on_log(struct headless *headless, const struct log_line *line)
{
    if (headless->config.json && line->level == LOG_LEVEL_WARNING && !line->told)
        print_json(headless, json_line_warning(line->text, now_wall(headless)), true);
}

static void headless_heartbeat(struct headless *headless)
{
    struct session_info info;
    session_get_info(headless->config.session, &info);
    const uint64_t lag_ns = loop_take_lag_ns(headless->config.loop);
    const uint64_t moved = info.downloaded + info.uploaded;
    if (moved == headless->moved || !headless->config.json)
        return;
    headless->moved = moved;
    json_t *line = json_line_new("heartbeat", now_wall(headless), NULL);
    if (line != NULL)
        json_object_set_new(line, "lag_ms",
                            json_real((double)(lag_ns / NS_PER_US) / 1000.0));
    print_json(headless, line, false);
}

/* Armed by a change, not by the clock: an idle session makes no lines and no wake-ups. */
static void headless_on_tick(void *context)
{
    struct headless *headless = context;
    struct session *session = headless->config.session;
    for (uint32_t i = 0; i < session_count(session); i++) {
        struct torrent_info info;
        if (is_changed(headless, session_at(session, i)) &&
            torrent_get_info(session, session_at(session, i), &info))
            print_progress(headless, &info);
    }
    headless_heartbeat(headless);
}

struct headless *headless_new(const struct headless_config *config)
{
    struct headless *headless = calloc(1, sizeof *headless);
    if (headless == NULL)
        return NULL;
    headless->config = *config;
    loop_timer_init(&headless->tick, headless_on_tick, headless);
    if (event_bus_listen(session_events(config->session), headless_on_event, headless) !=
        ERROR_NONE) {
        free(headless);
        return NULL;
    }
    return headless;
}

void headless_free(struct headless *headless)
{
    if (headless == NULL)
        return;
    event_bus_unlisten(session_events(headless->config.session), headless_on_event,
                       headless);
    loop_timer_cancel(headless->config.loop, &headless->tick);
    free(headless->changed);
    free(headless);
}
