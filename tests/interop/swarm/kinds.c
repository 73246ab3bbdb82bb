/* What each kind of peer does: HOSTILE.md's P rows, played by real sockets. */
#include "swarm.h"

#include "base/buffer.h"

#include <string.h>

enum {
    CHOKE,
    UNCHOKE,
    INTERESTED,
    NOT_INTERESTED,
    HAVE,
    BITFIELD,
    REQUEST,
    PIECE,
    CANCEL
};
enum { SUGGEST = 13, HAVE_ALL, HAVE_NONE, REJECT, ALLOWED_FAST, EXTENDED = 20 };

static void say(struct connection *c, uint8_t id)
{
    swarm_put_message(c, id, NULL, 0);
}

static void have_all_and_unchoke(struct connection *c)
{
    say(c, HAVE_ALL);
    say(c, UNCHOKE);
    c->unchoked = true;
}

static void have_none(struct connection *c)
{
    say(c, HAVE_NONE);
}

/* ---- honest ones ---- */

static void keep_requests(struct connection *c, uint8_t id, const uint8_t *body,
                          uint32_t length)
{
    if (id == REQUEST && length == 12)
        swarm_push(c, body);
    if (id != CANCEL || length != 12)
        return;
    for (uint32_t i = 0; i < c->length; i++) {
        struct request *at = &c->queue[(c->head + i) % c->capacity];
        if (at->piece == be32_get(body) && at->begin == be32_get(body + 4))
            at->length = 0; /* rejected in its turn */
    }
}

/* Answers as many requests as fit; SPOIL_OF: one block in so many is wrong. */
static void answer(struct connection *c, uint64_t most_bytes, uint32_t spoil_of)
{
    struct request request;
    uint64_t sent = 0;
    while (sent < most_bytes && swarm_has_room(c, 1u << 18) && swarm_pop(c, &request)) {
        const uint32_t words[3] = {request.piece, request.begin, BLOCK};
        sent += request.length;
        if (request.length == 0)
            swarm_put_u32s(c, REJECT, words, 3);
        else
            swarm_put_piece(c, &request, spoil_of != 0 && swarm_random(spoil_of) == 0);
    }
}

static void serve(struct connection *c, uint8_t id, const uint8_t *body, uint32_t length)
{
    keep_requests(c, id, body, length);
    if (swarm_rate == 0)
        answer(c, UINT64_MAX, 0);
}

static void serve_at_rate(struct connection *c, uint64_t now_ms)
{
    const uint64_t passed_ms = now_ms - c->last_ms;
    const uint64_t bytes = swarm_rate == 0 ? UINT64_MAX : swarm_rate * passed_ms / 1000;
    c->last_ms = now_ms;
    answer(c, bytes, 0);
}

static void corrupt(struct connection *c, uint64_t now_ms)
{
    (void)now_ms;
    answer(c, UINT64_MAX, 1);
}

static void corrupt_rarely(struct connection *c, uint64_t now_ms)
{
    (void)now_ms;
    answer(c, 65536, 10);
}

/* ---- those that give little or nothing ---- */

static void take_and_forget(struct connection *c, uint8_t id, const uint8_t *body,
                            uint32_t length)
{
    (void)c, (void)id, (void)body, (void)length;
}

static void a_block_a_minute(struct connection *c, uint64_t now_ms)
{
    struct request request;
    if (now_ms - c->last_ms < 59000 || !swarm_pop(c, &request))
        return;
    c->last_ms = now_ms;
    swarm_put_piece(c, &request, false);
}

/* Begins a block, and goes on with a byte a second. */
static void a_byte_a_second(struct connection *c, uint64_t now_ms)
{
    uint8_t header[14] = {0};
    if (now_ms - c->last_ms < 1000)
        return;
    if (c->count == 0 && c->length > 0) {
        const struct request *first = &c->queue[c->head];
        be32_put(header, first->length + 9);
        header[4] = PIECE;
        be32_put(header + 5, first->piece);
        be32_put(header + 9, first->begin);
        swarm_put(c, header, sizeof header);
        c->count = 1;
    } else if (c->count > 0) {
        swarm_put(c, header, 1);
    }
    c->last_ms = now_ms;
}

