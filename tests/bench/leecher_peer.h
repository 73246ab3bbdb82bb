/* One peer of bench_leecher. */
#ifndef BENCH_LEECHER_PEER_H
#define BENCH_LEECHER_PEER_H

#include "payload.h"

#include "base/bitfield.h"
#include "base/buffer.h"

#include <stdbool.h>
#include <stdint.h>

#define LEECHER_WINDOW_MAX 2000u
#define LEECHER_MESSAGE    (2u << 20) /* the longest that is read: a bitfield */

struct leecher {
    const struct payload *payload;
    int fd;
    uint32_t index;
    uint32_t window; /* requests that may wait with the other side */
    uint32_t blocks; /* of the payload */
    uint32_t first_block;

    bool is_over, wants_to_send, is_unchoked, has_greeted;
    const char *trouble; /* why it is over without everything */
    struct bitfield got, asked;
    uint32_t cursor;      /* blocks before, from first_block on, are asked or got */
    uint32_t outstanding; /* asked and not got */
    uint32_t received;
    uint64_t received_bytes;
    uint32_t *piece_left; /* blocks each piece lacks */

    struct buffer in;  /* the beginning of a message that is not a block */
    struct buffer out; /* what the socket has not taken */
    uint8_t header[13];
    uint32_t block;      /* the one that comes in */
    uint32_t block_left; /* its bytes that have not come; 0: none comes in */
    bool block_is_checked;
};

struct leecher *leecher_new(const struct payload *payload, int fd, uint32_t index,
                            uint32_t window);
void leecher_free(struct leecher *leecher);
/* Sends the handshake and makes the socket non-blocking. */
void leecher_greet(struct leecher *leecher);
/* Reads and sends what it can. EVENTS: epoll's. */
void leecher_turn(struct leecher *leecher, uint32_t events);

#endif
