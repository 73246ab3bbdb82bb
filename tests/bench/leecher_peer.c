#include "leecher_peer.h"

#include "sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define HANDSHAKE    68u
#define HEADER_BYTES 13u
#define CHECK_EVERY  64u
#define HOT_BYTES    (256u * 1024) /* read into again and again: stays in the cache */

enum {
    CHOKE = 0,
    UNCHOKE = 1,
    INTERESTED = 2,
    HAVE = 4,
    BITFIELD = 5,
    REQUEST = 6,
    PIECE = 7,
    REJECT = 16,
    EXTENDED = 20
};

static uint8_t hot[HOT_BYTES];

static void must(enum error_code error)
{
    if (error != ERROR_NONE) {
        fprintf(stderr, "bench_leecher: %s\n", error_text(error));
        exit(1);
    }
}

static uint32_t blocks_per_piece(const struct leecher *leecher)
{
    return leecher->payload->piece_bytes / BLOCK;
}

static uint32_t block_length(const struct leecher *leecher, uint32_t block)
{
    const uint64_t left = leecher->payload->bytes - (uint64_t)block * BLOCK;
    return left < BLOCK ? (uint32_t)left : BLOCK;
}

struct leecher *leecher_new(const struct payload *payload, int fd, uint32_t index,
                            uint32_t window)
{
    struct leecher *leecher = calloc(1, sizeof *leecher);
    if (leecher == NULL)
        die("memory");
    leecher->payload = payload;
    leecher->fd = fd;
    leecher->index = index;
    leecher->window = window < LEECHER_WINDOW_MAX ? window : LEECHER_WINDOW_MAX;
    leecher->blocks = (uint32_t)((payload->bytes + BLOCK - 1) / BLOCK);
    leecher->trouble = "unknown";
    must(bitfield_init(&leecher->got, leecher->blocks));
    must(bitfield_init(&leecher->asked, leecher->blocks));
    buffer_init(&leecher->in, LEECHER_MESSAGE + HOT_BYTES);
    buffer_init(&leecher->out, 1u << 20);
    leecher->piece_left = calloc(payload->pieces, sizeof *leecher->piece_left);
    if (leecher->piece_left == NULL)
        die("memory");
    for (uint32_t block = 0; block < leecher->blocks; block++)
        leecher->piece_left[block / blocks_per_piece(leecher)]++;
    return leecher;
}

void leecher_free(struct leecher *leecher)
{
    bitfield_done(&leecher->got);
    bitfield_done(&leecher->asked);
    buffer_done(&leecher->in);
    buffer_done(&leecher->out);
    free(leecher->piece_left);
    free(leecher);
}

static void fail(struct leecher *leecher, const char *why)
{
    leecher->is_over = true;
    leecher->trouble = why;
}

static void put(struct leecher *leecher, uint8_t id, const uint32_t *numbers, int count)
{
    must(buffer_append_u32(&leecher->out, 1 + 4 * (uint32_t)count));
    must(buffer_append_u8(&leecher->out, id));
    for (int i = 0; i < count; i++)
        must(buffer_append_u32(&leecher->out, numbers[i]));
}

void leecher_greet(struct leecher *leecher)
{
    uint8_t hello[HANDSHAKE] = "\023BitTorrent protocol";
    memset(hello + 20, 0, 8);
    hello[25] = 0x10; /* BEP 10 */
    memcpy(hello + 28, leecher->payload->info_hash, 20);
    snprintf((char *)hello + 48, 20, "-BE0001-%011u", leecher->index);
    hello[67] = 'l';
    socket_send_all(leecher->fd, hello, sizeof hello);
    if (fcntl(leecher->fd, F_SETFL, O_NONBLOCK) < 0)
        die("fcntl");
}

