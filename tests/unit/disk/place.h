/* A torrent of chosen files with random content, and an empty directory to put it in. */
#ifndef BTTUI_TESTS_UNIT_DISK_PLACE_H
#define BTTUI_TESTS_UNIT_DISK_PLACE_H

#include "disk/disk_manager.h"

struct place_file {
    const char *path;
    uint64_t length;
    bool pad;
};

struct place {
    char root[64]; /* temporary; holds `dir` and whatever else a test wants */
    char dir[80];  /* the download directory; not made */
    struct metainfo *meta;
    uint8_t *content;
    struct block_pool *pool;
};

void place_make(struct place *place, uint32_t piece_bytes, const struct place_file *files,
                uint32_t count);
void place_done(struct place *place); /* deletes the directory */
/* Hashes CONTENT again: a test changed it. */
void place_rehash(struct place *place);

/* Writes the files as they should be, without the product. */
void place_write_all(const struct place *place);
/* Whether every file that is not padding is exactly right. */
bool place_is_right(const struct place *place);
/* "ROOT/…/RELATIVE" below the download directory; valid until the next call but one. */
const char *place_path(const struct place *place, const char *relative);
uint64_t place_size(const struct place *place,
                    const char *relative); /* UINT64_MAX: none */
void place_put(const char *path, const void *bytes, size_t length);

/* What is made in DIR may be written by user 12345, too, and read by the group. False:
 * the file system knows no such thing. */
bool place_set_default_acl(const char *dir);

/* Blocks from the pool with the content of a piece's [begin, begin + length). */
struct block *place_chain(const struct place *place, uint32_t piece, uint32_t begin,
                          uint32_t length);
const uint8_t *place_at(const struct place *place, uint32_t piece, uint32_t begin);

/* How many descriptors the process has open. */
uint32_t place_open_descriptors(void);

/* ---- a Disk Manager at work on it ---- */
struct desk {
    struct place *place;
    struct loop *loop;
    struct disk_manager *manager;
    struct torrent_id id;
    uint32_t workers;
    bool verify_writes; /* what desk_open asks for */
};
void desk_open(struct desk *desk, struct place *place, uint32_t workers);
void desk_close(struct desk *desk); /* all blocks must be back then */
/* The next response but progress, however long it takes. */
struct message desk_next(struct desk *desk);
bool desk_has_none(struct desk *desk);
void desk_post(struct desk *desk, const struct message *request);
/* One DISK_HASH with the blocks of [begin, begin + length) of a piece. */
void desk_hash(struct desk *desk, uint32_t piece, uint32_t begin, uint32_t length,
               bool write_now);
struct disk_job *desk_job(struct desk *desk, enum message_type type,
                          struct disk_job *job);

#endif
