/*
 * A peer's side of a session of a v2 torrent: what it asks of the trees and answers of
 * them (BEP 52), between other messages. It ends at worst in its disconnection and leaves
 * nothing behind; hashes are taken only if they were asked for. The first byte chooses
 * who calls and how many hashes are asked of the peer, and whether leaves that it wants
 * are given or refused; the rest follows the handshake.
 */
#include "base/merkle.h"
#include "meta/hash_tree.h"
#include "tests/unit/peer/rig.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#define PIECES 5u
#define TURNS  8u

/* The bits of the first byte; the lowest four: how many hashes are asked for. */
enum { HOW_INCOMING = 16, HOW_GIVES = 32 };

static void post_hashes(struct rig *rig, enum message_type type,
                        const struct hash_request *request, uint32_t count)
{
    struct message message = {.type = type, .peer = rig->peer};
    message.u.hashes.length = HASH_REQUEST_BYTES + count * SHA256_BYTES;
    message.u.hashes.bytes = calloc(1, message.u.hashes.length);
    if (message.u.hashes.bytes == NULL)
        abort();
    hash_request_write(request, message.u.hashes.bytes);
    if (bus_post(rig->requests, &message) != ERROR_NONE)
        abort();
}

static void meet(struct rig *rig, struct script_peer *remote, bool incoming)
{
    const struct net *net = vnet_host(rig->world.vnet, "10.0.0.2");
    const struct script_hello hello = rig_hello(rig, 'P', true, false);
    if (incoming) {
        script_peer_dial(remote, net, rig->world.loop, "10.0.0.1:6881");
    } else {
        script_peer_listen(remote, net, rig->world.loop, "10.0.0.2:7000");
        rig_connect(rig, "10.0.0.2:7000", PEER_SOURCE_MANUAL);
    }
    rig_run(rig, 20 * NS_PER_MS);
    script_peer_handshake(remote, &hello);
    rig_run(rig, 20 * NS_PER_MS);
}

static void ask_peer(struct rig *rig, const struct metainfo *v2, uint32_t count)
{
    struct hash_request request;
    if (count == 15)
        count = 17; /* more than may be unanswered */
    for (uint32_t i = 0; i < count; i++) {
        if (i % 4 == 3)
            (void)hash_tree_ask_pieces(v2, 0, 0, &request);
        else
            (void)hash_tree_ask_leaves(v2, i % PIECES, 0, &request);
        post_hashes(rig, PEER_ASK_HASHES, &request, 0);
    }
    rig_run(rig, 20 * NS_PER_MS);
}

/* What it wanted of the disk until now is answered. */
static void answer(struct rig *rig, const struct metainfo *v2, bool gives,
                   uint32_t *answered)
{
    struct hash_request request;
    (void)hash_tree_ask_leaves(v2, 1, 0, &request);
    for (; *answered < rig->count[PEER_HASHES_WANTED]; (*answered)++)
        post_hashes(rig, PEER_SEND_HASHES, &request, gives ? 2 : 0);
}

static void talk(struct rig *rig, struct script_peer *remote, const struct metainfo *v2,
                 const uint8_t *bytes, size_t length, uint8_t how)
{
    uint32_t answered = 0;
    const uint32_t asked = how & 15u;
    ask_peer(rig, v2, asked);
    for (uint32_t turn = 0; turn < TURNS; turn++) {
        const size_t from = length * turn / TURNS, to = length * (turn + 1) / TURNS;
        script_peer_send(remote, bytes + from, to - from);
        rig_run(rig, 150 * NS_PER_MS);
        answer(rig, v2, (how & HOW_GIVES) != 0, &answered);
    }
    rig_run(rig, 20 * NS_PER_MS);
    if (rig->count[PEER_HASHES_ARRIVED] + rig->count[PEER_HASHES_REFUSED] > asked + 2)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static uint8_t roots[PIECES * SHA256_BYTES], root[SHA256_BYTES];
    static uint32_t file_number;
    static struct metainfo_file file = {NULL, 0, PIECES * 32768 - 5, false};
    const struct metainfo v2 = {.v2_only = true,
                                .piece_bytes = 32768,
                                .piece_count = PIECES,
                                .files = &file,
                                .file_count = 1,
                                .file_roots = root,
                                .piece_roots = roots,
                                .files_by_root = &file_number,
                                .rooted_count = 1,
                                .hash_v2 = "HHHHHHHHHHHHHHHHHHHHHHHHHHHHHHH"};
    const struct rig_config config = {.pieces = PIECES, .have_all = true, .v2 = &v2};
    struct rig rig;
    struct script_peer remote;
    if (length < 1 || length > 40000)
        return 0;
    memset(roots, 'r', sizeof roots);
    merkle_root(roots, PIECES, 1, 3, root);
    rig_init(&rig, &config);
    script_peer_init(&remote);
    meet(&rig, &remote, (bytes[0] & HOW_INCOMING) != 0);
    talk(&rig, &remote, &v2, bytes + 1, length - 1, bytes[0]);
    script_peer_done(&remote);
    rig_run(&rig, 20 * NS_PER_MS);
    if (rig_done(&rig) != 0)
        abort();
    return 0;
}
