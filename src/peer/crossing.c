/*
 * Calls that cross. By uTP both come from where both listen, so that they have one
 * address and one place among the known; by TCP the ports differ, and handshake.c settles
 * it. Which of the two stays both ends must agree upon: as there, the one that the larger
 * id opened. But other clients go by rules of their own, so that the other of the two is
 * kept for a while, unused: when the one that was chosen ends, it takes its place.
 */
#include "peer/peer_manager_private.h"

#include <stdlib.h>
#include <string.h>

#define KEPT_NS  (12 * NS_PER_S) /* longer than a handshake may take */
#define AGAIN_NS (10 * NS_PER_MS)

struct rival {
    struct peer_manager *manager;
    uint32_t place;
    struct stream *stream;
    bool incoming, punched;
    struct wire_handshake handshake; /* that an incoming one came with */
    /* Of the answer to the one that we opened, which may have come in part. */
    uint8_t answer[WIRE_HANDSHAKE_BYTES];
    uint32_t answer_bytes;
    struct loop_timer timer;
};

/* ---- keeping one ---- */

/* Its stream is the caller's. */
static void take_out(struct known *known)
{
    struct rival *rival = known->rival;
    known->rival = NULL;
    loop_timer_cancel(rival->manager->loop, &rival->timer);
    free(rival);
}

void crossing_drop(struct known *known)
{
    if (known->rival == NULL)
        return;
    stream_close(known->rival->stream);
    take_out(known);
}

static void on_nothing(void *context)
{
    (void)context;
}

static void forget(struct peer_manager *manager, struct known *known)
{
    if (!known_is_of_no_use(manager, known))
        return;
    if (known->peer == NULL)
        known_clear(manager, known);
    else if (known->peer->dead)
        known->forget = true;
}

static void on_error(void *context, enum error_code error)
{
    const struct rival *rival = context;
    struct peer_manager *manager = rival->manager;
    struct known *known = &manager->known[rival->place];
    (void)error;
    crossing_drop(known);
    forget(manager, known);
}

static const struct stream_callbacks callbacks = {on_nothing, on_nothing, on_nothing,
                                                  on_error};

static void on_timer(void *context);

/* Takes STREAM. NULL: out of memory, it is closed. */
static struct rival *keep(struct peer_manager *manager, uint32_t place,
                          struct stream *stream)
{
    struct rival *rival = calloc(1, sizeof *rival);
    if (rival == NULL) {
        stream_close(stream);
        return NULL;
    }
    *rival = (struct rival){.manager = manager, .place = place, .stream = stream};
    manager->known[place].rival = rival;
    loop_timer_init(&rival->timer, on_timer, rival);
    loop_timer_set_in(manager->loop, &rival->timer, KEPT_NS);
    stream_set_callbacks(stream, &callbacks, rival);
    stream_set_interest(stream, false, false);
    return rival;
}

static void keep_theirs(struct peer_manager *manager, uint32_t place,
                        struct stream *stream, const struct wire_handshake *handshake)
{
    struct rival *rival = keep(manager, place, stream);
    if (rival == NULL)
        return;
    rival->incoming = true;
    rival->handshake = *handshake;
}

/* Its place is free then. */
static void keep_ours(struct peer_manager *manager, struct peer *ours)
{
    struct known *known = &manager->known[ours->place];
    struct stream *stream = ours->stream;
    ours->stream = NULL;
    peer_close(ours, PEER_REASON_DUPLICATE, ERROR_NONE);
    known->peer = NULL;
    known->forget = false;
    struct rival *rival = keep(manager, ours->place, stream);
    if (rival == NULL)
        return;
    rival->punched = ours->punched; /* it is freed in a later run */
    rival->answer_bytes = ours->handshake_bytes;
    memcpy(rival->answer, ours->handshake, sizeof rival->answer);
}

/* ---- the other has ended ---- */

/* We had said hello by it. */
static void go_on(const struct rival *rival)
{
    struct peer_manager *manager = rival->manager;
    struct known *known = &manager->known[rival->place];
    const bool welcome = manager->running && !known->banned &&
                         !peer_shared_is_banned(manager->shared, &known->address) &&
                         !peer_shared_is_filtered(manager->shared, &known->address);
    struct peer *peer =
        welcome ? peer_new(manager, rival->place, rival->stream, false) : NULL;
    if (peer == NULL) {
        stream_close(rival->stream);
        forget(manager, known);
        return;
    }
    peer->punched = rival->punched;
    peer->handshake_bytes = rival->answer_bytes;
    memcpy(peer->handshake, rival->answer, sizeof rival->answer);
    peer_begin(peer);
    stream_set_interest(rival->stream, true, false);
}

static void on_timer(void *context)
{
    const struct rival rival = *(const struct rival *)context;
    struct known *known = &rival.manager->known[rival.place];
    if (known->peer != NULL && known->peer->dead) { /* it is looked at still */
        loop_timer_set_in(rival.manager->loop, &known->rival->timer, AGAIN_NS);
        return;
    }
    if (known->peer != NULL) {
        crossing_drop(known);
        return;
    }
    take_out(known);
    if (rival.incoming)
        peer_manager_incoming(rival.manager, rival.stream, &rival.handshake);
    else
        go_on(&rival);
}

void crossing_on_gone(struct known *known, enum peer_reason reason)
{
    if (known->rival == NULL)
        return;
    if (reason == PEER_REASON_CLOSED || reason == PEER_REASON_TIMEOUT)
        loop_timer_set_in(known->rival->manager->loop, &known->rival->timer, 0);
    else
        crossing_drop(known);
}

/* ---- choosing ---- */

bool crossing_abandon(struct known *known)
{
    struct peer *peer = known->peer;
    const bool said_hello = peer != NULL && peer->connected && peer->out.length == 0;
    if (peer == NULL)
        return true;
    if (peer->handshaken || (!peer->dead && (peer->incoming || said_hello)))
        return false;
    peer_close(peer, PEER_REASON_DUPLICATE, ERROR_NONE);
    known->peer = NULL; /* there is nothing of it that others still look at */
    known->forget = false;
    return true;
}

bool crossing_settle(struct peer_manager *manager, uint32_t place, struct stream *stream,
                     const struct wire_handshake *handshake)
{
    struct known *known = &manager->known[place];
    struct peer *ours = known->peer;
    if (crossing_abandon(known))
        return true; /* by ours nothing was said yet that they could build upon */
    if (ours->handshaken || ours->incoming || known->rival != NULL) {
        stream_close(stream);
        return false;
    }
    if (memcmp(manager->config.peer_id, handshake->peer_id, 20) > 0) {
        keep_theirs(manager, place, stream, handshake);
        return false;
    }
    keep_ours(manager, ours);
    return true;
}
