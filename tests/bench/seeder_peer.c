#include "seeder_peer.h"

#include "sockets.h"

#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define HANDSHAKE    68u
#define BATCH        64u
#define HEADER_BYTES 13u
#define MESSAGE_MAX  (2u << 20) /* a bitfield */
#define HOT_BYTES    65536u
#define EXTENSIONS   0x10 /* BEP 10, in byte 25 of the handshake */
#define FILE_BATCH   16u  /* blocks read into one buffer that stays in the cache */

static uint8_t hot[HOT_BYTES];
static uint8_t from_file[FILE_BATCH * BLOCK];

static void must(enum error_code error)
{
    if (error != ERROR_NONE) {
        fprintf(stderr, "bench_seeder: %s\n", error_text(error));
        exit(1);
    }
}

struct seeder *seeder_new(const struct payload *payload, int fd, int data_fd,
                          bool is_idle)
{
    struct seeder *seeder = calloc(1, sizeof *seeder);
    if (seeder == NULL)
        die("memory");
    seeder->payload = payload;
    seeder->fd = fd;
    seeder->data_fd = data_fd;
    seeder->is_idle = is_idle;
    buffer_init(&seeder->in, MESSAGE_MAX + HOT_BYTES);
    buffer_init(&seeder->out, 4u << 20);
    if (!is_idle && (seeder->queue = calloc(SEEDER_QUEUE, sizeof *seeder->queue)) == NULL)
        die("memory");
    return seeder;
}

void seeder_free(struct seeder *seeder)
{
    close(seeder->fd);
    buffer_done(&seeder->in);
    buffer_done(&seeder->out);
    free(seeder->queue);
    free(seeder);
}

/* ---- what goes ---- */

static void consume(struct seeder *seeder, size_t bytes)
{
    if (seeder->sent == 0) {
        const size_t part = bytes < seeder->out.length ? bytes : seeder->out.length;
        buffer_consume(&seeder->out, part);
        bytes -= part;
    }
    while (bytes > 0) {
        const size_t length = seeder->queue[seeder->head].length;
        const size_t rest = length + HEADER_BYTES - seeder->sent;
        if (bytes < rest) {
            seeder->sent += bytes;
            return;
        }
        bytes -= rest;
        seeder->sent = 0;
        seeder->uploaded += length;
        seeder->head = (seeder->head + 1) % SEEDER_QUEUE;
        seeder->count--;
    }
}

/* LENGTH bytes of the payload at OFFSET, for the I-th block of what is sent now. */
static uint8_t *bytes_of(const struct seeder *seeder, uint64_t offset, size_t length,
                         uint32_t i)
{
    if (seeder->data_fd < 0)
        return (uint8_t *)(uintptr_t)payload_at(seeder->payload, offset);
    uint8_t *at = from_file + (size_t)i * BLOCK;
    if (pread(seeder->data_fd, at, length, (off_t)offset) != (ssize_t)length)
        die("the data file");
    return at;
}

static size_t gather(struct seeder *seeder, struct iovec *iov,
                     uint8_t headers[][HEADER_BYTES])
{
    size_t n = 0;
    if (seeder->out.length > 0 && seeder->sent == 0)
        iov[n++] = (struct iovec){seeder->out.bytes, seeder->out.length};
    const uint32_t batch = seeder->data_fd < 0 ? BATCH : FILE_BATCH;
    for (uint32_t i = 0; i < seeder->count && i < batch; i++) {
        const struct seeder_request *r =
            &seeder->queue[(seeder->head + i) % SEEDER_QUEUE];
        const size_t skip = i == 0 ? seeder->sent : 0;
        const size_t past = skip > HEADER_BYTES ? skip - HEADER_BYTES : 0;
        be32_put(headers[i], r->length + 9);
        headers[i][4] = 7;
        be32_put(headers[i] + 5, r->piece);
        be32_put(headers[i] + 9, r->begin);
        if (skip < HEADER_BYTES)
            iov[n++] = (struct iovec){headers[i] + skip, HEADER_BYTES - skip};
        const uint64_t at = (uint64_t)r->piece * seeder->payload->piece_bytes + r->begin;
        const size_t rest = r->length - past;
        iov[n++] = (struct iovec){bytes_of(seeder, at + past, rest, i), rest};
    }
    return n;
}

static bool transmit(struct seeder *seeder)
{
    while (seeder->out.length > 0 || seeder->count > 0) {
        struct iovec iov[2 * BATCH + 1];
        uint8_t headers[BATCH][HEADER_BYTES];
        const struct msghdr packet = {.msg_iov = iov,
                                      .msg_iovlen = gather(seeder, iov, headers)};
        const ssize_t sent = sendmsg(seeder->fd, &packet, MSG_NOSIGNAL);
        if (sent < 0) {
            seeder->waits_for_room = true;
            return errno == EAGAIN;
        }
        seeder->has_sent_block |= seeder->count > 0;
        consume(seeder, (size_t)sent);
    }
    seeder->waits_for_room = false;
    return true;
}

