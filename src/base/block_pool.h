/*
 * One arena of 16 KiB blocks that payload is received into and sent from. A
 * block travels by ownership: peer, Torrent Manager, Disk Manager, back here.
 * The free list is LIFO, so that the next block is the one still in cache.
 *
 * The pool belongs to the loop thread: workers never take or give, they hand
 * chains of blocks back over their bus. Memory of the arena is touched only
 * when a block is first used; what stays unused for long can be trimmed.
 */
#ifndef BTTUI_BASE_BLOCK_POOL_H
#define BTTUI_BASE_BLOCK_POOL_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BLOCK_BYTES 16384u

/* A block and the place of its bytes in a torrent. Whoever holds it owns it. */
struct block {
    struct block *next; /* chains: a run handed to a worker, blocks handed back */
    uint8_t *bytes;     /* BLOCK_BYTES of room */
    uint32_t piece;
    uint32_t begin;  /* offset in the piece */
    uint32_t length; /* bytes filled */
    uint32_t tag;    /* free for the holder */
};

struct block_pool;

/* Room for BYTES (rounded up to a block). NULL when out of memory. */
struct block_pool *block_pool_new(size_t bytes);
/* All blocks must be back, except in a process that is ending. */
void block_pool_free(struct block_pool *pool);

/* The hottest free block, next NULL; NULL when none is left. */
struct block *block_pool_take(struct block_pool *pool);
void block_pool_give(struct block_pool *pool, struct block *block);
/* Gives a whole chain back; NULL is an empty chain. */
void block_pool_give_chain(struct block_pool *pool, struct block *chain);

uint32_t block_pool_total(const struct block_pool *pool);
uint32_t block_pool_left(const struct block_pool *pool);

/* Returns the memory of blocks that were not in use since the last call to the
 * system (madvise). For a slow timer; never for the data path. */
void block_pool_trim(struct block_pool *pool);

#endif
