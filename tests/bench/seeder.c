/*
 * A seeder that is never the bottleneck: serves a made-up torrent from memory, one
 * thread, many blocks a sendmsg(2).
 *
 *   bench_seeder FILE.torrent BYTES PIECE_BYTES PORT
 *
 * writes FILE.torrent, listens on 127.0.0.1:PORT, says "ready" and serves until it is
 * ended. Trusts its peers: for benchmarks on one machine only.
 */
#include "payload.h"

#include "base/buffer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define HANDSHAKE    68u
#define QUEUE        4096u
#define BATCH        64u
#define CONNECTIONS  1000u
#define HEADER_BYTES 13u

struct request {
    uint32_t piece, begin, length;
};

struct connection {
    int fd;
    bool greeted;
    uint8_t in[65536];
    size_t in_length;
    uint8_t *out; /* control bytes */
    size_t out_length, out_sent;
    struct request queue[QUEUE];
    uint32_t head, count;
    size_t sent; /* of the first request's message */
};

static struct payload payload;
static struct connection *connections[CONNECTIONS];
static struct pollfd fds[CONNECTIONS + 1];
static uint32_t connection_count;

static void control(struct connection *c, const void *bytes, size_t length)
{
    c->out = realloc(c->out, c->out_length + length);
    if (c->out == NULL)
        exit(1);
    memcpy(c->out + c->out_length, bytes, length);
    c->out_length += length;
}

static void greet(struct connection *c)
{
    uint8_t hello[HANDSHAKE] = "\023BitTorrent protocol";
    const size_t bits = (payload.pieces + 7) / 8;
    uint8_t *field = malloc(5 + bits);
    if (field == NULL)
        exit(1);
    memset(hello + 20, 0, 8);
    memcpy(hello + 28, c->in + 28, 20);
    memcpy(hello + 48, "-BE0001-benchbenchbe", 20);
    control(c, hello, sizeof hello);
    be32_put(field, (uint32_t)bits + 1);
    field[4] = 5;
    memset(field + 5, 0xff, bits);
    if (payload.pieces % 8 != 0)
        field[4 + bits] = (uint8_t)(0xff << (8 - payload.pieces % 8));
    control(c, field, 5 + bits);
    control(c, "\0\0\0\1\1", 5); /* unchoke */
    free(field);
    c->greeted = true;
}

static void cancel(struct connection *c, const struct request *request)
{
    for (uint32_t i = c->sent > 0 ? 1 : 0; i < c->count; i++) {
        const struct request *at = &c->queue[(c->head + i) % QUEUE];
        if (memcmp(at, request, sizeof *at) != 0)
            continue;
        for (; i + 1 < c->count; i++)
            c->queue[(c->head + i) % QUEUE] = c->queue[(c->head + i + 1) % QUEUE];
        c->count--;
        return;
    }
}

static void message(struct connection *c, const uint8_t *bytes, uint32_t length)
{
    if (length != 13 || (bytes[0] != 6 && bytes[0] != 8))
        return;
    const struct request request = {be32_get(bytes + 1), be32_get(bytes + 5),
                                    be32_get(bytes + 9)};
    if (bytes[0] == 8)
        cancel(c, &request);
    else if (c->count < QUEUE)
        c->queue[(c->head + c->count++) % QUEUE] = request;
}

static bool receive(struct connection *c)
{
    const ssize_t got = recv(c->fd, c->in + c->in_length, sizeof c->in - c->in_length, 0);
    if (got <= 0)
        return got < 0 && errno == EAGAIN;
    c->in_length += (size_t)got;
    size_t at = 0;
    if (!c->greeted && c->in_length >= HANDSHAKE) {
        greet(c);
        at = HANDSHAKE;
    }
    while (c->greeted && c->in_length - at >= 4) {
        const uint32_t length = be32_get(c->in + at);
        if (length > sizeof c->in - 4)
            return false;
        if (c->in_length - at < 4 + (size_t)length)
            break;
        if (length > 0)
            message(c, c->in + at + 4, length);
        at += 4 + (size_t)length;
    }
    memmove(c->in, c->in + at, c->in_length - at);
    c->in_length -= at;
    return true;
}

