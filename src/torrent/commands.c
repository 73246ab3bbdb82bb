/* The commands on one torrent and its peers. */
#include "torrent/commands.h"

#include "peer/peer_manager.h"
#include "torrent/activity_private.h"
#include "torrent/keep_private.h"
#include "torrent/network_private.h"
#include "torrent/place_private.h"
#include "torrent/session_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool torrent_get_settings(const struct session *session, struct torrent_id id,
                          struct torrent_settings *ret_settings)
{
    const struct torrent *torrent = session_torrent(session, id);
    if (torrent != NULL)
        *ret_settings = torrent->settings;
    return torrent != NULL;
}

void torrent_set_settings(struct session *session, struct torrent_id id,
                          const struct torrent_settings *settings)
{
    struct torrent *torrent = session_torrent(session, id);
    if (torrent == NULL)
        return;
    torrent->settings = *settings;
    torrent_apply_settings(torrent);
    session_goals_soon(session);
    session_save_list_soon(session);
    session_changed(torrent, CHANGED_STATE | CHANGED_LIMITS);
}

void torrent_pause(struct session *session, struct torrent_id id)
{
    struct torrent_settings settings;
    if (!torrent_get_settings(session, id, &settings) || settings.paused)
        return;
    settings.paused = true;
    settings.forced = false; /* resumed, it queues like the others */
    torrent_set_settings(session, id, &settings);
}

void torrent_resume(struct session *session, struct torrent_id id)
{
    struct torrent *torrent = session_torrent(session, id);
    if (torrent == NULL)
        return;
    torrent_forgive_disk(torrent);
    struct torrent_settings settings = torrent->settings;
    settings.paused = false;
    settings.seed_end = SEED_END_NONE;
    torrent_set_settings(session, id, &settings);
}

void torrent_force(struct session *session, struct torrent_id id, bool forced)
{
    struct torrent_settings settings;
    if (!torrent_get_settings(session, id, &settings))
        return;
    settings.forced = forced;
    torrent_set_settings(session, id, &settings);
    if (forced)
        torrent_resume(session, id);
}

void torrent_verify(struct session *session, struct torrent_id id)
{
    struct torrent *torrent = session_torrent(session, id);
    if (torrent == NULL || torrent->phase != TORRENT_PHASE_READY ||
        torrent->move != TORRENT_MOVE_NONE || torrent_is_renaming(torrent))
        return;
    torrent_halt(torrent);
    bitfield_done(&torrent->resume.have); /* no claim is taken on trust */
    bitfield_done(&torrent->to_hash);
    torrent->missing = false;
    torrent->error = ERROR_NONE;
    torrent_check(torrent);
}

void torrent_announce(struct session *session, struct torrent_id id)
{
    struct torrent *torrent = session_torrent(session, id);
    if (torrent == NULL)
        return;
    torrent_announce_now(torrent);
    session_dht_again(torrent);
}

void torrent_set_sequential(struct session *session, struct torrent_id id,
                            bool sequential)
{
    struct torrent_settings settings;
    if (!torrent_get_settings(session, id, &settings))
        return;
    settings.sequential = sequential;
    torrent_set_settings(session, id, &settings);
}

void torrent_set_first_last(struct session *session, struct torrent_id id,
                            bool first_last)
{
    struct torrent_settings settings;
    if (!torrent_get_settings(session, id, &settings))
        return;
    settings.first_last = first_last;
    torrent_set_settings(session, id, &settings);
}

void torrent_set_label(struct session *session, struct torrent_id id, const char *label)
{
    struct torrent_settings settings;
    if (!torrent_get_settings(session, id, &settings))
        return;
    snprintf(settings.label, sizeof settings.label, "%s", label);
    torrent_set_settings(session, id, &settings);
}

void torrent_set_super_seed(struct session *session, struct torrent_id id, bool on)
{
    struct torrent_settings settings;
    if (!torrent_get_settings(session, id, &settings))
        return;
    settings.super_seed = on;
    torrent_set_settings(session, id, &settings);
}

void torrent_add_peer(struct session *session, struct torrent_id id,
                      const struct netaddr *address)
{
    struct torrent *torrent = session_torrent(session, id);
    struct message message = {.type = PEER_CONNECT};
    if (torrent == NULL)
        return;
    message.u.candidate.address = *address;
    message.u.candidate.source = PEER_SOURCE_MANUAL;
    torrent_post_peers(torrent, &message);
}

static void tell_peer(struct session *session, struct torrent_id id,
                      struct peer_id_ref peer, enum message_type type,
                      enum peer_reason reason)
{
    struct torrent *torrent = session_torrent(session, id);
    struct message message = {.type = type, .peer = peer};
    struct message event = {.type = EVENT_BAN, .torrent = id, .peer = peer};
    if (torrent == NULL ||
        (!torrent_peer_address(torrent, peer, &event.u.peer_news.address) &&
         !peer_is_webseed(peer)))
        return;
    message.u.gone.reason = reason;
    torrent_post_peers(torrent, &message);
    session_changed(torrent, CHANGED_PEERS);
    if (type != PEER_BAN)
        return; /* PEER_STATUS_CHANGED or PEER_GONE tells what came of it */
    event.u.peer_news.status = PEER_STATUS_BLOCKED;
    event.u.peer_news.reason = reason;
    event_bus_post(session->events, &event);
}

void torrent_pause_peer(struct session *session, struct torrent_id id,
                        struct peer_id_ref peer)
{
    tell_peer(session, id, peer, PEER_PAUSE, PEER_REASON_PAUSED);
}

