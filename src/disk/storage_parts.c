/*
 * Files that are not wanted, and what pieces share with them. The parts file has a place
 * for each piece that holds bytes of several files, in order: where a byte lies in it
 * follows from the torrent alone, so that nothing about it can be lost or damaged. It is
 * as sparse as its file system allows.
 *
 * Parts move into a file by filling what it lacks, a hole or beyond its end, and the
 * parts file goes when all is synced: a kill on the way loses nothing, and what the file
 * has is never overwritten.
 */
#include "disk/file_cache.h"
#include "disk/file_walk.h"
#include "disk/storage_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_BYTES (64u << 10)
#define NO_PLACE   UINT32_MAX

void storage_parts_name(const struct info_hash *hash,
                        char ret_name[STORAGE_PARTS_NAME_SIZE])
{
    char hex[INFO_HASH_HEX_SIZE];
    info_hash_hex(hash, hex);
    snprintf(ret_name, STORAGE_PARTS_NAME_SIZE, ".%s.parts", hex);
}

void storage_set_unwanted(struct storage *storage, const bool *unwanted)
{
    for (uint32_t i = 0; i < storage->metainfo->file_count; i++)
        atomic_store(&storage->unwanted[i], unwanted != NULL && unwanted[i]);
}

/* ---- places ---- */

static bool has_bytes(const struct metainfo_file *file)
{
    return file->length > 0 && !file->pad;
}

static uint32_t first_piece(const struct storage *storage, uint32_t file)
{
    return (uint32_t)(storage->metainfo->files[file].offset /
                      storage->metainfo->piece_bytes);
}

static uint32_t last_piece(const struct storage *storage, uint32_t file)
{
    const struct metainfo_file *record = &storage->metainfo->files[file];
    return (uint32_t)((record->offset + record->length - 1) /
                      storage->metainfo->piece_bytes);
}

/* Writes the shared pieces to RET_PIECES, unless that is NULL; returns how many. */
static uint32_t list_shared(const struct storage *storage, uint32_t *ret_pieces)
{
    uint32_t count = 0, before = NO_PLACE, listed = NO_PLACE;
    for (uint32_t i = 0; i < storage->metainfo->file_count; i++) {
        if (!has_bytes(&storage->metainfo->files[i]))
            continue;
        const uint32_t first = first_piece(storage, i);
        if (first == before && first != listed) {
            if (ret_pieces != NULL)
                ret_pieces[count] = first;
            listed = first;
            count++;
        }
        before = last_piece(storage, i);
    }
    return count;
}

/* LAYOUT is held for writing. */
static enum error_code begin_parts(struct storage *storage)
{
    if (storage->apart != NULL)
        return ERROR_NONE;
    const uint32_t count = list_shared(storage, NULL);
    uint32_t *shared = calloc(count + 1u, sizeof *shared);
    bool *apart = calloc(storage->metainfo->file_count, sizeof *apart);
    if (shared == NULL || apart == NULL) {
        free(shared);
        free(apart);
        return ERROR_MEMORY;
    }
    list_shared(storage, shared);
    storage->shared = shared;
    storage->shared_count = count;
    storage->apart = apart;
    return ERROR_NONE;
}

/* LAYOUT is held for writing. */
static void end_parts(struct storage *storage)
{
    free(storage->apart);
    free(storage->shared);
    storage->apart = NULL;
    storage->shared = NULL;
}

/* Where PIECE begins in the parts file, in pieces. */
static uint32_t place_of(const struct storage *storage, uint32_t piece)
{
    uint32_t low = 0, high = storage->shared_count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (storage->shared[middle] < piece)
            low = middle + 1;
        else
            high = middle;
    }
    return low < storage->shared_count && storage->shared[low] == piece ? low : NO_PLACE;
}

struct segment storage_segment_apart(const struct storage *storage, uint64_t offset,
                                     struct segment segment)
{
    const uint32_t piece_bytes = storage->metainfo->piece_bytes;
    const uint32_t in_piece = (uint32_t)(offset % piece_bytes);
    const uint32_t place = place_of(storage, (uint32_t)(offset / piece_bytes));
    if (segment.length > piece_bytes - in_piece)
        segment.length = piece_bytes - in_piece;
    segment.lost = place == NO_PLACE;
    if (segment.lost)
        return segment;
    segment.file = parts_index(storage);
    segment.offset = (uint64_t)place * piece_bytes + in_piece;
    return segment;
}

/* ---- moving in ---- */

