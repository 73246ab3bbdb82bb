/*
 * Who is active, for how long, and how fast: the queue, goals of seeding, labels, turtle
 * mode. Loop thread.
 */
#ifndef BTTUI_TORRENT_ACTIVITY_PRIVATE_H
#define BTTUI_TORRENT_ACTIVITY_PRIVATE_H

#include "torrent/label_rule.h"
#include "torrent/torrent.h"

/* queue.c: who is active */
/* If it may, now or when it is its turn: to check, download or seed. */
void torrent_start(struct torrent *torrent);
bool torrent_is_queued(const struct torrent *torrent);
struct queue_look {
    uint32_t active, limit; /* of its kind */
    bool checks, seeds;     /* the kind; neither: downloads */
};
void torrent_queue_look(const struct torrent *torrent, struct queue_look *ret_look);
void session_init_queue(struct session *session);
/* Looks at the list anew, this turn. */
void session_queue_soon(struct session *session);
/* And ends those that are too many now that settings have changed. */
void session_queue_anew(struct session *session);
void session_run_queue(struct session *session);

/* goal.c */
/* What holds for it: its own, else its label's, else the session's. 0: none; the action
 * is one. */
struct seed_goal goal_of(const struct torrent *torrent);
uint64_t torrent_seeded_s(const struct torrent *torrent);
/* `running` or `complete` may have changed. */
void torrent_note_seeding(struct torrent *torrent);
/* It has a goal by time, and has come nearer to it. */
bool torrent_goal_keeps_time(const struct torrent *torrent);
void session_init_goals(struct session *session);
/* May take torrents off the list. */
void session_check_goals(struct session *session);
void session_goals_soon(struct session *session);

/* labels.c */
void session_free_label_rules(struct session *session);
/* That of its label; NULL: there is none. */
const struct label_rule *torrent_label_rule(const struct torrent *torrent);
/* It has become complete: to its label's directory, else to its final one. False: it is
 * not moved. */
bool torrent_go_home(struct torrent *torrent);

/* turtle.c */
void session_init_turtle(struct session *session);
/* The limits that hold now. */
void session_limits(const struct session *session, uint64_t *ret_down, uint64_t *ret_up);
/* They take effect. */
void session_apply_limits(struct session *session);
/* Whether the wall clock was set, now and then. */
void session_watch_clock(struct session *session);

#endif
