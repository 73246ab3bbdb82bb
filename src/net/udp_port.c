#include "net/udp_port.h"

#include <stdlib.h>
#include <string.h>

#define QUEUE_PACKETS  256u
#define QUEUE_BYTES    (512u * 1024)
#define UTP_HEADER     20u
#define FAILURES_LEAST 8u /* in a row, before it is us and not the others */
#define REST_LEAST_NS  NS_PER_S
#define REST_MOST_NS   (30 * NS_PER_S)
#define HOOK_ORDER     1000 /* after all that may send */

/* A family's socket and what waits to leave by it. */
struct half {
    struct udp_port *port;
    struct udp_socket *udp; /* NULL: none */
    uint16_t number;
    struct udp_packet *queue; /* QUEUE_PACKETS, with BYTES; made when first needed */
    uint8_t *bytes;
    uint32_t count, used;
    bool full;           /* the system has no room: on_writable follows */
    bool somebody_waits; /* for room of ours */
    uint32_t failures;   /* of packets in a row */
    uint64_t rest_ns, rests_until_ns;
};

/* News of a packet that could not be sent, told outside of udp_port_send. */
struct refusal {
    struct netaddr to;
    enum error_code error;
};

struct udp_port {
    struct loop *loop;
    const struct net *net;
    struct loop_hook hook;
    struct half halves[2]; /* IPv4, IPv6 */
    struct {
        struct udp_receiver calls; /* on_packet NULL: nobody */
        void *context;
    } receivers[UDP_KIND_COUNT];
    struct refusal refusals[16]; /* more are not told of */
    uint32_t refusal_count;
    bool got[UDP_KIND_COUNT]; /* packets, in this batch */
};

static struct half *half_of(struct udp_port *port, uint8_t family)
{
    return &port->halves[family == NETADDR_V6];
}

/* ---- what comes ---- */

/* BEP 29: type (4 bits) and version (4 bits). */
static enum udp_kind kind_of(const uint8_t *bytes, size_t length)
{
    if (length >= 2 && bytes[0] == 'd')
        return UDP_KIND_DHT;
    if (length >= UTP_HEADER && (bytes[0] & 0x0f) == 1 && bytes[0] >> 4 <= 4)
        return UDP_KIND_UTP;
    return UDP_KIND_COUNT;
}

static void on_packet(void *context, const struct netaddr *from, const uint8_t *bytes,
                      size_t length)
{
    struct udp_port *port = ((struct half *)context)->port;
    const enum udp_kind kind = kind_of(bytes, length);
    if (kind == UDP_KIND_COUNT || port->receivers[kind].calls.on_packet == NULL ||
        from->port == 0)
        return;
    port->got[kind] = true;
    port->receivers[kind].calls.on_packet(port->receivers[kind].context, from, bytes,
                                          length);
}

static void on_batch_end(void *context)
{
    struct udp_port *port = ((struct half *)context)->port;
    for (int kind = 0; kind < UDP_KIND_COUNT; kind++) {
        if (!port->got[kind])
            continue;
        port->got[kind] = false;
        if (port->receivers[kind].calls.on_batch_end != NULL)
            port->receivers[kind].calls.on_batch_end(port->receivers[kind].context);
    }
}

static void tell_refused(struct udp_port *port, const struct netaddr *to,
                         enum error_code error)
{
    for (int kind = 0; kind < UDP_KIND_COUNT; kind++)
        if (port->receivers[kind].calls.on_refused != NULL)
            port->receivers[kind].calls.on_refused(port->receivers[kind].context, to,
                                                   error);
}

static void on_refused(void *context, const struct netaddr *to, enum error_code error)
{
    tell_refused(((struct half *)context)->port, to, error);
}

/* ---- what goes ---- */

static void note_refusal(struct udp_port *port, const struct netaddr *to,
                         enum error_code error)
{
    const uint32_t most = sizeof port->refusals / sizeof *port->refusals;
    if (port->refusal_count < most)
        port->refusals[port->refusal_count++] = (struct refusal){*to, error};
}

