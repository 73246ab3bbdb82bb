/* A small payload and its .torrent, and how a session ends, for tests on virtual time. */
#ifndef BTTUI_TESTS_UNIT_TORRENT_PAYLOAD_H
#define BTTUI_TESTS_UNIT_TORRENT_PAYLOAD_H

#include "base/buffer.h"
#include "tests/lib/world.h"

struct session;

#define PAYLOAD_PIECES      4u
#define PAYLOAD_PIECE_BYTES 16384u

/* "payload" in DIR: each piece is bytes of its number, from 1. TORRENT is its .torrent.
 */
void payload_make(const char *dir, struct buffer *ret_torrent);
/* The same payload, its torrent a hybrid (BEP 52). */
void payload_make_hybrid(const char *dir, struct buffer *ret_torrent);
/* "payload" in DIR, PAYLOAD_V2_BYTES long: each block is bytes of its number, from 1; a
 * hybrid or of v2 alone, its last piece two blocks long. */
#define PAYLOAD_V2_PIECE_BYTES 65536u /* four blocks */
#define PAYLOAD_V2_PIECES      5u
#define PAYLOAD_V2_BYTES       (4 * PAYLOAD_V2_PIECE_BYTES + BLOCK_BYTES + 5)
void payload_make_v2(const char *dir, bool hybrid, struct buffer *ret_torrent);
uint8_t payload_v2_byte(uint32_t piece, uint32_t begin);
/* Stops SESSION as a program that ends well does, and frees it. */
void payload_close(struct world *world, struct session *session);

#endif
