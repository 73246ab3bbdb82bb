/*
 * A peer whose every byte the test chooses: builds wire messages, and takes apart what it
 * is sent. Its end of the connection is a stream of the virtual network.
 */
#ifndef BTTUI_TESTS_LIB_SCRIPT_PEER_H
#define BTTUI_TESTS_LIB_SCRIPT_PEER_H

#include "base/buffer.h"
#include "base/digest.h"
#include "net/mse_stream.h"
#include "net/net.h"

#include <stdbool.h>
#include <stdint.h>

struct script_peer {
    struct stream *stream; /* NULL: not connected yet, or closed */
    bool connected;
    bool over; /* the other side has closed or reset */
    bool deaf; /* reads nothing: its window fills up */
    struct buffer out, in;
    size_t parsed; /* bytes of `in` that were taken apart */
    struct listener *listener;
    const struct net *net;
    const struct script_hiding *hiding; /* NULL: it is plain */
};

/* How a peer hides its connections (MSE/PE). */
struct script_hiding {
    struct mse_kit *kit;
    struct info_hash skey;
    unsigned methods; /* enum mse_method, or-ed */
    bool strong;
};

void script_peer_init(struct script_peer *peer);
/* Closes what is open. */
void script_peer_done(struct script_peer *peer);
void script_peer_close(struct script_peer *peer);
void script_peer_set_deaf(struct script_peer *peer, bool deaf);

/* Connects from NET to ADDRESS, or waits there for one connection. */
void script_peer_dial(struct script_peer *peer, const struct net *net, struct loop *loop,
                      const char *address);
void script_peer_listen(struct script_peer *peer, const struct net *net,
                        struct loop *loop, const char *address);
/* Takes the connection that came: CONTEXT is the peer (a net_on_accept). */
void script_peer_accept(void *context, struct stream *stream, const struct netaddr *from);

/* ---- sending ---- */
void script_peer_send(struct script_peer *peer, const void *bytes, size_t length);
struct script_hello {
    struct info_hash hash;
    uint8_t peer_id[20];
    bool fast, extended;
    bool v2; /* BEP 52's bit */
};
void script_put_handshake(struct buffer *buffer, const struct script_hello *hello);
void script_put(struct buffer *buffer, int id, const void *body, size_t length);
void script_put_u32(struct buffer *buffer, int id, uint32_t a);
void script_put_block(struct buffer *buffer, int id, uint32_t piece, uint32_t begin,
                      uint32_t length);
/* A `piece` message whose payload is script_payload's. */
void script_put_piece(struct buffer *buffer, uint32_t piece, uint32_t begin,
                      uint32_t length);
uint8_t script_payload(uint32_t piece, uint32_t offset);
/* The same, at once to the peer. */
void script_peer_handshake(struct script_peer *peer, const struct script_hello *hello);
void script_peer_put(struct script_peer *peer, int id, const void *body, size_t length);
void script_peer_put_u32(struct script_peer *peer, int id, uint32_t a);
void script_peer_put_block(struct script_peer *peer, int id, uint32_t piece,
                           uint32_t begin, uint32_t length);
void script_peer_put_piece(struct script_peer *peer, uint32_t piece, uint32_t begin,
                           uint32_t length);

/* ---- what it was sent ---- */
#define SCRIPT_HANDSHAKE  -1
#define SCRIPT_KEEP_ALIVE -2
struct script_message {
    int id;
    const uint8_t *body; /* until the next call */
    uint32_t length;
};
/* The next whole message; false: none yet. The first is the handshake. */
bool script_peer_next(struct script_peer *peer, struct script_message *ret_message);
/* Takes all that came; how many messages had this id. */
uint32_t script_peer_count(struct script_peer *peer, int id);
/* Takes messages up to the first with this id; false: none. */
bool script_peer_find(struct script_peer *peer, int id,
                      struct script_message *ret_message);

#endif
