/*
 * Peer exchange (BEP 11): each is told whom we are connected to, by the addresses where
 * they listen, and afterwards who came and went, once a minute at most. What peers tell
 * are candidates; none is believed more than HOSTILE.md X18 to X22 let it be.
 */
#include "peer/extension_private.h"
#include "peer/pex_message.h"

#include <stdlib.h>
#include <string.h>

#define SAY_NS        (60 * NS_PER_S)
#define HEAR_NS       (50 * NS_PER_S) /* between two of theirs: networks delay some */
#define LIST_MOST     50u             /* but in the first message */
#define LIST_EXCESS   100u /* libtorrent sends so many: no fault, but ignored */
#define STRIKES_MAX   3u
#define OUT_BYTES_MAX (48u * 1024) /* of control messages waiting: it is told later */
#define PORT_LEAST    1024u

struct pex_talk {
    struct netaddr told[PEX_LIST_MAX]; /* it thinks that we are connected to */
    uint32_t told_count;
    uint64_t said_ns, heard_ns; /* 0: never */
    uint32_t changes_seen;      /* the manager's pex_changes when we told all */
    uint32_t strikes;
};

void pex_talk_free(struct pex_talk *talk)
{
    free(talk);
}

bool pex_is_on(const struct peer_manager *manager)
{
    return manager->shared->config.pex && !manager->config.metainfo.is_private;
}

static struct pex_talk *talk_of(struct peer *peer)
{
    if (peer->pex == NULL)
        peer->pex = calloc(1, sizeof *peer->pex);
    return peer->pex;
}

bool pex_may_be_told(const struct peer *peer, const struct netaddr *address)
{
    return address->port >= PORT_LEAST &&
           netaddr_may_nominate(&peer->stream->remote, address);
}

/* ---- what we say ---- */

/* Where ABOUT listens, if TO is to hear of it. */
static bool is_tellable(const struct peer *about, const struct peer *to,
                        struct netaddr *ret_address)
{
    if (about == NULL || about == to || about->dead || !about->handshaken)
        return false;
    const struct known *known = &about->manager->known[about->place];
    *ret_address = known->address;
    ret_address->port = known->listen_port;
    return known->listen_port != 0 && pex_may_be_told(to, ret_address);
}

static uint8_t flags_of(const struct peer *peer)
{
    return (uint8_t)((peer->stream->encryption != ENCRYPTION_NONE ? PEX_PREFERS_ENCRYPTION
                                                                  : 0) |
                     (peer->is_seed || peer->upload_only ? PEX_SEED : 0) |
                     (peer->stream->kind == STREAM_UTP ? PEX_UTP : 0) |
                     (peer_takes_extended(peer, WIRE_EXTENDED_HOLEPUNCH) ? PEX_HOLEPUNCH
                                                                         : 0) |
                     (!peer->incoming ? PEX_REACHABLE : 0));
}

static bool was_told(const struct pex_talk *talk, const struct netaddr *address)
{
    for (uint32_t i = 0; i < talk->told_count; i++)
        if (netaddr_equal(&talk->told[i], address))
            return true;
    return false;
}

static void append(struct pex_list *list, const struct netaddr *address, uint8_t flags)
{
    list->entries[list->count++] = (struct pex_entry){*address, flags};
}

/* False: there is more than the message takes. */
static bool add_news(const struct peer *peer, uint32_t most, struct pex_message *message)
{
    const struct peer_manager *manager = peer->manager;
    const struct pex_talk *talk = peer->pex;
    for (uint32_t i = 0; i < manager->known_count; i++) {
        const struct peer *about = manager->known[i].peer;
        struct netaddr address;
        if (!is_tellable(about, peer, &address) || was_told(talk, &address))
            continue;
        if (message->added.count == most ||
            talk->told_count + message->added.count == PEX_LIST_MAX)
            return false;
        append(&message->added, &address, flags_of(about));
    }
    return true;
}

static bool is_still_there(const struct peer *peer, const struct netaddr *address)
{
    const struct peer_manager *manager = peer->manager;
    struct netaddr listens;
    for (uint32_t i = 0; i < manager->known_count; i++)
        if (is_tellable(manager->known[i].peer, peer, &listens) &&
            netaddr_equal(&listens, address))
            return true;
    return false;
}

static bool drop_gone(const struct peer *peer, struct pex_message *message)
{
    const struct pex_talk *talk = peer->pex;
    for (uint32_t i = 0; i < talk->told_count; i++) {
        if (is_still_there(peer, &talk->told[i]))
            continue;
        if (message->dropped.count == LIST_MOST)
            return false;
        append(&message->dropped, &talk->told[i], 0);
    }
    return true;
}

/* What was said is what it knows from now on. */
static void note_told(struct pex_talk *talk, const struct pex_message *message)
{
    uint32_t kept = 0, dropped = 0;
    for (uint32_t i = 0; i < talk->told_count; i++) {
        if (dropped < message->dropped.count &&
            netaddr_equal(&talk->told[i], &message->dropped.entries[dropped].address))
            dropped++;
        else
            talk->told[kept++] = talk->told[i];
    }
    for (uint32_t i = 0; i < message->added.count; i++)
        talk->told[kept++] = message->added.entries[i].address;
    talk->told_count = kept;
}

