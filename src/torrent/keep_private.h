/*
 * What outlasts the session: resume data, .torrents, whom a torrent knows, bans, the
 * saved list. Loop thread.
 */
#ifndef BTTUI_TORRENT_KEEP_PRIVATE_H
#define BTTUI_TORRENT_KEEP_PRIVATE_H

#include "torrent/torrent.h"

struct disk_job;

/* checkpoint.c: resume data */
void torrent_claims_changed(struct torrent *torrent);
/* What is kept beside the claims (files, trackers): saved at once, with what is known of
 * the claims. */
void torrent_choice_changed(struct torrent *torrent);
/* With the claims as they were loaded, whatever has become of them. */
void torrent_save_choice(struct torrent *torrent);
void torrent_checkpoint(struct torrent *torrent); /* the timer's */
/* The disk has said whether a piece is right. */
void torrent_save_if_waiting(struct torrent *torrent);
void torrent_save(struct torrent *torrent, bool clean);
void torrent_on_synced(struct torrent *torrent, struct message *response);
void torrent_on_saved(struct torrent *torrent, const struct message *response);

/* known_peers.c: whom another session is to call */
void session_init_known_peers(struct session *session);
/* It begins to run: those that were noted are called. */
void torrent_call_known_peers(struct torrent *torrent);
/* It is about to halt, and its peers to go: they are noted in `resume`. */
void torrent_note_known_peers(struct torrent *torrent);
/* At most RESUME_PEERS_MAX, of now if it runs; the caller frees. NULL: none are kept. */
struct netaddr *torrent_known_peers(const struct torrent *torrent, uint32_t *ret_count);
/* Somebody was met: saved within minutes, if it is news. */
void torrent_known_peers_changed(struct torrent *torrent);
/* PEERS, COUNT of them, are in the state that is saved, or was loaded. */
void torrent_known_peers_saved(struct torrent *torrent, const struct netaddr *peers,
                               uint32_t count);
/* Whether somebody is known whom the saved state does not name, or the other way. */
bool torrent_has_news_of_peers(struct torrent *torrent);
/* The same of a link, which has no claims that would be saved with them. */
bool torrent_link_has_news_of_peers(struct torrent *torrent);

/* keep.c: what is added is not forgotten */
void session_init_keeping(struct session *session);
/* Writes the .torrent, then has the list name it. */
void torrent_keep(struct torrent *torrent, const uint8_t *bytes, size_t length);
/* A better one: nothing else has changed. */
void torrent_keep_again(struct torrent *torrent, const uint8_t *bytes, size_t length);
void torrent_keep_link(struct torrent *torrent);  /* the same with its magnet link */
void session_keep_again(struct session *session); /* those that failed */
void session_on_kept(struct session *session, const struct message *response);

/* bans.c: bans outlast the session */
void session_init_bans(struct session *session);
void session_load_bans(struct session *session);
void session_save_bans(struct session *session); /* those not saved yet */
void session_bans_changed(void *session);

/* session_list.c */
#define LIST_COOKIE UINT64_MAX /* of the job that saves the list */
void session_on_list_saved(struct session *session, const struct disk_job *job,
                           enum error_code error);
void session_init_list(struct session *session);
void session_save_list(struct session *session);
/* When the loop comes to it: once for all that is added in a row. */
void session_save_list_soon(struct session *session);
/* TORRENT, which does not run or has another to go on in its place, is not to be found by
 * its hashes any more; others that have them, too, are: a hybrid that was known by its
 * other one alone, and a link that was refused because of TORRENT. */
void session_release_hashes(struct torrent *torrent);
void session_no_longer_waits(struct session *session, const struct metainfo *meta);

#endif
