/* What is looked at once a second for each peer: rates, silence, stalls, floods. */
#include "peer/extension_private.h"
#include "peer/upload_private.h"

#define IDLE_NS      (120 * NS_PER_S)
#define KEEPALIVE_NS (100 * NS_PER_S)
#define SNUB_NS      (60 * NS_PER_S)
#define UNSENT_NS    (60 * NS_PER_S)
#define MESSAGE_NS   (60 * NS_PER_S) /* from a message's first byte to its last */

#define KEEPALIVES_A_SECOND 10u
#define KEEPALIVE_FLOODS    5u

static uint64_t smoothed(uint64_t rate, uint64_t bytes, uint64_t passed_ns)
{
    const uint64_t sample =
        passed_ns == 0 ? 0 : bytes * 1000 / (passed_ns / NS_PER_MS + 1);
    if (rate == 0)
        return sample;
    const uint64_t next = (rate * 2 + sample) / 3;
    return sample == 0 && next < 256 ? 0 : next;
}

static void set_hot(struct peer *peer, bool hot)
{
    if (peer->hot != hot)
        stream_set_heat(peer->stream, hot ? LOOP_HOT : LOOP_COLD);
    peer->hot = hot;
}

void peer_warm(struct peer *peer)
{
    set_hot(peer, true);
}

static void update_rates(struct peer *peer, uint64_t now_ns)
{
    const uint64_t passed_ns = now_ns - peer->rate_at_ns;
    const bool moved =
        peer->downloaded != peer->rate_down_base || peer->uploaded != peer->rate_up_base;
    if (peer->rate_at_ns == 0 || moved)
        peer->useful_at_ns = now_ns;
    if (peer->rate_at_ns != 0) {
        peer->down_rate =
            smoothed(peer->down_rate, peer->downloaded - peer->rate_down_base, passed_ns);
        peer->up_rate =
            smoothed(peer->up_rate, peer->uploaded - peer->rate_up_base, passed_ns);
    }
    if (peer->rate_at_ns != 0 && passed_ns >= NS_PER_MS) {
        const uint64_t sample =
            (peer->downloaded - peer->rate_down_base) * 1000 / (passed_ns / NS_PER_MS);
        peer->down_slow = (peer->down_slow * 19 + sample) / 20;
    }
    peer->rate_at_ns = now_ns;
    peer->rate_down_base = peer->downloaded;
    peer->rate_up_base = peer->uploaded;
    set_hot(peer, moved || peer->down_rate > 0 || peer->up_rate > 0);
}

static void check_stall(struct peer *peer, uint64_t now_ns)
{
    const bool owes = peer->asked.length > 0 || peer->filling != NULL;
    const uint64_t payload =
        peer->downloaded + (peer->filling != NULL ? peer->filled : 0);
    if (!owes || payload != peer->payload_seen || peer->starved) {
        peer->last_payload_ns = now_ns;
        peer->stall_told = false;
    }
    peer->payload_seen = payload;
    const uint64_t silent_ns = now_ns - peer->last_payload_ns;
    if (silent_ns >= SNUB_NS && !peer->snubbed) {
        peer->snubbed = true;
        peer_post_type(peer, PEER_SNUBBED);
        peer_manager_choke_soon(peer->manager);
    } else if (silent_ns >= window_stall_ns(&peer->window) && !peer->stall_told) {
        peer->stall_told = true;
        window_collapse(&peer->window);
        peer_post_type(peer, PEER_STALLED);
    }
}

/* HOSTILE.md P10: a message that has begun must come to its end. */
static bool is_dribbling(struct peer *peer, uint64_t now_ns)
{
    const bool between =
        peer->partial.length == 0 && peer->filling == NULL && peer->skip == 0;
    if (between || peer->starved || peer->messages != peer->messages_seen ||
        peer->downloaded != peer->downloaded_seen) {
        peer->progress_at_ns = now_ns;
        peer->messages_seen = peer->messages;
        peer->downloaded_seen = peer->downloaded;
    }
    return now_ns - peer->progress_at_ns > MESSAGE_NS;
}

static bool floods_keepalives(struct peer *peer)
{
    const uint32_t count = peer->keepalives;
    peer->keepalives = 0;
    peer->bogus_refs = 0;
    peer->times_taken_back = 0;
    peer->hash_requests = 0;
    peer->keepalive_floods = count > KEEPALIVES_A_SECOND ? peer->keepalive_floods + 1 : 0;
    return peer->keepalive_floods >= KEEPALIVE_FLOODS;
}

/* Whether what we have for it has been standing still. */
static bool is_not_reading(struct peer *peer, uint64_t now_ns)
{
    if (peer->out.length == 0 && peer->sending == NULL && !peer->wants_write)
        peer->unsent_since_ns = now_ns;
    const uint64_t since_ns = peer->unsent_since_ns > peer->last_sent_ns
                                  ? peer->unsent_since_ns
                                  : peer->last_sent_ns;
    return now_ns - since_ns > UNSENT_NS;
}

void peer_tick(struct peer *peer, uint64_t now_ns)
{
    if (!peer->handshaken)
        return;
    if (peer->starved)
        peer->last_received_ns = now_ns; /* it is not its silence */
    update_rates(peer, now_ns);
    check_stall(peer, now_ns);
    if (floods_keepalives(peer)) {
        peer_close(peer, PEER_REASON_PROTOCOL, ERROR_PROTOCOL);
        return;
    }
    if (peer_refuse_by_deeds(peer))
        return;
    if (now_ns - peer->last_received_ns > IDLE_NS || is_not_reading(peer, now_ns) ||
        is_dribbling(peer, now_ns)) {
        peer_close(peer, PEER_REASON_TIMEOUT, ERROR_TIMEOUT);
        return;
    }
    if (now_ns - peer->last_sent_ns > KEEPALIVE_NS &&
        buffer_append_u32(&peer->out, 0) == ERROR_NONE)
        peer_flush_soon(peer);
    super_seed_tick(peer, now_ns);
    peer_update_idle(peer);
    peer_note_status(peer, PEER_REASON_NONE);
    const enum error_code error = peer_say_pex(peer);
    if (error != ERROR_NONE)
        peer_close(peer, peer_reason_of(error), error);
}
