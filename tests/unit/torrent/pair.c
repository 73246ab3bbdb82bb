#include "tests/unit/torrent/pair.h"

#include "torrent/commands.h"

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SLOWER       10u /* than one with nothing else to do is a machine or its disk */
#define DISK_NS      (3 * NS_PER_S) /* the work of an end takes no more of the loop's time */
#define DISK_SLOW_NS (60 * NS_PER_S) /* but so much of the machine's */

static const struct {
    const char *path; /* below the torrent's name */
    uint32_t length;
} layout[] = {{"a", 700001}, {"empty", 0}, {"sub/b", 3}, {"sub/c", 900000}};
#define FILES (sizeof layout / sizeof *layout)

static void put_path(struct buffer *out, const char *path)
{
    enum error_code error = buffer_append_text(out, "4:pathl");
    for (const char *at = path; at != NULL;) {
        const char *slash = strchr(at, '/');
        const size_t length = slash != NULL ? (size_t)(slash - at) : strlen(at);
        error |= buffer_printf(out, "%zu:%.*s", length, (int)length, at);
        at = slash != NULL ? slash + 1 : NULL;
    }
    error |= buffer_append_text(out, "e");
    ck_assert_int_eq(error, ERROR_NONE);
}

static void make_torrent(struct pair *pair, uint32_t piece_bytes, uint64_t total)
{
    struct buffer *out = &pair->torrent;
    uint8_t digest[SHA1_BYTES];
    struct metainfo_error why;
    buffer_init(out, (size_t)1 << 20);
    enum error_code error = buffer_append_text(out, "d4:infod5:filesl");
    for (size_t i = 0; i < FILES; i++) {
        error |= buffer_printf(out, "d6:lengthi%ue", layout[i].length);
        put_path(out, layout[i].path);
        error |= buffer_append_text(out, "e");
    }
    const uint64_t pieces = (total + piece_bytes - 1) / piece_bytes;
    error |=
        buffer_printf(out, "e4:name4:pair12:piece lengthi%ue6:pieces%llu:", piece_bytes,
                      (unsigned long long)pieces * SHA1_BYTES);
    for (uint64_t at = 0; at < total; at += piece_bytes) {
        const uint64_t left = total - at;
        digest_sha1(pair->content + at, left < piece_bytes ? left : piece_bytes, digest);
        error |= buffer_append(out, digest, SHA1_BYTES);
    }
    error |= buffer_append_text(out, "ee");
    ck_assert_int_eq(error, ERROR_NONE);
    ck_assert_int_eq(metainfo_parse(out->bytes, out->length, &pair->meta, &why),
                     ERROR_NONE);
}

void pair_open_loop(struct pair *pair)
{
    const struct loop_platform platform = patient_platform(&pair->time);
    pair->loop = loop_new(&platform);
    pair->net = net_system_new("127.0.0.1");
}

