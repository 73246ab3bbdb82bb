/*
 * All that a torrent describes, hashed on all cores without a session: for commands that
 * make a torrent of data, or hold data against one. Loop thread.
 */
#ifndef BTTUI_TORRENT_DATA_CHECK_H
#define BTTUI_TORRENT_DATA_CHECK_H

#include "base/bitfield.h"
#include "disk/storage.h"
#include "loop/loop.h"
#include "meta/metainfo.h"

#include <stdatomic.h>

struct data_check_config {
    struct loop *loop;
    struct metainfo *metainfo;
    const char *dir; /* its files lie there */
    /* Files that are not there under their own names are read if they are with this
     * behind them, which path_suffix_fits; NULL: none. */
    const char *suffix;
    /* As DISK_CHECK has them in disk/disk_manager.h; NULL: not wanted. */
    struct piece_digest *ret_digests;
    _Atomic int *ret_errnos;
    struct file_stamp *ret_stamps;
    void (*on_progress)(void *context, uint64_t done_bytes);
    /* Once, at the end. HAVE is the callee's with ERROR_NONE, else empty.
     * ERROR_CANCELLED: with ret_digests something cannot be read. */
    void (*on_done)(void *context, enum error_code error, struct bitfield have);
    void *context;
};

struct data_check;

/* Begins at once. On failure, ERROR_SYSTEM among them (there is no thread to be had),
 * nothing is called. */
enum error_code data_check_new(const struct data_check_config *config,
                               struct data_check **ret_check) MUST_CHECK;
/* Ends it, done or not: waits for workers, which a disk that hangs may keep. */
void data_check_free(struct data_check *check);

#endif