struct bringing {
    struct storage *storage;
    uint32_t file;
    int in;     /* the parts file */
    int look;   /* the file for reading; -1: it is not there yet */
    int out;    /* for writing; -1: not opened yet */
    bool found; /* the parts file has some of it, whether the file has it, too */
    uint8_t *buffer;
};

static uint64_t size_of(int fd)
{
    struct stat status;
    return fd >= 0 && fstat(fd, &status) == 0 ? (uint64_t)status.st_size : 0;
}

/* The next bytes from *AT on, before END, that the parts file has and the file has not:
 * how many. SKEW leads from a place in the file to that in the parts file. */
static uint64_t find_missing(struct bringing *bringing, uint64_t *at, uint64_t end,
                             int64_t skew)
{
    const int own = bringing->out >= 0 ? bringing->out : bringing->look;
    while (*at < end) {
        const off_t data = lseek(bringing->in, (off_t)*at + skew, SEEK_DATA);
        const off_t data_end = data < 0 ? data : lseek(bringing->in, data, SEEK_HOLE);
        if (data_end < 0 || (uint64_t)(data - skew) >= end)
            return 0;
        *at = (uint64_t)(data - skew);
        bringing->found = true;
        uint64_t stop =
            (uint64_t)(data_end - skew) < end ? (uint64_t)(data_end - skew) : end;
        if (*at >= size_of(own))
            return stop - *at;
        const off_t hole = lseek(own, (off_t)*at, SEEK_HOLE);
        if (hole < 0)
            return 0;
        if ((uint64_t)hole == *at) {
            const off_t next = lseek(own, hole, SEEK_DATA);
            return next >= 0 && (uint64_t)next < stop ? (uint64_t)next - *at : stop - *at;
        }
        *at = (uint64_t)hole;
    }
    return 0;
}

static int copy_some(const struct bringing *bringing, uint64_t at, uint64_t length,
                     int64_t skew)
{
    while (length > 0) {
        const size_t most = length < COPY_BYTES ? (size_t)length : COPY_BYTES;
        const ssize_t got = pread(bringing->in, bringing->buffer, most, (off_t)at + skew);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? errno : 0;
        for (ssize_t done = 0; done < got;) {
            const struct iovec part = {bringing->buffer + done, (size_t)(got - done)};
            const ssize_t wrote = pwritev(bringing->out, &part, 1, (off_t)at + done);
            if (wrote < 0 && errno == EINTR)
                continue;
            if (wrote <= 0)
                return wrote < 0 ? errno : EIO;
            done += wrote;
        }
        at += (uint64_t)got;
        length -= (uint64_t)got;
    }
    return 0;
}

/* The part of the file that lies in PIECE. */
static int bring_piece(struct bringing *bringing, uint32_t piece)
{
    const struct storage *storage = bringing->storage;
    const struct metainfo_file *file = &storage->metainfo->files[bringing->file];
    const uint64_t piece_bytes = storage->metainfo->piece_bytes;
    const uint64_t begin = piece * piece_bytes;
    const uint32_t place = place_of(storage, piece);
    if (place == NO_PLACE)
        return 0;
    const int64_t skew =
        (int64_t)(place * piece_bytes) + (int64_t)file->offset - (int64_t)begin;
    uint64_t at = begin > file->offset ? begin - file->offset : 0, length;
    const uint64_t rest = begin + piece_bytes - file->offset;
    const uint64_t end = rest < file->length ? rest : file->length;
    while ((length = find_missing(bringing, &at, end, skew)) > 0) {
        if (bringing->out < 0)
            bringing->out = storage_acquire(bringing->storage, bringing->file, true);
        const int error =
            bringing->out < 0 ? errno : copy_some(bringing, at, length, skew);
        if (error != 0)
            return error;
        at += length;
    }
    return 0;
}

/* LAYOUT is held for writing. */
static enum error_code bring_in(struct storage *storage, uint32_t file,
                                struct storage_error *ret_error)
{
    struct bringing bringing = {.storage = storage, .file = file, .out = -1};
    const uint32_t first = first_piece(storage, file), last = last_piece(storage, file);
    bringing.in = storage_acquire(storage, parts_index(storage), false);
    if (bringing.in < 0 && errno != ENOENT)
        return storage_fail(ret_error, parts_index(storage), errno);
    bringing.buffer = bringing.in >= 0 ? malloc(COPY_BYTES) : NULL;
    bringing.look = bringing.in >= 0 ? storage_acquire(storage, file, false) : -1;
    int error = bringing.in >= 0 && bringing.buffer == NULL ? ENOMEM : 0;
    if (error == 0 && bringing.in >= 0)
        error = bring_piece(&bringing, first);
    if (error == 0 && bringing.in >= 0 && last != first)
        error = bring_piece(&bringing, last);
    if (error == 0)
        storage->apart[file] = false;
    if (bringing.found)
        storage_mark_dirty(storage, file); /* the parts go once it is synced */
    if (bringing.out >= 0)
        storage_release(storage, bringing.out);
    if (bringing.look >= 0)
        storage_release(storage, bringing.look);
    if (bringing.in >= 0)
        storage_release(storage, bringing.in);
    free(bringing.buffer);
    return error != 0 ? storage_fail(ret_error, file, error) : ERROR_NONE;
}

