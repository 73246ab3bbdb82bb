/*
 * Where one torrent's bytes live: its files below the download directory, opened by
 * walking descriptors so that no symbolic link leads outside, created when first written,
 * kept open in a small cache that all torrents share.
 *
 * A file that is not wanted is not made. What pieces share with it is kept aside in the
 * torrent's parts file, ".INFOHASH.parts" in the download directory, until the file is
 * wanted after all: then it moves in. One that is there is used, wanted or not.
 *
 * Any thread; a storage is kept alive by references.
 */
#ifndef BTTUI_DISK_STORAGE_H
#define BTTUI_DISK_STORAGE_H

#include "base/block_pool.h"
#include "base/error.h"
#include "meta/metainfo.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Of a file whose time is told to two seconds (FAT) and was within these: what is changed
 * at once would not show (HOSTILE.md S18). */
#define FILE_STAMP_UNSURE INT64_MIN
/* What a file looked like when the resume data claimed it (HOSTILE.md R6). */
struct file_stamp {
    uint64_t size;    /* UINT64_MAX: not there */
    int64_t mtime_ns; /* FILE_STAMP_UNSURE: matches nothing */
    uint64_t device, inode;
};

struct stat;
/* As the system tells it, never unsure. */
struct file_stamp file_stamp_of(const struct stat *status);
/* The same of the regular file PATH below DIR_FD, walked to as file_walk.h does; anything
 * else, or nothing, is not there. */
struct file_stamp file_stamp_at(int dir_fd, const char *path);

/* What failed, for people: which file, which errno. */
struct storage_error {
    enum error_code code;
    int errno_value;
    uint32_t file;
};

struct file_cache;
struct file_cache *file_cache_new(uint32_t capacity); /* NULL: out of memory */
void file_cache_free(struct file_cache *cache);

struct storage;
/* Keeps METAINFO by a reference of its own. DIR need not exist yet: it is made when a
 * file is first written. Once seen it must stay the same directory: one that is gone or
 * replaced (a file system unmounted) fails with ERROR_NOT_FOUND and is not made again
 * (S16). */
struct storage *storage_new(struct file_cache *cache, struct metainfo *metainfo,
                            const char *dir);
struct storage *storage_ref(struct storage *storage);
void storage_unref(struct storage *storage);
const struct metainfo *storage_metainfo(const struct storage *storage);

/* Files are called with SUFFIX behind their names until they are complete; one that is
 * there without it is used as it is. For whom that is, path_suffix_fits tells. Before all
 * else. */
enum error_code storage_set_suffix(struct storage *storage,
                                   const char *suffix) MUST_CHECK;
/* WHOLE: a flag a file, copied: it is complete. Never waits; storage_settle_forms goes by
 * it. */
void storage_set_whole(struct storage *storage, const bool *whole);
/* Whether FILE is known to have the suffix. Never waits for the disk. */
bool storage_is_unfinished(struct storage *storage, uint32_t file);
/* Complete files lose the suffix, wanted ones that are not get it. ERROR_EXISTS:
 * something has the name already, and the file keeps the one it has. ERROR_CANCELLED: it
 * is moving.
 */
enum error_code storage_settle_forms(struct storage *storage,
                                     struct storage_error *ret_error);

/* The name of the parts file of a torrent. */
#define STORAGE_PARTS_NAME_SIZE (INFO_HASH_HEX_SIZE + 8)
void storage_parts_name(const struct info_hash *hash,
                        char ret_name[STORAGE_PARTS_NAME_SIZE]);
/* UNWANTED: a flag a file, copied; NULL: all are wanted. Never waits; storage_settle goes
 * by it. */
void storage_set_unwanted(struct storage *storage, const bool *unwanted);
/* Finds out which files are there, and MOVES parts into those that are wanted now, or
 * only looks. On failure all is where it was. */
enum error_code storage_settle(struct storage *storage, bool moves,
                               struct storage_error *ret_error);

/* Writes CHAIN, whose blocks lie end to end from offset BEGIN of PIECE: one pwritev(2)
 * for each file it touches. ERROR_CANCELLED: of a file that is not wanted. */
enum error_code storage_write(struct storage *storage, uint32_t piece, uint32_t begin,
                              const struct block *chain, struct storage_error *ret_error);
/* Reads LENGTH bytes; padding reads as zeros. ERROR_NOT_FOUND, ERROR_TRUNCATED: not all
 * there. */
enum error_code storage_read(struct storage *storage, uint32_t piece, uint32_t begin,
                             uint8_t *bytes, uint32_t length,
                             struct storage_error *ret_error);
/* The same into CHAIN, whose blocks lie end to end in one piece. */
enum error_code storage_read_chain(struct storage *storage, const struct block *chain,
                                   struct storage_error *ret_error);
/* The same from the page cache only, through descriptors that are open: never waits.
 * Returns how many blocks, counted from the first, were filled: 0, and those after a
 * file's end or what is not in memory, are a worker's. Where the system cannot say (a
 * file system or kernel without RWF_NOWAIT) it is always 0. */
