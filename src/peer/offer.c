/* What a peer may do now: its status, its room for requests, its slot with us. */

#include "peer/upload_private.h"

#include <utlist.h>

#define CROSSING_MOST 512u

enum peer_status peer_status(const struct peer *peer)
{
    if (peer->paused)
        return PEER_STATUS_BLOCKED;
    if (!peer->handshaken || !peer_may_be_asked(peer) || !peer->am_interested)
        return PEER_STATUS_INACTIVE;
    return peer->asked.length > 0 || peer->filling != NULL ? PEER_STATUS_DOWNLOADING
                                                           : PEER_STATUS_ACTIVE;
}

/* Who was put last is asked for one block at a time: the others get what they can. */
static uint32_t room_of(const struct peer *peer)
{
    const uint32_t most = peer->put_last ? 1 : peer->window.blocks;
    const bool posted = peer->idle_posted && peer->idle_wakes == peer->manager->wakes;
    if (posted || !peer->am_interested || peer->paused || peer->dead ||
        peer->manager->complete || peer->asked.length >= most || !peer_may_be_asked(peer))
        return 0;
    return most - peer->asked.length;
}

uint32_t peer_offer_room(struct peer *peer, uint32_t most)
{
    uint32_t room = room_of(peer);
    if (room > most)
        room = most;
    if (room == 0)
        return 0;
    struct message message = {.type = PEER_IDLE, .u.room.blocks = room};
    peer->idle_posted = true;
    peer->idle_choked = !peer->unchoked;
    peer->idle_wakes = peer->manager->wakes;
    peer_post(peer, &message);
    return room;
}

void peer_note_giver(struct peer *peer)
{
    struct peer_manager *manager = peer->manager;
    const bool allows = peer->allowed != NULL && peer->allowed->got_count > 0;
    const bool gives = !peer->dead && (peer->unchoked || allows);
    if (gives && !peer->gives)
        DL_APPEND2(manager->givers, peer, giver_prev, giver_next);
    else if (!gives && peer->gives)
        DL_DELETE2(manager->givers, peer, giver_prev, giver_next);
    peer->gives = gives;
}

/* Posts PEER_IDLE when it would take at least a quarter of its window. */
void peer_update_idle(struct peer *peer)
{
    const uint32_t room = room_of(peer);
    if (room == 0)
        return;
    if (room < peer->window.blocks / 4 && peer->asked.length > 0)
        return;
    if (pace_is_limited(peer, PACE_DOWN))
        pace_wait(peer, PACE_DOWN);
    else
        peer_offer_room(peer, room);
}

/* The others have no room to tell of, however many there are. */
void peer_manager_wake_idle(struct peer_manager *manager)
{
    manager->wakes++;
    for (struct peer *peer = manager->givers; peer != NULL; peer = peer->giver_next)
        peer_update_idle(peer);
}

void peer_manager_wake_peer(struct peer_manager *manager, struct peer_id_ref ref)
{
    struct peer *peer = peer_manager_find(manager, ref);
    if (peer == NULL)
        return;
    peer->idle_posted = false;
    peer_update_idle(peer);
}

void peer_note_status(struct peer *peer, enum peer_reason reason)
{
    const enum peer_status status = peer_status(peer);
    if (status == peer->told_status || peer->dead)
        return;
    peer->told_status = status;
    struct message message = {.type = PEER_STATUS_CHANGED,
                              .u.status = {.status = status, .reason = reason}};
    peer_post(peer, &message);
}

void peer_pause(struct peer *peer, bool pause)
{
    if (peer->paused == pause || peer->dead)
        return;
    peer->paused = pause;
    if (pause) {
        struct block_ref block;
        enum error_code error = ERROR_NONE;
        while (ref_queue_pop(&peer->asked, &block)) {
            peer->cancelled++;
            pace_refund(peer, PACE_DOWN, block.length);
            if (error == ERROR_NONE)
                error = wire_put_block(&peer->out, WIRE_CANCEL, &block);
            peer_post_block(peer, PEER_RETURNED, &block);
        }
        peer_flush_soon(peer);
        peer_set_choking(peer, true);
    } else {
        peer->idle_posted = false;
        peer_update_idle(peer);
    }
    peer_note_status(peer, pause ? PEER_REASON_PAUSED : PEER_REASON_NONE);
    peer_manager_choke_soon(peer->manager);
}

void peer_put_last(struct peer *peer, bool last)
{
    if (peer->put_last == last || peer->dead)
        return;
    peer->put_last = last;
    if (!last) {
        peer->idle_posted = false;
        peer_update_idle(peer);
    }
    peer_manager_choke_soon(peer->manager);
}

/* ---- choking it ---- */

/* BEP 6: a choke takes nothing from what it may fetch choked. */
static bool is_kept(struct peer *peer, const struct block_ref *ref)
{
    bool serve;
    return peer_is_given(peer, ref->piece) &&
           peer_on_given_request(peer, ref, &serve) == ERROR_NONE && serve;
}

static enum error_code refuse_waiting(struct peer *peer)
{
    struct block_ref ref;
    enum error_code error = ERROR_NONE;
    for (uint32_t left = peer->wanted.length;
         left > 0 && ref_queue_pop(&peer->wanted, &ref); left--)
        if (error == ERROR_NONE && is_kept(peer, &ref))
            error = ref_queue_push(&peer->wanted, &ref);
        else if (peer->fast && error == ERROR_NONE)
            error = wire_put_block(&peer->out, WIRE_REJECT, &ref);
    peer_unqueue_blocks(peer, NULL);
    return error;
}

void peer_set_choking(struct peer *peer, bool choking)
{
    if (peer->am_choking == choking || !peer->handshaken || peer->dead)
        return;
    peer->am_choking = choking;
    peer->slot_changed_ns = loop_now_ns(peer->manager->loop);
    peer->uploaded_at_slot = peer->uploaded;
    if (!choking)
        peer->downloaded_at_slot = peer->downloaded;
    else
        peer->may_cross = CROSSING_MOST;
    peer->turns += !choking;
    enum error_code error = wire_put(&peer->out, choking ? WIRE_CHOKE : WIRE_UNCHOKE);
    if (choking && error == ERROR_NONE)
        error = refuse_waiting(peer);
    if (error != ERROR_NONE)
        peer_close(peer, peer_reason_of(error), error);
    else
        peer_flush_soon(peer);
}

/* Stops reading until blocks come back to the pool: the socket fills, and the sender
 * slows down. */
void peer_starve(struct peer *peer)
{
    peer->starved = true;
    stream_set_interest(peer->stream, false, peer->wants_write);
    peer_manager_feed_soon(peer->manager);
}

void peer_feed_again(struct peer *peer, bool may_read)
{
    if (peer->starved && may_read) {
        peer->starved = false;
        stream_set_interest(peer->stream, true, peer->wants_write);
    }
    peer_serve_soon(peer);
}
