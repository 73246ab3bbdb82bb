/*
 * The Disk Manager: everything that may block on a disk, on worker threads. It takes disk
 * request messages and gives disk response messages; between the two, blocks belong to
 * it. One serves a whole session. A piece is verified before it is written, and written
 * by one pwritev(2) per file; nothing is synced on the way (DISK_SYNC does that in
 * batches). Pieces are hashed, written and read by CONFIG.workers threads; two more have
 * what may take long without holding those up: one syncs, closes and deletes payload, one
 * keeps state files, which no hung download directory delays. Another, started when it is
 * first needed, moves torrents to other directories.
 *
 * Loop thread, all of it. With 0 workers the jobs run inside disk_manager_run: for tests
 * on virtual time.
 */
#ifndef BTTUI_DISK_DISK_MANAGER_H
#define BTTUI_DISK_DISK_MANAGER_H

#include "bus/message.h"
#include "disk/storage.h"
#include "loop/loop.h"
#include "meta/metainfo.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct disk_manager;

struct disk_manager_config {
    struct loop *loop;
    struct block_pool *pool;
    uint32_t workers;
    bool verify_writes; /* a piece is read back before it is DISK_VERIFIED; DISK_ERROR
                           with ERROR_CORRUPT when it is not what was written */
    bool held; /* the workers wait for disk_manager_begin; until then requests queue */
    /* Called on the loop thread when responses wait for disk_manager_take. */
    void (*on_responses)(void *context);
    void *context;
};

struct disk_manager *disk_manager_new(const struct disk_manager_config *config);
/* Starts held workers, else does nothing. ERROR_SYSTEM: not even one could be. */
enum error_code disk_manager_begin(struct disk_manager *manager) MUST_CHECK;
/* Ends the workers: waits for the job each is at; what is queued behind it is dropped.
 * After it no metainfo of a torrent is read any more; torrents may be closed,
 * nothing may be posted. */
void disk_manager_stop(struct disk_manager *manager);
/* Stops it first, if that was not done. Every block comes back to the pool. */
void disk_manager_free(struct disk_manager *manager);

/* Registers a torrent; keeps METAINFO by a reference of its own. Nothing is touched on
 * disk yet. ERROR_MEMORY, ERROR_EXISTS. */
enum error_code disk_manager_open(struct disk_manager *manager, struct torrent_id torrent,
                                  struct metainfo *metainfo,
                                  const char *download_dir) MUST_CHECK;
/* Forgets the torrent and closes its files, on a worker. What is queued is still
 * answered: jobs are done, pieces and reads come back with ERROR_CANCELLED. */
void disk_manager_close(struct disk_manager *manager, struct torrent_id torrent);

/* A flag a file, copied; NULL: all are wanted. DISK_SETTLE, or a DISK_CHECK, goes by it.
 */
void disk_manager_set_unwanted(struct disk_manager *manager, struct torrent_id torrent,
                               const bool *unwanted);
/* storage_set_suffix, before anything is asked of the torrent, and storage_set_whole. */
enum error_code disk_manager_set_suffix(struct disk_manager *manager,
                                        struct torrent_id torrent,
                                        const char *suffix) MUST_CHECK;
void disk_manager_set_whole(struct disk_manager *manager, struct torrent_id torrent,
                            const bool *whole);
/* storage_is_unfinished: never waits for the disk. */
bool disk_manager_is_unfinished(struct disk_manager *manager, struct torrent_id torrent,
                                uint32_t file);

/* A DISK_MOVE_COPY of TORRENT ends soon, with ERROR_CANCELLED unless it is done. */
void disk_manager_cancel_move(struct disk_manager *manager, struct torrent_id torrent);

/* Queues a disk request, taking over what it holds. ERROR_MEMORY: it is given back.
 * ERROR_EXISTS: a DISK_CHECK of this torrent is under way. */
enum error_code disk_manager_post(struct disk_manager *manager,
                                  const struct message *request) MUST_CHECK;
bool disk_manager_take(struct disk_manager *manager, struct message *ret_response);
/* Only with 0 workers: runs what is queued. True if there was something. */
bool disk_manager_run(struct disk_manager *manager);

/* Fills from the page cache, at once, as many blocks of CHAIN as it can, and returns how
 * many, counted from the first. CHAIN's blocks lie end to end in one piece. The others
 * are for a DISK_READ, which also finds out what is wrong. */
uint32_t disk_manager_read_now(struct disk_manager *manager, struct torrent_id torrent,
                               struct block *chain);
/* Payload bytes handed over by DISK_HASH and not yet given back: for back-pressure. */
uint64_t disk_manager_queued_bytes(const struct disk_manager *manager);

/* ---- rare jobs: arguments and results ---- */
struct disk_job {
    struct disk_job_base base; /* first */
    /* DISK_CHECK: the pieces to hash (a set bit), NULL: all. Owned. */
    struct bitfield *pieces;
    /* Not only look: parts move into files that are wanted when the check begins, and
     * empty files are made when it ends. */
    bool create_empty;
    /* DISK_CHECK, all the poster's own, to be there until it is answered or the workers
     * are stopped. RET_DIGESTS: what each piece comes to goes here and is compared
     * with nothing: what can be read is right, and the first piece that cannot ends the
     * check with ERROR_CANCELLED. RET_ERRNOS: one a file, set where reading it failed.
     * RET_STAMPS: one a file, how it looks at the end. */
    struct piece_digest *ret_digests;
    _Atomic int *ret_errnos;
    struct file_stamp *ret_stamps;
    /* DISK_MOVE: to NAME, as storage.h's functions of these names do it. FINISH: what is
     * deleted FROM where (owned). */
    enum disk_move_step {
        DISK_MOVE_COPY,
        DISK_MOVE_FINISH,
        DISK_MOVE_GIVE_UP,
        DISK_MOVE_ABANDON
    } step;
    char *from;
    /* DISK_RENAME: FROM becomes NAME, and the torrent METAINFO (a reference), as
     * storage_rename does it. */
    struct metainfo *metainfo;
    bool again, may_be_away;
    /* DISK_SAVE_RESUME, DISK_FORGET_STATE: a state file. DISK_SPACE: a directory. */
    int dir_fd;
    char *name;     /* owned */
    uint8_t *bytes; /* owned */
    size_t length;
    bool full; /* DISK_ALLOCATE: space, not holes */
    bool raw;  /* without the state file's header: a .torrent */
    /* DISK_SYNC: look at all files, not just the written ones, and which are there. What
     * went wrong with that alone. */
    bool stat_all;
    struct storage_error settle_error;
    /* DISK_SETTLE: only names with or without the suffix (storage_settle_forms). */
    bool only_forms;
    /* DISK_SYNC's result: how the files look now; after ERROR_NOT_FOUND too, when those
     * that were written to were looked at. Owned. */
    struct file_stamp *stamps;
    uint32_t stamp_count;
    struct file_stamp parts_stamp; /* of files that are kept aside */
    struct storage_error error;
    uint64_t free_bytes;       /* DISK_SPACE's result; UINT64_MAX: not known */
    enum message_type request; /* in an answer: to what */
    struct storage *storage;   /* the Disk Manager's own */
    /* DISK_LEAVES: COUNT pieces from FIRST on. BYTES become their leaves, SHA256_BYTES
     * each, one for each 16 KiB of data, LENGTH in all. */
    uint32_t first, count;
    uint8_t note[48]; /* the poster's own, comes back untouched */
    uint64_t cookie;  /* so does this */
};
struct disk_job *disk_job_new(void); /* NULL: out of memory */
void disk_job_free(struct disk_job *job);

#endif