uint32_t storage_read_cached(struct storage *storage, const struct block *chain);
/* The rest of PIECE from BEGIN on, at most 1 MiB of it, is wanted soon: the system begins
 * to read it. */
void storage_read_ahead(struct storage *storage, uint32_t piece, uint32_t begin);
/* What was written of PIECE is put on the device and its pages are given up, so that the
 * next read comes from there; a device or file server may still answer from memory of its
 * own. Waits for the device. */
enum error_code storage_drop_cached(struct storage *storage, uint32_t piece,
                                    uint32_t length, struct storage_error *ret_error);
/* The range was found, not written: the next sync is about its files too, for it may be
 * in memory alone. */
void storage_found(struct storage *storage, uint32_t piece, uint32_t length);
/* True if the files are there and long enough, but no byte of the range was ever written
 * (a hole). */
bool storage_is_hole(struct storage *storage, uint32_t piece, uint32_t length);

/* The wanted files get their full sizes, as holes, or FULL: as space on the disk, where
 * the file system can give it at once. May take long. ERROR_CANCELLED: it is moving. */
enum error_code storage_allocate(struct storage *storage, bool full,
                                 struct storage_error *ret_error);
/* Creates the wanted ones of the torrent's empty files. */
enum error_code storage_create_empty(struct storage *storage,
                                     struct storage_error *ret_error);
/* fdatasync for all files written since the last call, and new stamps for them.
 * ERROR_NOT_FOUND: one was deleted under us. Whatever the error, what was written to that
 * file since the last good call must be read back before it is believed (S6). */
enum error_code storage_sync(struct storage *storage, struct storage_error *ret_error);
/* Copies what storage_sync or storage_stat_all saw last; COUNT = the torrent's files. One
 * that is not there looks as the parts file does if that has bytes of it. */
void storage_stamps(struct storage *storage, struct file_stamp *ret_stamps,
                    uint32_t count);
/* The same of the files alone. */
void storage_own_stamps(struct storage *storage, struct file_stamp *ret_stamps,
                        uint32_t count);
struct file_stamp storage_parts_stamp(struct storage *storage);
void storage_stat_all(struct storage *storage);
/* Whether the files were long enough for the range when they were last looked at. */
bool storage_was_there(struct storage *storage, uint32_t piece, uint32_t length);
/* Files and directory may be others from now on: descriptors are opened anew. Never
 * waits; storage_close_retired closes the old ones. */
void storage_begin_anew(struct storage *storage);
void storage_close_retired(struct storage *storage);
/* Closes its cached descriptors. */
void storage_close_files(struct storage *storage);
/* ---- moving to another directory ---- */
struct storage_progress {
    void (*tell)(void *context, uint64_t done_bytes, uint64_t total_bytes);
    void *context;
};
/* Puts all that is there together in a hidden directory of DIR, by links where that can
 * be, and syncs it; what it has is read on where it was, and nothing is written until
 * storage_move_finish or _give_up. ERROR_EXISTS: something there has the torrent's name.
 * ERROR_CANCELLED: by storage_cancel_move. On failure nothing is left in DIR. */
enum error_code storage_move_copy(struct storage *storage, const char *dir,
                                  const struct storage_progress *progress,
                                  struct storage_error *ret_error);
/* It was noted that DIR is the place now: what was put together there gets its names, the
 * files in FROM are deleted, and the storage is in DIR. Also what a kill interrupted.
 * ERROR_NOT_FOUND: DIR is away. Other errors: all is in FROM as it was. */
enum error_code storage_move_finish(struct storage *storage, const char *from,
                                    const char *dir, struct storage_error *ret_error);
/* After storage_move_copy: as if it had never been. */
void storage_move_give_up(struct storage *storage, const char *dir);
/* Removes what a kill has left there. */
void storage_move_abandon(struct storage *storage, const char *dir);
/* What is being copied ends soon. Never waits. */
void storage_cancel_move(struct storage *storage);

/* ---- renaming ---- */

/* What is called FROM below the directory is called TO, beside it, from now on, and all
 * files are as in METAINFO, of which a reference is kept: the same torrent with other
 * names. Reading and writing go on. AGAIN: it may have been done before a kill came. MAY_
 * BE_AWAY: without the directory only the names change. ERROR_EXISTS: something there is
 * called TO; ERROR_NOT_FOUND: the directory is away. On failure all is as it was. */
enum error_code storage_rename(struct storage *storage, struct metainfo *metainfo,
                               const char *from, const char *to, bool again,
                               bool may_be_away,
                               struct storage_error *ret_error) MUST_CHECK;

/* Deletes the torrent's own regular files, then directories that are empty by that;
 * nothing is written or made from then on. */
enum error_code storage_delete(struct storage *storage, struct storage_error *ret_error);

#endif
