/*
 * Hole punching (BEP 55) as one of the two who want to meet. Whoever could not be called
 * is asked for from the peer who told of it by PEX and takes part; told by such a relay
 * to call somebody, we do so at once, by uTP, and the packets of both open the way
 * through both NATs. What a relay says is believed no more than PEX is (HOSTILE.md X20,
 * X21), and each call counts as any other does.
 */

#include "peer/extension_private.h"

#include <stdlib.h>

#define MINUTE_NS   (60 * NS_PER_S)
#define AGAIN_NS    (600 * NS_PER_S) /* between two requests to meet the same */
#define ANSWER_NS   (30 * NS_PER_S)  /* a relay's answer comes within it */
#define EXPECTED_NS (30 * NS_PER_S)  /* so does the call of the other */

static const uint32_t a_minute[HOLEPUNCH_COUNTS] = {
    [HOLEPUNCH_SOUGHT] = 10,
    [HOLEPUNCH_SENT] = 10,
    [HOLEPUNCH_ASKED] = 20,
    [HOLEPUNCH_TOLD] = 20,
};

struct holepunch_talk {
    uint64_t since_ns;
    uint32_t counts[HOLEPUNCH_COUNTS];
};

void holepunch_talk_free(struct holepunch_talk *talk)
{
    free(talk);
}

bool holepunch_is_on(const struct peer_manager *manager)
{
    return pex_is_on(manager) && manager->shared->config.utp != NULL;
}

bool holepunch_count(struct peer *peer, enum holepunch_count what)
{
    const uint64_t now_ns = loop_now_ns(peer->manager->loop);
    if (peer->punches == NULL)
        peer->punches = calloc(1, sizeof *peer->punches);
    struct holepunch_talk *talk = peer->punches;
    if (talk == NULL)
        return false;
    if (talk->since_ns == 0 || now_ns - talk->since_ns >= MINUTE_NS)
        *talk = (struct holepunch_talk){.since_ns = now_ns};
    if (talk->counts[what] == a_minute[what])
        return false;
    talk->counts[what]++;
    return true;
}

enum error_code peer_say_holepunch(struct peer *peer,
                                   const struct holepunch_message *message)
{
    uint8_t bytes[HOLEPUNCH_BYTES_MAX];
    const size_t length = holepunch_message_write(message, bytes);
    return peer_say_extended(peer, WIRE_EXTENDED_HOLEPUNCH, bytes, length);
}

bool peer_is_own_address(const struct peer_manager *manager,
                         const struct netaddr *address)
{
    const struct own_addresses own = peer_own_addresses(manager);
    return netaddr_equal(&own.v4, address) || netaddr_equal(&own.v6, address);
}

static void note(const struct peer *relay, const char *what,
                 const struct netaddr *address)
{
    char whom[NETADDR_TEXT_SIZE], by[NETADDR_TEXT_SIZE];
    log_write(relay->manager->shared->config.log, LOG_LEVEL_DEBUG, "%s: %s %s",
              netaddr_format(&relay->stream->remote, by), what,
              netaddr_format(address, whom));
}

/* ---- asking for somebody ---- */

static struct peer *relay_of(const struct peer_manager *manager,
                             const struct known *known)
{
    for (uint32_t i = 0; known->relay.family != NETADDR_NONE && i < manager->known_count;
         i++) {
        struct peer *peer = manager->known[i].peer;
        if (peer == NULL || peer->dead || !peer->handshaken ||
            !peer_takes_extended(peer, WIRE_EXTENDED_HOLEPUNCH))
            continue;
        const struct netaddr key = peer_key(&peer->stream->remote);
        if (netaddr_equal(&key, &known->relay))
            return peer;
    }
    return NULL;
}

void holepunch_note_relay(struct peer *peer, const struct netaddr *address)
{
    const struct peer_manager *manager = peer->manager;
    if (!holepunch_is_on(manager) || !peer_takes_extended(peer, WIRE_EXTENDED_HOLEPUNCH))
        return;
    struct known *known = known_at(manager, address);
    if (known != NULL && relay_of(manager, known) == NULL)
        known->relay = peer_key(&peer->stream->remote);
}

/* Neither of us was reached, and nobody has been asked for long. */
static bool is_worth_asking(const struct peer_manager *manager, const struct known *known,
                            const struct peer *called)
{
    return manager->running && holepunch_is_on(manager) && !called->connected &&
           !called->incoming && !called->punched && !known->paused && !known->is_self &&
           known->last_reason == PEER_REASON_CONNECT_FAILED &&
           (known->asked_ns == 0 ||
            loop_now_ns(manager->loop) - known->asked_ns >= AGAIN_NS);
}

void holepunch_on_failed(struct peer_manager *manager, struct known *known,
                         const struct peer *called)
{
    if (!is_worth_asking(manager, known, called))
        return;
    struct peer *relay = relay_of(manager, known);
    if (relay == NULL || !holepunch_count(relay, HOLEPUNCH_SOUGHT))
        return;
    known->asked_ns = loop_now_ns(manager->loop);
    note(relay, "asked for a meeting with", &known->address);
    const struct holepunch_message message = {.type = HOLEPUNCH_RENDEZVOUS,
                                              .address = known->address};
    peer_flush_or_close(relay, peer_say_holepunch(relay, &message));
}