static void forget_queue(struct half *half)
{
    half->count = half->used = 0;
}

/* One destination may be out of reach; when nothing goes, it is this machine. */
static void fail(struct half *half, const struct udp_packet *packet,
                 enum error_code error)
{
    note_refusal(half->port, &packet->to, error);
    if (error == ERROR_LIMIT || ++half->failures < FAILURES_LEAST)
        return;
    half->rest_ns = half->rest_ns == 0 ? REST_LEAST_NS : half->rest_ns * 2;
    if (half->rest_ns > REST_MOST_NS)
        half->rest_ns = REST_MOST_NS;
    half->rests_until_ns = loop_now_ns(half->port->loop) + half->rest_ns;
    half->failures = 0;
}

static bool rests(const struct half *half)
{
    return half->rests_until_ns > loop_now_ns(half->port->loop);
}

/* What is left of the queue goes to its beginning. */
static void keep_rest(struct half *half, uint32_t done)
{
    uint32_t used = 0;
    half->count -= done;
    memmove(half->queue, half->queue + done, half->count * sizeof *half->queue);
    for (uint32_t i = 0; i < half->count; i++) {
        memmove(half->bytes + used, half->queue[i].bytes, half->queue[i].length);
        half->queue[i].bytes = half->bytes + used;
        used += half->queue[i].length;
    }
    half->used = used;
}

static void flush(struct half *half)
{
    uint32_t done = 0;
    while (done < half->count && !half->full && !rests(half)) {
        uint32_t sent = 0;
        const enum error_code error =
            udp_socket_send(half->udp, half->queue + done, half->count - done, &sent);
        done += sent;
        if (sent > 0) {
            half->failures = 0;
            half->rest_ns = 0;
        }
        half->full = error == ERROR_AGAIN;
        if (error != ERROR_NONE && error != ERROR_AGAIN)
            fail(half, &half->queue[done++], error);
    }
    if (rests(half))
        done = half->count;
    if (done > 0)
        keep_rest(half, done);
}

static void tell_writable(struct udp_port *port)
{
    for (int kind = 0; kind < UDP_KIND_COUNT; kind++)
        if (port->receivers[kind].calls.on_writable != NULL)
            port->receivers[kind].calls.on_writable(port->receivers[kind].context);
}

static void on_writable(void *context)
{
    struct half *half = context;
    half->full = false;
    half->failures = 0;
    half->rest_ns = half->rests_until_ns = 0;
    flush(half);
    if (half->full || !half->somebody_waits)
        return;
    half->somebody_waits = false;
    tell_writable(half->port);
}

static const struct udp_socket_callbacks callbacks = {on_packet, on_batch_end, on_refused,
                                                      on_writable};

void udp_port_flush(struct udp_port *port)
{
    for (int i = 0; i < 2; i++)
        if (port->halves[i].count > 0)
            flush(&port->halves[i]);
}

/* True: refusals made somebody send. */
static bool on_hook(void *context)
{
    struct udp_port *port = context;
    udp_port_flush(port);
    if (port->refusal_count == 0)
        return false;
    struct refusal told[sizeof port->refusals / sizeof *port->refusals];
    const uint32_t count = port->refusal_count;
    memcpy(told, port->refusals, count * sizeof *told);
    port->refusal_count = 0;
    for (uint32_t i = 0; i < count; i++)
        tell_refused(port, &told[i].to, told[i].error);
    return true;
}

/* ---- sending ---- */

static bool has_room(const struct half *half, size_t length)
{
    return half->count < QUEUE_PACKETS && length <= QUEUE_BYTES - half->used;
}

