/*
 * The other end of a uTP connection, in both roles: whatever it sends, nothing is read or
 * written where it must not be, no more is kept than the window lets, bytes under way are
 * counted right, and nothing is left behind. The first byte says who calls and whether we
 * read; then come packets: a byte of what it is, two of numbers relative to what would be
 * right, one of length, and time passes.
 */
#include "net/utp.h"

#include "base/buffer.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* The network, which has one place: what is sent there is looked at and forgotten. */
struct place {
    struct udp_socket udp; /* first */
    const struct udp_socket_callbacks *callbacks;
    void *context;
    bool open;
    uint16_t id, sequence, ack; /* of the last packet sent there */
    uint64_t packets;
};

static struct place place;

static enum error_code place_send(struct udp_socket *udp,
                                  const struct udp_packet *packets, uint32_t count,
                                  uint32_t *ret_sent)
{
    (void)udp;
    for (uint32_t i = 0; i < count; i++) {
        require(packets[i].length >= 20 && packets[i].length <= 1472);
        place.id = be16_get(packets[i].bytes + 2);
        place.sequence = be16_get(packets[i].bytes + 16);
        place.ack = be16_get(packets[i].bytes + 18);
        place.packets++;
    }
    *ret_sent = count;
    return ERROR_NONE;
}

static void place_close(struct udp_socket *udp)
{
    (void)udp;
    place.open = false;
}

static const struct udp_socket_ops place_ops = {place_send, place_close};

static enum error_code open_udp(void *context, struct loop *loop,
                                const struct netaddr *address,
                                const struct udp_socket_callbacks *callbacks,
                                void *udp_context, struct udp_socket **ret_udp,
                                uint16_t *ret_port)
{
    (void)context;
    (void)loop;
    place.udp = (struct udp_socket){&place_ops, callbacks, udp_context};
    place.callbacks = callbacks;
    place.context = udp_context;
    place.open = true;
    *ret_udp = &place.udp;
    *ret_port = address->port;
    return ERROR_NONE;
}

/* ---- who uses the connection ---- */

static struct {
    struct stream *stream;
    uint64_t got;
    bool reads;
} user;

static void end(void)
{
    stream_close(user.stream);
    user.stream = NULL;
}

static void on_connected(void *context)
{
    (void)context;
}

static void on_readable(void *context)
{
    uint8_t bytes[3000];
    size_t got = 0;
    (void)context;
    const struct iovec iov[2] = {{bytes, 100}, {bytes + 100, sizeof bytes - 100}};
    const enum error_code error = stream_readv(user.stream, iov, 2, &got);
    user.got += got;
    require(got <= sizeof bytes);
    if (error != ERROR_NONE && error != ERROR_AGAIN)
        end();
}

static void on_writable(void *context)
{
    static uint8_t bytes[40000];
    size_t sent = 0;
    (void)context;
    const struct iovec iov = {bytes, sizeof bytes};
    (void)stream_writev(user.stream, &iov, 1, &sent);
    require(sent <= sizeof bytes);
    if (user.stream != NULL)
        stream_set_interest(user.stream, user.reads, false);
}

static void on_error(void *context, enum error_code error)
{
    (void)context;
    require(error != ERROR_NONE);
    end();
}

static const struct stream_callbacks callbacks = {on_connected, on_readable, on_writable,
                                                  on_error};

static void take(struct stream *stream)
{
    user.stream = stream;
    stream_set_callbacks(stream, &callbacks, NULL);
    stream_set_interest(stream, user.reads, true);
}

static void on_accept(void *context, struct stream *stream, const struct netaddr *from)
{
    (void)context;
    (void)from;
    if (user.stream == NULL)
        take(stream);
    else
        stream_close(stream);
}

/* ---- what the other end does ---- */

static const struct netaddr them = {NETADDR_V4, {10, 0, 0, 2}, 7};