/* ---- being told to call somebody ---- */

/* Whether KNOWN is what a relay meant that now names another port of the same host: NATs
 * give out ports of their own. */
static bool is_meant(const struct peer_manager *manager, const struct known *known,
                     const struct netaddr *relay, const struct netaddr *address)
{
    const bool is_public = netaddr_scope(address) == NETADDR_SCOPE_PUBLIC;
    const bool was_asked = known->asked_ns != 0 &&
                           loop_now_ns(manager->loop) - known->asked_ns < ANSWER_NS &&
                           netaddr_equal(&known->relay, relay);
    return known->source == PEER_SOURCE_PEX && !known->has_id && !known_is_noted(known) &&
           netaddr_same_host(&known->address, address) &&
           (was_asked || (is_public && netaddr_equal(&known->teller, relay)));
}

/* A call that goes on without a relay's help is given up for one with it; not again and
 * again, which would leave no time for others. */
static bool may_be_called(const struct peer_manager *manager, struct known *known)
{
    const uint64_t now_ns = loop_now_ns(manager->loop);
    if ((known->punched_ns != 0 && now_ns - known->punched_ns < MINUTE_NS) ||
        known->rival != NULL || !crossing_abandon(known))
        return false;
    known->punched_ns = now_ns;
    return true;
}

/* The place of ADDRESS, which RELAY has just named; UINT32_MAX: it has none. One port of
 * a host is enough (X20), and the one that was told last is it. */
static uint32_t take_place(struct peer *relay, const struct netaddr *address)
{
    struct peer_manager *manager = relay->manager;
    const struct netaddr key = peer_key(&relay->stream->remote);
    struct known *known = known_at(manager, address);
    uint32_t place;
    if (known != NULL)
        return may_be_called(manager, known)
                   ? known_add(manager, address, PEER_SOURCE_PEX)
                   : UINT32_MAX;
    for (uint32_t i = 0; i < manager->known_count; i++)
        if (manager->known[i].address.family != NETADDR_NONE &&
            is_meant(manager, &manager->known[i], &key, address) &&
            may_be_called(manager, &manager->known[i])) {
            manager->known[i].address = *address;
            return i;
        }
    return known_add_told(manager, address, &key, &place) ? place : UINT32_MAX;
}

/* Who does not want to call says nothing (BEP 55). */
static void on_connect(struct peer *relay, const struct netaddr *address)
{
    struct peer_manager *manager = relay->manager;
    if (!holepunch_count(relay, HOLEPUNCH_SENT) || !pex_may_be_told(relay, address) ||
        peer_shared_is_banned(manager->shared, address) ||
        peer_shared_is_filtered(manager->shared, address) ||
        peer_is_own_address(manager, address) ||
        known_is_connected_otherwise(manager, address))
        return;
    const uint32_t place = take_place(relay, address);
    if (place != UINT32_MAX && known_dial_punching(manager, place))
        note(relay, "sends us to", address);
}

static void on_error(const struct peer *relay, const struct holepunch_message *message)
{
    static const char *const words[] = {
        [HOLEPUNCH_NO_ERROR] = "gives no reason why there is no meeting with",
        [HOLEPUNCH_NO_SUCH_PEER] = "there is no such peer as",
        [HOLEPUNCH_NOT_CONNECTED] = "is not connected to",
        [HOLEPUNCH_NO_SUPPORT] = "hole punching is not supported by",
        [HOLEPUNCH_NO_SELF] = "is itself",
    };
    const uint32_t error =
        message->error <= HOLEPUNCH_NO_SELF ? message->error : HOLEPUNCH_NO_ERROR;
    note(relay, words[error], &message->address);
}

/* The other may hear of it before us. */
bool holepunch_was_expected(const struct peer_manager *manager, const struct known *known)
{
    const uint64_t now_ns = loop_now_ns(manager->loop);
    return (known->punched_ns != 0 && now_ns - known->punched_ns < EXPECTED_NS) ||
           (known->asked_ns != 0 && now_ns - known->asked_ns < EXPECTED_NS);
}

enum error_code peer_on_ut_holepunch(struct peer *peer, const uint8_t *body,
                                     uint32_t length)
{
    struct holepunch_message message;
    if (!holepunch_is_on(peer->manager) ||
        holepunch_message_read(body, length, &message) != ERROR_NONE)
        return peer_on_extended_garbage(peer);
    /* One who does not say that it takes part gets no answer (BEP 55). */
    if (!peer_takes_extended(peer, WIRE_EXTENDED_HOLEPUNCH))
        return ERROR_NONE;
    if (message.type == HOLEPUNCH_RENDEZVOUS)
        return holepunch_on_rendezvous(peer, &message.address);
    if (message.type == HOLEPUNCH_CONNECT)
        on_connect(peer, &message.address);
    else
        on_error(peer, &message);
    return ERROR_NONE;
}