static enum error_code make_queue(struct half *half)
{
    if (half->queue != NULL)
        return ERROR_NONE;
    half->queue = calloc(QUEUE_PACKETS, sizeof *half->queue);
    half->bytes = half->queue != NULL ? malloc(QUEUE_BYTES) : NULL;
    if (half->bytes != NULL)
        return ERROR_NONE;
    free(half->queue);
    half->queue = NULL;
    return ERROR_MEMORY;
}

enum error_code udp_port_reserve(struct udp_port *port, const struct netaddr *to,
                                 size_t length, bool whole, uint8_t **ret_at)
{
    struct half *half = half_of(port, to->family);
    if (half->udp == NULL || rests(half))
        return ERROR_OFFLINE;
    if (length > UDP_PACKET_MAX)
        return ERROR_LIMIT;
    const enum error_code error = make_queue(half);
    if (error != ERROR_NONE)
        return error;
    if (!has_room(half, length))
        flush(half);
    if (!has_room(half, length)) {
        half->somebody_waits = true;
        return ERROR_AGAIN;
    }
    half->queue[half->count++] = (struct udp_packet){
        .to = *to,
        .bytes = half->bytes + half->used,
        .length = (uint32_t)length,
        .whole = whole,
    };
    *ret_at = half->bytes + half->used;
    half->used += (uint32_t)length;
    return ERROR_NONE;
}

enum error_code udp_port_send(struct udp_port *port, const struct netaddr *to,
                              const uint8_t *bytes, size_t length, bool whole)
{
    uint8_t *at;
    const enum error_code error = udp_port_reserve(port, to, length, whole, &at);
    if (error == ERROR_NONE && length > 0)
        memcpy(at, bytes, length);
    return error;
}

/* ---- life ---- */

static void close_half(struct half *half)
{
    udp_socket_close(half->udp);
    half->udp = NULL;
    half->number = 0;
    half->full = false;
    half->failures = 0;
    half->rest_ns = half->rests_until_ns = 0;
    forget_queue(half);
}

enum error_code udp_port_open(struct udp_port *port, const struct netaddr *address,
                              uint16_t *ret_number)
{
    struct half *half = half_of(port, address->family);
    close_half(half);
    const enum error_code error =
        port->net->open_udp(port->net->context, port->loop, address, &callbacks, half,
                            &half->udp, &half->number);
    if (error == ERROR_NONE)
        *ret_number = half->number;
    return error;
}

void udp_port_close(struct udp_port *port)
{
    close_half(&port->halves[0]);
    close_half(&port->halves[1]);
}

void udp_port_tell_changed(struct udp_port *port)
{
    for (int kind = 0; kind < UDP_KIND_COUNT; kind++)
        if (port->receivers[kind].calls.on_changed != NULL)
            port->receivers[kind].calls.on_changed(port->receivers[kind].context);
}

uint16_t udp_port_number(const struct udp_port *port, enum netaddr_family family)
{
    return port->halves[family == NETADDR_V6].number;
}

void udp_port_set_receiver(struct udp_port *port, enum udp_kind kind,
                           const struct udp_receiver *receiver, void *context)
{
    port->receivers[kind].calls =
        receiver != NULL ? *receiver : (struct udp_receiver){.on_packet = NULL};
    port->receivers[kind].context = context;
}

struct udp_port *udp_port_new(struct loop *loop, const struct net *net)
{
    struct udp_port *port = calloc(1, sizeof *port);
    if (port == NULL)
        return NULL;
    port->loop = loop;
    port->net = net;
    port->halves[0].port = port->halves[1].port = port;
    port->hook =
        (struct loop_hook){.callback = on_hook, .context = port, .order = HOOK_ORDER};
    loop_hook_add(loop, &port->hook);
    return port;
}

void udp_port_free(struct udp_port *port)
{
    if (port == NULL)
        return;
    udp_port_close(port);
    loop_hook_remove(port->loop, &port->hook);
    for (int i = 0; i < 2; i++) {
        free(port->halves[i].queue);
        free(port->halves[i].bytes);
    }
    free(port);
}
