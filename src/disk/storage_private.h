/* What storage's own files share; nobody else includes this. */
#ifndef BTTUI_DISK_STORAGE_PRIVATE_H
#define BTTUI_DISK_STORAGE_PRIVATE_H

#include "disk/storage.h"
#include "meta/path_twins.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/uio.h>

/* A file whose name may be another's too. */
enum twin_state { TWIN_UNKNOWN, TWIN_SAME, TWIN_OTHER };

struct storage {
    atomic_uint references;
    struct file_cache *cache;
    struct metainfo *metainfo;
    char *dir;
    struct path_twins *twins; /* NULL: none */
    pthread_rwlock_t life;    /* read: files are being made; write: deleting begins */
    bool deleted;             /* under LIFE */
    pthread_mutex_t mutex;    /* guards what follows */
    bool dir_seen;
    dev_t dir_device;
    ino_t dir_inode;
    enum twin_state *twin_states; /* of each of twins */
    bool *dirty;                  /* a file: written since the last sync */
    uint32_t dirty_count;
    bool *entered; /* a file: the directories that lead to it are on disk as they are */
    struct file_stamp *stamps;
};

/* The part of a range that lies in one file. */
struct segment {
    uint32_t file;
    uint64_t offset; /* in the file */
    uint64_t length;
    bool pad;
};

struct segment storage_segment_at(const struct storage *storage, uint64_t offset,
                                  uint64_t left);
/* From the torrent's first byte. */
uint64_t storage_offset_of(const struct storage *storage, uint32_t piece, uint32_t begin);

/* The download directory, as a path. -1 with errno. */
int storage_open_dir(struct storage *storage, bool create);
/* Where FILE lies below DIR_FD, which is the download directory; valid as long as the
 * storage. CREATE: it is about to be made, if it is not there. */
const char *storage_path(struct storage *storage, int dir_fd, uint32_t file, bool create);
/* A pinned descriptor, or -1 with errno. */
int storage_acquire(struct storage *storage, uint32_t file, bool write);
void storage_release(struct storage *storage, int fd);
/* The next sync is about it. */
void storage_mark_dirty(struct storage *storage, uint32_t file);

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