static void consume(struct connection *c, size_t bytes)
{
    const size_t head = c->out_length - c->out_sent;
    const size_t part = bytes < head ? bytes : head;
    c->out_sent += part;
    bytes -= part;
    if (c->out_sent == c->out_length)
        c->out_length = c->out_sent = 0;
    while (bytes > 0) {
        const size_t rest = c->queue[c->head].length + HEADER_BYTES - c->sent;
        if (bytes < rest) {
            c->sent += bytes;
            return;
        }
        bytes -= rest;
        c->sent = 0;
        c->head = (c->head + 1) % QUEUE;
        c->count--;
    }
}

static int gather(struct connection *c, struct iovec *iov,
                  uint8_t headers[][HEADER_BYTES])
{
    int n = 0;
    if (c->out_length > c->out_sent && c->sent == 0)
        iov[n++] = (struct iovec){c->out + c->out_sent, c->out_length - c->out_sent};
    for (uint32_t i = 0; i < c->count && i < BATCH; i++) {
        const struct request *r = &c->queue[(c->head + i) % QUEUE];
        const size_t skip = i == 0 ? c->sent : 0;
        const size_t past = skip > HEADER_BYTES ? skip - HEADER_BYTES : 0;
        be32_put(headers[i], r->length + 9);
        headers[i][4] = 7;
        be32_put(headers[i] + 5, r->piece);
        be32_put(headers[i] + 9, r->begin);
        if (skip < HEADER_BYTES)
            iov[n++] = (struct iovec){headers[i] + skip, HEADER_BYTES - skip};
        const uint64_t offset = (uint64_t)r->piece * payload.piece_bytes + r->begin;
        iov[n++] = (struct iovec){
            (uint8_t *)(uintptr_t)payload_at(&payload, offset) + past, r->length - past};
    }
    return n;
}

static bool transmit(struct connection *c)
{
    while (c->out_length > c->out_sent || c->count > 0) {
        struct iovec iov[2 * BATCH + 1];
        uint8_t headers[BATCH][HEADER_BYTES];
        const struct msghdr packet = {.msg_iov = iov,
                                      .msg_iovlen = (size_t)gather(c, iov, headers)};
        const ssize_t sent = sendmsg(c->fd, &packet, MSG_NOSIGNAL);
        if (sent < 0)
            return errno == EAGAIN;
        consume(c, (size_t)sent);
    }
    return true;
}

static void accept_one(int listener)
{
    const int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    const int on = 1;
    if (fd < 0 || connection_count == CONNECTIONS) {
        if (fd >= 0)
            close(fd);
        return;
    }
    struct connection *c = calloc(1, sizeof *c);
    if (c == NULL)
        exit(1);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    c->fd = fd;
    connections[connection_count] = c;
    fds[1 + connection_count++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

static void drop(uint32_t i)
{
    struct connection *c = connections[i];
    close(c->fd);
    free(c->out);
    free(c);
    connections[i] = connections[--connection_count];
    fds[1 + i] = fds[1 + connection_count];
}

static void serve(uint32_t i)
{
    struct connection *c = connections[i];
    const short events = fds[1 + i].revents;
    bool fine = true;
    if (events & (POLLIN | POLLHUP | POLLERR))
        fine = receive(c);
    if (fine)
        fine = transmit(c);
    if (!fine) {
        drop(i);
        return;
    }
    const bool waits = c->out_length > c->out_sent || c->count > 0;
    fds[1 + i].events = waits ? POLLIN | POLLOUT : POLLIN;
}

static int listen_on(uint16_t port)
{
    const struct sockaddr_in at = {.sin_family = AF_INET,
                                   .sin_port = htons(port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int on = 1;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        bind(fd, (const struct sockaddr *)&at, sizeof at) < 0 || listen(fd, 1000) < 0) {
        perror("bench_seeder: listen");
        exit(1);
    }
    return fd;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fputs("usage: bench_seeder FILE.torrent BYTES PIECE_BYTES PORT\n", stderr);
        return 2;
    }
    payload_init(&payload, strtoull(argv[2], NULL, 10),
                 (uint32_t)strtoul(argv[3], NULL, 10));
    payload_make_torrent(&payload, "payload", argv[1]);
    fds[0] = (struct pollfd){.fd = listen_on((uint16_t)atoi(argv[4])), .events = POLLIN};
    puts("ready");
    fflush(stdout);
    for (;;) {
        if (poll(fds, connection_count + 1, -1) < 0 && errno != EINTR)
            return 1;
        for (uint32_t i = connection_count; i-- > 0;)
            if (fds[1 + i].revents != 0)
                serve(i);
        if (fds[0].revents != 0)
            accept_one(fds[0].fd);
    }
}
