#include "tests/lib/script_peer.h"

#include "tests/lib/vnet_private.h"

#include <string.h>

#define HANDSHAKE_BYTES 68u

static void must(enum error_code error)
{
    VNET_REQUIRE(error == ERROR_NONE);
}

static void flush(struct script_peer *peer)
{
    while (peer->connected && peer->stream != NULL && peer->out.length > 0) {
        const struct iovec iov = {peer->out.bytes, peer->out.length};
        size_t sent;
        if (stream_writev(peer->stream, &iov, 1, &sent) != ERROR_NONE)
            break;
        buffer_consume(&peer->out, sent);
    }
    if (peer->stream != NULL)
        stream_set_interest(peer->stream, !peer->deaf, peer->out.length > 0);
}

static void on_connected(void *context)
{
    struct script_peer *peer = context;
    peer->connected = true;
    flush(peer);
}

static void on_error(void *context, enum error_code error)
{
    (void)error;
    struct script_peer *peer = context;
    peer->over = true;
    script_peer_close(peer);
}

static void on_readable(void *context)
{
    struct script_peer *peer = context;
    uint8_t bytes[65536];
    const struct iovec iov = {bytes, sizeof bytes};
    size_t got;
    const enum error_code error = stream_readv(peer->stream, &iov, 1, &got);
    if (error == ERROR_NONE)
        must(buffer_append(&peer->in, bytes, got));
    else if (error != ERROR_AGAIN)
        on_error(peer, error);
}

static void on_writable(void *context)
{
    flush(context);
}

static const struct stream_callbacks callbacks = {on_connected, on_readable, on_writable,
                                                  on_error};

void script_peer_init(struct script_peer *peer)
{
    *peer = (struct script_peer){0};
    buffer_init(&peer->out, 256u << 20);
    buffer_init(&peer->in, 256u << 20);
}

void script_peer_close(struct script_peer *peer)
{
    stream_close(peer->stream);
    peer->stream = NULL;
    peer->connected = false;
}

void script_peer_done(struct script_peer *peer)
{
    script_peer_close(peer);
    if (peer->listener != NULL)
        peer->net->unlisten(peer->net->context, peer->listener);
    buffer_done(&peer->out);
    buffer_done(&peer->in);
}

void script_peer_set_deaf(struct script_peer *peer, bool deaf)
{
    peer->deaf = deaf;
    flush(peer);
}

/* ---- hidden ones ---- */

static void on_key(void *context)
{
    mse_stream_answer(((struct script_peer *)context)->stream);
}

static bool find_skey(void *context, const uint8_t obfuscated[SHA1_BYTES],
                      struct info_hash *ret_skey)
{
    const struct script_peer *peer = context;
    uint8_t own[SHA1_BYTES];
    *ret_skey = peer->hiding->skey;
    mse_obfuscate(ret_skey, own);
    return memcmp(own, obfuscated, sizeof own) == 0;
}

/* Its stream, which is new, as it is to be used. */
static void hide(struct script_peer *peer, bool calls)
{
    const struct script_hiding *hiding = peer->hiding;
    const struct mse_host host = {on_key, find_skey, peer};
    if (hiding == NULL)
        return;
    peer->stream =
        calls ? mse_stream_call(hiding->kit, peer->stream, &hiding->skey, hiding->methods)
              : mse_stream_take(hiding->kit, peer->stream, &host, hiding->methods,
                                hiding->strong);
    VNET_REQUIRE(peer->stream != NULL);
}

void script_peer_dial(struct script_peer *peer, const struct net *net, struct loop *loop,
                      const char *address)
{
    const struct netaddr to = vnet_parse(address);
    peer->over = false;
    must(net->connect(net->context, loop, &to, &peer->stream));
    hide(peer, true);
    stream_set_callbacks(peer->stream, &callbacks, peer);
}

void script_peer_accept(void *context, struct stream *stream, const struct netaddr *from)
{
    struct script_peer *peer = context;
    (void)from;
    if (peer->stream != NULL) {
        stream_close(stream);
        return;
    }
    peer->stream = stream;
    peer->over = false;
    hide(peer, false);
    stream_set_callbacks(peer->stream, &callbacks, peer);
    if (peer->hiding != NULL)
        mse_stream_begin(peer->stream, NULL, 0);
    on_connected(peer);
}

void script_peer_listen(struct script_peer *peer, const struct net *net,
                        struct loop *loop, const char *address)
{
    const struct netaddr at = vnet_parse(address);
    uint16_t port;
    peer->net = net;
    must(net->listen(net->context, loop, &at, script_peer_accept, peer, &peer->listener,
                     &port));
}

/* ---- sending ---- */

