/*
 * Who is active: so many downloads, seeds and checks at a time, in the order of the list.
 * One that was started ignoring the queue neither waits nor counts; a download that has
 * got nothing for a minute, or whose disk fails, stays active but does not count, so that
 * it keeps nobody waiting; coming to life again, it ends nobody either. Who stands higher
 * takes the place of the lowest.
 */
#include "torrent/activity_private.h"
#include "torrent/session_private.h"

#define QUEUE_STALLED_NS (60 * NS_PER_S)

enum queue_kind { QUEUE_DOWNLOADS, QUEUE_SEEDS, QUEUE_CHECKS, QUEUE_KINDS };

static enum queue_kind kind_of(const struct torrent *torrent)
{
    if (torrent->phase == TORRENT_PHASE_CHECKING)
        return QUEUE_CHECKS;
    return torrent->complete ? QUEUE_SEEDS : QUEUE_DOWNLOADS;
}

static uint32_t limit_of(const struct session *session, enum queue_kind kind)
{
    switch (kind) {
    case QUEUE_DOWNLOADS:
        return session->settings.active_downloads;
    case QUEUE_SEEDS:
        return session->settings.active_seeds;
    default:
        return session->settings.active_checks;
    }
}

/* It would be active if it were alone. */
static bool is_eligible(const struct torrent *torrent)
{
    if (torrent->session->stopping)
        return false;
    if (torrent->phase == TORRENT_PHASE_CHECKING)
        return true;
    const bool ready =
        torrent->phase == TORRENT_PHASE_READY ||
        (torrent->phase == TORRENT_PHASE_METADATA && torrent->error == ERROR_NONE);
    return ready && torrent->move == TORRENT_MOVE_NONE && !torrent->settings.paused &&
           !torrent->missing && !torrent->unchecked;
}

static bool is_active(const struct torrent *torrent)
{
    return torrent->phase == TORRENT_PHASE_CHECKING ? !torrent->check_waits
                                                    : torrent->running;
}

static bool is_stalled(const struct torrent *torrent, uint64_t now_ns)
{
    if (kind_of(torrent) != QUEUE_DOWNLOADS)
        return false;
    return torrent->error != ERROR_NONE || now_ns - torrent->moved_ns >= QUEUE_STALLED_NS;
}

static bool counts(const struct torrent *torrent, uint64_t now_ns)
{
    return is_active(torrent) && !torrent->settings.forced &&
           !is_stalled(torrent, now_ns);
}

static void activate(struct torrent *torrent)
{
    if (torrent->phase == TORRENT_PHASE_CHECKING)
        torrent_check_now(torrent);
    else
        torrent_run_now(torrent);
}

/* The lowest of KIND from FIRST to before *FROM that may give its place up. A check that
 * has begun goes on to its end. */
static struct torrent *find_lowest(const struct session *session, enum queue_kind kind,
                                   uint32_t first, uint32_t *from, uint64_t now_ns)
{
    for (; *from > first; --*from) {
        struct torrent *torrent = session_torrent(session, session->order[*from - 1]);
        if (kind != QUEUE_CHECKS && kind_of(torrent) == kind && counts(torrent, now_ns))
            return torrent;
    }
    return NULL;
}

static uint32_t count_active(const struct session *session, enum queue_kind kind,
                             uint64_t now_ns)
{
    uint32_t active = 0;
    for (uint32_t i = 0; i < session->count; i++) {
        const struct torrent *torrent = session_torrent(session, session->order[i]);
        active += kind_of(torrent) == kind && counts(torrent, now_ns);
    }
    return active;
}

/* True: somebody has to wait. */
static bool run_kind(struct session *session, enum queue_kind kind, uint64_t now_ns)
{
    const uint32_t limit = limit_of(session, kind);
    uint32_t active = count_active(session, kind, now_ns), lowest = session->count;
    bool waiting = false;
    struct torrent *over = NULL;
    while (session->queue_strict && limit != 0 && active > limit &&
           (over = find_lowest(session, kind, 0, &lowest, now_ns)) != NULL) {
        torrent_halt(over);
        active--;
    }
    for (uint32_t i = 0; i < session->count; i++) {
        struct torrent *torrent = session_torrent(session, session->order[i]);
        if (kind_of(torrent) != kind || is_active(torrent) || !is_eligible(torrent))
            continue;
        if (!torrent->settings.forced && limit != 0 && active >= limit) {
            struct torrent *other = find_lowest(session, kind, i + 1, &lowest, now_ns);
            waiting = true;
            if (other == NULL)
                continue;
            torrent_halt(other);
            active--;
        }
        active += !torrent->settings.forced;
        activate(torrent);
    }
    return waiting;
}

/* When the next of those that count will have stalled. */
static void await_stalls(struct session *session, uint64_t now_ns)
{
    uint64_t next_ns = UINT64_MAX;
    for (uint32_t i = 0; i < session->count; i++) {
        const struct torrent *torrent = session_torrent(session, session->order[i]);
        if (kind_of(torrent) == QUEUE_DOWNLOADS && counts(torrent, now_ns) &&
            torrent->moved_ns + QUEUE_STALLED_NS < next_ns)
            next_ns = torrent->moved_ns + QUEUE_STALLED_NS;
    }
    if (next_ns != UINT64_MAX)
        loop_timer_set_in(session->loop, &session->queue_timer, next_ns - now_ns);
}

void session_run_queue(struct session *session)
{
    const uint64_t now_ns = loop_now_ns(session->loop);
    session->queue_due = false;
    loop_timer_cancel(session->loop, &session->queue_timer);
    for (enum queue_kind kind = 0; kind < QUEUE_KINDS; kind++)
        if (run_kind(session, kind, now_ns) && kind == QUEUE_DOWNLOADS)
            await_stalls(session, now_ns);
    session->queue_strict = false;
}

void session_queue_anew(struct session *session)
{
    session->queue_strict = true;
    session_queue_soon(session);
}

void session_queue_soon(struct session *session)
{
    session->queue_due = true;
    loop_do_not_sleep(session->loop);
}

static void on_queue_timer(void *context)
{
    session_queue_soon(context);
}

void session_init_queue(struct session *session)
{
    loop_timer_init(&session->queue_timer, on_queue_timer, session);
}

void torrent_start(struct torrent *torrent)
{
    if (!is_eligible(torrent) || is_active(torrent))
        return;
    if (torrent->settings.forced || limit_of(torrent->session, kind_of(torrent)) == 0)
        activate(torrent);
    else
        session_queue_soon(torrent->session);
}

bool torrent_is_queued(const struct torrent *torrent)
{
    return is_eligible(torrent) && !is_active(torrent);
}

void torrent_queue_look(const struct torrent *torrent, struct queue_look *ret_look)
{
    const struct session *session = torrent->session;
    const enum queue_kind kind = kind_of(torrent);
    *ret_look = (struct queue_look){
        .limit = limit_of(session, kind),
        .active = count_active(session, kind, loop_now_ns(session->loop)),
        .checks = kind == QUEUE_CHECKS,
        .seeds = kind == QUEUE_SEEDS,
    };
}