static enum error_code say(struct peer *peer, const struct pex_message *message)
{
    struct buffer body;
    buffer_init(&body, PEX_MESSAGE_BYTES_MAX);
    enum error_code error = pex_message_write(message, &body);
    if (error == ERROR_NONE)
        error = peer_say_extended(peer, WIRE_EXTENDED_PEX, body.bytes, body.length);
    buffer_done(&body);
    return error;
}

static bool is_due(const struct peer *peer)
{
    const struct peer_manager *manager = peer->manager;
    const struct pex_talk *talk = peer->pex;
    /* Without the metainfo it might yet turn out to be private (X22). */
    if (!pex_is_on(manager) || manager->config.metainfo.piece_count == 0 ||
        !peer_takes_extended(peer, WIRE_EXTENDED_PEX) || peer->out.length > OUT_BYTES_MAX)
        return false;
    return talk == NULL ||
           (talk->changes_seen != manager->pex_changes && talk->strikes < STRIKES_MAX &&
            (talk->said_ns == 0 || loop_now_ns(manager->loop) - talk->said_ns >= SAY_NS));
}

enum error_code peer_say_pex(struct peer *peer)
{
    struct pex_message message;
    if (!is_due(peer))
        return ERROR_NONE;
    struct pex_talk *talk = talk_of(peer);
    if (talk == NULL)
        return ERROR_NONE;
    message.added.count = message.dropped.count = 0;
    const uint32_t most = talk->said_ns == 0 ? PEX_LIST_MAX : LIST_MOST;
    const bool all_dropped = drop_gone(peer, &message);
    const bool all_added = add_news(peer, most, &message);
    const bool is_empty = message.added.count == 0 && message.dropped.count == 0;
    if ((all_dropped && all_added) || is_empty)
        talk->changes_seen = peer->manager->pex_changes;
    if (is_empty)
        return ERROR_NONE;
    talk->said_ns = loop_now_ns(peer->manager->loop);
    note_told(talk, &message);
    return say(peer, &message);
}

/* ---- what they say ---- */

static void note_flags(struct known *known, uint8_t flags)
{
    known->is_seed = (flags & PEX_SEED) != 0;
    /* A hint for the first call; a wrong one costs a second. */
    known->has_way = known->hidden_way = (flags & PEX_PREFERS_ENCRYPTION) != 0;
}

static void take_candidate(struct peer *peer, const struct pex_entry *entry)
{
    struct peer_manager *manager = peer->manager;
    const struct netaddr teller = peer_key(&peer->stream->remote);
    uint32_t place;
    if (!pex_may_be_told(peer, &entry->address) ||
        peer_shared_is_banned(manager->shared, &entry->address) ||
        peer_shared_is_filtered(manager->shared, &entry->address) ||
        known_is_connected_otherwise(manager, &entry->address))
        return;
    if (known_add_told(manager, &entry->address, &teller, &place)) {
        note_flags(&manager->known[place], entry->flags);
        manager->pex_found++;
        if (manager->running)
            peer_manager_dial_soon(manager, 0);
    }
    if ((entry->flags & PEX_HOLEPUNCH) != 0)
        holepunch_note_relay(peer, &entry->address);
}

/* X18. Whoever breaks the rules three times is not listened to any more. */
static bool is_in_order(struct pex_talk *talk, const struct pex_message *message,
                        bool is_first)
{
    if (message->is_flawed || (!is_first && (message->added.told > LIST_EXCESS ||
                                             message->dropped.told > LIST_EXCESS)))
        talk->strikes++;
    return talk->strikes < STRIKES_MAX;
}

static bool comes_too_soon(struct pex_talk *talk, uint64_t now_ns)
{
    if (talk->heard_ns != 0 && now_ns - talk->heard_ns < HEAR_NS) {
        talk->strikes++;
        return true;
    }
    talk->heard_ns = now_ns;
    return false;
}

enum error_code peer_on_ut_pex(struct peer *peer, const uint8_t *body, uint32_t length)
{
    struct peer_manager *manager = peer->manager;
    struct pex_message message;
    if (!pex_is_on(manager))
        return peer_on_extended_garbage(peer);
    struct pex_talk *talk = talk_of(peer);
    const bool is_first = talk != NULL && talk->heard_ns == 0;
    if (talk == NULL || talk->strikes >= STRIKES_MAX ||
        comes_too_soon(talk, loop_now_ns(manager->loop)))
        return ERROR_NONE;
    if (pex_message_read(body, length, &message) != ERROR_NONE) {
        talk->strikes++;
        return peer_on_extended_garbage(peer);
    }
    manager->pex_heard_ns = talk->heard_ns;
    if (!is_in_order(talk, &message, is_first))
        return ERROR_NONE;
    const uint32_t most = is_first ? PEX_LIST_MAX : LIST_MOST;
    for (uint32_t i = 0; i < message.added.count && i < most; i++)
        take_candidate(peer, &message.added.entries[i]);
    return ERROR_NONE;
}

/* ---- looks ---- */

bool peer_manager_pex_look(const struct peer_manager *manager, struct pex_look *ret_look)
{
    if (!pex_is_on(manager))
        return false;
    *ret_look = (struct pex_look){
        .found = manager->pex_found,
        .heard_ns = manager->pex_heard_ns != 0 ? manager->pex_heard_ns : UINT64_MAX};
    for (uint32_t i = 0; i < manager->known_count; i++) {
        const struct peer *peer = manager->known[i].peer;
        ret_look->peers += peer != NULL && !peer->dead && peer->handshaken &&
                           peer_takes_extended(peer, WIRE_EXTENDED_PEX);
    }
    return true;
}
