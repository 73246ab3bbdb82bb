/*
 * The bare limit of a download: receive from bench_seeder in order, hash on other
 * threads, write. No choice of pieces, no peers, no books: what any client could reach at
 * best.
 *
 *   bench_bare [-w WORKERS] [-r] [-n RING] BYTES PIECE_BYTES ADDRESS:PORT FILE
 *
 * Whole pieces only. WORKERS threads (2) hash; they write, too, or with -r the receiver
 * does. Prints one JSON object. RING pieces (4) are in memory, the same ones again and
 * again, touched beforehand.
 */
#include "payload.h"
#include "sockets.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/digest.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <unistd.h>

#define RING_MAX     64u
#define WORKERS_MAX  8u
#define WINDOW       512u
#define READ_BLOCKS  16u
#define HEADER_BYTES 13u

enum slot_state { SLOT_FREE, SLOT_FULL, SLOT_TAKEN, SLOT_HASHED };

static struct payload payload;
static uint8_t *ring[RING_MAX];
static enum slot_state slots[RING_MAX];
static uint32_t ring_size = 4, worker_count = 2;
static bool receiver_writes;
static uint32_t taken; /* pieces given to workers */
static uint8_t *hashes;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER;
static pthread_cond_t emptied = PTHREAD_COND_INITIALIZER;
static int out_fd;

static void verify(uint32_t piece)
{
    uint8_t hash[SHA1_BYTES];
    const uint32_t period = PAYLOAD_PERIOD / payload.piece_bytes;
    digest_sha1(ring[piece % ring_size], payload.piece_bytes, hash);
    if (memcmp(hashes + (size_t)(piece % period) * SHA1_BYTES, hash, sizeof hash) != 0) {
        fputs("bench_bare: wrong data\n", stderr);
        exit(1);
    }
}

static void write_piece(uint32_t piece)
{
    if (pwrite(out_fd, ring[piece % ring_size], payload.piece_bytes,
               (off_t)piece * payload.piece_bytes) != (ssize_t)payload.piece_bytes)
        die("write");
}

static void set_state(uint32_t piece, enum slot_state state, pthread_cond_t *condition)
{
    pthread_mutex_lock(&mutex);
    slots[piece % ring_size] = state;
    pthread_cond_signal(condition);
    pthread_mutex_unlock(&mutex);
}

static void *work(void *unused)
{
    for (;;) {
        pthread_mutex_lock(&mutex);
        while (taken < payload.pieces && slots[taken % ring_size] != SLOT_FULL)
            pthread_cond_wait(&filled, &mutex);
        const uint32_t piece = taken;
        if (piece < payload.pieces) {
            slots[piece % ring_size] = SLOT_TAKEN;
            if (++taken == payload.pieces)
                pthread_cond_broadcast(&filled);
        }
        pthread_mutex_unlock(&mutex);
        if (piece == payload.pieces)
            return unused;
        verify(piece);
        if (!receiver_writes)
            write_piece(piece);
        set_state(piece, receiver_writes ? SLOT_HASHED : SLOT_FREE, &emptied);
    }
}

/* Until the slot of PIECE can be filled; what was in it is written. */
static void wait_for_room(uint32_t piece)
{
    enum slot_state *slot = &slots[piece % ring_size];
    pthread_mutex_lock(&mutex);
    while (*slot == SLOT_FULL || *slot == SLOT_TAKEN)
        pthread_cond_wait(&emptied, &mutex);
    const bool must_write = *slot == SLOT_HASHED;
    *slot = SLOT_FREE;
    pthread_mutex_unlock(&mutex);
    if (must_write)
        write_piece(piece - ring_size);
}

static void ask(int fd, uint32_t *next, uint32_t until)
{
    const uint32_t per_piece = payload.piece_bytes / BLOCK;
    uint8_t out[WINDOW][17];
    uint32_t n = 0;
    if (until - *next < WINDOW / 4 && until < payload.pieces * per_piece)
        return;
    for (; *next < until && n < WINDOW; (*next)++, n++) {
        be32_put(out[n], 13);
        out[n][4] = 6;
        be32_put(out[n] + 5, *next / per_piece);
        be32_put(out[n] + 9, *next % per_piece * BLOCK);
        be32_put(out[n] + 13, BLOCK);
    }
    socket_send_all(fd, out, n * sizeof out[0]);
}

/* Where the rest of BLOCK_INDEX, of which INTO bytes came, and those after it shall go:
 * blocks come in the order asked for, so that it is known beforehand. */
static int aim(struct iovec *iov, uint8_t headers[][HEADER_BYTES], uint32_t block,
               size_t into)
{
    const uint32_t per_piece = payload.piece_bytes / BLOCK;
    int n = 0;
    for (uint32_t i = 0; i < READ_BLOCKS; i++) {
        const uint32_t at = block + i;
        if (at / per_piece != block / per_piece)
            break;
        const size_t skip = i == 0 ? into : 0;
        const size_t past = skip > HEADER_BYTES ? skip - HEADER_BYTES : 0;
        if (skip < HEADER_BYTES)
            iov[n++] = (struct iovec){headers[i] + skip, HEADER_BYTES - skip};
        iov[n++] = (struct iovec){ring[at / per_piece % ring_size] +
                                      (size_t)(at % per_piece) * BLOCK + past,
                                  BLOCK - past};
    }
    return n;
}

