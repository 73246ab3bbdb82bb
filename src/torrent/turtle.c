/*
 * Turtle mode: a second pair of limits of the session, switched by hand or by a weekly
 * schedule in local time. What was switched by hand holds until the schedule's next
 * change. One timer stands at that; should somebody set the clock meanwhile, it is
 * noticed as soon as something is transferred.
 */
#include "peer/peer_manager.h"
#include "torrent/activity_private.h"
#include "torrent/commands.h"
#include "torrent/keep_private.h"
#include "torrent/session_private.h"

#define JUMP_S 2.0 /* of the wall clock against the other one */

static double offset_s(const struct session *session)
{
    const struct clock *clock = loop_clock(session->loop);
    return clock_wall_s(clock) - (double)clock_now_ns(clock) / (double)NS_PER_S;
}

static void set_timer(struct session *session, int64_t next_s)
{
    const double left_s = (double)next_s - clock_wall_s(loop_clock(session->loop));
    session->turtle_next_s = next_s;
    if (next_s == INT64_MAX)
        loop_timer_cancel(session->loop, &session->turtle_timer);
    else /* a little later: it must not seem to be before */
        loop_timer_set_in(session->loop, &session->turtle_timer,
                          (uint64_t)(left_s * (double)NS_PER_S) + NS_PER_MS);
}

/* Takes what the schedule says into the settings, unless a hand was there since. */
static void follow_schedule(struct session *session)
{
    struct session_settings *settings = &session->settings;
    const int64_t now_s = (int64_t)clock_wall_s(loop_clock(session->loop));
    int64_t next_s = INT64_MAX;
    session->clock_offset_s = offset_s(session);
    if (session->schedule.count == 0) {
        settings->turtle_until = 0;
    } else {
        const bool on = schedule_look(&session->schedule, now_s, &next_s);
        if (settings->turtle_until > (uint64_t)next_s)
            settings->turtle_until = (uint64_t)next_s;
        if (settings->turtle_until <= (uint64_t)now_s) {
            settings->turtle_until = 0;
            settings->turtle = on;
        }
    }
    set_timer(session, next_s);
}

void session_limits(const struct session *session, uint64_t *ret_down, uint64_t *ret_up)
{
    const struct session_settings *settings = &session->settings;
    *ret_down = settings->turtle ? settings->turtle_down : settings->max_down;
    *ret_up = settings->turtle ? settings->turtle_up : settings->max_up;
}

void session_apply_limits(struct session *session)
{
    uint64_t down, up;
    follow_schedule(session);
    session_limits(session, &down, &up);
    peer_shared_set_limits(session->peers, down, up);
    const struct message event = {.type = EVENT_SESSION_CHANGED,
                                  .u.changed.what = CHANGED_LIMITS};
    event_bus_post(session->events, &event);
}

static void look_again(struct session *session)
{
    const bool before = session->settings.turtle;
    session_apply_limits(session);
    if (session->settings.turtle == before)
        return;
    log_write(session->log, LOG_LEVEL_INFO, "turtle mode %s, by its schedule",
              session->settings.turtle ? "on" : "off");
    session_save_list_soon(session);
}

void session_watch_clock(struct session *session)
{
    const double off_s = offset_s(session) - session->clock_offset_s;
    if (session->schedule.count > 0 && (off_s > JUMP_S || off_s < -JUMP_S))
        look_again(session);
}

static void on_timer(void *context)
{
    look_again(context);
}

void session_init_turtle(struct session *session)
{
    loop_timer_init(&session->turtle_timer, on_timer, session);
    session->turtle_next_s = INT64_MAX;
}

bool session_set_schedule(struct session *session, const char *text)
{
    const char *fault;
    struct schedule schedule = {.count = 0};
    if (text != NULL && !schedule_parse(text, &schedule, &fault))
        return false;
    session->schedule = schedule;
    session->settings.turtle_until = 0;
    look_again(session);
    return true;
}

void session_set_turtle(struct session *session, bool on)
{
    struct session_settings settings = session->settings;
    settings.turtle = on;
    settings.turtle_until =
        session->schedule.count > 0 ? (uint64_t)session->turtle_next_s : 0;
    session_set_settings(session, &settings);
}
