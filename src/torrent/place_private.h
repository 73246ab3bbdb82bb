/*
 * Where the files of a torrent lie, how they are called, which of them are wanted. Loop
 * thread.
 */
#ifndef BTTUI_TORRENT_PLACE_PRIVATE_H
#define BTTUI_TORRENT_PLACE_PRIVATE_H

#include "torrent/torrent.h"

/* files.c */
/* The flags of LIST turned round, malloc'd. ERROR_INVALID: MESSAGE says what is wrong. */
enum error_code files_read_selection(struct metainfo *meta, const char *list,
                                     bool **ret_unwanted,
                                     char message[SESSION_MESSAGE_SIZE]) MUST_CHECK;
void torrent_apply_wanted(struct torrent *torrent);
/* What could not be done is tried again. */
void torrent_settle_again(struct torrent *torrent);
/* If it is asked for, and there is something to fetch. */
void torrent_preallocate(struct torrent *torrent);
void torrent_on_allocated(struct torrent *torrent, const struct message *response);
void torrent_on_settled(struct torrent *torrent, const struct message *response);

/* move.c */
/* Another directory is chosen for new torrents only until they are complete. True: it is
 * on its way. */
bool torrent_move_home(struct torrent *torrent);
/* At the start: cleans up what a kill has left. True: torrent_begin follows by itself. */
bool torrent_take_up_move(struct torrent *torrent);
/* The new place was away, and may be back. True: torrent_begin follows by itself. */
bool torrent_finish_move_again(struct torrent *torrent);
void torrent_stop_move(struct torrent *torrent);  /* the session ends */
void torrent_leave_move(struct torrent *torrent); /* the torrent is removed */
/* The resume data were saved, or could not be. */
void torrent_move_saved(struct torrent *torrent, bool saved);
void torrent_on_moved(struct torrent *torrent, const struct message *response);
void torrent_on_moving(struct torrent *torrent, const struct message *response);

/* unfinished.c: files have a suffix until they are complete */
/* RESUME: as the torrent was kept, or NULL. */
enum error_code torrent_begin_suffix(struct torrent *torrent,
                                     const struct resume *resume) MUST_CHECK;
/* Whether it goes with the names of META; true if there is none. */
bool torrent_suffix_fits(const struct torrent *torrent, const struct metainfo *meta);
/* What is complete has changed, or could not be followed. True: the disk is at work on
 * it. */
bool torrent_settle_forms(struct torrent *torrent);
void torrent_on_forms_settled(struct torrent *torrent, const struct message *response);

/* rename.c */
/* META, as it was read, becomes the torrent under the names that its files have on disk
 * by RESUME. RET_RENAMED: as it is to be, if a kill may have come before that was done;
 * else NULL. On failure, as of metainfo_apply_given, all stays. */
enum error_code torrent_find_names(const struct resume *resume, struct metainfo **meta,
                                   struct metainfo **ret_renamed) MUST_CHECK;
/* RENAMED is that, which it takes; NULL: nothing is to be done. */
void torrent_await_rename(struct torrent *torrent, struct metainfo *renamed);
/* At the start: it is done now. True: torrent_begin follows by itself. */
bool torrent_take_up_rename(struct torrent *torrent);
/* The place was away, and may be back. True: torrent_begin follows by itself. */
bool torrent_rename_again(struct torrent *torrent);
/* Nothing may be renamed, checked or moved until it is over. */
static inline bool torrent_is_renaming(const struct torrent *torrent)
{
    return torrent->rename != TORRENT_RENAME_NONE;
}
void torrent_stop_rename(struct torrent *torrent); /* the session ends */
/* The resume data were saved, or cannot be. */
void torrent_rename_saved(struct torrent *torrent, bool saved);
void torrent_on_renamed(struct torrent *torrent, const struct message *response);
void torrent_forget_rename(struct torrent *torrent); /* what it holds is freed */

#endif
