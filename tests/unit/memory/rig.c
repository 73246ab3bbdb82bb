#include "tests/unit/memory/rig.h"

#include "base/digest.h"
#include "tests/lib/vnet.h"
#include "torrent/commands.h"
#include "torrent/looks.h"

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOTAL_BYTES RIG_TOTAL_BYTES
#define PORT        6881u

static uint8_t content[TOTAL_BYTES];

static uint32_t piece_length(uint32_t piece)
{
    const uint32_t left = TOTAL_BYTES - piece * RIG_PIECE_BYTES;
    return left < RIG_PIECE_BYTES ? left : RIG_PIECE_BYTES;
}

/* ---- the tracker (BEP 15): everybody hears of the seed ---- */

static void on_packet(void *context, const struct netaddr *from, const uint8_t *bytes,
                      size_t length)
{
    struct rig *rig = context;
    struct netaddr tracker;
    uint8_t answer[26] = {0};
    size_t answer_length = 16;
    if (length < 16)
        return;
    memcpy(answer + 4, bytes + 12, 4);
    if (bytes[11] == 0) {
        be32_put(answer + 12, 77); /* a connection */
    } else {
        answer[3] = 1;
        be32_put(answer + 8, 1800);
        memcpy(answer + 20, "\x0a\0\0\1", 4);
        answer[24] = PORT >> 8;
        answer[25] = PORT & 0xff;
        answer_length = sizeof answer;
    }
    if (netaddr_parse(RIG_TRACKER, 80, &tracker) == ERROR_NONE)
        vnet_send_udp(rig->world.vnet, &tracker, from, answer, answer_length);
}

/* ---- the torrent ---- */

static const struct {
    const char *path, *bencoded;
    uint32_t begin, length;
} files[] = {{"a", "1:a", 0, 90000},
             {"empty", "5:empty", 90000, 0},
             {"sub/b", "3:sub1:b", 90000, TOTAL_BYTES - 90000}};
#define FILES (sizeof files / sizeof *files)

static void make_torrent(struct rig *rig)
{
    struct buffer *out = &rig->torrent;
    struct random_seeded seeded;
    buffer_init(out, (size_t)1 << 20);
    random_seeded_init(&seeded, 5);
    random_fill(&seeded.source, content, sizeof content);
    enum error_code error =
        buffer_append_text(out, "d8:announce22:udp://tracker.test:80/4:infod5:filesl");
    for (size_t i = 0; i < FILES; i++)
        error |= buffer_printf(out, "d6:lengthi%ue4:pathl%see", files[i].length,
                               files[i].bencoded);
    error |=
        buffer_printf(out, "e4:name4:data12:piece lengthi%ue6:pieces%u:", RIG_PIECE_BYTES,
                      RIG_PIECES * SHA1_BYTES);
    for (uint32_t i = 0; i < RIG_PIECES; i++) {
        uint8_t digest[SHA1_BYTES];
        digest_sha1(content + i * RIG_PIECE_BYTES, piece_length(i), digest);
        error |= buffer_append(out, digest, SHA1_BYTES);
    }
    error |= buffer_append_text(out, "ee");
    ck_assert_int_eq(error, ERROR_NONE);
}

static void path_of(const char *dir, size_t file, char ret_path[160])
{
    snprintf(ret_path, 160, "%s/data/%s", dir, files[file].path);
}

static void write_files(const char *dir)
{
    char path[160];
    snprintf(path, sizeof path, "%s/data", dir);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    strcat(path, "/sub");
    ck_assert_int_eq(mkdir(path, 0700), 0);
    for (size_t i = 0; i < FILES; i++) {
        path_of(dir, i, path);
        FILE *stream = fopen(path, "wb");
        ck_assert_ptr_nonnull(stream);
        ck_assert_uint_eq(fwrite(content + files[i].begin, 1, files[i].length, stream),
                          files[i].length);
        fclose(stream);
    }
}

uint32_t rig_pieces_there(const struct rig *rig, bool ret_there[RIG_PIECES])
{
    static uint8_t bytes[TOTAL_BYTES + 1];
    uint32_t count = 0;
    char path[160];
    memset(bytes, 0, sizeof bytes);
    for (size_t i = 0; i < FILES; i++) {
        path_of(rig->down, i, path);
        FILE *stream = fopen(path, "rb");
        if (stream == NULL)
            continue;
        const size_t got = fread(bytes + files[i].begin, 1, files[i].length, stream);
        ck_assert_uint_le(got, files[i].length);
        fclose(stream);
    }
    for (uint32_t i = 0; i < RIG_PIECES; i++) {
        const uint32_t at = i * RIG_PIECE_BYTES;
        ret_there[i] = memcmp(bytes + at, content + at, piece_length(i)) == 0;
        count += ret_there[i];
    }
    return count;
}