static void deliver(const uint8_t *bytes, size_t length)
{
    uint8_t *copy = malloc(length); /* what lies behind it is not ours to read */
    require(copy != NULL);
    memcpy(copy, bytes, length);
    place.callbacks->on_packet(place.context, &them, copy, length);
    place.callbacks->on_batch_end(place.context);
    free(copy);
}

/* TYPE and what else there is in the high bits; numbers are off what would be right by a
 * little, mostly by nothing. */
static void say(uint8_t what, uint8_t sequence, uint8_t ack, uint8_t more,
                uint16_t *their_sequence, uint16_t to_id)
{
    uint8_t packet[20 + 2 + 255 + 1400] = {0};
    size_t length = 20;
    const uint8_t type = what % 5;
    packet[0] = (uint8_t)(type << 4 | 1);
    be16_put(packet + 2, to_id);
    be32_put(packet + 4, (uint32_t)place.packets * 1000 + more);
    be32_put(packet + 8, (uint32_t)more * 997);
    be32_put(packet + 12, (what & 0x10) != 0 ? more * 100u : 1u << 20);
    be16_put(packet + 16, (uint16_t)(*their_sequence + (int8_t)sequence));
    be16_put(packet + 18, (uint16_t)(place.sequence + (int8_t)ack));
    if ((what & 0x20) != 0) { /* a SACK */
        packet[1] = 1;
        packet[21] = (uint8_t)(more % 9 * 4);
        memset(packet + 22, more, packet[21]);
        length = 22u + packet[21];
    }
    if (type <= 1 && (what & 0x40) != 0)
        length += more * 5u;
    if (type <= 1 && sequence == 0)
        ++*their_sequence;
    deliver(packet, length);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct clock_virtual clock;
    struct random_seeded random;
    clock_virtual_init(&clock, 1000 * NS_PER_S);
    random_seeded_init(&random, 1);
    const struct loop_platform platform = loop_platform_virtual(&clock);
    struct loop *loop = loop_new(&platform);
    const struct net net = {.open_udp = open_udp};
    struct udp_port *port = udp_port_new(loop, &net);
    const struct netaddr here = {NETADDR_V4, {10, 0, 0, 1}, 6};
    uint16_t number, their_sequence = 100;
    if (length == 0 || udp_port_open(port, &here, &number) != ERROR_NONE)
        length = 0;
    const struct utp_config config = {
        .loop = loop, .port = port, .random = &random.source, .on_accept = on_accept};
    struct utp *utp = utp_new(&config);
    const bool calls = length > 0 && (bytes[0] & 1) != 0;
    user.stream = NULL;
    user.reads = length > 0 && (bytes[0] & 2) == 0;
    uint16_t to_id = 51;
    if (calls) {
        struct stream *stream;
        require(utp_connect(utp, &them, &stream) == ERROR_NONE);
        take(stream);
        udp_port_flush(port);
        to_id = place.id;
    } else if (length > 0) {
        uint8_t syn[20] = {0x41, 0, 0, 50};
        be16_put(syn + 16, 99);
        deliver(syn, sizeof syn);
        udp_port_flush(port);
        place.sequence = (uint16_t)(place.sequence - 1);
    }
    for (size_t at = 1; at + 5 <= length; at += 5) {
        say(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3], &their_sequence,
            to_id);
        loop_turn(loop, (bytes[at + 4] & 0x7f) *
                            (bytes[at + 4] >= 128 ? NS_PER_S / 4 : NS_PER_MS));
        if (user.stream != NULL && (bytes[at] & 0x80) != 0)
            stream_set_interest(user.stream, user.reads, true);
        struct utp_look look;
        if (user.stream != NULL) {
            utp_get_look(user.stream, &look);
            require(look.flying_bytes <= 64u << 20);
        }
    }
    for (int i = 0; i < 3; i++)
        loop_turn(loop, NS_PER_S);
    stream_close(user.stream);
    utp_free(utp);
    udp_port_free(port);
    loop_free(loop);
    return 0;
}
