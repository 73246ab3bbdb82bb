#include "tests/unit/disk/place.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

void place_rehash(struct place *place)
{
    struct metainfo *meta = place->meta;
    for (uint32_t i = 0; i < meta->piece_count; i++)
        digest_sha1(place->content + (size_t)i * meta->piece_bytes,
                    metainfo_piece_length(meta, i),
                    meta->piece_hashes + (size_t)i * SHA1_BYTES);
}

void place_make(struct place *place, uint32_t piece_bytes, const struct place_file *files,
                uint32_t count)
{
    struct random_seeded seeded;
    struct metainfo *meta = calloc(1, sizeof *meta);
    *place = (struct place){.meta = meta};
    snprintf(place->root, sizeof place->root, "/tmp/bttui-disk-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(place->root));
    snprintf(place->dir, sizeof place->dir, "%s/down", place->root);
    meta->files = calloc(count, sizeof *meta->files);
    meta->file_count = count;
    meta->piece_bytes = piece_bytes;
    meta->name = strdup("t");
    meta->comment = strdup("");
    meta->creator = strdup("");
    for (uint32_t i = 0; i < count; i++) {
        meta->files[i] = (struct metainfo_file){strdup(files[i].path), meta->total_bytes,
                                                files[i].length, files[i].pad};
        meta->total_bytes += files[i].length;
    }
    meta->piece_count = (uint32_t)((meta->total_bytes + piece_bytes - 1) / piece_bytes);
    meta->info = calloc(meta->piece_count, SHA1_BYTES);
    meta->piece_hashes = meta->info;
    place->content = malloc(meta->total_bytes);
    random_seeded_init(&seeded, 11);
    random_fill(&seeded.source, place->content, meta->total_bytes);
    for (uint32_t i = 0; i < count; i++)
        if (files[i].pad)
            memset(place->content + meta->files[i].offset, 0, meta->files[i].length);
    place_rehash(place);
    place->pool = block_pool_new((size_t)16 << 20);
}

static int remove_one(const char *path, const struct stat *status, int type,
                      struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

void place_done(struct place *place)
{
    nftw(place->root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    metainfo_free(place->meta);
    free(place->content);
    block_pool_free(place->pool);
}

const char *place_path(const struct place *place, const char *relative)
{
    static char paths[2][512];
    static int turn;
    turn = 1 - turn;
    snprintf(paths[turn], sizeof paths[turn], "%s/%s", place->dir, relative);
    return paths[turn];
}

static void make_parents(const char *path)
{
    char part[512];
    snprintf(part, sizeof part, "%s", path);
    for (char *slash = strchr(part + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(part, 0755);
        *slash = '/';
    }
}

void place_put(const char *path, const void *bytes, size_t length)
{
    make_parents(path);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
}

void place_write_all(const struct place *place)
{
    for (uint32_t i = 0; i < place->meta->file_count; i++) {
        const struct metainfo_file *file = &place->meta->files[i];
        if (!file->pad)
            place_put(place_path(place, file->path), place->content + file->offset,
                      file->length);
    }
}

bool place_set_default_acl(const char *dir)
{
    enum { OWNER = 1, USER = 2, GROUP = 4, MASK = 16, OTHERS = 32, NOBODY = -1 };
    const struct {
        uint32_t version;
        struct {
            uint16_t tag, permissions;
            int32_t id;
        } entries[5];
    } acl = {2,
             {{OWNER, 7, NOBODY},
              {USER, 7, 12345},
              {GROUP, 5, NOBODY},
              {MASK, 7, NOBODY},
              {OTHERS, 0, NOBODY}}};
    return setxattr(dir, "system.posix_acl_default", &acl, sizeof acl, 0) == 0;
}

uint64_t place_size(const struct place *place, const char *relative)
{
    struct stat status;
    return stat(place_path(place, relative), &status) == 0 ? (uint64_t)status.st_size
                                                           : UINT64_MAX;
}

static bool file_is_right(const struct place *place, const struct metainfo_file *file)
{
    uint8_t *bytes = malloc(file->length + 1);
    FILE *stream = fopen(place_path(place, file->path), "rb");
    const size_t got = stream != NULL ? fread(bytes, 1, file->length + 1, stream) : 0;
    const bool right = stream != NULL && got == file->length &&
                       memcmp(bytes, place->content + file->offset, got) == 0;
    if (stream != NULL)
        fclose(stream);
    free(bytes);
    return right;
}

bool place_is_right(const struct place *place)
{
    for (uint32_t i = 0; i < place->meta->file_count; i++)
        if (!place->meta->files[i].pad && !file_is_right(place, &place->meta->files[i]))
            return false;
    return true;
}

const uint8_t *place_at(const struct place *place, uint32_t piece, uint32_t begin)
{
    return place->content + (size_t)piece * place->meta->piece_bytes + begin;
}

struct block *place_chain(const struct place *place, uint32_t piece, uint32_t begin,
                          uint32_t length)
{
    struct block *chain = NULL, **tail = &chain;
    for (uint32_t at = begin; at < begin + length; at += BLOCK_BYTES) {
        const uint32_t left = begin + length - at;
        struct block *block = block_pool_take(place->pool);
        ck_assert_ptr_nonnull(block);
        block->piece = piece;
        block->begin = at;
        block->length = left < BLOCK_BYTES ? left : BLOCK_BYTES;
        memcpy(block->bytes, place_at(place, piece, at), block->length);
        *tail = block;
        tail = &block->next;
    }
    return chain;
}

uint32_t place_open_descriptors(void)
{
    uint32_t count = 0;
    DIR *dir = opendir("/proc/self/fd");
    ck_assert_ptr_nonnull(dir);
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count - 3; /* itself, "." and ".." */
}

/* ---- a Disk Manager at work on it ---- */

static void on_responses(void *context)
{
    (void)context;
}

void desk_open(struct desk *desk, struct place *place, uint32_t workers)
{
    *desk = (struct desk){.place = place,
                          .id = {3, 1},
                          .workers = workers,
                          .verify_writes = desk->verify_writes};
    desk->loop = loop_new(&loop_platform_system);
    const struct disk_manager_config config = {.loop = desk->loop,
                                               .pool = place->pool,
                                               .workers = workers,
                                               .verify_writes = desk->verify_writes,
                                               .on_responses = on_responses};
    desk->manager = disk_manager_new(&config);
    ck_assert_ptr_nonnull(desk->manager);
    ck_assert_int_eq(disk_manager_open(desk->manager, desk->id, place->meta, place->dir),
                     ERROR_NONE);
}

void desk_close(struct desk *desk)
{
    disk_manager_free(desk->manager);
    loop_free(desk->loop);
    ck_assert_uint_eq(block_pool_left(desk->place->pool),
                      block_pool_total(desk->place->pool));
}

struct message desk_next(struct desk *desk)
{
    struct message message;
    for (;;) { /* disks may be slow: the test's own time-out is for what never comes */
        disk_manager_run(desk->manager);
        while (disk_manager_take(desk->manager, &message))
            if (message.type != DISK_CHECKED_RANGE)
                return message;
        loop_turn(desk->loop, 10 * NS_PER_MS);
    }
}

bool desk_has_none(struct desk *desk)
{
    struct message message;
    for (int i = 0; i < 3; i++) {
        disk_manager_run(desk->manager);
        if (disk_manager_take(desk->manager, &message))
            return false;
        loop_turn(desk->loop, 5 * NS_PER_MS);
    }
    return true;
}

void desk_post(struct desk *desk, const struct message *request)
{
    ck_assert_int_eq(disk_manager_post(desk->manager, request), ERROR_NONE);
}

void desk_hash(struct desk *desk, uint32_t piece, uint32_t begin, uint32_t length,
               bool write_now)
{
    struct message request = {.type = DISK_HASH, .torrent = desk->id};
    request.u.run.chain = place_chain(desk->place, piece, begin, length);
    request.u.run.piece = piece;
    request.u.run.last =
        begin + length == metainfo_piece_length(desk->place->meta, piece);
    request.u.run.write_now = write_now;
    desk_post(desk, &request);
}

struct disk_job *desk_job(struct desk *desk, enum message_type type, struct disk_job *job)
{
    const struct message request = {.type = type, .torrent = desk->id, .u.job.job = job};
    desk_post(desk, &request);
    const struct message answer = desk_next(desk);
    ck_assert(answer.type == DISK_SYNCED || answer.type == DISK_JOB_DONE);
    ck_assert_ptr_eq(answer.u.job.job, job);
    ck_assert_int_eq(answer.u.job.job->request, type);
    job->error.code = answer.u.job.error;
    return job;
}
