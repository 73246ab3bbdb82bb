#include "torrent/verify_files.h"

#include "disk/file_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- looking ---- */

static enum verify_state state_of_errno(int errno_value)
{
    switch (errno_value) {
    case ENOENT:
    case ENOTDIR:
        return VERIFY_MISSING;
    case ELOOP:
    case EISDIR:
        return VERIFY_NOT_REGULAR;
    default:
        return VERIFY_UNREADABLE;
    }
}

static int stat_file(int dir_fd, const char *path, struct stat *ret_status)
{
    const char *name;
    const int parent = dir_fd < 0 ? -1 : file_walk_parent(dir_fd, path, false, &name);
    if (parent < 0)
        return errno;
    const int error =
        fstatat(parent, name, ret_status, AT_SYMLINK_NOFOLLOW) == 0 ? 0 : errno;
    close(parent);
    return error;
}

/* Why the check found no regular file there. */
static struct verify_file look_for(int dir_fd, const char *path)
{
    struct stat status;
    const int error = stat_file(dir_fd, path, &status);
    if (error == 0)
        return (struct verify_file){.state = VERIFY_NOT_REGULAR};
    return (struct verify_file){.state = state_of_errno(error), .errno_value = error};
}

static enum verify_state state_of_size(uint64_t found, uint64_t wanted)
{
    return found < wanted ? VERIFY_SHORT : found > wanted ? VERIFY_LONG : VERIFY_OK;
}

/* The file is one that was read, with one of its names, or else why it was not. */
static struct verify_file look_at(const struct data_check_config *check, int dir_fd,
                                  uint32_t number)
{
    const struct metainfo_file *file = &check->metainfo->files[number];
    const struct file_stamp *stamp = &check->ret_stamps[number];
    const int error = atomic_load(&check->ret_errnos[number]);
    if (file->pad)
        return (struct verify_file){.state = VERIFY_OK};
    if (stamp->size == UINT64_MAX)
        return look_for(dir_fd, file->path);
    return (struct verify_file){
        .state =
            error != 0 ? VERIFY_UNREADABLE : state_of_size(stamp->size, file->length),
        .errno_value = error,
        .unfinished =
            check->suffix != NULL && file_stamp_at(dir_fd, file->path).size == UINT64_MAX,
        .found_bytes = stamp->size};
}

void verify_look(const struct data_check_config *check, struct verify_file *ret_files)
{
    const int dir_fd = open(check->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    const int why = errno;
    for (uint32_t i = 0; i < check->metainfo->file_count; i++) {
        errno = why; /* of each, if there is no directory */
        ret_files[i] = look_at(check, dir_fd, i);
    }
    if (dir_fd >= 0)
        close(dir_fd);
}

/* ---- judging ---- */

struct range {
    uint32_t begin, end;
};

static struct range pieces_of(const struct metainfo *metainfo, uint32_t file)
{
    const struct metainfo_file *record = &metainfo->files[file];
    const uint32_t size = metainfo->piece_bytes;
    if (record->length == 0)
        return (struct range){0, 0};
    return (struct range){
        (uint32_t)(record->offset / size),
        (uint32_t)((record->offset + record->length + size - 1) / size)};
}

/* What is wrong with it takes bytes out of its pieces. */
static bool spoils_pieces(enum verify_state state)
{
    return state != VERIFY_OK && state != VERIFY_LONG;
}

/* The pieces that are bad whatever the other files in them are like. A short file is
 * taken for none at all: what there is of it shows in the pieces that are right. */
static void find_spoilt(const struct metainfo *metainfo, const struct verify_file *files,
                        struct bitfield *spoilt)
{
    for (uint32_t i = 0; i < metainfo->file_count; i++) {
        const struct range range = pieces_of(metainfo, i);
        for (uint32_t piece = range.begin;
             spoils_pieces(files[i].state) && piece < range.end; piece++)
            bitfield_set(spoilt, piece);
    }
}

static void judge_file(const struct bitfield *have, const struct bitfield *spoilt,
                       struct range range, struct verify_file *file)
{
    bool is_wrong = false;
    file->piece_count = range.end - range.begin;
    for (uint32_t piece = range.begin; piece < range.end; piece++) {
        file->piece_right += bitfield_get(have, piece);
        is_wrong |= !bitfield_get(have, piece) && !bitfield_get(spoilt, piece);
    }
    if (file->state == VERIFY_OK && file->piece_right < file->piece_count)
        file->state = is_wrong ? VERIFY_WRONG : VERIFY_UNCERTAIN;
}

enum error_code verify_judge(const struct metainfo *metainfo, const struct bitfield *have,
                             struct verify_file *files)
{
    struct bitfield spoilt;
    const enum error_code error = bitfield_init(&spoilt, metainfo->piece_count);
    if (error != ERROR_NONE)
        return error;
    find_spoilt(metainfo, files, &spoilt);
    for (uint32_t i = 0; i < metainfo->file_count; i++)
        if (!metainfo->files[i].pad)
            judge_file(have, &spoilt, pieces_of(metainfo, i), &files[i]);
    bitfield_done(&spoilt);
    return ERROR_NONE;
}

const char *verify_state_word(enum verify_state state)
{
    static const char *const words[] = {
        [VERIFY_OK] = "ok",
        [VERIFY_MISSING] = "missing",
        [VERIFY_NOT_REGULAR] = "not-regular",
        [VERIFY_UNREADABLE] = "unreadable",
        [VERIFY_SHORT] = "short",
        [VERIFY_LONG] = "long",
        [VERIFY_WRONG] = "wrong",
        [VERIFY_UNCERTAIN] = "uncertain",
    };
    return words[state];
}
