/*
 * A peer's side of a session, in both roles: whatever it sends, cut in any way, brings
 * about the same events, leaves nothing behind and ends at worst in its disconnection.
 * The first byte chooses role, extensions and what we have, the second the cuts; the rest
 * follows the handshake and an unchoke, while blocks are asked for and some of them
 * cancelled. Where we have everything or some pieces, the peer has been unchoked and may
 * ask for them, and gets them or waits for them for ever; else we have none. With memory
 * for few blocks only, what comes about depends on the cuts, but still nothing is left
 * behind.
 */
#include "tests/unit/peer/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#define REQUESTS 24u

/* The bits of the first byte. */
enum {
    HOW_INCOMING = 1,
    HOW_FAST = 2,
    HOW_EXTENDED = 4,
    HOW_BITFIELD = 8,
    HOW_COMPLETE = 16,
    HOW_CANCEL = 32,
    HOW_DRY = 64,
    HOW_GIVING = 128 /* complete: serves; else has some pieces */
};

static void say_hello(struct rig *rig, struct script_peer *remote, uint8_t how)
{
    const struct net *net = vnet_host(rig->world.vnet, "10.0.0.2");
    const struct script_hello hello =
        rig_hello(rig, 'P', (how & HOW_FAST) != 0, (how & HOW_EXTENDED) != 0);
    if ((how & HOW_INCOMING) != 0) {
        script_peer_dial(remote, net, rig->world.loop, "10.0.0.1:6881");
    } else {
        script_peer_listen(remote, net, rig->world.loop, "10.0.0.2:7000");
        rig_connect(rig, "10.0.0.2:7000", PEER_SOURCE_MANUAL);
    }
    rig_run(rig, 20 * NS_PER_MS);
    script_peer_handshake(remote, &hello);
    if ((how & HOW_BITFIELD) != 0)
        script_peer_put(remote, 5, "\xff\xc0", 2);
    script_peer_put(remote, 1, NULL, 0);
    /* Interest is answered after a tenth of a second, and until then requests are bad. */
    const bool may_ask = (how & (HOW_COMPLETE | HOW_GIVING)) != 0;
    if (may_ask)
        script_peer_put(remote, 2, NULL, 0);
    rig_run(rig, may_ask ? 250 * NS_PER_MS : 20 * NS_PER_MS);
    /* Short blocks, so that a small input can hold many, and one whole. */
    for (uint32_t i = 0; i < REQUESTS; i++)
        rig_post_block(rig, PEER_REQUEST, rig->peer, i % 10, i / 10 * 16384,
                       i == 5 ? BLOCK_BYTES : 1 + i % 40);
    for (uint32_t i = 0; (how & HOW_CANCEL) != 0 && i < REQUESTS; i += 2)
        rig_post_block(rig, PEER_CANCEL, rig->peer, i % 10, i / 10 * 16384, 1 + i % 40);
    rig_run(rig, 20 * NS_PER_MS);
}

/* Sends it whole (CUT 0), in parts of CUT bytes, or of two lengths in turn. */
static void send_cut(struct rig *rig, struct script_peer *remote, const uint8_t *bytes,
                     size_t length, uint8_t cut)
{
    const size_t first = cut == 0 ? length : cut & 0x0f, second = cut >> 4;
    size_t at = 0;
    for (int i = 0; at < length; i++) {
        size_t part = i % 2 == 0 || second == 0 ? first : second * 8;
        part = part == 0 ? 1 : part;
        part = part < length - at ? part : length - at;
        script_peer_send(remote, bytes + at, part);
        at += part;
        rig_run(rig, 1100 * NS_PER_US);
        /* Time must not tell the runs apart: less than a second for all. */
        if (i > 300) {
            script_peer_send(remote, bytes + at, length - at);
            at = length;
        }
    }
    rig_run(rig, 20 * NS_PER_MS);
}

/* What we may read for it depends on when its change of mind is answered: wishes of a
 * tenth of a second are answered together. */
static void forget_wanted(char *story)
{
    char *to = story;
    for (char *line = story; *line != '\0';) {
        char *end = strchr(line, '\n');
        end = end == NULL ? line + strlen(line) : end + 1;
        const size_t length = (size_t)(end - line);
        if (strncmp(line, "wanted", 6) != 0) {
            memmove(to, line, length);
            to += length;
        }
        line = end;
    }
    *to = '\0';
}

static char *tell(const uint8_t *bytes, size_t length, uint8_t how, uint8_t cut,
                  bool deaf)
{
    const struct rig_config config = {.pieces = 10,
                                      .last_bytes = 20000,
                                      .pool_bytes =
                                          how & HOW_DRY ? 4 * BLOCK_BYTES : 2u << 20,
                                      .have_all = (how & HOW_COMPLETE) != 0};
    struct rig rig;
    struct script_peer remote;
    rig_init(&rig, &config);
    rig.serve = (how & (HOW_GIVING | HOW_DRY)) == HOW_GIVING;
    for (uint32_t piece = 0; (how & HOW_GIVING) != 0 && piece < 10; piece += 3)
        bitfield_set(&rig.have, piece);
    script_peer_init(&remote);
    say_hello(&rig, &remote, how);
    script_peer_set_deaf(&remote, deaf);
    send_cut(&rig, &remote, bytes, length, cut);
    char *story = strndup((const char *)rig.story.bytes, rig.story.length);
    if (story != NULL && (config.have_all || (how & HOW_GIVING) != 0))
        forget_wanted(story);
    script_peer_done(&remote);
    rig_run(&rig, 20 * NS_PER_MS);
    if (rig_done(&rig) != 0)
        abort();
    return story;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (length < 2 || length > 40000)
        return 0;
    const bool deaf = bytes[1] >= 0xf0; /* what it is given piles up */
    char *whole = tell(bytes + 2, length - 2, bytes[0], 0, deaf);
    char *parts = tell(bytes + 2, length - 2, bytes[0], bytes[1], deaf);
    if (whole == NULL || parts == NULL ||
        ((bytes[0] & HOW_DRY) == 0 && strcmp(whole, parts) != 0)) {
        fprintf(stderr, "whole:\n%s\nin parts:\n%s\n", whole, parts);
        abort();
    }
    free(whole);
    free(parts);
    return 0;
}
