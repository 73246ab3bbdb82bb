/*
 * Commands that change a session and its torrents, and settings, which are kept. An id
 * that is gone is ignored. Loop thread only.
 */
#ifndef BTTUI_TORRENT_COMMANDS_H
#define BTTUI_TORRENT_COMMANDS_H

#include "base/error.h"
#include "base/netaddr.h"
#include "bus/message.h"
#include "net/encryption.h"
#include "torrent/session.h"
#include "torrent/settings.h"

#include <stdbool.h>
#include <stdint.h>

/* ---- of torrents ---- */
void torrent_pause(struct session *session, struct torrent_id id);
void torrent_resume(struct session *session, struct torrent_id id);
/* Starts it whatever the queue says, paused or not; or lets it queue again. */
void torrent_force(struct session *session, struct torrent_id id, bool forced);
void torrent_verify(struct session *session, struct torrent_id id);
void torrent_announce(struct session *session, struct torrent_id id);
/* One more tracker, behind the others; kept, as is what is removed. ERROR_INVALID: no
 * address of a tracker; ERROR_EXISTS; ERROR_FULL. */
enum error_code torrent_add_tracker(struct session *session, struct torrent_id id,
                                    const char *url) MUST_CHECK;
void torrent_remove_tracker(struct session *session, struct torrent_id id,
                            uint32_t tracker); /* its id */
void torrent_set_sequential(struct session *session, struct torrent_id id,
                            bool sequential);
void torrent_set_first_last(struct session *session, struct torrent_id id,
                            bool first_last);
/* LABEL as label_read gives it; "": none. */
void torrent_set_label(struct session *session, struct torrent_id id, const char *label);
/* Shows each peer two pieces at a time while nobody else has everything (BEP 16). */
void torrent_set_super_seed(struct session *session, struct torrent_id id, bool on);
void torrent_set_file_wanted(struct session *session, struct torrent_id id, uint32_t file,
                             bool wanted);
/* The same for COUNT files at once. */
void torrent_set_files_wanted(struct session *session, struct torrent_id id,
                              const uint32_t *files, uint32_t count, bool wanted);
/* COUNT files come earlier (BY 1) or later (-1) than others: high, normal, low. */
void torrent_step_files_priority(struct session *session, struct torrent_id id,
                                 const uint32_t *files, uint32_t count, int by);
/* The files that LIST names (--priority) get PRIORITY: -1, 0 or 1. ERROR_INVALID: MESSAGE
 * says what is wrong with it. */
enum error_code torrent_set_priority(struct session *session, struct torrent_id id,
                                     const char *list, int priority,
                                     char message[SESSION_MESSAGE_SIZE]) MUST_CHECK;
/* Moves its data to DIR while others run; its own transfers wait. What is there is never
 * replaced; a kill at any moment leaves one place whole. ERROR_AGAIN: not now;
 * ERROR_REFUSED: by policy. MESSAGE says why. What fails later is a warning. */
enum error_code torrent_move_data(struct session *session, struct torrent_id id,
                                  const char *dir,
                                  char message[SESSION_MESSAGE_SIZE]) MUST_CHECK;
/* PATH, a file or directory below the torrent's name, or with "" the torrent itself, is
 * called NAME from now on, on disk and here; transfers go on. Kept; a kill at any moment
 * leaves it done or not done. ERROR_AGAIN: not now; ERROR_NAME, ERROR_EXISTS,
 * ERROR_LIMIT, ERROR_REFUSED: it may not be called so. MESSAGE says why. What fails
 * later, as when something of that name is on the disk, is a warning. */
enum error_code torrent_rename(struct session *session, struct torrent_id id,
                               const char *path, const char *name,
                               char message[SESSION_MESSAGE_SIZE]) MUST_CHECK;
/* As if it had not begun; too late when all is copied. */
void torrent_cancel_move(struct session *session, struct torrent_id id);
/* Wants the files that LIST names (--select), and no others. ERROR_INVALID: MESSAGE says
 * what is wrong with it. */
enum error_code torrent_select(struct session *session, struct torrent_id id,
                               const char *list,
                               char message[SESSION_MESSAGE_SIZE]) MUST_CHECK;
void torrent_add_peer(struct session *session, struct torrent_id id,
                      const struct netaddr *address);
void torrent_pause_peer(struct session *session, struct torrent_id id,
                        struct peer_id_ref peer);
void torrent_resume_peer(struct session *session, struct torrent_id id,
                         struct peer_id_ref peer);
/* Snubs it: no regular upload slot, and one request at a time, so that all others come
 * first both ways. Held as long as a pause. */
void torrent_put_peer_last(struct session *session, struct torrent_id id,
                           struct peer_id_ref peer, bool last);
void torrent_kick_peer(struct session *session, struct torrent_id id,
                       struct peer_id_ref peer);
void torrent_ban_peer(struct session *session, struct torrent_id id,
                      struct peer_id_ref peer);
/* Bytes/s, 0: none; within the torrent's limits. Like a pause they hold for this session,
 * also when the peer comes back. */
void torrent_limit_peer(struct session *session, struct torrent_id id,
                        struct peer_id_ref peer, uint64_t max_down, uint64_t max_up);
/* Moves it up (-1) or down (+1) in the list. */
void torrent_move(struct session *session, struct torrent_id id, int by);
/* Those that hold now: turtle mode's while that is on. */
void session_set_limits(struct session *session, uint64_t max_down, uint64_t max_up);
/* By hand: holds until the schedule's next change. */
void session_set_turtle(struct session *session, bool on);
/* NULL: none. What it says holds at once. False: it is none, and the last one stays. */
bool session_set_schedule(struct session *session, const char *text);
/* What holds for the torrents of some labels (torrent/label_rule.h), at once; those that
 * are none are left out. Without memory for them all stays as it was. */
void session_set_label_rules(struct session *session, const char *const *texts,
                             uint32_t count);
/* Who is refused for what it is or does (peer/refuse.h), at once: globs on clients'
 * names; bytes taken without giving, 0: whatever. Without memory all stays as it was. */
void session_set_refusals(struct session *session, const char *const *clients,
                          uint32_t count, uint64_t leech_bytes);
/* As in the config. Connections there are stay when it becomes less. */
void session_set_max_peers(struct session *session, uint32_t max_peers);
/* As in the config, for connections made from then on. */
void session_set_encryption(struct session *session, enum encryption_mode mode);
/* As in the config, for torrents added from then on. */
void session_set_adding(struct session *session, unsigned names, bool sequential,
                        bool first_last);

/* ---- settings: read, change, set; they take effect at once and are kept ---- */
bool torrent_get_settings(const struct session *session, struct torrent_id id,
                          struct torrent_settings *ret_settings);
void torrent_set_settings(struct session *session, struct torrent_id id,
                          const struct torrent_settings *settings);
void session_get_settings(const struct session *session,
                          struct session_settings *ret_settings);
void session_set_settings(struct session *session,
                          const struct session_settings *settings);
/* What is configured has become CONFIGURED: what differs from before takes effect, the
 * rest stays as it was chosen since. */
void session_configure(struct session *session,
                       const struct session_settings *configured);
/* How the view called NAME looks, in printable ASCII that only the interface understands;
 * NULL: nothing is kept. The text lives until the next set. */
const char *session_get_look(const struct session *session, const char *name);
void session_set_look(struct session *session, const char *name, const char *text);

#endif