/* ---- what comes ---- */

static void say_hello(struct seeder *seeder, uint8_t extensions)
{
    uint8_t hello[HANDSHAKE] = "\023BitTorrent protocol";
    memset(hello + 20, 0, 8);
    hello[25] = extensions;
    memcpy(hello + 28, seeder->payload->info_hash, 20);
    snprintf((char *)hello + 48, 20, "-BE0001-%011d", seeder->fd);
    hello[67] = 's';
    must(buffer_append(&seeder->out, hello, sizeof hello));
}

void seeder_call(struct seeder *seeder)
{
    say_hello(seeder, EXTENSIONS);
    seeder->has_called = true;
    transmit(seeder);
}

static void show_all(struct seeder *seeder)
{
    const uint32_t pieces = seeder->payload->pieces;
    struct buffer *out = &seeder->out;
    must(buffer_append_u32(out, 1 + (pieces + 7) / 8));
    must(buffer_append_u8(out, 5));
    for (uint32_t piece = 0; piece < pieces; piece += 8)
        must(buffer_append_u8(
            out, (uint8_t)(pieces - piece >= 8 ? 0xff : 0xff << (8 - (pieces - piece)))));
}

static void greet(struct seeder *seeder, const uint8_t *theirs)
{
    static const char extension[] = "d1:mde4:reqqi2000ee";
    struct buffer *out = &seeder->out;
    if (!seeder->has_called)
        say_hello(seeder, theirs[25] & EXTENSIONS);
    if (!seeder->is_empty)
        show_all(seeder);
    if (theirs[25] & EXTENSIONS) {
        must(buffer_append_u32(out, 2 + sizeof extension - 1));
        must(buffer_append(out, "\024", 2)); /* extended, 0: its handshake */
        must(buffer_append_text(out, extension));
    }
    if (!seeder->is_idle)
        must(buffer_append(out, "\0\0\0\1\1", 5)); /* unchoke */
    seeder->has_greeted = true;
}

static void cancel(struct seeder *seeder, const struct seeder_request *request)
{
    for (uint32_t i = seeder->sent > 0 ? 1 : 0; i < seeder->count; i++) {
        if (memcmp(&seeder->queue[(seeder->head + i) % SEEDER_QUEUE], request,
                   sizeof *request) != 0)
            continue;
        for (; i + 1 < seeder->count; i++)
            seeder->queue[(seeder->head + i) % SEEDER_QUEUE] =
                seeder->queue[(seeder->head + i + 1) % SEEDER_QUEUE];
        seeder->count--;
        return;
    }
}

static void message(struct seeder *seeder, const uint8_t *bytes, uint32_t length)
{
    if (length != 13 || (bytes[0] != 6 && bytes[0] != 8) || seeder->is_idle)
        return;
    const struct seeder_request request = {be32_get(bytes + 1), be32_get(bytes + 5),
                                           be32_get(bytes + 9)};
    if (request.length == 0 || request.length > BLOCK)
        return;
    if (bytes[0] == 8)
        cancel(seeder, &request);
    else if (seeder->count < SEEDER_QUEUE)
        seeder->queue[(seeder->head + seeder->count++) % SEEDER_QUEUE] = request;
}

/* How many of the bytes were whole messages; more than LENGTH: they are none. */
static size_t take(struct seeder *seeder, const uint8_t *bytes, size_t length)
{
    size_t at = 0;
    if (!seeder->has_greeted) {
        if (length < HANDSHAKE)
            return 0;
        greet(seeder, bytes);
        at = HANDSHAKE;
    }
    while (length - at >= 4) {
        const uint32_t size = be32_get(bytes + at);
        if (size > MESSAGE_MAX)
            return length + 1;
        if (length - at < 4 + (size_t)size)
            break;
        if (size > 0)
            message(seeder, bytes + at + 4, size);
        at += 4 + (size_t)size;
    }
    return at;
}

static bool receive(struct seeder *seeder)
{
    const ssize_t got = recv(seeder->fd, hot, sizeof hot, 0);
    if (got <= 0)
        return got < 0 && errno == EAGAIN;
    if (seeder->in.length == 0) {
        const size_t taken = take(seeder, hot, (size_t)got);
        if (taken > (size_t)got)
            return false;
        must(buffer_append(&seeder->in, hot + taken, (size_t)got - taken));
        return true;
    }
    must(buffer_append(&seeder->in, hot, (size_t)got));
    const size_t taken = take(seeder, seeder->in.bytes, seeder->in.length);
    if (taken > seeder->in.length)
        return false;
    buffer_consume(&seeder->in, taken);
    return true;
}

bool seeder_turn(struct seeder *seeder, uint32_t events)
{
    if ((events & ~(uint32_t)EPOLLOUT) != 0 && !receive(seeder))
        return false;
    return transmit(seeder);
}

bool seeder_keep_alive(struct seeder *seeder)
{
    if (!seeder->has_greeted)
        return true;
    must(buffer_append_u32(&seeder->out, 0));
    return transmit(seeder);
}