/* What follows the handshake, sent when theirs is there: aria2 bans who is faster. */
static void introduce(struct leecher *leecher, const uint8_t *theirs)
{
    static const char extension[] = "d1:mde4:reqqi250ee";
    if (memcmp(theirs + 28, leecher->payload->info_hash, 20) != 0) {
        fail(leecher, "another torrent's handshake");
        return;
    }
    leecher->has_greeted = true;
    if (theirs[25] & 0x10) { /* BEP 10 */
        must(buffer_append_u32(&leecher->out, 2 + sizeof extension - 1));
        must(buffer_append_u8(&leecher->out, EXTENDED));
        must(buffer_append_u8(&leecher->out, 0));
        must(buffer_append_text(&leecher->out, extension));
    }
    must(buffer_append_u32(&leecher->out, 1 + (leecher->payload->pieces + 7) / 8));
    must(buffer_append_u8(&leecher->out, BITFIELD));
    for (uint32_t piece = 0; piece < leecher->payload->pieces; piece += 8)
        must(buffer_append_u8(&leecher->out, 0));
    put(leecher, INTERESTED, NULL, 0);
}

/* ---- what is asked ---- */

static void ask(struct leecher *leecher)
{
    if (!leecher->is_unchoked || leecher->outstanding > leecher->window * 3 / 4)
        return;
    while (leecher->outstanding < leecher->window && leecher->cursor < leecher->blocks) {
        const uint32_t block =
            (leecher->first_block + leecher->cursor++) % leecher->blocks;
        if (!bitfield_set(&leecher->asked, block))
            continue;
        const uint32_t request[3] = {block / blocks_per_piece(leecher),
                                     block % blocks_per_piece(leecher) * BLOCK,
                                     block_length(leecher, block)};
        put(leecher, REQUEST, request, 3);
        leecher->outstanding++;
    }
}

/* A choke drops what waits. */
static void choked(struct leecher *leecher)
{
    leecher->is_unchoked = false;
    memcpy(leecher->asked.bytes, leecher->got.bytes,
           bitfield_wire_bytes(leecher->blocks));
    leecher->asked.count = leecher->got.count;
    leecher->cursor = 0;
    leecher->outstanding = 0;
}

static void rejected(struct leecher *leecher, uint32_t block)
{
    if (block >= leecher->blocks || bitfield_get(&leecher->got, block) ||
        !bitfield_clear(&leecher->asked, block))
        return;
    leecher->outstanding--;
    leecher->cursor = 0;
}

/* ---- what comes ---- */

static void read_extension(struct leecher *leecher, const uint8_t *bytes, size_t length)
{
    static const char key[] = "4:reqqi";
    const uint8_t *at = memmem(bytes, length, key, sizeof key - 1);
    uint32_t limit = 0;
    if (at == NULL)
        return;
    for (at += sizeof key - 1; at < bytes + length && *at >= '0' && *at <= '9'; at++)
        if (limit < LEECHER_WINDOW_MAX)
            limit = limit * 10 + (uint32_t)(*at - '0');
    if (limit > 0 && limit < leecher->window)
        leecher->window = limit;
}

static void message(struct leecher *leecher, const uint8_t *bytes, uint32_t length)
{
    if (length == 0)
        return;
    if (bytes[0] == CHOKE) {
        choked(leecher);
    } else if (bytes[0] == UNCHOKE) {
        leecher->is_unchoked = true;
    } else if (bytes[0] == REJECT && length == 13) {
        rejected(leecher, be32_get(bytes + 1) * blocks_per_piece(leecher) +
                              be32_get(bytes + 5) / BLOCK);
    } else if (bytes[0] == EXTENDED && length > 2 && bytes[1] == 0) {
        read_extension(leecher, bytes + 2, length - 2);
    }
}

static void block_begins(struct leecher *leecher)
{
    const uint32_t piece = be32_get(leecher->header + 5);
    const uint32_t begin = be32_get(leecher->header + 9);
    const uint32_t length = be32_get(leecher->header) - 9;
    const uint64_t block = (uint64_t)piece * blocks_per_piece(leecher) + begin / BLOCK;
    if (begin % BLOCK != 0 || begin >= leecher->payload->piece_bytes ||
        block >= leecher->blocks || !bitfield_get(&leecher->asked, (uint32_t)block) ||
        bitfield_get(&leecher->got, (uint32_t)block) ||
        length != block_length(leecher, (uint32_t)block)) {
        fail(leecher, "a block that was not asked for");
        return;
    }
    leecher->block = (uint32_t)block;
    leecher->block_left = length;
    leecher->block_is_checked = block % CHECK_EVERY == leecher->index % CHECK_EVERY;
}