enum error_code storage_bring_in(struct storage *storage, uint32_t file,
                                 struct storage_error *ret_error)
{
    enum error_code error = ERROR_NONE;
    pthread_rwlock_wrlock(&storage->layout);
    if (storage->moving)
        error = storage_fail(ret_error, file, ECANCELED);
    else if (storage->apart != NULL && storage->apart[file])
        error = bring_in(storage, file, ret_error);
    pthread_rwlock_unlock(&storage->layout);
    return error;
}

/* ---- what is there ---- */

static bool is_there(struct storage *storage, int dir_fd, uint32_t file)
{
    return storage_look_at(storage, dir_fd, file).size != UINT64_MAX;
}

struct settling {
    bool moves;     /* parts go where they belong */
    bool are_parts; /* there is a parts file */
};

/* LAYOUT is held for writing. */
static enum error_code settle_file(struct storage *storage, int dir_fd, uint32_t file,
                                   const struct settling *settling,
                                   struct storage_error *ret_error)
{
    const bool wanted = !atomic_load(&storage->unwanted[file]);
    if (wanted && settling->moves)
        return settling->are_parts || storage->apart[file]
                   ? bring_in(storage, file, ret_error)
                   : ERROR_NONE;
    storage->apart[file] =
        (!wanted || settling->are_parts) && !is_there(storage, dir_fd, file);
    return ERROR_NONE;
}

static bool any_unwanted(const struct storage *storage)
{
    for (uint32_t i = 0; i < storage->metainfo->file_count; i++)
        if (atomic_load(&storage->unwanted[i]))
            return true;
    return false;
}

bool storage_has_parts(struct storage *storage)
{
    pthread_rwlock_rdlock(&storage->layout);
    const bool has = storage->apart != NULL;
    pthread_rwlock_unlock(&storage->layout);
    return has;
}

enum error_code storage_settle(struct storage *storage, bool moves,
                               struct storage_error *ret_error)
{
    const int dir_fd = storage_open_dir(storage, false);
    const struct settling settling = {moves,
                                      is_there(storage, dir_fd, parts_index(storage))};
    const bool needed =
        settling.are_parts || storage_has_parts(storage) || any_unwanted(storage);
    enum error_code result = ERROR_NONE;
    for (uint32_t i = 0;
         needed && result == ERROR_NONE && i < storage->metainfo->file_count; i++) {
        if (!has_bytes(&storage->metainfo->files[i]))
            continue;
        pthread_rwlock_wrlock(&storage->layout); /* others get their turn between two */
        result = begin_parts(storage);
        if (result != ERROR_NONE)
            storage_fail(ret_error, i, ENOMEM);
        else if (storage->moving && moves)
            result = storage_fail(ret_error, i, ECANCELED);
        else
            result = settle_file(storage, dir_fd, i, &settling, ret_error);
        pthread_rwlock_unlock(&storage->layout);
    }
    if (dir_fd >= 0)
        close(dir_fd);
    return result;
}

/* ---- the end of the parts file ---- */

static bool any_needed(struct storage *storage)
{
    pthread_mutex_lock(&storage->mutex);
    bool needed = storage->dirty_count > 0;
    pthread_mutex_unlock(&storage->mutex);
    for (uint32_t i = 0; !needed && i < storage->metainfo->file_count; i++)
        needed = storage->apart[i];
    return needed;
}

void storage_drop_parts(struct storage *storage, int dir_fd)
{
    if (!storage_has_parts(storage))
        return;
    pthread_rwlock_wrlock(&storage->layout);
    if (storage->apart != NULL && !storage->moving && !any_needed(storage)) {
        const char *name;
        const int parent = file_walk_parent(dir_fd, storage->parts_name, false, &name);
        if (parent >= 0) {
            (void)unlinkat(parent, name, 0); /* it may never have been made */
            close(parent);
        }
        storage_set_known(storage, parts_index(storage), false);
        end_parts(storage);
        file_cache_retire(storage->cache, storage);
    }
    pthread_rwlock_unlock(&storage->layout);
    storage_close_retired(storage);
}
