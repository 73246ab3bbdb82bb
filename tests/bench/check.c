/*
 * The bare limit of a check: read and hash, a piece at a time, on all cores.
 *
 *   bench_check BYTES PIECE_BYTES FILE [WORKERS]
 *
 * Whole pieces of the benchmarks' payload. Prints one JSON object.
 */
#include "payload.h"
#include "sockets.h"

#include "base/clock.h"
#include "base/digest.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define WORKERS_MAX 64
#define RUN_BYTES   (128u * 1024) /* stays in the cache between reading and hashing */

static struct payload payload;
static uint8_t *hashes;
static int fd;
static atomic_uint next_piece;

static void check(uint32_t piece, struct digest *digest, uint8_t *run)
{
    uint8_t hash[SHA1_BYTES];
    const uint32_t period = PAYLOAD_PERIOD / payload.piece_bytes;
    digest_reset(digest);
    for (uint32_t at = 0; at < payload.piece_bytes; at += RUN_BYTES) {
        const uint32_t left = payload.piece_bytes - at;
        const uint32_t part = left < RUN_BYTES ? left : RUN_BYTES;
        if (pread(fd, run, part, (off_t)piece * payload.piece_bytes + at) !=
            (ssize_t)part)
            die("read");
        digest_update(digest, run, part);
    }
    digest_final(digest, hash);
    if (memcmp(hash, hashes + (size_t)(piece % period) * SHA1_BYTES, sizeof hash) != 0) {
        fputs("bench_check: wrong data\n", stderr);
        _exit(1); /* exit(3) would take the libraries from under the other thread */
    }
}

static void *work(void *unused)
{
    struct digest *digest = digest_new(DIGEST_SHA1);
    uint8_t *run = malloc(RUN_BYTES);
    if (digest == NULL || run == NULL)
        die("memory");
    for (;;) {
        const uint32_t piece = atomic_fetch_add(&next_piece, 1);
        if (piece >= payload.pieces)
            break;
        check(piece, digest, run);
    }
    digest_free(digest);
    free(run);
    return unused;
}

static void prepare(char **argv)
{
    payload_init(&payload, strtoull(argv[1], NULL, 10),
                 (uint32_t)strtoul(argv[2], NULL, 10));
    const uint32_t period = PAYLOAD_PERIOD / payload.piece_bytes;
    hashes = calloc(period, SHA1_BYTES);
    fd = open(argv[3], O_RDONLY | O_CLOEXEC);
    if (hashes == NULL || fd < 0)
        die(argv[3]);
    for (uint32_t piece = 0; piece < payload.pieces && piece < period; piece++)
        payload_piece_hash(&payload, piece, hashes + (size_t)piece * SHA1_BYTES);
}

static double cpu_s(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv)
{
    pthread_t workers[WORKERS_MAX];
    if (argc != 4 && argc != 5) {
        fputs("usage: bench_check BYTES PIECE_BYTES FILE [WORKERS]\n", stderr);
        return 2;
    }
    const long cores = argc == 5 ? atol(argv[4]) : sysconf(_SC_NPROCESSORS_ONLN);
    const int count = cores < 1 ? 1 : cores > WORKERS_MAX ? WORKERS_MAX : (int)cores;
    prepare(argv);
    const double cpu_before = cpu_s();
    const uint64_t began = clock_now_ns(&clock_system);
    for (int i = 0; i < count; i++)
        if (pthread_create(&workers[i], NULL, work, NULL) != 0)
            die("thread");
    for (int i = 0; i < count; i++)
        pthread_join(workers[i], NULL);
    const double took = (double)(clock_now_ns(&clock_system) - began) / 1e9;
    printf("{\"bytes\": %llu, \"seconds\": %.4f, \"mb_per_s\": %.1f, \"cpu_s\": %.4f}\n",
           (unsigned long long)payload.bytes, took, (double)payload.bytes / took / 1e6,
           cpu_s() - cpu_before);
    free(hashes);
    free(payload.noise);
    return 0;
}
