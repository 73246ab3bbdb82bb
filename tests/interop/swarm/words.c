/* What a peer of the swarm says, and what it was asked for. */
#include "swarm.h"

#include "base/buffer.h"
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t swarm_random(uint32_t below)
{
    static struct random_seeded seeded;
    if (seeded.source.fill == NULL)
        random_seeded_init(&seeded, 7);
    return (uint32_t)random_below(&seeded.source, below);
}

/* ---- sending ---- */

bool swarm_has_room(const struct connection *c, size_t bytes)
{
    return c->out_length + bytes <= OUT_MOST;
}

void swarm_put(struct connection *c, const void *bytes, size_t length)
{
    if (!swarm_has_room(c, length))
        return;
    if (c->out_length + length > c->out_size) {
        c->out_size = c->out_length + length + 65536;
        c->out = realloc(c->out, c->out_size);
        if (c->out == NULL)
            exit(1);
    }
    memcpy(c->out + c->out_length, bytes, length);
    c->out_length += length;
}

void swarm_put_message(struct connection *c, uint8_t id, const void *body,
                       uint32_t length)
{
    uint8_t head[5];
    be32_put(head, length + 1);
    head[4] = id;
    swarm_put(c, head, sizeof head);
    if (length > 0)
        swarm_put(c, body, length);
}

void swarm_put_u32s(struct connection *c, uint8_t id, const uint32_t *words, int count)
{
    uint8_t body[12];
    for (int i = 0; i < count; i++)
        be32_put(body + 4 * i, words[i]);
    swarm_put_message(c, id, body, (uint32_t)(4 * count));
}

void swarm_put_hello(struct connection *c)
{
    uint8_t hello[68] = "\023BitTorrent protocol";
    hello[25] = 0x10;
    hello[27] = 0x04;
    memcpy(hello + 28, swarm_payload.info_hash, 20);
    snprintf((char *)hello + 48, 20, "-HS0001-%011u", c->peer->host);
    swarm_put(c, hello, sizeof hello);
}

void swarm_put_piece(struct connection *c, const struct request *request, bool spoiled)
{
    uint8_t head[13];
    const uint64_t offset =
        (uint64_t)request->piece * swarm_payload.piece_bytes + request->begin;
    be32_put(head, request->length + 9);
    head[4] = 7;
    be32_put(head + 5, request->piece);
    be32_put(head + 9, request->begin);
    swarm_put(c, head, sizeof head);
    if (!swarm_has_room(c, request->length))
        exit(1);
    swarm_put(c, payload_at(&swarm_payload, offset), request->length);
    if (spoiled)
        c->out[c->out_length - 1 - swarm_random(request->length)] ^= 0x40;
}

/* ---- requests ---- */

void swarm_push(struct connection *c, const uint8_t *body)
{
    const struct request request = {be32_get(body), be32_get(body + 4),
                                    be32_get(body + 8)};
    if (request.piece >= swarm_payload.pieces || request.length > BLOCK ||
        request.begin > swarm_payload.piece_bytes - request.length)
        exit(1); /* what bttui asks for is in the torrent */
    if (c->capacity == 0) {
        c->capacity = 4096;
        c->queue = malloc(c->capacity * sizeof *c->queue);
        if (c->queue == NULL)
            exit(1);
    }
    if (c->length < c->capacity)
        c->queue[(c->head + c->length++) % c->capacity] = request;
}

bool swarm_pop(struct connection *c, struct request *ret_request)
{
    if (c->length == 0)
        return false;
    *ret_request = c->queue[c->head];
    c->head = (c->head + 1) % c->capacity;
    c->length--;
    return true;
}