static void block_ends(struct leecher *leecher)
{
    const uint32_t piece = leecher->block / blocks_per_piece(leecher);
    leecher->received++;
    leecher->received_bytes += block_length(leecher, leecher->block);
    leecher->outstanding--;
    bitfield_set(&leecher->got, leecher->block);
    if (--leecher->piece_left[piece] == 0)
        put(leecher, HAVE, &piece, 1);
    if (leecher->received == leecher->blocks)
        leecher->is_over = true;
}

static size_t take_block(struct leecher *leecher, const uint8_t *bytes, size_t length)
{
    const size_t part = length < leecher->block_left ? length : leecher->block_left;
    if (leecher->block_is_checked) {
        const uint64_t at = (uint64_t)leecher->block * BLOCK +
                            block_length(leecher, leecher->block) - leecher->block_left;
        if (memcmp(bytes, payload_at(leecher->payload, at), part) != 0)
            fail(leecher, "wrong bytes");
    }
    leecher->block_left -= (uint32_t)part;
    if (leecher->block_left == 0)
        block_ends(leecher);
    return part;
}

/* Takes the first bytes of what is no block; 0 when a whole message is not there yet. */
static size_t take_message(struct leecher *leecher, const uint8_t *bytes, size_t length)
{
    if (!leecher->has_greeted) {
        if (length < HANDSHAKE)
            return 0;
        introduce(leecher, bytes);
        return HANDSHAKE;
    }
    if (length < 4)
        return 0;
    const uint32_t size = be32_get(bytes);
    if (size > LEECHER_MESSAGE) {
        fail(leecher, "too long a message");
        return 0;
    }
    if (size > 9 && length >= 5 && bytes[4] == PIECE) {
        if (length < HEADER_BYTES)
            return 0;
        memcpy(leecher->header, bytes, HEADER_BYTES);
        block_begins(leecher);
        return HEADER_BYTES;
    }
    if (length < 4 + (size_t)size)
        return 0;
    message(leecher, bytes + 4, size);
    return 4 + (size_t)size;
}

static size_t take(struct leecher *leecher, const uint8_t *bytes, size_t length)
{
    size_t at = 0;
    while (at < length && !leecher->is_over) {
        const size_t part = leecher->block_left > 0
                                ? take_block(leecher, bytes + at, length - at)
                                : take_message(leecher, bytes + at, length - at);
        if (part == 0)
            break;
        at += part;
    }
    return at;
}

/* Only the beginnings of messages are kept, and joined with what follows. */
static void take_all(struct leecher *leecher, const uint8_t *bytes, size_t length)
{
    if (leecher->in.length == 0) {
        const size_t taken = take(leecher, bytes, length);
        must(buffer_append(&leecher->in, bytes + taken, length - taken));
        return;
    }
    must(buffer_append(&leecher->in, bytes, length));
    buffer_consume(&leecher->in, take(leecher, leecher->in.bytes, leecher->in.length));
}

static void send_some(struct leecher *leecher)
{
    if (leecher->out.length == 0 || leecher->is_over)
        return;
    const ssize_t sent =
        send(leecher->fd, leecher->out.bytes, leecher->out.length, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN)
        fail(leecher, "the client ended the connection");
    else if (sent > 0)
        buffer_consume(&leecher->out, (size_t)sent);
    leecher->wants_to_send = leecher->out.length > 0;
}

void leecher_turn(struct leecher *leecher, uint32_t events)
{
    if (leecher->is_over)
        return;
    if (events & ~(uint32_t)EPOLLOUT) {
        const ssize_t got = recv(leecher->fd, hot, sizeof hot, 0);
        if (got > 0)
            take_all(leecher, hot, (size_t)got);
        else if (got == 0 || errno != EAGAIN)
            fail(leecher, got == 0 ? "the client ended the connection" : strerror(errno));
    }
    ask(leecher);
    send_some(leecher);
}
