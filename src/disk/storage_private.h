/* What storage's own files share; nobody else includes this. */
#ifndef BTTUI_DISK_STORAGE_PRIVATE_H
#define BTTUI_DISK_STORAGE_PRIVATE_H

#include "disk/storage.h"
#include "meta/path_suffix.h"
#include "meta/path_twins.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/uio.h>

/* A file whose name may be another's too. */
enum twin_state { TWIN_UNKNOWN, TWIN_SAME, TWIN_OTHER };

/* What the files are called. */
struct storage_names {
    struct metainfo *metainfo; /* a reference */
    struct path_twins *twins;  /* NULL: none */
    char **unfinished;         /* a file: its path with the suffix; NULL: there is none */
};

/* Which of its two names a file has. */
enum file_form { FILE_FORM_UNKNOWN, FILE_FORM_BARE, FILE_FORM_UNFINISHED };

struct storage {
    atomic_uint references;
    struct file_cache *cache;
    struct metainfo *metainfo;
    char *dir; /* under MUTEX, the text lives on */
    char **former_dirs;
    uint32_t former_dir_count;
    char *parts_name; /* of the file that parts_index() stands for */
    /* Changes while LAYOUT is held for writing, and only where that changes neither the
     * number of twins nor whose they are. Texts of the last change but one live on. */
    _Atomic(struct storage_names *) names;
    struct storage_names *former_names;
    /* Read: bytes of files are on their way; write: what lies where is being changed. */
    pthread_rwlock_t layout;
    bool *apart;      /* a file: its bytes lie in the parts file; NULL: none's do */
    uint32_t *shared; /* pieces with bytes of several files, in order; made with APART */
    uint32_t shared_count;
    _Atomic bool *unwanted; /* a file */
    char *suffix;           /* of files that are not complete; NULL: none */
    _Atomic bool *whole;    /* a file: it is complete; NULL without a suffix */
    bool moving;            /* under LAYOUT: nothing is written where it was */
    atomic_bool move_cancelled;
    pthread_rwlock_t life; /* read: files are being made; write: deleting begins */
    bool deleted;          /* under LIFE */
    pthread_mutex_t mutex; /* guards what follows */
    bool dir_seen;
    dev_t dir_device;
    ino_t dir_inode;
    enum twin_state *twin_states; /* of each of the twins */
    enum file_form *forms;        /* a file; NULL without a suffix */
    bool *dirty; /* a file, or the parts file: written since the last sync */
    uint32_t dirty_count;
    /* A file, or the parts file: was there when it was looked at, or made since. One that
     * is gone all the same is not made again before somebody has agreed (S10). */
    bool *known;
    bool *entered; /* a file: the directories that lead to it are on disk as they are */
    struct file_stamp *stamps;
};

/* The number under which the parts file is opened, synced and looked at. */
static inline uint32_t parts_index(const struct storage *storage)
{
    return storage->metainfo->file_count;
}

/* The part of a range that lies in one file. */
struct segment {
    uint32_t file;   /* or parts_index() */
    uint64_t offset; /* in the file */
    uint64_t length;
    bool pad;
    bool lost; /* FILE is not wanted and not there, and nobody shares the piece with it:
                  its bytes have no place */
};

/* LAYOUT is held, as while the segment is used. */
struct segment storage_segment_at(const struct storage *storage, uint64_t offset,
                                  uint64_t left);
/* From the torrent's first byte. */
uint64_t storage_offset_of(const struct storage *storage, uint32_t piece, uint32_t begin);

/* Another download directory. LAYOUT is held for writing. False: out of memory. */
bool storage_set_dir(struct storage *storage, const char *dir);
/* The download directory, as a path. -1 with errno. */
int storage_open_dir(struct storage *storage, bool create);
/* Where FILE lies below DIR_FD, which is the download directory. CREATE: it is about to
 * be made, if it is not there. Who is not alone with the storage holds LAYOUT while the
 * path is used. */
const char *storage_path(struct storage *storage, int dir_fd, uint32_t file, bool create);
/* NULL: out of memory. */
struct storage_names *storage_names_new(struct metainfo *metainfo, const char *suffix);
void storage_names_free(struct storage_names *names);
/* The torrent under the names its files have now. */
const struct metainfo *storage_named(const struct storage *storage);
/* storage_forms.c: whether FILE has a name with the suffix and one without. */
bool storage_has_forms(const struct storage *storage, uint32_t file);
/* storage_path of such a file. */
const char *storage_path_of_form(struct storage *storage,
                                 const struct storage_names *names, int dir_fd,
                                 uint32_t file, bool create);
/* Renames the file FROM below DIR_FD to TO in the same directory, where nothing is
 * replaced. errno or 0. */
int storage_rename_path(int dir_fd, const char *from, const char *to);
/* Renames OLD_NAME in FROM to NAME in TO, where nothing is replaced: EEXIST. */
int storage_rename_entry(int from, const char *old_name, int to, const char *name);
/* A pinned descriptor, or -1 with errno. LAYOUT is held. */
int storage_acquire(struct storage *storage, uint32_t file, bool write);
void storage_set_known(struct storage *storage, uint32_t file, bool known);
void storage_release(struct storage *storage, int fd);
/* What was made, renamed or removed in a directory is so for good. errno or 0. */
int storage_sync_dir(int path_fd);
/* The next sync is about it. */
void storage_mark_dirty(struct storage *storage, uint32_t file);

/* ---- storage_parts.c ---- */

/* Where the bytes of SEGMENT, whose file is apart, are. */
struct segment storage_segment_apart(const struct storage *storage, uint64_t offset,
                                     struct segment segment);
/* A file that is wanted by now gets its place. LAYOUT is not held. */
enum error_code storage_bring_in(struct storage *storage, uint32_t file,
                                 struct storage_error *ret_error);
/* Whether it may have something in it. LAYOUT is not held. */
bool storage_has_parts(struct storage *storage);
/* All that was in the parts file is synced elsewhere: it goes. LAYOUT is not held. */
void storage_drop_parts(struct storage *storage, int dir_fd);
/* As the file is now. LAYOUT is held. */
struct file_stamp storage_look_at(struct storage *storage, int dir_fd, uint32_t file);
/* Forgets that it was written. */
bool storage_take_dirty(struct storage *storage, uint32_t file);

/* PATH below DIR_FD, if it is a regular file, and the directories that are empty by that.
 */
enum error_code storage_delete_file(int dir_fd, const char *path);

/* ---- storage_chain.c ---- */

#define CHAIN_IOV_COUNT 256

/* A place in a chain of blocks. */
struct chain_cursor {
    const struct block *block;
    uint32_t at;
};
uint64_t chain_bytes(const struct block *chain);
/* The next LENGTH bytes, or as many of them as CHAIN_IOV_COUNT vectors take; CURSOR moves
 * on. Returns how many vectors these are. */
int chain_gather(struct chain_cursor *cursor, uint64_t length, struct iovec *iov);
void chain_skip(struct chain_cursor *cursor, uint64_t length);

/* RET_ERROR may be NULL. */
enum error_code storage_fail(struct storage_error *ret_error, uint32_t file,
                             int errno_value);

#endif
