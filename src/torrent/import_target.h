/*
 * The state directory that another client's torrents are taken over into: as a session
 * would leave it, torrents and resume data first, then the list that names them, so that
 * a crash between leaves no half. Blocking; one thread.
 */
#ifndef BTTUI_TORRENT_IMPORT_TARGET_H
#define BTTUI_TORRENT_IMPORT_TARGET_H

#include "disk/storage.h"
#include "torrent/download_path.h"
#include "torrent/imported.h"
#include "torrent/state_dir.h"

struct import_taken {
    struct saved_torrent torrent;
    int64_t added_s;
};

struct import_target {
    struct state_dir state;
    struct saved_list list;        /* what was there */
    struct import_taken *taken;    /* what has come */
    struct download_place *places; /* of both */
    uint32_t taken_count, taken_capacity, place_count, place_capacity;
};

#define IMPORT_TARGET_NONE                                                               \
    {                                                                                    \
        .state = {.fd = -1, .lock_fd = -1 }                                              \
    }

/* Opens the state directory PATH for this process alone and reads its list. MESSAGE tells
 * people what is wrong. Close it in any case. */
enum error_code import_target_open(const char *path, struct import_target *target,
                                   char *message, size_t message_size) MUST_CHECK;
void import_target_close(struct import_target *target);
/* In the list, or taken over. */
bool import_target_has(const struct import_target *target,
                       const struct metainfo *metainfo);
/* Where METAINFO's data would lie: NONE, INSIDE, or OVERLAP with the torrent that is in
 * *ret_other. */
enum import_note import_target_check_place(const struct import_target *target,
                                           struct metainfo *metainfo, const char *dir,
                                           const struct metainfo **ret_other);
/* Writes torrent and resume data; STAMPS NULL: all that is there is to be checked. */
enum error_code import_target_add(struct import_target *target, struct metainfo *metainfo,
                                  const struct imported_part *torrent,
                                  const struct imported *imported, const char *dir,
                                  const struct file_stamp *stamps) MUST_CHECK;
/* Writes the list, with those taken over at its end by the time they were added. */
enum error_code import_target_save(struct import_target *target) MUST_CHECK;

#endif
