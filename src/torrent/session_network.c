/* When the network of this machine has changed, or we have slept: what was waited for may
 * be there now, and others may know us by an address that is no longer ours. When what
 * the user has tied us to (--bind) goes, everything ends that was on its way through it,
 * and when it comes back, all goes on. */
#include "base/i18n.h"
#include "base/text.h"
#include "net/http.h"
#include "net/udp_port.h"
#include "peer/peer_manager.h"
#include "torrent/activity_private.h"
#include "torrent/network_private.h"
#include "torrent/session_private.h"

#include <stdio.h>
#include <string.h>

#define GAP_NS (30 * NS_PER_S) /* no turn takes so long */

static const struct torrent_id nobody = {0, 0};

static struct net_bound look_at_bind(const struct session *session)
{
    struct net_bound bound;
    session->config.net->bound(session->config.net->context, &bound);
    return bound;
}

const char *session_trouble(const struct session *session)
{
    return look_at_bind(session).trouble;
}

const char *session_no_udp(const struct session *session)
{
    return look_at_bind(session).no_udp;
}

/* Nothing moves any more, so that nothing else would tell of it. */
static void tell_all(struct session *session)
{
    const struct message event = {.type = EVENT_SESSION_CHANGED,
                                  .u.changed.what = CHANGED_STATE | CHANGED_PEERS};
    event_bus_post(session->events, &event);
    for (uint32_t i = 0; i < session->count; i++)
        session_changed(session_torrent(session, session->order[i]),
                        CHANGED_STATE | CHANGED_PEERS);
}

static void lose(struct session *session, const char *message)
{
    peer_shared_network_lost(session->peers);
    for (uint32_t i = 0; i < session->count; i++)
        torrent_network_lost(session_torrent(session, session->order[i]), message);
    http_network_changed(session->files_http);
}

static void try_again(struct session *session)
{
    http_network_changed(session->files_http);
    peer_shared_network_changed(session->peers);
    session_dht_network_changed(session);
    session_lsd_network_changed(session);
    session_portmap_network_changed(session);
    for (uint32_t i = 0; i < session->count; i++) {
        struct torrent *torrent = session_torrent(session, session->order[i]);
        if (torrent->running)
            torrent_network_changed(torrent);
    }
}

static void come_back(struct session *session, const char *to)
{
    char shown[100];
    text_clean(text_untrusted(to), 60, shown, sizeof shown);
    log_write(session->log, LOG_LEVEL_INFO, _("bound to %s: going on"), shown);
    session->cut_off = false;
    session_listen_again(session);
}

/* Nothing leaves by another way than the one that was asked for. */
static void close_udp(struct session *session)
{
    udp_port_close(session->udp);
    udp_port_tell_changed(session->udp);
    session_lsd_network_lost(session);
    session_portmap_network_lost(session);
}

/* True: TEXT (NULL: nothing is wrong) is not what the user was TOLD last. */
static bool warn_of(struct session *session, const char *text, char *told, size_t size)
{
    if (text == NULL)
        text = "";
    if (strncmp(told, text, size - 1) == 0)
        return false;
    snprintf(told, size, "%s", text);
    if (text[0] != '\0')
        session_warn(session, nobody, "%s", text);
    return true;
}

static bool warn_of_trouble(struct session *session, const struct net_bound *bound)
{
    const bool udp =
        warn_of(session, bound->no_udp, session->no_udp, sizeof session->no_udp);
    return warn_of(session, bound->trouble, session->trouble, sizeof session->trouble) ||
           udp;
}

/* True: nothing can be sent. */
static bool follow_bind(struct session *session)
{
    const struct net_bound bound = look_at_bind(session);
    const bool moved = bound.epoch != session->bound_epoch;
    const bool was_cut_off = session->cut_off;
    session->bound_epoch = bound.epoch;
    session->cut_off |= bound.trouble != NULL;
    if (bound.trouble != NULL && !was_cut_off)
        close_udp(session);
    if (moved) {
        lose(session, bound.trouble != NULL ? bound.trouble : error_text(ERROR_OFFLINE));
        session_portmap_network_lost(session); /* its sockets are tied to the old one */
    }
    const bool news = warn_of_trouble(session, &bound);
    if (bound.trouble == NULL && (moved || was_cut_off))
        come_back(session, bound.to);
    if (moved || news || session->cut_off != was_cut_off)
        tell_all(session);
    return session->cut_off;
}

static void on_change(void *context)
{
    struct session *session = context;
    log_write(session->log, LOG_LEVEL_INFO, "the network has changed, or we have slept");
    session_watch_clock(session);
    const bool had_udp = session->no_udp[0] == '\0';
    const bool is_cut_off = follow_bind(session);
    /* That a proxy relays no datagrams any more is no reason to ask all anew. */
    if (!is_cut_off && !(had_udp && session->no_udp[0] != '\0'))
        try_again(session);
}

void session_warn_of_bind(struct session *session)
{
    const struct net_bound bound = look_at_bind(session);
    char shown[100];
    if (bound.to == NULL)
        return;
    text_clean(text_untrusted(bound.to), 60, shown, sizeof shown);
    session->bound_epoch = bound.epoch;
    session->cut_off = bound.trouble != NULL;
    (void)warn_of_trouble(session, &bound);
    if (bound.loose)
        session_warn(session, nobody,
                     _("this system lets only root tie traffic to an interface: the "
                       "addresses of %s are used, and routes decide the rest"),
                     shown);
    if (bound.nameless)
        session_warn(session, nobody,
                     _("names cannot be looked up through %s: this bttui was built "
                       "without c-ares"),
                     shown);
}

void session_watch_network(struct session *session)
{
    const struct net *net = session->config.net;
    session->gap =
        (struct loop_gap){.late_ns = GAP_NS, .callback = on_change, .context = session};
    loop_gap_add(session->loop, &session->gap);
    session->net_watch = net->watch(net->context, session->loop, on_change, session);
    if (session->net_watch == NULL)
        log_write(session->log, LOG_LEVEL_INFO,
                  "the system does not tell when the network changes");
}

void session_unwatch_network(struct session *session)
{
    const struct net *net = session->config.net;
    net->unwatch(net->context, session->net_watch);
    loop_gap_remove(session->loop, &session->gap);
}