void torrent_resume_peer(struct session *session, struct torrent_id id,
                         struct peer_id_ref peer)
{
    tell_peer(session, id, peer, PEER_RESUME, PEER_REASON_NONE);
}

void torrent_put_peer_last(struct session *session, struct torrent_id id,
                           struct peer_id_ref peer, bool last)
{
    struct torrent *torrent = session_torrent(session, id);
    struct message message = {
        .type = PEER_PUT_LAST, .torrent = id, .peer = peer, .u.flag.on = last};
    if (torrent == NULL)
        return;
    torrent_post_peers(torrent, &message);
    session_changed(torrent, CHANGED_PEERS);
}

void torrent_kick_peer(struct session *session, struct torrent_id id,
                       struct peer_id_ref peer)
{
    tell_peer(session, id, peer, PEER_DISCONNECT, PEER_REASON_KICKED);
}

void torrent_ban_peer(struct session *session, struct torrent_id id,
                      struct peer_id_ref peer)
{
    tell_peer(session, id, peer, PEER_BAN, PEER_REASON_BANNED_USER);
}

void torrent_limit_peer(struct session *session, struct torrent_id id,
                        struct peer_id_ref peer, uint64_t max_down, uint64_t max_up)
{
    struct torrent *torrent = session_torrent(session, id);
    struct message message = {.type = PEER_LIMIT, .peer = peer};
    if (torrent == NULL)
        return;
    message.u.limits.down = max_down;
    message.u.limits.up = max_up;
    torrent_post_peers(torrent, &message);
    session_changed(torrent, CHANGED_PEERS | CHANGED_LIMITS);
}

void torrent_move(struct session *session, struct torrent_id id, int by)
{
    for (uint32_t i = 0; i < session->count; i++) {
        if (session->order[i].index != id.index)
            continue;
        const int64_t to = (int64_t)i + by;
        if (to < 0 || to >= session->count)
            return;
        const struct torrent_id other = session->order[to];
        session->order[to] = session->order[i];
        session->order[i] = other;
        const struct message event = {.type = EVENT_SESSION_CHANGED,
                                      .u.changed.what = CHANGED_LIST};
        event_bus_post(session->events, &event);
        session_save_list(session);
        session_queue_soon(session);
        return;
    }
}

void session_get_settings(const struct session *session,
                          struct session_settings *ret_settings)
{
    *ret_settings = session->settings;
}

void session_apply_settings(struct session *session,
                            const struct session_settings *settings)
{
    session->settings = *settings;
    session_apply_limits(session);
    session_queue_anew(session);
    session_goals_soon(session);
}

void session_set_settings(struct session *session,
                          const struct session_settings *settings)
{
    session_apply_settings(session, settings);
    session_save_list_soon(session);
}

const char *session_get_look(const struct session *session, const char *name)
{
    for (uint32_t i = 0; i < SAVED_LOOKS; i++)
        if (strcmp(session->looks[i].name, name) == 0)
            return session->looks[i].text;
    return NULL;
}

/* In the order of their names. */
void session_set_look(struct session *session, const char *name, const char *text)
{
    struct saved_look *looks = session->looks;
    uint32_t at = 0;
    while (at < SAVED_LOOKS && looks[at].name[0] != '\0' &&
           strcmp(looks[at].name, name) < 0)
        at++;
    if (at == SAVED_LOOKS)
        return;
    if (strcmp(looks[at].name, name) != 0) {
        memmove(&looks[at + 1], &looks[at], (SAVED_LOOKS - 1 - at) * sizeof *looks);
        snprintf(looks[at].name, sizeof looks[at].name, "%s", name);
    }
    snprintf(looks[at].text, sizeof looks[at].text, "%s", text);
    session_save_list_soon(session);
}

void session_set_limits(struct session *session, uint64_t max_down, uint64_t max_up)
{
    struct session_settings settings = session->settings;
    *(settings.turtle ? &settings.turtle_down : &settings.max_down) = max_down;
    *(settings.turtle ? &settings.turtle_up : &settings.max_up) = max_up;
    session_set_settings(session, &settings);
}

void session_configure(struct session *session, const struct session_settings *configured)
{
    struct session_settings settings = session->settings;
    session_settings_restore(&settings, &session->configured, configured);
    session->configured = *configured;
    session_set_settings(session, &settings);
}

void session_set_refusals(struct session *session, const char *const *clients,
                          uint32_t count, uint64_t leech_bytes)
{
    const struct peer_rules rules = {clients, count, leech_bytes};
    if (peer_shared_set_rules(session->peers, &rules) != ERROR_NONE)
        log_write(session->log, LOG_LEVEL_WARNING,
                  "out of memory: the rules of peers "
                  "are as they were");
}

void session_set_max_peers(struct session *session, uint32_t max_peers)
{
    session->config.max_peers = max_peers;
    for (uint32_t i = 0; i < session->count; i++) {
        const struct torrent *torrent = session_torrent(session, session->order[i]);
        if (torrent != NULL)
            peer_manager_set_max_peers(torrent->peers, max_peers);
    }
}

void session_set_encryption(struct session *session, enum encryption_mode mode)
{
    session->config.encryption = mode;
    peer_shared_set_encryption(session->peers, mode);
}

void session_set_adding(struct session *session, unsigned names, bool sequential,
                        bool first_last)
{
    session->config.names = names;
    session->config.sequential = sequential;
    session->config.first_last = first_last;
}
