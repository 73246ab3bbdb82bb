/*
 * Any bytes as a story of peers and blocks told to a Piece Manager, beside a simple model
 * of what must be true: no block asked twice of a peer, none asked that has arrived, none
 * lost, none handed to the disk twice or out of order, every block back in the pool.
 * Aborts when it is not so. Used by the unit tests (random bytes) and by the fuzzer.
 */
#ifndef BTTUI_TESTS_PIECE_DRIVER_H
#define BTTUI_TESTS_PIECE_DRIVER_H

#include <stddef.h>
#include <stdint.h>

void driver_run(const uint8_t *bytes, size_t length);

#endif