static void reject_all(struct connection *c, uint8_t id, const uint8_t *body,
                       uint32_t length)
{
    if (id == REQUEST && length == 12)
        swarm_put_message(c, REJECT, body, 12);
}

static void flap(struct connection *c, uint64_t now_ms)
{
    if (now_ms - c->last_ms < 100)
        return;
    c->last_ms = now_ms;
    c->unchoked = !c->unchoked;
    say(c, c->unchoked ? UNCHOKE : CHOKE);
    if (!c->unchoked)
        c->length = 0;
}

/* ---- what nobody asked for ---- */

static void twice_and_more(struct connection *c, uint64_t now_ms)
{
    struct request request;
    (void)now_ms;
    while (swarm_has_room(c, 4 * BLOCK) && swarm_pop(c, &request)) {
        if (request.length == 0)
            continue;
        swarm_put_piece(c, &request, false);
        swarm_put_piece(c, &request, false);
        request.piece = swarm_random(swarm_payload.pieces);
        swarm_put_piece(c, &request, true);
    }
}

static void impossible_pieces(struct connection *c, uint8_t id, const uint8_t *body,
                              uint32_t length)
{
    uint8_t block[8 + 100] = {0};
    if (id != REQUEST || length != 12)
        return;
    memcpy(block, body, 8);
    be32_put(block + (c->count++ % 2 == 0 ? 0 : 4), UINT32_MAX - 5);
    swarm_put_message(c, PIECE, block, sizeof block);
}

/* ---- broken words ---- */

static void length_of_4_gib(struct connection *c)
{
    swarm_put(c, "\xff\xff\xff\xff\x07", 5);
}

static void lengths_of_others(struct connection *c)
{
    static const char *const words[] = {"\0\0\0\6\4", "\0\0\0\2\0", "\0\0\0\14\6",
                                        "\0\0\0\5\7", "\0\0\0\1\5", "\0\0\0\1\24"};
    swarm_put(c, words[c->peer->opened % 6], 5);
}

static void too_large(struct connection *c)
{
    static const uint8_t zeros[65536];
    const bool bitfield = c->peer->opened % 2 == 0;
    swarm_put(c, bitfield ? "\0\20\0\0\5" : "\0\2\0\0\24\0", bitfield ? 5 : 6);
    swarm_put(c, zeros, sizeof zeros);
}

static void deep_bencode(struct connection *c)
{
    uint8_t body[60000];
    memset(body, 'l', sizeof body);
    body[0] = 0;
    swarm_put_message(c, EXTENDED, body, sizeof body);
}

/* ---- floods ---- */

static void flood(struct connection *c, uint64_t now_ms)
{
    static const struct {
        const char *name;
        uint8_t ids[2];
        int words;
    } floods[] = {
        {"request-flood", {REQUEST, REQUEST}, 3},
        {"cancel-flood", {CANCEL, CANCEL}, 3},
        {"reject-flood", {REJECT, REJECT}, 3},
        {"have-flood", {HAVE, HAVE}, 1},
        {"hint-flood", {SUGGEST, ALLOWED_FAST}, 1},
        {"interest-flood", {INTERESTED, NOT_INTERESTED}, 0},
        {"unknown-flood", {21, 250}, 3},
        {"hello-flood", {EXTENDED, EXTENDED}, -1},
        {"keep-alive-flood", {0, 0}, -2},
    };
    size_t at = 0, left = FLOOD_TICK;
    (void)now_ms;
    while (strcmp(floods[at].name, c->peer->kind->name) != 0)
        at++;
    for (; left > 20 && swarm_has_room(c, 32); left -= 17) {
        const uint32_t piece = swarm_random(swarm_payload.pieces);
        const uint32_t words[3] = {piece, 0, BLOCK};
        if (floods[at].words == -2)
            swarm_put(c, "\0\0\0\0", 4);
        else if (floods[at].words == -1)
            swarm_put_message(c, EXTENDED, "\0d1:v1:xe", 9);
        else
            swarm_put_u32s(c, floods[at].ids[c->count++ % 2], words, floods[at].words);
    }
}

static void interested(struct connection *c)
{
    say(c, HAVE_NONE);
    say(c, INTERESTED);
}

