#include "app/until_done.h"

#include "torrent/looks.h"
#include "torrent/session.h"

#include <stdlib.h>
#include <string.h>

struct until_done {
    struct until_done_config config;
    struct torrent_id *torrents;
    struct loop_timer look;
    bool done;
};

enum verdict { VERDICT_WAIT, VERDICT_DONE, VERDICT_FAILED, VERDICT_INVALID };

static enum verdict verdict_on(struct until_done *until, struct torrent_id id)
{
    struct torrent_info info;
    if (!torrent_get_info(until->config.session, id, &info))
        return VERDICT_DONE;
    if (info.state == TORRENT_STATE_ERROR && info.awaits_metadata)
        return VERDICT_INVALID;
    if (info.state == TORRENT_STATE_ERROR)
        return VERDICT_FAILED;
    if (info.state == TORRENT_STATE_CHECKING || info.awaits_metadata ||
        info.done_bytes < info.total_bytes)
        return VERDICT_WAIT;
    return info.synced ? VERDICT_DONE : VERDICT_WAIT;
}

static void until_done_look(void *context)
{
    struct until_done *until = context;
    const bool named = until->config.torrent_count > 0;
    const uint32_t count =
        named ? until->config.torrent_count : session_count(until->config.session);
    enum until_outcome outcome = UNTIL_OUTCOME_DONE;
    if (until->done)
        return;
    for (uint32_t i = 0; i < count; i++) {
        const enum verdict verdict = verdict_on(
            until, named ? until->torrents[i] : session_at(until->config.session, i));
        if (verdict == VERDICT_WAIT)
            return;
        if (verdict == VERDICT_FAILED)
            outcome = UNTIL_OUTCOME_FAILED;
        else if (verdict == VERDICT_INVALID && outcome == UNTIL_OUTCOME_DONE)
            outcome = UNTIL_OUTCOME_INVALID;
    }
    until->done = true;
    until->config.on_done(until->config.context, outcome);
}

/* Looks once for all that happened in a turn, and only after what can end the wait. */
static void until_done_on_event(void *context, const struct message *event)
{
    struct until_done *until = context;
    const bool may_end = (event->type == EVENT_TORRENT_CHANGED &&
                          (event->u.changed.what & CHANGED_STATE) != 0) ||
                         event->type == EVENT_CHECKED || event->type == EVENT_COMPLETED ||
                         event->type == EVENT_CHECKPOINT || event->type == EVENT_ERROR ||
                         event->type == EVENT_TORRENT_REMOVED;
    if (may_end && !until->done && !loop_timer_is_set(&until->look))
        loop_timer_set_in(until->config.loop, &until->look, 0);
}

struct until_done *until_done_new(const struct until_done_config *config)
{
    struct until_done *until = calloc(1, sizeof *until);
    if (until == NULL)
        return NULL;
    until->config = *config;
    until->torrents = calloc((size_t)config->torrent_count + 1, sizeof *until->torrents);
    loop_timer_init(&until->look, until_done_look, until);
    if (until->torrents == NULL ||
        event_bus_listen(session_events(config->session), until_done_on_event, until) !=
            ERROR_NONE ||
        loop_timer_set_in(config->loop, &until->look, 0) != ERROR_NONE) {
        until_done_free(until);
        return NULL;
    }
    if (config->torrent_count > 0)
        memcpy(until->torrents, config->torrents,
               config->torrent_count * sizeof *config->torrents);
    return until;
}

void until_done_free(struct until_done *until)
{
    if (until == NULL)
        return;
    event_bus_unlisten(session_events(until->config.session), until_done_on_event, until);
    loop_timer_cancel(until->config.loop, &until->look);
    free(until->torrents);
    free(until);
}
