/* One connection of bench_seeder. */
#ifndef BENCH_SEEDER_PEER_H
#define BENCH_SEEDER_PEER_H

#include "payload.h"

#include "base/buffer.h"

#include <stdbool.h>
#include <stdint.h>

#define SEEDER_QUEUE 4096u /* requests that wait; more are forgotten */

struct seeder_request {
    uint32_t piece, begin, length;
};

struct seeder {
    const struct payload *payload;
    int fd;
    int data_fd;     /* -1: the data come from memory */
    bool is_idle;    /* shows what it has, keeps alive, never unchokes */
    bool is_empty;   /* has no piece to show */
    bool has_called; /* we spoke first */
    bool has_greeted, has_sent_block, waits_for_room;
    struct buffer in;             /* the beginning of a message */
    struct buffer out;            /* what goes before the next block */
    struct seeder_request *queue; /* SEEDER_QUEUE; NULL: idle */
    uint32_t head, count;
    size_t sent;       /* of the first request's message */
    uint64_t uploaded; /* bytes of blocks */
};

struct seeder *seeder_new(const struct payload *payload, int fd, int data_fd,
                          bool is_idle);
void seeder_free(struct seeder *seeder); /* closes FD */
/* Reads and sends what it can; EVENTS: epoll's. False: the connection is over. */
bool seeder_turn(struct seeder *seeder, uint32_t events);
/* Sends the handshake on a connection that we made. */
void seeder_call(struct seeder *seeder);
/* False: the connection is over. */
bool seeder_keep_alive(struct seeder *seeder);

#endif
