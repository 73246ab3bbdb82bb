/*
 * Goals of seeding: a ratio, a time. Who reaches one is stopped or taken off the list, as
 * was chosen; resumed by hand, it seeds on, and only a higher goal is looked at. Ratios
 * are looked at once a second while something is transferred; one timer stands at the
 * nearest time.
 */
#include "peer/peer_manager.h"
#include "piece/piece_manager.h"
#include "torrent/activity_private.h"
#include "torrent/commands.h"
#include "torrent/session_private.h"

/* NEARER is set by somebody who knows the torrent better. */
static void prefer(struct seed_goal *goal, const struct seed_goal *nearer)
{
    goal->ratio = nearer->ratio != 0 ? nearer->ratio : goal->ratio;
    goal->minutes = nearer->minutes != 0 ? nearer->minutes : goal->minutes;
    if (nearer->action != SEED_ACTION_DEFAULT)
        goal->action = nearer->action;
}

struct seed_goal goal_of(const struct torrent *torrent)
{
    struct seed_goal goal = torrent->session->settings.goal;
    const struct label_rule *rule = torrent_label_rule(torrent);
    if (rule != NULL)
        prefer(&goal, &rule->goal);
    prefer(&goal, &torrent->settings.goal);
    if (goal.ratio == SEED_NEVER)
        goal.ratio = 0;
    if (goal.minutes == SEED_NEVER)
        goal.minutes = 0;
    if (goal.action == SEED_ACTION_DEFAULT)
        goal.action = SEED_ACTION_STOP;
    return goal;
}

/* ---- how long ---- */

static uint64_t awake_ns(const struct torrent *torrent)
{
    return clock_awake_ns(loop_clock(torrent->session->loop));
}

static uint64_t seeded_ns(const struct torrent *torrent)
{
    const uint64_t now_ns = awake_ns(torrent);
    return torrent->seeded_ns +
           (torrent->is_seeding ? now_ns - torrent->seeding_since_ns : 0);
}

uint64_t torrent_seeded_s(const struct torrent *torrent)
{
    return torrent->resume.seeded_s + seeded_ns(torrent) / NS_PER_S;
}

void torrent_note_seeding(struct torrent *torrent)
{
    const bool seeds = torrent->running && torrent->complete;
    if (seeds == torrent->is_seeding)
        return;
    torrent->seeded_ns = seeded_ns(torrent);
    torrent->seeding_since_ns = awake_ns(torrent);
    torrent->is_seeding = seeds;
    if (seeds)
        session_goals_soon(torrent->session);
}

bool torrent_goal_keeps_time(const struct torrent *torrent)
{
    return goal_of(torrent).minutes != 0 && seeded_ns(torrent) >= NS_PER_S;
}

/* ---- reached ---- */

static bool has_ratio(const struct torrent *torrent, uint32_t hundredths)
{
    struct peer_counts peers;
    struct piece_counts pieces;
    peer_manager_get_counts(torrent->peers, &peers);
    piece_manager_get_counts(torrent->pieces, &pieces);
    const uint64_t got = torrent->resume.downloaded + peers.downloaded;
    const double base = (double)(got > 0 ? got : pieces.wanted_bytes);
    return (double)(torrent->resume.uploaded + peers.uploaded) * 100 >=
           base * (double)hundredths;
}

/* One that is not on disk yet has not done its part (and a program may wait for that). */
static bool may_end(const struct torrent *torrent)
{
    return torrent->is_seeding && torrent->error == ERROR_NONE &&
           torrent->phase == TORRENT_PHASE_READY && !torrent->claims_dirty &&
           !torrent->sync_under_way;
}

static enum seed_end reached(const struct torrent *torrent, const struct seed_goal *goal)
{
    const struct torrent_settings *settings = &torrent->settings;
    if (!may_end(torrent))
        return SEED_END_NONE;
    if (goal->ratio > settings->met_ratio && has_ratio(torrent, goal->ratio))
        return SEED_END_RATIO;
    if (goal->minutes > settings->met_minutes &&
        torrent_seeded_s(torrent) / 60 >= goal->minutes)
        return SEED_END_TIME;
    return SEED_END_NONE;
}

static void stop_at(struct torrent *torrent, enum seed_end end,
                    const struct seed_goal *goal)
{
    struct torrent_settings settings = torrent->settings;
    settings.paused = true;
    settings.forced = false;
    settings.seed_end = end;
    settings.met_ratio = goal->ratio;
    settings.met_minutes = goal->minutes;
    torrent_set_settings(torrent->session, torrent->id, &settings);
}

/* When TORRENT, which may become another's place in the list, has its time; UINT64_MAX:
 * it has no such goal ahead. */
static uint64_t time_left_ns(const struct torrent *torrent, const struct seed_goal *goal)
{
    if (!torrent->is_seeding || goal->minutes <= torrent->settings.met_minutes)
        return UINT64_MAX;
    const uint64_t goal_ns = goal->minutes * 60 * NS_PER_S;
    const uint64_t had_ns = torrent->resume.seeded_s * NS_PER_S + seeded_ns(torrent);
    /* Once it is reached, what still holds it up says when that is over. */
    return goal_ns > had_ns ? goal_ns - had_ns : UINT64_MAX;
}

/* False: it is no longer in the list. */
static bool look_at(struct torrent *torrent, uint64_t *next_ns)
{
    const struct seed_goal goal = goal_of(torrent);
    const enum seed_end end = reached(torrent, &goal);
    if (end == SEED_END_NONE) {
        const uint64_t left_ns = time_left_ns(torrent, &goal);
        *next_ns = left_ns < *next_ns ? left_ns : *next_ns;
        return true;
    }
    log_write(torrent->session->log, LOG_LEVEL_INFO, "%s: its goal of seeding is reached",
              torrent->display_name);
    if (goal.action == SEED_ACTION_REMOVE) {
        session_remove(torrent->session, torrent->id, false);
        return false;
    }
    stop_at(torrent, end, &goal);
    return true;
}

void session_check_goals(struct session *session)
{
    uint64_t next_ns = UINT64_MAX;
    loop_timer_cancel(session->loop, &session->goal_timer);
    for (uint32_t i = 0; i < session->count && !session->stopping;)
        i += look_at(session_torrent(session, session->order[i]), &next_ns);
    if (next_ns != UINT64_MAX)
        loop_timer_set_in(session->loop, &session->goal_timer, next_ns);
}

void session_goals_soon(struct session *session)
{
    loop_timer_set_in(session->loop, &session->goal_timer, 0);
}

static void on_timer(void *context)
{
    session_check_goals(context);
}

void session_init_goals(struct session *session)
{
    loop_timer_init(&session->goal_timer, on_timer, session);
}