/* Asks for everything there is and reads nothing of it. */
static void ask_and_never_read(struct connection *c, uint8_t id, const uint8_t *body,
                               uint32_t length)
{
    (void)body, (void)length;
    if (id != UNCHOKE)
        return;
    for (uint32_t i = 0; i < 512; i++) {
        const uint32_t words[3] = {i % swarm_payload.pieces, 0, BLOCK};
        swarm_put_u32s(c, REQUEST, words, 3);
    }
    c->deaf = true;
}

/* ---- handshakes ---- */

static void garbage(struct connection *c)
{
    uint8_t bytes[400];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)swarm_random(256);
    bytes[0] = (uint8_t)(c->peer->opened % 2 == 0 ? 19 : bytes[0]);
    swarm_put(c, bytes, sizeof bytes);
}

static void http(struct connection *c)
{
    static const char get[] = "GET /announce HTTP/1.1\r\nHost: localhost\r\n\r\n";
    swarm_put(c, get, sizeof get - 1);
}

static void another_torrent(struct connection *c)
{
    swarm_put_hello(c);
    c->out[c->out_length - 68 + 28] ^= 1;
}

static void silence(struct connection *c)
{
    (void)c;
}

static void drip_hello(struct connection *c, uint64_t now_ms)
{
    static const char protocol[] = "\023BitTorrent protocol";
    if (now_ms - c->last_ms < 2000)
        return;
    c->last_ms = now_ms;
    swarm_put(c, &protocol[c->count++ % 20], 1);
}

/* Hello, and off again at once. */
static void leave(struct connection *c)
{
    c->peer->next_ms = 0;
    c->deaf = true;
    c->count = UINT32_MAX; /* swarm.c closes it when all is sent */
}

#define KIND(name, hello, message, tick)                                                 \
    {                                                                                    \
        name, false, 2000, NULL, hello, message, tick                                    \
    }
static const struct kind kinds[] = {
    KIND("honest", have_all_and_unchoke, serve, serve_at_rate),
    KIND("corrupt", have_all_and_unchoke, keep_requests, corrupt),
    KIND("corrupt-rarely", have_all_and_unchoke, keep_requests, corrupt_rarely),
    KIND("mute", have_all_and_unchoke, take_and_forget, NULL),
    KIND("a-block-a-minute", have_all_and_unchoke, keep_requests, a_block_a_minute),
    KIND("a-byte-a-second", have_all_and_unchoke, keep_requests, a_byte_a_second),
    KIND("reject-all", have_all_and_unchoke, reject_all, NULL),
    KIND("flap", have_all_and_unchoke, keep_requests, flap),
    KIND("twice", have_all_and_unchoke, keep_requests, twice_and_more),
    KIND("impossible-pieces", have_all_and_unchoke, impossible_pieces, NULL),
    KIND("4-gib", length_of_4_gib, NULL, NULL),
    KIND("lengths", lengths_of_others, NULL, NULL),
    KIND("oversize", too_large, NULL, NULL),
    KIND("bencode-bomb", deep_bencode, NULL, NULL),
    KIND("request-flood", interested, NULL, flood),
    KIND("cancel-flood", interested, NULL, flood),
    KIND("reject-flood", interested, NULL, flood),
    KIND("have-flood", have_none, NULL, flood),
    KIND("hint-flood", have_none, NULL, flood),
    KIND("interest-flood", have_none, NULL, flood),
    KIND("unknown-flood", have_none, NULL, flood),
    KIND("hello-flood", have_none, NULL, flood),
    KIND("keep-alive-flood", have_none, NULL, flood),
    KIND("never-reads", interested, ask_and_never_read, NULL),
    {"another-torrent", false, 2000, another_torrent, NULL, NULL, NULL},
    {"garbage", true, 500, garbage, NULL, NULL, NULL},
    {"http", true, 500, http, NULL, NULL, NULL},
    {"silent", true, 500, silence, NULL, NULL, NULL},
    {"slow-loris", true, 500, silence, NULL, NULL, drip_hello},
    {"come-and-go", true, 20, NULL, leave, NULL, NULL},
};

const struct kind *kind_find(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}
