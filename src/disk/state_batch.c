/* State files are written: one or many, with the same care and few waits. */
#include "disk/state_file_private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Every fdatasync(2) waits for the drive: from so many files on one syncfs(2) is sooner
 * done, though it takes along what others have written. */
#define SYNC_TOGETHER 8u

enum step {
    STEP_OVER,    /* nothing more to do, or failed */
    STEP_WAITING, /* for its content to be written */
    STEP_WRITTEN, /* aside */
    STEP_NAMED    /* the directory is to be synced */
};

struct batch {
    int dir_fd;
    struct state_change *changes;
    enum step steps[STATE_BATCH_MOST];
    uint16_t by[STATE_BATCH_MOST]; /* whose change counts */
    size_t count;
};

static enum error_code write_all(int fd, const uint8_t *bytes, size_t length)
{
    while (length > 0) {
        const ssize_t wrote = write(fd, bytes, length);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return error_from_errno(wrote < 0 ? errno : ENOSPC);
        bytes += wrote;
        length -= (size_t)wrote;
    }
    return ERROR_NONE;
}

/* A mask for the user's own files (umask 0777) is not meant for these, which could not be
 * read in the next session. Where modes cannot be changed it is as it is. */
static void make_ours(int fd)
{
    struct stat status;
    if (fstat(fd, &status) == 0 && (status.st_mode & 0777) != 0600)
        fchmod(fd, 0600);
}

static void name_aside(const struct state_change *change, char ret_aside[NAME_MAX])
{
    snprintf(ret_aside, NAME_MAX, "%s.new", change->name);
}

static void fail(struct batch *batch, size_t i, enum error_code error)
{
    char aside[NAME_MAX];
    name_aside(&batch->changes[i], aside);
    unlinkat(batch->dir_fd, aside, 0);
    batch->changes[i].error = error;
    batch->steps[i] = STEP_OVER;
}

/* ---- contents ---- */

static enum error_code write_aside(int dir_fd, const struct state_change *change,
                                   bool sync)
{
    uint8_t header[STATE_FILE_HEADER_BYTES];
    char aside[NAME_MAX];
    name_aside(change, aside);
    const int fd = openat(dir_fd, aside,
                          O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return error_from_errno(errno);
    make_ours(fd);
    enum error_code error = ERROR_NONE;
    if (!change->raw) {
        state_file_header(change->bytes, change->length, header);
        error = write_all(fd, header, sizeof header);
    }
    if (error == ERROR_NONE)
        error = write_all(fd, change->bytes, change->length);
    if (error == ERROR_NONE && sync && fdatasync(fd) != 0)
        error = error_from_errno(errno);
    if (close(fd) != 0 && error == ERROR_NONE)
        error = error_from_errno(errno);
    return error;
}

static size_t count_in(const struct batch *batch, enum step step)
{
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++)
        count += batch->steps[i] == step;
    return count;
}

/* What was written without a wait is durable, or has failed. Before Linux 5.8 syncfs(2)
 * told nothing of data; what came of them the file itself tells without another wait. */
static void sync_contents(struct batch *batch)
{
    const bool synced = syncfs(batch->dir_fd) == 0;
    for (size_t i = 0; i < batch->count; i++) {
        char aside[NAME_MAX];
        if (batch->steps[i] != STEP_WRITTEN)
            continue;
        name_aside(&batch->changes[i], aside);
        const int fd = openat(batch->dir_fd, aside, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
        const bool done =
            fd >= 0 &&
            (synced ? sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WAIT_BEFORE) == 0
                    : fdatasync(fd) == 0);
        const int error = errno;
        if (fd >= 0)
            close(fd);
        if (!done)
            fail(batch, i, error_from_errno(error));
    }
}

static void write_contents(struct batch *batch)
{
    const bool together = count_in(batch, STEP_WAITING) >= SYNC_TOGETHER;
    for (size_t i = 0; i < batch->count; i++) {
        struct state_change *change = &batch->changes[i];
        if (batch->steps[i] != STEP_WAITING)
            continue;
        if (!change->raw && state_file_is_newer(batch->dir_fd, change->name)) {
            change->error = ERROR_UNSUPPORTED;
            batch->steps[i] = STEP_OVER;
            continue;
        }
        batch->steps[i] = STEP_WRITTEN;
        const enum error_code error = write_aside(batch->dir_fd, change, !together);
        if (error != ERROR_NONE)
            fail(batch, i, error);
    }
    if (together)
        sync_contents(batch);
}

/* ---- names ---- */

/* How much of NAME is the directory that holds it. */
static size_t parent_length(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash == NULL ? 0 : (size_t)(slash - name);
}

