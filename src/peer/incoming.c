#include "peer/incoming.h"

#include "peer/peer_manager_private.h"

#include <stdlib.h>
#include <string.h>

#define WAITING_MAX 256u
#define DEADLINE_NS (10 * NS_PER_S)
/* What tells HTTP, TLS and a BitTorrent handshake that went wrong from random bytes. */
#define TELLING_BYTES 4u
#define ANSWERS_A_S   20u
#define QUEUE_MAX     100u

struct waiting {
    struct waiting *next, **link;
    struct incoming *incoming;
    struct stream *stream;
    struct loop_timer deadline;
    struct waiting *queue_next; /* for an answer */
    bool queued;
    bool hidden;           /* it is a hidden one */
    struct info_hash skey; /* that a hidden one came with */
    uint32_t length;
    uint8_t bytes[WIRE_HANDSHAKE_BYTES];
};

struct incoming {
    struct peer_shared *shared;
    struct loop *loop;
    incoming_lookup *lookup;
    incoming_find *find;
    void *context;
    struct waiting *newest;
    uint32_t count, most;
    struct waiting *queue, **queue_tail; /* in the order of their keys */
    uint32_t queue_length;
    uint64_t answered_ns[ANSWERS_A_S]; /* a ring: when the last ones were */
    uint32_t answered;
    struct loop_timer answer_timer;
};

/* ---- answers to hidden ones, few at a time ---- */

static void leave_queue(struct waiting *waiting)
{
    struct incoming *incoming = waiting->incoming;
    struct waiting **at = &incoming->queue;
    if (!waiting->queued)
        return;
    while (*at != waiting)
        at = &(*at)->queue_next;
    *at = waiting->queue_next;
    if (*at == NULL)
        incoming->queue_tail = at;
    waiting->queued = false;
    incoming->queue_length--;
}

/* One a turn, so that a turn stays short. */
static void on_answer(void *context)
{
    struct incoming *incoming = context;
    struct waiting *waiting = incoming->queue;
    if (waiting == NULL)
        return;
    const uint64_t now_ns = loop_now_ns(incoming->loop);
    uint64_t *oldest_ns = &incoming->answered_ns[incoming->answered % ANSWERS_A_S];
    if (incoming->answered >= ANSWERS_A_S && now_ns - *oldest_ns < NS_PER_S) {
        loop_timer_set(incoming->loop, &incoming->answer_timer, *oldest_ns + NS_PER_S);
        return;
    }
    *oldest_ns = now_ns;
    incoming->answered++;
    leave_queue(waiting);
    if (incoming->queue != NULL)
        loop_timer_set_in(incoming->loop, &incoming->answer_timer, 0);
    mse_stream_answer(waiting->stream);
}

