/*
 * The bare limit of a download: receive from bench_seeder, hash on a second thread,
 * write. No choice of pieces, no peers, no books: what any client could reach at best.
 *
 *   bench_bare BYTES PIECE_BYTES PORT FILE      (whole pieces only)
 */
#include "payload.h"

#include "base/buffer.h"
#include "base/digest.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define RING         8u /* pieces on their way between the threads */
#define WINDOW       512u
#define READ_BLOCKS  16u
#define HEADER_BYTES 13u

static struct payload payload;
static uint8_t *ring[RING];
static uint32_t received, written; /* pieces */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t moved = PTHREAD_COND_INITIALIZER;
static int out_fd;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* The payload repeats itself, and so must the hashes. */
static void verify(uint32_t piece, uint8_t *seen)
{
    uint8_t hash[SHA1_BYTES];
    uint8_t *first =
        seen + (size_t)(piece % (PAYLOAD_PERIOD / payload.piece_bytes)) * SHA1_BYTES;
    digest_sha1(ring[piece % RING], payload.piece_bytes, hash);
    if (piece < PAYLOAD_PERIOD / payload.piece_bytes)
        memcpy(first, hash, sizeof hash);
    if (memcmp(first, hash, sizeof hash) != 0) {
        fputs("bench_bare: wrong data\n", stderr);
        exit(1);
    }
}

static void *hash_and_write(void *hashes)
{
    for (uint32_t piece = 0; piece < payload.pieces; piece++) {
        pthread_mutex_lock(&mutex);
        while (received == piece)
            pthread_cond_wait(&moved, &mutex);
        pthread_mutex_unlock(&mutex);
        verify(piece, hashes);
        if (pwrite(out_fd, ring[piece % RING], payload.piece_bytes,
                   (off_t)piece * payload.piece_bytes) != (ssize_t)payload.piece_bytes)
            die("write");
        pthread_mutex_lock(&mutex);
        written = piece + 1;
        pthread_cond_signal(&moved);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void send_all(int fd, const void *bytes, size_t length)
{
    if (send(fd, bytes, length, MSG_NOSIGNAL) != (ssize_t)length)
        die("send");
}

static void ask(int fd, uint32_t *next, uint32_t until)
{
    const uint32_t per_piece = payload.piece_bytes / BLOCK;
    uint8_t out[WINDOW][17];
    uint32_t n = 0;
    for (; *next < until && n < WINDOW; (*next)++, n++) {
        be32_put(out[n], 13);
        out[n][4] = 6;
        be32_put(out[n] + 5, *next / per_piece);
        be32_put(out[n] + 9, *next % per_piece * BLOCK);
        be32_put(out[n] + 13, BLOCK);
    }
    if (n > 0)
        send_all(fd, out, n * sizeof out[0]);
}

static void wait_for_room(uint32_t piece)
{
    pthread_mutex_lock(&mutex);
    while (piece >= written + RING)
        pthread_cond_wait(&moved, &mutex);
    pthread_mutex_unlock(&mutex);
}

static void piece_received(uint32_t piece)
{
    pthread_mutex_lock(&mutex);
    received = piece + 1;
    pthread_cond_signal(&moved);
    pthread_mutex_unlock(&mutex);
}

/* Blocks come in the order asked for, so that where each goes is known beforehand. */
static void receive_all(int fd)
{
    const uint32_t per_piece = payload.piece_bytes / BLOCK;
    const uint32_t blocks = payload.pieces * per_piece;
    uint8_t headers[READ_BLOCKS][HEADER_BYTES];
    uint32_t asked = 0, block = 0;
    size_t into = 0; /* of the block's message */
    while (block < blocks) {
        struct iovec iov[2 * READ_BLOCKS];
        int n = 0;
        ask(fd, &asked, block + WINDOW < blocks ? block + WINDOW : blocks);
        wait_for_room(block / per_piece);
        for (uint32_t i = 0; i < READ_BLOCKS && block + i < blocks; i++) {
            const uint32_t at = block + i;
            if (at / per_piece != block / per_piece)
                break;
            const size_t skip = i == 0 ? into : 0;
            const size_t past = skip > HEADER_BYTES ? skip - HEADER_BYTES : 0;
            if (skip < HEADER_BYTES)
                iov[n++] = (struct iovec){headers[i] + skip, HEADER_BYTES - skip};
            iov[n++] = (struct iovec){ring[at / per_piece % RING] +
                                          (size_t)(at % per_piece) * BLOCK + past,
                                      BLOCK - past};
        }
        ssize_t got = readv(fd, iov, n);
        if (got <= 0)
            die("read");
        for (; got > 0; into = 0) {
            const size_t rest = HEADER_BYTES + BLOCK - into;
            if ((size_t)got < rest) {
                into += (size_t)got;
                break;
            }
            got -= (ssize_t)rest;
            if (++block % per_piece == 0)
                piece_received(block / per_piece - 1);
        }
    }
}

static void skip_bytes(int fd, size_t length)
{
    uint8_t bin[4096];
    while (length > 0) {
        const ssize_t got = read(fd, bin, length < sizeof bin ? length : sizeof bin);
        if (got <= 0)
            die("read");
        length -= (size_t)got;
    }
}

static int connect_to(uint16_t port)
{
    const struct sockaddr_in at = {.sin_family = AF_INET,
                                   .sin_port = htons(port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int on = 1;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&at, sizeof at) < 0)
        die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

int main(int argc, char **argv)
{
    uint8_t hello[68] = "\023BitTorrent protocol";
    pthread_t thread;
    if (argc != 5) {
        fputs("usage: bench_bare BYTES PIECE_BYTES PORT FILE\n", stderr);
        return 2;
    }
    payload.bytes = strtoull(argv[1], NULL, 10);
    payload.piece_bytes = (uint32_t)strtoul(argv[2], NULL, 10);
    payload.pieces = (uint32_t)(payload.bytes / payload.piece_bytes);
    uint8_t *hashes = calloc(PAYLOAD_PERIOD / payload.piece_bytes, SHA1_BYTES);
    if (hashes == NULL)
        die("memory");
    out_fd = open(argv[4], O_CREAT | O_TRUNC | O_WRONLY, 0666);
    if (out_fd < 0)
        die(argv[4]);
    for (uint32_t i = 0; i < RING; i++)
        if ((ring[i] = malloc(payload.piece_bytes)) == NULL)
            die("memory");
    const int fd = connect_to((uint16_t)atoi(argv[3]));
    memset(hello + 20, 0, 8);
    memset(hello + 28, 'x', 40);
    send_all(fd, hello, sizeof hello);
    skip_bytes(fd, 68 + 5 + (payload.pieces + 7) / 8 + 5);
    if (pthread_create(&thread, NULL, hash_and_write, hashes) != 0)
        die("thread");
    receive_all(fd);
    pthread_join(thread, NULL);
    free(hashes);
    return close(out_fd) == 0 ? 0 : 1;
}
