/*
 * How many bytes of a piece travel: a piece is shorter than the others where a file of a
 * v2 torrent ends (BEP 52), or where it ends in padding that nobody need send (BEP 47).
 * Any thread.
 */
#ifndef BTTUI_BASE_PIECE_TAILS_H
#define BTTUI_BASE_PIECE_TAILS_H

#include <stdint.h>

/* A piece of fewer bytes than the others; > 0. */
struct piece_tail {
    uint32_t piece, bytes;
};

/* Bytes of PIECE: its tail's, or PIECE_BYTES. TAILS are in the order of pieces. O(log
 * COUNT). */
uint32_t piece_tails_find(const struct piece_tail *tails, uint32_t count, uint32_t piece,
                          uint32_t piece_bytes);

#endif
