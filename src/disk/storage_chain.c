/* Chains of blocks as the vectors of a read or write. */
#include "disk/storage_private.h"

uint64_t chain_bytes(const struct block *chain)
{
    uint64_t bytes = 0;
    for (; chain != NULL; chain = chain->next)
        bytes += chain->length;
    return bytes;
}

int chain_gather(struct chain_cursor *cursor, uint64_t length, struct iovec *iov)
{
    int count = 0;
    while (length > 0 && count < CHAIN_IOV_COUNT && cursor->block != NULL) {
        const uint64_t rest = cursor->block->length - cursor->at;
        const size_t take = (size_t)(rest < length ? rest : length);
        iov[count++] = (struct iovec){cursor->block->bytes + cursor->at, take};
        length -= take;
        cursor->at += (uint32_t)take;
        if (cursor->at == cursor->block->length)
            *cursor = (struct chain_cursor){cursor->block->next, 0};
    }
    return count;
}

void chain_skip(struct chain_cursor *cursor, uint64_t length)
{
    while (length > 0 && cursor->block != NULL) {
        const uint64_t rest = cursor->block->length - cursor->at;
        if (length < rest) {
            cursor->at += (uint32_t)length;
            return;
        }
        length -= rest;
        *cursor = (struct chain_cursor){cursor->block->next, 0};
    }
}
