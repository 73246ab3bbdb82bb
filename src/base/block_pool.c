#include "base/block_pool.h"

#include <stdlib.h>
#include <sys/mman.h>

struct block_pool {
    uint8_t *arena;
    struct block *blocks;
    struct block *free_list;
    uint32_t total;
    uint32_t left;
    uint32_t least_left; /* since the last trim: what stayed free all the time is cold */
};

struct block_pool *block_pool_new(size_t bytes)
{
    struct block_pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL)
        return NULL;
    pool->total = (uint32_t)((bytes + BLOCK_BYTES - 1) / BLOCK_BYTES);
    pool->blocks = calloc(pool->total + 1u, sizeof *pool->blocks);
    pool->arena =
        mmap(NULL, ((size_t)pool->total + 1) * BLOCK_BYTES, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pool->blocks == NULL || pool->arena == MAP_FAILED) {
        if (pool->arena != MAP_FAILED)
            munmap(pool->arena, ((size_t)pool->total + 1) * BLOCK_BYTES);
        free(pool->blocks);
        free(pool);
        return NULL;
    }
    for (uint32_t i = pool->total; i-- > 0;) {
        pool->blocks[i].bytes = pool->arena + (size_t)i * BLOCK_BYTES;
        pool->blocks[i].next = pool->free_list;
        pool->free_list = &pool->blocks[i];
    }
    pool->left = pool->least_left = pool->total;
    return pool;
}

void block_pool_free(struct block_pool *pool)
{
    if (pool == NULL)
        return;
    munmap(pool->arena, ((size_t)pool->total + 1) * BLOCK_BYTES);
    free(pool->blocks);
    free(pool);
}

struct block *block_pool_take(struct block_pool *pool)
{
    struct block *block = pool->free_list;
    if (block == NULL)
        return NULL;
    pool->free_list = block->next;
    block->next = NULL;
    if (--pool->left < pool->least_left)
        pool->least_left = pool->left;
    return block;
}

void block_pool_give(struct block_pool *pool, struct block *block)
{
    if (block == NULL)
        return;
    block->next = pool->free_list;
    pool->free_list = block;
    pool->left++;
}

void block_pool_give_chain(struct block_pool *pool, struct block *chain)
{
    while (chain != NULL) {
        struct block *next = chain->next;
        block_pool_give(pool, chain);
        chain = next;
    }
}

uint32_t block_pool_total(const struct block_pool *pool)
{
    return pool->total;
}

uint32_t block_pool_left(const struct block_pool *pool)
{
    return pool->left;
}

void block_pool_trim(struct block_pool *pool)
{
    /* The list is LIFO: the LEAST_LEFT blocks at its far end were not touched. */
    struct block *block = pool->free_list;
    for (uint32_t hot = pool->left - pool->least_left; hot > 0 && block != NULL; hot--)
        block = block->next;
    for (; block != NULL; block = block->next)
        madvise(block->bytes, BLOCK_BYTES, MADV_DONTNEED);
    pool->least_left = pool->left;
}