bool rig_files_are_right(const struct rig *rig)
{
    bool there[RIG_PIECES];
    struct stat status;
    char path[160];
    path_of(rig->down, 1, path);
    return rig_pieces_there(rig, there) == RIG_PIECES && lstat(path, &status) == 0;
}

/* ---- the world ---- */

void rig_init(struct rig *rig)
{
    struct netaddr tracker;
    *rig = (struct rig){0};
    world_init(&rig->world, 11);
    snprintf(rig->root, sizeof rig->root, "%s/bttui-memory-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(rig->root));
    snprintf(rig->down, sizeof rig->down, "%s/down", rig->root);
    snprintf(rig->state, sizeof rig->state, "%s/state", rig->root);
    snprintf(rig->seed_down, sizeof rig->seed_down, "%s/seed", rig->root);
    ck_assert_int_eq(mkdir(rig->seed_down, 0700), 0);
    make_torrent(rig);
    ck_assert_int_eq(netaddr_parse(RIG_TRACKER, 0, &tracker), ERROR_NONE);
    vnet_set_name(rig->world.vnet, "tracker.test", &tracker, 1);
    vnet_serve_udp(rig->world.vnet, RIG_TRACKER ":80", on_packet, rig);
}

static int remove_one(const char *path, const struct stat *status, int type,
                      struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

void rig_done(struct rig *rig)
{
    session_free(rig->seed);
    world_done(&rig->world);
    buffer_done(&rig->torrent);
    nftw(rig->root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static struct session *open_at(struct rig *rig, const char *host, const char *down,
                               const char *state, char *message)
{
    struct session *session = NULL;
    const struct session_config config = {
        .loop = rig->world.loop,
        /* The host is not changed by whoever uses it. */
        .net = (struct net *)(uintptr_t)vnet_host(rig->world.vnet, host),
        .random = &rig->world.random.source,
        .download_dir = down,
        .state_dir = state,
        .port = PORT,
        .workers = UINT32_MAX,
        .pool_bytes = (size_t)1 << 20,
        .incoming = true,
        .verify_writes = rig->verify_writes,
    };
    message[0] = '\0';
    return session_new(&config, &session, message) == ERROR_NONE ? session : NULL;
}

static enum error_code add(struct rig *rig, struct session *session, char *message)
{
    const struct add_options options = {0};
    struct torrent_id id;
    return session_add_bytes(session, rig->torrent.bytes, rig->torrent.length, &options,
                             &id, message);
}

void rig_seed(struct rig *rig)
{
    write_files(rig->seed_down);
    rig_open_seed(rig);
}

void rig_open_seed(struct rig *rig)
{
    char message[SESSION_MESSAGE_SIZE];
    rig->seed = open_at(rig, RIG_SEED, rig->seed_down, NULL, message);
    ck_assert_msg(rig->seed != NULL, "%s", message);
    ck_assert_int_eq(add(rig, rig->seed, message), ERROR_NONE);
    ck_assert(rig_completes(rig, rig->seed, 10));
    session_set_limits(rig->seed, 0, rig->seed_up);
}

struct session *rig_open(struct rig *rig)
{
    return rig_open_at(rig, RIG_LEECH);
}

struct session *rig_open_at(struct rig *rig, const char *host)
{
    char message[SESSION_MESSAGE_SIZE];
    struct session *session = open_at(rig, host, rig->down, rig->state, message);
    if (session == NULL) {
        rig->untold |= message[0] == '\0';
        return NULL;
    }
    message[0] = '\0';
    if (session_restore(session, message) != ERROR_NONE)
        rig->untold |= message[0] == '\0';
    if (session_count(session) > 0 || rig->only_saved)
        return session;
    message[0] = '\0';
    if (add(rig, session, message) == ERROR_NONE)
        return session;
    rig->untold |= message[0] == '\0';
    session_free(session);
    return NULL;
}

static void on_stopped(void *context)
{
    *(bool *)context = true;
}

static bool is_true(const void *context)
{
    return *(const bool *)context;
}

void rig_close(struct rig *rig, struct session *session)
{
    bool stopped = false;
    session_stop(session, on_stopped, &stopped);
    rig->late |= !world_run_until(&rig->world, 6 * NS_PER_S, is_true, &stopped);
    session_free(session);
}

static bool is_over(const void *context)
{
    struct torrent_info info;
    struct session *session = *(struct session *const *)context;
    return !torrent_get_info(session, session_at(session, 0), &info) ||
           info.state == TORRENT_STATE_SEEDING;
}

bool rig_completes(struct rig *rig, struct session *session, unsigned seconds)
{
    struct torrent_info info;
    return world_run_until(&rig->world, seconds * NS_PER_S, is_over, &session) &&
           torrent_get_info(session, session_at(session, 0), &info) &&
           info.state == TORRENT_STATE_SEEDING && info.pieces_have == info.pieces;
}
