#include "base/piece_tails.h"

uint32_t piece_tails_find(const struct piece_tail *tails, uint32_t count, uint32_t piece,
                          uint32_t piece_bytes)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (tails[middle].piece < piece)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && tails[low].piece == piece ? tails[low].bytes : piece_bytes;
}
