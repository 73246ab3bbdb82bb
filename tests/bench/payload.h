/* The payload of the benchmarks: 64 MiB of noise, repeated, so that the seeder serves any
 * size from memory that fits the cache of no CPU and needs no disk. */
#ifndef BENCH_PAYLOAD_H
#define BENCH_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>

#define PAYLOAD_PERIOD (64u << 20)
#define BLOCK          16384u

struct payload {
    uint8_t *noise; /* PAYLOAD_PERIOD bytes and one more block, so that no block wraps */
    uint64_t bytes;
    uint32_t piece_bytes;
    uint32_t pieces;
    uint8_t info_hash[20];
};

/* PIECE_BYTES divides PAYLOAD_PERIOD. Exits with a message when memory is short. */
void payload_init(struct payload *payload, uint64_t bytes, uint32_t piece_bytes);
const uint8_t *payload_at(const struct payload *payload, uint64_t offset);
void payload_piece_hash(const struct payload *payload, uint32_t piece, uint8_t hash[20]);
/* Writes a .torrent named NAME without trackers to PATH (NULL: none) and sets info_hash.
 */
void payload_make_torrent(struct payload *payload, const char *name, const char *path);
/* Writes the data to PATH. */
void payload_write(const struct payload *payload, const char *path);

#endif
