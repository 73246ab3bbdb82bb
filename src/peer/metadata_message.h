/*
 * Messages of ut_metadata (BEP 9) as bytes: pieces of the info dictionary are asked for,
 * sent and refused. Pure.
 */
#ifndef BTTUI_PEER_METADATA_MESSAGE_H
#define BTTUI_PEER_METADATA_MESSAGE_H

#include "base/buffer.h"

#include <stdint.h>

#define METADATA_PIECE_BYTES 16384u
#define METADATA_MAX_BYTES   (UINT32_C(16) << 20) /* of an info dictionary */
#define METADATA_MAX_PIECES  (METADATA_MAX_BYTES / METADATA_PIECE_BYTES)

enum metadata_type { METADATA_REQUEST = 0, METADATA_DATA = 1, METADATA_REJECT = 2 };

struct metadata_message {
    int64_t type; /* others than those of BEP 9 are to be ignored */
    uint32_t piece;
    int64_t total;        /* DATA: bytes of the whole as told; 0: not told */
    const uint8_t *bytes; /* DATA: what follows the dictionary, in the input */
    uint32_t length;
};

/* How many pieces TOTAL bytes have, and how long one of them is. */
static inline uint32_t metadata_piece_count(uint32_t total)
{
    return (total + METADATA_PIECE_BYTES - 1) / METADATA_PIECE_BYTES;
}
static inline uint32_t metadata_piece_length(uint32_t total, uint32_t piece)
{
    const uint32_t left = total - piece * METADATA_PIECE_BYTES;
    return left < METADATA_PIECE_BYTES ? left : METADATA_PIECE_BYTES;
}

/* Anything that does not begin with a dictionary with `msg_type`, and `piece` below
 * METADATA_MAX_PIECES unless the type is unknown, is an error. */
enum error_code metadata_message_read(const uint8_t *bytes, size_t length,
                                      struct metadata_message *ret_message) MUST_CHECK;
/* Appends one; TOTAL and BYTES only of DATA. */
enum error_code metadata_message_write(const struct metadata_message *message,
                                       struct buffer *buffer) MUST_CHECK;

#endif