/* Takes the stream out; it is the caller's. */
static struct stream *end_waiting(struct waiting *waiting)
{
    struct stream *stream = waiting->stream;
    leave_queue(waiting);
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

static void on_key(void *context)
{
    struct waiting *waiting = context;
    struct incoming *incoming = waiting->incoming;
    if (incoming->queue_length >= QUEUE_MAX) {
        stream_close(end_waiting(waiting));
        return;
    }
    waiting->queued = true;
    waiting->queue_next = NULL;
    *incoming->queue_tail = waiting;
    incoming->queue_tail = &waiting->queue_next;
    incoming->queue_length++;
    if (!loop_timer_is_set(&incoming->answer_timer))
        loop_timer_set_in(incoming->loop, &incoming->answer_timer, 0);
}

static bool find_torrent(void *context, const uint8_t obfuscated[SHA1_BYTES],
                         struct info_hash *ret_skey)
{
    struct waiting *waiting = context;
    const struct incoming *incoming = waiting->incoming;
    if (incoming->find(incoming->context, obfuscated, &waiting->skey) == NULL)
        return false;
    *ret_skey = waiting->skey;
    return true;
}

/* ---- the handshake ---- */

static void on_error(void *context, enum error_code error)
{
    (void)error;
    stream_close(end_waiting(context));
}

static void on_nothing(void *context)
{
    (void)context;
}

static void on_readable(void *context);
static const struct stream_callbacks callbacks = {on_nothing, on_readable, on_nothing,
                                                  on_error};

static void on_handshake(struct waiting *waiting)
{
    struct wire_handshake handshake;
    struct incoming *incoming = waiting->incoming;
    struct peer_manager *manager = NULL;
    /* Hidden or not, it is about one torrent. */
    if (wire_handshake_read(waiting->bytes, &handshake) == ERROR_NONE &&
        (waiting->stream->encryption == ENCRYPTION_NONE ||
         info_hash_equal(&handshake.hash, &waiting->skey)))
        manager = incoming->lookup(incoming->context, &handshake.hash);
    struct stream *stream = end_waiting(waiting);
    if (manager != NULL)
        peer_manager_incoming(manager, stream, &handshake);
    else
        stream_close(stream);
}

/* What others say who mistook us for something else. */
static bool is_other_protocol(const uint8_t bytes[TELLING_BYTES])
{
    static const char *const words[] = {"GET ",
                                        "POST",
                                        "HEAD",
                                        "PUT ",
                                        "CONN",
                                        "OPTI",
                                        ("\x13"
                                         "Bit")};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (memcmp(bytes, words[i], TELLING_BYTES) == 0)
            return true;
    return memcmp(bytes, "\x16\x03", 2) == 0 && bytes[2] <= 4;
}

/* What is no plain handshake may be a hidden one. */
static void on_other_words(struct waiting *waiting)
{
    struct peer_shared *shared = waiting->incoming->shared;
    const struct mse_host host = {on_key, find_torrent, waiting};
    const enum encryption_mode mode = peer_shared_encryption(shared);
    uint8_t bytes[sizeof waiting->bytes];
    const uint32_t length = waiting->length;
    if (mode != ENCRYPTION_OFF && length < TELLING_BYTES)
        return;
    struct stream *stream =
        mode != ENCRYPTION_OFF && !is_other_protocol(waiting->bytes)
            ? mse_stream_take(peer_shared_kit(shared), waiting->stream, &host,
                              encryption_methods(mode), mode != ENCRYPTION_ALLOW)
            : NULL;
    if (stream == NULL) {
        stream_close(end_waiting(waiting));
        return;
    }
    memcpy(bytes, waiting->bytes, length);
    waiting->stream = stream;
    waiting->length = 0;
    waiting->hidden = true;
    stream_set_callbacks(stream, &callbacks, waiting);
    mse_stream_begin(stream, bytes, length);
}

/* Plain ones are not let in. */
static bool must_hide(const struct waiting *waiting)
{
    return !waiting->hidden &&
           peer_shared_encryption(waiting->incoming->shared) == ENCRYPTION_REQUIRE;
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
    const bool plain = wire_handshake_begins(waiting->bytes, waiting->length);
    if (!plain && !waiting->hidden)
        on_other_words(waiting);
    else if (!plain || must_hide(waiting))
        stream_close(end_waiting(waiting));
    else if (waiting->length == sizeof waiting->bytes)
        on_handshake(waiting);
}

/* ---- life ---- */

struct incoming *incoming_new(struct peer_shared *shared, incoming_lookup *lookup,
                              incoming_find *find, void *context)
{
    struct incoming *incoming = calloc(1, sizeof *incoming);
    if (incoming == NULL)
        return NULL;
    *incoming = (struct incoming){
        .shared = shared,
        .loop = shared->config.loop,
        .lookup = lookup,
        .find = find,
        .context = context,
        .most = WAITING_MAX,
        .queue_tail = &incoming->queue,
    };
    loop_timer_init(&incoming->answer_timer, on_answer, incoming);
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
    loop_timer_cancel(incoming->loop, &incoming->answer_timer);
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
