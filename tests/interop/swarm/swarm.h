/*
 * Peers of twenty-odd kinds, honest and hostile, on loopback addresses: what they share.
 * swarm.c owns connections and time, words.c puts together what is said, kinds.c knows
 * what each kind does.
 */
#ifndef BTTUI_TESTS_INTEROP_SWARM_H
#define BTTUI_TESTS_INTEROP_SWARM_H

#include "tests/bench/payload.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TICK_MS    50
#define OUT_MOST   (1u << 20)
#define IN_BYTES   65536u
#define FLOOD_TICK (512u * 1024 * TICK_MS / 1000) /* a flood: 512 KiB/s a peer */

struct request {
    uint32_t piece, begin, length;
};

struct peer;
struct connection {
    struct peer *peer;
    int fd;
    bool greeted;    /* the other side's handshake came */
    bool connecting; /* we dialled */
    bool unchoked;   /* we unchoke it (flapping) */
    bool deaf;       /* does not read */
    uint64_t opened_ms, last_ms;
    uint32_t count; /* of whatever the kind counts */
    uint8_t in[IN_BYTES];
    size_t in_length;
    uint8_t *out;
    size_t out_length, out_size;
    struct request *queue;
    uint32_t head, length, capacity;
};

struct kind {
    const char *name;
    bool dials; /* comes to us; else it waits to be called, and comes back if dropped */
    uint32_t again_ms;                     /* after a drop */
    void (*on_open)(struct connection *);  /* before any handshake; NULL: says hello */
    void (*on_hello)(struct connection *); /* both have said hello */
    void (*on_message)(struct connection *, uint8_t id, const uint8_t *body,
                       uint32_t length);
    void (*on_tick)(struct connection *, uint64_t now_ms);
};
const struct kind *kind_find(const char *name);

struct peer {
    const struct kind *kind;
    uint32_t number; /* among its kind */
    uint32_t host;   /* its address, host order */
    uint16_t port;
    int listener;
    struct connection *connection;
    uint64_t next_ms; /* when it dials */
    uint32_t opened, dropped;
    uint64_t in_bytes, out_bytes;
};

extern struct payload swarm_payload;
extern uint64_t swarm_rate; /* of an honest seed, bytes/s; 0: any */

/* Appends to what will be sent; nothing once OUT_MOST wait. */
void swarm_put(struct connection *, const void *bytes, size_t length);
void swarm_put_message(struct connection *, uint8_t id, const void *body,
                       uint32_t length);
void swarm_put_u32s(struct connection *, uint8_t id, const uint32_t *words, int count);
void swarm_put_hello(struct connection *);
void swarm_put_piece(struct connection *, const struct request *, bool spoiled);
bool swarm_has_room(const struct connection *, size_t bytes);
void swarm_push(struct connection *, const uint8_t *body);
bool swarm_pop(struct connection *, struct request *ret_request);
uint32_t swarm_random(uint32_t below);

#endif
