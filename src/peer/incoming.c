#include "peer/incoming.h"

#include <stdlib.h>

#define WAITING_MAX 256u
#define DEADLINE_NS (10 * NS_PER_S)

struct waiting {
    struct waiting *next, **link;
    struct incoming *incoming;
    struct stream *stream;
    struct loop_timer deadline;
    uint32_t length;
    uint8_t bytes[WIRE_HANDSHAKE_BYTES];
};

struct incoming {
    struct loop *loop;
    incoming_lookup *lookup;
    void *context;
    struct waiting *newest;
    uint32_t count, most;
};

/* Takes the stream out; it is the caller's. */
static struct stream *end_waiting(struct waiting *waiting)
{
    struct stream *stream = waiting->stream;
    loop_timer_cancel(waiting->incoming->loop, &waiting->deadline);
    waiting->incoming->count--;
    *waiting->link = waiting->next;
    if (waiting->next != NULL)
        waiting->next->link = waiting->link;
    free(waiting);
    return stream;
}

static void on_deadline(void *context)
{
    stream_close(end_waiting(context));
}

static void on_handshake(struct waiting *waiting)
{
    struct wire_handshake handshake;
    struct incoming *incoming = waiting->incoming;
    struct peer_manager *manager = NULL;
    if (wire_handshake_read(waiting->bytes, &handshake) == ERROR_NONE)
        manager = incoming->lookup(incoming->context, &handshake.hash);
    struct stream *stream = end_waiting(waiting);
    if (manager != NULL)
        peer_manager_incoming(manager, stream, &handshake);
    else
        stream_close(stream);
}

static void on_readable(void *context)
{
    struct waiting *waiting = context;
    size_t got;
    const struct iovec iov = {waiting->bytes + waiting->length,
                              sizeof waiting->bytes - waiting->length};
    const enum error_code error = stream_readv(waiting->stream, &iov, 1, &got);
    if (error == ERROR_AGAIN)
        return;
    if (error != ERROR_NONE) {
        stream_close(end_waiting(waiting));
        return;
    }
    waiting->length += (uint32_t)got;
    if (!wire_handshake_begins(waiting->bytes, waiting->length)) {
        stream_close(end_waiting(waiting));
        return;
    }
    if (waiting->length == sizeof waiting->bytes)
        on_handshake(waiting);
}

static void on_error(void *context, enum error_code error)
{
    (void)error;
    stream_close(end_waiting(context));
}

static void on_nothing(void *context)
{
    (void)context;
}

static const struct stream_callbacks callbacks = {on_nothing, on_readable, on_nothing,
                                                  on_error};

struct incoming *incoming_new(struct loop *loop, incoming_lookup *lookup, void *context)
{
    struct incoming *incoming = calloc(1, sizeof *incoming);
    if (incoming != NULL)
        *incoming = (struct incoming){
            .loop = loop, .lookup = lookup, .context = context, .most = WAITING_MAX};
    return incoming;
}

void incoming_set_most(struct incoming *incoming, uint32_t most)
{
    incoming->most = most == 0 ? 1 : most < WAITING_MAX ? most : WAITING_MAX;
}

void incoming_free(struct incoming *incoming)
{
    if (incoming == NULL)
        return;
    while (incoming->newest != NULL)
        stream_close(end_waiting(incoming->newest));
    free(incoming);
}

/* The one that has kept us waiting longest makes room. */
static void evict_oldest(struct incoming *incoming)
{
    struct waiting *oldest = incoming->newest;
    while (oldest->next != NULL)
        oldest = oldest->next;
    stream_close(end_waiting(oldest));
}

void incoming_accept(void *context, struct stream *stream, const struct netaddr *from)
{
    struct incoming *incoming = context;
    struct waiting *waiting = calloc(1, sizeof *waiting);
    (void)from;
    if (waiting == NULL) {
        stream_close(stream);
        return;
    }
    if (incoming->count >= incoming->most)
        evict_oldest(incoming);
    waiting->incoming = incoming;
    waiting->stream = stream;
    waiting->next = incoming->newest;
    waiting->link = &incoming->newest;
    if (waiting->next != NULL)
        waiting->next->link = &waiting->next;
    incoming->newest = waiting;
    incoming->count++;
    loop_timer_init(&waiting->deadline, on_deadline, waiting);
    loop_timer_set_in(incoming->loop, &waiting->deadline, DEADLINE_NS);
    stream_set_callbacks(stream, &callbacks, waiting);
}