void script_peer_send(struct script_peer *peer, const void *bytes, size_t length)
{
    if (peer->over)
        return;
    must(buffer_append(&peer->out, bytes, length));
    flush(peer);
}

void script_put_handshake(struct buffer *buffer, const struct script_hello *hello)
{
    uint8_t bytes[HANDSHAKE_BYTES] = "\x13"
                                     "BitTorrent protocol";
    bytes[25] = hello->extended ? 0x10 : 0;
    bytes[27] = (uint8_t)((hello->fast ? 0x04 : 0) | (hello->v2 ? 0x10 : 0));
    memcpy(bytes + 28, hello->hash.bytes, 20);
    memcpy(bytes + 48, hello->peer_id, 20);
    must(buffer_append(buffer, bytes, sizeof bytes));
}

void script_put(struct buffer *buffer, int id, const void *body, size_t length)
{
    must(buffer_append_u32(buffer, (uint32_t)length + 1));
    must(buffer_append_u8(buffer, (uint8_t)id));
    if (length > 0)
        must(buffer_append(buffer, body, length));
}

void script_put_u32(struct buffer *buffer, int id, uint32_t a)
{
    uint8_t body[4];
    be32_put(body, a);
    script_put(buffer, id, body, sizeof body);
}

void script_put_block(struct buffer *buffer, int id, uint32_t piece, uint32_t begin,
                      uint32_t length)
{
    uint8_t body[12];
    be32_put(body, piece);
    be32_put(body + 4, begin);
    be32_put(body + 8, length);
    script_put(buffer, id, body, sizeof body);
}

uint8_t script_payload(uint32_t piece, uint32_t offset)
{
    return (uint8_t)(piece * 31 + offset * 7 + (offset >> 8));
}

void script_put_piece(struct buffer *buffer, uint32_t piece, uint32_t begin,
                      uint32_t length)
{
    must(buffer_append_u32(buffer, length + 9));
    must(buffer_append_u8(buffer, 7));
    must(buffer_append_u32(buffer, piece));
    must(buffer_append_u32(buffer, begin));
    for (uint32_t i = 0; i < length; i++)
        must(buffer_append_u8(buffer, script_payload(piece, begin + i)));
}

/* Runs PUT on a buffer of its own and sends what it made. */
#define SEND(peer, put)                                                                  \
    do {                                                                                 \
        struct buffer made;                                                              \
        buffer_init(&made, 1u << 20);                                                    \
        put;                                                                             \
        script_peer_send(peer, made.bytes, made.length);                                 \
        buffer_done(&made);                                                              \
    } while (0)

void script_peer_handshake(struct script_peer *peer, const struct script_hello *hello)
{
    SEND(peer, script_put_handshake(&made, hello));
}

void script_peer_put(struct script_peer *peer, int id, const void *body, size_t length)
{
    SEND(peer, script_put(&made, id, body, length));
}

void script_peer_put_u32(struct script_peer *peer, int id, uint32_t a)
{
    SEND(peer, script_put_u32(&made, id, a));
}

void script_peer_put_block(struct script_peer *peer, int id, uint32_t piece,
                           uint32_t begin, uint32_t length)
{
    SEND(peer, script_put_block(&made, id, piece, begin, length));
}

void script_peer_put_piece(struct script_peer *peer, uint32_t piece, uint32_t begin,
                           uint32_t length)
{
    SEND(peer, script_put_piece(&made, piece, begin, length));
}

/* ---- what it was sent ---- */

bool script_peer_next(struct script_peer *peer, struct script_message *ret_message)
{
    const size_t left = peer->in.length - peer->parsed;
    if (left == 0)
        return false; /* and perhaps there is no buffer either */
    const uint8_t *at = peer->in.bytes + peer->parsed;
    if (peer->parsed == 0) {
        if (left < HANDSHAKE_BYTES)
            return false;
        peer->parsed = HANDSHAKE_BYTES;
        *ret_message = (struct script_message){SCRIPT_HANDSHAKE, at, HANDSHAKE_BYTES};
        return true;
    }
    if (left < 4 || left - 4 < be32_get(at))
        return false;
    const uint32_t length = be32_get(at);
    peer->parsed += 4 + (size_t)length;
    *ret_message = length == 0 ? (struct script_message){SCRIPT_KEEP_ALIVE, at, 0}
                               : (struct script_message){at[4], at + 5, length - 1};
    return true;
}

uint32_t script_peer_count(struct script_peer *peer, int id)
{
    struct script_message message;
    uint32_t count = 0;
    while (script_peer_next(peer, &message))
        count += message.id == id;
    return count;
}

bool script_peer_find(struct script_peer *peer, int id,
                      struct script_message *ret_message)
{
    while (script_peer_next(peer, ret_message))
        if (ret_message->id == id)
            return true;
    return false;
}
