/* A small payload and its .torrent, and how a session ends, for tests on virtual time. */
#ifndef BTTUI_TESTS_UNIT_TORRENT_PAYLOAD_H
#define BTTUI_TESTS_UNIT_TORRENT_PAYLOAD_H

#include "base/buffer.h"
#include "tests/lib/world.h"
#include "torrent/session.h"

#define PAYLOAD_PIECES      4u
#define PAYLOAD_PIECE_BYTES 16384u

/* "payload" in DIR: each piece is bytes of its number, from 1. TORRENT is its .torrent.
 */
void payload_make(const char *dir, struct buffer *ret_torrent);
/* Stops SESSION as a program that ends well does, and frees it. */
void payload_close(struct world *world, struct session *session);

#endif
