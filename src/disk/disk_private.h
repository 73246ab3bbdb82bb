/* What the Disk Manager's own files share; nobody else includes this. */
#ifndef BTTUI_DISK_DISK_PRIVATE_H
#define BTTUI_DISK_DISK_PRIVATE_H

#include "bus/bus.h"
#include "disk/disk_manager.h"

#include <pthread.h>
#include <stdatomic.h>

struct disk_piece;
struct check;

/* One worker: its own queue, and the pieces it has begun. */
struct worker {
    struct disk_manager *manager;
    struct worker_bus *requests;
    pthread_t thread;
    bool started;
    struct digest *digest;
    struct message unhandled; /* taken when the end came */
    bool has_unhandled;
    struct disk_piece *pieces; /* unfinished ones */
    uint8_t *buffer;           /* for checks; made when first needed */
    struct message *held;      /* state files that wait for their turn */
    size_t held_count, held_capacity;
};

#define DISK_WORKERS_MAX 16
/* Behind the workers for pieces: one for payload's slow jobs, one for state files, one
 * that moves torrents. */
#define DISK_EXTRA 3

struct disk_manager {
    struct disk_manager_config config;
    struct file_cache *cache;
    struct worker_bus *responses;
    struct loop_wake *wake;
    struct worker workers[DISK_WORKERS_MAX + DISK_EXTRA];
    uint32_t worker_count; /* for pieces; >= 1 even without threads */
    uint32_t made;         /* all of them */
    struct worker *slow, *state;
    bool mover_needed;
    struct worker *mover;  /* NULL: there is none; its thread starts when it is needed */
    uint64_t queued_bytes; /* loop thread */
    atomic_bool ending;

    pthread_mutex_t mutex; /* guards the table */
    struct disk_torrent {
        struct torrent_id id;
        struct storage *storage;
        struct check *check; /* running */
    } * torrents;
    uint32_t torrent_capacity;
};

/* disk_torrents.c */
/* NULL: it is not open. Loop thread, or with the mutex. */
struct disk_torrent *disk_torrent_find(struct disk_manager *manager,
                                       struct torrent_id id);
/* A reference to the torrent's storage, or NULL if it is gone. Any thread. */
struct storage *disk_storage(struct disk_manager *manager, struct torrent_id id);

/* disk_manager.c */
/* Sends a response to the loop. Any thread. */
void disk_respond(struct disk_manager *manager, const struct message *response);

/* hasher.c: DISK_HASH and DISK_DROP_PIECE on a worker. */
void hasher_on_hash(struct worker *worker, struct message *request);
void hasher_on_drop(struct worker *worker, struct message *request);
void hasher_done(struct worker *worker);

/* state_saver.c: DISK_SAVE_RESUME and DISK_FORGET_STATE on a worker. */
bool state_saver_takes(const struct message *request);
/* With all that waits behind it, in batches. */
void state_saver_handle(struct worker *worker, struct message *request);
void state_saver_done(struct worker *worker);

/* check.c: a check is shared by all workers, each pulls ranges of pieces. */
enum error_code check_start(struct disk_manager *manager, const struct message *request);
void check_step(struct worker *worker, struct message *request);
/* Stops it soon and gives up the table's reference. */
void check_cancel(struct check *check);
void check_unref(struct check *check);

/* check_hash.c: up to check_hash_most pieces in order, all of one length but for the
 * torrent's last. */
uint32_t check_hash_most(const struct storage *storage);
/* The digest of each, but where RET_ERRORS has a code: it could not be read. */
void check_digests(struct worker *worker, struct storage *storage, const uint32_t *pieces,
                   uint32_t count, struct piece_digest *ret_digests,
                   struct storage_error *ret_errors);
/* Whether PIECE is there whole and right. */
bool check_hash(struct worker *worker, struct storage *storage, uint32_t piece);

/* DISK_LEAVES. */
enum error_code check_leaves(struct worker *worker, struct disk_job *job);

/* mover.c */
enum error_code mover_handle(struct disk_manager *manager, struct torrent_id torrent,
                             struct disk_job *job);
struct worker *mover_of(struct disk_manager *manager);
void mover_begin(struct disk_manager *manager);
/* What FROM, which has no thread, was given is TO's. */
enum error_code disk_hand_to(struct disk_manager *manager, struct worker *from,
                             struct worker *to);

/* workers.c */
enum error_code worker_init(struct worker *worker, struct disk_manager *manager);
enum error_code worker_start(struct worker *worker); /* its thread */
void worker_close(struct worker *worker);            /* no more requests; ends soon */
void worker_stop(struct worker *worker);             /* waits for its end */
void worker_handle(struct worker *worker, struct message *request);

#endif