/* A rename is durable when the directory that holds NAME is. */
static enum error_code sync_parent(int dir_fd, const char *name)
{
    char parent[NAME_MAX];
    const size_t length = parent_length(name);
    snprintf(parent, sizeof parent, "%.*s", length == 0 ? 1 : (int)length,
             length == 0 ? "." : name);
    const int fd =
        openat(dir_fd, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return error_from_errno(errno);
    const enum error_code error =
        fsync(fd) == 0 || errno == EINVAL ? ERROR_NONE : error_from_errno(errno);
    close(fd);
    return error;
}

/* The previous generation is a second name of the file about to be replaced. A file
 * system without links goes without it. */
static enum error_code keep_previous(int dir_fd, const char *name)
{
    char previous[NAME_MAX];
    snprintf(previous, sizeof previous, "%s.prev", name);
    unlinkat(dir_fd, previous, 0);
    return linkat(dir_fd, name, dir_fd, previous, 0) != 0 && errno == EIO ? ERROR_SYSTEM
                                                                          : ERROR_NONE;
}

static void put_in_place(struct batch *batch, size_t i)
{
    const struct state_change *change = &batch->changes[i];
    char aside[NAME_MAX];
    name_aside(change, aside);
    enum error_code error =
        change->raw ? ERROR_NONE : keep_previous(batch->dir_fd, change->name);
    if (error == ERROR_NONE &&
        renameat(batch->dir_fd, aside, batch->dir_fd, change->name) != 0)
        error = error_from_errno(errno);
    batch->steps[i] = STEP_NAMED;
    if (error != ERROR_NONE)
        fail(batch, i, error);
}

/* All that was named in the directory of change I is durable. */
static void sync_names(struct batch *batch, size_t i)
{
    const char *name = batch->changes[i].name;
    const size_t length = parent_length(name);
    const enum error_code error = sync_parent(batch->dir_fd, name);
    for (size_t k = i; k < batch->count; k++) {
        struct state_change *other = &batch->changes[k];
        if (batch->steps[k] != STEP_NAMED || parent_length(other->name) != length ||
            memcmp(other->name, name, length) != 0)
            continue;
        other->error = error;
        batch->steps[k] = STEP_OVER;
    }
}

/* BELOW: those in directories below, or else the others. */
static void enter_names(struct batch *batch, bool below)
{
    for (size_t i = 0; i < batch->count; i++)
        if (batch->steps[i] == STEP_WRITTEN &&
            (parent_length(batch->changes[i].name) > 0) == below)
            put_in_place(batch, i);
    for (size_t i = 0; i < batch->count; i++)
        if (batch->steps[i] == STEP_NAMED)
            sync_names(batch, i);
}

/* ---- all of it ---- */

static int compare_names(const void *a, const void *b)
{
    const struct state_change *one = *(struct state_change *const *)a;
    const struct state_change *two = *(struct state_change *const *)b;
    const int order = strcmp(one->name, two->name);
    return order != 0 ? order : one < two ? -1 : one > two;
}

static void find_last(struct batch *batch)
{
    struct state_change *sorted[STATE_BATCH_MOST];
    for (size_t i = 0; i < batch->count; i++)
        sorted[i] = &batch->changes[i];
    qsort(sorted, batch->count, sizeof *sorted, compare_names);
    for (size_t i = batch->count; i-- > 0;) {
        const size_t own = (size_t)(sorted[i] - batch->changes);
        const bool last =
            i + 1 == batch->count || strcmp(sorted[i]->name, sorted[i + 1]->name) != 0;
        batch->by[own] = last ? (uint16_t)own : batch->by[sorted[i + 1] - batch->changes];
        batch->steps[own] = last && !sorted[i]->remove ? STEP_WAITING : STEP_OVER;
    }
}

void state_file_change(int dir_fd, struct state_change *changes, size_t count)
{
    struct batch batch = {.dir_fd = dir_fd, .changes = changes, .count = count};
    for (size_t i = 0; i < count; i++)
        changes[i].error = ERROR_NONE;
    find_last(&batch);
    write_contents(&batch);
    enter_names(&batch, true);
    enter_names(&batch, false);
    for (size_t i = 0; i < count; i++) {
        if (batch.by[i] != i)
            changes[i].error = changes[batch.by[i]].error;
        else if (changes[i].remove)
            state_file_remove(dir_fd, changes[i].name);
    }
}

static enum error_code change_one(int dir_fd, struct state_change change)
{
    state_file_change(dir_fd, &change, 1);
    return change.error;
}

enum error_code state_file_save(int dir_fd, const char *name, const void *bytes,
                                size_t length)
{
    return change_one(dir_fd,
                      (struct state_change){name, bytes, length, false, false, 0});
}

enum error_code state_file_save_raw(int dir_fd, const char *name, const void *bytes,
                                    size_t length)
{
    return change_one(dir_fd, (struct state_change){name, bytes, length, true, false, 0});
}