void pair_init(struct pair *pair, uint32_t piece_bytes)
{
    struct random_seeded seeded;
    uint64_t total = 0;
    *pair = (struct pair){0};
    snprintf(pair->root, sizeof pair->root, "/tmp/bttui-pair-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(pair->root));
    for (size_t i = 0; i < FILES; i++)
        total += layout[i].length;
    pair->content = malloc(total);
    random_seeded_init(&seeded, 99);
    random_fill(&seeded.source, pair->content, total);
    make_torrent(pair, piece_bytes, total);
    pair_open_loop(pair);
    snprintf(pair->seed.down, sizeof pair->seed.down, "%s/seed", pair->root);
    snprintf(pair->seed.state, sizeof pair->seed.state, "%s/seed.state", pair->root);
    snprintf(pair->leech.down, sizeof pair->leech.down, "%s/leech", pair->root);
    snprintf(pair->leech.state, sizeof pair->leech.state, "%s/leech.state", pair->root);
}

static int remove_one(const char *path, const struct stat *status, int type,
                      struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

void pair_done(struct pair *pair)
{
    session_free(pair->seed.session);
    session_free(pair->leech.session);
    net_system_free(pair->net);
    loop_free(pair->loop);
    metainfo_free(pair->meta);
    buffer_done(&pair->torrent);
    free(pair->content);
    nftw(pair->root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void pair_write_files(const struct pair *pair, const char *dir)
{
    char path[512];
    mkdir(dir, 0755);
    snprintf(path, sizeof path, "%s/pair", dir);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/pair/sub", dir);
    mkdir(path, 0755);
    for (uint32_t i = 0; i < pair->meta->file_count; i++) {
        const struct metainfo_file *file = &pair->meta->files[i];
        snprintf(path, sizeof path, "%s/%s", dir, file->path);
        FILE *stream = fopen(path, "wb");
        ck_assert_ptr_nonnull(stream);
        ck_assert_uint_eq(fwrite(pair->content + file->offset, 1, file->length, stream),
                          file->length);
        fclose(stream);
    }
}

bool pair_files_are_right(const struct pair *pair, const char *dir)
{
    uint8_t *bytes = malloc(pair->meta->total_bytes + 1);
    bool right = true;
    for (uint32_t i = 0; i < pair->meta->file_count; i++) {
        const struct metainfo_file *file = &pair->meta->files[i];
        char path[512];
        snprintf(path, sizeof path, "%s/%s", dir, file->path);
        FILE *stream = fopen(path, "rb");
        const size_t got =
            stream != NULL ? fread(bytes, 1, pair->meta->total_bytes + 1, stream) : 0;
        right &= stream != NULL && got == file->length &&
                 memcmp(bytes, pair->content + file->offset, got) == 0;
        if (stream != NULL)
            fclose(stream);
    }
    free(bytes);
    return right;
}

uint64_t pair_size(const char *dir, const char *name)
{
    char path[512];
    struct stat status;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return lstat(path, &status) == 0 ? (uint64_t)status.st_size : UINT64_MAX;
}

static void on_event(void *context, const struct message *event)
{
    struct side *side = context;
    side->completed += event->type == EVENT_COMPLETED;
    side->pieces += event->type == EVENT_PIECE;
    side->removed += event->type == EVENT_TORRENT_REMOVED;
    side->bans += event->type == EVENT_BAN;
    if (event->type == EVENT_CHECKED) {
        side->checked++;
        side->last_checked = event->u.piece.piece;
    } else if (event->type == EVENT_CHECKPOINT) {
        side->checkpoints++;
        side->last_checkpoint = event->u.piece.piece;
    } else if (event->type == EVENT_ERROR || event->type == EVENT_WARNING) {
        side->errors += event->type == EVENT_ERROR;
        side->warnings += event->type == EVENT_WARNING;
        snprintf(side->text, sizeof side->text, "%s", event->u.text.text);
    }
}

void side_open(struct pair *pair, struct side *side, bool keep)
{
    char message[SESSION_MESSAGE_SIZE];
    side->dht_nodes[0] = side->dht_node;
    const struct session_config config = {
        .dht = side->dht,
        .lsd = side->lsd,
        .pex = side->pex,
        .dht_nodes = side->dht_nodes,
        .dht_node_count = 1,
        .loop = pair->loop,
        .net = pair->net,
        .random = &random_system,
        .download_dir = side->down,
        .state_dir = keep ? side->state : NULL,
        .bind = "127.0.0.1",
        .workers = 2,
        .pool_bytes = (size_t)8 << 20,
        .incoming = true,
        .names = side->names,
        .incomplete_dir = side->incomplete,
        .incomplete_suffix = side->suffix,
        .sequential = side->sequential,
    };
    side->completed = side->checked = side->pieces = side->checkpoints = 0;
    side->errors = side->warnings = side->removed = side->bans = 0;
    ck_assert_msg(session_new(&config, &side->session, message) == ERROR_NONE, "%s",
                  message);
    ck_assert_int_eq(event_bus_listen(session_events(side->session), on_event, side),
                     ERROR_NONE);
    ck_assert_int_eq(session_restore(side->session, message), ERROR_NONE);
    side->id = session_at(side->session, 0);
}

enum error_code side_add(struct pair *pair, struct side *side,
                         const struct add_options *options)
{
    const struct add_options none = {0};
    char message[SESSION_MESSAGE_SIZE] = "";
    const enum error_code error =
        session_add_bytes(side->session, pair->torrent.bytes, pair->torrent.length,
                          options != NULL ? options : &none, &side->id, message);
    if (error != ERROR_NONE) {
        ck_assert_str_ne(message, "");
        snprintf(side->text, sizeof side->text, "%s", message);
    }
    return error;
}

static void on_stopped(void *context)
{
    *(bool *)context = true;
}

void side_close(struct pair *pair, struct side *side)
{
    bool stopped = false;
    const uint64_t begin_ns = loop_now_ns(pair->loop);
    const uint64_t began_ns = clock_now_ns(&clock_system);
    pair->time.limit_ns = pair->time.time.now_ns + DISK_NS;
    session_stop(side->session, on_stopped, &stopped);
    while (!stopped) {
        if (clock_now_ns(&clock_system) - began_ns > DISK_SLOW_NS)
            pair->time.limit_ns = UINT64_MAX; /* it hangs: the end comes all the same */
        loop_turn(pair->loop, 50 * NS_PER_MS);
    }
    pair->time.limit_ns = UINT64_MAX;
    ck_assert_uint_lt(loop_now_ns(pair->loop) - begin_ns, 5 * NS_PER_S);
    side_drop(side);
}

void side_drop(struct side *side)
{
    session_free(side->session);
    side->session = NULL;
}

struct torrent_info side_info(const struct side *side)
{
    struct torrent_info info;
    ck_assert(torrent_get_info(side->session, side->id, &info));
    return info;
}

bool side_is_complete(const struct side *side)
{
    const struct torrent_info info = side_info(side);
    return info.pieces_have == info.pieces && info.state != TORRENT_STATE_CHECKING;
}

bool pair_leech_complete(const struct pair *pair)
{
    return side_is_complete(&pair->leech);
}

bool pair_leech_ready(const struct pair *pair)
{
    return pair->leech.checked > 0;
}

static bool seed_ready(const struct pair *pair)
{
    return side_is_complete(&pair->seed);
}

void pair_seed(struct pair *pair)
{
    pair_write_files(pair, pair->seed.down);
    side_open(pair, &pair->seed, false);
    ck_assert_int_eq(side_add(pair, &pair->seed, NULL), ERROR_NONE);
    pair_until(pair, seed_ready, 20);
}

void pair_introduce(struct pair *pair)
{
    struct session_info info;
    struct netaddr address;
    session_get_info(pair->seed.session, &info);
    ck_assert_int_eq(netaddr_parse("127.0.0.1", info.port, &address), ERROR_NONE);
    torrent_add_peer(pair->leech.session, pair->leech.id, &address);
}

void pair_until(struct pair *pair, bool (*done)(const struct pair *pair),
                unsigned seconds)
{
    const uint64_t end_ns = loop_now_ns(pair->loop) + seconds * SLOWER * NS_PER_S;
    while (!done(pair)) {
        if (loop_now_ns(pair->loop) >= end_ns) {
            const struct torrent_info info = side_info(&pair->leech);
            ck_abort_msg("not in time; leech: %s, %u of %u pieces, %u peers (%s), %s",
                         torrent_state_word(info.state), info.pieces_have, info.pieces,
                         info.peers_connected, info.reason, pair->leech.text);
        }
        loop_turn(pair->loop, 50 * NS_PER_MS);
    }
}
