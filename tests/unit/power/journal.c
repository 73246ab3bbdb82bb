#include "tests/unit/power/journal.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ACTS_MAX  4096u
#define NODES_MAX 1024u
#define NAMES_MAX 1024u

struct record {
    enum act act;
    ino_t dir, inode;
    bool is_dir;
    char name[80], name_to[80];
    uint64_t offset;
    uint8_t *bytes;
    size_t length;
    struct timespec mtime; /* of INODE, after it */
};

static struct record acts[ACTS_MAX];
static uint32_t count;
static bool on;
static char root[256], pool[256];
static ino_t root_inode;

bool journal_is_on(void)
{
    return on;
}

uint32_t journal_count(void)
{
    return count;
}

static bool is_below_root(const char *path)
{
    const size_t length = strlen(root);
    return strncmp(path, root, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static bool fd_is_below_root(int fd)
{
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t length = readlink(link, path, sizeof path - 1);
    path[length > 0 ? length : 0] = '\0';
    return is_below_root(path);
}

bool journal_has(int dir_fd, const char *path)
{
    return path[0] == '/' ? is_below_root(path) : fd_is_below_root(dir_fd);
}

static struct record *next_act(enum act act)
{
    ck_assert_uint_lt(count, ACTS_MAX);
    struct record *record = &acts[count++];
    *record = (struct record){.act = act};
    return record;
}

void journal_note(enum act act, ino_t dir, const char *name, const char *name_to,
                  ino_t inode, bool is_dir)
{
    struct record *record = next_act(act);
    record->dir = dir;
    record->inode = inode;
    record->is_dir = is_dir;
    snprintf(record->name, sizeof record->name, "%s", name);
    snprintf(record->name_to, sizeof record->name_to, "%s",
             name_to != NULL ? name_to : "");
}

void journal_note_data(enum act act, int fd, const void *bytes, size_t length,
                       uint64_t offset)
{
    struct stat status;
    if (!on || fstat(fd, &status) != 0 || !fd_is_below_root(fd))
        return;
    struct record *record = next_act(act);
    record->inode = status.st_ino;
    record->mtime = status.st_mtim;
    record->offset = offset;
    record->length = length;
    if (length > 0) {
        record->bytes = malloc(length);
        memcpy(record->bytes, bytes, length);
    }
}

static void pool_path(ino_t inode, char ret_path[300])
{
    snprintf(ret_path, 300, "%s/%lu", pool, (unsigned long)inode);
}

int __real_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags);
int __real_mkdir(const char *path, mode_t mode);
ssize_t __real_write(int fd, const void *bytes, size_t length);

void journal_keep(int dir_fd, const char *path, ino_t inode)
{
    char kept[300];
    pool_path(inode, kept);
    ck_assert_int_eq(__real_linkat(dir_fd, path, AT_FDCWD, kept, 0), 0);
}

/* ---- what is there at the start ---- */

static void take_in_file(const char *path, ino_t inode)
{
    static uint8_t bytes[1 << 20];
    char kept[300];
    pool_path(inode, kept);
    if (access(kept, F_OK) != 0)
        ck_assert_int_eq(__real_linkat(AT_FDCWD, path, AT_FDCWD, kept, 0), 0);
    const int fd = open(path, O_RDONLY);
    ck_assert_int_ge(fd, 0);
    const ssize_t got = read(fd, bytes, sizeof bytes);
    ck_assert(got >= 0 && (size_t)got < sizeof bytes);
    on = true;
    journal_note_data(ACT_TRUNCATE, fd, NULL, 0, 0); /* even an empty file has a time */
    journal_note_data(ACT_WRITE, fd, bytes, (size_t)got, 0);
    on = false;
    close(fd);
}

static int take_in(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    struct stat parent;
    char dir[PATH_MAX];
    if (at->level == 0)
        return 0;
    snprintf(dir, sizeof dir, "%.*s", at->base - 1, path);
    ck_assert_int_eq(stat(dir, &parent), 0);
    journal_note(ACT_NAME, parent.st_ino, path + at->base, NULL, status->st_ino,
                 kind == FTW_D);
    if (kind == FTW_F)
        take_in_file(path, status->st_ino);
    return 0;
}

void journal_begin(const char *root_path, const char *pool_path_)
{
    struct stat status;
    for (uint32_t i = 0; i < count; i++)
        free(acts[i].bytes);
    count = 0;
    snprintf(root, sizeof root, "%s", root_path);
    snprintf(pool, sizeof pool, "%s", pool_path_);
    ck_assert_int_eq(stat(root, &status), 0);
    root_inode = status.st_ino;
    ck_assert_int_eq(nftw(root, take_in, 8, FTW_PHYS), 0);
    next_act(ACT_SYNC_ALL);
    on = true;
}

void journal_end(void)
{
    on = false;
}

/* ---- an image ---- */

struct node {
    ino_t inode;
    uint8_t *bytes;
    uint64_t size, room;
    struct timespec mtime;
};

struct entry {
    ino_t dir, inode;
    bool is_dir;
    char name[80];
};

static struct node nodes[NODES_MAX];
static uint32_t node_count;
static struct entry names[NAMES_MAX];
static uint32_t name_count;

static struct node *node_of(ino_t inode)
{
    for (uint32_t i = 0; i < node_count; i++)
        if (nodes[i].inode == inode)
            return &nodes[i];
    ck_assert_uint_lt(node_count, NODES_MAX);
    nodes[node_count] = (struct node){.inode = inode};
    return &nodes[node_count++];
}

static void grow(struct node *node, uint64_t size)
{
    if (size > node->room) {
        node->bytes = realloc(node->bytes, size);
        memset(node->bytes + node->room, 0, size - node->room);
        node->room = size;
    }
    if (size > node->size)
        node->size = size;
}

static void put_part(struct node *node, const struct record *record, size_t from,
                     size_t to)
{
    grow(node, record->offset + to);
    memcpy(node->bytes + record->offset + from, record->bytes + from, to - from);
}

static void apply_data(const struct record *record)
{
    struct node *node = node_of(record->inode);
    if (record->act == ACT_WRITE && record->length > 0) {
        put_part(node, record, 0, record->length);
    } else if (record->act == ACT_TRUNCATE) {
        if (record->offset < node->size)
            memset(node->bytes + record->offset, 0, node->size - record->offset);
        grow(node, record->offset);
        node->size = record->offset;
    }
    node->mtime = record->mtime;
}

/* Some of its sectors, and perhaps a size for those that are not there. */
static void apply_torn(const struct record *record, const struct random_source *random)
{
    struct node *node = node_of(record->inode);
    const size_t sector = random_below(random, 2) == 0 ? 512 : 4096;
    const uint32_t luck = random_below(random, 4); /* of four sectors, so many */
    for (size_t from = 0; from < record->length;) {
        const size_t border = (record->offset + from) / sector * sector + sector;
        const size_t end = (size_t)(border - record->offset);
        const size_t to = end < record->length ? end : record->length;
        if (random_below(random, 4) < luck)
            put_part(node, record, from, to);
        from = to;
    }
    if (random_below(random, 2) == 0)
        grow(node, record->offset + record->length);
}

static bool is_synced(uint32_t number, ino_t inode, uint32_t end)
{
    for (uint32_t i = number + 1; i < end; i++)
        if (acts[i].act == ACT_SYNC_ALL ||
            (acts[i].act == ACT_SYNC && acts[i].inode == inode))
            return true;
    return false;
}

static void make_data(uint32_t end, enum power_mode mode,
                      const struct random_source *random)
{
    static uint32_t loose[ACTS_MAX];
    uint32_t loose_count = 0;
    for (uint32_t i = 0; i < end; i++) {
        const struct record *record = &acts[i];
        if (record->act != ACT_WRITE && record->act != ACT_TRUNCATE)
            continue;
        if (mode == POWER_KILL || is_synced(i, record->inode, end))
            apply_data(record);
        else
            loose[loose_count++] = i;
    }
    for (uint32_t i = loose_count; mode >= POWER_JOURNAL && i > 0; i--) {
        const uint32_t pick = random_below(random, i); /* in any order */
        const struct record *record = &acts[loose[pick]];
        loose[pick] = loose[i - 1];
        const uint32_t fate = random_below(random, 4);
        if (fate == 0)
            apply_data(record);
        else if (fate == 1 && record->act == ACT_WRITE)
            apply_torn(record, random);
        if (random_below(random, 2) == 0) /* the time travels by itself */
            node_of(record->inode)->mtime = record->mtime;
    }
}

static struct entry *find_name(ino_t dir, const char *name)
{
    for (uint32_t i = 0; i < name_count; i++)
        if (names[i].dir == dir && strcmp(names[i].name, name) == 0)
            return &names[i];
    return NULL;
}

static void set_name(ino_t dir, const char *name, ino_t inode, bool is_dir)
{
    struct entry *entry = find_name(dir, name);
    if (entry == NULL) {
        ck_assert_uint_lt(name_count, NAMES_MAX);
        entry = &names[name_count++];
    }
    *entry = (struct entry){.dir = dir, .inode = inode, .is_dir = is_dir};
    snprintf(entry->name, sizeof entry->name, "%s", name);
}

static void apply_name(const struct record *record)
{
    struct entry *entry = find_name(record->dir, record->name);
    if (record->act == ACT_NAME) {
        set_name(record->dir, record->name, record->inode, record->is_dir);
    } else if (entry != NULL) {
        const struct entry was = *entry;
        *entry = names[--name_count];
        if (record->act == ACT_MOVE)
            set_name(record->dir, record->name_to, was.inode, was.is_dir);
    }
}

/* With a journal, whatever is synced takes the names that changed before with it. */
static uint32_t last_commit(uint32_t end)
{
    uint32_t last = 0;
    for (uint32_t i = 0; i < end; i++)
        if (acts[i].act == ACT_SYNC || acts[i].act == ACT_SYNC_ALL)
            last = i;
    return last;
}

static void make_names(uint32_t end, enum power_mode mode,
                       const struct random_source *random)
{
    const uint32_t commit = last_commit(end);
    const uint32_t cut = commit + random_below(random, end - commit + 1);
    for (uint32_t i = 0; i < end; i++) {
        const struct record *record = &acts[i];
        if (record->act > ACT_MOVE)
            continue;
        const bool kept = mode == POWER_KILL || is_synced(i, record->dir, end) ||
                          (mode == POWER_JOURNAL && i < cut) ||
                          (mode == POWER_RANDOM && random_below(random, 2) == 0);
        if (kept)
            apply_name(record);
    }
}

static int remove_one(const char *path, const struct stat *status, int type,
                      struct FTW *walk)
{
    (void)status;
    (void)type;
    return walk->level == 0 ? 0 : remove(path);
}

static void put_file(const struct entry *entry, const char *path)
{
    char kept[300];
    const struct node *node = node_of(entry->inode);
    const struct timespec times[2] = {node->mtime, node->mtime};
    pool_path(entry->inode, kept);
    const int fd = open(kept, O_WRONLY | O_TRUNC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(__real_write(fd, node->bytes, node->size), (ssize_t)node->size);
    ck_assert_int_eq(futimens(fd, times), 0);
    close(fd);
    ck_assert_int_eq(__real_linkat(AT_FDCWD, kept, AT_FDCWD, path, 0), 0);
}

/* Depth is that of the few directories a torrent and its state have. */
static void put_dir(ino_t dir, const char *path, int depth)
{
    char below[512];
    ck_assert_int_lt(depth, 8);
    for (uint32_t i = 0; i < name_count; i++) {
        const struct entry *entry = &names[i];
        if (entry->dir != dir)
            continue;
        snprintf(below, sizeof below, "%.300s/%s", path, entry->name);
        if (!entry->is_dir) {
            put_file(entry, below);
        } else {
            ck_assert_int_eq(__real_mkdir(below, 0700), 0);
            put_dir(entry->inode, below, depth + 1);
        }
    }
}

void journal_make_image(uint32_t end, enum power_mode mode,
                        const struct random_source *random)
{
    ck_assert(!on);
    for (uint32_t i = 0; i < node_count; i++)
        free(nodes[i].bytes);
    node_count = name_count = 0;
    make_data(end, mode, random);
    make_names(end, mode, random);
    ck_assert_int_eq(nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    put_dir(root_inode, root, 0);
}