static void receive_all(int fd)
{
    const uint32_t per_piece = payload.piece_bytes / BLOCK;
    const uint32_t blocks = payload.pieces * per_piece;
    uint8_t headers[READ_BLOCKS][HEADER_BYTES];
    uint32_t asked = 0, block = 0;
    size_t into = 0; /* of the block's message */
    while (block < blocks) {
        struct iovec iov[2 * READ_BLOCKS];
        ask(fd, &asked, block + WINDOW < blocks ? block + WINDOW : blocks);
        if (block % per_piece == 0 && into == 0)
            wait_for_room(block / per_piece);
        ssize_t got = readv(fd, iov, aim(iov, headers, block, into));
        if (got <= 0)
            die("read");
        into += (size_t)got;
        for (; into >= HEADER_BYTES + BLOCK; into -= HEADER_BYTES + BLOCK)
            if (++block % per_piece == 0)
                set_state(block / per_piece - 1, SLOT_FULL, &filled);
    }
}

static void skip_to_blocks(int fd)
{
    uint8_t bin[4096];
    size_t left = 68 + 5 + (payload.pieces + 7) / 8 + 5;
    while (left > 0) {
        const size_t part = left < sizeof bin ? left : sizeof bin;
        socket_read_all(fd, bin, part);
        left -= part;
    }
}

static void download(const char *where)
{
    uint8_t hello[68] = "\023BitTorrent protocol";
    const struct sockaddr_in at = socket_address(where);
    const int fd = socket_connect(NULL, &at);
    memset(hello + 20, 0, 8);
    memset(hello + 28, 'x', 40);
    socket_send_all(fd, hello, sizeof hello);
    skip_to_blocks(fd);
    receive_all(fd);
    close(fd);
}

static double cpu_s(const struct rusage *usage)
{
    return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
           (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;
}

static void prepare(char **argv)
{
    payload_init(&payload, strtoull(argv[0], NULL, 10),
                 (uint32_t)strtoul(argv[1], NULL, 10));
    const uint32_t period = PAYLOAD_PERIOD / payload.piece_bytes;
    hashes = calloc(period, SHA1_BYTES);
    if (hashes == NULL)
        die("memory");
    for (uint32_t piece = 0; piece < payload.pieces && piece < period; piece++)
        payload_piece_hash(&payload, piece, hashes + (size_t)piece * SHA1_BYTES);
    out_fd = open(argv[3], O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0666);
    if (out_fd < 0)
        die(argv[3]);
    if (ring_size > payload.pieces)
        ring_size = payload.pieces;
    for (uint32_t i = 0; i < ring_size; i++) {
        ring[i] = mmap(NULL, payload.piece_bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        if (ring[i] == MAP_FAILED)
            die("memory");
    }
}

static bool read_options(int argc, char **argv)
{
    int option;
    while ((option = getopt(argc, argv, "w:rn:")) != -1) {
        if (option == 'w')
            worker_count = (uint32_t)strtoul(optarg, NULL, 10);
        else if (option == 'r')
            receiver_writes = true;
        else if (option == 'n')
            ring_size = (uint32_t)strtoul(optarg, NULL, 10);
        else
            return false;
    }
    return argc - optind == 4 && worker_count >= 1 && worker_count <= WORKERS_MAX &&
           ring_size >= 2 && ring_size <= RING_MAX;
}

int main(int argc, char **argv)
{
    pthread_t workers[WORKERS_MAX];
    if (!read_options(argc, argv)) {
        fputs("usage: bench_bare [-w WORKERS] [-r] [-n RING] BYTES PIECE_BYTES "
              "ADDRESS:PORT FILE\n",
              stderr);
        return 2;
    }
    argv += optind;
    prepare(argv);
    for (uint32_t i = 0; i < worker_count; i++)
        if (pthread_create(&workers[i], NULL, work, NULL) != 0)
            die("thread");
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    const uint64_t began = clock_now_ns(&clock_system);
    download(argv[2]);
    for (uint32_t i = 0; i < worker_count; i++)
        pthread_join(workers[i], NULL);
    if (receiver_writes)
        for (uint32_t i = 0; i < ring_size; i++)
            wait_for_room(payload.pieces + i);
    const double took = (double)(clock_now_ns(&clock_system) - began) / 1e9;
    getrusage(RUSAGE_SELF, &after);
    printf("{\"bytes\": %llu, \"seconds\": %.4f, \"mb_per_s\": %.1f, "
           "\"cpu_s\": %.4f}\n",
           (unsigned long long)payload.bytes, took, (double)payload.bytes / took / 1e6,
           cpu_s(&after) - cpu_s(&before));
    free(hashes);
    return close(out_fd) == 0 ? 0 : 1;
}
