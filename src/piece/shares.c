#include "piece/shares.h"

#define ORDER_BITS 10 /* the rest of SHARES_BITS is for the rank */

#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

uint64_t shares_key(const uint8_t peer_id[SHARES_ID_BYTES])
{
    uint64_t key = FNV_BASIS;
    for (uint32_t i = 0; i < SHARES_ID_BYTES; i++)
        key = (key ^ peer_id[i]) * FNV_PRIME;
    return key;
}

/* Every bit of the key and of the piece moves every bit of the claim (the finaliser of
 * MurmurHash3). */
static uint64_t claim(uint64_t key, uint32_t piece)
{
    uint64_t value = key + piece * UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ value >> 33) * UINT64_C(0xff51afd7ed558ccd);
    value = (value ^ value >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return value ^ value >> 33;
}

uint32_t shares_turn(const struct shares *shares, uint32_t piece, uint32_t draw)
{
    if (shares->count == 0)
        return draw & ((1u << SHARES_BITS) - 1);
    const uint64_t own = claim(shares->own, piece);
    uint64_t best = own;
    uint32_t rank = 0;
    for (uint32_t i = 0; i < shares->count; i++) {
        const uint64_t other = claim(shares->others[i], piece);
        rank += other > own;
        best = other > best ? other : best;
    }
    const uint64_t order = rank == 0 ? ~own : best;
    return rank << ORDER_BITS | (uint32_t)(order >> (64 - ORDER_BITS));
}
